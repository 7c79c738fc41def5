"""Real connections for lines."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl

from fleet_sim.runtime.errors import BrokerError, TargetError
from fleet_sim.runtime.fleet.line import Ear
from fleet_sim.runtime.mqtt_client import ABORTED_HERE, CLOSED_HERE, open_connection
from fleet_sim.runtime.target.first_contact import CONNACK_BYTE, FirstContact

# One loopback address has 28,000 ports, and searching them gets slow long before they run out.
SOURCES = tuple(f"127.0.0.{host}" for host in range(2, 10))
SOURCES_FROM_DEVICES = 2_000

_CONNACK_BYTES = 4  # The return code is the last; no broker may say anything before.


class Dialer:
    """Opens connections to one broker, each in a task that ends once it is open.

    Args:
        host: Name or address.
        port: Its port.
        tasks: Where the openings run.
        tls: From `client_tls`; None for plain TCP.
        devices: How many there will be.
        contact: Is told what the first connections come to; None where nobody wants to know.
    """

    def __init__(
        self,
        host: str,
        port: int,
        tasks: asyncio.TaskGroup,
        *,
        tls: ssl.SSLContext | None,
        devices: int,
        contact: FirstContact | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._tasks = tasks
        self._tls = tls
        self._contact = contact
        self._loop = asyncio.get_running_loop()
        self._sources = SOURCES if devices > SOURCES_FROM_DEVICES and _is_loopback(host) else ()
        self._dialled = 0

    def dial(self, ear: Ear, number: int) -> None:
        """Open a connection for this line; `on_open` or `on_closed` follows."""
        self._tasks.create_task(self._dial(ear, number))

    async def _dial(self, ear: Ear, number: int) -> None:
        source = None
        if self._sources:
            source = self._sources[self._dialled % len(self._sources)]
            self._dialled += 1
        contact = self._contact if self._contact is not None and self._contact.is_open else None
        forwarder = _Forwarder(ear, number)
        listener = forwarder if contact is None else _Watched(forwarder, ear, contact)
        try:
            connection = await open_connection(
                self._loop,
                self._host,
                self._port,
                None,
                listener,
                ssl=self._tls,
                source_address=source,
            )
        except (BrokerError, TargetError) as error:
            if contact is not None:
                may_pass = isinstance(error, BrokerError)
                contact.not_opened(ear.who, str(error), may_pass=may_pass)
            ear.on_closed(number, str(error))
        else:
            if contact is not None:
                contact.opened(ear.who, connection)
            ear.on_open(number, connection)


class _Forwarder:
    """Hears one connection on a line's behalf."""

    __slots__ = ("_ear", "_number")

    def __init__(self, ear: Ear, number: int) -> None:
        self._ear = ear
        self._number = number

    def on_bytes(self, data: bytes) -> None:
        """Pass bytes on."""
        self._ear.on_bytes(self._number, data)

    def on_closed(self, why: str) -> None:
        """Pass the end on."""
        self._ear.on_closed(self._number, why)


class _Watched:
    """Hears one of the first connections, and tells what it came to besides passing it on."""

    __slots__ = ("_contact", "_ear", "_forwarder", "_is_answered", "_said")

    def __init__(self, forwarder: _Forwarder, ear: Ear, contact: FirstContact) -> None:
        self._forwarder = forwarder
        self._ear = ear
        self._contact = contact
        self._said = b""
        self._is_answered = False

    def on_bytes(self, data: bytes) -> None:
        """Pass bytes on; the first four of them are the answer to CONNECT."""
        if not self._is_answered:
            self._said += data
            if len(self._said) >= _CONNACK_BYTES:
                self._answered()
        self._forwarder.on_bytes(data)

    def _answered(self) -> None:
        self._is_answered = True
        if self._said[0] == CONNACK_BYTE:
            self._contact.answered(self._ear.who, self._said[_CONNACK_BYTES - 1])
        else:
            self._contact.ended(self._ear.who, "what it says is not MQTT")

    def on_closed(self, why: str) -> None:
        """Pass the end on."""
        if not self._is_answered and why in {CLOSED_HERE, ABORTED_HERE}:
            self._contact.left(self._ear.who)
        elif not self._is_answered:
            self._contact.ended(self._ear.who, why)
        self._forwarder.on_closed(why)


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.version == 4 and address.is_loopback  # noqa: PLR2004 - IPv4
