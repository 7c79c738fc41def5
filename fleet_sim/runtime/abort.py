"""Expectations that end a run as soon as they fail: `{that: …, abort: true, after: 1m}`."""

from __future__ import annotations

from collections.abc import Sequence

from fleet_sim.model.record import Record
from fleet_sim.oracle.judge import first_broken
from fleet_sim.oracle.thresholds import Expectation
from fleet_sim.oracle.tolerance import Tolerance
from fleet_sim.scenario.plan import Plan

EVERY_MS = 5_000  # Each look measures the whole log; a hopeless run may go on that much longer.


class AbortWatch:
    """Looks at a run now and then, if its plan has expectations that may end it."""

    def __init__(self, plan: Plan, tolerance: Tolerance) -> None:
        self._contracts = plan.contracts
        self._wanted = [one for one in plan.expectations if one.abort]
        self._tolerance = tolerance
        self._next_at_ms = 0

    @property
    def is_needed(self) -> bool:
        """Whether any expectation may end the run."""
        return bool(self._wanted)

    def is_due(self, now_ms: int) -> bool:
        """Tell whether to look now; a yes counts as the look."""
        if now_ms < self._next_at_ms or not self._due(now_ms):
            return False
        self._next_at_ms = now_ms + EVERY_MS
        return True

    def fails(self, records: Sequence[Record], now_ms: int) -> bool:
        """Tell whether one of the expectations that are due has failed."""
        due = self._due(now_ms)
        return first_broken(records, self._contracts, due, self._tolerance) is not None

    def _due(self, now_ms: int) -> list[Expectation]:
        """Return those that can fail by now: what must be so `by` an instant has until then."""
        return [one for one in self._wanted if max(one.after_ms, one.by_ms or 0) <= now_ms]
