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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fleet_sim.model.contract import ContractProfile
from fleet_sim.oracle.attempts import Attempt, End, EndKind, TaskCalls
from fleet_sim.oracle.evidence import FOREVER, Device, Fault, Push, Report
from fleet_sim.oracle.tolerance import Tolerance
from fleet_sim.oracle.versions import last_versions


@dataclass(slots=True)
class Splitter:
    """Splits the pushes of one task into attempts; see the module.

    Attributes:
        contract: Whose rules.
        tolerance: What is granted.
        target: The version the task is for.
        module: Of which part of the device; "" is the device as a whole.
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
    module: str = ""

    def split(self, pushes: Sequence[Push]) -> list[Attempt]:
        """Return the attempts, in order. Network copies of a push start nothing."""
        attempts: list[Attempt] = []
        reports = iter(self._reports())
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

    def _reports(self) -> list[Report]:
        """Return the device's reports that may be about this task's module."""
        return [one for one in self.device.reports if one.is_about(self.module)]

    def _take(self, attempts: list[Attempt], push: Push) -> None:
        if not attempts:
            attempts.append(self._begin(push, self._reports(), number=1))
            return
        last = attempts[-1]
        self._settle(last)
        calls = [one for one in self.calls.retries if last.start.lo <= one.lo <= push.hi]
        # One that was made while the last push may have left can be what made it leave.
        is_retry = any(call.outcome == "ok" and call.lo > last.start.hi for call in calls)
        over = [end for end in last.ends if end.is_certain and self._over_ms(end) <= push.lo]
        may_be_over = [end for end in last.ends if end.lo <= push.hi]
        # A timer that ought to have fired may be late: then it is a repetition after all.
        is_told = any(end.kind != "timeout" for end in over)
        may_repeat = not (is_told or is_retry) and self._may_repeat(last, push)
        is_new = is_told or is_retry or (bool(over) and not may_repeat)
        rests_on_open_point = not is_new and all(end.is_open_point for end in may_be_over)
        if rests_on_open_point and (may_repeat or not (may_be_over or calls)):
            last.pushes.append(push)
            if not (may_repeat or push.is_unseen):
                last.strays.append(push)
            return
        last.next = push
        # What alone can have ended the last attempt cannot end this one as well, if it is another.
        spent = may_be_over[0].report if len(may_be_over) == 1 and not may_repeat else None
        reports = [one for one in last.reports if one is not spent]
        attempt = self._begin(push, reports, number=last.number + 1)
        is_doubtful = may_repeat or rests_on_open_point
        attempt.is_certain = attempt.is_certain and not is_doubtful
        last.is_next_certain = attempt.is_certain
        attempt.is_retry_call, attempt.is_open_point = bool(calls), rests_on_open_point
        if may_repeat:
            attempt.inherited = tuple(_timeouts_after(push, last))
        attempts.append(attempt)

    def _begin(self, push: Push, reports: Sequence[Report], number: int) -> Attempt:
        """Start an attempt; what was still on its way when the push left may arrive in it.

        Where devices are asked for their version before each push, the first to tell the old one is
        the answer, and came before the push.
        """
        open_reports = [one for one in reports if one.lo <= push.hi and one.hi >= push.lo]
        ran = frozenset(last_versions(self.device, push.lo, push.hi, self.module))
        if self.contract.asks_version:
            told = (one for one in open_reports if one.kind == "version" and one.version in ran)
            answer = next(told, None)
            open_reports = [one for one in open_reports if one is not answer]
        attempt = Attempt(number, push, ran=ran, pushes=[push], reports=open_reports)
        attempt.is_certain = not (push.is_choice or push.is_unseen)
        return attempt

    def _over_ms(self, end: End) -> int:
        """By when a server that is in time has ended the attempt."""
        return end.hi + self.tolerance.epsilon_ms if end.kind == "timeout" else end.hi

    def _may_repeat(self, last: Attempt, push: Push) -> bool:
        """Tell whether the contract allows repeating the running request here.

        A device that asks while its attempt runs is always told again what it was told.
        """
        if push.is_offer:
            return True
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
        kind = "ack" if starts == "ack" and not start.is_offer else "progress"
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
            yield from self._silence(attempt, self.timeout_ms)
        for call in self.calls.cancels:
            if call.hi >= attempt.start.lo:
                lo = max(call.lo, attempt.start.lo)
                # What began while a call was under way may have begun after its work was done.
                is_certain = call.outcome == "ok" and attempt.start.hi <= call.lo
                yield End("cancel", lo, call.hi, is_certain=is_certain)
        for call in self.calls.stops:
            if call.hi >= attempt.start.lo:
                yield End("stop", max(call.lo, attempt.start.lo), FOREVER, is_open_point=True)
        yield from attempt.inherited

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
        if report.version in attempt.ran or not attempt.ran:
            kind: EndKind = "old_version" if len(attempt.ran) == 1 else "foreign_version"
            return End(kind, lo, report.hi, report=report, is_open_point=True)
        under_way = attempt.anchor_hi < report.lo
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

    def _silence(self, attempt: Attempt, timeout_ms: int) -> Iterator[End]:
        """A first word that came when the time from the push was up may have come too late."""
        lo = attempt.start.lo + timeout_ms - self.tolerance.epsilon_ms
        if attempt.anchor_lo < FOREVER and attempt.anchor_hi > lo:
            waits = self.contract.silent_device == "waits"
            was_silent = not waits and attempt.anchor_lo >= lo
            likely = lo if was_silent else FOREVER
            yield End("timeout", lo, FOREVER, is_open_point=waits, likely_ms=likely)


def _timeouts_after(push: Push, last: Attempt) -> Iterator[End]:
    """Yield the timeouts of an attempt that go on running if a push only repeats its request."""
    for end in last.ends:
        if end.kind == "timeout" and end.hi >= push.lo:
            yield End("timeout", max(end.lo, push.lo), end.hi)


def _arrive(attempts: Sequence[Attempt], report: Report) -> None:
    """Give a report to the running attempt.

    Of many reports of the old version (a device that flaps makes thousands) the first tells all.
    """
    if not attempts or report.hi < attempts[-1].start.lo:
        return
    reports, ran = attempts[-1].reports, attempts[-1].ran
    is_old = report.kind == "version" and report.version in ran
    if is_old and any(
        one.kind == "version" and one.version == report.version for one in reports[-2:]
    ):
        return
    reports.append(report)
