"""Virtual time: a heap of `(at, order, work)` and a clock that jumps from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush


class VirtualClock:
    """A clock that stands still while work is done and jumps to the next work due."""

    __slots__ = ("_heap", "_now_ms", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Callable[..., None], tuple[object, ...]]] = []
        self._now_ms = 0
        self._order = 0

    def now_ms(self) -> int:
        """Return the present."""
        return self._now_ms

    def call_at(self, at_ms: int, work: Callable[..., None], *args: object) -> None:
        """Do `work(*args)` at this instant, after all that was put off to it before."""
        self._order += 1
        heappush(self._heap, (max(at_ms, self._now_ms), self._order, work, args))

    @property
    def next_at_ms(self) -> int | None:
        """When the next work is due; None when nothing is left to do."""
        return self._heap[0][0] if self._heap else None

    def step(self) -> None:
        """Jump to the next work and do it.

        Raises:
            IndexError: Nothing is left to do.
        """
        self._now_ms, _, work, args = heappop(self._heap)
        work(*args)
