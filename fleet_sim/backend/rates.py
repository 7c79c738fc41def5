"""How many attempts of a job may be pushed in a minute; the rest wait.

The rate holds for every stretch of a minute, wherever that begins:

    rate 3    p p p ········ 60 s ········ p p ·· p
                  └── full until the first is a minute old
"""

from __future__ import annotations

from itertools import islice

from fleet_sim.backend.books import Books
from fleet_sim.backend.state import JobState, TaskState, rate_of

MINUTE_MS = 60_000


def count(books: Books, task: TaskState, now_ms: int) -> None:
    """Note that an attempt of the task has begun."""
    if rate_of(task.job, books.contract, books.planted) is not None:
        task.job.recent.pop(task.number, None)
        task.job.recent[task.number] = now_ms


def has_room(books: Books, job: JobState, now_ms: int) -> bool:
    """Tell whether the job's rate allows another push now; if not, come back when it does."""
    rate = rate_of(job, books.contract, books.planted)
    if rate is None:
        return True
    recent = job.recent
    while recent and recent[oldest := next(iter(recent))] <= now_ms - MINUTE_MS:
        del recent[oldest]
    if len(recent) < rate:
        return True
    at_ms = next(islice(recent.values(), len(recent) - rate, None)) + MINUTE_MS
    if at_ms != job.due_at_ms:
        books.timers.arm(job, at_ms)
    return False


def recall(books: Books, job: JobState, now_ms: int) -> None:
    """Note, of a restored job, which of its tasks were pushed in the last minute."""
    if rate_of(job, books.contract, books.planted) is None:
        return
    known = [(at_ms, task.number) for task in job.tasks if (at_ms := task.pushed_at_ms) is not None]
    job.recent = {number: at_ms for at_ms, number in sorted(known) if at_ms > now_ms - MINUTE_MS}
