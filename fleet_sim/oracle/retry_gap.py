"""V15: between two attempts lies the retry interval, and little more."""

from __future__ import annotations

from itertools import pairwise

from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.record import Record
from fleet_sim.oracle.attempts import RETRY_WORDS, Attempt
from fleet_sim.oracle.missed import may_be_missed
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import Task
from fleet_sim.oracle.timeline import Timeline

_RESOLUTION_MS = 1_000  # What a gap can be known to where both its ends are seen from a device.


def retry_gap(timeline: Timeline) -> Outcome:
    """Hold each pair of attempts against the interval; an operator's retry is bound by none.

        end.lo   end.hi                       interval - ε           interval + Λ
          ├─ ends ─┤ ····························· │ ── next begins ── │
                        too soon, counted from end.lo                  too late, from end.hi

    The next is too late only where nothing stood in its way: its device was on line (where it has
    to ask: had asked in vain after that), the job was running, its window open and a slot free, all
    the time.

    Without the server's end in the log, a push is taken to have been under way no longer than the
    device ever waited for an acknowledgement. A gap that is kept for certain by all but a second
    more is kept; one that this cannot tell is a doubt.

    A vendor whose jobs have no interval, and whose retries wait for the end of a round, promises
    nothing: no gap is too short, and none too long.
    """
    tally = Tally("V15")
    if _has_none(timeline.contract) and not any(job.interval_ms for job in timeline.jobs.values()):
        return Outcome("V15", is_promised=False)
    for task in timeline.tasks:
        for before, after in pairwise(task.attempts):
            if before.is_certain and after.is_certain and not after.is_retry_call:
                _judge(timeline, tally, task, before, after)
    return tally.outcome()


def _has_none(contract: ContractProfile) -> bool:
    return contract.retry_interval_s_max == 0 and contract.retry_round == "after_whole_task"


def _judge(timeline: Timeline, tally: Tally, task: Task, before: Attempt, after: Attempt) -> None:
    last_word = before.certain_end
    if not before.ends or (last_word is not None and last_word.kind not in RETRY_WORDS):
        return  # after a success or a cancel no gap is right; that is V16's affair
    interval_ms = task.job.interval_ms
    start = after.start
    ended_lo = before.earliest_end_ms
    records = [before.start.record, *_proof(before), start.record]
    if start.hi - ended_lo < interval_ms - timeline.tolerance.epsilon_ms:
        text = (
            f"{task.name}: attempt {after.number} began at {seconds(start.hi)}; the one before it "
            f"ended no earlier than {seconds(ended_lo)}, and the retry interval is "
            f"{seconds(interval_ms)}"
        )
        tally.broken(text, records, task=task)
        return
    if not _is_kept(timeline, task, before, after):
        tally.doubtful(
            f"{task.name}: attempt {after.number} began by {seconds(start.hi)}, and the one before "
            f"it ended by {seconds(before.over_by_ms)}; whether the retry interval of "
            f"{seconds(interval_ms)} lies between cannot be told from outside",
            records,
        )
        return
    ended_hi = before.over_by_ms
    due = ended_hi + interval_ms
    limit = due + timeline.tolerance.start_ms
    is_late = timeline.contract.retry_round == "per_device" and start.lo > timeline.due_ms(limit)
    # One that was given up in between has a gap of its own after it.
    is_next = is_late and not may_be_missed(timeline, task, ended_hi, start.lo)
    if is_next and _is_free(timeline, task, due, start.lo):
        text = (
            f"{task.name}: attempt {after.number} began only at {seconds(start.lo)}; it was due at "
            f"{seconds(due)}, and nothing stood in its way"
        )
        tally.broken(text, records, task=task)
    else:
        tally.held()


def _is_kept(timeline: Timeline, task: Task, before: Attempt, after: Attempt) -> bool:
    """Tell whether a gap that is not certainly too short is long enough, as far as can be seen."""
    interval_ms = task.job.interval_ms
    if timeline.evidence.has_server_wire or not interval_ms:
        return True
    left_lo = max(after.start.lo, after.start.hi - task.device.round_trip_ms)
    needed_ms = interval_ms - timeline.tolerance.epsilon_ms
    if needed_ms > _RESOLUTION_MS:
        needed_ms -= _RESOLUTION_MS
    return left_lo - before.over_by_ms >= needed_ms


def _is_free(timeline: Timeline, task: Task, lo: int, hi: int) -> bool:
    """Tell whether nothing kept the next attempt from starting within Λ in `[lo, hi)`."""
    job = task.job
    last = hi - 1
    if job.is_asked_for:
        has_called = any(task.turned_down(lo + timeline.tolerance.start_ms, last))
    else:
        has_called = task.device.is_online_throughout(lo, last)
    return (
        has_called
        and job.is_started_throughout(0, last)
        and job.is_window_open_throughout(lo, last)
        and job.has_free_slot_throughout(lo, last)
        and job.has_rate_throughout(lo, last)
        and not _is_busy_elsewhere(timeline, task, lo, last)
    )


def _is_busy_elsewhere(timeline: Timeline, task: Task, lo: int, hi: int) -> bool:
    others = (one for one in timeline.tasks_of(task.device) if one is not task)
    return any(begin <= hi and lo <= end for other in others for begin, end in other.busy())


def _proof(attempt: Attempt) -> list[Record]:
    reports = [end.report for end in attempt.ends if end.report is not None]
    return [one.record for one in reports[:1]]
