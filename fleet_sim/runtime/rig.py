"""A rig: one device's agent, dialect, link and MQTT session mounted on a world.

It carries and never decides: events go to the agent, its effects to the session, the link and the
download. Bytes pass the link both ways, so a message is late because its bytes are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, assert_never

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.device.events import (
    Acknowledged,
    Connect,
    Connected,
    ConnectionLost,
    Disconnect,
    DropDownload,
    Effect,
    Event,
    Note,
    OfferReceived,
    PoweredOn,
    Publish,
    ReplyReceived,
    RequestReceived,
    SetTimer,
    StartDownload,
    TimerFired,
)
from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.messages import (
    DeviceMessage,
    FailureReport,
    ReportReply,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionOffer,
)
from fleet_sim.model.record import Source
from fleet_sim.mqtt import client as mqtt
from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.keep_alive import Pulse
from fleet_sim.network.link import Link
from fleet_sim.network.outages import Outage
from fleet_sim.network.profiles import OutageKind
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.download import Download, Fetch, FetchListener, chunk_bytes
from fleet_sim.runtime.keep_alive import Pinger, PingWheel
from fleet_sim.runtime.run_log import RunLog
from fleet_sim.runtime.wire_records import received_by_device, sent_by_device
from fleet_sim.scenario.plan import DevicePlan

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


class World(Protocol):
    """What a rig needs of the world it is mounted on."""

    @property
    def clock(self) -> Clock:
        """The run's clock."""

    @property
    def log(self) -> RunLog:
        """Where the fleet's records go."""

    @property
    def epoch_ms(self) -> int:
        """The wall clock at t = 0."""

    @property
    def subscribes(self) -> bool:
        """Whether devices subscribe for themselves, as on a stock broker."""

    @property
    def pings(self) -> PingWheel:
        """The fleet's keep-alives."""

    def dial(self, rig: Rig, line: int) -> None:
        """Open a connection to the broker; `rig.on_open` or `rig.on_closed` follows."""

    def fetch(self, url: str, offset: int, chunk: int, listener: FetchListener) -> Fetch:
        """Read a file from this byte on, at most `chunk` bytes at a time."""


class Rig:
    """One device on a world.

    Attributes:
        agent: What the device thinks.
        link: What it hangs on.
        pushed_at_ms: When it received its last upgrade request, repetitions to a device that keeps
            silent left out; None before the first.
    """

    __slots__ = (
        "_download", "_is_deaf", "_line", "_pulse", "_session", "_transport", "_unacknowledged",
        "agent", "chunk_bytes", "dialect", "link", "plan", "pushed_at_ms", "who", "world",
    )  # fmt: skip

    def __init__(
        self, plan: DevicePlan, agent: DeviceAgent, dialect: Dialect, link: Link, world: World
    ) -> None:
        self.plan = plan
        self.agent = agent
        self.dialect = dialect
        self.link = link
        self.world = world
        self.who = str(plan.device)
        self.chunk_bytes = chunk_bytes(plan.link.down_kbps)
        self._session: mqtt.ClientSession | None = None
        self._transport: Transport | None = None
        self._unacknowledged: dict[int, str] | None = None
        self._download: Download | None = None
        self._pulse: Pulse[Pinger] | None = None
        self.pushed_at_ms: int | None = None
        self._is_deaf = False
        self._line = 0  # Names the connection; what belongs to an older one is dropped.

    def start(self) -> None:
        """Power the device on when its plan says so."""
        self.world.clock.call_at(self.plan.connect_at_ms, self.feed, PoweredOn())

    @property
    def is_deaf(self) -> bool:
        """Whether its connections are half open: nothing arrives, and it does not know."""
        return self._is_deaf

    @property
    def is_online(self) -> bool:
        """Whether the broker has accepted its connection, as far as the device knows."""
        return self._unacknowledged is not None

    # --- agent ---------------------------------------------------------------------------

    def feed(self, event: Event) -> None:
        """Hand the agent one event and carry out its effects in order."""
        for effect in self.agent.handle(event, self.world.clock.now_ms()):
            self._carry_out(effect)
        self._flush()

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Publish(message, request):
                self._publish(message, request)
            case SetTimer(name, at_ms, token):
                self.world.clock.call_at(at_ms, self.feed, TimerFired(name, token))
            case Note(kind, fields):
                self._note(kind, fields)
            case StartDownload():
                self._start_download(effect)
            case DropDownload():
                self._drop_download()
            case Connect():
                self._connect()
            case Disconnect(why):
                self._disconnect(why)
            case _:
                assert_never(effect)

    def _note(self, kind: str, fields: Mapping[str, object]) -> None:
        if kind == "boot" and not self._line:
            # The first of its life also says whose device it is; no other record does.
            fields = {**fields, "fleet": self.plan.fleet, "dialect": self.plan.dialect}
        self.world.log.add(Source.DEVICE, kind, device=self.who, fields=fields)

    # --- connection ----------------------------------------------------------------------

    def _connect(self) -> None:
        clock = self.world.clock
        now_ms = clock.now_ms()
        self._line += 1
        outage = self.link.outage_at(now_ms)
        if outage is not None:
            at_ms = min(outage.end_ms, now_ms + CONNECT_TIMEOUT_MS)
            clock.call_at(at_ms, self._closed, self._line, "no link")
            return
        handshake_ms = self.link.round_trip_ms(now_ms)
        clock.call_at(now_ms + handshake_ms, self._dial, self._line)

    def _dial(self, line: int) -> None:
        if line == self._line:
            self.world.dial(self, line)

    def on_open(self, line: int, transport: Transport) -> None:
        """Take the open connection and say CONNECT."""
        if line != self._line:
            transport.abort()  # the device gave this connection up while it was being opened
            return
        self._transport = transport
        self._is_deaf = False
        epoch_ms = self.world.epoch_ms + self.world.clock.now_ms()
        mine = self.dialect.devices.credentials(
            self.plan.device, self.plan.secret, epoch_ms=epoch_ms
        )
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
            self._pulse = self.world.pings.start(self, self._session.ping_interval_ms)
        self._watch_link()
        self._flush()

    def ping(self) -> None:
        """Say that the device is there, or find that the broker is not."""
        if self._session is None:
            return
        if self._unacknowledged is None:
            self.lose("no answer to CONNECT")
            return
        if self._session.awaits_pong:
            self.lose("no answer to a ping")
            return
        self._session.ping()
        self._flush()

    def _watch_link(self) -> None:
        now_ms = self.world.clock.now_ms()
        outage = self.link.outage_at(now_ms) or self.link.next_outage(now_ms)
        if outage is not None:
            self.world.clock.call_at(max(outage.start_ms, now_ms), self._fail, self._line, outage)

    def impose(self, outage: Outage) -> None:
        """Take the device off line for a while, as a scenario's event wants it."""
        self.link.impose(outage)
        self._watch_link()

    def _fail(self, line: int, outage: Outage) -> None:
        """The link breaks, in the way of the outage."""
        if line != self._line or self._transport is None:
            return
        match outage.kind:
            case OutageKind.HALF_OPEN:
                # Nothing says so: the device learns it from the ping that stays unanswered.
                self._is_deaf = True
            case OutageKind.FREEZE:
                # Bytes wait in the link until it thaws; see `Link.up`. Then the watch goes on.
                self.world.clock.call_at(outage.end_ms, self._thaw, line)
            case _:
                self.lose("link down")

    def _thaw(self, line: int) -> None:
        if line == self._line:
            self._watch_link()

    def lose(self, why: str) -> None:
        """Drop the connection from this end, as a link or a keep-alive does."""
        if self._transport is not None:
            self._transport.abort()
            self._closed(self._line, why)

    def leave(self) -> None:
        """Drop everything; the run is over and nobody is told."""
        if self._download is not None:
            self._download.close()
        if self._transport is not None:
            self._transport.abort()
        self._session = None
        self._transport = None
        self._line += 1

    def on_closed(self, line: int, why: str) -> None:
        """Take the end of a connection, or of the attempt to open it, from the other side.

        The news travels behind the bytes that were sent before it, and on a half-open connection
        not at all.
        """
        if line == self._line and not self._is_deaf:
            clock = self.world.clock
            clock.call_at(self.link.down(0, clock.now_ms()), self._closed, line, why)

    def _closed(self, line: int, why: str) -> None:
        if line != self._line:
            return
        self._hang_up(why)
        # First the connection: a download cut on a standing one counts against the file server.
        self.feed(ConnectionLost(why))
        if self._download is not None:
            self._download.cut(why)

    def _disconnect(self, why: str) -> None:
        if self._session is not None and self._transport is not None:
            self._session.disconnect()
            self._flush()
            # The bytes are with the transport once the link has passed them; then it is closed.
            now_ms = self.world.clock.now_ms()
            transport = self._transport
            self.world.clock.call_at(self.link.up(0, now_ms), transport.close)
        self._hang_up(why)
        if self._download is not None:
            # Told in a turn of its own: the agent hears nothing in the midst of its effects.
            self.world.clock.call_at(self.world.clock.now_ms(), self._download.cut, why)

    def _hang_up(self, why: str) -> None:
        if self._unacknowledged is not None:
            self._wire("offline", {"side": "device", "why": why})
        if self._pulse is not None:
            self.world.pings.stop(self._pulse)
        self._pulse = None
        self._unacknowledged = None
        self._session = None
        self._transport = None
        self._is_deaf = False
        self._line += 1

    # --- bytes ---------------------------------------------------------------------------

    def _flush(self) -> None:
        session = self._session
        if session is None:
            return
        data = session.take_output()
        if not data:
            return
        clock = self.world.clock
        now_ms = clock.now_ms()
        if self._pulse is not None:
            self._pulse.last_at_ms = now_ms
        if not self._is_deaf:
            at_ms = self.link.up(len(data) + SEGMENT_OVERHEAD_BYTES, now_ms)
            # Straight to the transport: what is under way outlives a line that ends in order.
            assert self._transport is not None
            clock.call_at(at_ms, self._transport.write, data)

    def on_bytes(self, line: int, data: bytes) -> None:
        """Take bytes from the broker; they reach the device once the link has passed them."""
        if line == self._line and not self._is_deaf:
            clock = self.world.clock
            at_ms = self.link.down(len(data) + SEGMENT_OVERHEAD_BYTES, clock.now_ms())
            clock.call_at(at_ms, self._read, line, data)

    def _read(self, line: int, data: bytes) -> None:
        if line != self._line or self._session is None:
            return
        try:
            events = self._session.receive(data, self.world.clock.now_ms())
        except MqttError as error:
            self.lose(f"the broker broke the protocol: {error}")
            return
        for event in events:
            self._take(event)
            if line != self._line:
                return
        self._flush()

    def _take(self, event: mqtt.ClientEvent) -> None:
        match event:
            case mqtt.Acknowledged(packet_id):
                self._acknowledged(packet_id)
            case mqtt.Received(topic, payload):
                self._received(topic, payload)
            case mqtt.Connected():
                self._opened()
            case mqtt.Refused(code):
                self.lose(f"refused with code {code}")
            case _:
                pass  # answers to subscriptions and pings ask for nothing

    # --- messages ------------------------------------------------------------------------

    def _opened(self) -> None:
        self._unacknowledged = {}
        self._wire("online", {"side": "device"})
        if self.world.subscribes and self._session is not None:
            filters = self.dialect.devices.filters(self.plan.device)
            self._session.subscribe([(topic_filter, 1) for topic_filter in filters])
        self.feed(Connected())

    def _publish(self, message: DeviceMessage, request: str) -> None:
        if self._session is None or self._unacknowledged is None:
            return  # off line: the agent says it again once it is back
        wire = self.dialect.devices.encode(self.plan.device, message)
        if isinstance(message, FailureReport) and message.code is None:
            # The log wants the number that stands on the wire, which only the dialect knows.
            _, message = self.dialect.server.decode(wire.topic, wire.payload)
        packet_id = self._session.publish(wire.topic, wire.payload, wire.qos)
        if not isinstance(message, UpgradeReply):
            self._unacknowledged[packet_id] = message.message_id
        self._wire(*sent_by_device(message, request))

    def _acknowledged(self, packet_id: int) -> None:
        if self._unacknowledged is None:
            return
        message_id = self._unacknowledged.pop(packet_id, None)
        if message_id is not None:
            self._wire("delivered", {"side": "device", "message": message_id})
            self.feed(Acknowledged(message_id))

    def _replied(self, message_id: str) -> None:
        """Take a reply, which proves delivery as well as a PUBACK does and may come before it."""
        for packet_id, waiting in (self._unacknowledged or {}).items():
            if waiting == message_id:
                self._wire("delivered", {"side": "device", "message": message_id})
                assert self._unacknowledged is not None
                del self._unacknowledged[packet_id]
                return

    def _received(self, topic: str, payload: bytes) -> None:
        try:
            message = self.dialect.devices.decode(self.plan.device, topic, payload)
        except DialectError as error:
            self._wire("refused", {"side": "device", "topic": topic, "why": str(error)})
            return
        if isinstance(message, UpgradeRequest) and not self.agent.is_silent:
            self.pushed_at_ms = self.world.clock.now_ms()
        if isinstance(message, ReportReply):
            self._replied(message.message_id)
        line = received_by_device(message)
        if line is not None:
            self._wire(*line)
        self.feed(_event(message))

    def _wire(self, kind: str, fields: Mapping[str, Any]) -> None:
        self.world.log.add(Source.WIRE, kind, device=self.who, fields=fields)

    # --- download ------------------------------------------------------------------------

    def _start_download(self, order: StartDownload) -> None:
        if self._download is None:
            self._download = Download(self, order)
        # A connection of its own: one round trip to open it, then the request travels up.
        now_ms = self.world.clock.now_ms()
        self._download.start(order, now_ms + self.link.round_trip_ms(now_ms))

    def _drop_download(self) -> None:
        if self._download is not None:
            self._download.close()
            self._download = None


def _event(message: ServerMessage) -> Event:
    match message:
        case UpgradeRequest():
            return RequestReceived(message)
        case VersionOffer():
            return OfferReceived(message)
        case ReportReply():
            return ReplyReceived(message)
        case _:
            assert_never(message)
