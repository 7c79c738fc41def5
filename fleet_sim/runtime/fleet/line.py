"""A device's line: its MQTT connections, one after another, over its link.

Bytes pass the link both ways, so a message is late because its bytes are. Each connection has a
number; what belongs to an older one is dropped. What a line hears goes to its listener; what the
listener does with it is no concern of the line.

    connect() ─▶ dial ─▶ on_open ─▶ CONNECT … CONNACK ─▶ listener.on_accepted
                    └──────────────── on_closed ───────▶ listener.on_ended
"""

from __future__ import annotations

from typing import Protocol

from fleet_sim.dialects.credentials import Credentials
from fleet_sim.mqtt import client as mqtt
from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.keep_alive import Pulse
from fleet_sim.mqtt.kinds import SUBSCRIBE_REFUSED
from fleet_sim.network.link import Link
from fleet_sim.network.outages import Outage
from fleet_sim.network.profiles import OutageKind
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.fleet.keep_alive import Pinger, PingWheel

CONNECT_TIMEOUT_MS = 10_000  # Common in devices' TCP stacks' settings; a lost SYN costs this long.
SEGMENT_OVERHEAD_BYTES = 40  # IP and TCP headers of the segment that carries a message.


class Transport(Protocol):
    """A connection's bytes on their way to the broker."""

    def write(self, data: bytes) -> None:
        """Send these bytes; after the end they are dropped."""

    def close(self) -> None:
        """Send what was written, then end the connection in good order."""

    def abort(self) -> None:
        """Drop the connection; what was written may be lost."""


class Ear(Protocol):
    """Who hears a connection, each by its number."""

    @property
    def who(self) -> str:
        """Whose it is, for people."""

    def on_open(self, number: int, transport: Transport) -> None:
        """Take the open connection."""

    def on_bytes(self, number: int, data: bytes) -> None:
        """Take bytes from the broker."""

    def on_closed(self, number: int, why: str) -> None:
        """Take the end of the connection, or of the attempt to open it."""


class Exchange(Protocol):
    """What a line needs of the world it is in."""

    @property
    def clock(self) -> Clock:
        """The run's clock."""

    @property
    def pings(self) -> PingWheel:
        """The fleet's keep-alives."""

    def dial(self, ear: Ear, number: int) -> None:
        """Open a connection to the broker; `on_open` or `on_closed` follows."""


class Listener(Protocol):
    """Whose line it is."""

    @property
    def who(self) -> str:
        """Its name, for people."""

    def credentials(self) -> Credentials:
        """Return what to say in a CONNECT that leaves now."""

    def on_accepted(self) -> None:
        """Take the news that the broker has let the device in."""

    def on_acknowledged(self, packet_id: int) -> None:
        """Take the acknowledgement of a message."""

    def on_received(self, topic: str, payload: bytes) -> None:
        """Take a message."""

    def on_turned_away(self, why: str) -> None:
        """Take note that the broker did not let the device in; `on_ended` follows."""

    def on_not_subscribed(self, filters: int) -> None:
        """Take note that the broker refused so many of the filters asked for."""

    def on_hung_up(self, why: str) -> None:
        """Take note that the connection is no more; what follows from it comes by `on_ended`."""

    def on_ended(self, why: str) -> None:
        """Take the end of a connection that the device did not end itself."""


class Line:
    """One device's connections; see the module."""

    __slots__ = (
        "_listener", "_pulse", "_session", "_transport", "_world", "is_deaf", "link", "number",
    )  # fmt: skip

    def __init__(self, link: Link, world: Exchange, listener: Listener) -> None:
        self.link = link
        self._world = world
        self._listener = listener
        self._session: mqtt.ClientSession | None = None
        self._transport: Transport | None = None
        self._pulse: Pulse[Pinger] | None = None
        self.is_deaf = False  # Half open: nothing arrives, and the device does not know.
        self.number = 0

    @property
    def who(self) -> str:
        """Whose line it is."""
        return self._listener.who

    # --- its beginning -------------------------------------------------------------------

    def connect(self) -> None:
        """Open a connection, once the link is there and has carried the handshake."""
        clock = self._world.clock
        now_ms = clock.now_ms()
        self.number += 1
        outage = self.link.outage_at(now_ms)
        if outage is not None:
            at_ms = min(outage.end_ms, now_ms + CONNECT_TIMEOUT_MS)
            clock.call_at(at_ms, self._closed, self.number, "no link")
            return
        handshake_ms = self.link.round_trip_ms(now_ms)
        clock.call_at(now_ms + handshake_ms, self._dial, self.number)

    def _dial(self, number: int) -> None:
        if number == self.number:
            self._world.dial(self, number)

    def on_open(self, number: int, transport: Transport) -> None:
        """Take the open connection and say CONNECT."""
        if number != self.number:
            transport.abort()  # the device gave this connection up while it was being opened
            return
        self._transport = transport
        self.is_deaf = False
        mine = self._listener.credentials()
        self._session = mqtt.ClientSession(
            mqtt.ClientOptions(
                client_id=mine.client_id,
                username=mine.username,
                password=mine.password,
                keep_alive_s=mine.keep_alive_s,
                clean_session=mine.clean_session,
            )
        )
        self._session.connect()
        if self._session.ping_interval_ms:
            self._pulse = self._world.pings.start(self, self._session.ping_interval_ms)
        self._watch_link()
        self.flush()

    # --- what the link does to it --------------------------------------------------------

    def _watch_link(self) -> None:
        now_ms = self._world.clock.now_ms()
        outage = self.link.outage_at(now_ms) or self.link.next_outage(now_ms)
        if outage is not None:
            self._world.clock.call_at(max(outage.start_ms, now_ms), self._fail, self.number, outage)

    def impose(self, outage: Outage) -> None:
        """Take the device off line for a while, as a scenario's event wants it."""
        self.link.impose(outage)
        self._watch_link()

    def _fail(self, number: int, outage: Outage) -> None:
        """The link breaks, in the way of the outage."""
        if number != self.number or self._transport is None:
            return
        match outage.kind:
            case OutageKind.HALF_OPEN:
                # Nothing says so: the device learns it from the ping that stays unanswered.
                self.is_deaf = True
            case OutageKind.FREEZE:
                # Bytes wait in the link until it thaws; see `Link.up`. Then the watch goes on.
                self._world.clock.call_at(outage.end_ms, self._thaw, number)
            case _:
                self.lose("link down")

    def _thaw(self, number: int) -> None:
        if number == self.number:
            self._watch_link()

    # --- its end -------------------------------------------------------------------------

    def ping(self) -> None:
        """Say that the device is there, or find that the broker is not."""
        if self._session is None:
            return
        if self._session.state is not mqtt.ClientState.CONNECTED:
            self.lose("no answer to CONNECT")
            return
        if self._session.awaits_pong:
            self.lose("no answer to a ping")
            return
        self._session.ping()
        self.flush()

    def lose(self, why: str) -> None:
        """Drop the connection from this end, as a link or a keep-alive does."""
        if self._transport is not None:
            self._transport.abort()
            self._closed(self.number, why)

    def leave(self) -> None:
        """Drop everything; the run is over and nobody is told."""
        if self._transport is not None:
            self._transport.abort()
        self._session = None
        self._transport = None
        self.number += 1

    def on_closed(self, number: int, why: str) -> None:
        """Take the end of a connection, or of the attempt to open it, from the other side.

        The news travels behind the bytes that were sent before it, and on a half-open connection
        not at all.
        """
        if number == self.number and not self.is_deaf:
            clock = self._world.clock
            clock.call_at(self.link.down(0, clock.now_ms()), self._cut_off, number, why)

    def _cut_off(self, number: int, why: str) -> None:
        """Take the end that has arrived, and tell it from a broker that let nobody in."""
        session = self._session if number == self.number else None
        if session is not None and session.state is mqtt.ClientState.CONNECTING:
            self._listener.on_turned_away(f"ended before it answered CONNECT: {why}")
        self._closed(number, why)

    def _closed(self, number: int, why: str) -> None:
        if number == self.number:
            self._hang_up(why)
            self._listener.on_ended(why)

    def disconnect(self, why: str) -> None:
        """Say DISCONNECT and end the connection; the device itself wants it."""
        if self._session is not None and self._transport is not None:
            self._session.disconnect()
            self.flush()
            # The bytes are with the transport once the link has passed them; then it is closed.
            now_ms = self._world.clock.now_ms()
            transport = self._transport
            self._world.clock.call_at(self.link.up(0, now_ms), transport.close)
        self._hang_up(why)

    def _hang_up(self, why: str) -> None:
        if self._pulse is not None:
            self._world.pings.stop(self._pulse)
        self._pulse = None
        self._session = None
        self._transport = None
        self.is_deaf = False
        self.number += 1
        self._listener.on_hung_up(why)

    # --- what it carries -----------------------------------------------------------------

    def subscribe(self, topic_filters: tuple[str, ...]) -> None:
        """Ask for messages at QoS 1; nothing happens without a connection."""
        if self._session is not None:
            self._session.subscribe([(topic_filter, 1) for topic_filter in topic_filters])

    def publish(self, topic: str, payload: bytes, qos: int) -> int:
        """Take a message in for the next `flush`; returns its packet identifier.

        Only on an accepted connection: between `on_accepted` and `on_hung_up`.
        """
        assert self._session is not None
        return self._session.publish(topic, payload, qos)

    def flush(self) -> None:
        """Send off what was taken in."""
        session = self._session
        if session is None:
            return
        data = session.take_output()
        if not data:
            return
        clock = self._world.clock
        now_ms = clock.now_ms()
        if self._pulse is not None:
            self._pulse.last_at_ms = now_ms
        if not self.is_deaf:
            at_ms = self.link.up(len(data) + SEGMENT_OVERHEAD_BYTES, now_ms)
            # Straight to the transport: what is under way outlives a line that ends in order.
            assert self._transport is not None
            clock.call_at(at_ms, self._transport.write, data)

    def on_bytes(self, number: int, data: bytes) -> None:
        """Take bytes from the broker; they reach the device once the link has passed them."""
        if number == self.number and not self.is_deaf:
            clock = self._world.clock
            at_ms = self.link.down(len(data) + SEGMENT_OVERHEAD_BYTES, clock.now_ms())
            clock.call_at(at_ms, self._read, number, data)

    def _read(self, number: int, data: bytes) -> None:
        if number != self.number or self._session is None:
            return
        try:
            events = self._session.receive(data, self._world.clock.now_ms())
        except MqttError as error:
            self.lose(f"the broker broke the protocol: {error}")
            return
        for event in events:
            self._take(event)
            if number != self.number:
                return
        self.flush()

    def _take(self, event: mqtt.ClientEvent) -> None:
        match event:
            case mqtt.Acknowledged(packet_id):
                self._listener.on_acknowledged(packet_id)
            case mqtt.Received(topic, payload):
                self._listener.on_received(topic, payload)
            case mqtt.Connected():
                self._listener.on_accepted()
            case mqtt.Subscribed(codes=codes) if SUBSCRIBE_REFUSED in codes:
                self._listener.on_not_subscribed(codes.count(SUBSCRIBE_REFUSED))
            case mqtt.Refused(code):
                self._listener.on_turned_away(f"CONNACK code {code}")
                self.lose(f"refused with code {code}")
            case _:
                pass  # answers to subscriptions and pings ask for nothing
