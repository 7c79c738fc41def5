"""A whole MQTT 3.1.1 broker without a socket.

Bytes of connections and calls of the platform go in; events for the platform and bytes to write
come out. A driver opens a connection for each transport, feeds what it reads, and once a turn
writes the output of every dirty connection, closing those that say so.

    receive(connection, data) ─▶ packets ─▶ authority ─┬▶ claimed by the platform ─▶ Arrived
                                                       └▶ subscribers, retained   ─▶ output
    send_to, publish ──────────────────────────────────────────────────────────────▶ output

Whether a client may is asked in `gate`; what it publishes goes through `intake`; who gets a message
is known in `delivery`; who is here, and who will be back, in `presence` and `sessions`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from fleet_sim.mqtt.authority import Admission, AllowAll, Authority
from fleet_sim.mqtt.broker_events import Arrived, BrokerEvent, Closed, Delivered, Opened, Refused
from fleet_sim.mqtt.connection import Connection, ConnectionState
from fleet_sim.mqtt.delivery import Delivery
from fleet_sim.mqtt.encoding import PINGRESP, encode
from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.gate import Gate
from fleet_sim.mqtt.intake import Intake
from fleet_sim.mqtt.kinds import (
    SUBSCRIBE_REFUSED,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
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
from fleet_sim.mqtt.limits import BrokerLimits, ConnectRate
from fleet_sim.mqtt.outbox import Outgoing
from fleet_sim.mqtt.presence import Presence
from fleet_sim.mqtt.sessions import Sessions

__all__ = [
    "Admission",
    "AllowAll",
    "Arrived",
    "Authority",
    "Broker",
    "BrokerEvent",
    "BrokerLimits",
    "Closed",
    "ConnectRate",
    "Connection",
    "Delivered",
    "Opened",
    "Refused",
]


class Broker:
    """All connections of one broker.

    Args:
        limits: What it puts up with.
        authority: Who may do what.
        claimed: Topic filters of messages that the platform itself takes in. They come as
            `Arrived`, and ordinary subscribers get them as well.
    """

    __slots__ = (
        "_delivery",
        "_gate",
        "_intake",
        "_presence",
        "_sessions",
    )

    def __init__(
        self, limits: BrokerLimits, authority: Authority, claimed: Sequence[str] = ()
    ) -> None:
        self._sessions = Sessions(limits)
        self._delivery = Delivery(limits, self._sessions)
        self._gate = Gate(limits, authority)
        self._intake = Intake(limits, self._gate, self._delivery, claimed)
        self._presence = Presence(limits, self._gate, self._delivery, self._intake, self._sessions)

    # What a driver calls.

    def open(self, now_ms: int, peer: str = "") -> Connection:
        """Take in a transport. It may be closing at once, when there are too many."""
        return self._presence.open(peer, now_ms)

    def receive(self, connection: Connection, data: bytes, now_ms: int) -> list[BrokerEvent]:
        """Take in bytes of a client, any piece of its stream, and return what they mean in order.

        A client that breaks the protocol is closed; nothing is raised. What follows in the stream
        of a closing connection is ignored.
        """
        events: list[BrokerEvent] = []
        if self._delivery.doomed:
            self._presence.close_doomed(now_ms, events)
        if connection.is_closing:
            return events
        mistake: MqttError | None = None
        try:
            packets = connection.decoder.feed(data)
        except MqttError as error:
            packets, mistake = error.packets, error
        if packets and connection.state is ConnectionState.OPEN and connection.pulse is not None:
            connection.pulse.last_at_ms = now_ms
        try:
            self._on_packets(connection, packets, now_ms, events)
        except MqttError as error:
            mistake = error
        if mistake is not None:
            self._on_mistake(connection, mistake, now_ms, events)
        return events

    def lost(self, connection: Connection, now_ms: int) -> list[BrokerEvent]:
        """Say that the transport is gone; unless DISCONNECT came, the will is published."""
        events: list[BrokerEvent] = []
        self._presence.close(connection, "the transport was closed", now_ms, events)
        connection.take_output()
        return events

    def close(self, connection: Connection, why: str, now_ms: int) -> list[BrokerEvent]:
        """End a connection from this side, as platforms do with one they have had enough of."""
        events: list[BrokerEvent] = []
        self._presence.close(connection, why, now_ms, events)
        return events

    def expire(self, now_ms: int) -> list[BrokerEvent]:
        """Close who was silent for too long, and forget who was away for too long.

        To be called at `next_at_ms`; too often is no harm.
        """
        events: list[BrokerEvent] = []
        self._presence.expire(now_ms, events)
        return events

    @property
    def next_at_ms(self) -> int | None:
        """When `expire` has something to look at, maybe in the past; None for never."""
        return self._presence.next_at_ms

    @property
    def dirty(self) -> Sequence[Connection]:
        """The connections that have output or are closing, since `take_dirty`, first one first."""
        return self._delivery.dirty

    def take_dirty(self) -> list[Connection]:
        """Return `dirty` and begin anew."""
        return self._delivery.take_dirty()

    def on_wake(self, wake: Callable[[], None]) -> None:
        """Have a driver called when there is something to flush, once until `take_dirty`.

        The call must only make a note: the broker is in the midst of things.
        """
        self._delivery.wake = wake

    # What a platform calls.

    def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int,
        now_ms: int,  # noqa: ARG002 - every call of the platform says when
        *,
        retain: bool = False,
    ) -> int:
        """Publish to whoever subscribed, implicit subscriptions included.

        Args:
            topic: Not checked: it is the platform's own.
            payload: What.
            qos: Each gets it at this or at what it subscribed with, whichever is lower.
            now_ms: The instant.
            retain: Whether it is kept for later subscribers; it is not when there is no room.

        Returns:
            The number of clients it was handed to or is kept for, as they are away and asked for a
            session that outlives that.
        """
        if retain:
            self._delivery.retained.keep(topic, payload, qos)
        return self._delivery.route(topic, payload, qos, is_ours=True)

    def send_to(
        self,
        principal: Hashable,
        topic: str,
        payload: bytes,
        qos: int,
        now_ms: int,  # noqa: ARG002 - as in `publish`
    ) -> int | None:
        """Send straight to the newest connection of a principal, once, subscribed or not.

        Never kept for who is away: platforms push again from what they know, as the vendors' do.
        Once sent, it belongs to the session: a client that comes back to a persistent one gets it
        again until it has acknowledged it.

        Returns:
            The packet identifier, 0 at QoS 0; None when it is not connected or its queue is full.
        """
        connection = self.connection_of(principal)
        if connection is None:
            return None
        qos = min(qos, connection.session.qos_max)
        return self._delivery.deliver(connection.session, topic, payload, qos, is_ours=True)

    def acknowledge(self, connection: Connection, token: int) -> None:
        """Send the PUBACK or PUBREC of a claimed message; who is gone hears it when it asks again.

        Raises:
            ValueError: No such message waits for it.
        """
        self._intake.acknowledge(connection, token)

    def connection_of(self, principal: Hashable) -> Connection | None:
        """Return the newest connection of a principal, or None while it has none."""
        return self._presence.newest_of(principal)

    @property
    def connection_count(self) -> int:
        """How many connections there are, admitted or not yet."""
        return self._presence.count

    @property
    def away_count(self) -> int:
        """How many sessions are kept for clients that are away."""
        return self._sessions.away_count

    @property
    def dropped(self) -> int:
        """How many messages found a full queue."""
        return self._delivery.dropped

    # Packets.

    def _on_packets(
        self,
        connection: Connection,
        packets: Sequence[Packet],
        now_ms: int,
        events: list[BrokerEvent],
    ) -> None:
        for packet in packets:
            if connection.state is ConnectionState.OPEN:
                self._on_packet(connection, packet, now_ms, events)
            elif connection.state is ConnectionState.CLOSED:
                return
            elif isinstance(packet, Connect):
                self._presence.connect(connection, packet, now_ms, events)
            else:
                name = type(packet).__name__.upper()
                raise MqttError(f"the first packet is {name}, not CONNECT")

    def _on_packet(
        self, connection: Connection, packet: Packet, now_ms: int, events: list[BrokerEvent]
    ) -> None:
        """Take what an open connection says, the most frequent first."""
        match packet:
            case Publish():
                self._intake.publish(connection, packet, events)
            case Puback(packet_id):
                sent = connection.session.outbox.on_puback(packet_id)
                self._on_delivered(connection, sent, events)
            case Pubrec() | Pubrel() | Pubcomp():
                self._on_exactly_once(connection, packet, events)
            case Pingreq():
                self._delivery.write(connection, PINGRESP)
            case Subscribe():
                self._on_subscribe(connection, packet, events)
            case Unsubscribe(packet_id, filters):
                for topic_filter in filters:
                    self._delivery.unsubscribe(connection.session, topic_filter)
                self._delivery.write(connection, encode(Unsuback(packet_id)))
            case Disconnect():
                connection.will = None
                why = "the client disconnected"
                self._presence.close(connection, why, now_ms, events, was_clean=True)
            case _:
                raise MqttError(_mistake_of(packet))

    def _on_exactly_once(
        self, connection: Connection, packet: Pubrec | Pubrel | Pubcomp, events: list[BrokerEvent]
    ) -> None:
        """Take the further steps of a QoS 2 message: the second and last to us, the third of us."""
        packet_id = packet.packet_id
        match packet:
            case Pubrec():
                connection.session.outbox.on_pubrec(packet_id)
                self._delivery.write(connection, encode(Pubrel(packet_id)))
            case Pubrel():
                self._intake.release(connection, packet_id)
            case Pubcomp():
                sent = connection.session.outbox.on_pubcomp(packet_id)
                self._on_delivered(connection, sent, events)

    def _on_delivered(
        self, connection: Connection, sent: Outgoing | None, events: list[BrokerEvent]
    ) -> None:
        """Let waiting messages go, and tell the platform of its own; an unknown one does no harm.

        Those are what comes of a client that acknowledges twice.
        """
        if sent is None:
            return
        if connection.session.outbox.waiting is not None:
            self._delivery.go_on(connection)
        if sent.is_ours:
            events.append(Delivered(connection, connection.principal, sent.topic, sent.packet_id))

    def _on_mistake(
        self, connection: Connection, mistake: MqttError, now_ms: int, events: list[BrokerEvent]
    ) -> None:
        if connection.is_closing:
            return  # behind its end, nothing it says matters
        if mistake.code is not None and connection.state is ConnectionState.AWAITING:
            self._delivery.write(connection, encode(Connack(mistake.code)))
        self._presence.close(connection, str(mistake), now_ms, events)

    def _on_subscribe(
        self, connection: Connection, packet: Subscribe, events: list[BrokerEvent]
    ) -> None:
        session = connection.session
        granted: list[tuple[str, int]] = []
        codes: list[int] = []
        for topic_filter, qos in packet.filters:
            refusal = self._gate.filter_refusal(session, topic_filter)
            if refusal:
                events.append(Refused(connection, topic_filter, refusal))
                codes.append(SUBSCRIBE_REFUSED)
            else:
                codes.append(min(qos, session.qos_max))
                granted.append((topic_filter, codes[-1]))
                self._delivery.subscribe(session, topic_filter, codes[-1])
        self._delivery.write(connection, encode(Suback(packet.packet_id, tuple(codes))))
        for topic_filter, qos in granted:
            self._delivery.send_retained(session, topic_filter, qos)


def _mistake_of(packet: Packet) -> str:
    """Say what is wrong with a packet that no client may send on an open connection."""
    if isinstance(packet, Connect):
        return "a second CONNECT came"
    return f"a client sent {type(packet).__name__.upper()}"
