from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.huawei import v5_auth
from fleet_sim.dialects.huawei.admin import OBJECTS_PATH
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.oceanconnect import OPERATIONS
from fleet_sim.dialects.huawei.times import stamp
from fleet_sim.model.northbound import JobStatus, TaskStatus
from tests.dialects.huawei.canned import Canned
from tests.dialects.huawei.platform import Platform
from tests.dialects.huawei.scene import (
    BATCHES,
    PACKAGES,
    Scene,
    gate_with,
    package_body,
    task_body,
)
from tests.dialects.huawei.shelf import NOW
from tests.dialects.near_http import near_requests

_UNKNOWN = "0" * 24
_PACKAGE_QUERY = {"package_type": "firmwarePackage"}
_TASK_QUERY = {"task_type": "firmwareUpgrade"}


def _statuses(scene: Scene) -> list[TaskStatus]:
    return [task.status for task in scene.shelf.tasks.values()]


def _told(answer: tuple[int, Any]) -> list[tuple[str, str]]:
    status, body = answer
    assert status == 200, body
    return [(one["target"], one["status"]) for one in body["targets"]]


# --- tasks -----------------------------------------------------------------------------------


def test_a_task_is_created_and_echoed() -> None:
    """201, the body with what the platform adds; it is still initializing."""
    scene = Scene()
    body = task_body(scene.packed(), "p1_d1", "p1_d2")

    status, made = scene.ask("POST", BATCHES, body)

    assert status == 201
    assert {name: made[name] for name in body} == body
    assert (made["status"], made["task_progress"]["total"]) == ("Initializing", 2)
    assert len(made["task_id"]) == 24


def test_a_package_for_some_versions_leaves_no_target_out() -> None:
    """Each is asked, and fails where its version is none; a group named as the model is all."""
    scene = Scene()
    package_id = scene.packed(support_source_versions=["v1.0"])
    groups = {"group_ids": ["p1"]}

    _, made = scene.ask("POST", BATCHES, task_body(package_id, targets=None, targets_filter=groups))

    scope = scene.shelf.jobs[made["task_id"]].order.scope
    assert (scope.product_key, scope.total, scope.versions) == ("p1", True, ())
    assert made["targets_filter"] == groups


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"document": {"package_ids": [_UNKNOWN]}}, 404),
        ({"task_type": "softwareUpgrade"}, 400),
        ({"targets": ["p2_d1"]}, 400),
        ({"task_name": ""}, 400),
    ],
)
def test_a_wrong_task_creates_nothing(changes: dict[str, Any], status: int) -> None:
    """The error has the vendor's form."""
    scene = Scene()
    body = task_body(scene.packed(), "p1_d1") | changes

    found, refused = scene.ask("POST", BATCHES, body)

    assert found == status
    assert set(refused) == {"error_code", "error_msg"}
    assert scene.shelf.jobs == {}


def test_tasks_are_listed_by_marker() -> None:
    """Of one type; descending ids."""
    scene = Scene()
    ids = [scene.batched("p1_d1", app_id="app") for _ in range(3)]

    _, first = scene.ask("GET", BATCHES, None, limit="2", **_TASK_QUERY)
    _, rest = scene.ask("GET", BATCHES, None, marker=first["page"]["marker"], **_TASK_QUERY)
    _, none = scene.ask("GET", BATCHES, None, task_type="softwareUpgrade")

    assert [one["task_id"] for one in first["batchtasks"]] == [ids[2], ids[1]]
    assert [one["task_id"] for one in rest["batchtasks"]] == [ids[0]]
    assert first["page"]["count"] == 3
    assert none == {"batchtasks": [], "page": {"count": 0, "marker": None}}


@pytest.mark.parametrize(
    ("query", "count"),
    [({"status": "Waitting"}, 1), ({"status": "Success"}, 1), ({"status": "Processing"}, 0),
     ({"app_id": "app"}, 1), ({"app_id": "other"}, 0)],
)  # fmt: skip
def test_tasks_filter(query: dict[str, str], count: int) -> None:
    """By status and by application."""
    scene = Scene()
    scene.batched("p1_d1", app_id="app")
    scene.batched("p1_d1")
    scene.shelf.set_status(next(iter(scene.shelf.tasks)), TaskStatus.SUCCEEDED)

    _, body = scene.ask("GET", BATCHES, None, **query, **_TASK_QUERY)

    assert body["page"]["count"] == count


@pytest.mark.parametrize(
    "query",
    [{}, {"task_type": "x"}, {**_TASK_QUERY, "status": "Waiting"}, {**_TASK_QUERY, "limit": "51"}],
)
def test_a_list_needs_its_type(query: dict[str, str]) -> None:
    """And words that are spelt as the vendor spells them."""
    assert Scene().ask("GET", BATCHES, None, **query)[0] == 400


@pytest.mark.parametrize(
    ("query", "targets"),
    [
        ({}, ["p1_d3", "p1_d2", "p1_d1"]),
        ({"limit": "1", "offset": "1"}, ["p1_d2"]),
        ({"task_detail_status": "Fail"}, ["p1_d2"]),
        ({"task_detail_status": "FailWaitRetry"}, []),
        ({"target": "p1_d3"}, ["p1_d3"]),
        ({"target": "p1_d3", "task_detail_status": "Fail"}, []),
    ],
)
def test_a_task_is_shown_with_its_details(query: dict[str, str], targets: list[str]) -> None:
    """The three keys of the SDK's response."""
    scene = Scene()
    job_id = scene.batched("p1_d1", "p1_d2", "p1_d3")
    scene.shelf.set_status(list(scene.shelf.tasks)[1], TaskStatus.FAILED, "why")

    status, body = scene.ask("GET", f"{BATCHES}/{job_id}", None, **query)

    assert (status, set(body)) == (200, {"batchtask", "task_details", "page"})
    assert body["batchtask"]["task_id"] == job_id
    assert body["batchtask"]["status"] == "Processing"
    assert [one["target"] for one in body["task_details"]] == targets


# --- stop, retry, confirm, delete ------------------------------------------------------------


def test_a_whole_task_is_stopped() -> None:
    """What has ended stays as it is; the other generation sees it stopped as well."""
    scene = Scene()
    job_id = scene.batched("p1_d1", "p1_d2", "p1_d3")
    first, second, _ = scene.shelf.tasks
    scene.shelf.set_status(first, TaskStatus.SUCCEEDED)
    scene.shelf.set_status(second, TaskStatus.UNDER_WAY)

    told = _told(scene.ask("POST", f"{BATCHES}/{job_id}/stop", {}))

    assert told == [("p1_d2", "success"), ("p1_d3", "success")]
    assert _statuses(scene) == [TaskStatus.SUCCEEDED, TaskStatus.CANCELLED, TaskStatus.CANCELLED]
    assert scene.shelf.jobs[job_id].status is JobStatus.STOPPED
    assert scene.ask("GET", f"{OPERATIONS}/{job_id}")[1]["status"] == "stop"


@pytest.mark.parametrize("status", [TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELLED])
def test_what_has_ended_is_not_stopped(status: TaskStatus) -> None:
    """Whoever comes too late is told so."""
    scene = Scene()
    job_id = scene.batched("p1_d1")
    scene.shelf.set_status(next(iter(scene.shelf.tasks)), status)

    refused, body = scene.ask("POST", f"{BATCHES}/{job_id}/stop", {})

    assert (refused, body["error_code"]) == (400, "IOTDA.900415")
    assert _statuses(scene) == [status]


def test_some_targets_are_stopped_each_by_itself() -> None:
    """Of each is told what became of it."""
    scene = Scene()
    job_id = scene.batched("p1_d1", "p1_d2")
    scene.shelf.set_status(next(iter(scene.shelf.tasks)), TaskStatus.SUCCEEDED)
    targets = {"targets": ["p1_d1", "p1_d2", "p1_d9"]}

    status, body = scene.ask("POST", f"{BATCHES}/{job_id}/stop", targets)

    assert _told((status, body)) == [
        ("p1_d1", "failure"), ("p1_d2", "success"), ("p1_d9", "failure"),
    ]  # fmt: skip
    assert set(body["targets"][0]) == {"target", "status", "error_code", "error_msg"}
    assert set(body["targets"][1]) == {"target", "status"}
    assert scene.shelf.jobs[job_id].status is JobStatus.STARTED


def test_what_failed_is_tried_again() -> None:
    """All of it, or what is named; not while nothing has failed."""
    scene = Scene()
    job_id = scene.batched("p1_d1", "p1_d2", "p1_d3")
    path = f"{BATCHES}/{job_id}/retry"
    assert scene.ask("POST", path)[0] == 400
    for task_id in list(scene.shelf.tasks)[:2]:
        scene.shelf.set_status(task_id, TaskStatus.FAILED)

    one = _told(scene.ask("POST", path, {"targets": ["p1_d2"]}))
    rest = _told(scene.ask("POST", path, {}))

    assert (one, rest) == ([("p1_d2", "success")], [("p1_d1", "success")])
    assert set(_statuses(scene)) == {TaskStatus.QUEUED}


@pytest.mark.parametrize("other", [TaskStatus.UNDER_WAY, TaskStatus.SUCCEEDED])
@pytest.mark.parametrize(
    ("reopenable", "retried"),
    [
        (("failed", "cancelled"), ["p1_d1", "p1_d2"]),
        (("failed",), ["p1_d1"]),
        (("cancelled",), ["p1_d2"]),
    ],
)
def test_all_is_tried_again_that_the_contract_lets(
    other: TaskStatus, reopenable: tuple[Any, ...], retried: list[str]
) -> None:
    """A stopped target as well as one that failed, while the task runs or went partly well."""
    scene = Scene(gate_with(replace(CONTRACT, reopenable=reopenable)))
    job_id = scene.batched("p1_d1", "p1_d2", "p1_d3")
    statuses = (TaskStatus.FAILED, TaskStatus.CANCELLED, other)
    for task_id, status in zip(scene.shelf.tasks, statuses, strict=True):
        scene.shelf.set_status(task_id, status)

    told = _told(scene.ask("POST", f"{BATCHES}/{job_id}/retry", {}))

    assert told == [(target, "success") for target in retried]
    assert _statuses(scene).count(TaskStatus.QUEUED) == len(retried)


@pytest.mark.parametrize("body", [{}, {"targets": ["pk_d1", "pk_d2"]}])
def test_what_waits_to_be_tried_again_need_not_wait(body: dict[str, Any]) -> None:
    """All of it, or what is named, though it is all that the batch has: a failure is behind it."""
    platform = Platform()
    job_id = platform.batched()
    for key in ("d1", "d2"):
        platform.server.failure(key)
    asked = [platform.server.asked(key) for key in ("d1", "d2")]

    told = platform.ask("POST", f"{BATCHES}/{job_id}/retry", body)
    shown = platform.ask("GET", f"{BATCHES}/{job_id}")

    assert {one["target"]: one["status"] for one in told["targets"]} == {
        "pk_d1": "success", "pk_d2": "success",
    }  # fmt: skip
    assert [platform.server.asked(key) for key in ("d1", "d2")] == [one + 1 for one in asked]
    assert shown["batchtask"]["task_progress"]["fail_wait_retry"] == 0


def test_of_all_only_what_may_is_tried_again() -> None:
    """What runs is not, nor what waits for its second try where the contract has it wait."""
    platform = Platform(replace(CONTRACT, reopenable=("failed", "cancelled")))
    job_id = platform.batched()
    platform.server.failure("d1")

    told = platform.ask("POST", f"{BATCHES}/{job_id}/retry", {})
    named = platform.ask("POST", f"{BATCHES}/{job_id}/retry", {"targets": ["pk_d1"]})

    assert told["targets"] == []
    assert [one["status"] for one in named["targets"]] == ["failure"]


def test_a_task_that_nobody_has_consented_to_is_not_tried_again() -> None:
    """All of it waits, so nothing has been tried; consent is what it needs."""
    platform = Platform()
    job_id = platform.batched(need_confirm=True)
    path = f"{BATCHES}/{job_id}"

    with pytest.raises(AssertionError, match=r"IOTDA\.900415.*Nothing of it can be tried again"):
        platform.ask("POST", f"{path}/retry", {})

    shown = platform.ask("GET", path)["batchtask"]
    assert (shown["status"], shown["task_progress"]["waitting"]) == ("Waitting", 2)
    assert [platform.server.asked(key) for key in ("d1", "d2")] == [0, 0]
    assert len(platform.ask("POST", f"{path}/confirm", {})["targets"]) == 2
    assert [platform.server.asked(key) for key in ("d1", "d2")] == [1, 1]


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_retry_of_all_is_no_consent(*, is_stopped: bool) -> None:
    """Beside one that failed: who waits for consent is left out; who was stopped waits again."""
    platform = Platform()
    job_id = platform.batched(need_confirm=True, task_policy=None)
    path = f"{BATCHES}/{job_id}"
    platform.ask("POST", f"{path}/confirm", {"targets": ["pk_d1"]})
    platform.answer("d1")
    platform.server.failure("d1")
    if is_stopped:
        platform.ask("POST", f"{path}/stop", {"targets": ["pk_d2"]})

    told = platform.ask("POST", f"{path}/retry", {})["targets"]
    asked = [platform.server.asked(key) for key in ("d1", "d2")]
    shown = platform.ask("GET", path)["batchtask"]["task_progress"]
    consented = platform.ask("POST", f"{path}/confirm", {})["targets"]

    wanted = {"pk_d1", "pk_d2"} if is_stopped else {"pk_d1"}
    assert {one["target"] for one in told if one["status"] == "success"} == wanted
    assert len(told) == len(wanted)
    assert (asked, shown["fail"], shown["stopped"]) == ([2, 0], 0, 0)
    assert [(one["target"], one["status"]) for one in consented] == [("pk_d2", "success")]
    assert platform.server.asked("d2") == 1


def test_what_waits_for_consent_gets_it() -> None:
    """All of it, or what is named; not once the task has ended."""
    scene = Scene()
    job_id = scene.batched("p1_d1", "p1_d2", need_confirm=True)
    path = f"{BATCHES}/{job_id}/confirm"

    one = _told(scene.ask("POST", path, {"targets": ["p1_d2"]}))
    rest = _told(scene.ask("POST", path, {}))
    again = _told(scene.ask("POST", path, {"targets": ["p1_d2"]}))

    assert (one, rest) == ([("p1_d2", "success")], [("p1_d1", "success")])
    assert again == [("p1_d2", "failure")]
    for task_id in scene.shelf.tasks:
        scene.shelf.set_status(task_id, TaskStatus.SUCCEEDED)
    assert scene.ask("POST", path, {})[0] == 400


def test_a_task_that_runs_cannot_be_deleted() -> None:
    """One that has ended by itself or was stopped can."""
    scene = Scene()
    job_id = scene.batched("p1_d1")

    refused, _ = scene.ask("DELETE", f"{BATCHES}/{job_id}")
    scene.shelf.set_status(next(iter(scene.shelf.tasks)), TaskStatus.SUCCEEDED)
    deleted = scene.ask("DELETE", f"{BATCHES}/{job_id}")

    assert (refused, deleted) == (400, (204, None))
    assert scene.shelf.jobs == {}


@pytest.mark.parametrize("verb", ["stop", "retry", "confirm"])
@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", {"targets": []}, {"targets": "p1_d1"}, {"targets": ["d1"]}, {"targets": [1]},
     {"targets": ["p1_d"] * 101}],
)  # fmt: skip
def test_wrong_targets_change_nothing(verb: str, body: object) -> None:
    """At most a hundred device ids."""
    scene = Scene()
    job_id = scene.batched("p1_d1", need_confirm=True)
    before = dict(scene.shelf.tasks)

    status, refused = scene.ask("POST", f"{BATCHES}/{job_id}/{verb}", body)

    assert (status, refused["error_code"]) == (400, "IOTDA.900400")
    assert scene.shelf.tasks == before


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("DELETE", ""), ("POST", "/stop"), ("POST", "/retry"), ("POST", "/confirm")],
)
def test_a_task_that_is_not_there_is_not_found(method: str, path: str) -> None:
    """Whatever is asked of it."""
    assert Scene().ask(method, f"{BATCHES}/{_UNKNOWN}{path}")[0] == 404


def test_a_task_made_by_the_other_generation_is_the_same_task() -> None:
    """The bridge, seen from here."""
    scene = Scene()
    job_id = scene.ordered("p1_d1")

    _, shown = scene.ask("GET", f"{BATCHES}/{job_id}")
    _, listed = scene.ask("GET", BATCHES, None, **_TASK_QUERY)

    assert shown["batchtask"] == listed["batchtasks"][0]
    assert shown["batchtask"]["task_type"] == "firmwareUpgrade"


# --- packages --------------------------------------------------------------------------------


def test_a_package_is_created_shown_listed_and_deleted() -> None:
    """201 with the place of its file; 204 in the end."""
    scene = Scene()
    package_id = scene.packed(description="d")
    path = f"{PACKAGES}/{package_id}"

    _, shown = scene.ask("GET", path)
    _, listed = scene.ask("GET", PACKAGES, None, product_id="p1", version="v2.0", **_PACKAGE_QUERY)
    deleted = scene.ask("DELETE", path)

    assert (shown["package_id"], shown["description"]) == (package_id, "d")
    place = shown.pop("file_location")
    assert place == package_body()["file_location"]
    assert listed == {"packages": [shown], "page": {"count": 1, "marker": package_id}}
    assert deleted == (204, None)
    assert scene.ask("GET", path)[0] == scene.ask("DELETE", path)[0] == 404


def test_a_new_package_is_answered_with_its_place() -> None:
    """All of the body, and what the platform adds."""
    scene = Scene()
    scene.packed("v1.0")
    body = package_body("v2.0")

    status, made = scene.ask("POST", PACKAGES, body)

    assert status == 201
    assert {name: made[name] for name in body} == body
    assert scene.ask("POST", PACKAGES, body)[0] == 400


@pytest.mark.parametrize(
    ("query", "count"),
    [(_PACKAGE_QUERY, 1), ({**_PACKAGE_QUERY, "product_id": "p2"}, 0),
     ({**_PACKAGE_QUERY, "app_id": "app"}, 1), ({"package_type": "softwarePackage"}, 1)],
)  # fmt: skip
def test_packages_filter(query: dict[str, str], count: int) -> None:
    """Of one type at a time."""
    scene = Scene()
    scene.packed("v1.0")
    scene.packed("v2.0", package_type="softwarePackage")

    assert scene.ask("GET", PACKAGES, None, **query)[1]["page"]["count"] == count
    assert scene.ask("GET", PACKAGES)[0] == 400


def test_a_job_of_another_status_is_found_by_it() -> None:
    """A stopped job in which something still runs is stopping."""
    scene = Scene()
    job_id = scene.batched("p1_d1")
    scene.shelf.set_status(next(iter(scene.shelf.tasks)), TaskStatus.PUSHED)
    scene.shelf.jobs[job_id] = replace(scene.shelf.jobs[job_id], status=JobStatus.STOPPED)

    _, body = scene.ask("GET", BATCHES, None, status="Stopping", **_TASK_QUERY)

    assert body["page"]["count"] == 1


# --- garbage ---------------------------------------------------------------------------------


_BODIES = tuple(
    json.dumps(body).encode()
    for body in (
        task_body("f", "p1_d1", "p1_d_2", need_confirm=True, task_mode="GATEWAY", app_id="app",
                  task_ext_info={"a": 1}, task_policy={
                      "schedule_time": stamp(NOW), "retry_count": 2, "retry_interval": 10}),
        task_body("f", targets=None, targets_filter={"group_ids": ["p1"]}),
    )
)  # fmt: skip
_NEAR_REQUESTS = near_requests(
    *(HttpRequest("POST", BATCHES, body=body) for body in _BODIES),
    HttpRequest("GET", BATCHES, (("task_type", "firmwareUpgrade"), ("status", "Stopped"))),
    HttpRequest("GET", f"{BATCHES}/j", (("limit", "10"), ("marker", "f"), ("offset", "0"))),
    HttpRequest("GET", f"{BATCHES}/j", (("task_detail_status", "Fail"), ("target", "p1_d1"))),
    *(
        HttpRequest("POST", f"{BATCHES}/j/{verb}", body=b'{"targets":["p1_d1"]}')
        for verb in ("stop", "retry", "confirm")
    ),
    HttpRequest("DELETE", f"{BATCHES}/j"),
    HttpRequest("POST", PACKAGES, body=json.dumps(package_body()).encode()),
    HttpRequest("GET", PACKAGES, (("package_type", "firmwarePackage"), ("version", "v2"))),
    HttpRequest("GET", f"{PACKAGES}/f"),
    HttpRequest("DELETE", f"{PACKAGES}/f"),
    v5_auth.signed(HttpRequest("DELETE", f"{BATCHES}/j"), "A", "s", NOW),
    HttpRequest("PUT", f"{OBJECTS_PATH}b/dir/fw.bin", body=b"firmware"),
)


@pytest.mark.codec
@given(request=_NEAR_REQUESTS)
def test_no_request_raises_anything(request: HttpRequest) -> None:
    """It is answered, whether the backend knows everything or nothing."""
    for backend in (Canned(), Canned(tasks=())):
        response = backend.ask(request)

        assert 200 <= response.status < 500
        assert not response.body or isinstance(json.loads(response.body), dict)
