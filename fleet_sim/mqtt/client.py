"""The session of one MQTT client, QoS 0 and 1, without a socket.

Calls and received bytes go in; events and bytes to write come out. The session outlives its
connections: `connect` begins a new one at any time.

    IDLE ──connect()──▶ CONNECTING ──CONNACK 0──▶ CONNECTED ──disconnect()──▶ IDLE
      ▲                     │ CONNACK ≠ 0             │
      └─────────────────────┴───────── lost() ────────┘

What becomes of a QoS 1 message that was never acknowledged when the connection ends:

    clean session        it is listed by `unacknowledged` until the next `connect`, which drops it
    persistent session   it is sent again, with DUP and under its old identifier, once the next
                         connection stands (MQTT 4.4)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from types import MappingProxyType
from typing import TypeAlias

from fleet_sim.mqtt.decoding import Decoder
from fleet_sim.mqtt.encoding import DISCONNECT, PINGREQ, encode, encode_puback, encode_publish
from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.kinds import (
    PACKET_ID_MAX,
    Connack,
    Connect,
    Packet,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Will,
)
from fleet_sim.mqtt.topics import is_topic

PACKET_BYTES_MAX = 1 << 20  # Twice what the vendors allow (512 KiB), so that a breach can arrive.
INFLIGHT_MAX = 20  # What Mosquitto and paho keep under way at once.
WAITING_MAX = 1000  # Reports of a device nobody listens to; Mosquitto's queue has the same length.
KEEP_ALIVE_S_MAX = 0xFFFF  # Two bytes (MQTT 3.1.2.10).
_PING_EARLY = (
    10  # A ping goes out a tenth of the keep alive early, so that a slow tick is forgiven.
)


class ClientState(StrEnum):
    """Where a client stands with its broker."""

    IDLE = "idle"
    CONNECTING = "connecting"
    CONNECTED = "connected"


MOVES: Mapping[ClientState, frozenset[ClientState]] = MappingProxyType(
    {
        ClientState.IDLE: frozenset({ClientState.CONNECTING}),
        ClientState.CONNECTING: frozenset({ClientState.CONNECTED, ClientState.IDLE}),
        ClientState.CONNECTED: frozenset({ClientState.IDLE}),
    }
)


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """What a client says of itself, and its limits.

    Attributes:
        client_id: May be empty only with a clean session; the broker then names it.
        username: None leaves it out.
        password: Text is sent as UTF-8; None leaves it out.
        keep_alive_s: 0 to 65535; 0 means none.
        clean_session: Whether broker and client begin without memory.
        will: What the broker publishes if the client vanishes.
        max_packet_bytes: The largest packet taken from the broker.
        inflight_max: QoS 1 messages sent and not yet acknowledged; the next ones wait.
        waiting_max: How many may wait; one more is the caller's mistake.
    """

    client_id: str
    username: str | None = None
    password: str | bytes | None = field(default=None, repr=False)
    keep_alive_s: int = 60
    clean_session: bool = True
    will: Will | None = None
    max_packet_bytes: int = PACKET_BYTES_MAX
    inflight_max: int = INFLIGHT_MAX
    waiting_max: int = WAITING_MAX

    def __post_init__(self) -> None:
        """Refuse what no broker could take; MQTT 3.1.2 and 3.1.3."""
        if self.password is not None and self.username is None:
            raise ValueError(f"the password of {self.client_id!r} needs a user name")
        if not 0 <= self.keep_alive_s <= KEEP_ALIVE_S_MAX:
            raise ValueError(f"a keep alive of {self.keep_alive_s} s does not fit into two bytes")
        if not self.client_id and not self.clean_session:
            raise ValueError("a session to be kept needs a client identifier")
        if self.inflight_max < 1:
            raise ValueError("at least one message must be allowed to be under way")
        if self.will is not None and not is_topic(self.will.topic):
            raise ValueError(f"{self.will.topic!r} is no topic for a will")


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker let us in."""

    session_present: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The broker did not let us in, and will close; `code` as in `ConnackCode`."""

    code: int


@dataclass(frozen=True, slots=True)
class Received:
    """A message arrived; at QoS 1 its PUBACK is already in the output."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker has taken in the QoS 1 message that `publish` gave this identifier."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker's answer to a SUBSCRIBE: a granted QoS or 0x80 a filter, in the order asked."""

    packet_id: int
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """The broker has forgotten the filters."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Ponged:
    """The broker answered a ping."""


ClientEvent: TypeAlias = (
    Connected | Refused | Received | Acknowledged | Subscribed | Unsubscribed | Ponged
)


class ClientSession:
    """One client's side of the protocol. It owns no connection and never looks at a clock.

    Attributes:
        options: As given.
        state: See the module.
        awaits_pong: A ping has gone out and nothing at all has come in since: a driver that would
            ping again may take the broker for dead.
    """

    __slots__ = (
        "_asked",
        "_decoder",
        "_flight",
        "_last_id",
        "_out",
        "_written",
        "awaits_pong",
        "options",
        "state",
    )

    def __init__(self, options: ClientOptions) -> None:
        self.options = options
        self.state = ClientState.IDLE
        self.awaits_pong = False
        self._decoder = Decoder(options.max_packet_bytes)
        self._out: list[bytes] = []
        self._last_id = 0
        # Both are None while empty: an idle device has no dictionary. `_flight` holds the QoS 1
        # messages that are not acknowledged, oldest first, of which the first `_written` have gone
        # out; `_asked` maps the identifier of a SUBSCRIBE to its filters, of an UNSUBSCRIBE to 0.
        self._flight: dict[int, Publish] | None = None
        self._written = 0
        self._asked: dict[int, int] | None = None

    @property
    def ping_interval_ms(self) -> int:
        """How long the client may send nothing before it pings; 0 for never."""
        return self.options.keep_alive_s * (1000 - 1000 // _PING_EARLY)

    @property
    def unacknowledged(self) -> tuple[Publish, ...]:
        """The QoS 1 messages nobody has acknowledged, oldest first, sent or not."""
        return tuple(self._flight.values()) if self._flight else ()

    def connect(self) -> None:
        """Begin a new connection: the output starts with CONNECT, and what an old one left is void.

        With a clean session nothing else is remembered. What is published before the broker has
        answered goes out right behind CONNECT; with a persistent session it waits for its turn
        behind what has to be sent again.
        """
        self.lost()
        options = self.options
        if options.clean_session:
            self._flight = None
        password = (
            options.password.encode() if isinstance(options.password, str) else options.password
        )
        packet = Connect(
            options.client_id,
            options.username,
            password,
            options.keep_alive_s,
            options.clean_session,
            options.will,
        )
        self._out.append(encode(packet))
        self._move(ClientState.CONNECTING)

    def lost(self) -> None:
        """The transport is gone: bytes under way in either direction are void."""
        self._decoder = Decoder(self.options.max_packet_bytes)
        self._out.clear()
        self._asked = None
        self.awaits_pong = False
        flight = self._flight
        if flight is not None:
            for packet in tuple(islice(flight.values(), self._written)):
                flight[packet.packet_id] = replace(packet, dup=True)
        self._written = 0
        if self.state is not ClientState.IDLE:
            self._move(ClientState.IDLE)

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool = False) -> int:
        """Send a message and return its packet identifier, 0 at QoS 0.

        A QoS 1 message above `inflight_max` waits for an acknowledgement of an earlier one. While
        there is no connection, QoS 0 is lost and QoS 1 waits for a persistent session's next one.

        Raises:
            ValueError: The QoS is 2, or more than `waiting_max` messages wait already.
        """
        if qos == 0:
            if self.state is not ClientState.IDLE:
                self._out.append(encode_publish(topic, payload, retain=retain))
            return 0
        if qos != 1:
            raise ValueError("QoS 2 is not served yet")
        flight, window = self._flight, self.options.inflight_max
        if flight is None:
            flight = self._flight = {}
        elif len(flight) >= window + self.options.waiting_max:
            raise ValueError(f"{len(flight)} messages of {self.options.client_id} already wait")
        packet_id = self._next_id()
        flight[packet_id] = Publish(topic, payload, 1, packet_id, retain)
        if self.state is ClientState.CONNECTED and len(flight) == self._written + 1 <= window:
            # Nothing else waits and the window is open: nearly every message of a device.
            self._out.append(encode_publish(topic, payload, 1, packet_id, retain=retain))
            self._written += 1
        else:
            self._write_waiting()
        return packet_id

    def subscribe(self, filters: Sequence[tuple[str, int]]) -> int:
        """Ask for these topic filters, each with its highest QoS; returns the packet identifier.

        Raises:
            ValueError: There is no connection; a subscription is not kept for the next one.
        """
        packet_id = self._next_id()
        self._ask(packet_id, len(filters))
        self._out.append(encode(Subscribe(packet_id, tuple(filters))))
        return packet_id

    def unsubscribe(self, filters: Iterable[str]) -> int:
        """Let go of these topic filters; returns the packet identifier.

        Raises:
            ValueError: There is no connection.
        """
        packet_id = self._next_id()
        self._ask(packet_id, 0)
        self._out.append(encode(Unsubscribe(packet_id, tuple(filters))))
        return packet_id

    def ping(self) -> None:
        """Show the broker a sign of life, and ask for one; nothing happens without a connection."""
        if self.state is ClientState.IDLE:
            return
        self.awaits_pong = True
        self._out.append(PINGREQ)

    def disconnect(self) -> None:
        """Leave in good order: the output ends with DISCONNECT, and the will is forgotten."""
        if self.state is ClientState.IDLE:
            return
        self._out.append(DISCONNECT)
        self._move(ClientState.IDLE)

    def take_output(self) -> bytes:
        """Return everything to be written since the last call, joined; may be empty."""
        out = self._out
        if not out:
            return b""
        joined = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        return joined

    def receive(self, data: bytes, now_ms: int) -> list[ClientEvent]:  # noqa: ARG002 - see below
        """Take in bytes of the broker and return what they mean, in order.

        Args:
            data: Any piece of the stream.
            now_ms: The instant; unused while nothing in a client depends on it but its keep alive,
                which counts what the client sends (MQTT 3.1.2.10).

        Raises:
            MqttError: The broker broke the protocol. The connection is of no further use; what the
                packets before the mistake asked for has been done, but their events are lost with
                it. A QoS 1 message among them comes again.
        """
        if self.state is ClientState.IDLE:
            return []  # bytes that were under way when we left
        self.awaits_pong = False
        events: list[ClientEvent] = []
        for packet in self._decoder.feed(data):
            self._on_packet(packet, events)
        return events

    def _on_packet(self, packet: Packet, events: list[ClientEvent]) -> None:
        if self.state is not ClientState.CONNECTED:
            self._on_answer(packet, events)
            return
        match packet:
            case Publish():
                events.append(self._on_publish(packet))
            case Puback(packet_id):
                self._on_puback(packet_id, events)
            case Suback(packet_id, codes):
                self._on_asked(packet_id, len(codes))
                events.append(Subscribed(packet_id, codes))
            case Unsuback(packet_id):
                self._on_asked(packet_id, 0)
                events.append(Unsubscribed(packet_id))
            case Pingresp():
                events.append(Ponged())
            case _:
                name = type(packet).__name__.upper()
                raise MqttError(f"the broker sent a {name}, which QoS 0 and 1 have no use for")

    def _on_answer(self, packet: Packet, events: list[ClientEvent]) -> None:
        """The first packet of a connection is the broker's CONNACK (MQTT 3.2)."""
        if self.state is ClientState.IDLE:
            return  # behind a refusal
        if not isinstance(packet, Connack):
            raise MqttError(f"the broker began with {type(packet).__name__.upper()}, not CONNACK")
        if packet.code:
            self._move(ClientState.IDLE)
            events.append(Refused(packet.code))
            return
        self._move(ClientState.CONNECTED)
        events.append(Connected(packet.session_present))
        self._write_waiting()

    def _on_publish(self, packet: Publish) -> Received:
        if packet.qos:
            if packet.qos != 1:
                raise MqttError("the broker sent QoS 2, which is not served yet")
            self._out.append(encode_puback(packet.packet_id))
        return Received(packet.topic, packet.payload, packet.qos, packet.retain, packet.dup)

    def _on_puback(self, packet_id: int, events: list[ClientEvent]) -> None:
        flight = self._flight
        if flight is None or packet_id not in flight:
            return  # acknowledged twice, as happens after a message was sent twice
        if len(flight) > self._written and packet_id not in islice(flight, self._written):
            raise MqttError(f"the broker acknowledged {packet_id}, which was never sent")
        del flight[packet_id]
        self._written -= 1
        if not flight:
            self._flight = None
        elif len(flight) > self._written:
            self._write_waiting()
        events.append(Acknowledged(packet_id))

    def _on_asked(self, packet_id: int, count: int) -> None:
        expected = self._asked.pop(packet_id, None) if self._asked is not None else None
        if not self._asked:
            self._asked = None
        if expected != count:
            raise MqttError(f"the broker answered a request {packet_id} that was never made so")

    def _write_waiting(self) -> None:
        """Send what is not under way yet, oldest first, as far as the window allows."""
        is_open = self.state is ClientState.CONNECTED or (
            self.state is ClientState.CONNECTING and self.options.clean_session
        )
        if not is_open or self._flight is None:
            return
        for packet in islice(self._flight.values(), self._written, self.options.inflight_max):
            self._out.append(encode(packet))
            self._written += 1

    def _ask(self, packet_id: int, count: int) -> None:
        if self.state is ClientState.IDLE:
            raise ValueError(f"{self.options.client_id} is not connected")
        if self._asked is None:
            self._asked = {}
        self._asked[packet_id] = count

    def _next_id(self) -> int:
        """Return the next identifier that nothing under way uses."""
        flight, asked = self._flight or (), self._asked or ()
        packet_id = self._last_id % PACKET_ID_MAX + 1
        while packet_id in flight or packet_id in asked:
            packet_id = packet_id % PACKET_ID_MAX + 1
        self._last_id = packet_id
        return packet_id

    def _move(self, state: ClientState) -> None:
        assert state in MOVES[self.state], f"{self.state} does not lead to {state}"
        self.state = state
