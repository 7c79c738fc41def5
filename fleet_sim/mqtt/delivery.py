"""From a message to the output of everybody who gets it: a broker's way out.

It owns the subscriptions, what is retained, and the list of connections that have something to be
written. It never closes anybody: a connection that takes its output too slowly is *doomed*, and the
broker closes it when no message is under way through the tables any more.
"""

from __future__ import annotations

from collections.abc import Callable

from fleet_sim.mqtt.connection import Connection
from fleet_sim.mqtt.encoding import encode, encode_publish
from fleet_sim.mqtt.kinds import Pubrel
from fleet_sim.mqtt.limits import BrokerLimits
from fleet_sim.mqtt.outbox import Outgoing
from fleet_sim.mqtt.retained import Retained
from fleet_sim.mqtt.session import Session
from fleet_sim.mqtt.sessions import Sessions
from fleet_sim.mqtt.shared import Group, SharedSubscriptions, is_shared
from fleet_sim.mqtt.topics import Subscriptions


class Delivery:
    """Who gets what.

    Args:
        limits: What the broker puts up with.
        sessions: Where messages for clients that are away are kept.

    Attributes:
        dirty: The connections that have output or are closing, first one first.
        doomed: Those that let more output pile up than the limit allows.
        dropped: How many messages found a full queue.
        wake: Called when `dirty` gets its first connection.
        retained: The last word on each topic.
    """

    __slots__ = (
        "_output_bytes_max",
        "_sessions",
        "_shared",
        "_subscriptions",
        "dirty",
        "doomed",
        "dropped",
        "retained",
        "wake",
    )

    def __init__(self, limits: BrokerLimits, sessions: Sessions) -> None:
        self._output_bytes_max = limits.output_bytes_max
        self._sessions = sessions
        self._subscriptions: Subscriptions[Session] = Subscriptions()
        self._shared: SharedSubscriptions[Session] = SharedSubscriptions()
        self.retained = Retained(limits.retained_max, limits.retained_bytes_max)
        self.dirty: list[Connection] = []
        self.doomed: list[Connection] = []
        self.dropped = 0
        self.wake: Callable[[], None] | None = None

    # Output.

    def take_dirty(self) -> list[Connection]:
        """Return `dirty` and begin anew."""
        dirty = self.dirty
        self.dirty = []
        for connection in dirty:
            connection.is_dirty = False
        return dirty

    def mark(self, connection: Connection) -> None:
        """Put a connection on the list of those a driver has to look at."""
        if connection.is_dirty:
            return
        connection.is_dirty = True
        self.dirty.append(connection)
        if len(self.dirty) == 1 and self.wake is not None:
            self.wake()

    def write(self, connection: Connection, data: bytes) -> None:
        """Append to a connection's output; to a doomed one nothing is worth writing."""
        if connection.is_doomed:
            return
        connection.out.append(data)
        connection.out_bytes += len(data)
        if not connection.is_dirty:
            self.mark(connection)
        if connection.out_bytes > self._output_bytes_max:
            connection.is_doomed = True
            self.doomed.append(connection)

    # Messages.

    def route(self, topic: str, payload: bytes, qos: int, *, is_ours: bool = False) -> int:
        """Hand a message to each subscriber once; returns how many took it."""
        count = 0
        for session, granted in self._subscriptions.match(topic).items():
            wanted = qos if qos < granted else granted  # noqa: FURB136 - twice as fast as `min`
            if self.deliver(session, topic, payload, wanted, is_ours=is_ours) is not None:
                count += 1
        if self._shared.groups:
            for group in self._shared.match(topic):
                count += self._deliver_shared(group, topic, payload, qos, is_ours=is_ours)
        return count

    def deliver(
        self,
        session: Session,
        topic: str,
        payload: bytes,
        qos: int,
        *,
        retain: bool = False,
        is_ours: bool = False,
    ) -> int | None:
        """Write a message, or queue it.

        Returns:
            Its identifier, 0 at QoS 0; None when it was dropped, as happens to one of QoS 0 for a
            client that is away.
        """
        connection = session.connection
        if connection is None:
            return self._queue(session, topic, payload, qos, is_ours=is_ours)
        if qos == 0:
            self.write(connection, encode_publish(topic, payload, retain=retain))
            return 0
        taken = session.outbox.offer(topic, payload, qos, retain=retain, is_ours=is_ours)
        if taken is None:
            self.dropped += 1
            return None
        outgoing, goes_now = taken
        packet_id = outgoing.packet_id
        if goes_now:
            self.write(connection, encode_publish(topic, payload, qos, packet_id, retain=retain))
        return packet_id

    def go_on(self, connection: Connection) -> None:
        """Write what waited for an acknowledgement to make room."""
        outbox = connection.session.outbox
        while (following := outbox.release()) is not None:
            self.write(connection, _encoded(following))

    def resume(self, connection: Connection) -> None:
        """Write again what a client that is back has not acknowledged, then what waited for it."""
        outbox = connection.session.outbox
        for packet_id in outbox.released:
            self.write(connection, encode(Pubrel(packet_id)))
        for sent in outbox.under_way:
            self.write(connection, _encoded(sent, dup=True))
        self.go_on(connection)

    def send_retained(self, session: Session, topic_filter: str, granted: int) -> None:
        """Send a new subscriber the last word on each topic of its filter; not to a shared one."""
        if is_shared(topic_filter):
            return
        for kept in self.retained.match(topic_filter):
            qos = min(kept.qos, granted)
            self.deliver(session, kept.topic, kept.payload, qos, retain=True)

    # Subscriptions.

    def imply(self, session: Session, filters: tuple[str, ...], qos: int) -> None:
        """Give a client its implicit subscriptions, in the place of those it came with before.

        They bring no retained messages: a client that subscribes to the same filter would get them
        twice, and platforms that subscribe their devices retain nothing. A filter that the client
        subscribed to keeps the QoS of its wish.
        """
        wished = session.subscribed or ()
        for topic_filter in session.implicit:
            if topic_filter not in wished:
                self._subscriptions.remove(topic_filter, session)
        session.implicit, session.implicit_qos = filters, qos
        for topic_filter in filters:
            if topic_filter not in wished:
                self._subscriptions.add(topic_filter, session, qos)

    def subscribe(self, session: Session, topic_filter: str, qos: int) -> None:
        """Subscribe; the same filter again replaces its QoS, an implicit one's too."""
        if session.subscribed is None:
            session.subscribed = {}
        session.subscribed[topic_filter] = None
        if is_shared(topic_filter):
            self._shared.add(topic_filter, session, qos)
        else:
            self._subscriptions.add(topic_filter, session, qos)

    def unsubscribe(self, session: Session, topic_filter: str) -> None:
        """Forget a filter; what a client gets without asking, it cannot ask to be rid of."""
        if session.subscribed is not None:
            session.subscribed.pop(topic_filter, None)
            if not session.subscribed:
                session.subscribed = None
        if topic_filter in session.implicit:
            self._subscriptions.add(topic_filter, session, session.implicit_qos)
        else:
            self._remove(session, topic_filter)

    def forget(self, session: Session) -> None:
        """Remove a session from the tables."""
        for topic_filter in (*session.implicit, *(session.subscribed or ())):
            self._remove(session, topic_filter)
        session.implicit, session.subscribed = (), None

    def _remove(self, session: Session, topic_filter: str) -> None:
        if is_shared(topic_filter):
            self._shared.remove(topic_filter, session)
        else:
            self._subscriptions.remove(topic_filter, session)

    def _deliver_shared(
        self, group: Group[Session], topic: str, payload: bytes, qos: int, *, is_ours: bool
    ) -> bool:
        """Give a message to one member; it counts as dropped once, and only if nobody took it."""
        dropped = self.dropped

        def take(session: Session, granted: int) -> bool:
            wanted = min(qos, granted)
            return self.deliver(session, topic, payload, wanted, is_ours=is_ours) is not None

        was_taken = group.hand(_is_here, take)
        self.dropped = dropped if was_taken else min(self.dropped, dropped + 1)
        return was_taken

    def _queue(
        self, session: Session, topic: str, payload: bytes, qos: int, *, is_ours: bool
    ) -> int | None:
        """Keep a message for a client that is away. QoS 0 promises nothing, and is not kept."""
        if qos == 0:
            return None
        kept = self._sessions.queue(session, topic, payload, qos, is_ours=is_ours)
        if kept is None:
            self.dropped += 1
            return None
        return kept.packet_id


def _encoded(sent: Outgoing, *, dup: bool = False) -> bytes:
    return encode_publish(
        sent.topic, sent.payload, sent.qos, sent.packet_id, retain=sent.retain, dup=dup
    )


def _is_here(session: Session) -> bool:
    return session.connection is not None
