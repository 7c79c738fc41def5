"""From a message to the output of everybody who gets it: a broker's way out.

It owns the subscriptions, what is retained, and the list of connections that have something to be
written. It never closes anybody: a connection that takes its output too slowly is *doomed*, and the
broker closes it when no message is under way through the tables any more.
"""

from __future__ import annotations

from collections.abc import Callable

from fleet_sim.mqtt.connection import Connection, Outgoing
from fleet_sim.mqtt.encoding import encode_publish
from fleet_sim.mqtt.limits import BrokerLimits
from fleet_sim.mqtt.retained import Retained
from fleet_sim.mqtt.topics import Subscriptions


class Delivery:
    """Who gets what.

    Args:
        limits: What the broker puts up with.

    Attributes:
        dirty: The connections that have output or are closing, first one first.
        doomed: Those that let more output pile up than the limit allows.
        dropped: How many messages found a full queue.
        wake: Called when `dirty` gets its first connection.
        retained: The last word on each topic.
    """

    __slots__ = (
        "_output_bytes_max",
        "_subscriptions",
        "dirty",
        "doomed",
        "dropped",
        "retained",
        "wake",
    )

    def __init__(self, limits: BrokerLimits) -> None:
        self._output_bytes_max = limits.output_bytes_max
        self._subscriptions: Subscriptions[Connection] = Subscriptions()
        self.retained = Retained(limits.retained_max, limits.retained_bytes_max)
        self.dirty: list[Connection] = []
        self.doomed: list[Connection] = []
        self.dropped = 0
        self.wake: Callable[[], None] | None = None

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

    def route(self, topic: str, payload: bytes, qos: int, *, is_ours: bool = False) -> int:
        """Hand a message to each subscriber once; returns how many took it."""
        count = 0
        for connection, granted in self._subscriptions.match(topic).items():
            wanted = min(qos, granted)
            if self.deliver(connection, topic, payload, wanted, is_ours=is_ours) is not None:
                count += 1
        return count

    def deliver(
        self,
        connection: Connection,
        topic: str,
        payload: bytes,
        qos: int,
        *,
        retain: bool = False,
        is_ours: bool = False,
    ) -> int | None:
        """Write a message, or queue it; returns its identifier, or None when it was dropped."""
        if qos == 0:
            self.write(connection, encode_publish(topic, payload, retain=retain))
            return 0
        taken = connection.outbox.offer(topic, payload, retain=retain, is_ours=is_ours)
        if taken is None:
            self.dropped += 1
            return None
        outgoing, goes_now = taken
        if goes_now:
            self._write_outgoing(connection, outgoing)
        return outgoing.packet_id

    def acknowledged(self, connection: Connection, packet_id: int) -> Outgoing | None:
        """Take a PUBACK and let a waiting message go; None when nothing waited for this PUBACK.

        That happens, as when a client acknowledges twice, and does no harm.
        """
        outgoing = connection.outbox.acknowledge(packet_id)
        if outgoing is not None:
            following = connection.outbox.release()
            if following is not None:
                self._write_outgoing(connection, following)
        return outgoing

    def admit(self, connection: Connection) -> None:
        """Give a new client its implicit subscriptions.

        They bring no retained messages: a client that subscribes to the same filter would get them
        twice, and platforms that subscribe their devices retain nothing.
        """
        for topic_filter in connection.implicit:
            self._subscriptions.add(topic_filter, connection, connection.implicit_qos)

    def subscribe(self, connection: Connection, topic_filter: str, qos: int) -> None:
        """Subscribe; the same filter again replaces its QoS, an implicit one's too."""
        if connection.subscribed is None:
            connection.subscribed = {}
        connection.subscribed[topic_filter] = None
        self._subscriptions.add(topic_filter, connection, qos)

    def unsubscribe(self, connection: Connection, topic_filter: str) -> None:
        """Forget a filter; what a client gets without asking, it cannot ask to be rid of."""
        if connection.subscribed is not None:
            connection.subscribed.pop(topic_filter, None)
            if not connection.subscribed:
                connection.subscribed = None
        if topic_filter in connection.implicit:
            self._subscriptions.add(topic_filter, connection, connection.implicit_qos)
        else:
            self._subscriptions.remove(topic_filter, connection)

    def send_retained(self, connection: Connection, topic_filter: str, granted: int) -> None:
        """Send a new subscriber the last word on each topic of its filter."""
        for kept in self.retained.match(topic_filter):
            qos = min(kept.qos, granted)
            self.deliver(connection, kept.topic, kept.payload, qos, retain=True)

    def forget(self, connection: Connection) -> None:
        """Remove a connection from the tables."""
        for topic_filter in (*connection.implicit, *(connection.subscribed or ())):
            self._subscriptions.remove(topic_filter, connection)
        connection.subscribed = None

    def _write_outgoing(self, connection: Connection, outgoing: Outgoing) -> None:
        topic, payload, packet_id = outgoing.topic, outgoing.payload, outgoing.packet_id
        self.write(connection, encode_publish(topic, payload, 1, packet_id, retain=outgoing.retain))
