"""V02: at most one task of a device is active."""

from __future__ import annotations

from collections.abc import Sequence

from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.overlap import Stretch, crowd
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import Task
from fleet_sim.oracle.timeline import Timeline


def one_active(timeline: Timeline) -> Outcome:
    """Count each start on a device that several jobs are for; convict where two tasks overlap.

    Where the contract lets tasks for different modules run at once, only those for the same one.

    Without the server's end in the log, a push that arrives before the end of the other task has
    been acknowledged is a doubt.
    """
    tally = Tally("V02")
    by_lane: dict[tuple[str, str], list[Task]] = {}
    for task in timeline.tasks:
        lane = task.job.order.module if timeline.contract.modules_side_by_side else ""
        by_lane.setdefault((task.device.name, lane), []).append(task)
    for tasks in by_lane.values():
        if len(tasks) > 1:
            _judge(tally, tasks, is_exact=timeline.evidence.has_server_wire)
    return tally.outcome()


def _judge(tally: Tally, tasks: Sequence[Task], *, is_exact: bool) -> None:
    certain = [
        Stretch(one.start.hi, one.active_until_ms, task, one.start.record)
        for task in tasks
        for one in task.attempts
        if one.is_certain
    ]
    clashes = list(crowd(certain, 1))
    close = [] if is_exact or clashes else list(crowd(_possible(tasks), 1))
    tally.held(len(certain) - len(clashes) - len(close))
    for at_ms, inside in close:
        text = (
            f"{seconds(at_ms)}: {tasks[0].name} was asked to upgrade, and whether its other "
            "upgrade had ended by then the evidence does not say"
        )
        tally.doubtful(text, (stretch.record for stretch in inside))
    for at_ms, inside in clashes:
        jobs = " and ".join(dict.fromkeys(stretch.task.job.id for stretch in inside))
        text = (
            f"{seconds(at_ms)}: {tasks[0].name} was asked to upgrade while another upgrade was "
            f"under way (jobs {jobs})"
        )
        tally.broken(text, (stretch.record for stretch in inside), task=_unsure(inside))


def _possible(tasks: Sequence[Task]) -> list[Stretch]:
    return [
        Stretch(one.start.hi, one.over_by_ms, task, one.start.record)
        for task in tasks
        for one in task.attempts
    ]


def _unsure(inside: Sequence[Stretch]) -> Task:
    return next((one.task for one in inside if one.task.is_ambiguous), inside[0].task)
