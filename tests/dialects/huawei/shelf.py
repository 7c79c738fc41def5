"""A backend that only keeps rows: enough to hold conversations with a gate.

It finds, pages, makes, cancels, retries and consents, without time, devices or rules of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.dialects.interface import Gate
from fleet_sim.model.filters import Filter, Value, matches
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    DeleteJob,
    Done,
    FirmwareCreated,
    FirmwareRow,
    GetFirmware,
    GetJob,
    JobCreated,
    JobRow,
    JobStatus,
    Listed,
    Page,
    Refusal,
    Refused,
    RetryTasks,
    Row,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    Shown,
    StopJob,
    TaskRow,
    TaskStatus,
)

NOW = 1_772_325_540_000  # 2026-03-01 00:39:00 UTC
_OPEN = {
    TaskStatus.UNCONFIRMED,
    TaskStatus.QUEUED,
    TaskStatus.PUSHED,
    TaskStatus.UNDER_WAY,
}
_MOVES: dict[type, tuple[set[TaskStatus], TaskStatus, Refusal]] = {
    CancelTasks: (_OPEN, TaskStatus.CANCELLED, Refusal.TASK_NOT_CANCELLABLE),
    RetryTasks: (
        {TaskStatus.FAILED, TaskStatus.CANCELLED},
        TaskStatus.QUEUED,
        Refusal.TASK_NOT_FAILED,
    ),
}


@dataclass(slots=True)
class Shelf:
    """The rows, oldest first.

    Attributes:
        firmware: By id.
        jobs: By id, without counts.
        tasks: By id.
        timed_out: The ids of tasks whose failure is a timeout.
        calls: What was asked, in order.
    """

    firmware: dict[str, FirmwareRow] = field(default_factory=dict)
    jobs: dict[str, JobRow] = field(default_factory=dict)
    tasks: dict[str, TaskRow] = field(default_factory=dict)
    timed_out: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)

    def answer(self, call: Call) -> Answer:
        """Answer a call."""
        self.calls.append(call)
        match call:
            case SearchTasks(where, page):
                return _page(list(self.tasks.values()), where, page)
            case SearchJobs(where, page):
                return _page([self._counted(job) for job in self._newest_first()], where, page)
            case SearchFirmware(where, page):
                return _page(list(self.firmware.values()), where, page)
            case GetFirmware(firmware_id):
                row = self.firmware.get(firmware_id)
                return Shown(row) if row else Refused(Refusal.NO_SUCH_FIRMWARE)
            case GetJob(job_id):
                job = self.jobs.get(job_id)
                return Shown(self._counted(job)) if job else Refused(Refusal.NO_SUCH_JOB)
            case _:
                return self._change(call)

    def _change(self, call: Call) -> Answer:  # noqa: C901 - one case a call
        match call:
            case CreateFirmware():
                return self._make_firmware(call)
            case CreateJob():
                return self._make_job(call)
            case DeleteFirmware(firmware_id):
                return Done() if self.firmware.pop(firmware_id, None) else _NO_FIRMWARE
            case DeleteJob(job_id):
                del self.jobs[job_id]
                return Done()
            case StopJob(job_id):
                self.jobs[job_id] = replace(self.jobs[job_id], status=JobStatus.STOPPED)
                return Done()
            case CancelJob(ends_list=True):
                return Refused(Refusal.BAD_ARGUMENT)  # No list of Huawei's is open.
            case CancelJob(job_id, statuses):
                for task in [one for one in self.tasks.values() if one.job_id == job_id]:
                    if task.status in statuses:
                        self.set_status(task.task_id, TaskStatus.CANCELLED)
                return Done()
            case ConfirmTasks(task_ids):
                return self._move(task_ids, {TaskStatus.UNCONFIRMED}, TaskStatus.QUEUED)
            case CancelTasks(job_id, keys) | RetryTasks(job_id, keys):
                chosen, status, refusal = _MOVES[type(call)]
                mine = {task.device_key: task for task in self.tasks.values()
                        if task.job_id == job_id}  # fmt: skip
                return self._move([mine[key].task_id for key in keys], chosen, status, refusal)
            case _:
                raise AssertionError(f"the shelf does not know {type(call).__name__}")

    def set_status(self, task_id: str, status: TaskStatus, desc: str | None = None) -> None:
        """Let a task stand elsewhere."""
        self.tasks[task_id] = replace(self.tasks[task_id], status=status, desc=desc)

    def _move(
        self,
        task_ids: Sequence[str],
        allowed: set[TaskStatus],
        status: TaskStatus,
        refusal: Refusal = Refusal.NO_SUCH_TASK,
    ) -> Answer:
        if any(self.tasks[one].status not in allowed for one in task_ids):
            return Refused(refusal)
        for one in task_ids:
            self.set_status(one, status)
        return Done()

    def _make_firmware(self, call: CreateFirmware) -> Answer:
        order, size = call.order, len(call.content)
        if any(row.order.version == order.version and row.order.product_key == order.product_key
               for row in self.firmware.values()):  # fmt: skip
            return Refused(Refusal.VERSION_EXISTS)
        firmware_id = f"{len(self.firmware) + 1:024x}"
        url = f"http://h/{order.file_name}"
        row = FirmwareRow(firmware_id, order, url, size, is_verified=True, created_epoch_ms=NOW)
        self.firmware[firmware_id] = row
        return FirmwareCreated(firmware_id)

    def _make_job(self, call: CreateJob) -> Answer:
        order = call.order
        firmware = self.firmware[order.firmware_id].order
        job_id = f"{len(self.jobs) + 1:023x}a"
        self.jobs[job_id] = JobRow(job_id, firmware.product_key, order, firmware.version,
                                   firmware.names, JobStatus.STARTED, NOW)  # fmt: skip
        is_open = order.needs_confirmation
        for key in order.scope.device_keys or ("d1", "d2"):
            task_id = f"{len(self.tasks) + 1:023x}b"
            self.tasks[task_id] = TaskRow(
                task_id, job_id, firmware.product_key, key, "", "v1.0", firmware.version,
                TaskStatus.UNCONFIRMED if is_open else TaskStatus.QUEUED, None, None, NOW, NOW,
            )  # fmt: skip
        return JobCreated(job_id)

    def _counted(self, job: JobRow) -> JobRow:
        mine = [task for task in self.tasks.values() if task.job_id == job.job_id]
        counts = Counter(task.status for task in mine)
        timeouts = sum(task.task_id in self.timed_out for task in mine)
        return replace(job, counts=tuple(counts.items()), timeouts=timeouts)

    def _newest_first(self) -> list[JobRow]:
        return list(reversed(self.jobs.values()))


_NO_FIRMWARE = Refused(Refusal.NO_SUCH_FIRMWARE)


def _page(rows: Sequence[Row], where: Filter, page: Page) -> Listed:
    def value_of(row: Row) -> Callable[[str], Value | None]:
        return lambda name: getattr(row, name)

    found = [row for row in rows if matches(where, value_of(row))]
    number, size = page.number or 0, page.size or 10
    return Listed(tuple(found[number * size : (number + 1) * size]), number, size, len(found))


def ask(gate: Gate, shelf: Shelf, request: HttpRequest, epoch_ms: int = NOW) -> HttpResponse:
    """Hold a conversation to its end."""
    return held(gate, shelf.answer, request, epoch_ms)


def held(
    gate: Gate, answer: Callable[[Call], Answer], request: HttpRequest, epoch_ms: int
) -> HttpResponse:
    """The same with anybody who answers."""
    found: HttpResponse | HttpFile | Call = gate.read(request, epoch_ms)
    while not isinstance(found, HttpResponse):
        assert not isinstance(found, HttpFile)
        found = gate.render(found, answer(found), 1)
    return found
