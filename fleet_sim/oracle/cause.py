"""V27: an attempt that its device reported as failed ends as failed, with the device's code."""

from __future__ import annotations

from fleet_sim.oracle.attempts import Attempt, End
from fleet_sim.oracle.evidence import FOREVER, Poll, Sighting
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import ACTIVE, Task
from fleet_sim.oracle.timeline import Timeline


def cause(timeline: Timeline) -> Outcome:
    """Look at every failure that certainly arrived while its attempt was active.

    The first read that must show it, before the next attempt hides it, shows the task as failed
    with that very code; or between two attempts, where it need not show a code.
    """
    tally = Tally("V27")
    for task, attempt in timeline.attempts():
        end = attempt.told("failure")
        if end is not None:
            _judge(timeline, tally, task, attempt, end)
    return tally.outcome()


def _judge(timeline: Timeline, tally: Tally, task: Task, attempt: Attempt, end: End) -> None:
    visible = timeline.due_ms(end.hi + timeline.tolerance.epsilon_ms + timeline.delta_ms)
    shown = task.seen_after(visible, FOREVER if attempt.next is None else attempt.next.lo)
    if shown is None or _is_overlaid(task, end, shown[0]):
        return
    poll, sighting = shown
    report = end.report
    assert report is not None
    code = "a failure" if report.step is None else f"code {report.step}"
    text = (
        f"{task.name} reported {code} at {seconds(end.hi)}, during attempt {attempt.number}, but "
        f"shows as {sighting.status} with progress {sighting.progress} at {seconds(poll.t0)}"
    )
    records = [attempt.start.record, report.record, sighting.record]
    if _is_right(timeline, sighting, report.step):
        tally.held(int(sighting.status == "failed"))
    elif sighting.status in ACTIVE and task.device.is_touched(end.lo, poll.t1):
        tally.doubtful(f"{text}, unless a next push was lost on its way", records)
    else:
        tally.broken(text, records, task=task)


def _is_overlaid(task: Task, end: End, poll: Poll) -> bool:
    """Tell whether something else can have come between: a later report, or an operator."""
    later = any(one is not end.report for one in task.reports_between(end.lo + 1, poll.t1))
    calls = [*task.calls.cancels, *task.calls.retries]
    return later or any(call.lo <= poll.t1 and call.hi >= end.lo for call in calls)


def _is_right(timeline: Timeline, sighting: Sighting, step: int | None) -> bool:
    if sighting.status == "failed":
        if step is None:
            return sighting.progress is not None and sighting.progress < 0
        return sighting.progress == step
    return sighting.status in timeline.contract.between_attempts_status
