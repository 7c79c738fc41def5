"""Job calls: make, start, stop, change and forget a job."""

from __future__ import annotations

from dataclasses import replace

from fleet_sim.backend import job_rows, tasks, waiting
from fleet_sim.backend.books import Books
from fleet_sim.backend.job_orders import bad_order, bad_verification
from fleet_sim.backend.joining import add, chosen_for, devices_of, join_open_lists
from fleet_sim.backend.lanes import lane_of
from fleet_sim.backend.scope import compile_scope
from fleet_sim.backend.state import DeviceState, FirmwareState, JobState
from fleet_sim.model.northbound import (
    Answer,
    Done,
    JobCreated,
    JobOrder,
    JobStatus,
    Refusal,
    Refused,
    Shown,
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
    return Shown(job_rows.row_of(books, job, now_ms))


def start(books: Books, job_id: str, now_ms: int) -> Answer:
    """Let a stopped job push again."""
    job = books.jobs.get(job_id)
    if job is None:
        return Refused(Refusal.NO_SUCH_JOB, job_id)
    if job.status is JobStatus.STARTED:
        return Refused(Refusal.JOB_STARTED, job_id)
    job.status, job.updated_at_ms = JobStatus.STARTED, now_ms
    books.keep(job)
    books.stirred[job.number] = job
    waiting.on_switched(books, job, now_ms)
    return Done()


def stop(books: Books, job_id: str, now_ms: int) -> Answer:
    """Push nothing more; attempts that are running may finish."""
    job = books.jobs.get(job_id)
    if job is None:
        return Refused(Refusal.NO_SUCH_JOB, job_id)
    if job.status is not JobStatus.STARTED:
        return Refused(Refusal.JOB_STOPPED, job_id)
    job.status, job.updated_at_ms = JobStatus.STOPPED, now_ms
    books.timers.arm(job, None)
    books.keep(job)
    waiting.on_switched(books, job, now_ms)
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
    if job_rows.status_of(books, job, now_ms) in {JobStatus.FINISHED, JobStatus.CANCELLED}:
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
    job.versions, job.updated_at_ms = frozenset(versions), now_ms
    books.keep(job)
    books.stirred[job.number] = job
    if call.versions is not None:
        for device in devices_of(books):
            join_open_lists(books, device, now_ms)
    return Done()


def _job_of(books: Books, order: JobOrder, firmware: FirmwareState, now_ms: int) -> JobState:
    """Return the job that would be made; it has no name yet."""
    product_key = firmware.order.product_key or order.scope.product_key
    contract = books.contract
    pushes_always = order.kind == "verify" and contract.verify_pushes_always
    full = replace(
        order,
        timeout_s=contract.timeout_s if order.timeout_s is None else order.timeout_s,
        concurrency=contract.cap_default if order.concurrency is None else order.concurrency,
        devices_must_ask=order.devices_must_ask and not pushes_always,
    )
    return JobState(
        job_id="",
        number=0,
        order=full,
        product_key=product_key,
        target=firmware.order.version,
        firmware_names=firmware.order.names,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        accepts=compile_scope(order.scope, product_key),
        versions=frozenset(order.scope.versions),
        module=firmware.order.module,
        sources=frozenset(firmware.order.from_versions),
        lane=lane_of(contract, order, firmware.order.module),
    )


def _twice_the_first(chosen: list[DeviceState]) -> list[DeviceState]:
    return [*chosen[:1], *chosen]
