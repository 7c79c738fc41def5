"""How many attempts of a job may be pushed in a minute; the rest wait.

The rate holds for every stretch of a minute, wherever that begins:

    rate 3    p p p ········ 60 s ········ p p ·· p
                  └── full until the first is a minute old

Where devices are asked for their version first, a question takes the room of the push that it leads
to: for a minute, or until that push has left or is given up. Whoever answers later than that needs
room again.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.backend.books import Books
from fleet_sim.backend.state import JobState, TaskState, rate_of

MINUTE_MS = 60_000


def count(books: Books, task: TaskState, now_ms: int) -> None:
    """Note that an attempt of the task has begun."""
    if rate_of(task.job, books.contract, books.planted) is not None:
        task.job.recent.pop(task.number, None)
        task.job.recent[task.number] = now_ms


def hold(task: TaskState, now_ms: int) -> None:
    """Keep room for the push that a question leads to."""
    task.job.asked[task.number] = now_ms


def leave(task: TaskState) -> None:
    """Give back the room that a question kept, if it did."""
    task.job.asked.pop(task.number, None)


def has_room(books: Books, job: JobState, now_ms: int) -> bool:
    """Tell whether the job's rate allows another push now; if not, come back when it does."""
    rate = rate_of(job, books.contract, books.planted)
    if rate is None:
        return True
    for taken in (job.recent, job.asked):
        while taken and taken[oldest := next(iter(taken))] <= now_ms - MINUTE_MS:
            del taken[oldest]
    if len(job.recent) + len(job.asked) < rate:
        return True
    at_ms = sorted([*job.recent.values(), *job.asked.values()])[-rate] + MINUTE_MS
    if at_ms != job.due_at_ms:
        books.timers.arm(job, at_ms)
    return False


def recall(books: Books, job: JobState, now_ms: int) -> None:
    """Note, of a restored job, which of its tasks were pushed or asked in the last minute."""
    if rate_of(job, books.contract, books.planted) is None:
        return
    job.recent = _since(now_ms, {task.number: task.pushed_at_ms for task in job.tasks})
    job.asked = _since(now_ms, {task.number: task.asked_at_ms for task in job.tasks})


def _since(now_ms: int, known: Mapping[int, int | None]) -> dict[int, int]:
    """Return what lies less than a minute back, oldest first."""
    found = [(at_ms, number) for number, at_ms in known.items() if at_ms is not None]
    return {number: at_ms for at_ms, number in sorted(found) if at_ms > now_ms - MINUTE_MS}
