"""Job calls: make, start, stop and forget a job; cancel and retry tasks of one."""

from __future__ import annotations

from dataclasses import replace

from fleet_sim.backend import firmware as firmwares
from fleet_sim.backend import tasks
from fleet_sim.backend.books import Books
from fleet_sim.backend.scope import compile_scope
from fleet_sim.backend.state import DeviceState, FirmwareState, JobState, TaskState
from fleet_sim.model.northbound import (
    Answer,
    Done,
    JobCreated,
    JobOrder,
    JobRow,
    JobStatus,
    Refusal,
    Refused,
    Shown,
    TaskStatus,
)


def create(books: Books, order: JobOrder, now_ms: int) -> Answer:
    """Make a job with one task a device, and start it."""
    firmware = books.firmware.get(order.firmware_id)
    if firmware is None:
        return Refused(Refusal.NO_SUCH_FIRMWARE, order.firmware_id)
    refused = _bad_order(books, order, firmware)
    if refused:
        return refused
    job = _job_of(books, order, firmware, now_ms)
    chosen = [device for device in devices_of(books) if _qualifies(books, job, device)]
    refused = _bad_verification(order, firmware, len(chosen))
    if refused:
        return refused
    job.number = books.number("job")
    job.job_id = books.name("job", job.number)
    books.jobs[job.job_id] = job
    books.keep(job)
    for device in _twice_the_first(chosen) if "B65" in books.planted else chosen:
        _add(books, job, device, now_ms)
    return JobCreated(job.job_id)


def join_open_lists(books: Books, device: DeviceState, now_ms: int) -> None:
    """Give a device a task in every job with an open list that it newly qualifies for."""
    for job in books.jobs.values():
        if (
            job.order.open_list
            and job.status is JobStatus.STARTED
            and device.device.device_key not in job.by_device_key
            and _qualifies(books, job, device)
        ):
            _add(books, job, device, now_ms)


def get(books: Books, job_id: str) -> Answer:
    """Show one job."""
    job = books.jobs.get(job_id)
    return Refused(Refusal.NO_SUCH_JOB, job_id) if job is None else Shown(row_of(books, job))


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


def cancel(books: Books, job_id: str, device_keys: tuple[str, ...], now_ms: int) -> Answer:
    """End these tasks, all of them or, if one cannot be cancelled, none."""
    found = _tasks_of(books, job_id, device_keys)
    if isinstance(found, Refused):
        return found
    for task in found:
        if task.is_final or task.status.value not in books.contract.cancellable:
            return Refused(Refusal.TASK_NOT_CANCELLABLE, task.device.device.device_key)
    for task in found:
        tasks.cancel(books, task, now_ms)
    return Done()


def retry(books: Books, job_id: str, device_keys: tuple[str, ...], now_ms: int) -> Answer:
    """Begin these failed tasks again, all of them or, if one has not failed, none."""
    found = _tasks_of(books, job_id, device_keys)
    if isinstance(found, Refused):
        return found
    for task in found:
        if not task.is_final or task.status is not TaskStatus.FAILED:
            return Refused(Refusal.TASK_NOT_FAILED, task.device.device.device_key)
    if books.jobs[job_id].order.firmware_id not in books.firmware:
        return Refused(Refusal.NO_SUCH_FIRMWARE, books.jobs[job_id].order.firmware_id)
    for task in found:
        tasks.retry(books, task, now_ms)
    return Done()


def row_of(books: Books, job: JobState) -> JobRow:
    """Return a job as shown."""
    return JobRow(
        job_id=job.job_id,
        product_key=job.product_key,
        order=job.order,
        firmware_version=job.target,
        firmware_names=job.firmware_names,
        status=job.status,
        created_epoch_ms=books.epoch_ms + job.created_at_ms,
    )


def devices_of(books: Books) -> list[DeviceState]:
    """Return all devices in the order of their identities."""
    if books.sorted_devices is None:
        books.sorted_devices = [books.devices[device] for device in sorted(books.devices)]
    return books.sorted_devices


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
    )


def _qualifies(books: Books, job: JobState, device: DeviceState) -> bool:
    """Tell whether a device gets a task in the job."""
    if not job.accepts(device.registration):
        return False
    if device.version is None:
        return not books.contract.must_have_reported_version and not job.versions
    if device.version == job.target and books.contract.already_at_target == "skip":
        return "B48" in books.planted
    return not job.versions or device.version in job.versions or "B61" in books.planted


def _add(books: Books, job: JobState, device: DeviceState, now_ms: int) -> None:
    task = tasks.add(books, job, device, now_ms)
    if device.version == job.target and "B48" not in books.planted:
        tasks.settle_at_target(books, task, now_ms)


def _bad_order(books: Books, order: JobOrder, firmware: FirmwareState) -> Refused | None:
    """Return why an order cannot be taken, whoever the devices are."""
    product, named = firmware.order.product_key, order.scope.product_key
    if not (product or named):
        return Refused(Refusal.BAD_ARGUMENT, "product_key: neither firmware nor scope has one")
    if product and named and product != named:
        return Refused(Refusal.BAD_ARGUMENT, "product_key: the firmware is another product's")
    if firmware.order.version in order.scope.versions:
        return Refused(Refusal.BAD_ARGUMENT, "versions: the firmware's own version is among them")
    if order.retry and books.contract.retry_needs_source_versions and not order.scope.versions:
        return Refused(Refusal.BAD_ARGUMENT, "versions: a job with retries must name them")
    if order.kind == "verify" and order.scope.total:
        return Refused(Refusal.VERIFY_SCOPE_TOTAL)
    unproven = firmware.order.needs_verification and not firmware.is_verified
    if order.kind == "upgrade" and unproven:
        return Refused(Refusal.FIRMWARE_UNVERIFIED, order.firmware_id)
    return None


def _bad_verification(
    order: JobOrder, firmware: FirmwareState, chosen_count: int
) -> Refused | None:
    if order.kind != "verify":
        return None
    most = firmwares.devices_max(firmware)
    if max(chosen_count, len(order.scope.device_keys or ())) > most:
        return Refused(Refusal.VERIFY_TOO_MANY, str(most))
    return None


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
