from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.huawei.oc_tokens import LOGIN_PATH, REFRESH_PATH, TokenService
from fleet_sim.dialects.huawei.talk import ApiError

_NOW = 1_772_325_540_000
_HOUR_MS = 3_600_000


def _service(calls_a_minute: int | None = None) -> TokenService:
    return TokenService({"A": "s", "B": "t"}, 7, calls_a_minute)


def _login(service: TokenService, at_ms: int = _NOW, form: bytes = b"appId=A&secret=s") -> Any:  # noqa: ANN401 - JSON
    return service.answer(HttpRequest("POST", LOGIN_PATH, body=form), at_ms)


def _refresh(service: TokenService, token: object, at_ms: int = _NOW, **changes: object) -> Any:  # noqa: ANN401 - JSON
    body = json.dumps({"appId": "A", "secret": "s", "refreshToken": token, **changes})
    return service.answer(HttpRequest("POST", REFRESH_PATH, body=body.encode()), at_ms)


def _code(service: TokenService, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401 - passed on
    with pytest.raises(ApiError) as caught:
        args[0](service, *args[1:], **kwargs)
    return caught.value.why.code


def _check(
    service: TokenService, token: str, at_ms: int = _NOW, *, app: str = "A", needed: bool = True
) -> None:
    headers = (("app_key", app), ("Authorization", f"Bearer {token}"))
    service.check(HttpRequest("GET", "/x", headers=headers), at_ms, is_needed=needed)


def test_a_login_gives_a_token_for_an_hour() -> None:
    """The shape of "Authentication"."""
    service = _service()

    found = _login(service)

    assert {name: type(value) for name, value in found.items()} == {
        "accessToken": str, "tokenType": str, "refreshToken": str, "expiresIn": int, "scope": str,
    }  # fmt: skip
    assert (found["tokenType"], found["expiresIn"], found["scope"]) == ("bearer", 3_600, "default")
    _check(service, found["accessToken"], _NOW + _HOUR_MS - 1)
    assert _code(service, _check, found["accessToken"], _NOW + _HOUR_MS) == "1010005"


def test_a_new_login_makes_the_token_before_it_worthless() -> None:
    """Even within the same millisecond; another application's lives on."""
    service = _service()
    other = _login(service, form=b"appId=B&secret=t")["accessToken"]
    first, second = (_login(service)["accessToken"] for _ in range(2))

    _check(service, second)
    _check(service, other, app="B")
    assert _code(service, _check, first) == "1010005"


def test_a_platform_that_was_started_again_knows_its_tokens() -> None:
    """Until the next login."""
    token = _login(_service())["accessToken"]
    again = _service()

    _check(again, token)
    _login(again, _NOW + 1_000)
    assert _code(again, _check, token) == "1010005"


def test_a_refresh_gives_a_new_token() -> None:
    """The old one is worthless then; a refresh token lives for a month."""
    service = _service()
    first = _login(service)

    second = _refresh(service, first["refreshToken"], _NOW + 29 * 86_400_000)

    _check(service, second["accessToken"], _NOW + 29 * 86_400_000)
    assert _code(service, _check, first["accessToken"]) == "1010005"
    late = _NOW + 31 * 86_400_000
    assert _code(service, _refresh, first["refreshToken"], late) == "1010005"
    assert _code(service, _refresh, first["accessToken"]) == "1010005"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (b"", "102202"),
        (b"appId=A", "102202"),
        (b"appId=&secret=s", "102202"),
        (b"\xff", "102202"),
        (b'{"appId":"A","secret":"s"}', "102202"),
        (b"&".join(b"a=1" for _ in range(40)), "102202"),
        (b"appId=A&secret=x", "100208"),
        (b"appId=X&secret=s", "100208"),
    ],
)
def test_a_wrong_login_gets_the_documented_code(form: bytes, code: str) -> None:
    """It is the one form; JSON is none."""
    assert _code(_service(), _login, form=form) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"appId": None}, "102202"), ({"appId": 7}, "102202"), ({"secret": "x"}, "100208"),
     ({"refreshToken": None}, "102202"), ({"refreshToken": "zz"}, "1010005")],
)  # fmt: skip
def test_a_wrong_refresh_gets_a_code(changes: dict[str, object], code: str) -> None:
    """The body is JSON here."""
    assert _code(_service(), _refresh, "t", **changes) == code
    with pytest.raises(ApiError):
        _service().answer(HttpRequest("POST", REFRESH_PATH, body=b"{"), _NOW)


def test_only_a_post_logs_in() -> None:
    """And only these two paths are the service's."""
    service = _service()

    with pytest.raises(ApiError):
        service.answer(HttpRequest("GET", LOGIN_PATH), _NOW)
    assert service.claims(LOGIN_PATH)
    assert service.claims(REFRESH_PATH)
    assert not service.claims("/iodm/x")


def test_a_call_without_a_token_is_let_in_only_where_none_is_needed() -> None:
    """A wrong one never is, nor one without its application."""
    service, bare = _service(), HttpRequest("GET", "/x")
    token = _login(service)["accessToken"]
    no_app = HttpRequest("GET", "/x", headers=(("Authorization", f"Bearer {token}"),))

    service.check(bare, _NOW, is_needed=False)
    for request in (bare, no_app):
        with pytest.raises(ApiError, match="AppId for auth"):
            service.check(request, _NOW, is_needed=True)
    assert _code(service, _check, "wrong", needed=False) == "1010005"
    assert _code(service, _check, token, app="B") == "1010005"
    assert _code(service, _check, token, app="X") == "1010005"


def test_calls_beyond_the_flow_control_are_put_off() -> None:
    """As many a minute as it was made for."""
    service = _service(calls_a_minute=2)
    token = _login(service)["accessToken"]

    _check(service, token)
    _check(service, token, _NOW + 30_000)
    assert _code(service, _check, token, _NOW + 59_999) == "1010009"
    _check(service, token, _NOW + 60_000)


@given(token=st.text(max_size=60))
def test_a_token_of_any_kind_raises_nothing_else(token: str) -> None:
    """It is refused."""
    assert not _service().is_valid(token, "A", _NOW)
