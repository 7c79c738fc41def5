"""V01: a job never has more tasks active at once than its cap."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.overlap import Stretch, crowd
from fleet_sim.oracle.tally import Tally, seconds, some
from fleet_sim.oracle.tasks import JobLine, Task
from fleet_sim.oracle.timeline import Timeline

UNSURE_ENDS = "the evidence does not say when each had ended"
UNSURE_FROM_OUTSIDE = (
    "seen from the devices alone a push is known only by its arrival and an end only by its "
    "acknowledgement, so that one that makes room for another looks as if both were under way"
)


@dataclass(frozen=True, slots=True)
class Crowds:
    """A job's active stretches, as they certainly were and as they may have been.

    Attributes:
        certain: After the latest start, before the earliest end.
        possible: As wide as the evidence allows.
        why: What makes the two differ.
    """

    certain: list[Stretch]
    possible: list[Stretch]
    why: str


def cap(timeline: Timeline) -> Outcome:
    """Count each start in a job with a cap; convict where those certainly active exceed it.

    A vendor whose jobs have none promises nothing.

    A task is active from its push (or from getting under way) to the end of its attempt (or of the
    task), as the contract says. Certainly active: after the latest start, before the earliest end.
    Without the server's end in the log, starts are as wide as ends: a cap that is used to the full
    then never shows as held, since what ended and what began at once cannot be told apart.
    """
    tally = Tally("V01")
    if timeline.contract.cap_default is None and not any(
        job.cap is not None for job in timeline.jobs.values()
    ):
        return Outcome("V01", is_promised=False)
    for job in timeline.jobs.values():
        if job.cap is None:
            continue
        certain, possible = [], []
        for task in job.tasks.values():
            for stretch, widest, is_seen in _stretches(timeline, task):
                certain += [stretch] if is_seen else []
                possible.append(widest)
        why = UNSURE_ENDS if timeline.evidence.has_server_wire else UNSURE_FROM_OUTSIDE
        _judge(tally, job, job.cap, Crowds(certain, possible, why))
    return tally.outcome()


def _judge(tally: Tally, job: JobLine, most: int, seen: Crowds) -> None:
    crowds = list(crowd(seen.certain, most))
    tally.held(len(seen.certain) - len(crowds))
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
    for at_ms, inside in crowd(seen.possible, most):
        tally.doubtful(
            f"{seconds(at_ms)}: job {job.id} may have had {len(inside)} devices under way; its cap "
            f"is {most}, and no more certainly were, but {seen.why}",
            (stretch.record for stretch in inside),
        )
        return


def _stretches(timeline: Timeline, task: Task) -> list[tuple[Stretch, Stretch, bool]]:
    """Return each active stretch as it certainly was, as long as it may have been, and if it was.

    An attempt whose push nobody but a read has seen may not have been.
    """
    contract, is_exact = timeline.contract, timeline.evidence.has_server_wire
    found = []
    for attempt, following in zip_longest(task.attempts, task.attempts[1:]):
        start = attempt.start.hi if contract.slot_taken_at == "push" else attempt.anchor_hi
        until, by = attempt.active_until_ms, attempt.likely_over_ms
        is_kept = contract.slot_freed_at == "task_end" and following is not None
        if is_kept and not following.is_retry_call:
            until = by = following.start.lo
        record = attempt.start.record
        since = start if is_exact else min(start, attempt.start.lo)
        certain, possible = (
            Stretch(start, until, task, record),
            Stretch(since, by, task, record),
        )
        found.append((certain, possible, not attempt.start.is_unseen))
    return found
