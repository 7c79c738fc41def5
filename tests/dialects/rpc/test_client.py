from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.rpc.asked import equal, together
from fleet_sim.dialects.rpc.client import QUERY_CHARS_MAX, RpcOperator
from fleet_sim.dialects.rpc.gate import RpcGate
from fleet_sim.dialects.rpc.name_lists import NAMES_MAX
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelTasks,
    CreateFirmware,
    CreateJob,
    CreateModule,
    DeleteModule,
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
    ListModules,
    ModuleRow,
    Modules,
    Names,
    Page,
    Refusal,
    Refused,
    ReportedRow,
    RetryTasks,
    Scope,
    SearchFirmware,
    SearchJobs,
    SearchReported,
    SearchTasks,
    Shown,
    StopJob,
    TaskRow,
    TaskStatus,
)
from tests.dialects.near_http import near_responses
from tests.dialects.rpc.callers import HOST, NOW, PROFILES, gate_of

_VENDORS = sorted(PROFILES)
_ORDER = JobOrder("f", "upgrade", Scope("pk"), pushes_a_minute=10_000)
_JOB = JobRow("j", "pk", _ORDER, "2.0", Names(""), JobStatus.STARTED, NOW)
_FIRMWARE = FirmwareRow(
    "f", FirmwareOrder("pk", Names("n"), "2.0", "00", "md5", "x.bin"), "http://h/x.bin", 5,
    is_verified=False, created_epoch_ms=NOW,
)  # fmt: skip
_TASK = TaskRow("t", "j", "pk", "d", "i", "1", "2", TaskStatus.FAILED, -1, "x", NOW, NOW)
_LOOK = GetJob("j")
_MODULES = Modules(
    (ModuleRow("pk", "MCU", "a", "d", 0, 60_000), ModuleRow("pk", "m", "", "", 0, 0))
)


def _operator(vendor: str, key: str = "testid", by: str = "testsecret") -> RpcOperator:
    return RpcOperator("iot-1", key, by, profile=PROFILES[vendor])


def _carried(request: HttpRequest) -> HttpRequest:
    """Return a request as it arrives, with the header that says where it went."""
    headers = (*request.headers, ("Host", HOST))
    return HttpRequest(
        request.method, request.path, request.query, headers, request.body, request.parts
    )


def _talk(
    operator: RpcOperator, gate: RpcGate, call: Call, answers: list[Answer]
) -> tuple[Answer, list[Call]]:
    """Take a call through all its requests; return its answer and what reached the backend."""
    responses: list[HttpResponse] = []
    reached: list[Call] = []
    request: HttpRequest | None = operator.request(call, NOW)
    while request is not None:
        found = gate.read(_carried(request), NOW)
        if not isinstance(found, HttpResponse):
            reached.append(found)
            rendered = gate.render(found, answers[len(reached) - 1], len(reached))
            assert isinstance(rendered, HttpResponse)
            found = rendered
        responses.append(found)
        request = operator.following(call, responses, NOW)
    return operator.answer(call, responses[-1]), reached


# --- both ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", _VENDORS)
@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (_LOOK, Refused(Refusal.NO_SUCH_JOB, "j")),
        (CreateJob(JobOrder("f", "upgrade", Scope("pk"))), JobCreated("j")),
        (GetFirmware("f"), Shown(_FIRMWARE)),
        (SearchTasks(equal("job_id", "j"), Page(1, 10)), Listed((_TASK,), 1, 10, 1)),
        (SearchFirmware(page=Page(1, 10)), Listed((), 1, 10, 0)),
        (SearchJobs(equal("firmware_id", "f"), Page(2, 10)), Listed((), 2, 10, 11)),
        (SearchReported(equal("asset_id", "i"), Page(1, 10)),
         Listed((ReportedRow("pk", "d", "i", "MCU", "1"),), 1, 10, 1)),
        (CreateModule("pk", "MCU", "a", "d"), Done()),
        (DeleteModule("pk", ""), Done()),
        (ListModules("pk"), _MODULES),
    ],
)  # fmt: skip
def test_an_answer_arrives_as_it_was_given(vendor: str, call: Call, answer: Answer) -> None:
    """Through signed requests and both spellings; a refusal with its code and sentence."""
    found, reached = _talk(_operator(vendor), gate_of(vendor, signed_only=True), call, [answer])

    assert reached == [call]
    if isinstance(answer, Refused):
        assert found == Refused(
            Refusal.NO_SUCH_JOB, "There is no such upgrade batch: j", "iot.ota.JobNotExisted"
        )
    else:
        assert found == answer


def test_a_job_is_shown() -> None:
    """With all that the vendor shows of it."""
    assert _talk(_operator("alibaba"), gate_of("alibaba"), _LOOK, [Shown(_JOB)])[0] == Shown(_JOB)


@pytest.mark.parametrize("vendor", _VENDORS)
def test_a_firmware_goes_through_its_three_requests(vendor: str) -> None:
    """The backend gets one call, with the bytes and a digest that the vendor knows."""
    order = FirmwareOrder(
        "pk", Names("n"), "2.0",
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "sha256", "x.bin",
    )  # fmt: skip
    gate = gate_of(vendor, signed_only=True)

    found, reached = _talk(
        _operator(vendor), gate, CreateFirmware(order, b"hello"), [FirmwareCreated("f")]
    )

    assert found == FirmwareCreated("f")
    assert len(reached) == 1
    assert isinstance(reached[0], CreateFirmware)
    assert reached[0].content == b"hello"
    assert reached[0].order.names == Names("n")
    assert reached[0].order.digest_method == ("md5" if vendor == "alibaba" else "sha256")
    assert not reached[0].order.needs_verification


def test_a_job_over_very_many_devices_arrives_whole() -> None:
    """By a file of their names, where the vendor takes one."""
    keys = tuple(f"d{number}" for number in range(NAMES_MAX))
    call = CreateJob(JobOrder("f", "upgrade", Scope("pk", total=False, device_keys=keys)))
    gate = gate_of("alibaba", signed_only=True)

    answer, reached = _talk(_operator("alibaba"), gate, call, [JobCreated("j")])

    assert answer == JobCreated("j")
    assert reached == [call]


def test_the_calls_that_take_several_requests() -> None:
    """What they reach is what the operator meant."""
    gate, operator = gate_of("alibaba"), _operator("alibaba")
    tasks: Answer = Listed((_TASK,), 1, 100, 1)

    cancelled = _talk(operator, gate, CancelTasks("j", ("d",)), [Shown(_JOB), Done()])
    retried = _talk(operator, gate, RetryTasks("j", ("d",)), [tasks, Done()])
    stopped = _talk(operator, gate, StopJob("j"), [Shown(_JOB), Done()])

    assert cancelled == (Done(), [GetJob("j"), CancelTasks("j", ("d",), "f", "pk")])
    assert retried[0] == Done()
    assert retried[1][1] == RetryTasks("j", task_ids=("t",))
    assert [type(call).__name__ for call in stopped[1]] == ["GetJob", "CancelJob"]


def test_a_refusal_ends_a_call_of_several_requests() -> None:
    """Whichever of them it answers."""
    found, reached = _talk(
        _operator("tuya"), gate_of("tuya"), CancelTasks("j", ("d",)), [Refused(Refusal.NO_SUCH_JOB)]
    )

    assert isinstance(found, Refused)
    assert found.reason is Refusal.NO_SUCH_JOB
    assert reached == [GetJob("j")]


# --- requests ----------------------------------------------------------------------------------


def test_no_two_requests_have_one_nonce() -> None:
    """Nor does the same request twice."""
    operator, gate = _operator("tuya"), gate_of("tuya", signed_only=True)

    assert [gate.read(operator.request(_LOOK, NOW), NOW) for _ in range(5)] == [_LOOK] * 5


def test_without_a_key_nothing_is_signed() -> None:
    """Which only a lenient gate takes."""
    request = _operator("tuya", key="").request(_LOOK, NOW)

    assert request == HttpRequest("GET", "/", (("Action", "QueryOTAJob"), ("JobId", "j")))
    assert gate_of("tuya").read(request, NOW) == _LOOK


def test_a_long_call_goes_as_a_form() -> None:
    """Since many servers refuse such long addresses."""
    keys = tuple(f"device-{number:040d}" for number in range(100))
    call = CancelTasks("j", keys, "f", "pk")
    request = _operator("tuya").request(call, NOW)

    assert (request.method, request.query) == ("POST", ())
    assert len(request.body) > QUERY_CHARS_MAX
    assert gate_of("tuya", signed_only=True).read(request, NOW) == call


def test_there_is_no_login() -> None:
    """Each call is signed by itself."""
    operator = _operator("tuya")
    operator.forget()

    assert not operator.needs_login(NOW)
    assert not operator.is_logged_in
    assert operator.login(NOW) is None
    with pytest.raises(DialectError, match="no login"):
        operator.logged_in(HttpResponse(200, b""), NOW)
    assert repr(operator) == "RpcOperator('tuya', 'iot-1', 'testid')"


def test_a_filter_is_told_by_its_parameters() -> None:
    """As it would be sent."""
    where = together(equal("job_id", "j"), Comparison("device_key", Operator.IN, ("a", "b")))

    assert _operator("tuya").expression(where, SearchTasks()) == (
        "JobId=j&DeviceNames.1=a&DeviceNames.2=b"
    )
    with pytest.raises(DialectError, match="has no GetJob by"):
        _operator("tuya").expression(where, _LOOK)


def test_a_call_that_asks_for_nothing_is_not_sent() -> None:
    """Nobody's tasks are cancelled."""
    with pytest.raises(DialectError, match="asks for nothing"):
        _operator("tuya").request(CancelTasks("j", (), "f", "pk"), NOW)


# --- answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "reason", "code"),
    [
        (400, {"RequestId": "r", "HostId": "h", "Code": "SignatureDoesNotMatch", "Message": "m"},
         Refusal.DENIED, "SignatureDoesNotMatch"),
        (200, {"Success": False, "Code": "iot.system.SystemException", "ErrorMessage": "m"},
         Refusal.INTERNAL, "iot.system.SystemException"),
        (503, {"Success": True, "Code": "ServiceUnavailable", "ErrorMessage": "m"},
         Refusal.INTERNAL, "ServiceUnavailable"),
    ],
)  # fmt: skip
def test_both_layers_refusals_are_understood(
    status: int, body: dict[str, object], reason: Refusal, code: str
) -> None:
    """Success that comes with an error's status is none."""
    response = HttpResponse(status, json.dumps(body).encode())

    assert _operator("alibaba").answer(_LOOK, response) == Refused(reason, "m", code)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""), (200, b"no"), (200, b"[]"), (200, b"{}"), (500, b"<html>"), (403, b"<Error>"),
        (200, b'{"Success":true}'), (200, b'{"Success":"yes"}'), (200, b'{"Success":false}'),
        (200, b'{"Success":true,"Data":3}'), (200, b"[" * 100_000), (200, b'{"a":' * 100_000),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(status: int, body: bytes) -> None:
    """By a DialectError, however deep it is nested."""
    with pytest.raises(DialectError):
        _operator("alibaba").answer(_LOOK, HttpResponse(status, body))


@pytest.mark.parametrize("body", [b'{"Success":true,"Data":[1]}', b'{"Success":true,"Data":"x"}'])
def test_a_list_stands_in_an_object(body: bytes) -> None:
    """Anything else is no list."""
    with pytest.raises(DialectError, match="SimpleOTATaskInfo"):
        _operator("alibaba").answer(SearchTasks(equal("job_id", "j")), HttpResponse(200, body))


def test_one_module_may_stand_for_a_list_of_them() -> None:
    """The table of Tuya's page says an array, its sample shows an object."""
    body = b'{"success":true,"data":{"moduleName":"ble","productKey":"p"}}'
    row = ModuleRow("p", "ble", "", "", 0, 0)

    found = _operator("tuya").answer(ListModules("p"), HttpResponse(200, body))

    assert found == Modules((row,))


def test_an_empty_list_may_lack_its_members() -> None:
    """One without paging is all there is."""
    response = HttpResponse(200, b'{"success":true}')

    assert _operator("tuya").answer(SearchTasks(equal("job_id", "j")), response) == Listed(
        (), 1, 0, 0
    )


_ANSWERS: dict[Call, Answer] = {
    _LOOK: Shown(_JOB),
    GetFirmware("f"): Shown(_FIRMWARE),
    SearchTasks(equal("job_id", "j"), Page(1, 10)): Listed((_TASK,), 1, 10, 1),
    SearchFirmware(page=Page(1, 10)): Listed((_FIRMWARE,), 1, 10, 1),
    SearchJobs(equal("firmware_id", "f"), Page(1, 10)): Listed((_JOB,), 1, 10, 1),
    SearchReported(equal("asset_id", "i"), Page(1, 10)): Listed(
        (ReportedRow("pk", "d", "i", "MCU", "1"),), 1, 10, 1
    ),
    ListModules("pk"): _MODULES,
    CreateJob(_ORDER): JobCreated("j"),
    GetJob("none"): Refused(Refusal.NO_SUCH_JOB, "none"),
}
_MORE_CALLS: tuple[Call, ...] = (
    CancelTasks("j", ("d",)), RetryTasks("j", ("d",)), StopJob("j"),
    CreateFirmware(_FIRMWARE.order, b"x"),
)  # fmt: skip


def _rendered(vendor: str, call: Call, answer: Answer) -> HttpResponse:
    found = gate_of(vendor).render(call, answer, 1)
    assert isinstance(found, HttpResponse)
    return found


_NEAR_ANSWERS = near_responses(
    *(_rendered(vendor, call, _ANSWERS[call]) for vendor in _VENDORS for call in _ANSWERS)
)


@pytest.mark.codec
@given(_NEAR_ANSWERS, st.sampled_from(_VENDORS))
def test_garbage_raises_nothing_but_dialect_errors(response: HttpResponse, vendor: str) -> None:
    """Near misses, and bytes of any kind, as the answer to any call."""
    operator = _operator(vendor)
    for call in (*_ANSWERS, *_MORE_CALLS):
        for read in (operator.answer, _following(operator)):
            try:
                read(call, response)
            except DialectError as error:
                assert str(error)  # noqa: PT017 - most are refused, some may be read


def test_the_answer_to_a_single_request_is_read_once() -> None:
    """A page may be long: nothing follows it, whatever it says, and `answer` judges it."""
    operator, garbage = _operator("tuya"), HttpResponse(200, b"{")

    assert operator.following(GetJob("j"), (garbage,), NOW) is None
    with pytest.raises(DialectError, match="no JSON"):
        operator.answer(GetJob("j"), garbage)
    with pytest.raises(DialectError, match="no JSON"):
        operator.following(StopJob("j"), (garbage,), NOW)


def _following(operator: RpcOperator) -> Callable[[Call, HttpResponse], object]:
    return lambda call, response: operator.following(call, (response,), NOW)
