"""The ids by which a northbound API names its answers."""

from __future__ import annotations

from fleet_sim.model import chance

_DIGITS = 32


class RequestIds:
    """Draws the ids of one gate's answers.

    The seed is a store's and outlives the process; so the instant of the first request counts as
    well, and no id of an earlier process comes back.
    """

    def __init__(self, seed: int, org: str) -> None:
        self._seed = seed
        self._org = org
        self._began_ms: int | None = None
        self._own = 0

    def came_in(self, epoch_ms: int) -> None:
        """Take note of a request; the first one counts."""
        if self._began_ms is None:
            self._began_ms = epoch_ms

    def of(self, request_no: int) -> str:
        """Return the 32 hex digits of a backend's answer, the same for the same number."""
        return self._drawn("request", request_no)

    def fresh(self) -> str:
        """Return 32 hex digits for an answer that needs no backend."""
        self._own += 1
        return self._drawn("answer", self._own)

    def _drawn(self, purpose: str, number: int) -> str:
        who = f"{self._org}\0{self._began_ms}"
        return chance.identifier(self._seed, who, purpose, number, digits=_DIGITS)
