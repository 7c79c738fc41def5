from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet_sim.dialects.huawei.oc_rows import (
    is_meant,
    kind_of,
    operation_fields,
    read_operation,
    read_suboperation,
    suboperation_fields,
)
from fleet_sim.dialects.huawei.times import stamp
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import (
    JobOrder,
    JobRow,
    JobStatus,
    Names,
    Retry,
    Scope,
    TaskRow,
    TaskStatus,
    Window,
)

_CREATED = 1_772_325_540_000
_TAGS = (("deviceType", "T"), ("manufacturerName", "M"), ("operateType", "firmware_upgrade"))
_ORDER = JobOrder("f", "upgrade", Scope("p1", total=False, device_keys=("d1", "d2")), tags=_TAGS)
_COUNTS = ((TaskStatus.UNDER_WAY, 1), (TaskStatus.SUCCEEDED, 1), (TaskStatus.FAILED, 2))
_JOB = JobRow("j", "p1", _ORDER, "v2.0", Names("n"), JobStatus.STARTED, _CREATED, _COUNTS)


def _task(status: TaskStatus = TaskStatus.UNDER_WAY, desc: str | None = None) -> TaskRow:
    return TaskRow("t", "j", "p1", "d_1", "", "v1.0", "v2.0", status, None, desc,
                   _CREATED + 9_000, _CREATED, _CREATED + 1_000)  # fmt: skip


def test_an_operation_shows_every_documented_field() -> None:
    """The page's structures OperationInfo, OperateDevices, OperatePolicy, OperationStaResult."""
    assert operation_fields(replace(_JOB, timeouts=1)) == {
        "operationId": "j",
        "createTime": "20260301T003900Z",
        "startTime": "20260301T003900Z",
        "stopTime": None,
        "operateType": "firmware_upgrade",
        "targets": {"devices": ["p1_d1", "p1_d2"]},
        "policy": {"executeType": "now", "retryType": False},
        "status": "processing",
        "staResult": {
            "total": 4, "wait": 0, "processing": 1, "success": 1, "fail": 1, "stop": 0,
            "timeout": 1,
        },
        "extendPara": {"fileVersion": "v2.0"},
    }  # fmt: skip


def test_an_operation_comes_back() -> None:
    """Its counts with timeouts among the failures; its package and name are not told."""
    row = read_operation(operation_fields(replace(_JOB, timeouts=1)))

    assert (row.job_id, row.product_key, row.firmware_version) == ("j", "p1", "v2.0")
    assert row.order.scope == _ORDER.scope
    assert (dict(row.counts), row.timeouts) == (dict(_COUNTS), 1)
    assert (row.status, row.created_epoch_ms) == (JobStatus.STARTED, _CREATED)


@pytest.mark.parametrize(
    ("word", "status"),
    [("wait", JobStatus.STARTED), ("processing", JobStatus.STARTED), ("stop", JobStatus.STOPPED),
     ("success", JobStatus.FINISHED), ("failed", JobStatus.FINISHED)],
)  # fmt: skip
def test_a_jobs_word_has_a_meaning(word: str, status: JobStatus) -> None:
    """A task fails with `failed`, not `fail`."""
    fields = operation_fields(_JOB)

    assert read_operation({**fields, "status": word}).status is status
    with pytest.raises(DialectError, match="none of an operation"):
        read_operation({**fields, "status": "fail"})


def test_an_operation_shows_how_it_is_carried_out() -> None:
    """What has not begun has no beginning, and groups come with what they are of."""
    order = JobOrder("f", "upgrade", Scope("p1"), retry=Retry(2, 0), tags=_TAGS,
                     window=Window(_CREATED + 60_000, _CREATED + 360_000))  # fmt: skip
    counts = ((TaskStatus.QUEUED, 1),)
    row = JobRow("j", "p1", order, "v2.0", Names("n"), JobStatus.STARTED, _CREATED, counts)

    fields = operation_fields(row)

    assert fields["startTime"] is None
    assert fields["policy"] == {
        "executeType": "custom", "startTime": "20260301T004000Z", "endTime": "20260301T004500Z",
        "retryType": True, "retryTimes": 2,
    }  # fmt: skip
    assert fields["targets"] == {
        "deviceGroups": ["p1"], "deviceType": "T", "model": "p1", "manufacturerName": "M",
    }  # fmt: skip


def test_devices_that_have_no_form_here_read_as_everybody() -> None:
    """Another generation may have named them otherwise."""
    order = JobOrder("f", "upgrade", Scope("p1", total=False, asset_ids=("a",)))
    row = JobRow("j", "p1", order, "v2.0", Names("n"), JobStatus.STARTED, _CREATED)

    assert operation_fields(row)["targets"] == {"deviceGroups": ["p1"], "model": "p1"}
    assert kind_of(row) == "firmware_upgrade"


def test_a_suboperation_shows_every_documented_field() -> None:
    """What runs has no end."""
    assert suboperation_fields(_task(), "software_upgrade") == {
        "subOperationId": "t",
        "createTime": "20260301T003900Z",
        "startTime": "20260301T003901Z",
        "stopTime": None,
        "operateType": "software_upgrade",
        "deviceId": "p1_d_1",
        "status": "processing",
        "detailInfo": "",
        "extendInfo": {"fileVersion": "v2.0", "sourceVersion": "v1.0"},
    }


@pytest.mark.parametrize(
    ("status", "word", "back"),
    [
        (TaskStatus.UNCONFIRMED, "wait", TaskStatus.QUEUED),
        (TaskStatus.QUEUED, "wait", TaskStatus.QUEUED),
        (TaskStatus.PUSHED, "processing", TaskStatus.UNDER_WAY),
        (TaskStatus.UNDER_WAY, "processing", TaskStatus.UNDER_WAY),
        (TaskStatus.SUCCEEDED, "success", TaskStatus.SUCCEEDED),
        (TaskStatus.FAILED, "fail", TaskStatus.FAILED),
        (TaskStatus.CANCELLED, "stop", TaskStatus.CANCELLED),
    ],
)
def test_a_task_comes_back_as_far_as_the_words_go(
    status: TaskStatus, word: str, back: TaskStatus
) -> None:
    """A subtask fails with `fail`; two statuses have no word of their own."""
    fields = suboperation_fields(_task(status, "why"), "firmware_upgrade")

    row = read_suboperation(fields, "j")

    assert fields["status"] == word
    assert (row.status, row.desc, row.product_key, row.device_key) == (back, "why", "p1", "d_1")
    assert (row.from_version, row.to_version, row.progress) == ("v1.0", "v2.0", None)


def test_a_timeout_is_a_failure() -> None:
    """Should a platform show it as a status."""
    fields = suboperation_fields(_task(TaskStatus.FAILED), "firmware_upgrade")

    assert read_suboperation({**fields, "status": "timeout"}, "j").status is TaskStatus.FAILED


def test_the_first_instant_there_is_is_an_instant() -> None:
    """A task that stopped in the first second of 1970 did not stop when it started."""
    fields = suboperation_fields(_task(TaskStatus.FAILED), "firmware_upgrade")

    assert read_suboperation({**fields, "stopTime": stamp(0)}, "j").updated_epoch_ms == 0


@pytest.mark.parametrize(
    "changes",
    [{"status": "failed"}, {"status": None}, {"deviceId": "x"}, {"subOperationId": None},
     {"createTime": "yesterday"}, {"extendInfo": []}],
)  # fmt: skip
def test_a_malformed_suboperation_is_refused(changes: dict[str, Any]) -> None:
    """By the one who reads it."""
    fields = suboperation_fields(_task(), "firmware_upgrade")

    with pytest.raises(DialectError):
        read_suboperation({**fields, **changes}, "j")


def test_a_job_is_meant_by_what_its_devices_are() -> None:
    """Its model is its product; what it does not say, it is by default."""
    assert is_meant(_JOB, {"model": "p1", "deviceType": "T", "manufacturerName": ""})
    assert not is_meant(_JOB, {"model": "p2"})
    assert not is_meant(_JOB, {"manufacturerName": "N"})
