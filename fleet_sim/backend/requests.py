"""Upgrade requests, and the question for the version that comes before one where it is asked."""

from __future__ import annotations

from fleet_sim.backend.books import Books
from fleet_sim.backend.firmware import image_of
from fleet_sim.backend.state import TaskState
from fleet_sim.model.messages import GatewayNotice, UpgradeRequest, VersionAsked

# A request's id is the task's number followed by the number of the request within the task, so
# that ids are digits only, as some devices expect, and need no counter of their own.
_PUSHES_SPAN = 1_000_000


def send(books: Books, task: TaskState) -> None:
    """Send the task's upgrade request under a new id, or the question that comes before it."""
    task.pushes += 1
    message_id = str(task.number * _PUSHES_SPAN + task.pushes)
    books.keep(task)
    if task.asked_at_ms is None:
        request = UpgradeRequest(message_id, image_of(books, task), _notice_of(task))
        books.tell(task.device, request)
    else:
        books.tell(task.device, VersionAsked(message_id, _notice_of(task)))


def _notice_of(task: TaskState) -> GatewayNotice | None:
    """Return what the device's gateway, or itself as one, is told of the job; None: nothing."""
    job, extra = task.job, task.job.order.gateway_extra
    if extra is None:
        return None
    gateway = task.device.registration.gateway or task.device.device
    return GatewayNotice(job.job_id, job.children.get(gateway, 0), extra)


def is_request_of(task: TaskState, message_id: str) -> bool:
    """Tell whether the id is that of one of the task's upgrade requests."""
    is_ours = message_id.isascii() and message_id.isdigit()
    return is_ours and task_number(message_id) == task.number


def task_number(message_id: str) -> int:
    """Return the number of the task that a request's or a question's id names."""
    return int(message_id) // _PUSHES_SPAN
