"""What devices say, and what follows from it.

Every report is acknowledged, whether or not it changes anything. A copy of one changes nothing: the
network may deliver a message twice, and a device sends again what nobody acknowledged.
"""

from __future__ import annotations

from dataclasses import replace

from fleet_sim.backend import copies, dispatch, joining, requests, tasks, waiting, words
from fleet_sim.backend.books import Books
from fleet_sim.backend.state import DeviceState, TaskState
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
            if not copies.is_copy(device, message, now_ms):
                _on_report(books, device, message, now_ms)
            elif "B20" in books.planted and isinstance(message, VersionReport):
                joining.list_again(books, device, _placed(device, message))
            books.tell(device, ReportReply(message.message_id, to=type(message)))


def _on_report(
    books: Books,
    device: DeviceState,
    report: VersionReport | ProgressReport | FailureReport,
    now_ms: int,
) -> None:
    match report:
        case VersionReport():
            _on_version(books, device, _placed(device, report), now_ms)
        case ProgressReport():
            _on_progress(books, device, report, now_ms)
        case FailureReport():
            _on_failure(books, device, report, now_ms)


def _placed(device: DeviceState, report: VersionReport) -> VersionReport:
    """Return a report with the module that it is about, where it is the latest upgrade's."""
    if not report.of_latest or device.latest is None:
        return report
    return replace(report, module=device.latest.job.module)


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
    contract counts that as a failure. If it had said nothing by then, what it says first is that.
    Anything else, once under way: what the contract says of foreign versions.
    """
    version, is_under_way = report.version, task.status is TaskStatus.UNDER_WAY
    ran = _ran(books, task, version)
    if task.asked_at_ms is not None:
        dispatch.go_on(books, task, now_ms)
        return
    if report.desc:
        tasks.describe(books, task, report.desc, now_ms)
    if "B62" in books.planted and task.progress != _DONE_PERCENT:
        return
    if version == task.job.target or "B16" in books.planted:
        tasks.succeed(books, task, now_ms)
    elif not is_under_way:
        return
    elif version in ran:
        if report.after_upgrade and books.contract.old_version_after_upgrade == "fails":
            task.desc = words.desc_of(books, "old_version")
            tasks.fail(books, task, "failed", now_ms)
    elif books.contract.foreign_version == "fails":
        task.desc = words.desc_of(books, "foreign_version")
        tasks.fail(books, task, "foreign_version", now_ms)


def _ran(books: Books, task: TaskState, version: str) -> set[str]:
    """Return what the device may have run before; the first thing it ever says, if nothing yet."""
    known = {task.from_version, task.ran} - {""}
    if known or version == task.job.target or task.asked_at_ms is not None:
        return known
    task.ran = version
    books.keep(task)
    return {version}


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
    mark = copies.mark_of(report)
    if mark in task.ended_by and copies.is_sent_again(task, now_ms):
        return
    code = _UNNAMED_FAILURE if report.code is None or "B64" in books.planted else report.code
    if report.message_id and mark not in task.ended_by:
        task.ended_by = (*task.ended_by, mark)
    tasks.show(books, task, code, report.desc, now_ms)
    tasks.fail(books, task, "failed", now_ms)


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
