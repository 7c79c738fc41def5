"""Who is pushed next: started jobs, in their window, under their cap, oldest task first.

Nothing here searches through all tasks. A task is put in its job's `ready` heap whenever something
changed in its favour (made, device back, device free, gap over, retried), and judged when it is
taken out; a task that cannot be pushed then leaves the heap until the next change.
"""

from __future__ import annotations

from heapq import heappop

from fleet_sim.backend import rates, requests, tasks, words
from fleet_sim.backend.books import Books
from fleet_sim.backend.firmware import image_of
from fleet_sim.backend.lanes import is_free
from fleet_sim.backend.state import (
    DeviceState,
    JobState,
    TaskState,
    cap_of,
    is_source,
)
from fleet_sim.backend.windows import is_open, next_opening
from fleet_sim.model.messages import VersionOffer
from fleet_sim.model.northbound import JobStatus, TaskStatus


def pump(books: Books, now_ms: int) -> None:
    """Push whatever can be pushed in the jobs where something has changed, oldest job first."""
    while books.stirred:
        number = min(books.stirred)
        _pump_job(books, books.stirred.pop(number), now_ms)


def owe(books: Books, device: DeviceState) -> None:
    """Note, for a device that is back, that its running attempts' requests are to be repeated."""
    for task in device.active.values():
        if _is_owed(books, task):
            task.job.owed[task.number] = task
            books.stirred[task.job.number] = task.job


def go_on(books: Books, task: TaskState, now_ms: int) -> None:
    """Push to a device that has answered which version it runs, if it still is to be pushed to.

    Its answer may come after the window has closed, after the job was stopped, or so late that
    others have used up the minute. Then the task is in line again, and is asked anew in its turn.
    """
    if not _is_wanted(books, task, now_ms):
        return
    rates.leave(task)
    if _may_push(books, task.job, now_ms) and rates.has_room(books, task.job, now_ms):
        _begin(books, task, now_ms)
        requests.send(books, task)
    else:
        tasks.put_back(books, task, now_ms)


def offer(
    books: Books, device: DeviceState, message_id: str, now_ms: int, *, module: str = ""
) -> None:
    """Answer a device that asks: one image at most, because it can run only one upgrade.

    A question for a module is answered by tasks for that module; one that names none, by those for
    the device as a whole.

    Being offered starts the attempt. Asking again while it runs brings the same image; it is the
    same attempt. A device whose upgrade was pushed gets nothing by asking, unless the contract has
    that offered as well; and outside the window, or once the job is stopped, none does.
    """
    for task in list(device.open_tasks):
        may_begin = task.job.module == module and is_free(books, task)
        if may_begin and _is_offerable(books, task, now_ms) and _is_wanted(books, task, now_ms):
            task.pushes += 1
            _begin(books, task, now_ms)
            break
    task_now = device.running(module)
    if task_now is not None and _may_offer(books, task_now, now_ms):
        books.tell(device, VersionOffer(message_id, (image_of(books, task_now.job),)))
    else:
        books.tell(device, VersionOffer(message_id))


def is_offer_of(books: Books, task: TaskState, offered: VersionOffer) -> bool:
    """Tell whether an offer holds the task's image."""
    return image_of(books, task.job) in offered.images


def _pump_job(books: Books, job: JobState, now_ms: int) -> None:
    if not (job.owed or job.ready):
        return
    if not _may_push(books, job, now_ms):
        _await_window(books, job, now_ms)
        return
    for task in [job.owed.pop(number) for number in sorted(job.owed)]:
        is_running = task.device.active.get(job.lane) is task
        if task.device.is_reachable and is_running and _is_owed(books, task):
            requests.send(books, task)
    while job.ready and _has_room(books, job.ready[0][2]) and rates.has_room(books, job, now_ms):
        task = heappop(job.ready)[2]
        task.is_ready = False
        if _is_pushable(books, task, now_ms):
            _start(books, task, now_ms)


def _start(books: Books, task: TaskState, now_ms: int) -> None:
    """Start an attempt: ask for the version where the contract has that asked, else push."""
    if books.contract.asks_version:
        tasks.ask(books, task, now_ms)
    elif _is_wanted(books, task, now_ms):
        _begin(books, task, now_ms)
    else:
        return
    requests.send(books, task)


def _begin(books: Books, task: TaskState, now_ms: int) -> None:
    """Begin an attempt, which counts against its job's rate."""
    tasks.begin(books, task, now_ms)
    rates.count(books, task, now_ms)


def _is_owed(books: Books, task: TaskState) -> bool:
    if _waits_for_asking(books, task):
        return False
    rule = books.contract.repush_on_reconnect
    return rule == "always" or (rule == "while_unanswered" and not task.is_answered)


def _may_push(books: Books, job: JobState, now_ms: int) -> bool:
    return job.status is JobStatus.STARTED and is_open(job.order.window, books.epoch_ms + now_ms)


def _await_window(books: Books, job: JobState, now_ms: int) -> None:
    """Set the job's timer to the next opening of its window; a stopped job waits for its start."""
    if job.status is not JobStatus.STARTED or job.order.window is None:
        return
    opening = next_opening(job.order.window, books.epoch_ms + now_ms)
    at_ms = None if opening is None else opening - books.epoch_ms
    if at_ms != job.due_at_ms:
        books.timers.arm(job, at_ms)


def _has_room(books: Books, task: TaskState) -> bool:
    """Tell whether the cap lets this task through; one that kept its slot needs no other."""
    cap = cap_of(task.job, books.contract, books.planted)
    return task.has_slot or cap is None or task.job.slots < cap


def _is_due(task: TaskState, now_ms: int) -> bool:
    is_held = task.awaits_round or task.awaits_connect or task.status is TaskStatus.UNCONFIRMED
    return task.is_waiting and not is_held and task.not_before_ms <= now_ms


def _is_pushable(books: Books, task: TaskState, now_ms: int) -> bool:
    """Tell whether its own circumstances let this task be pushed now.

    A device that is busy with another attempt leaves it waiting.
    """
    return (
        _is_due(task, now_ms)
        and not _waits_for_asking(books, task)
        and task.device.is_reachable
        and (is_free(books, task) or "B60" in books.planted)
    )


def _is_offerable(books: Books, task: TaskState, now_ms: int) -> bool:
    return _is_due(task, now_ms) and _may_offer(books, task, now_ms) and _has_room(books, task)


def _may_offer(books: Books, task: TaskState, now_ms: int) -> bool:
    offers_all = books.contract.offers_pushed or "B68" in books.planted
    return (task.job.order.devices_must_ask or offers_all) and _may_push(books, task.job, now_ms)


def _waits_for_asking(books: Books, task: TaskState) -> bool:
    may_push = books.contract.pushes_unasked or "B51" in books.planted
    return task.job.order.devices_must_ask and not may_push


def _is_wanted(books: Books, task: TaskState, now_ms: int) -> bool:
    """Tell whether the device still needs the target and still is in scope; end the task if not."""
    job, device = task.job, task.device
    version = device.version_of(job.module)
    if version == job.target and "B48" not in books.planted:
        tasks.settle_at_target(books, task, now_ms)
        return False
    is_conform = is_source(job, version) or "B61" in books.planted
    if is_conform and job.accepts(device.registration):
        return True
    desc = words.desc_of(books, "out_of_scope" if is_conform else "foreign_version")
    if task.asked_at_ms is None:
        tasks.finish(books, task, TaskStatus.FAILED, now_ms, desc=desc, why="out_of_scope")
    else:
        task.desc = desc
        tasks.fail(books, task, "foreign_version", now_ms)
    return False
