"""Whether anything of a job can still move, so that a run may end before its upper bound.

For a task that is not final, in this order:

    under way                                      moves: its timer is armed
    pushed, the device will speak                  moves
    pushed, the device is gone or silent           moves while its finding is not due, or when the
                                                   contract lets a silent device time out
    queued, the job was stopped                    stays
    queued, the device is gone                     moves where the contract gives it up in time,
                                                   the window over or not; else stays
    queued, the window is over                     stays
    queued, the device is kept by another job      stays
    queued, every slot is kept by tasks that stay  stays
    queued                                         moves: it is pushed, or asks
    unconfirmed                                    stays: nobody in a run consents unasked

An open list moves while devices of its fleet are still to connect for the first time: each may get
a task, and a finding on one that gets none has to be due.

A task that shows as failed is final, unless the job tries again and the backend may show so between
two attempts. Then it moves until the device has had all its attempts, or the next one is overdue.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fleet_sim.model.northbound import TaskStatus
from fleet_sim.oracle.tolerance import REAL_TIME

# A timer's allowance in real time, and what a slow machine of ours may add to it.
LAG_MS = 3_000

WAITING = frozenset({TaskStatus.UNCONFIRMED, TaskStatus.QUEUED})
FINAL = frozenset({TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class Sight:
    """One task as last seen, with what its device really is.

    Attributes:
        status: As the northbound showed it.
        is_gone: The device will never come back, or a task that stays keeps it.
        is_kept: It is only kept so, or no device of ours: it may be on line, and never be given up.
        is_silent: The device took the push and will say no more.
        pushed_at_ms: When the device received its last push or offer; None before the first.
        failed_at_ms: When the northbound first showed it as failed, if that may be followed by
            another attempt; else None.
        tries: How many attempts at the job's version the device has begun.
    """

    status: TaskStatus
    is_gone: bool
    is_silent: bool
    pushed_at_ms: int | None
    failed_at_ms: int | None = None
    tries: int = 0
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class JobTerms:
    """What a job allows.

    Attributes:
        cap: How many attempts at a time; None: any number.
        timeout_ms: An attempt's timeout; None: none.
        silent_times_out: Whether a silent device's attempt ends by timeout.
        is_stopped: Whether it pushes and offers nothing more.
        window_end_ms: When its last window closes; None: never.
        visibility_ms: How long a read may lag behind a write.
        retries: Attempts after the first that may follow a status of failed; 0: it is final.
        retry_interval_ms: The gap before each.
        online_timeout_ms: How long a task waits for a device that is off line; None: for ever.
        joined_by_ms: When the last device connects that its open list may take in; None: frozen.
    """

    cap: int | None
    timeout_ms: int | None
    silent_times_out: bool
    is_stopped: bool = False
    window_end_ms: int | None = None
    visibility_ms: int = REAL_TIME.delta_ms
    retries: int = 0
    retry_interval_ms: int = 0
    online_timeout_ms: int | None = None
    joined_by_ms: int | None = None

    @property
    def finding_due_ms(self) -> int:
        """How long what is due may be late: what V12 and its like grant, and our own lag."""
        visibility_ms = max(self.visibility_ms, REAL_TIME.delta_ms)
        return REAL_TIME.start_ms + visibility_ms + LAG_MS


def keeps(terms: JobTerms, sight: Sight, now_ms: int) -> bool:
    """Tell whether the task keeps its device for good: pushed to, and nothing will end it."""
    is_attempt = sight.status not in FINAL and sight.status not in WAITING
    return is_attempt and not _attempt_moves(terms, sight, now_ms)


def can_move(terms: JobTerms, sights: Iterable[Sight], now_ms: int) -> bool:
    """Tell whether some task of the job can still change, or a finding on it is not yet due."""
    is_open = _is_open(terms, now_ms)
    joined_by_ms = terms.joined_by_ms
    if is_open and joined_by_ms is not None and now_ms < joined_by_ms + terms.finding_due_ms:
        return True
    kept = 0
    waiting = 0
    for sight in sights:
        if sight.status in FINAL:
            if is_open and _may_be_tried_again(terms, sight, now_ms):
                return True
        elif sight.status in WAITING:
            if _is_given_up_in_time(terms, sight):
                return True
            waiting += not sight.is_gone and sight.status is TaskStatus.QUEUED
        elif _attempt_moves(terms, sight, now_ms):
            return True
        else:
            kept += 1
    has_slot = terms.cap is None or kept < terms.cap
    return bool(waiting) and is_open and has_slot


def _is_open(terms: JobTerms, now_ms: int) -> bool:
    """Tell whether the job may still push or offer anything."""
    is_over = terms.window_end_ms is not None and now_ms > terms.window_end_ms
    return not (terms.is_stopped or is_over)


def _is_given_up_in_time(terms: JobTerms, sight: Sight) -> bool:
    """Tell whether a queued task fails some day because its device does not come on line."""
    is_missed = sight.status is TaskStatus.QUEUED and sight.is_gone and not sight.is_kept
    return is_missed and terms.online_timeout_ms is not None and not terms.is_stopped


def _may_be_tried_again(terms: JobTerms, sight: Sight, now_ms: int) -> bool:
    """Tell whether `failed` may be what the backend shows between two attempts."""
    if sight.status is not TaskStatus.FAILED or sight.failed_at_ms is None or sight.is_gone:
        return False
    is_left = sight.tries <= terms.retries and terms.retries > 0
    return is_left and now_ms < sight.failed_at_ms + terms.retry_interval_ms + terms.finding_due_ms


def _attempt_moves(terms: JobTerms, sight: Sight, now_ms: int) -> bool:
    if sight.status is TaskStatus.UNDER_WAY or not (sight.is_gone or sight.is_silent):
        return True
    if terms.silent_times_out or terms.timeout_ms is None or sight.pushed_at_ms is None:
        return terms.silent_times_out
    return now_ms < sight.pushed_at_ms + terms.timeout_ms + terms.finding_due_ms
