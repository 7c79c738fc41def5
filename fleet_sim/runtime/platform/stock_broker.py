"""The reference backend on a broker that is not ours: an ordinary client among its devices.

What this topology cannot have, and what stands in its place:

- *Who says so* is read from the topic; no CONNECT is seen, so no signature of one can be checked,
  and no device can activate. The broker's own accounts and access rules are what keeps one device
  from speaking for another. Gateways bring their children on line as ever, signed for or known as
  theirs; that a gateway has gone is not known either.
- *On line* is what `presence` derives: a device is there from the first message of a connection,
  which for an OTA device is its version report. That it has left is never known. A push to an
  absent device is lost by the broker, as devices keep no session there; with its next version
  report the request is repeated while it is unanswered, as after any connect.
- *Acknowledgements* are the broker's. A device has its PUBACK as soon as the broker has the report,
  and this client acknowledges by itself when it reads, before the platform has committed. So a
  report may be lost that its device takes for delivered: when the backend is killed between the
  two, when the broker is, or when its queue for the backend overflows (Mosquitto keeps 1,000
  messages unless `max_queued_messages` says otherwise).

The session is persistent, so reports wait at the broker while the backend is away; it is given up
with a clean stop. While the broker is away everybody is taken for gone. When it is back, those who
were there before are taken for connected anew, so that what was asked in vain is asked again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Hashable, Sequence

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from fleet_sim.backend.signs_of_life import SignsOfLife
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import DeviceMessage
from fleet_sim.mqtt.kinds import SUBSCRIBE_REFUSED
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.platform.gateways import Gateways, claimed_topics
from fleet_sim.runtime.platform.platform import Platform
from fleet_sim.runtime.target.broker_access import BrokerAccess

KEEP_ALIVE_S = 30
TIMEOUT_S = 10.0  # For CONNACK, SUBACK and PUBACK; then the connection is given up.
GIVE_UP_S = 2.0  # A clean stop waits no longer for the broker to forget the session.
# Soon at first: devices come back a second after a restart, and their reports want a listener.
RETRY_MIN_S = 0.1
RETRY_MAX_S = 2.0
# Published and not acknowledged. paho keeps 20 under way by itself, which a storm would queue at;
# each one more makes aiomqtt's bookkeeping dearer for all.
UNDER_WAY_MAX = 200
# Waiting to be published: a push and a few replies for each of ten thousand devices.
WAITING_MAX = 100_000

_QUIET = logging.getLogger(__name__)
_QUIET.setLevel(
    logging.CRITICAL + 1
)  # What matters in aiomqtt's and paho's talk is raised as well.


class StockBroker:
    """A platform's way to devices by somebody's broker.

    Args:
        platform: Whose way it is.
        clock: The platform's.
        access: How to get in.
        say: Gets a sentence when the broker is lost, and when it is back.
    """

    def __init__(
        self,
        platform: Platform,
        clock: Clock,
        access: BrokerAccess,
        say: Callable[[str], None],
    ) -> None:
        self._platform = platform
        self._clock = clock
        self._access = access
        self._say = say
        self._tls = access.tls()
        self._client_id = f"fleet-sim-{secrets.token_hex(4)}"
        self._presence = SignsOfLife()
        codec = platform.gateways
        self._gateways = None if codec is None else Gateways(codec, platform, self, self.drop)
        self._strangers: set[DeviceId] = set()
        self._client: aiomqtt.Client | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._waiting = 0
        platform.attach(self)

    @contextlib.asynccontextmanager
    async def attached(self) -> AsyncIterator[None]:
        """Be the broker's client within this context, through all its restarts.

        Raises:
            TargetError: The broker does not let us in, the first time.
        """
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.TaskGroup() as tasks:
                staying = tasks.create_task(self._stay(tasks, first))
                try:
                    await first
                    yield
                finally:
                    self._tasks = None
                    staying.cancel()
        finally:
            if first.done() and not first.cancelled() and first.exception() is None:
                await self._give_up_session()

    # --- the connection --------------------------------------------------------------------

    async def _stay(self, tasks: asyncio.TaskGroup, first: asyncio.Future[None]) -> None:
        """Connect again and again; the first time must come off."""
        wait_s = RETRY_MIN_S
        while True:
            try:
                async with self._new_client(clean_session=False, timeout_s=TIMEOUT_S) as client:
                    await self._subscribe(client)
                    self._on_open(client, tasks)
                    wait_s = RETRY_MIN_S
                    if not first.done():
                        first.set_result(None)
                    async for message in client.messages:
                        self._on_message(message)
            except aiomqtt.MqttError as error:
                if not first.done():
                    text = f"{self._access.where} does not take the backend as a client: {error}"
                    first.set_exception(TargetError(text))
                    return
                self._on_lost(str(error))
            except TargetError as error:
                if not first.done():
                    first.set_exception(error)
                    return
                self._on_lost(str(error))
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, RETRY_MAX_S)

    def _new_client(self, *, clean_session: bool, timeout_s: float) -> aiomqtt.Client:
        login = self._access.login
        client = aiomqtt.Client(
            self._access.host,
            self._access.port,
            identifier=self._client_id,
            username=None if login is None else login.username,
            password=None if login is None else login.password,
            tls_context=self._tls,
            clean_session=clean_session,
            keepalive=KEEP_ALIVE_S,
            timeout=timeout_s,
            max_inflight_messages=UNDER_WAY_MAX,
            max_concurrent_outgoing_calls=UNDER_WAY_MAX,
            logger=_QUIET,
        )
        client.pending_calls_threshold = UNDER_WAY_MAX
        return client

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        """Ask for all that devices say.

        Raises:
            TargetError: The broker's access rules keep some of it from us.
        """
        claimed = claimed_topics(self._platform.server, self._platform.gateways)
        granted: Sequence[int | ReasonCode] = await client.subscribe([(one, 1) for one in claimed])
        for topic_filter, code in zip(claimed, granted, strict=True):
            if _is_failure(code):
                raise TargetError(
                    f"{self._access.where} does not let the backend subscribe to {topic_filter}; "
                    "its access rules must allow that"
                )

    async def _give_up_session(self) -> None:
        """Have the broker forget us: connecting with a clean session does that."""
        with contextlib.suppress(aiomqtt.MqttError):
            async with self._new_client(clean_session=True, timeout_s=GIVE_UP_S):
                pass

    def _on_open(self, client: aiomqtt.Client, tasks: asyncio.TaskGroup) -> None:
        is_back = self._tasks is not None
        self._client, self._tasks = client, tasks
        if is_back:
            self._say(f"the backend has {self._access.where} again")
            for device in self._here():
                over = None if self._gateways is None else self._gateways.over(device)
                self._platform.connected(self, device, over=over)

    def _on_lost(self, why: str) -> None:
        if self._client is None:
            return  # it has been said; this was only another attempt in vain
        self._client = None
        self._say(f"the backend lost {self._access.where} ({why}) and tries again")
        for device in self._here():
            self._platform.gone(device, "the backend lost its broker")

    def _here(self) -> tuple[DeviceId, ...]:
        """Return who is taken for on line, each once."""
        children = () if self._gateways is None else self._gateways.children
        return tuple(dict.fromkeys((*self._presence.devices, *children)))

    # --- what devices say ------------------------------------------------------------------

    def _on_message(self, message: aiomqtt.Message) -> None:
        """Take a message; a retained one was said before anybody here listened."""
        if message.retain or not isinstance(message.payload, bytes):
            return
        topic, payload = message.topic.value, message.payload
        speaker, said = self._spoke(topic, payload)
        if speaker is not None and self._platform.registration_of(speaker) is None:
            self._on_stranger(speaker, topic)
            return
        if speaker is not None and self._is_sign_of_life(speaker, said):
            self._platform.connected(self, speaker)
        if self._gateways is not None and self._gateways.is_request(topic):
            self._gateways.take(speaker, topic, payload, None)
        else:
            self._platform.arrived(self, speaker, topic, payload, None)

    def _spoke(self, topic: str, payload: bytes) -> tuple[DeviceId | None, DeviceMessage | None]:
        """Return who published a message, and what it says of itself by that, if anything.

        A gateway that passes a child's words on by its own topic says nothing of itself.
        """
        speaker = self._owner_of(topic)
        try:
            device, said = self._platform.server.decode(topic, payload)
        except DialectError:
            return speaker, None  # the platform finds the same, and knows what to say to it
        return (device, said) if speaker in {None, device} else (speaker, None)

    def _is_sign_of_life(self, speaker: DeviceId, said: DeviceMessage | None) -> bool:
        """Tell whether a message begins a connection; not of a child that may not speak for itself.

        One whose words could not be read may be such a child.
        """
        if said is None and self._platform.gateway_of(speaker) is not None:
            return False
        return self._presence.heard(speaker, said, self._clock.now_ms())

    def _owner_of(self, topic: str) -> DeviceId | None:
        codec = self._platform.gateways
        return None if codec is None else codec.owner_of(topic)

    def _on_stranger(self, device: DeviceId, topic: str) -> None:
        """Leave alone who is not registered here: the broker may have other users. Said once."""
        if device not in self._strangers:
            self._strangers.add(device)
            self._platform.refused(device, topic, "the device is not registered")

    # --- what the platform says ------------------------------------------------------------

    def send(self, device: Hashable, wire: WireMessage) -> bool:
        """Publish to a device, whether or not it is there; False without a connection, or room."""
        del device  # the topic says it
        if self._client is None or self._tasks is None or self._waiting >= WAITING_MAX:
            return False
        self._waiting += 1
        self._tasks.create_task(self._publish(self._client, wire))
        return True

    async def _publish(self, client: aiomqtt.Client, wire: WireMessage) -> None:
        try:
            # Lost with the connection; then `_on_lost` tells what follows from that.
            with contextlib.suppress(aiomqtt.MqttError):
                await client.publish(wire.topic, wire.payload, wire.qos)
        finally:
            self._waiting -= 1

    def acknowledge(self, receipt: Hashable) -> None:
        """Do nothing: the client has acknowledged by itself."""

    def drop(self, device: DeviceId, why: str) -> None:
        """Take a device for gone that has come by another way; its connection stays as it is."""
        if self._presence.forget(device):
            self._platform.gone(device, why)


def _is_failure(code: int | ReasonCode) -> bool:
    """Tell whether a SUBACK's code refuses; which of the two types it has is paho's affair."""
    number = code if isinstance(code, int) else code.value
    return number >= SUBSCRIBE_REFUSED
