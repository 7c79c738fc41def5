from __future__ import annotations

import json
from urllib.parse import parse_qsl

from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.interface import Gate, Operator, Stepwise
from fleet_sim.dialects.rpc import signature
from fleet_sim.dialects.rpc.times import read_utc
from fleet_sim.dialects.tuya import northbound
from fleet_sim.dialects.tuya.contract import CONTRACT
from fleet_sim.model.filters import Comparison
from fleet_sim.model.filters import Operator as Compare
from fleet_sim.model.northbound import Listed, Page, SearchTasks, TaskRow, TaskStatus

# The request of "ListOTATaskByJob" as printed, with its asterisks, but for the signature, which is
# by a secret that nobody printed and over values that the asterisks stand for.
_QUERY = (
    "Action=ListOTATaskByJob&SignatureNonce=9e6189124f5a4716ad2de849467b****"
    "&AccessKeyId=xMr9wgwXQLhv5AUa65o0****&SignatureMethod=HMAC-SHA1"
    "&Timestamp=2024-11-19T09%3A47%3A43Z&JobId=183634077921266****&PageSize=10&CurrentPage=1"
)
_KEY = "xMr9wgwXQLhv5AUa65o0****"
_ROW = TaskRow(
    task_id="18363407798669****",
    job_id="183634077921266****",
    product_key="k1h9drZ****",
    device_key="device_actived",
    asset_id="OZs5tjTkzRRTZSCekmbRk1****",
    from_version="0.0.0",
    to_version="1.2.3",
    status=TaskStatus.FAILED,
    progress=None,
    desc="fix device ota module",
    updated_epoch_ms=read_utc("2024-09-18T09:45:34.148Z"),
    created_epoch_ms=read_utc("2024-09-18T09:45:34.139Z"),
    firmware_id="136",
    timeout_s=300,
)
# The page's sample answer. Its slips: the table calls the ids FirmwareID, IotID, JobID and TaskID,
# gives Progress and ProductName to every row, and prints an instant with a blank in it.
_SAMPLE = {
    "code": "",
    "currentPage": 1,
    "data": {
        "simpleOTATaskInfo": [
            {
                "destVersion": "1.2.3",
                "deviceName": "device_actived",
                "firmwareId": "136",
                "iotId": "OZs5tjTkzRRTZSCekmbRk1****",
                "jobId": "183634077921266****",
                "productKey": "k1h9drZ****",
                "srcVersion": "0.0.0",
                "taskDesc": "fix device ota module",
                "taskId": "18363407798669****",
                "taskStatus": "FAILED",
                "timeout": "5",
                "utcCreate": "2024-09-18T09:45:34.139Z",
                "utcModified": "2024-09-18T09:45:34.148Z",
            }
        ]
    },
    "pageCount": 1,
    "pageSize": 10,
    "requestId": "fe273c87-abc9-483f-bd63-e9876d594cd3",
    "success": True,
    "total": 1,
}


def test_the_pages_sample_is_accepted_and_answered_with_its_own_values() -> None:
    """Every member of the sample and no other, with its value; the request's id has its form."""
    pairs = tuple(parse_qsl(_QUERY))
    text = signature.string_to_sign("GET", pairs)
    request = HttpRequest("GET", "/", (*pairs, ("Signature", signature.sign(text, "secret"))))
    gate = northbound.gate("si-1", {_KEY: "secret"}, signed_only=True, contract=CONTRACT)

    call = gate.read(request, read_utc("2024-11-19T09:47:43Z"))
    assert call == SearchTasks(
        Comparison("job_id", Compare.EQUAL, ("183634077921266****",)), Page(1, 10)
    )
    answer = gate.render(call, Listed((_ROW,), page_number=1, page_size=10, total=1), 1)
    assert isinstance(answer, HttpResponse)
    found = json.loads(answer.body)

    assert [len(group) for group in found["requestId"].split("-")] == [8, 4, 4, 4, 12]
    assert found | {"requestId": ""} == _SAMPLE | {"requestId": ""}


def test_the_client_reads_the_pages_sample() -> None:
    """Into the same row."""
    body = json.dumps(_SAMPLE).encode()
    call = SearchTasks(Comparison("job_id", Compare.EQUAL, ("183634077921266****",)))

    found = northbound.operator("si-1", "k", "s").answer(call, HttpResponse(200, body))

    assert found == Listed((_ROW,), page_number=1, page_size=10, total=1)


def test_both_ends_are_what_a_dialect_offers() -> None:
    """Type by type."""
    gate: Gate = northbound.gate("o", {}, signed_only=False, contract=CONTRACT)
    operator: Operator = northbound.operator("o", "k", "s")

    assert isinstance(operator, Stepwise)
    assert gate is not None


def test_names_are_made_of_the_digits() -> None:
    """In the vendor's form, and different for different digits."""
    one, two = "0123456789abcdef" * 2, "f123456789abcdef" * 2

    assert northbound.org_of(one) == "si-0123456789abcdef0123"
    assert len(northbound.operator_key_of(one)) == 24
    assert northbound.operator_key_of(one) != northbound.operator_key_of(two)
