from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos.client import EnosOperator
from fleet_sim.dialects.enos.codes import REFUSALS
from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.dialects.enos.gate import EnosGate
from fleet_sim.dialects.http import HttpResponse
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import EVERYTHING, Comparison, Filter, Operator
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelTasks,
    ConfirmTasks,
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    DeleteJob,
    DeviceRow,
    Done,
    FetchFile,
    FileFound,
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
    ListVersions,
    Names,
    Page,
    Refusal,
    Refused,
    Retry,
    RetryTasks,
    Row,
    Scope,
    SearchDevices,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    Shown,
    StartJob,
    StopJob,
    TaskRow,
    TaskStatus,
    Versions,
    Window,
)
from tests.dialects.enos import samples
from tests.dialects.enos.strategies import ORDERS, PAGES, TASK_FILTERS
from tests.dialects.enos.test_rows import DEVICES, FIRMWARES, JOBS, TASKS
from tests.dialects.near_http import near_responses

_NOW = 1_700_000_000_000
_CREATE_FIRMWARE = CreateFirmware(
    FirmwareOrder("pk1", Names("fw"), "2.0", "0" * 32, "md5", "2.0.bin"), b"x"
)
_CREATE_JOB = CreateJob(JobOrder("f1", "upgrade", Scope()))


def _gate(*, signed_only: bool = True) -> EnosGate:
    return EnosGate("o1", {"K": "S"}, signed_only=signed_only, contract=CONTRACT)


def _logged_in(gate: EnosGate) -> EnosOperator:
    operator = EnosOperator("o1", "K", "S")
    request = operator.login(_NOW)
    assert request is not None
    response = gate.read(request, _NOW)
    assert isinstance(response, HttpResponse)
    operator.logged_in(response, _NOW)
    return operator


def _json(body: object, status: int = 200) -> HttpResponse:
    return HttpResponse(status, json.dumps(body).encode())


# --- authority -------------------------------------------------------------------------------


def test_a_login_asks_the_token_service() -> None:
    """With the computed vector's proof."""
    request = EnosOperator("o1", "APPKEY", "SECRET").login(_NOW)

    assert request is not None
    assert (request.method, request.path) == ("POST", "/apim-token-service/v2.0/token/get")
    assert json.loads(request.body) == {
        "appKey": "APPKEY",
        "encryption": "5228a3c2c63e6dc675cf6603b1da332c63d65eb4a2d182eacdb67cbe051b4bfb",
        "timestamp": _NOW,
    }


def test_a_token_is_renewed_a_minute_before_its_end() -> None:
    """No call in flight outlives it."""
    operator = _logged_in(_gate())

    assert not operator.needs_login(_NOW)
    assert operator.login(_NOW + 7_139_999) is None
    assert operator.needs_login(_NOW + 7_140_000)
    assert operator.login(_NOW + 7_140_000) is not None


def test_an_operator_without_a_key_asks_for_no_token() -> None:
    """An open server takes unsigned calls."""
    operator = EnosOperator("o1", "", "")

    request = operator.request(StopJob("j"), _NOW)

    assert not operator.needs_login(_NOW)
    assert operator.login(_NOW) is None
    assert request.headers == ()
    assert _gate(signed_only=False).read(request, _NOW) == StopJob("j")


@pytest.mark.parametrize(
    "response",
    [
        _json({"status": 1003, "msg": "encryption is invalid", "data": None}),
        _json({"status": 0, "msg": "SUCCESS", "data": None}),
        _json({"status": 0, "data": {"accessToken": 5, "expire": 7_200}}),
        HttpResponse(502, b"<html>Bad Gateway</html>"),
        HttpResponse(200, b""),
    ],
)
def test_a_login_that_fails_is_an_error(response: HttpResponse) -> None:
    """And leaves the operator without a token."""
    operator = EnosOperator("o1", "K", "S")

    with pytest.raises(DialectError):
        operator.logged_in(response, _NOW)
    assert operator.needs_login(_NOW)


def test_a_refused_login_keeps_the_vendors_code() -> None:
    """1002 tells a mistyped key from a server that is down."""
    response = _json({"status": 1002, "msg": "appKey does not exist"})

    with pytest.raises(DialectError, match="1002 appKey does not exist") as caught:
        EnosOperator("o1", "K", "S").logged_in(response, _NOW)
    assert caught.value.code == 1002


def test_secrets_are_not_printed() -> None:
    """Neither the application's secret nor a token."""
    operator = _logged_in(_gate())

    assert repr(operator) == "EnosOperator('o1', 'K')"
    assert "accesstoken" not in repr(operator.request(StopJob("j"), _NOW)).lower()


# --- calls -----------------------------------------------------------------------------------

_CALLS: st.SearchStrategy[Call] = st.one_of(
    st.builds(CreateJob, order=ORDERS),
    st.builds(SearchTasks, where=TASK_FILTERS | st.just(EVERYTHING), page=PAGES),
    st.builds(SearchDevices, page=PAGES),
    st.builds(SearchJobs, page=PAGES),
    st.builds(SearchFirmware, page=PAGES),
    st.sampled_from(
        [
            GetFirmware("f"),
            DeleteFirmware("f"),
            FetchFile("f" * 24, asset_id="a1"),
            FetchFile("f" * 24, DeviceId("pk1", "dk 1")),
            ListVersions("pk1"),
            GetJob("j"),
            StartJob("j"),
            StopJob("j"),
            DeleteJob("j"),
            CancelTasks("j", ("a", "b")),
            RetryTasks("j", ("a",)),
        ]
    ),
)


_SIGNED_GATE = _gate()
_SIGNING = _logged_in(_SIGNED_GATE)


@pytest.mark.codec
@given(call=_CALLS)
def test_a_signed_call_survives_the_wire(call: Call) -> None:
    """A gate that wants signatures reads what the operator asked."""
    assert _SIGNED_GATE.read(_SIGNING.request(call, _NOW), _NOW) == call


@pytest.mark.parametrize(
    ("call", "method", "path", "query"),
    [
        (GetJob("j"), "GET", "ota-jobs", "action=get&orgId=o1&jobId=j"),
        (_CREATE_JOB, "POST", "ota-jobs", "action=create&orgId=o1&firmwareId=f1"),
        (SearchTasks(), "POST", "ota-jobs", "action=searchTask&orgId=o1"),
        (SearchDevices(), "POST", "ota-firmwares", "action=searchDeviceUpgrade&orgId=o1"),
        (_CREATE_FIRMWARE, "POST", "ota-firmwares", "action=create&orgId=o1&productKey=pk1"),
        (CancelTasks("j", ("a",)), "POST", "ota-jobs", "action=cancelTask&orgId=o1&jobId=j"),
    ],
)
def test_calls_go_where_the_pages_say(call: Call, method: str, path: str, query: str) -> None:
    """Resource, action, parameters and the documented method."""
    request = EnosOperator("o1", "", "").request(call, _NOW)

    assert (request.method, request.path) == (method, f"/connect-service/v2.1/{path}")
    assert "&".join(f"{name}={value}" for name, value in request.query) == query


def test_a_call_of_other_vendors_is_not_written() -> None:
    """EnOS asks for nobody's consent."""
    with pytest.raises(DialectError, match="EnOS has no call ConfirmTasks"):
        EnosOperator("o1", "", "").request(ConfirmTasks(("t1",)), _NOW)


def test_a_search_is_written_as_on_its_page() -> None:
    """The sample's expression and pagination."""
    where = Comparison("device_key", Operator.EQUAL, ("ota-device1",))

    request = EnosOperator("o1", "", "").request(SearchTasks(where, Page(1, 5)), _NOW)

    assert json.loads(request.body) == json.loads(samples.SEARCH_TASK_BODY)


def test_only_a_search_has_an_expression() -> None:
    """Asking for one elsewhere is a mistake in the calling code."""
    operator = EnosOperator("o1", "", "")
    where: Filter = Comparison("status", Operator.IN, ("failed", "cancelled"))

    assert operator.expression(where, SearchTasks()) == "status='failed'"
    with pytest.raises(DialectError, match="StopJob takes no expression"):
        operator.expression(where, StopJob("j"))


# --- answers ---------------------------------------------------------------------------------

_ROWS: dict[Call, st.SearchStrategy[Any]] = {
    SearchTasks(): TASKS,
    SearchDevices(): DEVICES,
    SearchFirmware(): FIRMWARES,
    SearchJobs(): JOBS,
}


_PAGES = st.one_of(
    *(
        st.tuples(st.just(call), st.lists(rows, max_size=2).map(tuple), st.integers(0, 10**6))
        for call, rows in _ROWS.items()
    )
)


@pytest.mark.codec
@given(page=_PAGES)
def test_a_page_of_rows_survives_the_wire(page: tuple[Call, tuple[Row, ...], int]) -> None:
    """Rows, page and total arrive as the backend gave them."""
    call, rows, total = page
    answer = Listed(rows, 1, 10, total)

    assert _back(call, answer) == answer


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (_CREATE_FIRMWARE, FirmwareCreated("f1")),
        (_CREATE_JOB, JobCreated("j1")),
        (StopJob("j"), Done()),
        (CancelTasks("j", ("a",)), Done()),
        (DeleteFirmware("f"), Done()),
        (ListVersions("pk1"), Versions(("1.0", "2.0"))),
    ],
)
def test_other_answers_survive_the_wire(call: Call, answer: Answer) -> None:
    """Ids, versions, or nothing at all."""
    assert _back(call, answer) == answer


@pytest.mark.codec
@given(row=JOBS | FIRMWARES)
def test_a_shown_row_survives_the_wire(row: JobRow | FirmwareRow) -> None:
    """One row, outside any page."""
    call = GetJob("j") if isinstance(row, JobRow) else GetFirmware("f")

    assert _back(call, Shown(row)) == Shown(row)


def _back(call: Call, answer: Answer) -> Answer:
    return EnosOperator("o1", "", "").answer(call, _rendered(call, answer))


def _rendered(call: Call, answer: Answer) -> HttpResponse:
    response = _gate().render(call, answer, 1)
    assert isinstance(response, HttpResponse)
    return response


def test_a_file_is_what_is_no_json() -> None:
    """A server may refuse with HTTP 200 as well; a body in JSON is no firmware."""
    call = FetchFile("f" * 24, asset_id="a1")
    octets = (("Content-Type", "application/octet-stream"),)
    refused = _json({"code": 24404, "msg": "not found", "data": None})
    operator = EnosOperator("o1", "", "")

    found = FileFound(call.firmware_id, content=b"fw")
    assert operator.answer(call, HttpResponse(200, b"fw", octets)) == found
    not_found = Refused(Refusal.NO_SUCH_FIRMWARE, "not found", 24404)
    assert operator.answer(call, refused) == not_found
    with pytest.raises(DialectError):
        operator.answer(call, HttpResponse(500, b"broken", octets))


@pytest.mark.parametrize("reason", list(REFUSALS))
@pytest.mark.parametrize("call", [_CREATE_JOB, StopJob("j"), GetFirmware("f")])
def test_a_refusal_survives_the_wire(call: Call, reason: Refusal) -> None:
    """The reason comes back with the vendor's code and sentence."""
    answer = _back(call, Refused(reason, "5"))

    assert isinstance(answer, Refused)
    assert answer.code is not None
    not_found = {Refusal.NO_SUCH_FIRMWARE, Refusal.NO_SUCH_JOB}
    assert answer.reason in (not_found if reason in not_found else {reason})


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (_CREATE_JOB, Refusal.NO_SUCH_FIRMWARE),
        (GetFirmware("f"), Refusal.NO_SUCH_FIRMWARE),
        (StopJob("j"), Refusal.NO_SUCH_JOB),
        (CancelTasks("j", ("a",)), Refusal.NO_SUCH_JOB),
    ],
)
def test_not_found_is_what_the_call_names(call: Call, reason: Refusal) -> None:
    """One number for two things."""
    response = _json({"code": 24404, "msg": "not found", "data": None})

    assert EnosOperator("o1", "", "").answer(call, response) == Refused(reason, "not found", 24404)


def test_the_samples_of_the_pages_are_read() -> None:
    """Three answers, verbatim; the task was cancelled and shows as failed."""
    operator = EnosOperator("o1", "", "")

    job = operator.answer(_CREATE_JOB, HttpResponse(200, samples.CREATE_JOB_ANSWER))
    tasks = operator.answer(SearchTasks(), HttpResponse(200, samples.SEARCH_TASK_ANSWER))
    devices = operator.answer(SearchDevices(), HttpResponse(200, samples.SEARCH_DEVICE_ANSWER))

    assert job == JobCreated("5ee1a91029b990001b9c188e")
    row = TaskRow(
        task_id="5ed0de47646542001b3d1146",
        job_id="5ed0de47646542001b3d1145",
        product_key="BXwU4kMk",
        device_key="ota-device1",
        asset_id="FOrco0Hu",
        from_version="1.0",
        to_version="2.0",
        status=TaskStatus.FAILED,
        progress=None,
        desc="user cancel",
        updated_epoch_ms=1_590_746_699_719,
    )
    assert tasks == Listed((row,), 1, 10, 1)
    assert isinstance(devices, Listed)
    assert devices.rows[0] == DeviceRow(
        "8UhOTwV5", "WnszKfi8NU", "rFFJ6j53", "7777", is_upgrading=False
    )
    assert devices.total == 9


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(502, b"<html>Bad Gateway</html>"),
        HttpResponse(200, b""),
        HttpResponse(200, b"\xff"),
        _json([]),
        _json({"msg": "OK"}),
        _json({"code": "none"}),
        _json({"code": 0, "data": None}),
        _json({"code": 0, "data": []}),
        _json({"code": 0, "data": [{}], "pagination": {}}),
        _json({"code": 0, "data": 5, "pagination": {"pageNo": 1, "pageSize": 1, "totalSize": 1}}),
        _json({"code": 0, "data": None}, status=500),
    ],
)
def test_an_answer_in_another_form_is_an_error(response: HttpResponse) -> None:
    """Never a row that was not there."""
    with pytest.raises(DialectError):
        EnosOperator("o1", "", "").answer(SearchTasks(), response)


_FIRMWARE_ROW = FirmwareRow(
    "f", _CREATE_FIRMWARE.order, "http://h/f", 5, is_verified=True, created_epoch_ms=_NOW
)
_JOB_ROW = JobRow(
    "j",
    "pk1",
    JobOrder("f", "upgrade", Scope("pk1"), retry=Retry(2, 60), window=Window(_NOW, _NOW + 10**7)),
    "2.0",
    Names("fw", (("zh_CN", "x"),)),
    JobStatus.STARTED,
    _NOW,
)
_ANSWERS: dict[Call, Answer] = {
    GetFirmware("f"): Shown(_FIRMWARE_ROW),
    GetJob("j"): Shown(_JOB_ROW),
    SearchFirmware(): Listed((_FIRMWARE_ROW,), 1, 10, 1),
    SearchJobs(): Listed((_JOB_ROW,), 1, 10, 1),
    ListVersions("pk1"): Versions(("1.0",)),
    StopJob("j"): Done(),
    StartJob("j"): Refused(Refusal.NO_SUCH_JOB),
    _CREATE_JOB: JobCreated("j"),
    _CREATE_FIRMWARE: FirmwareCreated("f"),
}
_NEAR_ANSWERS = near_responses(
    *(_rendered(call, answer) for call, answer in _ANSWERS.items()),
    *(
        HttpResponse(200, body)
        for body in (samples.SEARCH_TASK_ANSWER, samples.SEARCH_DEVICE_ANSWER)
    ),
    HttpResponse(200, b"firmware", (("Content-Type", "application/octet-stream"),)),
)
_ANSWERED = (*_ANSWERS, SearchTasks(), SearchDevices(), FetchFile("f" * 24, asset_id="a1"))


@pytest.mark.codec
@given(response=_NEAR_ANSWERS)
def test_garbage_raises_nothing_else(response: HttpResponse) -> None:
    """Near misses, and bytes of any kind, answer any call or are a `DialectError`."""
    for call in _ANSWERED:
        try:
            EnosOperator("o1", "", "").answer(call, response)
        except DialectError as error:
            assert str(error)  # noqa: PT017 - most are refused, some may be read


def test_a_token_that_is_forgotten_is_asked_for_again() -> None:
    """However long it would have lasted."""
    operator = _logged_in(_gate())
    before = operator.is_logged_in

    operator.forget()

    assert (before, operator.is_logged_in) == (True, False)
    assert operator.needs_login(_NOW)
