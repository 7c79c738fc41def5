"""Nothing leaves before what it rests on is durable.

Effects that a peer can see (a push, a reply, an answer, a PUBACK) are held until the changes before
them are committed, many at a time:

    message ──► brain ──► Keep, Keep, Tell      changes gather while a commit is under way
                            │           │
                            ▼           │
                         commit ────────┴──► Tell leaves, PUBACK leaves

So a platform that is killed and started again has lost nothing that anybody was told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from fleet_sim.backend.events import Change, Durable, Keep, KeepFile
from fleet_sim.runtime.clock import Clock

IDLE_COMMIT_MS = 250  # Progress alone may wait this long: one write then serves many reports.

H = TypeVar("H")


class Committer(Protocol):
    """Makes changes durable, in order."""

    def commit(self, changes: Sequence[Durable], then: Callable[[], None]) -> None:
        """Write these changes, files first, the rows in one transaction, and call `then`."""


class Shelf(Protocol):
    """Keeps firmware files."""

    def keep(self, firmware_id: str, file_name: str, content: bytes) -> None:
        """Keep a file, durable on return."""


def kept_by(shelf: Shelf, changes: Sequence[Durable]) -> Sequence[Change]:
    """Keep the files among changes, and return the rows, which are to be written after them."""
    rows: list[Change] = []
    for change in changes:
        if isinstance(change, KeepFile):
            shelf.keep(change.firmware_id, change.file_name, change.content)
        else:
            rows.append(change)
    return rows


class Commits(Generic[H]):
    """The changes that gather, and what is held for them.

    Args:
        clock: The platform's.
        committer: Writes; it is asked for one commit at a time.
        window_ms: How long changes may gather before they are written.
        let_go: Carries out what was held, in the order it came; it may bring more of both.
    """

    def __init__(
        self,
        clock: Clock,
        committer: Committer,
        window_ms: int,
        let_go: Callable[[Sequence[H]], None],
    ) -> None:
        self._clock = clock
        self._committer = committer
        self._window_ms = window_ms
        self._let_go = let_go
        self._changes: list[Durable] = []
        self._held: list[H] = []
        self._has_urgent = False
        self._is_committing = False
        self._commit_at_ms: int | None = None

    def change(self, change: Durable) -> None:
        """Take in a change."""
        self._changes.append(change)
        self._has_urgent |= not isinstance(change, Keep) or change.urgent

    def hold(self, what: H) -> None:
        """Take in what must not leave before all changes so far are durable."""
        self._held.append(what)

    def settle(self) -> None:
        """Let go of what rests on nothing new; else see that a commit comes.

        To be called whenever something was taken in.
        """
        if self._has_urgent or (self._held and self._is_committing):
            self._commit_within(self._window_ms)
        else:
            held, self._held = self._held, []
            self._let_go(held)
            if self._changes:
                self._commit_within(IDLE_COMMIT_MS)

    def flush(self) -> None:
        """Commit at once what is left, as a clean stop wants it."""
        self._commit()

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits for a commit."""
        return not (self._changes or self._held or self._is_committing)

    def _commit_within(self, window_ms: int) -> None:
        at_ms = self._clock.now_ms() + window_ms
        if self._commit_at_ms is None or at_ms < self._commit_at_ms:
            self._commit_at_ms = at_ms
            self._clock.call_at(at_ms, self._commit_due, at_ms)

    def _commit_due(self, at_ms: int) -> None:
        if at_ms == self._commit_at_ms:
            self._commit_at_ms = None
            self._commit()

    def _commit(self) -> None:
        if self._is_committing or not (self._changes or self._held):
            return  # `_committed` looks again
        changes, self._changes = self._changes, []
        held, self._held = self._held, []
        self._has_urgent = False
        self._is_committing = True
        self._committer.commit(changes, lambda: self._committed(held))

    def _committed(self, held: Sequence[H]) -> None:
        self._is_committing = False
        self._let_go(held)
        if self._has_urgent or self._held:
            self._commit_within(self._window_ms)
        elif self._changes:  # their own turn may have come, and gone, during the commit
            self._commit_within(IDLE_COMMIT_MS)
