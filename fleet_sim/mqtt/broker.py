"""A whole MQTT broker without a socket, QoS 0 and 1.

Bytes of connections and calls of the platform go in; events for the platform and bytes to write
come out. A driver opens a connection for each transport, feeds what it reads, and once a turn
writes the output of every dirty connection, closing those that say so.

    receive(connection, data) ─▶ packets ─▶ authority ─┬▶ claimed by the platform ─▶ Arrived
                                                       └▶ subscribers, retained   ─▶ output
    send_to, publish ──────────────────────────────────────────────────────────────▶ output

Every session ends with its connection, whatever a client asks for, and CONNACK says so: nothing is
kept for who is away until queues for absent clients are served.

Whether a client may is asked in `gate`; who gets a message is known in `delivery`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from fleet_sim.mqtt.authority import Admission, AllowAll, Authority
from fleet_sim.mqtt.broker_events import Arrived, BrokerEvent, Closed, Delivered, Opened, Refused
from fleet_sim.mqtt.connection import Connection, ConnectionState
from fleet_sim.mqtt.delivery import Delivery
from fleet_sim.mqtt.encoding import PINGRESP, encode, encode_puback
from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.gate import Gate
from fleet_sim.mqtt.keep_alive import KeepAliveWheel
from fleet_sim.mqtt.kinds import (
    SUBSCRIBE_REFUSED,
    Connack,
    ConnackCode,
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
from fleet_sim.mqtt.topics import pattern

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

_KEEP_ALIVES_MS = 1500  # One and a half times the keep alive, a second of it (MQTT 3.1.2.10).
_NO_QOS_2 = "QoS 2 is not served yet"


class Broker:
    """All connections of one broker.

    Args:
        limits: What it puts up with.
        authority: Who may do what.
        claimed: Topic filters of messages that the platform itself takes in. They come as
            `Arrived`, and ordinary subscribers get them as well.
    """

    __slots__ = (
        "_by_client_id",
        "_by_principal",
        "_claims",
        "_count",
        "_delivery",
        "_gate",
        "_limits",
        "_wheel",
    )

    def __init__(
        self, limits: BrokerLimits, authority: Authority, claimed: Sequence[str] = ()
    ) -> None:
        self._limits = limits
        self._claims = pattern(claimed).fullmatch if claimed else None
        self._delivery = Delivery(limits)
        self._gate = Gate(limits, authority)
        self._wheel: KeepAliveWheel[Connection] = KeepAliveWheel()
        self._by_client_id: dict[str, Connection] = {}
        self._by_principal: dict[Hashable, list[Connection]] = {}  # Each list oldest first.
        self._count = 0

    # What a driver calls.

    def open(self, now_ms: int, peer: str = "") -> Connection:
        """Take in a transport. It may be closing at once, when there are too many."""
        connection = Connection(peer, self._limits)
        if self._count >= self._limits.connections_max:
            connection.move(ConnectionState.CLOSED)
            connection.is_closing = True
            connection.why = f"{self._count} connections are all that is allowed"
            self._delivery.mark(connection)
            return connection
        self._count += 1
        connection.pulse = self._wheel.start(connection, self._limits.connect_timeout_ms, now_ms)
        return connection

    def receive(self, connection: Connection, data: bytes, now_ms: int) -> list[BrokerEvent]:
        """Take in bytes of a client, any piece of its stream, and return what they mean in order.

        A client that breaks the protocol is closed; nothing is raised. What follows in the stream
        of a closing connection is ignored.
        """
        events: list[BrokerEvent] = []
        if self._delivery.doomed:
            self._close_doomed(events)
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
            self._on_mistake(connection, mistake, events)
        return events

    def lost(self, connection: Connection, now_ms: int) -> list[BrokerEvent]:  # noqa: ARG002
        """Say that the transport is gone; unless DISCONNECT came, the will is published."""
        events: list[BrokerEvent] = []
        self._close(connection, "the transport was closed", events)
        connection.take_output()
        return events

    def close(self, connection: Connection, why: str, now_ms: int) -> list[BrokerEvent]:  # noqa: ARG002
        """End a connection from this side, as platforms do with one they have had enough of."""
        events: list[BrokerEvent] = []
        self._close(connection, why, events)
        return events

    def expire(self, now_ms: int) -> list[BrokerEvent]:
        """Close who was silent for too long. To be called at `next_at_ms`; too often is no harm."""
        events: list[BrokerEvent] = []
        self._close_doomed(events)
        for connection in self._wheel.due(now_ms):
            if connection.state is ConnectionState.AWAITING:
                why = f"no CONNECT came within {self._limits.connect_timeout_ms} ms"
            else:
                why = "nothing came for one and a half keep alives"
            self._close(connection, why, events)
        return events

    @property
    def next_at_ms(self) -> int | None:
        """When `expire` has something to look at, maybe in the past; None for never."""
        return 0 if self._delivery.doomed else self._wheel.next_at_ms

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
        now_ms: int,  # noqa: ARG002 - queues for absent clients will need it
        *,
        retain: bool = False,
    ) -> int:
        """Publish to whoever subscribed, implicit subscriptions included.

        Args:
            topic: Not checked: it is the platform's own.
            payload: What.
            qos: 0 or 1; each gets it at this or at what it subscribed with, whichever is lower.
            now_ms: The instant.
            retain: Whether it is kept for later subscribers; it is not when there is no room.

        Returns:
            The number of connections it was handed to.
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

        Returns:
            The packet identifier, 0 at QoS 0; None when it is not connected or its queue is full.
        """
        connection = self.connection_of(principal)
        if connection is None:
            return None
        return self._delivery.deliver(connection, topic, payload, qos, is_ours=True)

    def acknowledge(self, connection: Connection, token: int) -> None:
        """Send the PUBACK of a claimed message; nothing happens when its connection is gone.

        Raises:
            ValueError: No such message waits for it.
        """
        if connection.state is not ConnectionState.OPEN:
            return
        if not connection.settle(token):
            raise ValueError(f"{connection} has no message {token} to be acknowledged")
        self._delivery.write(connection, encode_puback(token))

    def connection_of(self, principal: Hashable) -> Connection | None:
        """Return the newest connection of a principal, or None while it has none."""
        connections = self._by_principal.get(principal)
        return connections[-1] if connections else None

    @property
    def connection_count(self) -> int:
        """How many connections there are, admitted or not yet."""
        return self._count

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
                self._on_packet(connection, packet, events)
            elif connection.state is ConnectionState.CLOSED:
                return
            elif isinstance(packet, Connect):
                self._on_connect(connection, packet, now_ms, events)
            else:
                name = type(packet).__name__.upper()
                raise MqttError(f"the first packet is {name}, not CONNECT")

    def _on_packet(self, connection: Connection, packet: Packet, events: list[BrokerEvent]) -> None:
        match packet:
            case Publish():
                self._on_publish(connection, packet, events)
            case Puback(packet_id):
                sent = self._delivery.acknowledged(connection, packet_id)
                if sent is not None and sent.is_ours:
                    principal = connection.principal
                    events.append(Delivered(connection, principal, sent.topic, packet_id))
            case Pingreq():
                self._delivery.write(connection, PINGRESP)
            case Subscribe():
                self._on_subscribe(connection, packet, events)
            case Unsubscribe(packet_id, filters):
                for topic_filter in filters:
                    self._delivery.unsubscribe(connection, topic_filter)
                self._delivery.write(connection, encode(Unsuback(packet_id)))
            case Disconnect():
                connection.will = None
                self._close(connection, "the client disconnected", events, was_clean=True)
            case _:
                raise MqttError(_mistake_of(packet))

    def _on_mistake(
        self, connection: Connection, mistake: MqttError, events: list[BrokerEvent]
    ) -> None:
        if connection.is_closing:
            return  # behind its end, nothing it says matters
        if mistake.code is not None and connection.state is ConnectionState.AWAITING:
            self._delivery.write(connection, encode(Connack(mistake.code)))
        self._close(connection, str(mistake), events)

    def _on_connect(
        self, connection: Connection, packet: Connect, now_ms: int, events: list[BrokerEvent]
    ) -> None:
        packet, admission = self._gate.admit(packet, connection.peer, now_ms)
        self._take_over(packet.client_id, admission, events)
        self._admit(connection, packet, admission, now_ms)
        events.append(Opened(connection, admission.principal))

    def _take_over(self, client_id: str, admission: Admission, events: list[BrokerEvent]) -> None:
        """Close who had this client identifier, and who is the same principal when it is unique."""
        namesake = self._by_client_id.get(client_id)
        older = [] if namesake is None else [namesake]
        if admission.exclusive:
            older += self._by_principal.get(admission.principal, ())
        for connection in older:
            self._close(connection, "a newer connection took over", events)

    def _admit(
        self, connection: Connection, packet: Connect, admission: Admission, now_ms: int
    ) -> None:
        connection.move(ConnectionState.OPEN)
        connection.principal = admission.principal
        connection.client_id = packet.client_id
        connection.will = packet.will
        connection.implicit = admission.implicit
        connection.implicit_qos = admission.implicit_qos
        self._stop_pulse(connection)
        if packet.keep_alive_s:
            interval_ms = packet.keep_alive_s * _KEEP_ALIVES_MS
            connection.pulse = self._wheel.start(connection, interval_ms, now_ms)
        self._by_client_id[packet.client_id] = connection
        self._by_principal.setdefault(admission.principal, []).append(connection)
        self._delivery.admit(connection)
        self._delivery.write(connection, encode(Connack(ConnackCode.ACCEPTED)))

    def _on_publish(
        self, connection: Connection, packet: Publish, events: list[BrokerEvent]
    ) -> None:
        """Take in a message: a refused one is acknowledged too, as MQTT 3.1.1 has no other word."""
        if packet.qos > 1:
            raise MqttError(_NO_QOS_2)
        token = None
        refusal = self._gate.publish_refusal(connection.principal, packet.topic)
        if refusal:
            events.append(Refused(connection, packet.topic, refusal))
        else:
            if packet.qos and self._is_claimed(packet.topic):
                token = packet.packet_id
                if not connection.expect(token, self._limits.unacknowledged_max):
                    raise MqttError("too many messages wait for their acknowledgement")
            self._take_in(connection, packet, token, events)
        if packet.qos and token is None:
            self._delivery.write(connection, encode_puback(packet.packet_id))

    def _is_claimed(self, topic: str) -> bool:
        return self._claims is not None and self._claims(topic) is not None

    def _take_in(
        self,
        connection: Connection,
        packet: Publish,
        token: int | None,
        events: list[BrokerEvent],
    ) -> None:
        """Carry a message to the platform, to what is retained and to the subscribers."""
        topic, payload, qos = packet.topic, packet.payload, packet.qos
        if token is not None or self._is_claimed(topic):
            events.append(Arrived(connection, connection.principal, topic, payload, qos, token))
        if packet.retain and not self._delivery.retained.keep(topic, payload, qos):
            events.append(Refused(connection, topic, "no room to retain it"))
        self._delivery.route(topic, payload, qos)

    def _on_subscribe(
        self, connection: Connection, packet: Subscribe, events: list[BrokerEvent]
    ) -> None:
        granted: list[tuple[str, int]] = []
        codes: list[int] = []
        for topic_filter, qos in packet.filters:
            refusal = self._gate.filter_refusal(connection, topic_filter)
            if refusal:
                events.append(Refused(connection, topic_filter, refusal))
                codes.append(SUBSCRIBE_REFUSED)
            else:
                codes.append(min(qos, 1))
                granted.append((topic_filter, min(qos, 1)))
                self._delivery.subscribe(connection, topic_filter, min(qos, 1))
        self._delivery.write(connection, encode(Suback(packet.packet_id, tuple(codes))))
        for topic_filter, qos in granted:
            self._delivery.send_retained(connection, topic_filter, qos)

    # Ends.

    def _close_doomed(self, events: list[BrokerEvent]) -> None:
        """Close slow readers, and give up what they left unread: nobody will take it."""
        while self._delivery.doomed:
            connection = self._delivery.doomed.pop()
            self._close(connection, "it reads too slowly", events)
            connection.take_output()

    def _close(
        self,
        connection: Connection,
        why: str,
        events: list[BrokerEvent],
        *,
        was_clean: bool = False,
    ) -> None:
        """End a connection once, forget all about it, and publish the will it may have left."""
        if connection.state is ConnectionState.CLOSED:
            return
        was_open = connection.state is ConnectionState.OPEN
        connection.move(ConnectionState.CLOSED)
        connection.is_closing = True
        connection.why = why
        self._count -= 1
        self._stop_pulse(connection)
        self._delivery.mark(connection)
        if not was_open:
            events.append(Refused(connection, "", why))
            return
        self._forget(connection)
        events.append(Closed(connection, connection.principal, why, was_clean))
        self._publish_will(connection, events)

    def _forget(self, connection: Connection) -> None:
        del self._by_client_id[connection.client_id]
        siblings = self._by_principal[connection.principal]
        siblings.remove(connection)
        if not siblings:
            del self._by_principal[connection.principal]
        self._delivery.forget(connection)
        connection.unacknowledged = None

    def _publish_will(self, connection: Connection, events: list[BrokerEvent]) -> None:
        will, connection.will = connection.will, None
        if will is None:
            return
        refusal = self._gate.publish_refusal(connection.principal, will.topic)
        if refusal:
            events.append(Refused(connection, will.topic, refusal))
            return
        packet = Publish(will.topic, will.payload, min(will.qos, 1), 0, will.retain)
        self._take_in(connection, packet, None, events)

    def _stop_pulse(self, connection: Connection) -> None:
        if connection.pulse is not None:
            self._wheel.stop(connection.pulse)
            connection.pulse = None


def _mistake_of(packet: Packet) -> str:
    """Say what is wrong with a packet that no client may send on an open connection."""
    match packet:
        case Connect():
            return "a second CONNECT came"
        case Pubrec() | Pubrel() | Pubcomp():
            return _NO_QOS_2
        case _:
            return f"a client sent {type(packet).__name__.upper()}"
