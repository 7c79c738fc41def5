"""V20: a task succeeds only after its device reported the target version."""

from __future__ import annotations

from fleet_sim.oracle.evidence import Report, Sighting
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import Task
from fleet_sim.oracle.timeline import Timeline


def no_false_success(timeline: Timeline) -> Outcome:
    """For every task shown as succeeded, ask for the report that made it so.

    A report of the target that can have arrived between the first push and the read proves it. One
    that was sent by then and is not known to have arrived leaves it open. So does a report before
    any push of a task that was never pushed: its server may have seen that there is nothing to do.
    """
    tally = Tally("V20")
    if not timeline.contract.success_needs_version_report:
        return Outcome("V20", is_promised=False)
    for task in timeline.tasks:
        for sighting in task.sightings:
            if sighting.status == "succeeded":
                _judge(timeline, tally, task, sighting)
    return tally.outcome()


def _judge(timeline: Timeline, tally: Tally, task: Task, sighting: Sighting) -> None:
    start = min((push.lo for push in task.pushes), default=None)
    since = task.job.order.create.lo if start is None else start
    reports = [one for one in task.device.reports if _names_target(task, one)]
    arrived = [one for one in reports if one.lo <= sighting.t1 and one.hi >= since]
    if any(one.is_certain for one in arrived):
        tally.held()
        return
    text = (
        f"{task.name} shows as succeeded at {seconds(sighting.t1)}, but it never reported "
        f"{task.target} between its first push and then"
    )
    records = [*(push.record for push in task.pushes[:1]), sighting.record]
    if arrived:
        tally.doubtful(f"{text}, or its report arrived unseen", records)
    elif start is None and _skipped(timeline, reports):
        tally.held()
    else:
        later = [one.record for one in reports if one.lo > sighting.t1][:1]
        tally.broken(text, [*records, *later], task=task)


def _names_target(task: Task, report: Report) -> bool:
    is_its = report.kind == "version" and report.module == task.job.order.module
    return is_its and report.version == task.target


def _skipped(timeline: Timeline, reports: list[Report]) -> bool:
    """Tell whether an unpushed task succeeds at once, as its device runs the target already."""
    contract = timeline.contract
    may = contract.already_at_target == "instant_success"
    return bool(reports) and (may or contract.target_before_push == "succeeds")
