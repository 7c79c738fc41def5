"""Tasks in line: what they wait for, and who is told when that changes.

retry gap ──▶ device comes on line ──▶ its turn
└── or does not, by when the contract gives it up
"""

from __future__ import annotations

from heapq import heappush

from fleet_sim.backend.books import Books
from fleet_sim.backend.state import DeviceState, JobState, TaskState
from fleet_sim.backend.windows import opens_at
from fleet_sim.model.northbound import JobStatus, TaskStatus


def line_up(books: Books, task: TaskState, now_ms: int) -> None:
    """Set a waiting task's timer: to the end of its gap, then to when its device must be there.

    How long it waits for its device counts from when the job may push; a stopped one may not.
    """
    if task.not_before_ms > now_ms:
        books.timers.arm(task, task.not_before_ms)
        return
    by_ms = _online_by(books, task, now_ms)
    if by_ms != task.online_by_ms:
        task.online_by_ms = by_ms
        books.keep(task)
    books.timers.arm(task, by_ms)


def _online_by(books: Books, task: TaskState, now_ms: int) -> int | None:
    """Return by when the task's device must be there; what was once set stays set."""
    span_s = books.contract.online_timeout_s
    is_held = task.status is TaskStatus.UNCONFIRMED or task.job.status is not JobStatus.STARTED
    if span_s is None or task.device.is_connected or is_held:
        return None
    if task.online_by_ms is not None:
        return task.online_by_ms
    opens_ms = opens_at(task.job.order.window, books.epoch_ms + now_ms) - books.epoch_ms
    return opens_ms + span_s * 1000


def on_presence(books: Books, device: DeviceState, now_ms: int) -> None:
    """The device has come or gone: its waiting tasks wait for it no longer, or from now on."""
    for task in device.open_tasks:
        if device.is_connected and task.awaits_connect:
            task.awaits_connect = False
            books.keep(task)
        is_in_line = task.is_waiting and not task.awaits_round
        if is_in_line and books.contract.online_timeout_s is not None:
            line_up(books, task, now_ms)


def on_switched(books: Books, job: JobState, now_ms: int) -> None:
    """The job was stopped or started: its tasks wait for devices no longer, or from now on."""
    if books.contract.online_timeout_s is None:
        return
    for task in job.tasks:
        if task.is_waiting and not task.awaits_round:
            line_up(books, task, now_ms)


def stir(books: Books, task: TaskState) -> None:
    """Say that something has changed for this task: dispatch will look whether it can be pushed."""
    if task.is_waiting and not task.is_ready:
        task.is_ready = True
        heappush(task.job.ready, (not task.has_slot, task.number, task))
    books.stirred[task.job.number] = task.job


def stir_device(books: Books, device: DeviceState) -> None:
    """Say so for every open task of a device."""
    for task in device.open_tasks:
        stir(books, task)
