"""The QoS 1 and 2 messages to one client, from the first attempt to the last acknowledgement.

        offer ──┬─ window open ─▶ under way ──PUBACK───────────────▶ done        (QoS 1)
                │                     └───────PUBREC─▶ released ──PUBCOMP─▶ done (QoS 2)
                └─ else ─▶ waiting ──release──▶ under way

While its client is away, everything waits. When it is back, PUBREL is sent again for what was
released, in the order of the PUBRECs, and PUBLISH with DUP for what was under way, in the order of
the first attempts, under the identifiers they had (MQTT 4.4, 4.6).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.kinds import PACKET_ID_MAX
from fleet_sim.mqtt.limits import BrokerLimits

# What a kept message costs beside its topic and its payload: itself, its place, two byte strings.
MESSAGE_BYTES = 200


@dataclass(slots=True)
class Outgoing:
    """A QoS 1 or 2 message on its way to one client. Not frozen: thousands a second are made."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int
    retain: bool
    is_ours: bool  # The platform's own, whose delivery is reported.


class Outbox:
    """Owns the messages and their packet identifiers.

    All of what is under way fits into a connection's output at once, as it has to when the client
    comes back. A message too large for that goes alone.

    Attributes:
        waiting: What waits for the window or for its client, oldest first; None for nothing. For
            reading.
    """

    __slots__ = (
        "_flight",
        "_flight_bytes",
        "_last_id",
        "_limits",
        "_released",
        "_waiting_bytes",
        "waiting",
    )

    def __init__(self, limits: BrokerLimits) -> None:
        self._limits = limits
        # All three are None while empty: see the room's rules. What waits has its identifiers, and
        # whatever waits goes before what is offered later.
        self._flight: dict[int, Outgoing] | None = None  # In the order of the first attempts.
        self._released: dict[int, Outgoing] | None = None  # In the order of the PUBRECs.
        self.waiting: deque[Outgoing] | None = None
        self._flight_bytes = 0
        self._waiting_bytes = 0
        self._last_id = 0

    def offer(
        self, topic: str, payload: bytes, qos: int, *, retain: bool, is_ours: bool
    ) -> tuple[Outgoing, bool] | None:
        """Take a message in for a client that is there.

        Returns:
            The message with its identifier and whether it is to be written now; None when too much
            waits already and it was dropped.
        """
        size, flight = len(payload), self._flight
        if self.waiting is not None:
            goes_now = False
        elif flight is None and self._released is None:
            goes_now = True
        else:
            goes_now = self._has_window(size)
        if not goes_now and not self._has_room(size):
            return None
        packet_id = self._next_id()
        outgoing = Outgoing(topic, payload, qos, packet_id, retain, is_ours)
        if not goes_now:
            self._wait(outgoing)
            return outgoing, False
        if flight is None:
            self._flight = {packet_id: outgoing}
        else:
            flight[packet_id] = outgoing
        self._flight_bytes += size
        return outgoing, True

    def keep(self, topic: str, payload: bytes, qos: int, *, is_ours: bool) -> Outgoing | None:
        """Take a message in for a client that is away; None when too much waits already."""
        if not self._has_room(len(payload)):
            return None
        outgoing = Outgoing(topic, payload, qos, self._next_id(), False, is_ours)  # noqa: FBT003
        self._wait(outgoing)
        return outgoing

    def release(self) -> Outgoing | None:
        """Return the next waiting message that the window has room for; it is then under way."""
        waiting = self.waiting
        if waiting is None or not self._has_window(len(waiting[0].payload)):
            return None
        outgoing = waiting.popleft()
        self._waiting_bytes -= len(outgoing.payload)
        if not waiting:
            self.waiting = None
        self._send(outgoing)
        return outgoing

    # What the client answers.

    def on_puback(self, packet_id: int) -> Outgoing | None:
        """Forget a QoS 1 message that arrived; None for one that is not under way.

        Raises:
            MqttError: The message is of QoS 2.
        """
        flight = self._flight
        outgoing = None if flight is None else flight.get(packet_id)
        if flight is None or outgoing is None:
            return None
        if outgoing.qos != 1:
            raise MqttError(f"a PUBACK came for {packet_id}, a message of QoS 2")
        del flight[packet_id]  # `_land`, without the call
        self._flight_bytes -= len(outgoing.payload)
        if not flight:
            self._flight = None
        return outgoing

    def on_pubrec(self, packet_id: int) -> None:
        """Note that a QoS 2 message arrived; its PUBREL is to be sent, for unknown ones as well.

        Raises:
            MqttError: The message is of QoS 1.
        """
        outgoing = None if self._flight is None else self._flight.get(packet_id)
        if outgoing is None:
            return
        if outgoing.qos == 1:
            raise MqttError(f"a PUBREC came for {packet_id}, a message of QoS 1")
        self._land(outgoing)
        outgoing.payload = b""  # The client has it; only the identifier matters from here on.
        if self._released is None:
            self._released = {}
        self._released[packet_id] = outgoing

    def on_pubcomp(self, packet_id: int) -> Outgoing | None:
        """Forget a QoS 2 message that was released; None for one that is unknown.

        Raises:
            MqttError: The message was not released yet.
        """
        if self._flight is not None and packet_id in self._flight:
            raise MqttError(f"a PUBCOMP came for {packet_id}, which was not released")
        if self._released is None:
            return None
        outgoing = self._released.pop(packet_id, None)
        if not self._released:
            self._released = None
        return outgoing

    # What a client that is back has to hear again.

    @property
    def released(self) -> Iterable[int]:
        """The identifiers whose PUBCOMP has not come, in the order of their PUBRECs."""
        return self._released or ()

    @property
    def under_way(self) -> Iterable[Outgoing]:
        """The messages that were sent and not acknowledged, in that order."""
        return self._flight.values() if self._flight is not None else ()

    @property
    def kept_bytes(self) -> int:
        """What it costs to keep all this for a client that is away."""
        held = [*self.under_way, *(self.waiting or ()), *(self._released or {}).values()]
        return sum(MESSAGE_BYTES + len(each.topic) + len(each.payload) for each in held)

    def _has_window(self, size_bytes: int) -> bool:
        flight, limits = self._flight, self._limits
        count = len(flight) if flight is not None else 0
        if self._released is not None:
            count += len(self._released)
        if not count:
            return True
        is_small_enough = self._flight_bytes + size_bytes <= limits.inflight_bytes_max
        return is_small_enough and count < limits.inflight_max

    def _has_room(self, size_bytes: int) -> bool:
        count = len(self.waiting) if self.waiting is not None else 0
        return (
            count < self._limits.waiting_max
            and self._waiting_bytes + size_bytes <= self._limits.waiting_bytes_max
        )

    def _send(self, outgoing: Outgoing) -> None:
        if self._flight is None:
            self._flight = {}
        self._flight[outgoing.packet_id] = outgoing
        self._flight_bytes += len(outgoing.payload)

    def _land(self, outgoing: Outgoing) -> None:
        assert self._flight is not None
        del self._flight[outgoing.packet_id]
        self._flight_bytes -= len(outgoing.payload)
        if not self._flight:
            self._flight = None

    def _wait(self, outgoing: Outgoing) -> None:
        if self.waiting is None:
            self.waiting = deque()
        self.waiting.append(outgoing)
        self._waiting_bytes += len(outgoing.payload)

    def _next_id(self) -> int:
        """Return the next free identifier.

        Those that wait were given theirs in this order and are fewer than there are identifiers,
        so only those under way, which may be acknowledged in any order, have to be looked at.
        """
        flight, released = self._flight, self._released
        packet_id = self._last_id % PACKET_ID_MAX + 1
        while (flight is not None and packet_id in flight) or (
            released is not None and packet_id in released
        ):
            packet_id = packet_id % PACKET_ID_MAX + 1
        self._last_id = packet_id
        return packet_id
