from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import pytest
from hypothesis import given

from fleet_sim.dialects.http import HttpPart, HttpRequest, HttpResponse
from fleet_sim.dialects.rpc import codes
from fleet_sim.dialects.rpc.actions import READERS
from fleet_sim.dialects.rpc.asked import equal
from fleet_sim.dialects.rpc.authority import FORM
from fleet_sim.dialects.rpc.client import RpcOperator
from fleet_sim.dialects.rpc.gate import http_refusal
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import (
    Call,
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateFirmware,
    CreateJob,
    Done,
    FirmwareCreated,
    GetFirmware,
    GetJob,
    JobCreated,
    JobOrder,
    Page,
    Refusal,
    Refused,
    Retry,
    RetryTasks,
    Scope,
    SearchFirmware,
    SearchTasks,
    TaskStatus,
    Window,
)
from tests.dialects.near_http import near_requests
from tests.dialects.rpc.callers import (
    HOST,
    NOW,
    PROFILES,
    asking,
    called,
    gate_of,
    posted,
    refused,
    rendered,
    signed,
    uploaded,
)

_VENDORS = sorted(PROFILES)

_ADDRESSES = {"GenerateOTAUploadURL", "GenerateDeviceNameListURL"}  # the gate's own answers


@pytest.mark.parametrize("vendor", _VENDORS)
def test_every_action_of_a_vendor_is_read(vendor: str) -> None:
    """And none is read that no vendor has."""
    assert PROFILES[vendor].actions - _ADDRESSES <= READERS.keys()
    assert READERS.keys() <= set.union(*(set(PROFILES[one].actions) for one in _VENDORS))


def test_what_only_one_vendor_has() -> None:
    """Five actions, which are not found at the other."""
    own = PROFILES["alibaba"].actions - PROFILES["tuya"].actions

    assert own == {
        "CreateOTADynamicUpgradeJob", "UpdateOTAJob", "CancelOTAStrategyByJob", "ReupgradeOTATask",
        "GenerateDeviceNameListURL",
    }  # fmt: skip
    for action in own:
        assert refused(gate_of("tuya").read(asking(action), NOW))[:2] == (200, codes.NO_SUCH_ACTION)


@pytest.mark.parametrize(("vendor", "status"), [("alibaba", 404), ("tuya", 200)])
def test_an_unknown_action_is_not_found(vendor: str, status: int) -> None:
    """By the gateway of each in its own way."""
    found = refused(gate_of(vendor).read(asking("Nö" * 99), NOW))

    assert found[:2] == (status, codes.NO_SUCH_ACTION)


@pytest.mark.parametrize(
    ("request_", "status", "word"),
    [
        (HttpRequest("PUT", "/"), 405, codes.BAD_METHOD),
        (HttpRequest("GET", "/x"), 404, codes.NO_SUCH_ACTION),
        (HttpRequest("GET", "/"), 400, "MissingAction"),
        (HttpRequest("GET", "/", (("Action", "QueryOTAJob"), ("Format", "XML"))), 400,
         codes.BAD_PARAMETER),
        (HttpRequest("GET", "/", (("Action", "QueryOTAJob"), ("IotInstanceId", "who"))), 200,
         codes.BAD_TENANT),
        (HttpRequest("GET", "/", (("Action", "QueryOTAJob"), ("JobId", "a"), ("JobId", "b"))), 200,
         codes.BAD_REQUEST),
    ],
)  # fmt: skip
def test_what_is_refused_whatever_the_action(request_: HttpRequest, status: int, word: str) -> None:
    """Other methods, other paths, another's instance, one parameter twice."""
    assert refused(gate_of("alibaba").read(request_, NOW))[:2] == (status, word)


def test_get_and_post_count_alike() -> None:
    """Parameters in the query, in a form, or in both."""
    gate = gate_of("alibaba")
    form = HttpRequest("POST", "/", (("Action", "QueryOTAJob"),), (("Content-Type", FORM),),
                       b"JobId=j%201")  # fmt: skip

    assert gate.read(form, NOW) == GetJob("j 1")
    assert gate.read(HttpRequest("post", "", (*form.query, ("JobId", "j"))), NOW) == GetJob("j")
    assert gate.read(asking("QueryOTAJob", JobId="j", IotInstanceId="iot-1"), NOW) == GetJob("j")


def test_a_restarted_gate_repeats_no_request_id() -> None:
    """Neither that of an answer nor that of a refusal, though the seed is the store's."""
    found = []
    for epoch_ms in (NOW, NOW + 1):
        gate = gate_of("alibaba")
        refusal = gate.read(asking("QueryOTAJob"), epoch_ms)
        found += [refusal, gate.render(CancelJob("j"), Done(), 1)]

    ids = [json.loads(one.body)["RequestId"] for one in found if isinstance(one, HttpResponse)]
    assert len(set(ids)) == len(ids) == 4


def test_the_two_forms_of_a_refusal() -> None:
    """The gateway's own, where the vendor has one, and the product's."""
    missing = gate_of("alibaba").read(asking("QueryOTAJob"), NOW)
    same = gate_of("tuya").read(asking("QueryOTAJob"), NOW)
    assert isinstance(missing, HttpResponse)
    assert isinstance(same, HttpResponse)

    gateway, product = json.loads(missing.body), json.loads(same.body)

    assert gateway == {
        "RequestId": gateway["RequestId"], "HostId": HOST, "Code": "MissingJobId",
        "Message": "JobId is mandatory for this action.",
    }  # fmt: skip
    assert product == {
        "requestId": product["requestId"], "success": False, "code": "MissingJobId",
        "errorMessage": "JobId is mandatory for this action.",
    }  # fmt: skip
    assert (missing.status, same.status) == (400, 200)


@pytest.mark.parametrize(
    ("reason", "alibaba", "tuya"),
    [(Refusal.THROTTLED, 400, 200), (Refusal.NO_SUCH_JOB, 200, 200), (Refusal.INTERNAL, 200, 200)],
)
def test_a_backends_refusal_is_the_products(reason: Refusal, alibaba: int, tuya: int) -> None:
    """But for throttling, which is the gateway's affair."""
    for vendor, status in (("alibaba", alibaba), ("tuya", tuya)):
        found = gate_of(vendor).render(GetJob("j"), Refused(reason, "d"), 1)
        assert isinstance(found, HttpResponse)
        assert refused(found)[:2] == (status, codes.REFUSALS[reason][0])


def test_answers_are_wrapped_and_spelled() -> None:
    """A request's number gives its id, the same each time."""
    tuya, alibaba = gate_of("tuya"), gate_of("alibaba")
    done = rendered(tuya, CancelJob("j"), Done())

    assert done == {"requestId": done["requestId"], "success": True, "code": ""}
    assert rendered(tuya, CancelJob("j"), Done()) == done
    assert rendered(alibaba, CancelJob("j"), Done()).keys() == {"RequestId", "Success", "Code"}
    assert len(done["requestId"]) == 36


def test_what_was_made_shows_when() -> None:
    """At the instant of its own call, though others came in since, and an equal one among them."""
    gate = gate_of("alibaba")
    request = asking(
        "CreateOTAStaticUpgradeJob", FirmwareId="f", ProductKey="pk", TargetSelection="ALL"
    )
    first, second = (called(gate.read(request, at_ms)) for at_ms in (NOW, NOW + 1_000))
    gate.read(asking("QueryOTAJob", JobId="j"), NOW + 9_000)

    later = rendered(gate, second, JobCreated("j2"))
    earlier = rendered(gate, first, JobCreated("j1"))

    assert first == second
    assert earlier["Data"] == {"JobId": "j1", "UtcCreate": "2023-11-14T22:13:20.000Z"}
    assert later["Data"] == {"JobId": "j2", "UtcCreate": "2023-11-14T22:13:21.000Z"}


def test_of_too_many_orders_under_way_the_oldest_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its answer says no instant, rather than a wrong one."""
    monkeypatch.setattr("fleet_sim.dialects.rpc.gate._ORDERS_MAX", 1)
    gate = gate_of("alibaba")
    request = asking(
        "CreateOTAStaticUpgradeJob", FirmwareId="f", ProductKey="pk", TargetSelection="ALL"
    )
    first, second = (called(gate.read(request, NOW)) for _ in range(2))

    assert rendered(gate, first, JobCreated("j1"))["Data"] == {"JobId": "j1"}
    assert "UtcCreate" in rendered(gate, second, JobCreated("j2"))["Data"]


# --- uploads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", _VENDORS)
def test_a_file_comes_in_by_three_requests(vendor: str) -> None:
    """Once the firmware is made of it, it is no longer kept."""
    gate = gate_of(vendor)
    url = uploaded(gate, b"hello")
    request = asking("CreateOTAFirmware", DestVersion="2", FirmwareName="n", FirmwareUrl=url)
    call = called(gate.read(request, NOW))
    assert isinstance(call, CreateFirmware)
    assert call.content == b"hello"

    rendered(gate, call, Refused(Refusal.VERSION_EXISTS))
    assert gate.read(request, NOW) == call
    rendered(gate, call, FirmwareCreated("f"))

    assert refused(gate.read(request, NOW))[1] == codes.NO_SUCH_FILE


def test_an_address_is_given_to_signed_callers_alone() -> None:
    """Where only those are let in; the form itself carries the signed policy."""
    gate = gate_of("tuya", signed_only=True)
    ask = asking("GenerateOTAUploadURL", FileSuffix="tar.gz")
    assert refused(gate.read(ask, NOW))[1] == "MissingAccessKeyId"

    found = gate.read(signed(ask), NOW)
    assert isinstance(found, HttpResponse)
    data = json.loads(found.body)["data"]

    assert data.keys() == {
        "firmwareUrl", "host", "key", "oSSAccessKeyId", "objectStorage", "policy", "signature",
        "utcCreate",
    }  # fmt: skip
    assert data["host"] == f"http://{HOST}"
    assert data["firmwareUrl"] == f"{data['host']}/{data['key']}"


@pytest.mark.parametrize("action", sorted(_ADDRESSES))
@pytest.mark.parametrize(
    ("forwarded", "origin"),
    [("https", f"https://{HOST}"), (" HTTPS ", f"https://{HOST}"), ("http", f"http://{HOST}"),
     ("", f"http://{HOST}"), ("ftp", f"http://{HOST}")],
)  # fmt: skip
def test_an_address_has_the_scheme_by_which_the_caller_came(
    action: str, forwarded: str, origin: str
) -> None:
    """Behind what ends TLS, a form posted in plain would reach nobody."""
    ask = asking(action)
    headers = (*ask.headers, ("x-forwarded-proto", forwarded))

    found = gate_of("alibaba").read(replace(ask, headers=headers), NOW)

    assert isinstance(found, HttpResponse)
    assert json.loads(found.body)["Data"]["Host"] == origin


def test_an_address_without_a_host_is_a_path() -> None:
    """The scheme alone names nobody."""
    headers = (("X-Forwarded-Proto", "https"),)

    found = gate_of("alibaba").read(replace(asking("GenerateOTAUploadURL"), headers=headers), NOW)

    assert isinstance(found, HttpResponse)
    assert json.loads(found.body)["Data"]["Host"] == ""


def test_a_form_of_another_kind_is_refused_as_the_storage_does() -> None:
    """In XML."""
    found = gate_of("tuya").read(HttpRequest("POST", "/", parts=(HttpPart("a", b"b"),)), NOW)

    assert isinstance(found, HttpResponse)
    assert (found.status, found.body[:5]) == (403, b"<?xml")


# --- whatever comes ----------------------------------------------------------------------------


_ORDER = JobOrder(
    "f", "upgrade", Scope("pk", ("1.0",), total=False, device_keys=("a", "b")), timeout_s=600,
    retry=Retry(2, 600), window=Window(NOW + 10**7, NOW + 10**8), pushes_a_minute=50,
    overwrites=True, tags=(("site", "north"),),
)  # fmt: skip
_CALLS: tuple[Call, ...] = (
    GetJob("j"), GetFirmware("f"), CreateJob(_ORDER),
    CreateJob(JobOrder("f", "upgrade", Scope("pk"))),
    SearchTasks(equal("job_id", "j"), Page(1, 10)), SearchFirmware(page=Page(1, 10)),
    CancelTasks("j", ("d",), "f", "pk"), RetryTasks("j", task_ids=("t",)), ConfirmTasks(("t",)),
    CancelJob("j", (TaskStatus.QUEUED,)),
)  # fmt: skip


def _upload() -> HttpRequest:
    found = gate_of("alibaba").read(asking("GenerateOTAUploadURL"), NOW)
    assert isinstance(found, HttpResponse)
    return posted(json.loads(found.body)["Data"], b"fw")


def _samples() -> list[HttpRequest]:
    """Return requests of all vendors, bare, signed in either way, as a form, and an upload."""
    found = [signed(asking("QueryOTAJob", JobId="j"))]
    for vendor in _VENDORS:
        operator = RpcOperator("iot-1", "", "", profile=PROFILES[vendor])
        for call in _CALLS:
            with contextlib.suppress(DialectError):  # What only the other vendor has.
                found.append(operator.request(call, NOW))
    form = (("Host", HOST), ("Content-Type", FORM))
    acs3 = ("Authorization", "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host,Signature=c")
    dated = ("x-acs-date", "2023-11-14T22:13:20Z")
    found += [
        HttpRequest("POST", "/", headers=form, body=b"Action=QueryOTAJob&JobId=j&Tag.1.Key=a"),
        HttpRequest("POST", "/", (("JobId", "j"),), (("Host", HOST), acs3, dated)),
        _upload(),
    ]
    return found


@pytest.mark.codec
@given(near_requests(*_samples()))
def test_no_request_breaks_the_gate(request: HttpRequest) -> None:
    """It is a call, or there is an answer."""
    for vendor in _VENDORS:
        found = gate_of(vendor).read(request, NOW)
        if isinstance(found, HttpResponse):
            assert 200 <= found.status < 500


def test_what_http_itself_refuses_has_a_form() -> None:
    """The gateway's, and that of every other answer where the vendor is known to have no other."""
    one, other = (
        http_refusal(413, "Too Large", profile=PROFILES[name]) for name in ("alibaba", "tuya")
    )

    assert (one.status, other.status) == (413, 413)
    assert json.loads(one.body)["Message"] == "Too Large"
    assert json.loads(other.body) == {
        "requestId": "", "success": False, "code": "Http413", "errorMessage": "Too Large",
    }  # fmt: skip
