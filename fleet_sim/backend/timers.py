"""Deadlines: a heap that forgets lazily.

A subject (a device, a job, a task) has one deadline at a time, in its own `due_at_ms`. Arming it
anew leaves the older entry in the heap; an entry that no longer says what its subject says is
dropped when it comes up. So cancelling costs one assignment.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Protocol


class Timed(Protocol):
    """Whatever has a deadline."""

    due_at_ms: int | None
    number: int


class Timers:
    """All deadlines, earliest first; of one instant in the order of creation."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, Timed]] = []
        self._pushed = 0

    def arm(self, subject: Timed, at_ms: int | None) -> None:
        """Give the subject this deadline in place of its former one; None: none."""
        subject.due_at_ms = at_ms
        if at_ms is not None:
            self._pushed += 1
            heappush(self._heap, (at_ms, subject.number, self._pushed, subject))

    @property
    def next_at_ms(self) -> int | None:
        """The earliest deadline, None if there is none."""
        while self._heap and self._heap[0][3].due_at_ms != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now_ms: int) -> Iterator[Timed]:
        """Yield the subjects whose deadline has come, each disarmed; new ones join while asked."""
        while (at_ms := self.next_at_ms) is not None and at_ms <= now_ms:
            subject = heappop(self._heap)[3]
            subject.due_at_ms = None
            yield subject
