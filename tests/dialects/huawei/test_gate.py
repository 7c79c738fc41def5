from __future__ import annotations

import json
from typing import Any

import pytest

from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.huawei import oc_codes, v5_auth, v5_codes
from fleet_sim.dialects.huawei.admin import OBJECTS_PATH
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.gate import HuaweiGate, http_refusal
from fleet_sim.dialects.huawei.oceanconnect import CATEGORY, OPERATIONS
from fleet_sim.dialects.huawei.talk import Code
from fleet_sim.model.northbound import GetJob, Refusal, Refused, SearchJobs
from tests.dialects.huawei.scene import BATCHES, ORG, Scene
from tests.dialects.huawei.shelf import NOW, Shelf, ask

_LIST = HttpRequest("GET", BATCHES, (("task_type", "firmwareUpgrade"),))
_QUERY = HttpRequest("GET", OPERATIONS)


def _gate(*, signed_only: bool = True, **changes: Any) -> HuaweiGate:  # noqa: ANN401 - passed on
    return HuaweiGate(ORG, {"A": "s"}, signed_only=signed_only, contract=CONTRACT, **changes)


def _token(gate: HuaweiGate) -> str:
    login = HttpRequest("POST", "/iocm/app/sec/v1.1.0/login", body=b"appId=A&secret=s")
    response = gate.read(login, NOW)
    assert isinstance(response, HttpResponse)
    return str(json.loads(response.body)["accessToken"])


def _with(request: HttpRequest, **headers: str) -> HttpRequest:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpRequest(request.method, request.path, request.query, pairs, request.body)


def _refusal(gate: HuaweiGate, request: HttpRequest) -> tuple[int, str]:
    response = gate.read(request, NOW)
    assert isinstance(response, HttpResponse), response
    return response.status, json.loads(response.body)["error_code"]


def test_a_gate_for_signed_calls_denies_the_others() -> None:
    """Each generation in its own words."""
    gate = _gate()

    assert _refusal(gate, _QUERY) == (401, "100025")
    assert _refusal(gate, _LIST) == (401, "IOTDA.900401")
    assert _refusal(gate, HttpRequest("PUT", f"{OBJECTS_PATH}b/k")) == (401, "IOTDA.900401")


def test_a_gate_for_signed_calls_lets_ours_in() -> None:
    """By token or by signature; the token opens the newer generation as well."""
    gate = _gate()
    token = _token(gate)
    bearer = HttpRequest(
        "GET", OPERATIONS, headers=(("app_key", "A"), ("Authorization", f"Bearer {token}"))
    )

    for request in (bearer, _with(_LIST, X_Auth_Token=token),
                    v5_auth.signed(_LIST, "A", "s", NOW)):  # fmt: skip
        assert isinstance(gate.read(request, NOW), SearchJobs)


def test_another_project_is_denied() -> None:
    """The calls of v5 name theirs."""
    path = BATCHES.replace(ORG, "another")

    assert _refusal(_gate(signed_only=False), HttpRequest("GET", path)) == (403, "IOTDA.900403")


@pytest.mark.parametrize(
    ("method", "path", "refusal"),
    [
        ("GET", "/", (404, "120015")),
        ("PUT", OPERATIONS, (405, "120015")),
        ("POST", f"{OPERATIONS}/{'0' * 24}", (405, "120015")),
        ("GET", "/v5/iot/p/devices", (404, "IOTDA.900400")),
        ("PUT", BATCHES, (405, "IOTDA.900400")),
        ("GET", f"{OBJECTS_PATH}b/k", (405, "IOTDA.900400")),
        ("GET", f"{BATCHES}/a\0", (400, "IOTDA.900400")),
        ("GET", f"{OPERATIONS}/\ud800", (400, "120015")),
    ],
)
def test_what_no_page_knows_is_refused(method: str, path: str, refusal: tuple[int, str]) -> None:
    """A path, a method, or a name that cannot be kept."""
    assert _refusal(_gate(signed_only=False), HttpRequest(method, path)) == refusal


def test_two_equal_conversations_do_not_mix() -> None:
    """Each goes on by its own call."""
    scene = Scene()
    job_id = scene.ordered("p1_d1")
    old = HttpRequest("GET", f"{OPERATIONS}/{job_id}")
    new = HttpRequest("GET", f"{BATCHES}/{job_id}/stop")
    first, second = scene.gate.read(old, NOW), scene.gate.read(old, NOW)
    assert isinstance(first, GetJob)
    assert isinstance(second, GetJob)

    later = scene.gate.render(second, scene.shelf.answer(second), 2)
    earlier = scene.gate.render(first, Refused(Refusal.NO_SUCH_JOB), 1)

    assert isinstance(later, HttpResponse)
    assert isinstance(earlier, HttpResponse)
    assert (later.status, earlier.status) == (200, 404)
    assert isinstance(scene.gate.read(new, NOW), HttpResponse)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (HttpRequest("GET", OPERATIONS), oc_codes.code_of(Refusal.INTERNAL)),
        (HttpRequest("GET", CATEGORY), oc_codes.code_of(Refusal.INTERNAL)),
        (_LIST, v5_codes.code_of(Refusal.INTERNAL)),
    ],
)
def test_a_refused_search_is_answered_with_its_code(request_: HttpRequest, code: Code) -> None:
    """And not as though there were nothing."""
    gate = _gate(signed_only=False)
    call = gate.read(request_, NOW)
    assert not isinstance(call, HttpResponse)

    response = gate.render(call, Refused(Refusal.INTERNAL), 1)

    assert isinstance(response, HttpResponse)
    assert (response.status, json.loads(response.body)["error_code"]) == (code.status, code.code)


def test_the_newer_generation_names_its_answers() -> None:
    """Its SDK shows the header; the same gate gives the same names."""
    one, other = (ask(_gate(signed_only=False, seed=3), Shelf(), _LIST) for _ in range(2))

    assert one.header("X-Request-Id") == other.header("X-Request-Id") != ""
    assert ask(_gate(signed_only=False), Shelf(), _QUERY).header("X-Request-Id") == ""


def test_the_number_of_a_request_names_its_answer() -> None:
    """Whatever else the gate has answered before."""
    scenes = Scene(), Scene()
    scenes[1].send(_LIST)
    scenes[1].ask("GET", f"{BATCHES}/x/y")

    def name_of(scene: Scene, number: int) -> str:
        call = scene.gate.read(_LIST, NOW)
        assert isinstance(call, SearchJobs)
        response = scene.gate.render(call, scene.shelf.answer(call), number)
        assert isinstance(response, HttpResponse)
        return response.header("X-Request-Id")

    assert name_of(scenes[0], 5) == name_of(scenes[1], 5) != name_of(scenes[0], 6)


def test_too_many_calls_under_way_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """In each generation's form, until one of them is answered."""
    monkeypatch.setattr("fleet_sim.dialects.huawei.gate.OPEN_MAX", 1)
    scene = Scene()
    call = scene.gate.read(_LIST, NOW)
    assert isinstance(call, SearchJobs)

    assert _refusal(scene.gate, _LIST) == (500, "IOTDA.900500")
    assert _refusal(scene.gate, _QUERY) == (403, oc_codes.THROTTLED.code)
    scene.gate.render(call, scene.shelf.answer(call), 1)
    assert isinstance(scene.gate.read(_QUERY, NOW), SearchJobs)


def test_an_object_is_put() -> None:
    """Its key may be a path; too large a one is refused."""
    gate = _gate(signed_only=False)

    stored = gate.read(HttpRequest("PUT", f"{OBJECTS_PATH}b/dir/fw.bin", body=b"1"), NOW)

    assert isinstance(stored, HttpResponse)
    assert stored.status == 200


def test_a_gate_may_put_off_who_asks_too_often() -> None:
    """The flow control of the older generation, 403 with a number of its own."""
    gate = _gate(calls_a_minute=1)
    headers = (("app_key", "A"), ("Authorization", f"Bearer {_token(gate)}"))
    request = HttpRequest("GET", OPERATIONS, headers=headers)

    assert isinstance(gate.read(request, NOW), SearchJobs)
    assert _refusal(gate, request) == (403, "1010009")


def test_what_http_refuses_has_the_form_of_all_errors() -> None:
    """A number and a text."""
    response = http_refusal(413, "too large")

    assert response.status == 413
    assert json.loads(response.body) == {"error_code": "120015", "error_desc": "too large"}


def test_a_restarted_gate_repeats_no_request_id() -> None:
    """Neither that of an answer nor that of a refusal, though the seed is the store's."""
    ids = []
    for epoch_ms in (NOW, NOW + 1):
        gate = _gate(signed_only=False)
        refused = gate.read(HttpRequest("PUT", BATCHES), epoch_ms)
        call = gate.read(_LIST, epoch_ms)
        assert isinstance(call, SearchJobs)
        answered = gate.render(call, Refused(Refusal.NO_SUCH_JOB), 1)
        ids += [one.headers[-1] for one in (refused, answered) if isinstance(one, HttpResponse)]

    assert len(set(ids)) == len(ids) == 4
