"""Who is here: from a transport over an admitted client to the end of both.

    open ─▶ AWAITING ──connect──▶ OPEN ──close──▶ session kept, will published
               └── close, silence ──▶ gone

A client identifier has one session and at most one connection; a principal may have several. The
newer connection always wins: who comes back may not know yet that its old connection is dead.
"""

from __future__ import annotations

from collections.abc import Hashable

from fleet_sim.mqtt.authority import Admission
from fleet_sim.mqtt.broker_events import BrokerEvent, Closed, Opened, Refused
from fleet_sim.mqtt.connection import Connection, ConnectionState
from fleet_sim.mqtt.delivery import Delivery
from fleet_sim.mqtt.encoding import encode
from fleet_sim.mqtt.gate import Gate
from fleet_sim.mqtt.intake import Intake
from fleet_sim.mqtt.keep_alive import KeepAliveWheel
from fleet_sim.mqtt.kinds import Connack, ConnackCode, Connect
from fleet_sim.mqtt.limits import BrokerLimits
from fleet_sim.mqtt.session import Session
from fleet_sim.mqtt.sessions import Sessions

_KEEP_ALIVES_MS = 1500  # One and a half times the keep alive, a second of it (MQTT 3.1.2.10).


class Presence:
    """All connections of one broker, and the sessions they have or left.

    Args:
        limits: What the broker puts up with.
        gate: Says who gets in.
        delivery: Knows who gets what, and is told who comes and goes.
        intake: Publishes the wills.
        sessions: The table to fill.
    """

    __slots__ = (
        "_by_principal",
        "_delivery",
        "_gate",
        "_intake",
        "_limits",
        "_sessions",
        "_wheel",
        "count",
    )

    def __init__(
        self,
        limits: BrokerLimits,
        gate: Gate,
        delivery: Delivery,
        intake: Intake,
        sessions: Sessions,
    ) -> None:
        self._limits = limits
        self._gate = gate
        self._delivery = delivery
        self._intake = intake
        self._sessions = sessions
        self._wheel: KeepAliveWheel[Connection] = KeepAliveWheel()
        self._by_principal: dict[Hashable, list[Connection]] = {}  # Each list oldest first.
        self.count = 0

    @property
    def next_at_ms(self) -> int | None:
        """When `expire` has something to look at, maybe in the past; None for never."""
        if self._delivery.doomed:
            return 0
        silent_at_ms, gone_at_ms = self._wheel.next_at_ms, self._sessions.next_at_ms
        if silent_at_ms is None or gone_at_ms is None:
            return gone_at_ms if silent_at_ms is None else silent_at_ms
        return min(silent_at_ms, gone_at_ms)

    def newest_of(self, principal: Hashable) -> Connection | None:
        """Return the newest connection of a principal, or None while it has none."""
        connections = self._by_principal.get(principal)
        return connections[-1] if connections else None

    # Arrivals.

    def open(self, peer: str, now_ms: int) -> Connection:
        """Take in a transport; it is closing at once when there are too many."""
        connection = Connection(peer, self._limits)
        if self.count >= self._limits.connections_max:
            connection.move(ConnectionState.CLOSED)
            connection.is_closing = True
            connection.why = f"{self.count} connections are all that is allowed"
            self._delivery.mark(connection)
            return connection
        self.count += 1
        connection.pulse = self._wheel.start(connection, self._limits.connect_timeout_ms, now_ms)
        return connection

    def connect(
        self, connection: Connection, packet: Connect, now_ms: int, events: list[BrokerEvent]
    ) -> None:
        """Take in a CONNECT.

        Raises:
            MqttError: It is refused, with the CONNACK code that says why.
        """
        packet, admission = self._gate.admit(packet, connection.peer, now_ms)
        self._take_over(packet.client_id, admission, now_ms, events)
        is_present = self._begin(connection, packet, admission)
        self._admit(connection, packet, admission, now_ms)
        self._delivery.write(connection, encode(Connack(ConnackCode.ACCEPTED, is_present)))
        events.append(Opened(connection, admission.principal))
        if is_present:
            self._resume(connection, events)

    def _take_over(
        self, client_id: str, admission: Admission, now_ms: int, events: list[BrokerEvent]
    ) -> None:
        """Close who had this client identifier, and who is the same principal when it is unique."""
        namesake = self._sessions.of(client_id)
        older = [] if namesake is None or namesake.connection is None else [namesake.connection]
        if admission.exclusive:
            older += self._by_principal.get(admission.principal, ())
        for connection in older:
            self.close(connection, "a newer connection took over", now_ms, events)

    def _begin(self, connection: Connection, packet: Connect, admission: Admission) -> bool:
        """Give a connection its session, and say whether that is one its client had before.

        It is, when the client asks to go on, may, and is who it was. Otherwise what was kept under
        this client identifier is forgotten.
        """
        is_persistent = admission.may_persist and not packet.clean_session
        session = self._sessions.of(packet.client_id)
        is_present = (
            session is not None and is_persistent and session.principal == admission.principal
        )
        if session is not None and is_present:
            self._sessions.come_back(session)
        else:
            if session is not None:
                self._discard(session)
            session = Session(packet.client_id, admission.principal, self._limits)
            session.is_persistent = is_persistent
            self._sessions.add(session)
        session.qos_max = admission.qos_max
        connection.session, session.connection = session, connection
        implicit_qos = min(admission.implicit_qos, admission.qos_max)
        self._delivery.imply(session, admission.implicit, implicit_qos)
        return is_present

    def _admit(
        self, connection: Connection, packet: Connect, admission: Admission, now_ms: int
    ) -> None:
        connection.move(ConnectionState.OPEN)
        connection.principal = admission.principal
        connection.client_id = packet.client_id
        connection.will = packet.will
        self._stop_pulse(connection)
        if packet.keep_alive_s:
            interval_ms = packet.keep_alive_s * _KEEP_ALIVES_MS
            connection.pulse = self._wheel.start(connection, interval_ms, now_ms)
        self._by_principal.setdefault(admission.principal, []).append(connection)

    def _resume(self, connection: Connection, events: list[BrokerEvent]) -> None:
        """Take a session up again: with the filters it still may have, and what was not taken."""
        session = connection.session
        for topic_filter in tuple(session.subscribed or ()):
            refusal = self._gate.filter_refusal(session, topic_filter)
            if refusal:
                events.append(Refused(connection, topic_filter, refusal))
                self._delivery.unsubscribe(session, topic_filter)
        self._delivery.resume(connection)

    # Ends.

    def close(
        self,
        connection: Connection,
        why: str,
        now_ms: int,
        events: list[BrokerEvent],
        *,
        was_clean: bool = False,
    ) -> None:
        """End a connection once, and its session unless it is kept; publish the will it left."""
        if connection.state is ConnectionState.CLOSED:
            return
        was_open = connection.state is ConnectionState.OPEN
        connection.move(ConnectionState.CLOSED)
        connection.is_closing = True
        connection.why = why
        self.count -= 1
        self._stop_pulse(connection)
        self._delivery.mark(connection)
        if not was_open:
            events.append(Refused(connection, "", why))
            return
        self._forget(connection, now_ms)
        events.append(Closed(connection, connection.principal, why, was_clean))
        self._intake.publish_will(connection, events)

    def close_doomed(self, now_ms: int, events: list[BrokerEvent]) -> None:
        """Close slow readers, and give up what they left unread: nobody will take it."""
        while self._delivery.doomed:
            connection = self._delivery.doomed.pop()
            self.close(connection, "it reads too slowly", now_ms, events)
            connection.take_output()

    def expire(self, now_ms: int, events: list[BrokerEvent]) -> None:
        """Close who was silent for too long, and forget who was away for too long."""
        self.close_doomed(now_ms, events)
        for connection in self._wheel.due(now_ms):
            if connection.state is ConnectionState.AWAITING:
                why = f"no CONNECT came within {self._limits.connect_timeout_ms} ms"
            else:
                why = "nothing came for one and a half keep alives"
            self.close(connection, why, now_ms, events)
        for session in self._sessions.expire(now_ms):
            self._delivery.forget(session)

    def _forget(self, connection: Connection, now_ms: int) -> None:
        siblings = self._by_principal[connection.principal]
        siblings.remove(connection)
        if not siblings:
            del self._by_principal[connection.principal]
        connection.unacknowledged = None
        session = connection.session
        session.connection = None
        if not session.is_persistent:
            self._discard(session)
            return
        for gone in self._sessions.leave(session, now_ms):
            self._delivery.forget(gone)

    def _discard(self, session: Session) -> None:
        self._sessions.drop(session)
        self._delivery.forget(session)

    def _stop_pulse(self, connection: Connection) -> None:
        if connection.pulse is not None:
            self._wheel.stop(connection.pulse)
            connection.pulse = None
