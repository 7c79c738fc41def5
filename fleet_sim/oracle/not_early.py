"""V13: no attempt is timed out before its time, and none is pushed twice without a reason."""

from __future__ import annotations

from fleet_sim.oracle.attempts import Attempt, End, proof_of_start
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import Task
from fleet_sim.oracle.timeline import Timeline


def not_early(timeline: Timeline) -> Outcome:
    """Look at every attempt: at second pushes inside it, and at an end that nothing explains.

    A repetition after a reconnect, where the contract allows it, is part of the attempt. An attempt
    whose timer nothing started is given its whole time from the push: a server that need not time
    out the silent may still do so.
    """
    tally = Tally("V13")
    for task, attempt in timeline.attempts():
        if attempt.is_open_point:
            tally.doubtful(
                f"{task.name}: the push at {seconds(attempt.start.hi)} is a second one inside an "
                "attempt, unless the server gave that up for a reason the contract leaves open",
                [attempt.start.record],
            )
        if attempt.strays:
            _stray(tally, task, attempt)
        elif attempt.is_certain:
            _judge(tally, task, attempt)
    return tally.outcome()


def _stray(tally: Tally, task: Task, attempt: Attempt) -> None:
    for push in attempt.strays:
        text = (
            f"{seconds(push.hi)}: {task.name} was {push.deed} again inside attempt "
            f"{attempt.number}, which began at {seconds(attempt.start.hi)} and had not ended"
        )
        tally.broken(text, [*proof_of_start(attempt), push.record], task=task)


def _judge(tally: Tally, task: Task, attempt: Attempt) -> None:
    seen = attempt.seen_as
    if attempt.seen_end is None or seen is None:
        tally.held(int(attempt.is_next_certain))
        return
    seen_ms = attempt.seen_end[1]
    possible = [end for end in attempt.ends if end.lo <= seen_ms]
    causes = {end.kind for end in possible}
    if seen.status == "succeeded" or any(_is_known(end) for end in possible):
        tally.held()
        return
    text = (
        f"{task.name}: attempt {attempt.number}, {attempt.start.deed} at "
        f"{seconds(attempt.start.hi)}, shows as {seen.status} at {seconds(seen_ms)}, "
        f"though no report and no call had ended it and its time was not up{_due(attempt)}"
    )
    records = [*proof_of_start(attempt), seen.record]
    has_left = seen.status == "queued" and task.device.is_touched(attempt.start.hi, seen_ms)
    if causes or has_left:
        tally.doubtful(text, records)
    else:
        tally.broken(text, records, task=task)


def _is_known(end: End) -> bool:
    """Tell whether what may have ended an attempt did happen; of a report, that it arrived."""
    return end.kind != "old_version" and (end.report is None or end.report.is_certain)


def _due(attempt: Attempt) -> str:
    due = [end.lo for end in attempt.ends if end.kind == "timeout"]
    return f" before {seconds(due[0])}" if due else ""
