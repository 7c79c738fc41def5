"""V03: only devices that the job selects are pushed."""

from __future__ import annotations

from fleet_sim.oracle.evidence import Device, Push
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds, some
from fleet_sim.oracle.tasks import JobLine, Task
from fleet_sim.oracle.timeline import Timeline
from fleet_sim.oracle.versions import last_versions, version_acknowledged


def scope(timeline: Timeline) -> Outcome:
    """Hold each push against its job's product, device list and source versions.

    A retry may come after the device reported some other version, so source versions are held
    against the first push only; and as a frozen list is made when the job is, a device that matched
    then and no longer does is a doubt. So is, without the server's end in the log, one whose latest
    word by then was another version: the push may have left before that word arrived.
    """
    tally = Tally("V03")
    for task in timeline.tasks:
        for push in task.pushes:
            if not push.is_unseen:
                _judge(timeline, tally, task, push)
    for device, push in timeline.loose if timeline.jobs else ():  # of no order of ours, no promise
        tally.doubtful(
            f"{seconds(push.hi)}: {device.key} was {push.deed} {push.version}, which no job "
            "of this run is for",
            [push.record],
        )
    return tally.outcome()


def _judge(timeline: Timeline, tally: Tally, task: Task, push: Push) -> None:
    job, device = task.job, task.device
    wrong = _wrong_device(job, device)
    if wrong:
        text = f"{seconds(push.hi)}: job {job.id} {push.deed} {device.key}, {wrong}"
        tally.broken(text, [job.order.create.record, push.record], task=task)
        return
    sources = job.order.from_versions
    if not sources or push is not task.pushes[0]:
        tally.held()
        return
    running = last_versions(device, push.lo, push.hi, job.order.module)
    told = None
    if not timeline.evidence.has_server_wire:
        told = version_acknowledged(device, push)
    if running & sources and (told is None or told in sources):
        tally.held()
        return
    shown = told or some(sorted(running)) or "no version that the log shows"
    text = (
        f"{seconds(push.hi)}: job {job.id} {push.deed} {device.key}, whose last report was "
        f"{shown}; the job is for {some(sorted(sources))}"
    )
    create = job.order.create
    matched = last_versions(device, create.lo, create.hi, job.order.module) & sources
    records = [job.order.create.record, push.record]
    if running & sources:
        tally.doubtful(f"{text}, unless its push left before that report arrived", records)
    elif matched:
        tally.doubtful(f"{text}, which it ran when the job was made", records)
    elif not running:
        tally.doubtful(text, records)
    else:
        tally.broken(text, records, task=task)


def _wrong_device(job: JobLine, device: Device) -> str:
    if job.order.product not in {"", device.product}:
        return f"which is of product {device.product}; the job is for {job.order.product}"
    if not job.order.names(device.name):
        return "which is not among the devices that the job names"
    return ""
