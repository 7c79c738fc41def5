from __future__ import annotations

from typing import Any

import pytest

from fleet_sim.dialects.rpc import codes, tasks
from fleet_sim.dialects.rpc.asked import equal, together
from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.northbound import (
    CancelTasks,
    ConfirmTasks,
    Page,
    ReportedRow,
    RetryTasks,
    SearchReported,
    SearchTasks,
    TaskRow,
    TaskStatus,
)
from tests.dialects.rpc.callers import NOW, PROFILES, asking, gate_of, refused

_JOB = equal("job_id", "j")
_DEVICE = together(equal("product_key", "pk"), equal("device_key", "d"))
_OPEN = Comparison("status", Operator.IN, tasks.UNFINISHED)
_ROW = TaskRow(
    "t1", "j", "pk", "d", "i", "1.0", "2.0", TaskStatus.UNDER_WAY, 50, "going", NOW + 9, NOW,
    module="MCU", firmware_id="f", timeout_s=300,
)  # fmt: skip


@pytest.mark.parametrize(
    ("action", "given", "call"),
    [
        ("ListOTATaskByJob", {"JobId": "j"}, SearchTasks(_JOB)),
        ("ListOTATaskByJob", {"JobId": "j", "CurrentPage": 3, "PageSize": 100},
         SearchTasks(_JOB, Page(3, 100))),
        ("ListOTATaskByJob", {"JobId": "j", "TaskStatus": "CANCELED"},
         SearchTasks(together(_JOB, equal("status", TaskStatus.CANCELLED)))),
        ("ListOTATaskByJob", {"JobId": "j", "DeviceNames_1": "a", "DeviceNames_2": "b",
                              "CurrentPage": 9},
         SearchTasks(together(_JOB, Comparison("device_key", Operator.IN, ("a", "b"))),
                     Page(1, 100))),
        ("ListOTAUnfinishedTaskByDevice", {"IotId": "i"},
         SearchTasks(together(equal("asset_id", "i"), _OPEN), Page(1, 100))),
        ("ListOTAUnfinishedTaskByDevice", {"ProductKey": "pk", "DeviceName": "d",
                                           "TaskStatus": "QUEUED", "ModuleName": "default"},
         SearchTasks(together(_DEVICE, Comparison("status", Operator.IN, (TaskStatus.QUEUED,)),
                              equal("module", "")), Page(1, 100))),
        ("ListOTAUnfinishedTaskByDevice", {"IotId": "i", "TaskStatusList_1": "CONFIRM",
                                           "TaskStatusList_2": "NOTIFIED"},
         SearchTasks(together(equal("asset_id", "i"), Comparison(
             "status", Operator.IN, (TaskStatus.UNCONFIRMED, TaskStatus.PUSHED))), Page(1, 100))),
        ("ListOTAModuleVersionsByDevice", {"ProductKey": "pk", "DeviceName": "d", "PageSize": 200},
         SearchReported(_DEVICE, Page(None, 200))),
        ("CancelOTATaskByDevice", {"ProductKey": "pk", "FirmwareId": "f", "DeviceName_1": "a"},
         CancelTasks("", ("a",), "f", "pk")),
        ("CancelOTATaskByDevice", {"ProductKey": "pk", "FirmwareId": "f", "DeviceName_1": "a",
                                   "JobId": "j"}, CancelTasks("j", ("a",), "f", "pk")),
        ("ConfirmOTATask", {"TaskId_1": "t1", "TaskId_2": "t2"}, ConfirmTasks(("t1", "t2"))),
        ("ReupgradeOTATask", {"JobId": "j", "TaskId_1": "t"}, RetryTasks("j", task_ids=("t",))),
        ("ReupgradeOTATask", {"JobId": "j"}, RetryTasks("j")),
    ],
)  # fmt: skip
def test_what_each_call_means(action: str, given: dict[str, Any], call: object) -> None:
    """Statuses in neutral words; pages as asked for, or left to the default."""
    assert gate_of("alibaba").read(asking(action, **given), NOW) == call


def test_each_status_has_one_word() -> None:
    """Both ways."""
    assert len(set(tasks.WORDS.values())) == len(TaskStatus)
    assert all(tasks.STATUS_OF[word] is status for status, word in tasks.WORDS.items())


@pytest.mark.parametrize(
    ("action", "given", "word"),
    [
        ("ListOTATaskByJob", {}, "MissingJobId"),
        ("ListOTATaskByJob", {"JobId": "j", "TaskStatus": "DONE"}, codes.BAD_REQUEST),
        ("ListOTATaskByJob", {"JobId": "j", "TaskStatus": "failed"}, codes.BAD_REQUEST),
        ("ListOTATaskByJob", {"JobId": "j", "CurrentPage": 0}, codes.BAD_PAGE),
        ("ListOTATaskByJob", {"JobId": "j", "PageSize": 0}, codes.BAD_PAGE),
        ("ListOTATaskByJob", {"JobId": "j", "PageSize": 101}, codes.BAD_PAGE),
        ("ListOTATaskByJob", {"JobId": "j", "PageSize": "ten"}, codes.BAD_PAGE),
        ("ListOTATaskByJob", {"JobId": "j", "CurrentPage": 10_001}, codes.BAD_PAGE),
        ("ListOTATaskByJob", {"JobId": "j", "CurrentPage": 1001, "PageSize": 100}, codes.BAD_PAGE),
        ("ListOTATaskByJob", {"JobId": "j", **{f"DeviceNames_{n}": f"d{n}" for n in range(1, 52)}},
         codes.BAD_REQUEST),
        ("ListOTAUnfinishedTaskByDevice", {}, "MissingProductKey"),
        ("ListOTAUnfinishedTaskByDevice", {"ProductKey": "p"}, "MissingDeviceName"),
        ("ListOTAUnfinishedTaskByDevice", {"IotId": "i", "TaskStatus": "FAILED"},
         codes.BAD_REQUEST),
        ("ListOTAUnfinishedTaskByDevice", {"IotId": "i", "TaskStatusList_1": "x"},
         codes.BAD_REQUEST),
        ("ListOTAModuleVersionsByDevice", {}, "MissingProductKey"),
        ("ListOTAModuleVersionsByDevice", {"IotId": "i", "PageSize": 201}, codes.BAD_PAGE),
        ("CancelOTATaskByDevice", {"FirmwareId": "f", "DeviceName_1": "a"}, "MissingProductKey"),
        ("CancelOTATaskByDevice", {"ProductKey": "p", "DeviceName_1": "a"}, "MissingFirmwareId"),
        ("CancelOTATaskByDevice", {"ProductKey": "p", "FirmwareId": "f"}, "MissingDeviceName"),
        ("CancelOTATaskByDevice", {"ProductKey": "p", "FirmwareId": "f",
                                   **{f"DeviceName_{n}": f"d{n}" for n in range(1, 202)}},
         codes.BAD_REQUEST),
        ("ConfirmOTATask", {}, "MissingTaskId"),
        ("ConfirmOTATask", {f"TaskId_{n}": f"t{n}" for n in range(1, 12)}, codes.BAD_REQUEST),
        ("ReupgradeOTATask", {"TaskId_1": "t"}, "MissingJobId"),
    ],
)  # fmt: skip
def test_each_wrong_parameter_has_its_code(action: str, given: dict[str, Any], word: str) -> None:
    """Just outside of each documented range."""
    assert refused(gate_of("alibaba").read(asking(action, **given), NOW))[1] == word


def test_the_last_row_that_pages_reach() -> None:
    """The hundred-thousandth, where the vendor draws that line; Tuya draws none."""
    last = asking("ListOTATaskByJob", JobId="j", CurrentPage=1000, PageSize=100)
    beyond = asking("ListOTATaskByJob", JobId="j", CurrentPage=1001, PageSize=100)

    assert gate_of("alibaba").read(last, NOW) == SearchTasks(_JOB, Page(1000, 100))
    assert gate_of("tuya").read(beyond, NOW) == SearchTasks(_JOB, Page(1001, 100))


def test_the_two_searches_are_told_apart() -> None:
    """By the job that one of them demands."""
    assert tasks.is_by_job(_JOB)
    assert tasks.is_by_job(together(_JOB, _OPEN))
    assert not tasks.is_by_job(together(equal("asset_id", "i"), _OPEN))


def test_a_task_as_shown() -> None:
    """Every member is a text; the progress has as many digits as the vendor's sample."""
    found = tasks.fields(_ROW, PROFILES["tuya"], is_whole=True)

    assert found == {
        "DestVersion": "2.0", "DeviceName": "d", "FirmwareId": "f", "IotId": "i", "JobId": "j",
        "ProductKey": "pk", "SrcVersion": "1.0", "TaskId": "t1", "TaskStatus": "IN_PROGRESS",
        "UtcCreate": "2023-11-14T22:13:20.000Z", "UtcModified": "2023-11-14T22:13:20.009Z",
        "Progress": "50", "TaskDesc": "going", "Timeout": "5",
    }  # fmt: skip
    assert tasks.fields(_ROW, PROFILES["alibaba"], is_whole=True)["Progress"] == "50.00"


def test_an_unfinished_task_of_a_device_as_shown() -> None:
    """With its module, without what may still change."""
    found = tasks.fields(_ROW, PROFILES["alibaba"], is_whole=False)

    assert found["ModuleName"] == "MCU"
    assert not {"Progress", "TaskDesc", "Timeout"} & found.keys()


def test_what_is_not_known_is_null() -> None:
    """To be left out of the answer."""
    row = TaskRow("t", "j", "pk", "d", "", "", "2.0", TaskStatus.QUEUED, None, None, NOW)
    found = tasks.fields(row, PROFILES["alibaba"], is_whole=True)

    assert {name for name, value in found.items() if value is None} == {
        "FirmwareId", "IotId", "UtcCreate", "Progress", "TaskDesc", "Timeout",
    }  # fmt: skip


def test_a_version_as_shown() -> None:
    """The device as a whole is the default module."""
    found = tasks.reported_fields(ReportedRow("pk", "d", "", "", "1.0"))

    assert found == {
        "DeviceName": "d", "IotId": None, "ModuleName": "default", "ModuleVersion": "1.0",
        "ProductKey": "pk",
    }  # fmt: skip
