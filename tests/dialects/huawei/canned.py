"""A backend that answers every call of a kind with the same, and keeps what it was asked.

`Shelf` works, so each example would need a new one; this is enough where many requests are read.
"""

from __future__ import annotations

from collections.abc import Sequence

from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.gate import HuaweiGate
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CreateFirmware,
    CreateJob,
    Done,
    FirmwareCreated,
    FirmwareOrder,
    FirmwareRow,
    GetFirmware,
    GetJob,
    JobCreated,
    JobOrder,
    JobRow,
    JobStatus,
    Listed,
    Names,
    Page,
    Row,
    Scope,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    Shown,
    TaskRow,
    TaskStatus,
)
from tests.dialects.huawei.scene import ORG
from tests.dialects.huawei.shelf import NOW

KEYS = ("d1", "d_2", "d3")
FIRMWARE = FirmwareRow(
    "f", FirmwareOrder("p1", Names("n"), "v2", "a" * 64, "sha256", "x.bin"), "http://h/x.bin", 5,
    is_verified=True, created_epoch_ms=NOW,
)  # fmt: skip
# Some of it went well and all has ended, so that it may be tried again and deleted.
JOB = JobRow(
    "j", "p1",
    JobOrder("f", "upgrade", Scope("p1", total=False, device_keys=KEYS),
             tags=(("operateType", "firmware_upgrade"),)),
    "v2", Names("n"), JobStatus.FINISHED, NOW,
    ((TaskStatus.SUCCEEDED, 1), (TaskStatus.FAILED, 2)),
)  # fmt: skip
TASKS = tuple(
    TaskRow(f"t{key}", "j", "p1", key, "", "v1", "v2", TaskStatus.FAILED, None, "why", NOW, NOW)
    for key in KEYS
)


class Canned:
    """See the module; answers that are given stand for those of their kind."""

    def __init__(
        self, *, job: JobRow = JOB, firmware: FirmwareRow = FIRMWARE, tasks: Sequence[Row] = TASKS
    ) -> None:
        self.calls: list[Call] = []
        self._job = job
        self._firmware = firmware
        self._tasks = tuple(tasks)

    def answer(self, call: Call) -> Answer:
        """Answer a call."""
        self.calls.append(call)
        match call:
            case GetJob():
                return Shown(self._job)
            case GetFirmware():
                return Shown(self._firmware)
            case SearchTasks(page=page):
                return _first_page(self._tasks, page)
            case SearchJobs(page=page):
                return _first_page((self._job,), page)
            case SearchFirmware(page=page):
                return _first_page((self._firmware,), page)
            case CreateJob():
                return JobCreated("j")
            case CreateFirmware():
                return FirmwareCreated("f")
            case _:
                return Done()

    def ask(self, request: HttpRequest, gate: HuaweiGate | None = None) -> HttpResponse:
        """Hold a conversation of a gate, a new one unless one is given, to its end."""
        by = gate or HuaweiGate(ORG, {"A": "s"}, signed_only=False, contract=CONTRACT)
        found: HttpResponse | HttpFile | Call = by.read(request, NOW)
        while not isinstance(found, HttpResponse):
            assert not isinstance(found, HttpFile)
            found = by.render(found, self.answer(found), 1)
        return found


def _first_page(rows: tuple[Row, ...], page: Page) -> Listed:
    number = page.number or 0
    return Listed(() if number else rows, number, page.size or 10, len(rows))
