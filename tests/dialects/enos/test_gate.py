from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos.client import EnosOperator
from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.dialects.enos.gate import EnosGate, http_refusal
from fleet_sim.dialects.enos.routes import FILES, FIRMWARES, JOBS
from fleet_sim.dialects.enos.tokens import TOKEN_PATH
from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelTasks,
    CreateFirmware,
    CreateJob,
    Done,
    FetchFile,
    FileFound,
    FirmwareCreated,
    FirmwareOrder,
    JobCreated,
    JobOrder,
    Listed,
    Names,
    Page,
    Refusal,
    Refused,
    Retry,
    Scope,
    SearchDevices,
    SearchTasks,
    StopJob,
    Versions,
    Window,
)
from tests.dialects.enos import samples
from tests.dialects.enos.hostile import HOSTILE
from tests.dialects.enos.hostile_case import Hostile
from tests.dialects.near_http import near_requests

_NOW = 1_700_000_000_000
_STOP = HttpRequest("POST", JOBS, (("action", "stop"), ("orgId", "o1"), ("jobId", "j")))
_IDS = {
    "org": "o1",
    "firmware_id": "f" * 24,
    "unverified_firmware_id": "e" * 24,
    "job_id": "a" * 24,
    "stopped_job_id": "b" * 24,
    "device_key": "dk1",
    "product_key": "pk1",
}


def _gate(org: str = "o1", *, signed_only: bool = False, seed: int = 0) -> EnosGate:
    return EnosGate(org, {"K": "S"}, signed_only=signed_only, contract=CONTRACT, seed=seed)


def _rendered(
    call: Call, answer: Answer, *, org: str = "o1", seed: int = 0, number: int = 1
) -> HttpResponse:
    found = _gate(org, seed=seed).render(call, answer, number)
    assert isinstance(found, HttpResponse)
    return found


def _refused(found: object) -> dict[str, Any]:
    assert isinstance(found, HttpResponse), found
    body: dict[str, Any] = json.loads(found.body)
    return body | {"status": found.status}


def _signed(gate: EnosGate, epoch_ms: int = _NOW) -> HttpRequest:
    operator = EnosOperator("o1", "K", "S")
    login = operator.login(epoch_ms)
    assert login is not None
    response = gate.read(login, epoch_ms)
    assert isinstance(response, HttpResponse)
    operator.logged_in(response, epoch_ms)
    return operator.request(StopJob("j"), epoch_ms)


# --- the pages -------------------------------------------------------------------------------


def test_the_requests_of_the_three_pages_are_accepted_verbatim() -> None:
    """Create OTA Job, Search OTA Task, Search Device Upgrade."""
    gate = _gate("yourOrgId")

    job = gate.read(
        HttpRequest("POST", JOBS, samples.CREATE_JOB_QUERY, body=samples.CREATE_JOB_BODY), _NOW
    )
    tasks = gate.read(
        HttpRequest("POST", JOBS, samples.SEARCH_TASK_QUERY, body=samples.SEARCH_TASK_BODY), _NOW
    )
    devices = gate.read(
        HttpRequest(
            "POST", FIRMWARES, samples.SEARCH_DEVICE_QUERY, body=samples.SEARCH_DEVICE_BODY
        ),
        _NOW,
    )

    assert isinstance(job, CreateJob)
    assert job.order.firmware_id == "yourFirmwareId"
    assert tasks == SearchTasks(
        Comparison("device_key", Operator.EQUAL, ("ota-device1",)), Page(1, 5)
    )
    assert devices == SearchDevices(
        Comparison("product_key", Operator.EQUAL, ("yourProductKey",)), Page(1, 5)
    )


def _shape(value: object) -> object:
    """Return a value's types, keys in order."""
    if isinstance(value, dict):
        return [(key, _shape(inner)) for key, inner in value.items()]
    if isinstance(value, list):
        return [_shape(inner) for inner in value]
    return type(value)


@pytest.mark.parametrize(
    ("call", "sample"),
    [
        (SearchTasks(), samples.SEARCH_TASK_ANSWER),
        (SearchDevices(), samples.SEARCH_DEVICE_ANSWER),
    ],
)
def test_a_search_is_answered_in_the_shape_of_its_page(
    call: SearchTasks | SearchDevices, sample: bytes
) -> None:
    """Read by the operator and shown again, the sample is itself but for the request id."""
    answer = EnosOperator("o", "", "").answer(call, HttpResponse(200, sample))

    shown = json.loads(_rendered(call, answer, org="o15475466766371").body)

    original = json.loads(sample)
    assert _shape(shown) == _shape(original)
    assert shown | {"requestId": ""} == original | {"requestId": ""}


def test_a_created_job_is_answered_in_the_shape_of_its_page() -> None:
    """Code, message, request id, and the job's id."""
    answer = JobCreated("5ee1a91029b990001b9c188e")

    shown = json.loads(_rendered(StopJob("j"), answer).body)

    original = json.loads(samples.CREATE_JOB_ANSWER)
    assert _shape(shown) == _shape(original)
    assert shown | {"requestId": ""} == original | {"requestId": ""}


@pytest.mark.parametrize(
    ("answer", "code", "msg", "data"),
    [
        (FirmwareCreated("f1"), 0, "OK", {"firmwareId": "f1"}),
        (Versions(("1.0", "2.0")), 0, "OK", ["1.0", "2.0"]),
        (Done(), 0, "OK", None),
        (Refused(Refusal.JOB_STOPPED, "j1"), 24616, "Job has stopped", None),
        (Refused(Refusal.NO_SUCH_JOB, "j1"), 24404, "Job not found", None),
        (
            Refused(Refusal.VERIFY_TOO_MANY, "5"),
            24612,
            "Exceeded max verification deviceKeys, max[5]",
            None,
        ),
    ],
)
def test_other_answers_are_wrapped_alike(answer: Answer, code: int, msg: str, data: object) -> None:
    """HTTP 200 whatever the code, no pagination but for searches."""
    response = _rendered(StopJob("j"), answer)

    shown = json.loads(response.body)
    del shown["requestId"]
    assert response.status == 200
    assert shown == {"code": code, "msg": msg, "data": data}


def test_a_file_is_answered_with_the_file() -> None:
    """Which its carrier has; and a refusal is no 200, that nobody takes it for one."""
    call = FetchFile("f" * 24, asset_id="a1")
    refusal = _rendered(call, Refused(Refusal.NO_SUCH_FIRMWARE, "f"))

    assert _gate().render(call, FileFound("f1", "fw.bin"), 1) == HttpFile("f1", "fw.bin")
    assert (refusal.status, json.loads(refusal.body)["code"]) == (404, 24404)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fileUri": "enos-connect://../x"}, 99400),
        ({"fileUri": ""}, 99400),
        ({"category": "feature"}, 99400),
        ({"category": ""}, 99400),
        ({"assetId": ""}, 99400),
        ({"assetId": "", "productKey": "pk1"}, 99400),
        ({"orgId": "o2"}, 99403),
        ({"action": "upload"}, 99400),
    ],
)
def test_a_file_asked_for_wrongly_is_no_200(changes: dict[str, str], code: int) -> None:
    """For the same reason."""
    query = {"action": "download", "orgId": "o1", "fileUri": f"enos-connect://{'f' * 24}.bin",
             "category": "ota", "assetId": "a1"}  # fmt: skip
    wanted = {name: value for name, value in (query | changes).items() if value}

    found = _refused(_gate().read(HttpRequest("GET", FILES, tuple(wanted.items())), _NOW))

    assert (found["status"], found["code"]) == (404, code)
    right = HttpRequest("GET", FILES, tuple(query.items()))
    assert isinstance(_gate().read(right, _NOW), FetchFile)


def test_an_empty_page_has_its_paging() -> None:
    """`sortedBy` is null, for no OTA search sorts."""
    shown = json.loads(_rendered(SearchTasks(), Listed((), 3, 50, 101)).body)

    assert shown["data"] == []
    assert shown["pagination"] == {"sortedBy": None, "pageNo": 3, "pageSize": 50, "totalSize": 101}


def test_what_http_itself_refuses_is_told_in_the_vendors_form() -> None:
    """The status is the code as well; nobody has counted such a request, so it has no id."""
    response = http_refusal(413, "Request Entity Too Large")

    assert response.status == 413
    assert json.loads(response.body) == {
        "code": 413,
        "msg": "Request Entity Too Large",
        "data": None,
    }


def test_a_request_id_is_a_uuid_that_its_number_decides() -> None:
    """Same seed and number, same id; another number or seed, another id."""

    def request_id(seed: int, number: int) -> str:
        response = _rendered(StopJob("j"), Done(), seed=seed, number=number)
        return str(json.loads(response.body)["requestId"])

    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}",
                        request_id(0, 1))  # fmt: skip
    assert request_id(0, 1) == request_id(0, 1)
    assert len({request_id(0, 1), request_id(0, 2), request_id(1, 1)}) == 3


def test_a_restarted_gate_repeats_no_request_id() -> None:
    """Neither that of an answer nor that of a refusal, though the seed is the store's."""
    found = []
    for epoch_ms in (_NOW, _NOW + 1):
        gate = _gate()
        refusal = gate.read(HttpRequest("PUT", JOBS), epoch_ms)
        found += [refusal, gate.render(StopJob("j"), Done(), 1)]

    ids = [json.loads(one.body)["requestId"] for one in found if isinstance(one, HttpResponse)]
    assert len(set(ids)) == len(ids) == 4


# --- hostile ---------------------------------------------------------------------------------


def test_hostile_cases_have_names_of_their_own() -> None:
    """A failing case is found by its name; there are hundreds."""
    names = [case.name for case in HOSTILE]

    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_a_hostile_request_gets_the_documented_code(case: Hostile) -> None:
    """Refused for its shape here, with one sentence; or read, for the backend to refuse."""
    found = _gate().read(case.request(_IDS), _NOW)

    if case.judge == "backend":
        assert not isinstance(found, HttpResponse), found
        return
    body = _refused(found)
    assert (body["status"], body["code"], body["data"]) == (200, case.code, None)
    assert body["msg"].startswith(
        "Denied resource: " if case.code == 99403 else "Invalid Argument "
    )


def test_a_good_job_is_accepted_so_that_hostile_ones_differ_in_one_thing() -> None:
    """The base of every hostile job passes; else they could be refused for another reason."""
    backend_cases = [case for case in HOSTILE if case.name == "job: no such firmware"]

    assert len(backend_cases) == 1
    assert isinstance(_gate().read(backend_cases[0].request(_IDS), _NOW), CreateJob)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (HttpRequest("DELETE", JOBS), 405),
        (HttpRequest("HEAD", TOKEN_PATH), 405),
        (HttpRequest("GET", "/"), 404),
        (HttpRequest("POST", "/connect-service/v2.2/ota-jobs"), 404),
        (HttpRequest("POST", f"{JOBS}/"), 404),
    ],
)
def test_what_no_page_knows_is_an_http_error(request_: HttpRequest, status: int) -> None:
    """The only answers that are not HTTP 200."""
    assert _refused(_gate().read(request_, _NOW))["status"] == status


# --- authority -------------------------------------------------------------------------------


def test_a_signed_call_is_read_by_either_gate() -> None:
    """Signatures are checked wherever they are given."""
    for signed_only in (True, False):
        gate = _gate(signed_only=signed_only)
        assert gate.read(_signed(gate), _NOW) == StopJob("j")


def test_an_unsigned_call_is_read_by_an_open_gate_alone() -> None:
    """The SDK's scheme carries a token that nobody but the platform can read."""
    sdk_call = dataclasses.replace(_STOP, headers=(("apim-accesstoken", "Zm9vYmFy" * 43),))

    for request in (_STOP, sdk_call):
        assert _gate().read(request, _NOW) == StopJob("j")
        assert _refused(_gate(signed_only=True).read(request, _NOW))["code"] == 99403


def _with_header(request: HttpRequest, name: str, value: str) -> HttpRequest:
    headers = tuple((key, value if key == name else old) for key, old in request.headers)
    return dataclasses.replace(request, headers=headers)


@pytest.mark.parametrize("signed_only", [True, False])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("apim-signature", "0" * 64),
        ("apim-signature", "\ud800"),
        ("apim-accesstoken", ""),
        ("apim-accesstoken", "made up"),
        ("apim-timestamp", "1700000000001"),
        ("apim-timestamp", ""),
    ],
)
def test_a_call_whose_signature_does_not_hold_is_denied(
    name: str, value: str, *, signed_only: bool
) -> None:
    """By an open gate too: who signs, means it."""
    gate = _gate(signed_only=signed_only)

    body = _refused(gate.read(_with_header(_signed(gate), name, value), _NOW))

    assert (body["status"], body["code"]) == (200, 99403)


@pytest.mark.parametrize(
    "change",
    [
        {"query": (("action", "delete"), ("orgId", "o1"), ("jobId", "j"))},
        {"query": (("action", "stop"), ("orgId", "o1"), ("jobId", "k"))},
        {"body": b"{}"},
    ],
)
def test_a_call_changed_after_signing_is_denied(change: dict[str, Any]) -> None:
    """Query and body are part of what was signed."""
    gate = _gate(signed_only=True)

    request = dataclasses.replace(_signed(gate), **change)

    assert _refused(gate.read(request, _NOW))["code"] == 99403


def test_a_token_ends_after_two_hours() -> None:
    """And lives through a restart of the gate until then."""
    request = _signed(_gate(signed_only=True))
    restarted = _gate(signed_only=True)

    assert restarted.read(request, _NOW + 7_199_999) == StopJob("j")
    assert _refused(restarted.read(request, _NOW + 7_200_000))["code"] == 99403


def test_authority_comes_before_everything_else() -> None:
    """Nobody learns by trial what would be a valid call."""
    request = HttpRequest("POST", JOBS, (("action", "nonsense"),))

    assert _refused(_gate(signed_only=True).read(request, _NOW))["code"] == 99403


# --- garbage ---------------------------------------------------------------------------------

_SAYS = EnosOperator("o1", "", "")
_NEAR_REQUESTS = near_requests(
    *(
        _SAYS.request(call, _NOW)
        for call in (
            CreateFirmware(
                FirmwareOrder("pk1", Names("fw"), "2.0", "0" * 32, "md5", "2.0.bin"), b"x"
            ),
            CreateJob(
                JobOrder(
                    "f" * 24,
                    "upgrade",
                    Scope("pk1", ("1.0",), total=False, tags=(("site", ("north",)),)),
                    timeout_s=600,
                    retry=Retry(2, 60),
                    window=Window(_NOW, _NOW + 10**7),
                    concurrency=10,
                )
            ),
            CreateJob(JobOrder("f", "verify", Scope("pk1", total=False, device_keys=("a", "b")))),
            SearchTasks(Comparison("device_key", Operator.IN, ("a", "b")), Page(1, 5)),
            SearchDevices(page=Page(1, 5)),
            StopJob("j"),
            CancelTasks("j", ("a",)),
            FetchFile("f" * 24, DeviceId("pk1", "dk 1")),
        )
    ),
    EnosOperator("o1", "K", "S").login(_NOW) or _STOP,
    _signed(_gate(signed_only=True)),
)


@pytest.mark.codec
@given(request=_NEAR_REQUESTS, signed_only=st.booleans())
def test_no_request_raises_anything(request: HttpRequest, *, signed_only: bool) -> None:
    """Whatever arrives is a call or a whole answer, and never one of 500."""
    found = _gate(signed_only=signed_only).read(request, _NOW)

    if isinstance(found, HttpResponse):
        assert found.status in {200, 404, 405}
        assert isinstance(json.loads(found.body), dict)
