"""V16: a task that is over is never pushed again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fleet_sim.model.record import Record
from fleet_sim.oracle.attempts import RETRY_WORDS
from fleet_sim.oracle.evidence import Push
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import Task
from fleet_sim.oracle.timeline import Timeline


class Over(NamedTuple):
    """Why a task is over, since when at the earliest and at the latest, and what shows it."""

    lo: int
    hi: int
    why: str
    record: Record


def no_extra(timeline: Timeline) -> Outcome:
    """Look at every task that certainly was over, and at the pushes after that.

    Over means: its device reported the target while an attempt certainly ran, a read showed it as
    succeeded, an operator's cancel was answered with yes, or its last allowed attempt certainly
    ended. An operator's retry opens it again. Where only the device's end of the wire is in the
    log, a push received after the end that may have left before it is a doubt.
    """
    tally = Tally("V16")
    for task in timeline.tasks:
        ends = sorted(_ends(timeline, task), key=lambda over: over.hi)
        if not ends:
            continue
        seen = [push for push in task.pushes if not (push.is_copy or push.is_unseen)]
        extra = [push for push in seen if any(_follows(task, one, push) for one in ends)]
        unsure = None if extra else _unsure_push(timeline, task, seen, ends[0])
        if unsure is not None:
            text = (
                f"{seconds(unsure.hi)}: {task.name} received a push after its task was over "
                f"({ends[0].why}); it may have left before"
            )
            tally.doubtful(text, [ends[0].record, unsure.record])
            continue
        tally.held(int(not extra))
        for push in extra:
            over = next(one for one in ends if _follows(task, one, push))
            text = (
                f"{seconds(push.hi)}: {task.name} was {push.deed}, though its task was over: "
                f"{over.why}"
            )
            tally.broken(text, [over.record, push.record], task=task)
    return tally.outcome()


def _unsure_push(timeline: Timeline, task: Task, seen: list[Push], over: Over) -> Push | None:
    """Return a push that was received after the end, where only that end of the wire was seen."""
    if timeline.evidence.has_server_wire or task.calls.retries:
        return None
    return next((push for push in seen if push.record.t > over.hi), None)


def _follows(task: Task, over: Over, push: Push) -> bool:
    """Tell whether a push left after the task was over, and no retry can have come between."""
    return over.hi < push.lo and not any(
        call.hi >= over.lo and call.lo <= push.hi for call in task.calls.retries
    )


def _ends(timeline: Timeline, task: Task) -> Iterator[Over]:
    for sighting in task.sightings:
        if sighting.status == "succeeded":
            why = f"it showed as succeeded at {seconds(sighting.t1)}"
            yield Over(task.since(sighting, timeline.delta_ms), sighting.t1, why, sighting.record)
            break
    for call in task.calls.cancels:
        if call.outcome == "ok":
            why = f"it was cancelled at {seconds(call.hi)}"
            yield Over(call.lo, call.hi, why, call.record)
    yield from _ends_of_attempts(timeline, task)


def _ends_of_attempts(timeline: Timeline, task: Task) -> Iterator[Over]:
    epsilon_ms = timeline.tolerance.epsilon_ms
    allowed = task.job.attempts_max * (1 + len(task.calls.retries))
    count = 0
    for attempt in task.attempts:
        count += attempt.is_certain
        end = attempt.certain_end
        if end is None:
            continue
        is_first = attempt.earliest_end_ms >= end.lo
        if end.kind == "success" and is_first and end.report is not None:
            why = f"the device reported {task.target} at {seconds(end.hi)}"
            yield Over(end.lo, end.hi, why, end.report.record)
        word = RETRY_WORDS.get(end.kind)
        if word is None:
            continue
        record = attempt.start.record if end.report is None else end.report.record
        if count >= allowed:
            why = f"the last of {allowed} attempts had ended by {seconds(end.hi)} ({word})"
            yield Over(end.lo, end.hi + epsilon_ms, why, record)
        elif is_first and word not in timeline.contract.retry_on:
            why = f"attempt {attempt.number} ended at {seconds(end.hi)} in a {word}, never retried"
            yield Over(end.lo, end.hi + epsilon_ms, why, record)
