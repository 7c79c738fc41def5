"""Job calls: make, start, stop, change and forget a job; cancel, retry and confirm its tasks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from fleet_sim.backend import tasks
from fleet_sim.backend.books import Books
from fleet_sim.backend.job_orders import bad_order, bad_verification
from fleet_sim.backend.joining import add, chosen_for, devices_of, join_open_lists
from fleet_sim.backend.scope import compile_scope
from fleet_sim.backend.state import DeviceState, FirmwareState, JobState, TaskState
from fleet_sim.backend.windows import next_opening
from fleet_sim.model.northbound import (
    Answer,
    CancelJob,
    ConfirmTasks,
    Done,
    JobCreated,
    JobOrder,
    JobRow,
    JobStatus,
    Refusal,
    Refused,
    Shown,
    TaskStatus,
    UpdateJob,
)


def create(books: Books, order: JobOrder, now_ms: int) -> Answer:
    """Make a job with one task a device, and start it."""
    firmware = books.firmware.get(order.firmware_id)
    if firmware is None:
        return Refused(Refusal.NO_SUCH_FIRMWARE, order.firmware_id)
    refused = bad_order(books, order, firmware)
    if refused:
        return refused
    job = _job_of(books, order, firmware, now_ms)
    chosen = chosen_for(books, job)
    refused = bad_verification(order, firmware, len(chosen))
    if refused:
        return refused
    job.number = books.number("job")
    job.job_id = books.name("job", job.number)
    books.jobs[job.job_id] = job
    books.keep(job)
    for device in _twice_the_first(chosen) if "B65" in books.planted else chosen:
        add(books, job, device, now_ms)
    return JobCreated(job.job_id)


def get(books: Books, job_id: str, now_ms: int) -> Answer:
    """Show one job."""
    job = books.jobs.get(job_id)
    if job is None:
        return Refused(Refusal.NO_SUCH_JOB, job_id)
    return Shown(row_of(books, job, now_ms))


def start(books: Books, job_id: str) -> Answer:
    """Let a stopped job push again."""
    job = books.jobs.get(job_id)
    if job is None:
        return Refused(Refusal.NO_SUCH_JOB, job_id)
    if job.status is JobStatus.STARTED:
        return Refused(Refusal.JOB_STARTED, job_id)
    job.status = JobStatus.STARTED
    books.keep(job)
    books.stirred[job.number] = job
    return Done()


def stop(books: Books, job_id: str) -> Answer:
    """Push nothing more; attempts that are running may finish."""
    job = books.jobs.get(job_id)
    if job is None:
        return Refused(Refusal.NO_SUCH_JOB, job_id)
    if job.status is not JobStatus.STARTED:
        return Refused(Refusal.JOB_STOPPED, job_id)
    job.status = JobStatus.STOPPED
    books.timers.arm(job, None)
    books.keep(job)
    return Done()


def delete(books: Books, job_id: str) -> Answer:
    """Forget a stopped job, its tasks and their attempts."""
    job = books.jobs.get(job_id)
    if job is None:
        return Refused(Refusal.NO_SUCH_JOB, job_id)
    if job.status is JobStatus.STARTED:
        return Refused(Refusal.JOB_RUNNING, job_id)
    for task in job.tasks:
        tasks.strike(books, task)
    del books.jobs[job_id]
    books.stirred.pop(job.number, None)
    books.forget(job)
    return Done()


def update(books: Books, call: UpdateJob, now_ms: int) -> Answer:
    """Change a job: its rate at once, its timeout for devices that join it from now on.

    Devices that match its new source versions join at once, unless the order skips those present.
    """
    job = books.jobs.get(call.job_id)
    if job is None:
        return Refused(Refusal.NO_SUCH_JOB, call.job_id)
    if status_of(books, job, now_ms) in {JobStatus.FINISHED, JobStatus.CANCELLED}:
        return Refused(Refusal.JOB_NOT_RUNNING, call.job_id)
    for name in ("timeout_s", "versions"):
        if getattr(call, name) is not None and not job.order.open_list:
            return Refused(Refusal.BAD_ARGUMENT, f"{name}: the job's list is not open")
    if call.versions is not None and job.target in call.versions:
        return Refused(Refusal.BAD_ARGUMENT, "versions: the firmware's own version is among them")
    versions = job.order.scope.versions if call.versions is None else call.versions
    changes = {
        name: value
        for name in ("pushes_a_minute", "timeout_s", "tags")
        if (value := getattr(call, name)) is not None
    }
    job.order = replace(job.order, scope=replace(job.order.scope, versions=versions), **changes)
    job.versions = frozenset(versions)
    books.keep(job)
    books.stirred[job.number] = job
    if call.versions is not None:
        for device in devices_of(books):
            join_open_lists(books, device, now_ms)
    return Done()


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


def row_of(books: Books, job: JobState, now_ms: int) -> JobRow:
    """Return a job as shown."""
    found = Counter(task.status for task in job.tasks)
    timeouts = sum(
        task.is_final and task.status is TaskStatus.FAILED and task.why == "timeout"
        for task in job.tasks
    )
    return JobRow(
        job_id=job.job_id,
        product_key=job.product_key,
        order=job.order,
        firmware_version=job.target,
        firmware_names=job.firmware_names,
        status=status_of(books, job, now_ms),
        created_epoch_ms=books.epoch_ms + job.created_at_ms,
        counts=tuple((status, found[status]) for status in TaskStatus),
        timeouts=timeouts,
    )


def status_of(books: Books, job: JobState, now_ms: int) -> JobStatus:
    """Return how a job shows: as an operator left it, before its window, at work, or done."""
    if job.status is not JobStatus.STARTED:
        return job.status
    if job.is_list_over:
        return JobStatus.CANCELLED
    is_closed = not job.order.open_list and all(task.is_final for task in job.tasks)
    if is_closed and books.contract.job_completes == "all_ended":
        return JobStatus.FINISHED
    if books.contract.job_planned and _is_planned(books, job, now_ms):
        return JobStatus.PLANNED
    return JobStatus.STARTED


def _is_planned(books: Books, job: JobState, now_ms: int) -> bool:
    window, at_epoch_ms = job.order.window, books.epoch_ms + now_ms
    if window is None or at_epoch_ms >= window.start_epoch_ms:
        return False
    return next_opening(window, at_epoch_ms) is not None and not any(
        task.attempt for task in job.tasks
    )


def _is_cancellable(books: Books, status: TaskStatus) -> bool:
    word = TaskStatus.QUEUED if status is TaskStatus.UNCONFIRMED else status
    return word.value in books.contract.cancellable


def _job_of(books: Books, order: JobOrder, firmware: FirmwareState, now_ms: int) -> JobState:
    """Return the job that would be made; it has no name yet."""
    product_key = firmware.order.product_key or order.scope.product_key
    contract = books.contract
    full = replace(
        order,
        timeout_s=contract.timeout_s if order.timeout_s is None else order.timeout_s,
        concurrency=contract.cap_default if order.concurrency is None else order.concurrency,
        devices_must_ask=order.devices_must_ask and order.kind == "upgrade",
    )
    return JobState(
        job_id="",
        number=0,
        order=full,
        product_key=product_key,
        target=firmware.order.version,
        firmware_names=firmware.order.names,
        created_at_ms=now_ms,
        accepts=compile_scope(order.scope, product_key),
        versions=frozenset(order.scope.versions),
        module=firmware.order.module,
        sources=frozenset(firmware.order.from_versions),
        lane=firmware.order.module if contract.modules_side_by_side else "",
    )


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


def _twice_the_first(chosen: list[DeviceState]) -> list[DeviceState]:
    return [*chosen[:1], *chosen]
