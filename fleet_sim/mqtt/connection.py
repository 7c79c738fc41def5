"""One connection as its broker knows it, and what is under way to it.

AWAITING ──CONNECT──▶ OPEN ──DISCONNECT, mistake, silence, takeover──▶ CLOSED
    └──────── refused, mistake, silence ─────────────────────────────────▲
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from fleet_sim.mqtt.decoding import Decoder
from fleet_sim.mqtt.keep_alive import Pulse
from fleet_sim.mqtt.kinds import PACKET_ID_MAX, Will
from fleet_sim.mqtt.limits import BrokerLimits


class ConnectionState(StrEnum):
    """How far a connection has come."""

    AWAITING = "awaiting"
    OPEN = "open"
    CLOSED = "closed"


MOVES: Mapping[ConnectionState, frozenset[ConnectionState]] = MappingProxyType(
    {
        ConnectionState.AWAITING: frozenset({ConnectionState.OPEN, ConnectionState.CLOSED}),
        ConnectionState.OPEN: frozenset({ConnectionState.CLOSED}),
        ConnectionState.CLOSED: frozenset(),
    }
)


@dataclass(slots=True)
class Outgoing:
    """A QoS 1 message on its way to one client. Not frozen: thousands a second are made."""

    topic: str
    payload: bytes
    packet_id: int
    retain: bool
    is_ours: bool  # The platform's own, whose delivery is reported.


class Outbox:
    """The QoS 1 messages to one client: those under way, and those that wait for the window.

    Owns their packet identifiers. Here a later issue keeps what waits for a client that is away.
    """

    __slots__ = ("_flight", "_last_id", "_limits", "_waiting", "_waiting_bytes")

    def __init__(self, limits: BrokerLimits) -> None:
        self._limits = limits
        self._flight: dict[int, Outgoing] | None = None  # None while empty: see the room's rules.
        self._waiting: deque[Outgoing] | None = None
        self._waiting_bytes = 0
        self._last_id = 0

    def offer(
        self, topic: str, payload: bytes, *, retain: bool, is_ours: bool
    ) -> tuple[Outgoing, bool] | None:
        """Take a message in.

        Returns:
            The message with its identifier and whether it is to be written now; None when too much
            waits already and it was dropped.
        """
        flight = self._flight
        if flight is None:
            flight = self._flight = {}
        goes_now = len(flight) < self._limits.inflight_max
        if not goes_now and not self._has_room(len(payload)):
            return None
        outgoing = Outgoing(topic, payload, self._next_id(flight), retain, is_ours)
        if goes_now:
            flight[outgoing.packet_id] = outgoing
        else:
            self._wait(outgoing)
        return outgoing, goes_now

    def acknowledge(self, packet_id: int) -> Outgoing | None:
        """Forget a message that arrived; None for one that is not under way."""
        flight = self._flight
        if flight is None:
            return None
        outgoing = flight.pop(packet_id, None)
        if not flight:
            self._flight = None
        return outgoing

    def release(self) -> Outgoing | None:
        """Return the next waiting message that the window has room for; it is then under way."""
        if self._waiting is None:
            return None
        if self._flight is None:
            self._flight = {}
        if len(self._flight) >= self._limits.inflight_max:
            return None
        outgoing = self._waiting.popleft()
        self._waiting_bytes -= len(outgoing.payload)
        if not self._waiting:
            self._waiting = None
        self._flight[outgoing.packet_id] = outgoing
        return outgoing

    def _has_room(self, size_bytes: int) -> bool:
        count = len(self._waiting) if self._waiting is not None else 0
        return (
            count < self._limits.waiting_max
            and self._waiting_bytes + size_bytes <= self._limits.waiting_bytes_max
        )

    def _wait(self, outgoing: Outgoing) -> None:
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(outgoing)
        self._waiting_bytes += len(outgoing.payload)

    def _next_id(self, flight: dict[int, Outgoing]) -> int:
        """Return the next free identifier.

        Those that wait were given theirs in this order and are fewer than there are identifiers,
        so only those under way, which may be acknowledged in any order, have to be looked at.
        """
        packet_id = self._last_id % PACKET_ID_MAX + 1
        while packet_id in flight:
            packet_id = packet_id % PACKET_ID_MAX + 1
        self._last_id = packet_id
        return packet_id


class Connection:
    """The handle of one connection. All but the first five attributes are the broker's own.

    Attributes:
        principal: Who it is; None until it has been admitted.
        client_id: What it calls itself; "" until then.
        peer: The address it came from.
        is_closing: Write what `take_output` returns, then close the transport.
        why: Why it is closing, one phrase; "" while it is not.
    """

    __slots__ = (
        "client_id",
        "decoder",
        "implicit",
        "implicit_qos",
        "is_closing",
        "is_dirty",
        "is_doomed",
        "out",
        "out_bytes",
        "outbox",
        "peer",
        "principal",
        "pulse",
        "state",
        "subscribed",
        "unacknowledged",
        "why",
        "will",
    )

    def __init__(self, peer: str, limits: BrokerLimits) -> None:
        self.principal: Hashable = None
        self.client_id = ""
        self.peer = peer
        self.is_closing = False
        self.why = ""
        self.state = ConnectionState.AWAITING
        self.decoder = Decoder(limits.packet_bytes_max)
        self.out: list[bytes] = []
        self.out_bytes = 0
        self.outbox = Outbox(limits)
        self.pulse: Pulse[Connection] | None = None
        self.will: Will | None = None
        self.implicit: tuple[str, ...] = ()
        self.implicit_qos = 1
        self.subscribed: dict[str, None] | None = None
        self.unacknowledged: dict[int, int] | None = None
        self.is_dirty = False
        self.is_doomed = False

    def take_output(self) -> bytes:
        """Return everything to be written since the last call, joined; may be empty."""
        out = self.out
        if not out:
            return b""
        joined = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        self.out_bytes = 0
        return joined

    def expect(self, packet_id: int, most: int) -> bool:
        """Note that the platform owes a PUBACK; False when it would be one too many.

        A copy of a message that still waits is a message of its own, and gets its own PUBACK.
        """
        if self.unacknowledged is None:
            self.unacknowledged = {}
        if sum(self.unacknowledged.values()) >= most:
            return False
        self.unacknowledged[packet_id] = self.unacknowledged.get(packet_id, 0) + 1
        return True

    def settle(self, packet_id: int) -> bool:
        """Note that the PUBACK is sent; False when none was owed."""
        owed = self.unacknowledged
        if owed is None or packet_id not in owed:
            return False
        owed[packet_id] -= 1
        if not owed[packet_id]:
            del owed[packet_id]
            if not owed:
                self.unacknowledged = None
        return True

    def move(self, state: ConnectionState) -> None:
        """Take one of the moves in the table; any other is our own mistake."""
        assert state in MOVES[self.state], f"{self.state} does not lead to {state}"
        self.state = state

    def __repr__(self) -> str:
        why = f", {self.why}" if self.why else ""
        return f"<Connection {self.client_id!r} of {self.principal!r}, {self.state}{why}>"
