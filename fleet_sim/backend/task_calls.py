"""Calls about the tasks of a job: cancel, retry and confirm them."""

from __future__ import annotations

from fleet_sim.backend import job_rows, tasks
from fleet_sim.backend.books import Books
from fleet_sim.backend.state import JobState, TaskState
from fleet_sim.model.northbound import (
    Answer,
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    Done,
    JobStatus,
    Refusal,
    Refused,
    RetryTasks,
    TaskStatus,
)


def cancel_all(books: Books, call: CancelJob, now_ms: int) -> Answer:
    """End the job's tasks that stand so, those that have ended aside; end its list if asked to."""
    job = books.jobs.get(call.job_id)
    if job is None:
        return Refused(Refusal.NO_SUCH_JOB, call.job_id)
    if call.ends_list and (not job.order.open_list or job.is_list_over):
        return Refused(Refusal.BAD_ARGUMENT, "ends_list: the job has no open list")
    if not (call.statuses or call.ends_list or call.is_planned):
        return Refused(Refusal.BAD_ARGUMENT, "statuses: there are none")
    wrong = [one for one in call.statuses if not _is_cancellable(books, one)]
    if wrong:
        return Refused(Refusal.TASK_NOT_CANCELLABLE, wrong[0].value)
    with_all = call.is_planned and job_rows.is_planned(books, job, now_ms)
    for task in [one for one in job.tasks if not one.is_final]:
        if with_all or task.status in call.statuses:
            tasks.cancel(books, task, now_ms)
    if call.ends_list:
        job.is_list_over, job.updated_at_ms = True, now_ms
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
        task.is_consented = True
        tasks.confirm(books, task, now_ms)
    return Done()


def cancel(books: Books, call: CancelTasks, now_ms: int) -> Answer:
    """End these tasks, all of them or, if one cannot be cancelled, none."""
    found = _tasks_of_firmware(books, call) if not call.job_id else _tasks_of_job(books, call)
    if isinstance(found, Refused):
        return found
    for task in found:
        if task.is_final or not _is_cancellable(books, task.status):
            return Refused(Refusal.TASK_NOT_CANCELLABLE, task.device.device.device_key)
    for task in found:
        tasks.cancel(books, task, now_ms)
    return Done()


def retry(books: Books, call: RetryTasks, now_ms: int) -> Answer:
    """Begin these failed tasks again, all of them or, if one has not failed, none.

    Where none is named, all that have failed. Whether cancelled ones can be begun again as well,
    the contract says. One that nobody consented to waits for that again.
    """
    found = _tasks_to_retry(books, call)
    if isinstance(found, Refused):
        return found
    for task in found:
        if not _is_reopenable(books, task):
            return Refused(Refusal.TASK_NOT_FAILED, task.device.device.device_key)
    firmware_id = books.jobs[call.job_id].order.firmware_id
    if firmware_id not in books.firmware:
        return Refused(Refusal.NO_SUCH_FIRMWARE, firmware_id)
    for task in found:
        begin_again = tasks.retry if task.is_final else tasks.hasten
        begin_again(books, task, now_ms)
    return Done()


def _is_reopenable(books: Books, task: TaskState) -> bool:
    reopenable = books.contract.reopenable
    if job_rows.is_retry_due(books, task):
        return "retry_due" in reopenable
    return task.is_final and task.status.value in reopenable


def _is_cancellable(books: Books, status: TaskStatus) -> bool:
    cancellable = books.contract.cancellable
    is_in_line = status is TaskStatus.UNCONFIRMED and TaskStatus.QUEUED.value in cancellable
    return is_in_line or status.value in cancellable


def _running(books: Books, job_id: str) -> JobState | Refused:
    job = books.jobs.get(job_id)
    if job is None:
        return Refused(Refusal.NO_SUCH_JOB, job_id)
    if job.status is not JobStatus.STARTED:
        return Refused(Refusal.JOB_NOT_RUNNING, job_id)
    return job


def _tasks_of_job(books: Books, call: CancelTasks) -> list[TaskState] | Refused:
    job = _running(books, call.job_id)
    if isinstance(job, Refused):
        return job
    if call.firmware_id not in {"", job.order.firmware_id}:
        return Refused(Refusal.BAD_ARGUMENT, "firmware_id: it is not the job's")
    if call.product_key not in {"", job.product_key}:
        return Refused(Refusal.BAD_ARGUMENT, "product_key: it is not the job's")
    return _by_device(job, call.device_keys)


def _tasks_of_firmware(books: Books, call: CancelTasks) -> list[TaskState] | Refused:
    """Return what the devices have to do in any job of a firmware: each at least one task."""
    if call.firmware_id not in books.firmware:
        return Refused(Refusal.NO_SUCH_FIRMWARE, call.firmware_id)
    jobs = [
        job
        for job in books.jobs.values()
        if job.order.firmware_id == call.firmware_id
        and job.status is JobStatus.STARTED
        and call.product_key in {"", job.product_key}
    ]
    found: list[TaskState] = []
    for key in dict.fromkeys(call.device_keys):
        theirs = [job.by_device_key[key] for job in jobs if key in job.by_device_key]
        if not theirs:
            return Refused(Refusal.BAD_ARGUMENT, f"device_keys: {key} has no task of the firmware")
        found += [task for task in theirs if not task.is_final] or theirs[-1:]
    return found or Refused(Refusal.BAD_ARGUMENT, "device_keys: there are none")


def _tasks_to_retry(books: Books, call: RetryTasks) -> list[TaskState] | Refused:
    job = _running(books, call.job_id)
    if isinstance(job, Refused):
        return job
    if call.task_ids:
        ours = {task.task_id: task for task in job.tasks}
        strange = [one for one in call.task_ids if one not in ours]
        if strange:
            return Refused(Refusal.NO_SUCH_TASK, strange[0])
        return [ours[one] for one in dict.fromkeys(call.task_ids)]
    if call.device_keys:
        return _by_device(job, call.device_keys)
    return [one for one in job.tasks if _is_reopenable(books, one)]


def _by_device(job: JobState, device_keys: tuple[str, ...]) -> list[TaskState] | Refused:
    if not device_keys:
        return Refused(Refusal.BAD_ARGUMENT, "device_keys: there are none")
    strange = [key for key in device_keys if key not in job.by_device_key]
    if strange:
        return Refused(Refusal.BAD_ARGUMENT, f"device_keys: {strange[0]} has no task in the job")
    return [job.by_device_key[key] for key in dict.fromkeys(device_keys)]
