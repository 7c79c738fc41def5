"""The tokens by which devices fetch firmware that is not free for all: one for each attempt.

A token opens the one file while its attempt runs. It is worthless once the attempt has ended, by
the device's own report of the result or otherwise, and a day after it was given.

Nothing of it is kept: it names its task by number, and the rest follows from the seed.

Source: Huawei, "OTA Upgrades" (FAQ): after a result a further download fails. That an end without a
report (a timeout, a cancellation) revokes it as well is inferred.
"""

from __future__ import annotations

from hmac import compare_digest

from fleet_sim.backend.books import Books
from fleet_sim.backend.state import TaskState
from fleet_sim.model import chance

TOKEN_MS = 86_400_000  # "Platform Delivering an Upgrade Event": valid for 24 hours.

_NUMBER_DIGITS = 8
_SECRET_DIGITS = 32


def token_of(books: Books, task: TaskState) -> str:
    """Return the token of a task's attempt; "" where the firmware needs none."""
    if not books.firmware[task.job.order.firmware_id].order.needs_token:
        return ""
    secret = chance.identifier(
        books.seed, task.task_id, "firmware token", task.attempt, digits=_SECRET_DIGITS
    )
    return f"{task.number:0{_NUMBER_DIGITS}x}{secret}"


def opens(books: Books, firmware_id: str, token: str, now_ms: int) -> bool:
    """Tell whether this token, "" for none, opens the file of a firmware.

    A file that needs no token is open with any, and so is one that is not there.
    """
    firmware = books.firmware.get(firmware_id)
    if firmware is None or not firmware.order.needs_token:
        return True
    task = _task_of(books, token)
    if task is None or task.job.order.firmware_id != firmware_id:
        return False
    is_known = compare_digest(token.encode(), token_of(books, task).encode())
    return is_known and _is_valid(task, now_ms)


def _task_of(books: Books, token: str) -> TaskState | None:
    """Return the task that a token names; what is no token of ours names none."""
    digits = token[:-_SECRET_DIGITS]
    if not digits or not token.isascii() or not set(digits) <= set("0123456789abcdef"):
        return None
    return books.tasks.get(books.name("task", int(digits, 16)))


def _is_valid(task: TaskState, now_ms: int) -> bool:
    is_running = task.is_active and task.asked_at_ms is None
    return is_running and now_ms < (task.pushed_at_ms or 0) + TOKEN_MS
