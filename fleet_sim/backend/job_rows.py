"""A job as shown: its counts, and where it stands."""

from __future__ import annotations

from collections import Counter

from fleet_sim.backend.books import Books
from fleet_sim.backend.state import JobState, TaskState, tries_of
from fleet_sim.backend.windows import next_opening
from fleet_sim.model.northbound import JobRow, JobStatus, TaskStatus


def row_of(books: Books, job: JobState, now_ms: int) -> JobRow:
    """Return a job as shown."""
    found = Counter(task.status for task in job.tasks)
    due = Counter(task.status for task in job.tasks if is_retry_due(books, task))
    timeouts = sum(
        task.is_final and task.status is TaskStatus.FAILED and task.why == "timeout"
        for task in job.tasks
    )
    status = status_of(books, job, now_ms)
    started_at_ms, ended_at_ms = _began(books, job, now_ms), _ended(job, status)
    changes = (job.updated_at_ms, started_at_ms, ended_at_ms)
    return JobRow(
        job_id=job.job_id,
        product_key=job.product_key,
        order=job.order,
        firmware_version=job.target,
        firmware_names=job.firmware_names,
        status=status,
        created_epoch_ms=books.epoch_ms + job.created_at_ms,
        counts=tuple((status, found[status]) for status in TaskStatus),
        timeouts=timeouts,
        retries_due=tuple((status, due[status]) for status in TaskStatus if status in due),
        updated_epoch_ms=books.epoch_ms + max(at_ms for at_ms in changes if at_ms is not None),
        started_epoch_ms=_epoch_ms(books, started_at_ms),
        ended_epoch_ms=_epoch_ms(books, ended_at_ms),
    )


def _began(books: Books, job: JobState, now_ms: int) -> int | None:
    """Return when a job might push first; None if it was stopped before, or may not yet."""
    window, last_ms = job.order.window, job.updated_at_ms
    until_ms = now_ms if job.status is JobStatus.STARTED and not job.is_list_over else last_ms
    opens_ms = 0 if window is None else window.start_epoch_ms - books.epoch_ms
    at_ms = max(opens_ms, job.created_at_ms)
    return at_ms if at_ms <= until_ms else None


def _ended(job: JobState, status: JobStatus) -> int | None:
    """Return when an operator ended a job, or its last task did; None while it goes on."""
    if status is JobStatus.FINISHED:
        return max((task.updated_at_ms for task in job.tasks), default=job.created_at_ms)
    return job.updated_at_ms if status in {JobStatus.STOPPED, JobStatus.CANCELLED} else None


def _epoch_ms(books: Books, at_ms: int | None) -> int | None:
    return None if at_ms is None else books.epoch_ms + at_ms


def is_retry_due(books: Books, task: TaskState) -> bool:
    """Tell whether an attempt of a task has failed, and another is to follow by itself."""
    if not (task.is_between and task.is_waiting):
        return False
    return task.tries_left < tries_of(task.job.order, books.planted)


def status_of(books: Books, job: JobState, now_ms: int) -> JobStatus:
    """Return how a job shows: as an operator left it, before its window, at work, or done."""
    if job.status is not JobStatus.STARTED:
        return job.status
    if job.is_list_over:
        return JobStatus.CANCELLED
    is_closed = not job.order.open_list and all(task.is_final for task in job.tasks)
    if is_closed and books.contract.job_completes == "all_ended":
        return JobStatus.FINISHED
    if books.contract.job_planned and is_planned(books, job, now_ms):
        return JobStatus.PLANNED
    return JobStatus.STARTED


def is_planned(books: Books, job: JobState, now_ms: int) -> bool:
    """Tell whether the job's window has yet to open for the first time."""
    window, at_epoch_ms = job.order.window, books.epoch_ms + now_ms
    if window is None or at_epoch_ms >= window.start_epoch_ms:
        return False
    return next_opening(window, at_epoch_ms) is not None and not any(
        task.attempt for task in job.tasks
    )
