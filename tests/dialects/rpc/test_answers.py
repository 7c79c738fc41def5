from __future__ import annotations

import pytest

from fleet_sim.dialects.alibaba.contract import CONTRACT
from fleet_sim.dialects.rpc.answers import members
from fleet_sim.dialects.rpc.asked import equal
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelJob,
    CreateJob,
    DeviceRow,
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
    Refusal,
    Refused,
    ReportedRow,
    Row,
    Scope,
    SearchFirmware,
    SearchJobs,
    SearchReported,
    SearchTasks,
    Shown,
    TaskRow,
    TaskStatus,
)
from tests.dialects.rpc.callers import NOW, PROFILES

_ALIBABA = PROFILES["alibaba"]
_ORDER = JobOrder("f", "upgrade", Scope("pk"))
_JOB = JobRow("j", "pk", _ORDER, "2.0", Names("n"), JobStatus.STARTED, NOW)
_FIRMWARE = FirmwareRow(
    "f", FirmwareOrder("pk", Names("n"), "2.0", "00", "md5", "x"), "", 5,
    is_verified=False, created_epoch_ms=NOW,
)  # fmt: skip
_TASK = TaskRow("t", "j", "pk", "d", "i", "1", "2", TaskStatus.QUEUED, None, None, NOW)
_REPORTED = ReportedRow("pk", "d", "i", "", "1.0")
_BY_JOB, _BY_DEVICE = SearchTasks(equal("job_id", "j")), SearchTasks(equal("asset_id", "i"))


@pytest.mark.parametrize(
    ("call", "answer", "names"),
    [
        (CreateJob(_ORDER), FirmwareCreated("f"), {"Data"}),
        (CreateJob(_ORDER), JobCreated("j"), {"Data"}),
        (GetJob("j"), Shown(_JOB), {"Data"}),
        (GetFirmware("f"), Shown(_FIRMWARE), {"FirmwareInfo"}),
        (CancelJob("j"), Done(), set()),
        (GetJob("j"), Refused(Refusal.NO_SUCH_JOB), set()),
    ],
)
def test_where_things_stand(call: Call, answer: Answer, names: set[str]) -> None:
    """A firmware not in `Data`, as the others do."""
    assert members(call, answer, _ALIBABA, CONTRACT).keys() == names


@pytest.mark.parametrize(
    ("call", "row", "holder", "name", "is_paged"),
    [
        (_BY_JOB, _TASK, "Data", "SimpleOTATaskInfo", True),
        (_BY_DEVICE, _TASK, "Data", "SimpleOTATaskInfo", False),
        (SearchJobs(), _JOB, "Data", "SimpleOTAJobInfo", True),
        (SearchFirmware(), _FIRMWARE, "FirmwareInfo", "SimpleFirmwareInfo", True),
        (SearchReported(), _REPORTED, "Data", "SimpleOTAModuleInfo", True),
    ],
)
def test_where_lists_stand(call: Call, row: Row, holder: str, name: str, is_paged: bool) -> None:
    """With their paging, but for the unfinished tasks of a device."""
    found = members(call, Listed((row,), page_number=2, page_size=10, total=11), _ALIBABA, CONTRACT)
    paging = {"CurrentPage": 2, "PageSize": 10, "PageCount": 2, "Total": 11}

    assert len(found[holder][name]) == 1
    assert {key: value for key, value in found.items() if key != holder} == (
        paging if is_paged else {}
    )


@pytest.mark.parametrize(("total", "pages"), [(0, 0), (1, 1), (10, 1), (11, 2)])
def test_pages_are_counted(total: int, pages: int) -> None:
    """The last may be a short one."""
    found = members(SearchJobs(page=Page()), Listed((), 1, 10, total), _ALIBABA, CONTRACT)

    assert found["PageCount"] == pages


def test_a_row_that_no_action_lists_is_our_mistake() -> None:
    """No gate of this API searches devices."""
    row = DeviceRow("pk", "d", "", "1", is_upgrading=False)

    with pytest.raises(AssertionError, match="DeviceRow"):
        members(SearchJobs(), Listed((row,), 1, 1, 1), _ALIBABA, CONTRACT)
