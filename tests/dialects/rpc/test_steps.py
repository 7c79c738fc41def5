from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.rpc.steps import Ask, Step, step, takes_one
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import (
    Call,
    CancelTasks,
    CreateFirmware,
    CreateJob,
    FirmwareOrder,
    GetJob,
    JobOrder,
    Names,
    RetryTasks,
    Scope,
    StopJob,
)
from tests.dialects.rpc.callers import PROFILES

_ORDER = FirmwareOrder("pk", Names("n"), "2.0", "ab", "sha256", "x.tar.gz", desc="d", module="MCU",
                       from_versions=("1.0",), is_patch=True, custom="u")  # fmt: skip
_ADDRESS = {
    "Host": "http://oss:9/up", "Key": "ota/k.bin", "OSSAccessKeyId": "i", "Policy": "p",
    "Signature": "s", "FirmwareUrl": "http://oss:9/ota/k.bin",
}  # fmt: skip
_JOB = {"Data": {"FirmwareId": "f", "ProductKey": "pk"}}


def _steps(call: Call, *replies: dict[str, Any], vendor: str = "alibaba") -> list[Step | None]:
    """Return what is asked before, between and after these replies."""
    return [step(call, replies[:number], PROFILES[vendor]) for number in range(len(replies) + 1)]


def _actions(*found: Step | None) -> list[str | None]:
    return [
        one.action if isinstance(one, Ask) else "form" if isinstance(one, HttpRequest) else None
        for one in found
    ]


def test_most_calls_take_one_request() -> None:
    """And are through after its answer."""
    assert _steps(GetJob("j"), {}) == [Ask("QueryOTAJob", (("JobId", "j"),)), None]
    assert takes_one(GetJob("j"))
    assert not takes_one(StopJob("j"))


def test_a_firmware_takes_three() -> None:
    """An address, the file, the firmware; the file goes to where the address says."""
    call = CreateFirmware(_ORDER, b"hello")
    asked, upload, create, end = _steps(call, {"Data": _ADDRESS}, {}, {}, vendor="tuya")

    assert asked == Ask("GenerateOTAUploadURL", (("FileSuffix", "tar.gz"),))
    assert isinstance(upload, HttpRequest)
    assert (upload.origin, upload.path) == ("http://oss:9", "/up")
    assert {one.name: one.content for one in upload.parts} == {
        "key": b"ota/k.bin", "OSSAccessKeyId": b"i", "policy": b"p", "Signature": b"s",
        "success_action_status": b"200", "file": b"hello",
    }  # fmt: skip
    assert upload.parts[-1].name == "file"
    assert create == Ask("CreateOTAFirmware", (
        ("DestVersion", "2.0"), ("FirmwareName", "n"), ("FirmwareUrl", _ADDRESS["FirmwareUrl"]),
        ("FirmwareSign", "ab"), ("SignMethod", "SHA256"), ("FirmwareSize", "5"),
        ("ProductKey", "pk"), ("FirmwareDesc", "d"), ("Type", "1"), ("SrcVersion", "1.0"),
        ("ModuleName", "MCU"), ("NeedToVerify", "false"), ("Udi", "u"),
    ))  # fmt: skip
    assert end is None


def test_a_digest_that_the_vendor_does_not_know_is_replaced() -> None:
    """By one that it knows, of the same bytes."""
    create = _steps(CreateFirmware(_ORDER, b"hello"), {"Data": _ADDRESS}, {})[2]

    assert isinstance(create, Ask)
    assert dict(create.pairs)["SignMethod"] == "MD5"
    assert dict(create.pairs)["FirmwareSign"] == "5d41402abc4b2a76b9719d911017c592"


def test_a_job_asks_for_its_firmwares_product_first() -> None:
    """Unless the order names one; what cannot be said at all is not even begun."""
    order = JobOrder("f", "upgrade", Scope(versions=("1.0",)))
    named = CreateJob(JobOrder("f", "upgrade", Scope("pk", ("1.0",))))
    look, create, end = _steps(CreateJob(order), {"FirmwareInfo": {"ProductKey": "pk"}}, {})

    assert look == Ask("QueryOTAFirmware", (("FirmwareId", "f"),))
    assert isinstance(create, Ask)
    assert (create.action, dict(create.pairs)["ProductKey"]) == ("CreateOTAStaticUpgradeJob", "pk")
    assert end is None
    assert _steps(named, {}) == [create, None]
    with pytest.raises(DialectError, match="whole minutes"):
        _steps(CreateJob(replace(order, timeout_s=90)))


_MANY = tuple(f"d{number}" for number in range(201))
_LIST = {
    "Host": "http://oss:9/up", "Key": "ota/k.csv", "AccessKeyId": "i", "Policy": "p",
    "Signature": "s", "FileUrl": "http://oss:9/ota/k.csv",
}  # fmt: skip


def test_more_devices_than_a_call_takes_come_in_a_file() -> None:
    """Behind the question for the product, if there is one; the order names the file alone."""
    scope = Scope("pk", ("1.0",), total=False, device_keys=_MANY)
    known = CreateJob(JobOrder("f", "upgrade", scope))
    unknown = CreateJob(replace(known.order, scope=replace(scope, product_key="")))
    product: dict[str, Any] = {"FirmwareInfo": {"ProductKey": "pk"}}
    asked = _steps(known, {"Data": _LIST}, {}, {})
    address, upload, create, end = asked

    assert address == Ask("GenerateDeviceNameListURL", ())
    assert isinstance(upload, HttpRequest)
    assert upload.parts[-1].content == "\n".join(_MANY).encode()
    assert {one.name: one.content for one in upload.parts}["OSSAccessKeyId"] == b"i"
    assert create == Ask("CreateOTAStaticUpgradeJob", (
        ("FirmwareId", "f"), ("ProductKey", "pk"), ("SrcVersion.1", "1.0"),
        ("TargetSelection", "SPECIFIC"), ("DnListFileUrl", _LIST["FileUrl"]),
    ))  # fmt: skip
    assert end is None
    assert _steps(unknown, product, {"Data": _LIST}, {}, {})[1:] == asked


@pytest.mark.parametrize(
    ("vendor", "kind", "count", "why"),
    [("tuya", "upgrade", 201, "200 names"), ("alibaba", "verify", 201, "200 names"),
     ("alibaba", "upgrade", 10_001, "10000 names")],
)  # fmt: skip
def test_devices_that_no_list_takes_are_refused(
    vendor: str, kind: Literal["upgrade", "verify"], count: int, why: str
) -> None:
    """Before anything is asked."""
    scope = Scope(total=False, device_keys=tuple(f"d{number}" for number in range(count)))

    with pytest.raises(DialectError, match=why):
        step(CreateJob(JobOrder("f", kind, scope)), (), PROFILES[vendor])


def test_a_cancel_asks_for_the_jobs_firmware_first() -> None:
    """Unless it is known; two hundred names at a time."""
    keys = tuple(f"d{number}" for number in range(201))
    job, first, second, end = _steps(CancelTasks("j", keys), _JOB, {}, {})
    known = _steps(CancelTasks("j", ("a",), "f", "pk"), {})

    assert _actions(job, first, second, end) == [
        "QueryOTAJob", "CancelOTATaskByDevice", "CancelOTATaskByDevice", None,
    ]  # fmt: skip
    assert isinstance(second, Ask)
    assert second.pairs == (
        ("ProductKey", "pk"), ("FirmwareId", "f"), ("JobId", "j"), ("DeviceName.1", "d200"),
    )  # fmt: skip
    assert _actions(*known) == ["CancelOTATaskByDevice", None]


def test_a_retry_finds_the_tasks_ids_first() -> None:
    """Fifty names at a time; of several tasks of a device the newest."""
    keys = tuple(f"d{number}" for number in range(51))
    rows = [{"DeviceName": key, "TaskId": f"t-{key}", "UtcCreate": "2"} for key in keys]
    older = {"DeviceName": "d0", "TaskId": "old", "UtcCreate": "1"}
    replies = [
        {"Data": {"SimpleOTATaskInfo": [*rows[:50], older]}},
        {"Data": {"SimpleOTATaskInfo": rows[50:]}},
        {},
    ]
    found = _steps(RetryTasks("j", keys), *replies)

    assert _actions(*found) == ["ListOTATaskByJob", "ListOTATaskByJob", "ReupgradeOTATask", None]
    assert isinstance(found[2], Ask)
    assert found[2].pairs[:3] == (("JobId", "j"), ("TaskId.1", "t-d0"), ("TaskId.2", "t-d1"))
    assert len(found[2].pairs) == 52


def test_a_retry_leaves_out_who_has_no_task() -> None:
    """Where nobody has one, there is nothing to be tried again."""
    reply = {"Data": {"SimpleOTATaskInfo": [{"DeviceName": "d1", "TaskId": "t", "UtcCreate": "1"}]}}

    assert _steps(RetryTasks("j", ("d0", "d1")), reply, {})[1:] == [
        Ask("ReupgradeOTATask", (("JobId", "j"), ("TaskId.1", "t"))),
        None,
    ]
    with pytest.raises(DialectError, match="none of these devices has a task"):
        _steps(RetryTasks("j", ("d0", "d2")), reply)


def test_a_retry_that_knows_its_tasks_looks_for_none() -> None:
    """By ids, or of all that failed."""
    by_id = _steps(RetryTasks("j", task_ids=("t",)), {})
    of_all = _steps(RetryTasks("j"), {})

    assert by_id == [Ask("ReupgradeOTATask", (("JobId", "j"), ("TaskId.1", "t"))), None]
    assert of_all == [Ask("ReupgradeOTATask", (("JobId", "j"),)), None]


def test_stopping_ends_the_list_of_a_dynamic_job_as_well() -> None:
    """What is under way goes on."""
    static = _steps(StopJob("j"), {"Data": {"SelectionType": "STATIC"}}, {})
    dynamic = _steps(StopJob("j"), {"Data": {"SelectionType": "DYNAMIC"}}, {}, {})
    tuya = _steps(StopJob("j"), {}, vendor="tuya")

    assert _actions(*static) == ["QueryOTAJob", "CancelOTATaskByJob", None]
    assert _actions(*dynamic) == [
        "QueryOTAJob", "CancelOTAStrategyByJob", "CancelOTATaskByJob", None,
    ]  # fmt: skip
    assert _actions(*tuya) == ["CancelOTATaskByJob", None]
    assert isinstance(static[1], Ask)
    flags = dict(static[1].pairs)
    assert (flags["CancelQueuedTask"], flags["CancelInProgressTask"]) == ("true", "false")
    assert flags["CancelScheduledTask"] == "true"


@pytest.mark.parametrize(
    ("call", "reply"),
    [
        (CreateFirmware(_ORDER, b"x"), {}),
        (CreateFirmware(_ORDER, b"x"), {"Data": None}),
        (CreateFirmware(_ORDER, b"x"), {"Data": {**_ADDRESS, "Host": "http://["}}),
        (CreateFirmware(_ORDER, b"x"), {"Data": {**_ADDRESS, "Key": 3}}),
        (CreateFirmware(_ORDER, b"x"), {"Data": {**_ADDRESS, "Key": "\ud800"}}),
        (CreateJob(JobOrder("f", "upgrade", Scope())), {"FirmwareInfo": {}}),
        (CancelTasks("j", ("a",)), {"Data": {}}),
        (CancelTasks("j", ("a",)), {"Data": {"FirmwareId": 3, "ProductKey": "pk"}}),
        (CancelTasks("j", ("a",)), {"Data": {"FirmwareId": "f", "ProductKey": ["pk"]}}),
        (RetryTasks("j", ("a",)), {"Data": {"SimpleOTATaskInfo": 3}}),
        (RetryTasks("j", ("a",)), {"Data": {"SimpleOTATaskInfo": [3]}}),
        (RetryTasks("j", ("a",)), {"Data": {"SimpleOTATaskInfo": []}}),
        (StopJob("j"), {"Data": None}),
    ],
)
def test_an_answer_that_leads_nowhere_is_told(call: Call, reply: dict[str, Any]) -> None:
    """In one sentence; nothing more is sent."""
    with pytest.raises(DialectError):
        step(call, (reply,), PROFILES["alibaba"])


def test_what_a_vendor_has_no_action_for_is_not_begun() -> None:
    """A retry at Tuya; nor a firmware for several source versions, at either."""
    with pytest.raises(DialectError, match="no action ReupgradeOTATask"):
        step(RetryTasks("j", task_ids=("t",)), (), PROFILES["tuya"])
    two = FirmwareOrder("pk", Names("n"), "2", "", "md5", "x", from_versions=("1", "0"))
    with pytest.raises(DialectError, match="one source version"):
        step(CreateFirmware(two, b"x"), ({"Data": _ADDRESS}, {}), PROFILES["tuya"])
