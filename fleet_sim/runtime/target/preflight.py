"""Before a run: find out in one sentence what ten thousand devices would find out one by one.

`reach` opens a connection, in TLS where that is meant, and says nothing. `knock` says CONNECT as
the backend will; never as a device, whose own connections tell the same soon enough
(`first_contact`). `look_in` asks a backend for something that changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl

from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.northbound import ListVersions, Page, Refusal, Refused, SearchFirmware
from fleet_sim.mqtt import client as mqtt
from fleet_sim.mqtt.errors import MqttError
from fleet_sim.runtime.errors import BrokerError, TargetError
from fleet_sim.runtime.mqtt_client import DeviceConnection, open_connection
from fleet_sim.runtime.operator.asking import ask
from fleet_sim.runtime.operator.northbound import Northbound, Reply
from fleet_sim.runtime.target.broker_access import BrokerAccess
from fleet_sim.runtime.target.first_contact import CONNACK_BYTE
from fleet_sim.runtime.target.refusals import cut_off, no_tls, not_reached, refused, silent

REACH_S = 10.0  # A target that takes longer to accept a connection is not there.
KNOCK_S = 10.0  # The same for the answer to CONNECT.
KNOCK_KEEP_ALIVE_S = 30


async def reach(
    where: str,
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None,
    cert: str | None = None,
    plain: str,
) -> None:
    """See that a connection comes about.

    Args:
        where: Who is called, for people: `the broker at host:port`.
        host: Name or address.
        port: Its port.
        tls: From `client_tls`; None for plain TCP.
        cert: The file of our own certificate, to be named when it is not accepted.
        plain: What a URL without TLS begins with.

    Raises:
        TargetError: It does not; the message says why and what to do.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(REACH_S):
            transport, protocol = await loop.create_connection(asyncio.Protocol, host, port)
    except (OSError, TimeoutError) as error:
        raise TargetError(not_reached(where, error, REACH_S)) from error
    try:
        if tls is not None:
            async with asyncio.timeout(REACH_S):
                await loop.start_tls(transport, protocol, tls, server_hostname=host)
    except TimeoutError as error:
        said = f"{where} does not answer in TLS within {REACH_S:.0f} s; for a plain port, "
        raise TargetError(f"{said}write {plain}") from error
    except OSError as error:  # an SSLError is one too
        raise TargetError(no_tls(where, error, cert=cert, plain=plain)) from error
    finally:
        transport.abort()  # nothing was said that could be lost
        await asyncio.sleep(0)  # the loop closes the socket in its next turn


async def knock(access: BrokerAccess) -> None:
    """See that a broker lets the backend in, and leave again.

    Raises:
        TargetError: It does not; the message says why and what to do.
    """
    session = mqtt.ClientSession(
        mqtt.ClientOptions(
            client_id=f"fleet-sim-{secrets.token_hex(4)}",
            username=None if access.login is None else access.login.username,
            password=None if access.login is None else access.login.password,
            keep_alive_s=KNOCK_KEEP_ALIVE_S,
        )
    )
    session.connect()
    visitor = _Visitor(session)
    try:
        visitor.connection = await open_connection(
            asyncio.get_running_loop(),
            access.host,
            access.port,
            session,
            visitor,
            ssl=access.tls(),
        )
    except BrokerError as error:
        raise TargetError(str(error)) from error
    try:
        async with asyncio.timeout(KNOCK_S):
            answer = await visitor.answer
    except TimeoutError as error:
        raise TargetError(silent(access, round(1000 * KNOCK_S))) from error
    finally:
        await visitor.leave()
    if isinstance(answer, mqtt.Refused):
        raise TargetError(refused(access, answer.code, is_backend=True))
    if isinstance(answer, str):
        raise TargetError(cut_off(access, answer))


async def look_in(northbound: Northbound, url: str, product_key: str) -> None:
    """See that a backend lets its operator in and answers in its vendor's form.

    Args:
        northbound: The session that the run will use.
        url: The backend's, for people.
        product_key: A product whose versions are asked for, or whose firmware where the vendor has
            no question for that; "" asks for any firmware.

    Raises:
        TargetError: It does not; the message says why and what to do.
    """
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    northbound.log_in(told.set_result)
    why = await told
    operator = "FLEET_SIM_APP_KEY and FLEET_SIM_APP_SECRET name the operator"
    if why and northbound.was_refused:
        raise TargetError(f"the backend at {url} does not let us in: {why}; {operator}")
    if not why:
        reply = await _any_answer(northbound, product_key)
        if isinstance(reply.answer, Refused) and reply.answer.reason is Refusal.DENIED:
            said = f"{reply.answer.code} {reply.answer.detail}"
            raise TargetError(
                f"the backend at {url} denies access: {said}; --org names the organization, and "
                f"{operator}"
            )
        why = reply.why if reply.answer is None else ""
    if why:
        raise TargetError(
            f"the backend at {url} gives no answer that can be used: {why}; is this the address "
            "of its northbound API?"
        )


async def _any_answer(northbound: Northbound, product_key: str) -> Reply:
    """Ask the first of some harmless questions that the vendor has a form for."""
    any_firmware = SearchFirmware(page=Page(1, 1))
    where = Comparison("product_key", Operator.EQUAL, (product_key,))
    questions = (ListVersions(product_key), SearchFirmware(where, Page(1, 1)), any_firmware)
    for question in questions if product_key else (any_firmware,):
        reply = await ask(northbound, question)
        if not reply.is_unsaid:
            break
    return reply


class _Visitor:
    """Hears the one connection of a knock.

    Attributes:
        answer: CONNACK, either way; or why the connection ended without one.
    """

    def __init__(self, session: mqtt.ClientSession) -> None:
        loop = asyncio.get_running_loop()
        self._session = session
        self._has_heard = False
        self.connection: DeviceConnection | None = None
        self.answer: asyncio.Future[mqtt.ClientEvent | str] = loop.create_future()
        self._end = asyncio.Event()

    def on_bytes(self, data: bytes) -> None:
        """Take what the broker says; nobody but a broker begins with a CONNACK."""
        if not self._has_heard and data[0] != CONNACK_BYTE:
            self._tell("what it says is not MQTT")
            return
        self._has_heard = True
        try:
            events = self._session.receive(data, 0)
        except MqttError as error:
            self._tell(f"what it says is not MQTT: {error}")
            return
        for event in events:
            self._tell(event)

    def on_closed(self, why: str) -> None:
        """Take the end."""
        self._tell(why)
        self._end.set()

    def _tell(self, answer: mqtt.ClientEvent | str) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    async def leave(self) -> None:
        """Say DISCONNECT, and see the connection end."""
        if self.connection is None:
            return
        if self._session.state is mqtt.ClientState.CONNECTED:
            self._session.disconnect()
            self.connection.write(self._session.take_output())
        self.connection.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KNOCK_S):
                await self._end.wait()
        self.connection.abort()
