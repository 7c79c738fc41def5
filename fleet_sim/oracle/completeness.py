"""V23: a device that reports the target during its attempt is shown as succeeded."""

from __future__ import annotations

from fleet_sim.oracle.attempts import Attempt, End
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import Task
from fleet_sim.oracle.timeline import Timeline


def completeness(timeline: Timeline) -> Outcome:
    """Look at every report of the target that certainly arrived while its attempt was active.

    The first read asked later than a server may need to show it must show success.
    """
    tally = Tally("V23")
    for task, attempt in timeline.attempts():
        end = attempt.told("success")
        if end is not None:
            _judge(timeline, tally, task, attempt, end)
    return tally.outcome()


def _judge(timeline: Timeline, tally: Tally, task: Task, attempt: Attempt, end: End) -> None:
    assert end.report is not None
    visible = timeline.due_ms(end.hi + timeline.tolerance.epsilon_ms + timeline.delta_ms)
    shown = task.seen_after(visible, attempt.next)
    if shown is None:
        return
    poll, sighting = shown
    if sighting.status == "succeeded":
        tally.held()
        return
    text = (
        f"{task.name} reported {task.target} at {seconds(end.hi)}, during attempt "
        f"{attempt.number}, but shows as {sighting.status} at {seconds(poll.t0)}"
    )
    records = [attempt.start.record, end.report.record, sighting.record, poll.record]
    tally.broken(text, records, task=task)
