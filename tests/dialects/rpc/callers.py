"""Calls of a client that signs by hand, and gates to put them to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fleet_sim.dialects.alibaba import northbound as alibaba
from fleet_sim.dialects.http import HttpPart, HttpRequest, HttpResponse
from fleet_sim.dialects.rpc import signature
from fleet_sim.dialects.rpc.gate import RpcGate
from fleet_sim.dialects.rpc.profile import Profile
from fleet_sim.dialects.rpc.times import timestamp_of
from fleet_sim.dialects.rpc.uploads import form_of
from fleet_sim.dialects.tuya import northbound as tuya
from fleet_sim.model.northbound import Answer, Call

NOW = 1_700_000_000_000
HOST = "10.0.0.1:8080"
KEYS = {"testid": "testsecret"}
PROFILES: Mapping[str, Profile] = {"alibaba": alibaba.PROFILE, "tuya": tuya.PROFILE}
_GATES = {"alibaba": alibaba.gate, "tuya": tuya.gate}


def gate_of(
    vendor: str,
    *,
    signed_only: bool = False,
    org: str = "iot-1",
    changes: Mapping[str, Any] | None = None,
) -> RpcGate:
    """Make a gate by its vendor's own values, some knobs of its contract changed."""
    contract = replace(PROFILES[vendor].default_contract, **(changes or {}))
    return _GATES[vendor](
        org, KEYS, signed_only=signed_only, contract=contract, seed=7, default_product="pk0"
    )


def asking(action: str, **given: object) -> HttpRequest:
    """Write an unsigned call; `Name_1` stands for `Name.1`, `Name_1_Key` for `Name.1.Key`."""
    pairs = tuple((name.replace("_", "."), str(value)) for name, value in given.items())
    return HttpRequest("GET", "/", (("Action", action), *pairs), headers=(("Host", HOST),))


def signed(
    request: HttpRequest,
    *,
    nonce: str = "n1",
    at_ms: int = NOW,
    other: Mapping[str, str] | None = None,
) -> HttpRequest:
    """Return a call with the common parameters of both vendors, signed; `other` overrides them."""
    common = {
        "AccessKeyId": "testid",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": nonce,
        "Timestamp": timestamp_of(at_ms),
        "SignatureVersion": "1.0",
        "Version": "2018-01-20",
        **(other or {}),
    }
    pairs = (*request.query, *((name, value) for name, value in common.items() if value))
    text = signature.string_to_sign(request.method, pairs)
    whole = (*pairs, ("Signature", signature.sign(text, "testsecret")))
    return HttpRequest(request.method, "/", whole, headers=request.headers)


def called(found: Call | HttpResponse) -> Call:
    """Return what a gate read, provided that it is a call."""
    assert not isinstance(found, HttpResponse), found.body
    return found


def refused(found: Call | HttpResponse) -> tuple[int, str, str]:
    """Return the status, the code and the sentence of a refusal, of either form."""
    assert isinstance(found, HttpResponse), found
    body = {key.lower(): value for key, value in json.loads(found.body).items()}
    assert body.get("success", False) is False
    return found.status, body["code"], body.get("errormessage") or body["message"]


def rendered(gate: RpcGate, call: Call, answer: Answer) -> dict[str, Any]:
    """Return the body of an answer."""
    found = gate.render(call, answer, 1)
    assert isinstance(found, HttpResponse)
    body: dict[str, Any] = json.loads(found.body)
    return body


def posted(fields: Mapping[str, str], content: bytes) -> HttpRequest:
    """Write the upload of a file."""
    return HttpRequest("POST", "/", parts=form_of(fields, "x.bin", content))


def uploaded(gate: RpcGate, content: bytes = b"hello", *, at_ms: int = NOW) -> str:
    """Bring a file in, and return its FirmwareUrl."""
    found = gate.read(asking("GenerateOTAUploadURL"), at_ms)
    assert isinstance(found, HttpResponse)
    body = json.loads(found.body)
    data = {
        key[:1].upper() + key[1:]: value
        for key, value in (body.get("Data") or body["data"]).items()
    }
    taken = gate.read(posted(data, content), at_ms)
    assert isinstance(taken, HttpResponse)
    assert taken.status == 200, taken.body
    return str(data["FirmwareUrl"])


def part(name: str, text: str) -> HttpPart:
    """Write one text of a form."""
    return HttpPart(name, text.encode())
