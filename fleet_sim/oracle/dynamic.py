"""V37: an open list takes in the devices that come to match it, and leaves out those that cease to.

reports a matching version ──── Λ ────┤ δ ├── a look at the whole list shows its task
reports another one, certainly before its first push ── no push
"""

from __future__ import annotations

from fleet_sim.oracle.evidence import FOREVER, Device, Report
from fleet_sim.oracle.joiners import late_matches
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds, some
from fleet_sim.oracle.tasks import JobLine, Task
from fleet_sim.oracle.timeline import Timeline
from fleet_sim.oracle.versions import last_versions


def dynamic(timeline: Timeline) -> Outcome:
    """Ask for a task of every device that newly matched an open list, and for no push without one.

    The device went on matching and the job went on running until the task was due. Of several
    open lists where the newest wins, the older ones owe nothing.
    """
    tally = Tally("V37")
    jobs = [job for job in timeline.jobs.values() if job.order.is_open_list]
    if not jobs and timeline.contract.policy_names is None:
        return Outcome("V37", is_promised=False)
    for job in jobs:
        if not _is_outdone(timeline, job, jobs):
            for device, report in late_matches(timeline, job):
                _joins(timeline, tally, job, device, report)
        for task in job.tasks.values():
            _left(timeline, tally, task)
    return tally.outcome()


def _is_outdone(timeline: Timeline, job: JobLine, jobs: list[JobLine]) -> bool:
    if timeline.contract.open_lists == "independent":
        return False
    since = job.order.create.lo
    return any(other is not job and other.order.create.hi >= since for other in jobs)


def _joins(timeline: Timeline, tally: Tally, job: JobLine, device: Device, report: Report) -> None:
    if device.name in job.order.seen:
        tally.held()
        return
    due = timeline.due_ms(report.hi + timeline.tolerance.start_ms + timeline.delta_ms)
    number = job.first_poll_after(due)
    if due >= FOREVER or number >= len(job.polls) or not _is_owed(job, device, report, due):
        return
    poll = job.polls[number]
    text = (
        f"{device.key} came to match job {job.id} at {seconds(report.hi)}, with {report.version}, "
        f"and the list of the job is open; it has no task at {seconds(poll.t0)}"
    )
    records = [job.order.create.record, report.record, poll.record]
    if poll.is_whole:
        tally.broken(text, records)
    else:
        tally.doubtful(f"{text}, but not every row was seen", records)


def _is_owed(job: JobLine, device: Device, report: Report, due: int) -> bool:
    """Tell whether nothing changed until the task was due."""
    has_moved_on = any(
        one.kind == "version" and one.version != report.version and report.lo <= one.lo <= due
        for one in device.reports
        if one.module == report.module
    )
    return job.is_started_throughout(0, due) and not has_moved_on


def _left(timeline: Timeline, tally: Tally, task: Task) -> None:
    """Look at a task's first push: had its device ceased to match by then?"""
    sources, first = task.job.order.from_versions, next(iter(task.pushes), None)
    if not sources or first is None or first.is_unseen or not timeline.evidence.has_server_wire:
        return
    running = last_versions(task.device, first.lo, first.hi, task.job.order.module)
    if not running or running & sources:
        return
    text = (
        f"{seconds(first.hi)}: job {task.job.id} {first.deed} {task.name}, whose last report was "
        f"{some(sorted(running))}; the open list is for {some(sorted(sources))}"
    )
    tally.broken(text, [task.job.order.create.record, first.record], task=task)
