"""One connection as its broker knows it: what ends with the transport.

What outlives it, as subscriptions and messages under way may, is its `Session`.

AWAITING ──CONNECT──▶ OPEN ──DISCONNECT, mistake, silence, takeover──▶ CLOSED
    └──────── refused, mistake, silence ─────────────────────────────────▲
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from enum import StrEnum
from types import MappingProxyType

from fleet_sim.mqtt.decoding import Decoder
from fleet_sim.mqtt.keep_alive import Pulse
from fleet_sim.mqtt.kinds import Will
from fleet_sim.mqtt.limits import BrokerLimits
from fleet_sim.mqtt.session import Session


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


class Connection:
    """The handle of one connection. All but the first five attributes are the broker's own.

    Attributes:
        principal: Who it is; None until it has been admitted.
        client_id: What it calls itself; "" until then.
        peer: The address it came from.
        is_closing: Write what `take_output` returns, then close the transport.
        why: Why it is closing, one phrase; "" while it is not.
        session: There from the moment it has been admitted, and never taken away.
    """

    __slots__ = (
        "client_id",
        "decoder",
        "is_closing",
        "is_dirty",
        "is_doomed",
        "out",
        "out_bytes",
        "peer",
        "principal",
        "pulse",
        "session",
        "state",
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
        self.session: Session
        self.pulse: Pulse[Connection] | None = None
        self.will: Will | None = None
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
