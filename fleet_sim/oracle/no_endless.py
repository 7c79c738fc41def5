"""V12: every attempt comes to an end, also when its device never says a word.

Where a contract lets the silent wait, read literally, a device that takes the push and says nothing
keeps its slot for ever. No vendor promises the opposite there, so all such devices together are one
finding; under a contract where the silent time out, each is a violation.
"""

from __future__ import annotations

from typing import TypeAlias

from fleet_sim.oracle.attempts import Attempt, proof_of_start
from fleet_sim.oracle.evidence import FOREVER, Poll, Sighting
from fleet_sim.oracle.open_tasks import may_be_between
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds, some
from fleet_sim.oracle.tasks import ACTIVE, Task
from fleet_sim.oracle.timeline import Timeline

Silence: TypeAlias = tuple[Task, Attempt, Poll]  # the poll that showed it open for too long


def no_endless(timeline: Timeline) -> Outcome:
    """Give every attempt its timeout and the start allowance, counted from its push.

    An attempt whose timer started later than its push has that much longer.
    """
    tally = Tally("V12")
    silent: list[Silence] = []
    soon: list[Task] = []
    for task, attempt in timeline.attempts():
        timeout_ms = task.job.timeout_ms
        if timeout_ms is None:
            continue
        limit = _limit_ms(timeline, attempt, timeout_ms)
        shown = task.seen_after(limit, attempt.next)
        is_over = attempt.shown_over_ms <= limit
        waits = shown is not None and may_be_between(timeline, task, attempt, shown[0].t1)
        if is_over or waits or shown is None or shown[1].status not in ACTIVE:
            tally.held(int(attempt.shown_over_ms < FOREVER))
            if _may_wait(timeline, attempt) and _is_waiting(task, attempt, timeout_ms):
                soon.append(task)
        elif not _may_wait(timeline, attempt):
            _still_open(tally, task, attempt, shown)
        elif _is_waiting(task, attempt, timeout_ms):
            silent.append((task, attempt, shown[0]))
    if silent:
        _find(tally, silent, soon)
    return tally.outcome()


def _limit_ms(timeline: Timeline, attempt: Attempt, timeout_ms: int) -> int:
    start = attempt.start.hi
    if start < attempt.anchor_hi < FOREVER:
        start = attempt.anchor_hi
    elif start < attempt.anchor_lo < start + timeout_ms:
        start = attempt.anchor_lo  # of an earlier attempt, which on the wire no report says
    allowed = timeout_ms + timeline.tolerance.start_ms + timeline.delta_ms
    return timeline.due_ms(start + allowed)


def _may_wait(timeline: Timeline, attempt: Attempt) -> bool:
    is_silent = attempt.anchor_hi == FOREVER
    return is_silent and timeline.contract.silent_device == "waits"


def _is_waiting(task: Task, attempt: Attempt, timeout_ms: int) -> bool:
    """Tell whether the last poll still shows this attempt open, and its timeout has passed."""
    last, poll = task.last, task.job.last_poll
    is_open = attempt.next is None and last is not None and last.status in ACTIVE
    return is_open and poll is not None and poll.t0 > attempt.start.hi + timeout_ms


def _still_open(tally: Tally, task: Task, attempt: Attempt, shown: tuple[Poll, Sighting]) -> None:
    poll, sighting = shown
    text = (
        f"{task.name}: attempt {attempt.number} was {attempt.start.deed} at "
        f"{seconds(attempt.start.hi)} with a timeout of {seconds(task.job.timeout_ms or 0)} and is "
        f"still open at {seconds(poll.t0)}"
    )
    records = [*proof_of_start(attempt), sighting.record, poll.record]
    # A task that shows as pushed may be in a next attempt, whose push a broken connection lost.
    may_be_next = sighting.status == "pushed" and task.device.is_touched(attempt.start.hi, poll.t1)
    if attempt.is_certain and not may_be_next:
        tally.broken(text, records, task=task)
    else:
        tally.doubtful(text, records)


# --- the finding -------------------------------------------------------------------------------


def _find(tally: Tally, silent: list[Silence], soon: list[Task]) -> None:
    """Tell it for people who see such a server for the first time."""
    names = [task.name for task, _, _ in silent]
    are, their = ("device was", "its") if len(names) == 1 else ("devices were", "their")
    by_job: dict[str, list[Task]] = {}
    for task, _, _ in silent:
        by_job.setdefault(task.job.id, []).append(task)
    kept = "; ".join(_kept(tasks) for tasks in by_job.values())
    since = min(attempt.start.hi for _, attempt, _ in silent)
    more = f" {len(soon)} more are on the way there." if soon else ""
    text = (
        f"{len(names)} {are} asked to upgrade and never said a word: {some(names)}. The contract "
        f"starts {their} timeout at the first progress report, so it never starts: {kept}. "
        f"The first has been waiting since {seconds(since)}, and only it or an operator can end "
        f"that.{more}"
    )
    records = [attempt.start.record for _, attempt, _ in silent]
    tally.finding(text, [*records, silent[-1][2].record])


def _kept(tasks: list[Task]) -> str:
    """Say how many places of which cap are lost, and how many devices wait for one."""
    job = tasks[0].job
    waiting = sum(1 for task in job.tasks.values() if task.last and task.last.status == "queued")
    queue = f", while {waiting} more wait for a place" if waiting else ""
    if job.cap is None:
        return f"{len(tasks)} tasks of job {job.id} stay open for ever{queue}"
    return (
        f"{len(tasks)} of the {job.cap} places that job {job.id} has for devices at work are "
        f"taken for ever{queue}"
    )
