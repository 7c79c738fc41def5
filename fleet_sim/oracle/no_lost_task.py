"""V34: every device in scope has a task, and each task ends or waits for a stated reason."""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.model.record import Record
from fleet_sim.oracle.evidence import Device
from fleet_sim.oracle.open_tasks import Reason, Wait, reason_for
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds, some
from fleet_sim.oracle.tasks import JobLine, Task
from fleet_sim.oracle.timeline import Timeline
from fleet_sim.oracle.versions import last_versions


def no_lost_task(timeline: Timeline) -> Outcome:
    """Compare each job's tasks with its scope, and, after settling, explain each open task.

    In scope: of the product, named by the job, and certainly known with a source version (and not
    the target) when the job was made. Stated reasons: off line, window, retry interval, no free
    slot, busy elsewhere, job stopped, silent where the contract lets it wait. An attempt whose time
    was not up when the log ended is a doubt, as is whatever the log shows too little of.
    """
    tally = Tally("V34")
    settled_ms = timeline.evidence.settled_at_ms
    waits: dict[Reason, list[Task]] = {}
    for job in timeline.jobs.values():
        _missing(timeline, tally, job)
        _vanished(tally, job)
        if settled_ms is None or job.last_poll is None or job.last_poll.t1 < settled_ms:
            continue
        for task in job.tasks.values():
            waits.setdefault(reason_for(timeline, task), []).append(task)
    for reason, tasks in waits.items():
        _tell(tally, reason, tasks)
    tally.reason = "; ".join(_waiting(waits))
    return tally.outcome()


def _tell(tally: Tally, reason: Reason, tasks: list[Task]) -> None:
    match reason.wait:
        case Wait.OVER | Wait.STATED:
            tally.held(len(tasks))
        case Wait.TIMER | Wait.UNCLEAR:
            names = some([task.name for task in tasks])
            tally.doubtful(f"{len(tasks)} tasks are open: {reason.text} ({names})", _shown(tasks))
        case Wait.LOST:
            for task in tasks:
                status = task.last.status if task.last else "nothing"
                text = f"{task.name} still shows as {status} in the end: {reason.text}"
                presence = [push.record for push in task.pushes[-1:]]
                tally.broken(text, [*presence, *_shown([task])], task=task)


def _waiting(waits: dict[Reason, list[Task]]) -> Iterator[str]:
    """Say what the open tasks wait for, the most frequent reason first."""
    for reason, tasks in sorted(waits.items(), key=lambda item: -len(item[1])):
        if reason.wait is not Wait.OVER:
            yield f"{len(tasks)} open: {reason.text} ({some([task.name for task in tasks], 3)})"


def _shown(tasks: list[Task]) -> list[Record]:
    return [task.last.record for task in tasks if task.last is not None]


# --- the scope -----------------------------------------------------------------------------------


def _missing(timeline: Timeline, tally: Tally, job: JobLine) -> None:
    """Ask for a task of every device that certainly was in scope when the job was made."""
    visible = timeline.due_ms(job.order.create.hi + timeline.delta_ms)
    number = job.first_poll_after(visible)
    if number >= len(job.polls) or job.order.create.outcome != "ok":
        return
    missing = [
        device
        for device in timeline.devices.values()
        if device.name not in job.order.seen and is_in_scope(timeline, job, device)
    ]
    if not missing:
        return
    names = some([device.key for device in missing])
    text = f"job {job.id} has no task for {len(missing)} devices of its scope: {names}"
    reports = [
        next(one.record for one in device.reports if one.kind == "version") for device in missing
    ]
    tally.broken(text, [*reports, job.order.create.record, job.polls[number].record])


def is_in_scope(timeline: Timeline, job: JobLine, device: Device) -> bool:
    """Tell whether a job's scope certainly takes in a device.

    A device that is busy elsewhere may be refused by some contracts; then nothing is certain.
    """
    order = job.order
    lo = order.create.lo - timeline.tolerance.epsilon_ms
    running = last_versions(device, lo, order.create.hi, order.module)
    is_known = any(
        one.kind == "version" and one.module == order.module and one.hi < lo
        for one in device.reports
    )
    is_source = bool(running) and (not order.from_versions or running <= order.from_versions)
    if not (is_known and is_source and order.names(device.name)) or order.to_version in running:
        return False
    if not order.product and device.fleet != order.fleet:
        return False
    return timeline.contract.busy_device == "queue" or len(timeline.jobs) == 1


def _vanished(tally: Tally, job: JobLine) -> None:
    """Tasks once shown are shown for ever, unless their job is deleted."""
    poll = job.last_poll
    if poll is None or poll.is_whole or job.calls("delete_job"):
        return
    known = sum(len(shown) for shown in job.order.seen.values())
    unique = int(poll.record.get("unique") or 0)
    text = (
        f"job {job.id} shows {unique} tasks at {seconds(poll.t0)}; {known} different ones were "
        "shown before"
    )
    totals = {page[3] for page in poll.record.get("pages") or () if len(page) > 3}  # noqa: PLR2004
    if totals == {unique}:
        tally.broken(text, [poll.record])
    else:
        tally.doubtful(f"{text}, but its pages do not add up", [poll.record])
