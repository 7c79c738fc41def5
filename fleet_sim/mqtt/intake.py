"""What clients publish: from a PUBLISH to the platform, to what is retained and to subscribers.

    QoS 0   ─▶ carried on
    QoS 1   ─▶ carried on, PUBACK
    QoS 2   ─▶ carried on, PUBREC; copies until PUBREL get a PUBREC and nothing else (MQTT 4.3.3)
    refused ─▶ acknowledged all the same, as MQTT 3.1.1 has no other word

A message on a claimed topic is acknowledged when the platform has it safe and says so; until then
its sender may send it again. At QoS 1 it then arrives again; at QoS 2 it does not, also over a new
connection of the same session.
"""

from __future__ import annotations

from collections.abc import Sequence

from fleet_sim.mqtt.broker_events import Arrived, BrokerEvent, Refused
from fleet_sim.mqtt.connection import Connection, ConnectionState
from fleet_sim.mqtt.delivery import Delivery
from fleet_sim.mqtt.encoding import encode, encode_puback
from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.gate import Gate
from fleet_sim.mqtt.kinds import QOS_MAX, Pubcomp, Publish, Pubrec
from fleet_sim.mqtt.limits import BrokerLimits
from fleet_sim.mqtt.topics import pattern

# What a token of QoS 2 has above its packet identifier. A late word for a QoS 1 message of a
# connection that is gone must not pass for one about a QoS 2 message of the same identifier.
_QOS_2_TOKEN = 1 << 16


class Intake:
    """The way in of all messages of clients.

    Args:
        limits: What the broker puts up with.
        gate: Says who may publish where.
        delivery: Carries what may pass.
        claimed: Topic filters of what the platform takes in.
    """

    __slots__ = ("_claims", "_delivery", "_gate", "_limits")

    def __init__(
        self, limits: BrokerLimits, gate: Gate, delivery: Delivery, claimed: Sequence[str]
    ) -> None:
        self._limits = limits
        self._gate = gate
        self._delivery = delivery
        self._claims = pattern(claimed).fullmatch if claimed else None

    def publish(self, connection: Connection, packet: Publish, events: list[BrokerEvent]) -> None:
        """Take in a PUBLISH.

        Raises:
            MqttError: Its QoS is above what the client is served, or too much awaits an answer.
        """
        qos = packet.qos
        if qos > connection.session.qos_max:
            raise MqttError(f"QoS {qos} is not served, only up to {connection.session.qos_max}")
        if qos == QOS_MAX:
            self._publish_once(connection, packet, events)
            return
        token, topic = None, packet.topic
        refusal = self._gate.publish_refusal(connection.principal, topic)
        if refusal:
            events.append(Refused(connection, topic, refusal))
        else:
            is_claimed = self._claims is not None and self._claims(topic) is not None
            if qos and is_claimed:
                token = packet.packet_id
                if not connection.expect(token, self._limits.unacknowledged_max):
                    raise MqttError("too many messages wait for their acknowledgement")
            self._take_in(connection, packet, events, token=token, is_claimed=is_claimed)
        if qos and token is None:
            self._delivery.write(connection, encode_puback(packet.packet_id))

    def release(self, connection: Connection, packet_id: int) -> None:
        """Take a PUBREL: its identifier is free again.

        Raises:
            MqttError: Its PUBREC has not been sent.
        """
        if not connection.session.let_go(packet_id):
            raise MqttError(f"a PUBREL came for {packet_id}, which had no PUBREC yet")
        self._delivery.write(connection, encode(Pubcomp(packet_id)))

    def publish_will(self, connection: Connection, events: list[BrokerEvent]) -> None:
        """Publish the will of a connection that is gone, if it left one."""
        will, connection.will = connection.will, None
        if will is None:
            return
        refusal = self._gate.publish_refusal(connection.principal, will.topic)
        if refusal:
            events.append(Refused(connection, will.topic, refusal))
            return
        qos = min(will.qos, connection.session.qos_max)
        packet = Publish(will.topic, will.payload, qos, 0, will.retain)
        is_claimed = self._is_claimed(will.topic)
        self._take_in(connection, packet, events, token=None, is_claimed=is_claimed)

    def acknowledge(self, connection: Connection, token: int) -> None:
        """Send the PUBACK or PUBREC of a claimed message, if there is somebody to send it to.

        A connection that is gone hears no PUBACK, as its client sends again. A PUBREC goes to the
        connection on which the session's client sent the message last; if that is gone as well, it
        waits for the client to send again.

        Raises:
            ValueError: No such message waits for it, though its connection is open.
        """
        is_open = connection.state is ConnectionState.OPEN
        if token < _QOS_2_TOKEN:
            if is_open and not connection.settle(token):
                raise ValueError(f"{connection} has no message {token} to be acknowledged")
            if is_open:
                self._delivery.write(connection, encode_puback(token))
            return
        packet_id = token - _QOS_2_TOKEN
        awaiting = connection.session.settle(packet_id)
        if awaiting is None and is_open:
            raise ValueError(f"{connection} has no message {packet_id} of QoS 2 to be acknowledged")
        if awaiting is not None and awaiting.state is ConnectionState.OPEN:
            self._delivery.write(awaiting, encode(Pubrec(packet_id)))

    def _publish_once(
        self, connection: Connection, packet: Publish, events: list[BrokerEvent]
    ) -> None:
        """Take in a message of QoS 2, unless it is a copy: this is where exactly once is kept."""
        session, packet_id = connection.session, packet.packet_id
        if session.has_taken(packet_id):
            if session.ask_again(packet_id, connection):
                self._delivery.write(connection, encode(Pubrec(packet_id)))
            return
        refusal = self._gate.publish_refusal(connection.principal, packet.topic)
        is_deferred = not refusal and self._is_claimed(packet.topic)
        self._check_room(connection, is_deferred=is_deferred)
        session.take(packet_id, connection if is_deferred else None)
        if refusal:
            events.append(Refused(connection, packet.topic, refusal))
        else:
            token = _QOS_2_TOKEN + packet_id if is_deferred else None
            self._take_in(connection, packet, events, token=token, is_claimed=is_deferred)
        if not is_deferred:
            self._delivery.write(connection, encode(Pubrec(packet_id)))

    def _check_room(self, connection: Connection, *, is_deferred: bool) -> None:
        session, limits = connection.session, self._limits
        if session.incoming_count >= limits.unreleased_max:
            raise MqttError("too many messages of QoS 2 wait for their release")
        if is_deferred and session.owed_count >= limits.unacknowledged_max:
            raise MqttError("too many messages wait for their acknowledgement")

    def _is_claimed(self, topic: str) -> bool:
        return self._claims is not None and self._claims(topic) is not None

    def _take_in(
        self,
        connection: Connection,
        packet: Publish,
        events: list[BrokerEvent],
        *,
        token: int | None,
        is_claimed: bool,
    ) -> None:
        """Carry a message to the platform, to what is retained and to the subscribers."""
        topic, payload, qos = packet.topic, packet.payload, packet.qos
        if is_claimed:
            events.append(Arrived(connection, connection.principal, topic, payload, qos, token))
        if packet.retain and not self._delivery.retained.keep(topic, payload, qos):
            events.append(Refused(connection, topic, "no room to retain it"))
        self._delivery.route(topic, payload, qos)
