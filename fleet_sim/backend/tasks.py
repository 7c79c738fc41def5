"""The life of a task: its moves, its attempts, its ends.

A task waits, runs an attempt, waits again if it may be tried again, and ends. Only a report of the
target version makes it a success. Once it has ended, no report changes it any more; an operator's
retry may.

    unconfirmed ──consent──┐
    ┌──────────────────────┘
    ▼
    queued ──push──▶ pushed ──progress──▶ under way ──version report──▶ succeeded
      ▲                │                      │
      └── retry left ──┴── failure, timeout ──┴── none left ──▶ failed

Where the contract has devices asked for their version first, an attempt begins with that question:
until it is answered the task still shows as it did while it waited.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from fleet_sim.backend import firmware, rates
from fleet_sim.backend.books import Books
from fleet_sim.backend.state import DeviceState, JobState, TaskState, tries_of
from fleet_sim.backend.waiting import line_up, stir, stir_device
from fleet_sim.backend.words import USER_CANCEL, desc_of
from fleet_sim.model.contract import DescOf
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import TaskStatus

Why = Literal["failed", "timeout", "foreign_version"]

_PLANTED_DESC_CHARS = 255  # B23

MOVES: Mapping[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.UNCONFIRMED: frozenset(
        {
            TaskStatus.QUEUED,
            TaskStatus.SUCCEEDED,  # it said so before anybody consented
            TaskStatus.FAILED,
            TaskStatus.CANCELLED,
        }
    ),
    TaskStatus.QUEUED: frozenset(
        {
            TaskStatus.PUSHED,
            TaskStatus.SUCCEEDED,  # it said so between two attempts
            TaskStatus.FAILED,  # there is nothing left to push, or an operator cancelled it
            TaskStatus.CANCELLED,
        }
    ),
    TaskStatus.PUSHED: frozenset(
        {
            TaskStatus.UNDER_WAY,
            TaskStatus.SUCCEEDED,
            TaskStatus.QUEUED,
            TaskStatus.FAILED,
            TaskStatus.CANCELLED,
        }
    ),
    TaskStatus.UNDER_WAY: frozenset(
        {
            TaskStatus.PUSHED,  # the next attempt, where the status does not change between two
            TaskStatus.SUCCEEDED,
            TaskStatus.QUEUED,
            TaskStatus.FAILED,
            TaskStatus.CANCELLED,
        }
    ),
    TaskStatus.FAILED: frozenset(
        {
            TaskStatus.QUEUED,  # an operator's retry
            TaskStatus.UNCONFIRMED,  # the same, where nobody had consented
            TaskStatus.PUSHED,  # the next attempt, where tasks show as failed between two
            TaskStatus.SUCCEEDED,  # a late report, where the contract heals
            TaskStatus.CANCELLED,  # overwritten, where tasks show as failed between two attempts
        }
    ),
    TaskStatus.SUCCEEDED: frozenset(),
    TaskStatus.CANCELLED: frozenset(  # an operator's retry, where one may
        {TaskStatus.QUEUED, TaskStatus.UNCONFIRMED}
    ),
}


def enter(books: Books, task: TaskState) -> None:
    """Write a new or restored task into every index."""
    job, device = task.job, task.device
    books.tasks[task.task_id] = task
    job.tasks.append(task)
    gateway = device.registration.gateway
    if gateway is not None and device.device.device_key not in job.by_device_key:
        job.children[gateway] = job.children.get(gateway, 0) + 1
    job.by_device_key[device.device.device_key] = task
    if not task.is_final:
        device.open_tasks.append(task)
        job.pending += not task.awaits_round


def rehome(books: Books, device: DeviceState, before: DeviceId | None) -> None:
    """Count a device's tasks for its gateway of now, and for the one before it no more."""
    now, key = device.registration.gateway, device.device
    if now == before:
        return
    for job in books.jobs.values():
        if job.product_key != key.product_key or key.device_key not in job.by_device_key:
            continue
        if before is not None:
            job.children[before] -= 1
        if now is not None:
            job.children[now] = job.children.get(now, 0) + 1


def ask(books: Books, task: TaskState, now_ms: int) -> None:
    """Start an attempt by its first step, the question for the version. The caller sends it."""
    task.tries_left -= 1
    task.asked_at_ms = now_ms
    rates.hold(task, now_ms)
    _take(books, task)
    if task.status is TaskStatus.FAILED:  # as some tasks show between two attempts
        _move(books, task, TaskStatus.QUEUED, now_ms)
    books.keep(task)
    books.timers.arm(task, deadline(books, task))
    books.journal("version_asked", task)


def begin(books: Books, task: TaskState, now_ms: int) -> None:
    """Start an attempt, or go on after its first step. The caller sends the request."""
    task.attempt += 1
    task.tries_left -= task.asked_at_ms is None
    task.asked_at_ms = None
    task.pushed_at_ms, task.anchor_at_ms = now_ms, None
    task.ran = task.device.version_of(task.job.module) or ""
    _take(books, task)
    task.device.latest = task
    _move(books, task, TaskStatus.PUSHED, now_ms)
    if books.contract.upgrading_starts == "push":
        get_under_way(books, task, now_ms)
    books.timers.arm(task, deadline(books, task))
    books.journal("attempt_started", task, attempt=task.attempt, slots=task.job.slots)


def _take(books: Books, task: TaskState) -> None:
    """Take a slot and the device for an attempt, and wipe out what the last one left."""
    task.progress, task.desc, task.why = None, None, ""
    task.is_between = task.is_answered = False
    task.online_by_ms = None
    if not task.has_slot and not ("B02" in books.planted and task.attempt > 1):
        task.has_slot = True
        task.job.slots += 1
    task.device.active[task.job.lane] = task


def get_under_way(books: Books, task: TaskState, now_ms: int) -> None:
    """The attempt is under way; its timer runs from here if the contract says so."""
    task.anchor_at_ms = now_ms
    _move(books, task, TaskStatus.UNDER_WAY, now_ms)
    books.timers.arm(task, deadline(books, task))


def deadline(books: Books, task: TaskState) -> int | None:
    """Return when the running attempt, or its first step, times out; None: not as things stand.

    It counts from the push or from getting under way, as the contract says. Under a contract where
    the silent time out as well, an attempt that is not under way has its whole time from the push.
    """
    if task.asked_at_ms is not None:
        answer_s = books.contract.version_answer_timeout_s
        return None if answer_s is None else task.asked_at_ms + answer_s * 1000
    limit_ms, pushed_at_ms = task.timeout_ms, task.pushed_at_ms
    if limit_ms is None or pushed_at_ms is None:
        return None
    if "B06" in books.planted:
        return task.created_at_ms + limit_ms
    if books.contract.timeout_anchor == "push" and "B07" not in books.planted:
        return pushed_at_ms + limit_ms
    if task.anchor_at_ms is not None:
        return task.anchor_at_ms + limit_ms
    if books.contract.silent_device == "times_out":
        return pushed_at_ms + limit_ms
    return None


def show(books: Books, task: TaskState, percent: int, desc: str, now_ms: int) -> None:
    """Show what a device reported about the running attempt; many of these may be written late."""
    before = task.progress
    if books.contract.progress_policy == "max" and before is not None and 0 <= percent < before:
        percent = before
    task.progress, task.desc = percent, _stored(books, desc)
    task.updated_at_ms = now_ms
    books.keep(task, urgent=False)


def describe(books: Books, task: TaskState, desc: str, now_ms: int) -> None:
    """Show the text that a device ended its upgrade with, in place of any before it."""
    task.desc = _stored(books, desc)
    task.updated_at_ms = now_ms
    books.keep(task, urgent=False)


def succeed(books: Books, task: TaskState, now_ms: int) -> None:
    """The device runs the target version and said so."""
    if "B66" in books.planted:
        finish(books, task, TaskStatus.FAILED, now_ms)
        return
    task.progress = 100
    finish(books, task, TaskStatus.SUCCEEDED, now_ms)
    if task.job.order.kind == "verify":
        firmware.count_success(books, task.job, now_ms)


def settle_at_target(books: Books, task: TaskState, now_ms: int) -> None:
    """End a waiting task whose device runs the target already.

    If it was pushed, the device got there through it, though late, and it has succeeded. If it was
    not, the contract decides whether that counts as a success or as nothing to do.
    """
    contract = books.contract
    counts = (
        contract.already_at_target == "instant_success" or contract.target_before_push == "succeeds"
    )
    if task.attempt or counts:
        succeed(books, task, now_ms)
    else:
        finish(books, task, TaskStatus.FAILED, now_ms, desc=desc_of(books, "already_there"))


def confirm(books: Books, task: TaskState, now_ms: int) -> None:
    """Somebody consents to the task: it is in line from now on."""
    _move(books, task, TaskStatus.QUEUED, now_ms)
    line_up(books, task, now_ms)
    stir(books, task)


def time_out(books: Books, task: TaskState, now_ms: int) -> None:
    """End the running attempt, as its time or that of its first step is up."""
    is_silent = task.asked_at_ms is None and not task.is_answered
    if is_silent and "B08" in books.planted:
        return
    what: DescOf = "timeout" if task.asked_at_ms is None else "version_timeout"
    task.desc = desc_of(books, what)
    fail(books, task, "timeout", now_ms)


def miss(books: Books, task: TaskState, now_ms: int) -> None:
    """Give up waiting for the task's device; that counts as one of its attempts."""
    task.tries_left -= 1
    task.online_by_ms = None
    task.progress, task.desc = None, desc_of(books, "online_timeout")
    fail(books, task, "timeout", now_ms)


def fail(books: Books, task: TaskState, why: Why, now_ms: int) -> None:
    """End the running attempt; try again if the contract and the job's order allow it."""
    may_retry = why in books.contract.retry_on and task.tries_left > 0
    books.journal("attempt_ended", task, attempt=task.attempt, why=why, retry=may_retry)
    if not may_retry:
        finish(books, task, TaskStatus.FAILED, now_ms, why=why)
        return
    _let_go(books, task, why, keep_slot=books.contract.slot_freed_at == "task_end")
    if books.contract.retry_round == "after_whole_task":
        _wait_for_round(books, task, now_ms)
    else:
        wait(books, task, now_ms)


def put_back(books: Books, task: TaskState, now_ms: int) -> None:
    """Take an attempt back whose first step is done and whose push may not leave now.

    It counts for nothing; only a slot that the task kept from an earlier one stays.
    """
    task.tries_left += 1
    keeps_slot = bool(task.attempt) and books.contract.slot_freed_at == "task_end"
    _let_go(books, task, "", keep_slot=keeps_slot)
    task.is_between = True
    line_up(books, task, now_ms)
    stir_device(books, task.device)


def wait(books: Books, task: TaskState, now_ms: int) -> None:
    """Put a task between two attempts, in line again once the retry gap is over."""
    gap_ms = 0 if "B13" in books.planted else task.job.gap_ms
    task.is_between, task.awaits_round = True, False
    task.not_before_ms = now_ms + gap_ms
    line_up(books, task, now_ms)
    _show_between(books, task, now_ms)
    stir(books, task)


def finish(
    books: Books,
    task: TaskState,
    status: TaskStatus,
    now_ms: int,
    *,
    desc: str | None = None,
    why: str = "",
) -> None:
    """End the task for good, with the server's own words if it has any."""
    _let_go(books, task, why, keep_slot=False)
    task.why = why
    task.job.pending -= not task.awaits_round
    task.is_between = task.awaits_round = False
    if task in task.device.open_tasks:
        task.device.open_tasks.remove(task)
    if desc is not None:
        task.desc = desc
    _move(books, task, status, now_ms)
    books.journal("task_ended", task, status=status.value, progress=task.progress)
    stir_device(books, task.device)
    _open_round(books, task.job, now_ms)


def cancel(books: Books, task: TaskState, now_ms: int) -> None:
    """End the task on an operator's word; the running attempt, if any, ends with it."""
    texts = books.contract.cancel_descs
    task.progress = None
    status = TaskStatus(books.contract.cancel_shows_as)
    finish(books, task, status, now_ms, desc=texts[0] if texts else USER_CANCEL, why="cancel")
    if "B14" in books.planted and task.tries_left > 0:
        reopen(books, task)
        _move(books, task, TaskStatus.QUEUED, now_ms)
        wait(books, task, now_ms)


def retry(books: Books, task: TaskState, now_ms: int) -> None:
    """Begin a failed task again on an operator's word, with all its attempts and without a gap.

    That word is no consent: a task that ended before it had one waits for it, as when it was made.
    """
    task.tries_left = tries_of(task.job.order, books.planted)
    task.progress, task.desc = None, None
    task.not_before_ms, task.online_by_ms = now_ms, None
    reopen(books, task)
    status = TaskStatus.QUEUED if task.is_consented else TaskStatus.UNCONFIRMED
    _move(books, task, status, now_ms)
    line_up(books, task, now_ms)
    stir(books, task)


def reopen(books: Books, task: TaskState) -> None:
    """Put a task that had ended back among the open ones."""
    task.is_between = True
    task.job.pending += 1
    task.device.open_tasks.append(task)
    task.device.open_tasks.sort(key=lambda each: each.number)
    books.keep(task)


def hasten(books: Books, task: TaskState, now_ms: int) -> None:
    """Spare a task between two attempts its gap and the round, as if it had failed for good."""
    task.tries_left = tries_of(task.job.order, books.planted)
    task.progress, task.desc = None, None
    task.not_before_ms, task.online_by_ms = now_ms, None
    task.job.pending += task.awaits_round
    task.awaits_round = False
    _move(books, task, TaskStatus.QUEUED, now_ms)
    line_up(books, task, now_ms)
    stir(books, task)


def strike(books: Books, task: TaskState) -> None:
    """Remove every trace of a task; its job is going away."""
    _let_go(books, task, "", keep_slot=False)
    device = task.device
    if task in device.open_tasks:
        device.open_tasks.remove(task)
    if device.latest is task:
        device.latest = None
    del books.tasks[task.task_id]
    books.forget(task)
    stir_device(books, device)


def heal(books: Books, task: TaskState, now_ms: int) -> None:
    """Turn a timeout into the success it was, where the contract lets late reports do that."""
    task.progress, task.desc, task.why = 100, None, ""
    _move(books, task, TaskStatus.SUCCEEDED, now_ms)


def force(books: Books, task: TaskState, status: TaskStatus, now_ms: int) -> None:
    """Show a status against the table of moves; only planted bugs do."""
    task.status = status
    task.updated_at_ms = now_ms
    books.keep(task)


def revive(books: Books, device: DeviceState, now_ms: int) -> TaskState | None:
    """Take a device's failed task for one that is still running (B18)."""
    task = device.latest
    if task is None or not task.is_final or task.status is not TaskStatus.FAILED:
        return None
    reopen(books, task)
    task.is_between = False
    device.active[task.job.lane] = task
    force(books, task, TaskStatus.UNDER_WAY, now_ms)
    return task


def _let_go(books: Books, task: TaskState, why: str, *, keep_slot: bool) -> None:
    """Take the device, the timer and, unless it is kept, the slot from a task."""
    books.timers.arm(task, None)
    task.job.owed.pop(task.number, None)
    task.asked_at_ms = None
    rates.leave(task)
    if task.device.active.get(task.job.lane) is task:
        del task.device.active[task.job.lane]
    leaks = "B04" in books.planted and why == "timeout"
    if task.has_slot and not keep_slot and not leaks:
        task.has_slot = False
        task.job.slots -= 1
    books.stirred[task.job.number] = task.job
    books.keep(task)


def _wait_for_round(books: Books, task: TaskState, now_ms: int) -> None:
    """Hold a failed task back until every other task of its job has had its turn."""
    task.is_between = task.awaits_round = True
    task.job.pending -= 1
    _show_between(books, task, now_ms)
    stir_device(books, task.device)
    _open_round(books, task.job, now_ms)


def _open_round(books: Books, job: JobState, now_ms: int) -> None:
    if job.pending or books.contract.retry_round != "after_whole_task":
        return
    for task in job.tasks:
        if task.awaits_round:
            job.pending += 1
            wait(books, task, now_ms)


def _show_between(books: Books, task: TaskState, now_ms: int) -> None:
    """Show what the contract shows between attempts; a name that is no status changes nothing."""
    books.keep(task)
    words = books.contract.between_attempts_status
    if words and words[0] in {TaskStatus.QUEUED, TaskStatus.FAILED}:
        _move(books, task, TaskStatus(words[0]), now_ms)
    stir_device(books, task.device)


def _move(books: Books, task: TaskState, status: TaskStatus, now_ms: int) -> None:
    assert status is task.status or status in MOVES[task.status], (task.status, status)
    task.status = status
    task.updated_at_ms = now_ms
    books.keep(task)


def _stored(books: Books, desc: str) -> str:
    limit = _PLANTED_DESC_CHARS if "B23" in books.planted else books.contract.desc_limit_chars
    return desc if limit is None else desc[:limit]
