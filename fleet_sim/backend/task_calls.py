"""Calls about the tasks of a job: cancel, retry and confirm them."""

from __future__ import annotations

from fleet_sim.backend import tasks
from fleet_sim.backend.books import Books
from fleet_sim.backend.state import TaskState
from fleet_sim.model.northbound import (
    Answer,
    CancelJob,
    ConfirmTasks,
    Done,
    JobStatus,
    Refusal,
    Refused,
    TaskStatus,
)


def cancel_all(books: Books, call: CancelJob, now_ms: int) -> Answer:
    """End the job's tasks that stand so, those that have ended aside; end its list if asked to."""
    job = books.jobs.get(call.job_id)
    if job is None:
        return Refused(Refusal.NO_SUCH_JOB, call.job_id)
    if call.ends_list and (not job.order.open_list or job.is_list_over):
        return Refused(Refusal.BAD_ARGUMENT, "ends_list: the job has no open list")
    if not (call.statuses or call.ends_list):
        return Refused(Refusal.BAD_ARGUMENT, "statuses: there are none")
    wrong = [one for one in call.statuses if not _is_cancellable(books, one)]
    if wrong:
        return Refused(Refusal.TASK_NOT_CANCELLABLE, wrong[0].value)
    for task in [one for one in job.tasks if not one.is_final and one.status in call.statuses]:
        tasks.cancel(books, task, now_ms)
    if call.ends_list:
        job.is_list_over = True
        books.keep(job)
    return Done()


def confirm(books: Books, call: ConfirmTasks, now_ms: int) -> Answer:
    """Consent to these tasks, all of them or, if one does not wait for it, none."""
    if not call.task_ids:
        return Refused(Refusal.BAD_ARGUMENT, "task_ids: there are none")
    found = []
    for task_id in dict.fromkeys(call.task_ids):
        task = books.tasks.get(task_id)
        if task is None:
            return Refused(Refusal.NO_SUCH_TASK, task_id)
        if task.status is not TaskStatus.UNCONFIRMED:
            return Refused(Refusal.BAD_ARGUMENT, f"task_ids: {task_id} does not wait for consent")
        found.append(task)
    for task in found:
        tasks.confirm(books, task, now_ms)
    return Done()


def cancel(books: Books, job_id: str, device_keys: tuple[str, ...], now_ms: int) -> Answer:
    """End these tasks, all of them or, if one cannot be cancelled, none."""
    found = _tasks_of(books, job_id, device_keys)
    if isinstance(found, Refused):
        return found
    for task in found:
        if task.is_final or not _is_cancellable(books, task.status):
            return Refused(Refusal.TASK_NOT_CANCELLABLE, task.device.device.device_key)
    for task in found:
        tasks.cancel(books, task, now_ms)
    return Done()


def retry(books: Books, job_id: str, device_keys: tuple[str, ...], now_ms: int) -> Answer:
    """Begin these failed tasks again, all of them or, if one has not failed, none.

    Whether cancelled ones can be begun again as well, the contract says.
    """
    found = _tasks_of(books, job_id, device_keys)
    if isinstance(found, Refused):
        return found
    for task in found:
        if not task.is_final or task.status.value not in books.contract.reopenable:
            return Refused(Refusal.TASK_NOT_FAILED, task.device.device.device_key)
    if books.jobs[job_id].order.firmware_id not in books.firmware:
        return Refused(Refusal.NO_SUCH_FIRMWARE, books.jobs[job_id].order.firmware_id)
    for task in found:
        tasks.retry(books, task, now_ms)
    return Done()


def _is_cancellable(books: Books, status: TaskStatus) -> bool:
    word = TaskStatus.QUEUED if status is TaskStatus.UNCONFIRMED else status
    return word.value in books.contract.cancellable


def _tasks_of(books: Books, job_id: str, device_keys: tuple[str, ...]) -> list[TaskState] | Refused:
    job = books.jobs.get(job_id)
    if job is None:
        return Refused(Refusal.NO_SUCH_JOB, job_id)
    if job.status is not JobStatus.STARTED:
        return Refused(Refusal.JOB_NOT_RUNNING, job_id)
    if not device_keys:
        return Refused(Refusal.BAD_ARGUMENT, "device_keys: there are none")
    strange = [key for key in device_keys if key not in job.by_device_key]
    if strange:
        return Refused(Refusal.BAD_ARGUMENT, f"device_keys: {strange[0]} has no task in the job")
    return [job.by_device_key[key] for key in dict.fromkeys(device_keys)]
