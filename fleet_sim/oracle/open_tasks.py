"""Why a task that is not over is not over: what it waits for, as far as the last poll can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from fleet_sim.oracle.attempts import RETRY_WORDS, Attempt
from fleet_sim.oracle.evidence import FOREVER, Poll, Sighting
from fleet_sim.oracle.missed import may_be_missed
from fleet_sim.oracle.tally import seconds
from fleet_sim.oracle.tasks import ENDED, Task
from fleet_sim.oracle.timeline import Timeline
from fleet_sim.oracle.versions import last_versions


class Wait(StrEnum):
    """How well an open task is explained."""

    OVER = "over"  # it has ended
    STATED = "stated"  # it waits for a reason that the promise names
    TIMER = "timer"  # an attempt is under way and its time is not up
    UNCLEAR = "unclear"  # the log does not show enough, or not long enough
    LOST = "lost"  # nothing stands in its way, and nothing happens


@dataclass(frozen=True, slots=True)
class Reason:
    """What a task waits for.

    Attributes:
        wait: How well that explains it.
        text: The reason, short, the same for all tasks that share it.
    """

    wait: Wait
    text: str = ""


OVER = Reason(Wait.OVER)


def reason_for(timeline: Timeline, task: Task) -> Reason:
    """Say why a task is open at the last poll of its job."""
    poll, last = task.job.last_poll, task.last
    if poll is None or last is None:
        return Reason(Wait.UNCLEAR, "no poll showed the task")
    if last.status in ENDED:
        return OVER
    if last.status == "unconfirmed":
        return Reason(Wait.STATED, "it waits for somebody's consent")
    if last.status == "queued" or _may_wait_unchanged(timeline, task, poll):
        return _queued(timeline, task, poll)
    return _active(timeline, task, last, poll)


def may_be_between(timeline: Timeline, task: Task, attempt: Attempt, by_ms: int) -> bool:
    """Tell whether a task that shows as active may be waiting for the attempt after this one.

    It may where a task's status does not change between two attempts, and something that is tried
    again can have ended this one.
    """
    contract = timeline.contract
    if "unchanged" not in contract.between_attempts_status:
        return False
    return task.has_left(attempt) and any(
        end.lo <= by_ms and RETRY_WORDS.get(end.kind) in contract.retry_on for end in attempt.ends
    )


def _may_wait_unchanged(timeline: Timeline, task: Task, poll: Poll) -> bool:
    last = task.attempts[-1] if task.attempts else None
    return last is not None and may_be_between(timeline, task, last, poll.t1)


def _queued(timeline: Timeline, task: Task, poll: Poll) -> Reason:
    """Go through what keeps a task from being pushed; else ask whether something just did."""
    now_ms = poll.t0
    for keeps, text in _stops(timeline, task, now_ms):
        if keeps():
            return Reason(Wait.STATED, text)
    if task.job.is_asked_for:
        return _unasked(timeline, task, now_ms)
    since_ms = now_ms - timeline.tolerance.start_ms - timeline.delta_ms
    is_online = task.device.is_online_throughout(since_ms, now_ms)
    if not (is_online and _is_free_since(timeline, task, since_ms, now_ms)):
        return Reason(Wait.UNCLEAR, "what stood in its way was gone for a moment only")
    if not _is_wanted(task, now_ms):
        return Reason(Wait.UNCLEAR, "its device no longer needs the target")
    if task.device.name in timeline.evidence.kept_by_others:
        return Reason(Wait.UNCLEAR, "a job that was there before may keep its device busy")
    if task.device.name in timeline.evidence.perhaps_kept:
        return Reason(Wait.UNCLEAR, "nobody could tell whether another job keeps its device busy")
    if task.device.name in timeline.evidence.taken_over:
        return Reason(Wait.UNCLEAR, "another client may have spoken in its device's name")
    return Reason(Wait.LOST, "nothing stands in its way")


def _stops(timeline: Timeline, task: Task, now_ms: int) -> Iterator[tuple[Callable[[], bool], str]]:
    """Yield what keeps a queued task from being pushed: the job, the device, the gap, the slots."""
    job, device = task.job, task.device
    is_gone = device.gone is not None
    yield lambda: not job.is_started_throughout(0, now_ms), "its job is stopped"
    yield lambda: not job.is_window_open_throughout(now_ms, now_ms), "its schedule window is closed"
    yield lambda: is_gone or not device.is_online_throughout(now_ms, now_ms), "it is off line"
    yield (
        lambda: _round_is_open(timeline, task, now_ms),
        "retries begin when every task had its turn",
    )
    yield lambda: _gap_over_ms(timeline, task, now_ms) > now_ms, "the retry interval has not passed"
    yield lambda: _is_busy(timeline, task, now_ms, now_ms), "it is busy with another job"
    yield lambda: not job.has_free_slot_throughout(now_ms, now_ms), "no slot is free"
    yield lambda: not job.has_rate_throughout(now_ms, now_ms), "its rate is used up for the minute"


def _is_free_since(timeline: Timeline, task: Task, since_ms: int, now_ms: int) -> bool:
    """Tell whether nothing but its device kept it from being pushed from `since_ms` on."""
    is_settled = all(fault.hi < since_ms for fault in timeline.evidence.faults)
    return (
        is_settled
        and task.job.order.create.hi <= since_ms
        and _gap_over_ms(timeline, task, now_ms) <= since_ms
        and task.job.is_window_open_throughout(since_ms, now_ms)
        and task.job.has_free_slot_throughout(since_ms, now_ms)
        and task.job.has_rate_throughout(since_ms, now_ms)
        and not _is_busy(timeline, task, since_ms, now_ms)
        and not any(call.hi >= since_ms for call in task.calls.retries)
    )


def _unasked(timeline: Timeline, task: Task, now_ms: int) -> Reason:
    """Who has to ask waits for itself, unless it asked in vain with nothing in its way."""
    ask = next(task.turned_down(0, now_ms), None)
    if ask is not None and _is_wanted(task, ask.lo):
        since_ms = ask.lo - timeline.tolerance.start_ms - timeline.delta_ms
        if _is_free_since(timeline, task, since_ms, ask.hi):
            text = f"it asked at {seconds(ask.lo)}, and nothing stood in its way"
            return Reason(Wait.LOST, text)
    return Reason(Wait.STATED, "its device has to ask for the upgrade")


def _is_wanted(task: Task, now_ms: int) -> bool:
    running = last_versions(task.device, now_ms, now_ms, task.job.order.module)
    sources = task.job.order.from_versions
    return task.target not in running and (not sources or running <= sources)


def _gap_over_ms(timeline: Timeline, task: Task, now_ms: int) -> int:
    """Return when the gap after the last attempt is over at the latest; 0 before the first.

    One that its device missed, being away, was over when that came back.
    """
    by = task.attempts[-1].shown_over_ms if task.attempts else 0
    if _may_be_missed(timeline, task, now_ms):
        by = max(by, task.device.touched_last_ms(now_ms))
    if not 0 < by < FOREVER:
        return by
    return by + task.job.interval_ms


def _may_be_missed(timeline: Timeline, task: Task, now_ms: int) -> bool:
    """Tell whether it may have missed a turn, and be in line for another."""
    is_retried = "timeout" in timeline.contract.retry_on and task.job.attempts_max > 1
    if not (is_retried or task.calls.retries):
        return False
    return may_be_missed(timeline, task, task.job.order.create.lo, now_ms)


def _round_is_open(timeline: Timeline, task: Task, now_ms: int) -> bool:
    if timeline.contract.retry_round != "after_whole_task":
        return False
    if not task.attempts and not _may_be_missed(timeline, task, now_ms):
        return False
    others = (one.last for one in task.job.tasks.values() if one is not task)
    return any(last is not None and last.status not in ENDED for last in others)


def _is_busy(timeline: Timeline, task: Task, lo: int, hi: int) -> bool:
    others = timeline.tasks_of(task.device)
    return any(
        begin <= hi and lo <= end
        for other in others
        if other is not task
        for begin, end in other.busy()
    )


def _active(timeline: Timeline, task: Task, last: Sighting, poll: Poll) -> Reason:
    timeout_ms = task.job.timeout_ms
    if timeout_ms is None:
        return Reason(Wait.STATED, "its job has no timeout")
    attempt = task.attempts[-1] if task.attempts else None
    if last.status == "pushed" and (attempt is None or attempt.anchor_hi == FOREVER):
        if timeline.contract.silent_device == "waits":
            return Reason(Wait.STATED, "its device is silent, and the contract lets it wait")
        anchor = None if attempt is None else attempt.start.hi
    else:
        anchor = None if attempt is None else attempt.anchor_hi
    if attempt is None or anchor is None or anchor == FOREVER:
        return Reason(Wait.UNCLEAR, "an attempt runs whose beginning the log does not show")
    due = timeline.due_ms(anchor + timeout_ms + timeline.tolerance.epsilon_ms)
    if poll.t0 <= due + timeline.delta_ms:
        return Reason(Wait.TIMER, "an attempt is under way and its time is not up")
    # A row that shows as pushed may be of a further attempt, lost with the connection.
    may_be_next = last.status == "pushed" and task.device.is_touched(anchor, poll.t1)
    if may_be_next or not attempt.is_certain:
        return Reason(Wait.UNCLEAR, "an attempt runs that may be later than the log shows")
    return Reason(Wait.LOST, f"its timeout ran out at {seconds(due)} and nothing happened")
