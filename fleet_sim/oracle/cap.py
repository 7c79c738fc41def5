"""V01: a job never has more tasks active at once than its cap."""

from __future__ import annotations

from itertools import zip_longest

from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.overlap import Stretch, crowd
from fleet_sim.oracle.tally import Tally, seconds, some
from fleet_sim.oracle.tasks import JobLine, Task
from fleet_sim.oracle.timeline import Timeline


def cap(timeline: Timeline) -> Outcome:
    """Count each start in a job with a cap; convict where those certainly active exceed it.

    A task is active from its push (or from getting under way) to the end of its attempt (or of the
    task), as the contract says. Certainly active: after the latest start, before the earliest end.
    """
    tally = Tally("V01")
    for job in timeline.jobs.values():
        if job.cap is None:
            continue
        certain, possible = [], []
        for task in job.tasks.values():
            for stretch, widest in _stretches(timeline, task):
                certain.append(stretch)
                possible.append(widest)
        _judge(tally, job, job.cap, certain, possible)
    return tally.outcome()


def _judge(
    tally: Tally, job: JobLine, most: int, certain: list[Stretch], possible: list[Stretch]
) -> None:
    crowds = list(crowd(certain, most))
    tally.held(len(certain) - len(crowds))
    for at_ms, inside in crowds:
        names = [stretch.task.name for stretch in inside]
        text = (
            f"{seconds(at_ms)}: job {job.id} has {len(inside)} devices under way; its cap is {most}"
        )
        proof = f"{text}: {some(names)} were all asked to upgrade and none of them had ended."
        if any(stretch.task.is_ambiguous for stretch in inside):
            tally.doubtful(proof, (stretch.record for stretch in inside))
        else:
            tally.broken(text, (stretch.record for stretch in inside), proof=proof)
    if crowds:
        return
    for at_ms, inside in crowd(possible, most):
        tally.doubtful(
            f"{seconds(at_ms)}: job {job.id} may have had {len(inside)} devices under way; its cap "
            f"is {most}, but the evidence does not say when each had ended",
            (stretch.record for stretch in inside),
        )
        return


def _stretches(timeline: Timeline, task: Task) -> list[tuple[Stretch, Stretch]]:
    """Return each active stretch twice: as it certainly was, and as long as it may have been."""
    contract = timeline.contract
    found = []
    for attempt, following in zip_longest(task.attempts, task.attempts[1:]):
        start = attempt.start.hi if contract.slot_taken_at == "push" else attempt.anchor_hi
        until, by = attempt.active_until_ms, attempt.likely_over_ms
        is_kept = contract.slot_freed_at == "task_end" and following is not None
        if is_kept and not following.is_retry_call:
            until = by = following.start.lo
        record = attempt.start.record
        found.append((Stretch(start, until, task, record), Stretch(start, by, task, record)))
    return found
