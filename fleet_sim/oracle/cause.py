"""V27: an attempt that its device reported as failed ends as failed, with the device's code.

Where the vendor shows no codes it is to end as failed, and not as timed out.
"""

from __future__ import annotations

from fleet_sim.oracle.attempts import Attempt, End
from fleet_sim.oracle.evidence import Poll, Report, Sighting
from fleet_sim.oracle.missed import may_be_missed
from fleet_sim.oracle.open_tasks import may_be_between
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
    shown = task.seen_after(visible, attempt.next)
    report = end.report
    assert report is not None
    if shown is None or _is_overlaid(task, report, shown[0]):
        return
    poll, sighting = shown
    code = "a failure" if report.step is None else f"code {report.step}"
    text = (
        f"{task.name} reported {code} at {seconds(end.hi)}, during attempt {attempt.number}, but "
        f"shows as {sighting.status} with progress {sighting.progress} at {seconds(poll.t0)}"
    )
    records = [attempt.start.record, report.record, sighting.record]
    is_kept = may_be_between(timeline, task, attempt, poll.t1) and sighting.status in ACTIVE
    if is_kept or _is_right(timeline, sighting, report.step):
        tally.held(int(sighting.status == "failed"))
    elif sighting.status in ACTIVE and task.device.is_touched(end.lo, poll.t1):
        tally.doubtful(f"{text}, unless a next push was lost on its way", records)
    elif sighting.status == "failed" and _next_may_be_missed(timeline, task, attempt, poll):
        tally.doubtful(f"{text}, unless its device was given up before its retry", records)
    else:
        tally.broken(text, records, task=task)


def _is_overlaid(task: Task, report: Report, poll: Poll) -> bool:
    """Tell whether something else can have come between: a later report, or an operator.

    What was sent before the failure and had its acknowledgement before it arrived before it; the
    reply to a push moves no row.
    """
    later = any(
        one is not report and one.kind != "ack" and (one.lo > report.lo or one.hi > report.hi)
        for one in task.reports_between(report.lo, poll.t1)
    )
    calls = [*task.calls.cancels, *task.calls.retries, *task.calls.stops]
    return later or any(call.lo <= poll.t1 and call.hi >= report.lo for call in calls)


def _next_may_be_missed(timeline: Timeline, task: Task, attempt: Attempt, poll: Poll) -> bool:
    """Tell whether the next attempt may have ended unseen by then, its device not being there."""
    is_retried = "failed" in timeline.contract.retry_on and task.has_left(attempt)
    return is_retried and may_be_missed(timeline, task, attempt.start.hi + 1, poll.t1)


def _is_right(timeline: Timeline, sighting: Sighting, step: int | None) -> bool:
    if sighting.status == "failed":
        if not timeline.contract.shows_progress:
            return sighting.desc is None or sighting.desc != _timeout_text(timeline)
        if step is None:
            return sighting.progress is not None and sighting.progress < 0
        return sighting.progress == step
    return sighting.status in timeline.contract.seen_between_attempts


def _timeout_text(timeline: Timeline) -> str | None:
    """Return the vendor's own word for an attempt that took too long, if it has one."""
    return dict(timeline.contract.descs).get("timeout")
