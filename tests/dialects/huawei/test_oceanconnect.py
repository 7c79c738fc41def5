from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.huawei.client import HuaweiOperator
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.oc_tokens import FORM_TYPE, LOGIN_PATH, REFRESH_PATH
from fleet_sim.dialects.huawei.oceanconnect import CATEGORY, OPERATIONS
from fleet_sim.model.contract import DescOf
from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.northbound import (
    Answer,
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    FirmwareOrder,
    GetFirmware,
    GetJob,
    JobOrder,
    JobStatus,
    Names,
    Page,
    Refusal,
    Refused,
    Retry,
    Scope,
    SearchTasks,
    Shown,
    TaskStatus,
    Window,
)
from tests.dialects.huawei.canned import FIRMWARE, Canned
from tests.dialects.huawei.scene import FILE, SIGN, Scene, gate_with
from tests.dialects.huawei.shelf import NOW
from tests.dialects.near_http import near_requests

_UNKNOWN = "0" * 24


# --- the seed --------------------------------------------------------------------------------

# "Querying an Upgrade Task List": every parameter of its table, and the types of its answer. The
# page's slips: a page number of null, which cannot stand in a query, is no `pageNo` at all; its
# classes call the total `totalCount`, the SDK's `totalSize`; "Either … must be specified" of two
# targets leaves open what is shown of the other (nothing, here).
_SEED_QUERY = (
    ("operationType", "firmware_upgrade"), ("operationStatus", "processing"),
    ("deviceType", "VirtualDevice"), ("model", "p1"), ("manufacturerName", "fleet-sim"),
    ("deviceId", "p1_d1"), ("pageNo", "0"), ("pageSize", "10"),
)  # fmt: skip
_SEED_TYPES = {
    "operationId": str, "createTime": str, "startTime": str, "stopTime": type(None),
    "operateType": str, "targets": {"devices": list},
    "policy": {"executeType": str, "retryType": bool, "retryTimes": int}, "status": str,
    "staResult": {"total": int, "wait": int, "processing": int, "success": int, "fail": int,
                  "stop": int, "timeout": int},
    "extendPara": {"fileVersion": str},
}  # fmt: skip


def _types(value: object) -> object:
    if isinstance(value, dict):
        return {name: _types(one) for name, one in value.items()}
    return type(value)


def test_the_seeds_request_is_accepted_and_answered_in_its_shape() -> None:
    """`queryUpgradeTaskList` with all of its filters, page 0."""
    scene = Scene()
    job_id = scene.ordered("p1_d1", "p1_d2", executeType="now", retryType=True, retryTimes=3)
    first, second = scene.shelf.tasks
    scene.shelf.set_status(first, TaskStatus.SUCCEEDED)
    scene.shelf.set_status(second, TaskStatus.UNDER_WAY)
    headers = (("app_key", "A"), ("Content-Type", "application/json"))

    status, body = scene.send(HttpRequest("GET", OPERATIONS, _SEED_QUERY, headers))

    assert status == 200
    assert {name: type(value) for name, value in body.items()} == {
        "data": list, "pageNo": int, "pageSize": int, "totalCount": int,
    }  # fmt: skip
    assert (body["pageNo"], body["pageSize"], body["totalCount"]) == (0, 10, 1)
    (operation,) = body["data"]
    assert _types(operation) == _SEED_TYPES
    assert operation["operationId"] == job_id
    assert operation["staResult"] == {
        "total": 2, "wait": 0, "processing": 1, "success": 1, "fail": 0, "stop": 0, "timeout": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [2, 1, 0]),
        ({"pageNo": ""}, [2, 1, 0]),
        ({"pageSize": "1"}, [2, 1, 0]),
        ({"pageNo": "0", "pageSize": "2"}, [2, 1]),
        ({"pageNo": "1", "pageSize": "2"}, [0]),
        ({"pageNo": "9", "pageSize": "2"}, []),
        ({"operationType": "firmware_upgrade"}, [2, 1, 0]),
        ({"operationType": "software_upgrade"}, []),
        ({"operationStatus": "wait"}, [2]),
        ({"operationStatus": "processing"}, []),
        ({"operationStatus": "failed"}, [1]),
        ({"operationStatus": "success"}, []),
        ({"operationStatus": "stop"}, [0]),
        ({"model": "p1"}, [2, 1, 0]),
        ({"model": "p2"}, []),
        ({"deviceType": "Meter"}, []),
        ({"manufacturerName": "Nobody"}, []),
        ({"deviceId": "p1_d1"}, [1, 0]),
        ({"deviceId": "p1_d1", "operationStatus": "stop"}, [0]),
        ({"deviceId": "p2_d1"}, []),
        ({"deviceId": "nobody"}, []),
    ],
)
def test_the_task_list_filters_and_pages(query: dict[str, str], numbers: list[int]) -> None:
    """Pages count from 0; without one everything comes, newest first."""
    scene = Scene()
    ids = [scene.ordered("p1_d1"), scene.ordered("p1_d1"), scene.ordered("p1_d2")]
    tasks = list(scene.shelf.tasks)
    scene.shelf.jobs[ids[0]] = replace(scene.shelf.jobs[ids[0]], status=JobStatus.STOPPED)
    scene.shelf.set_status(tasks[0], TaskStatus.CANCELLED)
    scene.shelf.set_status(tasks[1], TaskStatus.FAILED)

    status, body = scene.ask("GET", OPERATIONS, None, **query)

    assert status == 200
    assert [one["operationId"] for one in body["data"]] == [ids[number] for number in numbers]


def test_a_whole_list_is_one_page() -> None:
    """As large as it is; the total is that of all pages."""
    scene = Scene()
    for _ in range(3):
        scene.ordered("p1_d1")

    _, whole = scene.ask("GET", OPERATIONS)
    _, page = scene.ask("GET", OPERATIONS, None, pageNo="1", pageSize="2")

    assert (whole["pageNo"], whole["pageSize"], whole["totalCount"]) == (0, 3, 3)
    assert (page["pageNo"], page["pageSize"], page["totalCount"], len(page["data"])) == (1, 2, 3, 1)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"pageNo": "-1"}, "120015"),
        ({"pageNo": "one"}, "120015"),
        ({"pageNo": "9999999999"}, "120015"),
        ({"pageSize": "x"}, "120015"),
        ({"pageNo": "0", "pageSize": "0"}, "123029"),
        ({"pageNo": "0", "pageSize": "101"}, "123029"),
        ({"operationType": "rollback"}, "120015"),
        ({"operationStatus": "fail"}, "120015"),
        ({"model": "x" * 257}, "120015"),
        ({"deviceId": "a\0"}, "120015"),
    ],
)
def test_a_wrong_parameter_of_the_list_gets_its_number(query: dict[str, str], code: str) -> None:
    """With 400, a number that is a string, and a text."""
    status, body = Scene().ask("GET", OPERATIONS, None, **query)

    assert (status, body["error_code"]) == (400, code)
    assert set(body) == {"error_code", "error_desc"}


# --- one operation ---------------------------------------------------------------------------


def test_timeouts_are_counted_apart() -> None:
    """As the backend counts them, and listed by the contract's words; no device's own text."""
    descs: tuple[tuple[DescOf, str], ...] = (
        ("online_timeout", "never came"),
        ("busy", "Task Conflict"),
    )
    scene = Scene(gate_with(replace(CONTRACT, descs=descs)))
    job_id = scene.ordered("p1_d1", "p1_d2", "p1_d3")
    first, second, _ = scene.shelf.tasks
    scene.shelf.set_status(first, TaskStatus.FAILED, "never came")
    scene.shelf.set_status(second, TaskStatus.FAILED, "timeout")
    scene.shelf.timed_out.add(first)

    _, body = scene.ask("GET", f"{OPERATIONS}/{job_id}")
    _, late = scene.ask(
        "GET", f"{OPERATIONS}/{job_id}/subOperations", None, subOperationStatus="timeout"
    )

    assert body["staResult"] == {
        "total": 3, "wait": 1, "processing": 0, "success": 0, "fail": 1, "stop": 0, "timeout": 1,
    }  # fmt: skip
    assert [one["deviceId"] for one in late["data"]] == ["p1_d1"]
    assert late["data"][0]["status"] == "fail"


@pytest.mark.parametrize(
    ("query", "devices"),
    [
        ({}, ["p1_d1", "p1_d2", "p1_d3"]),
        ({"pageNo": "0", "pageSize": "2"}, ["p1_d1", "p1_d2"]),
        ({"pageNo": "1", "pageSize": "2"}, ["p1_d3"]),
        ({"subOperationStatus": "wait"}, ["p1_d3"]),
        ({"subOperationStatus": "processing"}, ["p1_d1"]),
        ({"subOperationStatus": "fail"}, ["p1_d2"]),
        ({"subOperationStatus": "success"}, []),
        ({"subOperationStatus": "stop"}, []),
    ],
)
def test_subtasks_filter_and_page(query: dict[str, str], devices: list[str]) -> None:
    """Of the one job, with its kind."""
    scene = Scene()
    scene.ordered("p1_d9")
    job_id = scene.ordered("p1_d1", "p1_d2", "p1_d3")
    _, first, second, _ = scene.shelf.tasks
    scene.shelf.set_status(first, TaskStatus.PUSHED)
    scene.shelf.set_status(second, TaskStatus.FAILED, "why")

    status, body = scene.ask("GET", f"{OPERATIONS}/{job_id}/subOperations", None, **query)

    assert status == 200
    assert [one["deviceId"] for one in body["data"]] == devices
    assert {one["operateType"] for one in body["data"]} <= {"firmware_upgrade"}
    assert body["totalCount"] == (3 if "pageNo" in query else len(devices))


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        (f"{OPERATIONS}/{_UNKNOWN}", {}, 404, "123009"),
        (f"{OPERATIONS}/{_UNKNOWN}/subOperations", {}, 404, "123009"),
        (f"{OPERATIONS}/x/subOperations", {"subOperationStatus": "failed"}, 400, "120015"),
        (f"{OPERATIONS}/x/subOperations", {"pageSize": "101"}, 400, "123029"),
        (f"{CATEGORY}/{_UNKNOWN}", {}, 404, "123002"),
        ("/iodm/northbound/v1.5.0/nothing", {}, 404, "120015"),
    ],
)
def test_what_is_not_there_gets_its_number(
    path: str, query: dict[str, str], status: int, code: str
) -> None:
    """A subtask's word is no task's."""
    found, body = Scene().ask("GET", path, None, **query)

    assert (found, body["error_code"]) == (status, code)


# --- creating --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "kind", "file_type"),
    [
        ("firmwareUpgrade", "firmware_upgrade", "firmwarePackage"),
        ("softwareUpgrade", "software_upgrade", "softwarePackage"),
    ],
)
def test_an_operation_is_created_of_its_kind(way: str, kind: str, file_type: str) -> None:
    """The answer holds its id and nothing else; the package has to be of that kind."""
    scene = Scene()
    other = next(iter({"firmwarePackage", "softwarePackage"} - {file_type}))
    good, bad = scene.uploaded(fileType=file_type), scene.uploaded("v3.0", fileType=other)
    body = {"fileId": good, "targets": {"devices": ["p1_d1"]}}

    status, made = scene.ask("POST", f"{OPERATIONS}/{way}", body)
    refused, _ = scene.ask("POST", f"{OPERATIONS}/{way}", {**body, "fileId": bad})

    assert (status, list(made)) == (200, ["operationId"])
    assert refused == 400
    assert scene.ask("GET", f"{OPERATIONS}/{made['operationId']}")[1]["operateType"] == kind
    assert len(scene.shelf.jobs) == 1


def test_a_device_that_nobody_knows_refuses_the_whole_operation() -> None:
    """The backend is told that it matters, and its refusal has the number of what is not found."""
    gate = gate_with()
    body = {"fileId": "f", "targets": {"devices": ["p1_d1", "p1_d9"]}}
    path = f"{OPERATIONS}/firmwareUpgrade"

    asked = gate.read(HttpRequest("POST", path, body=json.dumps(body).encode()), NOW)
    assert isinstance(asked, GetFirmware)
    made = gate.render(asked, Shown(FIRMWARE), 1)
    assert isinstance(made, CreateJob)
    response = gate.render(made, Refused(Refusal.NO_SUCH_DEVICE, "d9"), 1)

    assert made.order.devices_must_exist
    assert isinstance(response, HttpResponse)
    assert (response.status, json.loads(response.body)["error_code"]) == (404, "123002")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"fileId": _UNKNOWN}, 404, "123002"),
        ({"fileId": ""}, 400, "120015"),
        ({"targets": {"devices": ["p2_d1"]}}, 400, "123016"),
        (
            {"targets": {"deviceGroups": ["g"], "deviceType": "Other", "model": "p1",
                         "manufacturerName": "fleet-sim"}},
            400, "123016",
        ),
        ({"targets": {}}, 400, "123022"),
        ({"policy": {"executeType": "never"}}, 400, "123025"),
    ],
)  # fmt: skip
def test_a_wrong_order_creates_nothing(changes: dict[str, Any], status: int, code: str) -> None:
    """Shapes are `operations`' part; here is what depends on the package."""
    scene = Scene()
    body = {"fileId": scene.uploaded(), "targets": {"devices": ["p1_d1"]}, **changes}

    found, refused = scene.ask("POST", f"{OPERATIONS}/firmwareUpgrade", body)

    assert (found, refused["error_code"]) == (status, code)
    assert scene.shelf.jobs == {}


def test_what_the_backend_refuses_is_refused() -> None:
    """A product that does not fit is a mismatch, what has no number a bad request."""
    scene = Scene()
    answers = {
        "product_key: another's": "123016",
        "versions: the firmware's own": "120015",
    }
    body = json.dumps({"fileId": scene.uploaded(), "targets": {"devices": ["p1_d1"]}}).encode()
    request = HttpRequest("POST", f"{OPERATIONS}/firmwareUpgrade", body=body)
    for detail, code in answers.items():
        found: Any = scene.gate.read(request, NOW)
        while not isinstance(found, CreateJob):
            found = scene.gate.render(found, scene.shelf.answer(found), 1)
        answer: Answer = Refused(Refusal.BAD_ARGUMENT, detail)

        response: Any = scene.gate.render(found, answer, 1)

        assert json.loads(response.body)["error_code"] == code


# --- packages --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "versions"),
    [
        ({}, ["v1", "v2", "v3"]),
        ({"pageNo": "1", "pageSize": "2"}, ["v3"]),
        ({"pageSize": "2"}, ["v1", "v2"]),
        ({"fileType": "softwarePackage"}, ["v2"]),
        ({"deviceType": "Meter"}, ["v3"]),
        ({"model": "p2"}, ["v2"]),
        ({"manufacturerName": "M"}, ["v1"]),
        ({"manufactureName": "M"}, ["v1"]),
        ({"version": "v3"}, ["v3"]),
        ({"version": "v"}, []),
    ],
)
def test_packages_filter_and_page(query: dict[str, str], versions: list[str]) -> None:
    """The first page where none is named; one page misspells the maker."""
    scene = Scene()
    scene.uploaded("v1", manufacturerName="M")
    scene.uploaded("v2", model="p2", fileType="softwarePackage")
    scene.uploaded("v3", deviceType="Meter")

    status, body = scene.ask("GET", CATEGORY, None, **query)

    assert status == 200
    assert [one["version"] for one in body["data"]] == versions
    assert set(body) == {"data", "pageNo", "pageSize", "totalCount"}


def test_a_package_is_shown_and_deleted() -> None:
    """204 has no body; what is gone is not found."""
    scene = Scene()
    file_id = scene.uploaded()
    path = f"{CATEGORY}/{file_id}"

    shown, deleted, gone = (scene.ask(verb, path) for verb in ("GET", "DELETE", "DELETE"))

    assert (shown[0], shown[1]["fileId"]) == (200, file_id)
    assert deleted == (204, None)
    assert (gone[0], gone[1]["error_code"]) == (404, "123002")


@pytest.mark.parametrize("query", [{"fileType": "any"}, {"version": "v" * 257}])
def test_a_wrong_parameter_of_the_packages_is_a_bad_request(query: dict[str, str]) -> None:
    """At most 256 characters, and two types."""
    assert Scene().ask("GET", CATEGORY, None, **query)[1]["error_code"] == "120015"


def test_the_same_version_cannot_be_uploaded_twice() -> None:
    """The number is our own, for so is the way."""
    scene = Scene()
    scene.uploaded()

    with pytest.raises(AssertionError, match="900601"):
        scene.uploaded()


# --- garbage ---------------------------------------------------------------------------------

_FILE_TYPE = (("fileType", "firmwarePackage"),)
_SAYS = HuaweiOperator("o", "", "")
_NEAR_REQUESTS = near_requests(
    *(
        _SAYS.request(call, NOW)
        for call in (
            GetJob("j"),
            GetFirmware("f"),
            DeleteFirmware("f"),
            SearchTasks(Comparison("job_id", Operator.EQUAL, ("j",)), Page(0, 10)),
            CreateFirmware(
                FirmwareOrder("p1", Names("n"), "v3", SIGN, "sha256", "fw.bin", tags=_FILE_TYPE),
                FILE,
            ),
            CreateJob(
                JobOrder(
                    "f", "upgrade", Scope("p1", total=False, device_keys=("d1", "d_2")),
                    retry=Retry(3, 0), window=Window(NOW + 60_000, NOW + 960_000),
                )
            ),
            CreateJob(JobOrder("f", "upgrade", Scope("p1", total=False, groups=("g",)))),
        )
    ),
    HttpRequest("GET", OPERATIONS, (*_SEED_QUERY, ("pageNo", "0"), ("pageSize", "10"))),
    HttpRequest("GET", CATEGORY, (("fileType", "firmwarePackage"), ("model", "p1"))),
    HttpRequest("POST", LOGIN_PATH, (), (("Content-Type", FORM_TYPE),), b"appId=A&secret=s"),
    HttpRequest("POST", REFRESH_PATH, body=b'{"appId":"A","secret":"s","refreshToken":"r"}'),
)  # fmt: skip


@pytest.mark.codec
@given(request=_NEAR_REQUESTS)
def test_no_request_raises_anything(request: HttpRequest) -> None:
    """It is answered, whether the backend knows everything or nothing."""
    for backend in (Canned(), Canned(tasks=())):
        response = backend.ask(request)

        assert 200 <= response.status < 500
        assert not response.body or isinstance(json.loads(response.body), dict)
