"""What devices say, and what follows from it.

Every report is acknowledged, whether or not it changes anything. A copy of one changes nothing: the
network may deliver a message twice, and a device sends again what nobody acknowledged.

Copies are told from new reports in the same words by what networks do, for devices in the field
number their reports anew after each restart, number all of them alike, or not at all:

    the answer to an open question         counts
    the words last heard under its id      a copy within `COPY_MS`; later it counts
    the id said something else meanwhile   counts: what is numbered alike has no number
    the words that ended an attempt        a copy on a young connection, which came to repeat it,
                                           until the next attempt's progress is heard there
"""

from __future__ import annotations

import hashlib

from fleet_sim.backend import dispatch, joining, requests, tasks, waiting, words
from fleet_sim.backend.books import Books
from fleet_sim.backend.signs_of_life import COPY_MS
from fleet_sim.backend.state import DeviceState, Heard, TaskState
from fleet_sim.model.messages import (
    ActivationReply,
    BlockRequest,
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ReportReply,
    UpgradeReply,
    VersionQuery,
    VersionReport,
)
from fleet_sim.model.northbound import TaskStatus

# How long a fresh connection is given to report its version before it is pushed to, where the
# contract does not say. Two round trips of the slowest link profile, and well within the time a
# push may take to start.
GRACE_MS = 10_000

# Copies follow closely: a sender repeats what was not acknowledged, a few messages at most.
_HEARD_MAX = 8

_MARK_BYTES = 8

_DONE_PERCENT = 100
_UNNAMED_FAILURE = -1  # "undefined failure" in the code tables that number their failures


def on_connected(books: Books, device: DeviceState, now_ms: int) -> None:
    """Take note of a connection and give the device time to say what it runs.

    A device that has just been upgraded would otherwise be asked again for what it already did.
    """
    device.is_connected = True
    device.connected_at_ms, device.progress_at_ms = now_ms, None
    device.heard = ()
    wait_s = books.contract.connect_wait_s
    books.timers.arm(device, now_ms + (GRACE_MS if wait_s is None else wait_s * 1000))
    waiting.on_presence(books, device, now_ms)


def on_gone(books: Books, device: DeviceState, now_ms: int) -> None:
    """Take note of the end of a connection; every task stays as it is."""
    device.is_connected = False
    device.heard = ()
    books.timers.arm(device, None)
    waiting.on_presence(books, device, now_ms)


def on_reachable(books: Books, device: DeviceState) -> None:
    """A connected device has reported its version, or had time to: it can be pushed to."""
    dispatch.owe(books, device)
    waiting.stir_device(books, device)
    latest = device.latest
    if "B28" in books.planted and latest is not None and latest.is_final:
        requests.send(books, latest)


def on_message(books: Books, device: DeviceState, message: DeviceMessage, now_ms: int) -> None:
    """Take what a device said."""
    match message:
        case VersionQuery(message_id, module):
            dispatch.offer(books, device, message_id, now_ms, module=module)
        case UpgradeReply():
            _on_reply(books, device, message, now_ms)
        case ActivationReply():
            pass  # its secret is written down already, whatever it says of it
        case BlockRequest():
            pass  # whoever keeps the files answers it
        case VersionReport() | ProgressReport() | FailureReport():
            if not _is_copy(device, message, now_ms):
                _on_report(books, device, message, now_ms)
            books.tell(device, ReportReply(message.message_id, to=type(message)))


def _on_report(
    books: Books,
    device: DeviceState,
    report: VersionReport | ProgressReport | FailureReport,
    now_ms: int,
) -> None:
    match report:
        case VersionReport():
            _on_version(books, device, report, now_ms)
        case ProgressReport():
            _on_progress(books, device, report, now_ms)
        case FailureReport():
            _on_failure(books, device, report, now_ms)


def _is_copy(
    device: DeviceState, report: VersionReport | ProgressReport | FailureReport, now_ms: int
) -> bool:
    """Tell whether a report only repeats what came on this connection; see the module."""
    said = Heard(report.message_id, hash(report), now_ms)
    last = next((one for one in device.heard if one.message_id == said.message_id), None)
    is_repeated = last is not None and last.words == said.words and now_ms - last.at_ms < COPY_MS
    if is_repeated and not _is_answer(device, report):
        return True
    others = (one for one in device.heard if one is not last and now_ms - one.at_ms < COPY_MS)
    device.heard = (*others, said)[-_HEARD_MAX:]
    return False


def _is_answer(device: DeviceState, report: VersionReport | ProgressReport | FailureReport) -> bool:
    """Tell whether a device was asked for what it reports, and has not said it yet."""
    task = device.running(report.module) if isinstance(report, VersionReport) else None
    return task is not None and task.asked_at_ms is not None


def _on_version(books: Books, device: DeviceState, report: VersionReport, now_ms: int) -> None:
    is_news = device.version_of(report.module) != report.version
    if is_news:
        _note_version(books, device, report)
    running = device.running(report.module)
    if running is not None:
        _judge_version(books, running, report, now_ms)
    else:
        _judge_late_version(books, device, report, now_ms)
    for task in list(device.open_tasks):
        is_there = (task.job.module, task.job.target) == (report.module, report.version)
        if task.is_waiting and is_there:
            tasks.settle_at_target(books, task, now_ms)
    joining.join_open_lists(books, device, now_ms, report="news" if is_news else "same")
    if device.is_connected and device.due_at_ms is not None:
        books.timers.arm(device, None)
        on_reachable(books, device)
    else:
        waiting.stir_device(books, device)


def _note_version(books: Books, device: DeviceState, report: VersionReport) -> None:
    if report.module:
        device.modules[report.module] = report.version
    else:
        device.version = report.version
    books.keep(device)


def _judge_version(books: Books, task: TaskState, report: VersionReport, now_ms: int) -> None:
    """A device with a running attempt has said what it runs.

    If it had been asked: that is its answer.

    The target: success, with or without progress before it. What it ran when it was asked: nothing,
    for it may have restarted before installing; unless it says that its upgrade is over and the
    contract counts that as a failure. Anything else, once under way: what the contract says of
    foreign versions.
    """
    version, is_under_way = report.version, task.status is TaskStatus.UNDER_WAY
    if task.asked_at_ms is not None:
        dispatch.go_on(books, task, now_ms)
        return
    if "B62" in books.planted and task.progress != _DONE_PERCENT:
        return
    if version == task.job.target or "B16" in books.planted:
        tasks.succeed(books, task, now_ms)
    elif not is_under_way:
        return
    elif version in (task.from_version, task.ran):
        if report.after_upgrade and books.contract.old_version_after_upgrade == "fails":
            task.desc = words.desc_of(books, "old_version")
            tasks.fail(books, task, "failed", now_ms)
    elif books.contract.foreign_version == "fails":
        task.desc = words.desc_of(books, "foreign_version")
        tasks.fail(books, task, "foreign_version", now_ms)


def _judge_late_version(
    books: Books, device: DeviceState, report: VersionReport, now_ms: int
) -> None:
    """A device without a running attempt has said what it runs: its last task has ended."""
    task = device.latest
    if task is None or not task.is_final or task.job.module != report.module:
        return
    if "B63" in books.planted:
        tasks.force(books, task, TaskStatus.UNDER_WAY, now_ms)
    heals = books.contract.late_success == "heal" and task.why == "timeout"
    if heals and report.version == task.job.target:
        tasks.heal(books, task, now_ms)


def _on_progress(books: Books, device: DeviceState, report: ProgressReport, now_ms: int) -> None:
    task = device.serving(report.module)
    if task is None and "B18" in books.planted:
        task = tasks.revive(books, device, now_ms)
    if task is None or task.asked_at_ms is not None:
        books.journal("report_ignored", device.latest, why="no attempt is running")
        return
    task.is_answered = True
    device.progress_at_ms = now_ms
    if task.status is TaskStatus.PUSHED or "B07" in books.planted:
        tasks.get_under_way(books, task, now_ms)
    tasks.show(books, task, report.percent, report.desc, now_ms)
    if report.percent == _DONE_PERCENT and "B15" in books.planted:
        tasks.succeed(books, task, now_ms)


def _on_failure(books: Books, device: DeviceState, report: FailureReport, now_ms: int) -> None:
    task = device.serving(report.module)
    if task is None or task.asked_at_ms is not None:
        latest = device.latest
        if "B19" in books.planted and latest and latest.status is TaskStatus.SUCCEEDED:
            tasks.force(books, latest, TaskStatus.FAILED, now_ms)
        books.journal("report_ignored", latest, why="no attempt is running")
        return
    mark = _mark_of(report)
    if mark in task.ended_by and _is_sent_again(task, now_ms):
        return
    code = _UNNAMED_FAILURE if report.code is None or "B64" in books.planted else report.code
    if report.message_id and mark not in task.ended_by:
        task.ended_by = (*task.ended_by, mark)
    tasks.show(books, task, code, report.desc, now_ms)
    tasks.fail(books, task, "failed", now_ms)


def _mark_of(report: FailureReport) -> str:
    """Return what stands for a failure's id and words, the same in every process."""
    words = "\0".join((report.message_id, str(report.code), report.module, report.desc))
    return hashlib.blake2b(words.encode(), digest_size=_MARK_BYTES).hexdigest()


def _is_sent_again(task: TaskState, now_ms: int) -> bool:
    """Tell whether a device may just have sent an old failure again, as nobody acknowledged it.

    It does so first thing on a new connection, and before it tells how the next attempt goes.
    """
    device, pushed_at_ms = task.device, task.pushed_at_ms or 0
    has_gone_on = device.progress_at_ms is not None and device.progress_at_ms >= pushed_at_ms
    return now_ms - device.connected_at_ms < COPY_MS and not has_gone_on


def _on_reply(books: Books, device: DeviceState, reply: UpgradeReply, now_ms: int) -> None:
    """Take the answer to an upgrade request; a refusal is noted and the task stays as it is."""
    task = _replied_to(device, reply)
    books.journal("push_answered", task or device.latest, code=reply.code, text=reply.text)
    if task is None or books.contract.upgrading_starts == "first_progress":
        return
    task.is_answered = True
    books.keep(task)
    is_consent = reply.code == 200  # noqa: PLR2004 - the one code every vendor shares
    if is_consent and books.contract.upgrading_starts == "ack" and task.status is TaskStatus.PUSHED:
        tasks.get_under_way(books, task, now_ms)


def _replied_to(device: DeviceState, reply: UpgradeReply) -> TaskState | None:
    """Return the running task whose request a device answers; where one runs, that is it."""
    running = [task for task in device.active.values() if task.asked_at_ms is None]
    if len(running) == 1:
        return running[0]
    found = (task for task in running if requests.is_request_of(task, reply.message_id))
    return next(found, None)
