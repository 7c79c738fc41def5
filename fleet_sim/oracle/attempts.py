"""One attempt of a task: its pushes, what arrived in it, what can have ended it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from fleet_sim.model.record import Record
from fleet_sim.oracle.evidence import FOREVER, Call, Push, Report, Sighting

EndKind: TypeAlias = Literal[
    "success", "failure", "foreign_version", "old_version", "timeout", "cancel", "stop"
]

# An end that may be tried again, in the words of a contract's `retry_on`.
RETRY_WORDS: Mapping[str, str] = {
    "failure": "failed",
    "timeout": "timeout",
    "foreign_version": "foreign_version",
}


@dataclass(slots=True)
class End:
    """What can have ended an attempt.

    Attributes:
        kind: See `EndKind`; `old_version` is a report of the version the device ran before.
        lo: The earliest instant.
        hi: The latest; `FOREVER` where it may not have happened.
        is_certain: Whether, by `hi`, the attempt was over if the server keeps its promises.
        report: The report that ended it, if one did.
        is_open_point: Whether the contract leaves open that this ends an attempt; see `splitting`.
        likely_ms: When, for a timer, if the server took each report for its running attempt: on
            the wire none says which attempt it is meant for.
    """

    kind: EndKind
    lo: int
    hi: int
    is_certain: bool = False
    report: Report | None = None
    is_open_point: bool = False
    likely_ms: int = FOREVER


@dataclass(slots=True)
class Attempt:
    """One try of a task.

    Attributes:
        number: From 1 within the task.
        start: The push that began it.
        is_certain: Whether it certainly is an attempt of its own.
        is_retry_call: Whether an operator's retry may have led to it.
        is_open_point: Whether only an open point of the contract makes it one.
        ran: The versions that its device may have reported last when it began; empty where none.
        pushes: `start` and its repetitions.
        strays: Pushes inside it that nothing allows.
        reports: What can have arrived in it, in order of `lo`.
        anchor_lo: The earliest start of its timer; `FOREVER` where nothing started it.
        anchor_hi: The latest; `FOREVER` where perhaps nothing did.
        inherited: What can have ended it as well if its push only repeated the request before.
        ends: All that can have ended it.
        next: The push that began the attempt after it.
        is_next_certain: Whether that push certainly began one.
        seen_end: When reads show that it ended: an interval, None where they do not.
        seen_as: What they showed then.
        sighted_ms: Reads show it active at least up to here.
    """

    number: int
    start: Push
    is_certain: bool = True
    is_retry_call: bool = False
    is_open_point: bool = False
    ran: frozenset[str] = frozenset()
    pushes: list[Push] = field(default_factory=list)
    strays: list[Push] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    anchor_lo: int = FOREVER
    anchor_hi: int = FOREVER
    inherited: tuple[End, ...] = ()
    ends: tuple[End, ...] = ()
    next: Push | None = None
    is_next_certain: bool = False
    seen_end: tuple[int, int] | None = None
    seen_as: Sighting | None = None
    sighted_ms: int = -1

    @property
    def earliest_end_ms(self) -> int:
        """The earliest instant at which it can have ended.

        Reads that show it active refute only ends that are open points. They prove nothing against
        the others: what they show may be a later attempt whose push was lost on its way.
        """
        firm = min((one.lo for one in self.ends if not one.is_open_point), default=FOREVER)
        open_ = min((one.lo for one in self.ends if one.is_open_point), default=FOREVER)
        return min(firm, max(open_, self.sighted_ms))

    @property
    def active_until_ms(self) -> int:
        """Up to when it was certainly active; the next attempt's push ends it at the latest."""
        until = self.earliest_end_ms
        if self.seen_end is not None and self.seen_end[1] < until:
            until = max(self.seen_end[0], 0)  # ended for no reason: another promise broke, not this
        return until if self.next is None else min(until, self.next.lo)

    @property
    def certain_end(self) -> End | None:
        """The first thing that certainly ended it, if the server keeps its promises."""
        certain = [end for end in self.ends if end.is_certain]
        return min(certain, key=lambda end: end.hi, default=None)

    def told(self, kind: EndKind) -> End | None:
        """Return the report of this kind that certainly ended it, before anything else can have."""
        end = self.certain_end
        if end is None or end.kind != kind:
            return None
        before = [one for one in self.ends if one.kind != kind and one.lo <= end.hi]
        is_first = all(one.is_open_point and one.lo <= self.sighted_ms for one in before)
        return end if is_first else None

    @property
    def over_by_ms(self) -> int:
        """By when it was over, as far as the evidence goes; `FOREVER` where it shows no end.

        Once it is shown over, one of the ends possible by then was the one: the last of them at
        the latest.
        """
        by = min((end.hi for end in self.ends if end.is_certain), default=FOREVER)
        shown = self.shown_over_ms
        if shown < FOREVER:
            by = min(
                by, shown, max((one.hi for one in self.ends if one.lo <= shown), default=shown)
            )
        return by if self.next is None else min(by, self.next.hi)

    @property
    def likely_over_ms(self) -> int:
        """By when it was over, by the kinder of two readings of its timer."""
        by = self.over_by_ms
        return min([by, *(end.likely_ms for end in self.ends if end.lo <= by)])

    @property
    def shown_over_ms(self) -> int:
        """By when the server has shown that it was over: by a read, or by the next attempt."""
        by = FOREVER if self.seen_end is None else self.seen_end[1]
        return min(by, self.next.hi) if self.next is not None and self.is_next_certain else by

    @property
    def requests(self) -> set[str]:
        """The ids of its pushes."""
        return {push.request for push in self.pushes}

    def belongs(self, report: Report) -> bool:
        """Tell whether a report was meant for this attempt, as far as its device says."""
        return not report.request or report.request in self.requests


@dataclass(slots=True)
class TaskCalls:
    """What operators did to one task, as far as it may have worked."""

    cancels: Sequence[Call] = ()
    retries: Sequence[Call] = ()
    stops: Sequence[Call] = ()


def proof_of_start(attempt: Attempt) -> list[Record]:
    """Return the records that show an attempt's push, and the report that started its timer."""
    anchors = [
        one.record
        for one in attempt.reports
        if one.hi == attempt.anchor_hi and not one.is_failure and one.kind != "version"
    ]
    return [attempt.start.record, *anchors[:1]]
