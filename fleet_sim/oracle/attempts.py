"""From a task's pushes to its attempts: which push began one, and what can have ended it.

A push starts an attempt, or repeats the request of the running one. Which it was is read from the
evidence and the contract:

    the attempt before it         a repetition is allowed    none is
    was ended by a report         the next attempt           the next attempt
    was timed out, or may         either: nothing is         the next attempt
    have ended                    convicted on it
    may, by an open point         it repeats                 perhaps the next attempt
    cannot have ended             it repeats                 a stray: a second push inside

Open points are ends that a contract does not speak of, or not surely: a server may give up on a
device that reports its old version, may end attempts when their job is stopped, and may time out
a silent device that it need not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.record import Record
from fleet_sim.oracle.evidence import FOREVER, Call, Device, Fault, Push, Report, Sighting
from fleet_sim.oracle.tolerance import Tolerance

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
        is_open_point: Whether the contract leaves open that this ends an attempt; see the module.
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
        is_retry_call: Whether an operator's retry came before it.
        is_open_point: Whether only an open point of the contract makes it one.
        ran: The version its device had last reported before it.
        pushes: `start` and its repetitions.
        strays: Pushes inside it that nothing allows.
        reports: What can have arrived in it, in order of `lo`.
        anchor_lo: The earliest start of its timer; `FOREVER` where nothing started it.
        anchor_hi: The latest; `FOREVER` where perhaps nothing did.
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
    ran: str | None = None
    pushes: list[Push] = field(default_factory=list)
    strays: list[Push] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    anchor_lo: int = FOREVER
    anchor_hi: int = FOREVER
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


@dataclass(slots=True)
class Splitter:
    """Splits the pushes of one task into attempts; see the module.

    Attributes:
        contract: Whose rules.
        tolerance: What is granted.
        target: The version the task is for.
        timeout_ms: None for no limit.
        is_verify: Whether the job verifies; some vendors then count from the push.
        device: Whose reports and connections.
        calls: What operators did.
        faults: Of the server.
    """

    contract: ContractProfile
    tolerance: Tolerance
    target: str
    timeout_ms: int | None
    is_verify: bool
    device: Device
    calls: TaskCalls
    faults: Sequence[Fault]

    def split(self, pushes: Sequence[Push]) -> list[Attempt]:
        """Return the attempts, in order. Network copies of a push start nothing."""
        attempts: list[Attempt] = []
        reports = iter(self.device.reports)
        pending = next(reports, None)
        for push in pushes:
            while pending is not None and pending.lo <= push.hi:
                _arrive(attempts, pending)
                pending = next(reports, None)
            if not push.is_copy:
                self._take(attempts, push)
        while pending is not None:
            _arrive(attempts, pending)
            pending = next(reports, None)
        for attempt in attempts:
            self._settle(attempt)
        return attempts

    def _take(self, attempts: list[Attempt], push: Push) -> None:
        if not attempts:
            attempts.append(self._begin(push, self.device.reports, number=1))
            return
        last = attempts[-1]
        self._settle(last)
        is_retry = any(last.start.lo <= call.lo <= push.hi for call in self.calls.retries)
        over = [end for end in last.ends if end.is_certain and self._over_ms(end) <= push.lo]
        may_be_over = [end for end in last.ends if end.lo <= push.hi]
        # A timer that ought to have fired may be late: then it is a repetition after all.
        is_told = any(end.kind != "timeout" for end in over)
        may_repeat = not (is_told or is_retry) and self._may_repeat(last, push)
        is_new = is_told or is_retry or (bool(over) and not may_repeat)
        rests_on_open_point = not is_new and all(end.is_open_point for end in may_be_over)
        if rests_on_open_point and (may_repeat or not may_be_over):
            last.pushes.append(push)
            if not may_repeat:
                last.strays.append(push)
            return
        last.next = push
        # What alone can have ended the last attempt cannot end this one as well.
        spent = may_be_over[0].report if len(may_be_over) == 1 else None
        reports = [one for one in last.reports if one is not spent]
        attempt = self._begin(push, reports, number=last.number + 1)
        attempt.is_certain = not (may_repeat or rests_on_open_point)
        last.is_next_certain = attempt.is_certain
        attempt.is_retry_call, attempt.is_open_point = is_retry, rests_on_open_point
        attempts.append(attempt)

    def _begin(self, push: Push, reports: Sequence[Report], number: int) -> Attempt:
        """Start an attempt; what was still on its way when the push left may arrive in it."""
        open_reports = [one for one in reports if one.lo <= push.hi and one.hi >= push.lo]
        ran = version_before(self.device, push.lo)
        return Attempt(number, push, ran=ran, pushes=[push], reports=open_reports)

    def _over_ms(self, end: End) -> int:
        """By when a server that is in time has ended the attempt."""
        return end.hi + self.tolerance.epsilon_ms if end.kind == "timeout" else end.hi

    def _may_repeat(self, last: Attempt, push: Push) -> bool:
        """Tell whether the contract allows repeating the running request here."""
        rule = self.contract.repush_on_reconnect
        if rule == "never":
            return False
        since = last.pushes[-1].hi - self.tolerance.epsilon_ms
        if not self._has_reconnected(since, push.hi + self.tolerance.epsilon_ms):
            return False
        return rule == "always" or not any(
            report.kind == "progress"
            and not report.is_failure
            and last.start.hi < report.lo
            and report.hi < push.lo
            for report in last.reports
        )

    def _has_reconnected(self, lo: int, hi: int) -> bool:
        restarted = any(fault.lo <= hi and lo <= fault.hi for fault in self.faults)
        return restarted or self.device.came_online(lo, hi)

    # --- what can have ended it --------------------------------------------------------------

    def _settle(self, attempt: Attempt) -> None:
        """Fill in the timer's start and the possible ends, as far as the evidence goes by now."""
        self._anchor(attempt)
        attempt.ends = tuple(self._ends(attempt))

    def _anchor(self, attempt: Attempt) -> None:
        start = attempt.start
        starts = self.contract.upgrading_starts
        if self.contract.timeout_anchor == "push" or starts == "push":
            attempt.anchor_lo, attempt.anchor_hi = start.lo, start.hi
            return
        kind = "ack" if starts == "ack" else "progress"
        signs = [one for one in attempt.reports if one.kind == kind and not one.is_failure]
        attempt.anchor_lo = min((max(one.lo, start.lo) for one in signs), default=FOREVER)
        attempt.anchor_hi = min(
            (one.hi for one in signs if one.lo > start.hi and attempt.belongs(one)),
            default=FOREVER,
        )
        if self.is_verify:
            attempt.anchor_lo = start.lo

    def _ends(self, attempt: Attempt) -> Iterator[End]:
        for report in attempt.reports:
            end = self._reported_end(attempt, report)
            if end is not None:
                yield end
        if self.timeout_ms is not None:
            yield self._timeout(attempt, self.timeout_ms)
        for call in self.calls.cancels:
            if call.hi >= attempt.start.lo:
                lo = max(call.lo, attempt.start.lo)
                yield End("cancel", lo, call.hi, is_certain=call.outcome == "ok")
        for call in self.calls.stops:
            if call.hi >= attempt.start.lo:
                yield End("stop", max(call.lo, attempt.start.lo), FOREVER, is_open_point=True)

    def _reported_end(self, attempt: Attempt, report: Report) -> End | None:
        lo = max(report.lo, attempt.start.lo)
        inside = report.is_certain and report.lo > attempt.start.hi
        if report.is_failure:
            certain = inside and attempt.belongs(report) and not report.is_copy
            return End("failure", lo, report.hi, is_certain=certain, report=report)
        if report.kind != "version":
            return None
        if report.version == self.target:
            return End("success", lo, report.hi, is_certain=inside, report=report)
        if report.version == attempt.ran:
            return End("old_version", lo, report.hi, report=report, is_open_point=True)
        under_way = attempt.anchor_hi <= report.lo
        certain = inside and under_way and self.contract.foreign_version == "fails"
        return End("foreign_version", lo, report.hi, is_certain=certain, report=report)

    def _timeout(self, attempt: Attempt, timeout_ms: int) -> End:
        """When the timer ends it: counted from its start; for the silent, perhaps from the push."""
        epsilon_ms, start = self.tolerance.epsilon_ms, attempt.start
        decided_ms = start.hi - epsilon_ms  # a timer may run from before the push left
        anchor_lo = start.lo if attempt.anchor_lo == FOREVER else attempt.anchor_lo
        lo = anchor_lo + timeout_ms - epsilon_ms
        likely = FOREVER
        if start.hi < attempt.anchor_lo < FOREVER:
            likely = attempt.anchor_lo + timeout_ms
        if start.hi < attempt.anchor_hi < FOREVER:
            hi = attempt.anchor_hi + timeout_ms
            return End("timeout", lo, hi, is_certain=True, likely_ms=likely)
        if attempt.anchor_hi < FOREVER or self.contract.silent_device == "times_out":
            hi = decided_ms + timeout_ms
            return End("timeout", lo, hi, is_certain=True, likely_ms=likely)
        is_silent = attempt.anchor_lo == FOREVER
        return End("timeout", lo, FOREVER, is_open_point=is_silent, likely_ms=likely)


def version_before(device: Device, at_ms: int) -> str | None:
    """Return the version a device had last reported for certain before an instant."""
    found = None
    for report in device.reports:
        if report.lo >= at_ms:
            break
        if report.kind == "version" and report.hi < at_ms:
            found = report.version
    return found


def _arrive(attempts: Sequence[Attempt], report: Report) -> None:
    """Give a report to the running attempt.

    Of many reports of the old version (a device that flaps makes thousands) the first tells all.
    """
    if not attempts or report.hi < attempts[-1].start.lo:
        return
    reports, ran = attempts[-1].reports, attempts[-1].ran
    is_old = report.kind == "version" and report.version == ran
    if is_old and any(one.kind == "version" and one.version == ran for one in reports[-2:]):
        return
    reports.append(report)


def proof_of_start(attempt: Attempt) -> list[Record]:
    """Return the records that show an attempt's push, and the report that started its timer."""
    anchors = [
        one.record
        for one in attempt.reports
        if one.hi == attempt.anchor_hi and not one.is_failure and one.kind != "version"
    ]
    return [attempt.start.record, *anchors[:1]]
