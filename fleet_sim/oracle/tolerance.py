"""How exact the evidence is: what every timing oracle grants the server and the generator."""

from __future__ import annotations

from dataclasses import dataclass, replace

_TICK_MS = 100  # the coarsest scheduler tick a server of ours uses


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Allowances, whole milliseconds.

    Attributes:
        epsilon_ms: For a timer: one scheduler tick, and in real time a second for the machine.
            A push may also have been decided this long before it left the server.
        delta_ms: How long a read may lag behind a write; the contract's `visibility_s` wins where
            it is longer.
        start_ms: How long a task that could start may take to start.
    """

    epsilon_ms: int = 1_000 + _TICK_MS
    delta_ms: int = 2_000
    start_ms: int = 30_000

    def widened(self, lag_ms: int) -> Tolerance:
        """Grant the generator's own lag on top: its instants are that much less exact."""
        return replace(
            self,
            epsilon_ms=self.epsilon_ms + lag_ms,
            delta_ms=self.delta_ms + lag_ms,
            start_ms=self.start_ms + lag_ms,
        )


REAL_TIME = Tolerance()
VIRTUAL_TIME = Tolerance(epsilon_ms=_TICK_MS)
