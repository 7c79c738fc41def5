"""The session of one MQTT client without a socket.

Calls and received bytes go in; events and bytes to write come out. The session outlives its
connections: `connect` begins a new one at any time.

    IDLE ──connect()──▶ CONNECTING ──CONNACK 0──▶ CONNECTED ──disconnect()──▶ IDLE
      ▲                     │ CONNACK ≠ 0             │
      └─────────────────────┴───────── lost() ────────┘

What becomes of a QoS 1 or 2 message that was never acknowledged when the connection ends:

    clean session        it is listed by `unacknowledged` until the next `connect`, which drops it
    persistent session   it is sent again, with DUP and under its old identifier, once the next
                         connection stands (MQTT 4.4)

A message of QoS 2 that the broker has (PUBREC) is no longer among them: only its release (PUBREL)
is sent again. One that comes to the client is told of when it comes first; its copies, which may
come until the broker releases it, are answered and nothing else (MQTT 4.3.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import islice
from types import MappingProxyType

from fleet_sim.mqtt.client_events import (
    Acknowledged,
    ClientEvent,
    Connected,
    Ponged,
    Received,
    Refused,
    Subscribed,
    Unsubscribed,
)
from fleet_sim.mqtt.client_options import ClientOptions
from fleet_sim.mqtt.decoding import Decoder
from fleet_sim.mqtt.encoding import DISCONNECT, PINGREQ, encode, encode_puback, encode_publish
from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.kinds import (
    PACKET_ID_MAX,
    QOS_MAX,
    Connack,
    Connect,
    Packet,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)

__all__ = [
    "Acknowledged",
    "ClientEvent",
    "ClientOptions",
    "ClientSession",
    "ClientState",
    "Connected",
    "Ponged",
    "Received",
    "Refused",
    "Subscribed",
    "Unsubscribed",
]

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
        "_incoming",
        "_last_id",
        "_out",
        "_released",
        "_written",
        "awaits_pong",
        "options",
        "state",
    )

    def __init__(self, options: ClientOptions) -> None:
        self.options = options
        self.state = ClientState.IDLE
        self.awaits_pong = False
        self._decoder = Decoder(options.packet_bytes_max)
        self._out: list[bytes] = []
        self._last_id = 0
        # All are None while empty: an idle device has no dictionary. `_flight` holds the messages
        # that the broker has not acknowledged, oldest first, of which the first `_written` have
        # gone out; `_released` the identifiers of those of QoS 2 that it has, in the order of its
        # PUBRECs; `_incoming` those of its own that it has not released; `_asked` maps the
        # identifier of a SUBSCRIBE to the number of its filters, of an UNSUBSCRIBE to 0.
        self._flight: dict[int, Publish] | None = None
        self._written = 0
        self._released: dict[int, None] | None = None
        self._incoming: dict[int, None] | None = None
        self._asked: dict[int, int] | None = None

    @property
    def ping_interval_ms(self) -> int:
        """How long the client may send nothing before it pings; 0 for never."""
        return self.options.keep_alive_s * (1000 - 1000 // _PING_EARLY)

    @property
    def unacknowledged(self) -> tuple[Publish, ...]:
        """The messages the broker has not acknowledged, oldest first, sent or not."""
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
            self._flight = self._released = self._incoming = None
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
        self._decoder = Decoder(self.options.packet_bytes_max)
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

        One of QoS 1 or 2 above `inflight_max` waits for an acknowledgement of an earlier one. While
        there is no connection, QoS 0 is lost and the rest waits for a persistent session's next.

        Raises:
            ValueError: There is no such QoS, or more than `waiting_max` messages wait already.
        """
        if qos == 0:
            if self.state is not ClientState.IDLE:
                self._out.append(encode_publish(topic, payload, retain=retain))
            return 0
        if qos > QOS_MAX:
            raise ValueError(f"there is no QoS {qos}")
        flight = self._flight
        window = self.options.inflight_max if self._released is None else self._window
        if flight is None:
            flight = self._flight = {}
        elif len(flight) >= window + self.options.waiting_max:
            raise ValueError(f"{len(flight)} messages of {self.options.client_id} already wait")
        packet_id = self._next_id()
        flight[packet_id] = Publish(topic, payload, qos, packet_id, retain)
        if self.state is ClientState.CONNECTED and len(flight) == self._written + 1 <= window:
            # Nothing else waits and the window is open: nearly every message of a device.
            self._out.append(encode_publish(topic, payload, qos, packet_id, retain=retain))
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
                it. A QoS 1 message among them comes again to a persistent session.
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
                self._on_publish(packet, events)
            case Puback(packet_id):
                self._on_puback(packet_id, events)
            case Pubrec() | Pubrel() | Pubcomp():
                self._on_exactly_once(packet, events)
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
                raise MqttError(f"the broker sent a {name} out of place")

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
        if not packet.session_present:
            self._incoming = None  # A broker that forgot begins its identifiers anew.
        self._out += (encode(Pubrel(packet_id)) for packet_id in self._released or ())
        self._write_waiting()

    def _on_publish(self, packet: Publish, events: list[ClientEvent]) -> None:
        if packet.qos == 1:
            self._out.append(encode_puback(packet.packet_id))
        elif packet.qos:
            self._out.append(encode(Pubrec(packet.packet_id)))
            if self._incoming is None:
                self._incoming = {}
            if packet.packet_id in self._incoming:
                return
            self._incoming[packet.packet_id] = None
        events.append(Received(packet.topic, packet.payload, packet.qos, packet.retain, packet.dup))

    def _on_puback(self, packet_id: int, events: list[ClientEvent]) -> None:
        if self._take_back(packet_id, 1):
            if self._flight is not None and len(self._flight) > self._written:
                self._write_waiting()
            events.append(Acknowledged(packet_id))

    def _on_exactly_once(
        self, packet: Pubrec | Pubrel | Pubcomp, events: list[ClientEvent]
    ) -> None:
        """Take the further steps of a QoS 2 message: the second and last to us, the third of us.

        An unknown identifier is one of a message that got through before, so it is answered.
        """
        packet_id = packet.packet_id
        match packet:
            case Pubrec():
                if self._take_back(packet_id, 2):
                    self._released = self._released or {}
                    self._released[packet_id] = None
                self._out.append(encode(Pubrel(packet_id)))
            case Pubrel():
                if self._incoming is not None:
                    self._incoming.pop(packet_id, None)
                self._incoming = self._incoming or None
                self._out.append(encode(Pubcomp(packet_id)))
            case Pubcomp():
                if self._released is None or packet_id not in self._released:
                    return
                del self._released[packet_id]
                self._released = self._released or None
                self._write_waiting()
                events.append(Acknowledged(packet_id))

    def _take_back(self, packet_id: int, qos: int) -> bool:
        """Forget a message that the broker has, unless it was forgotten before.

        That happens after a message was sent twice.

        Raises:
            MqttError: It was never sent, or is of the other QoS.
        """
        flight = self._flight
        if flight is None or packet_id not in flight:
            return False
        if len(flight) > self._written and packet_id not in islice(flight, self._written):
            raise MqttError(f"the broker acknowledged {packet_id}, which was never sent")
        if flight[packet_id].qos != qos:
            raise MqttError(f"the broker acknowledged {packet_id} as if it were of QoS {qos}")
        del flight[packet_id]
        self._written -= 1
        if not flight:
            self._flight = None
        return True

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
        for packet in islice(self._flight.values(), self._written, self._window):
            self._out.append(encode(packet))
            self._written += 1

    @property
    def _window(self) -> int:
        """How many may be under way beside those that wait for their last acknowledgement."""
        released = len(self._released) if self._released is not None else 0
        return self.options.inflight_max - released

    def _ask(self, packet_id: int, count: int) -> None:
        if self.state is ClientState.IDLE:
            raise ValueError(f"{self.options.client_id} is not connected")
        if self._asked is None:
            self._asked = {}
        self._asked[packet_id] = count

    def _next_id(self) -> int:
        """Return the next identifier that nothing under way uses."""
        flight, asked, released = self._flight or (), self._asked or (), self._released or ()
        packet_id = self._last_id % PACKET_ID_MAX + 1
        while packet_id in flight or packet_id in asked or packet_id in released:
            packet_id = packet_id % PACKET_ID_MAX + 1
        self._last_id = packet_id
        return packet_id

    def _move(self, state: ClientState) -> None:
        assert state in MOVES[self.state], f"{self.state} does not lead to {state}"
        self.state = state
