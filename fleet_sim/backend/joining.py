"""Who gets a task in a job: when it is made and, where its list is open, later.

An open list takes in devices for as long as its job runs and nobody has ended the list:

    made     every device that matches, unless the order skips those
    later    each device that comes to match by what it reports, or by what it is
    again    a device whose task has ended and that comes to match anew, as often as allowed
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from fleet_sim.backend import tasks
from fleet_sim.backend.books import Books
from fleet_sim.backend.lanes import are_apart
from fleet_sim.backend.state import DeviceState, JobState, TaskState, is_source, tries_of
from fleet_sim.backend.waiting import line_up, stir
from fleet_sim.backend.words import desc_of
from fleet_sim.model.chance import draw
from fleet_sim.model.messages import VersionReport
from fleet_sim.model.northbound import TaskStatus

# How a device came to be looked at: it registered or changed, or reported a version, new or not.
Cause = Literal["registered", "news", "same"]


def devices_of(books: Books) -> list[DeviceState]:
    """Return all devices in the order of their identities."""
    if books.sorted_devices is None:
        books.sorted_devices = [books.devices[device] for device in sorted(books.devices)]
    return books.sorted_devices


def chosen_for(books: Books, job: JobState) -> list[DeviceState]:
    """Return the devices that get a task when the job is made, by identity.

    Of a share, which ones is drawn: by chance, and the same for the same job.
    """
    if job.order.skips_present:
        return []
    found = [device for device in devices_of(books) if _qualifies(books, job, device)]
    millipercent = job.order.scope.millipercent
    if millipercent is None or not found:
        return found
    drawn = {
        id(device): draw(books.seed, str(device.device), "share", len(books.jobs))
        for device in found
    }
    count = max(1, len(found) * millipercent // 100_000)
    taken = {id(one) for one in sorted(found, key=lambda one: drawn[id(one)])[:count]}
    return [device for device in found if id(device) in taken]


def _qualifies(books: Books, job: JobState, device: DeviceState) -> bool:
    """Tell whether a device gets a task in the job."""
    if not job.accepts(device.registration):
        return False
    contract, version = books.contract, device.version_of(job.module)
    if version is None:
        may_fit = not job.sources or contract.unsupported_source == "fails"
        return may_fit and not (contract.must_have_reported_version or job.versions)
    if version == job.target and contract.already_at_target == "skip":
        return "B48" in books.planted
    if job.versions and version not in job.versions and "B61" not in books.planted:
        return False
    return is_source(job, version) or contract.unsupported_source == "fails" or not job.sources


def add(books: Books, job: JobState, device: DeviceState, now_ms: int) -> None:
    """Give a device a task; one that is known to be at the target needs no more."""
    task = _made(books, job, device, now_ms)
    is_there = device.version_of(job.module) == job.target and not books.contract.asks_version
    if is_there and task.is_waiting and "B48" not in books.planted:
        tasks.settle_at_target(books, task, now_ms)


def list_again(books: Books, device: DeviceState, report: VersionReport) -> None:
    """Count a device's success another time, as another task of its job (B20)."""
    task = device.latest
    is_told = task is not None and (task.job.module, task.job.target) == (
        report.module,
        report.version,
    )
    if task is None or not is_told or task.status is not TaskStatus.SUCCEEDED:
        return
    number = books.number("task")
    again = replace(task, task_id=books.name("task", number), number=number)
    tasks.enter(books, again)
    books.keep(again)


def join_open_lists(
    books: Books, device: DeviceState, now_ms: int, *, report: Cause = "registered"
) -> None:
    """Give a device a task in every job with an open list that it newly qualifies for.

    Where the newest list wins, only that one is looked at, whether or not it has the device.
    """
    if "B30" in books.planted:
        return
    takes_one = books.contract.open_lists == "newest_wins"
    candidates: Iterable[JobState] = books.jobs.values()
    for job in reversed(list(candidates)) if takes_one else candidates:
        if not (job.takes_joiners or "B29" in books.planted) or not _qualifies(books, job, device):
            continue
        if _may_join(books, job, device, report):
            add(books, job, device, now_ms)
        if takes_one:
            return


def _may_join(books: Books, job: JobState, device: DeviceState, report: Cause) -> bool:
    """Tell whether a device that qualifies gets a task, or another one, in an open list."""
    if job.order.skips_present and report == "registered":
        return False
    last = job.by_device_key.get(device.device.device_key)
    if last is None:
        return True
    most = books.contract.open_list_matches_max
    if most == 1 or report != "news" or not last.is_final:
        return False
    return sum(task.device is device for task in job.tasks) < most


def _made(books: Books, job: JobState, device: DeviceState, now_ms: int) -> TaskState:
    """Make a task for this device and put it in line; or fail it, if the device is another's."""
    has_way = _make_way(books, job, device, now_ms)
    number = books.number("task")
    task = TaskState(
        task_id=books.name("task", number),
        number=number,
        job=job,
        device=device,
        from_version=device.version_of(job.module) or "",
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        tries_left=tries_of(job.order, books.planted),
        timeout_s=job.order.timeout_s,
        status=TaskStatus.UNCONFIRMED if job.order.needs_confirmation else TaskStatus.QUEUED,
        is_consented=not job.order.needs_confirmation,
        awaits_connect=job.order.waits_for_connect,
    )
    tasks.enter(books, task)
    books.keep(task)
    if not has_way:
        tasks.finish(
            books, task, TaskStatus.FAILED, now_ms, desc=desc_of(books, "busy"), why="busy"
        )
    elif "B27" in books.planted and not device.is_connected:
        device.open_tasks.remove(task)  # no later change in its favour will find it
    else:
        line_up(books, task, now_ms)
        stir(books, task)
    return task


def _make_way(books: Books, job: JobState, device: DeviceState, now_ms: int) -> bool:
    """Settle whose a device is that has other tasks; tell whether the job may have it."""
    contract = books.contract
    others = [task for task in device.open_tasks if not are_apart(books, job, task.job)]
    if not others:
        return True
    takes_over = job.order.overwrites or all(_is_newer_twin(job, task.job) for task in others)
    if contract.busy_device != "overwrite" and not takes_over:
        return contract.busy_device == "queue" or "B60" in books.planted
    if any(_stands(other) not in contract.overwritable for other in others):
        return False
    status, text = TaskStatus(contract.cancel_shows_as), desc_of(books, "overwritten")
    for other in others:
        tasks.finish(books, other, status, now_ms, desc=text, why="overwritten")
    return True


def _is_newer_twin(job: JobState, older: JobState) -> bool:
    """Tell whether a job is for the module of an older one, and both say they run side by side."""
    have_said = job.order.side_by_side and older.order.side_by_side
    return have_said and job.module == older.module


def _stands(task: TaskState) -> str:
    """Return how an open task stands; one that shows as failed between attempts is in line."""
    return "queued" if task.status is TaskStatus.FAILED else task.status.value
