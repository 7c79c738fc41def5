from __future__ import annotations

import json
from typing import Any

import pytest

from fleet_sim.dialects.enos.token_service import TokenService
from fleet_sim.dialects.enos.tokens import REFRESH_PATH, TOKEN_PATH, encryption_of
from fleet_sim.dialects.http import HttpRequest

_NOW = 1_700_000_000_000
_SECRET = "S1"


def _service() -> TokenService:
    return TokenService({"K1": "S1", "K2": "S2"}, seed=7)


def _body(app_key: str = "K1", secret: str = _SECRET, **more: object) -> dict[str, Any]:
    timestamp = str(_NOW)
    proof = encryption_of(app_key, secret, timestamp)
    return {"appKey": app_key, "encryption": proof, "timestamp": _NOW} | more


def _ask(
    service: TokenService, body: object, *, path: str = TOKEN_PATH, epoch_ms: int = _NOW
) -> dict[str, Any]:
    request = HttpRequest("POST", path, body=json.dumps(body).encode())
    answer: dict[str, Any] = json.loads(service.answer(request, epoch_ms).body)
    return answer


def test_an_application_gets_a_token_for_two_hours() -> None:
    """The answer of the page: status, message, business, and the token with its seconds."""
    answer = _ask(_service(), _body())

    token = answer["data"].pop("accessToken")
    assert answer == {
        "status": 0,
        "msg": "SUCCESS",
        "business": "apim-token-service",
        "data": {"expire": 7_200},
    }
    assert _service().owner_of(token, _NOW) == ("K1", "S1")


def test_the_same_token_is_returned_until_it_expires() -> None:
    """With fewer seconds left each time."""
    service = _service()
    first = _ask(service, _body())["data"]

    later = _ask(service, _body(), epoch_ms=_NOW + 60_000)["data"]
    after = _ask(service, _body(), epoch_ms=_NOW + 7_200_000)["data"]

    assert later == {"accessToken": first["accessToken"], "expire": 7_140}
    assert after["accessToken"] != first["accessToken"]
    assert after["expire"] == 7_200


def test_a_timestamp_may_be_a_string() -> None:
    """Digits are digits."""
    assert _ask(_service(), _body(timestamp=str(_NOW)))["status"] == 0


def test_a_refresh_gives_a_new_token() -> None:
    """Also after a restart, when the service remembers nothing it gave out."""
    token = _ask(_service(), _body())["data"]["accessToken"]

    fresh = _ask(_service(), _body(accessToken=token), path=REFRESH_PATH, epoch_ms=_NOW + 1_000)

    assert fresh["status"] == 0
    assert fresh["data"]["accessToken"] != token


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 1202),
        (_body() | {"appKey": ""}, 1202),
        (_body() | {"encryption": ""}, 1202),
        (_body() | {"timestamp": None}, 1202),
        (_body(app_key="K9"), 1002),
        (_body(secret="S2"), 1003),
        (_body() | {"timestamp": _NOW + 1}, 1003),
        (_body() | {"timestamp": "now"}, 1004),
        (_body() | {"appKey": 5}, 1004),
        ([], 1004),
        (None, 1004),
    ],
)
def test_a_request_that_is_not_right_gets_its_code(body: object, code: int) -> None:
    """1202 empty, 1002 unknown key, 1003 wrong proof, 1004 anything else; never a token."""
    answer = _ask(_service(), body)

    assert (answer["status"], answer["data"]) == (code, None)


def test_a_refresh_needs_a_token_of_its_own() -> None:
    """1202 without one, 1203 for one that has expired or is none, 1204 for another's."""
    service = _service()
    own = _ask(service, _body())["data"]["accessToken"]
    others = _ask(service, _body("K2", "S2"))["data"]["accessToken"]

    def code(token: str, epoch_ms: int = _NOW) -> int:
        body = _body(accessToken=token)
        status: int = _ask(service, body, path=REFRESH_PATH, epoch_ms=epoch_ms)["status"]
        return status

    assert code("") == 1202
    assert code("made up") == 1203
    assert code(own, _NOW + 7_200_000) == 1203
    assert code(others) == 1204


def test_it_claims_its_two_paths() -> None:
    """And no other."""
    service = _service()

    assert service.claims("/apim-token-service/v2.0/token/get")
    assert service.claims("/apim-token-service/v2.0/token/refresh")
    assert not service.claims("/apim-token-service/v2.0/token")
