"""The login of OceanConnect, and the tokens it gives out.

    POST /iocm/app/sec/v1.1.0/login          form   appId, secret
    POST /iocm/app/sec/v1.1.0/refreshToken   JSON   appId, secret, refreshToken

    both answer   accessToken, refreshToken, tokenType "bearer", expiresIn (s), scope "default"
    every call    app_key: {appId}           Authorization: Bearer {accessToken}

An application has one token: a login makes the one before it worthless. A token is the instant it
was issued and a keyed digest of it, so a platform that was killed and started again still knows
those it gave out, and takes any of them until the next login.

Source: "Authentication", "Refresh Token"; SDK for PHP. That a refresh token may be used again is
ours, for no page says otherwise.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Mapping
from urllib.parse import parse_qsl

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.huawei import oc_codes
from fleet_sim.dialects.huawei.payload import read_object, read_text
from fleet_sim.dialects.huawei.talk import refuse
from fleet_sim.dialects.wire import DialectError

LOGIN_PATH = "/iocm/app/sec/v1.1.0/login"
REFRESH_PATH = "/iocm/app/sec/v1.1.0/refreshToken"
FORM_TYPE = "application/x-www-form-urlencoded"

EXPIRES_S = 3_600
REFRESH_EXPIRES_S = 30 * 86_400  # "about one month"
MINUTE_MS = 60_000

_BEARER = "bearer "
_STAMP_CHARS = 13
_FORM_FIELDS_MAX = 16  # Ours: two are needed.


class TokenService:
    """Gives out tokens and knows them again.

    Args:
        keys: Application id to secret.
        seed: From which tokens are drawn.
        calls_a_minute: How many calls an application may make in a minute; None: any number. The
            vendor's default is 100, which an observer at work exceeds.
    """

    def __init__(
        self, keys: Mapping[str, str], seed: int, calls_a_minute: int | None = None
    ) -> None:
        self._keys = keys
        self._seed = seed
        self._calls_a_minute = calls_a_minute
        self._issued_at_ms: dict[str, int] = {}
        self._calls: dict[str, deque[int]] = {}

    def claims(self, path: str) -> bool:
        """Tell whether a path is one of this service."""
        return path in {LOGIN_PATH, REFRESH_PATH}

    def answer(self, request: HttpRequest, epoch_ms: int) -> dict[str, object]:
        """Answer a login or a refresh with the body of the response.

        Raises:
            ApiError: Something is missing, or does not belong together.
        """
        if request.method.upper() != "POST":
            refuse(oc_codes.NO_SUCH_METHOD)
        is_login = request.path == LOGIN_PATH
        app_id, secret, token = _read_form(request) if is_login else _read_refresh(request)
        if not app_id or not secret or not (is_login or token):
            refuse(oc_codes.PARAMETER_EMPTY)
        if not _is_equal(self._keys.get(app_id, ""), secret):
            refuse(oc_codes.WRONG_SECRET)
        if not is_login and not self._is_issued(token, app_id, "refresh", epoch_ms):
            refuse(oc_codes.INVALID_TOKEN)
        return self._grant(app_id, epoch_ms)

    def check(self, request: HttpRequest, epoch_ms: int, *, is_needed: bool) -> None:
        """See that a call carries a token of ours.

        Args:
            request: The call.
            epoch_ms: The wall clock.
            is_needed: Whether a call without any is refused.

        Raises:
            ApiError: It carries a wrong one, or none though it is needed; or there were too many.
        """
        app_id, authorization = request.header("app_key"), request.header("Authorization")
        if not authorization and not is_needed:
            return
        if not app_id:
            refuse(oc_codes.NO_APP_KEY)
        token = authorization[len(_BEARER) :] if authorization.lower().startswith(_BEARER) else ""
        if app_id not in self._keys or not self.is_valid(token, app_id, epoch_ms):
            refuse(oc_codes.INVALID_TOKEN)
        self._throttle(app_id, epoch_ms)

    def is_valid(self, token: str, app_id: str, epoch_ms: int) -> bool:
        """Tell whether an access token is the application's latest, and has not expired."""
        latest = self._issued_at_ms.get(app_id)
        is_latest = latest is None or _stamp_of(token) == latest
        return is_latest and self._is_issued(token, app_id, "access", epoch_ms)

    def _grant(self, app_id: str, epoch_ms: int) -> dict[str, object]:
        issued_at_ms = max(epoch_ms, self._issued_at_ms.get(app_id, -1) + 1)
        self._issued_at_ms[app_id] = issued_at_ms
        return {
            "accessToken": self._token(app_id, "access", issued_at_ms),
            "tokenType": "bearer",
            "refreshToken": self._token(app_id, "refresh", issued_at_ms),
            "expiresIn": EXPIRES_S,
            "scope": "default",
        }

    def _token(self, app_id: str, purpose: str, issued_at_ms: int) -> str:
        key = f"{self._seed}\0{app_id}\0{self._keys[app_id]}\0{purpose}\0{issued_at_ms}"
        return f"{issued_at_ms:013x}{hashlib.blake2b(key.encode(), digest_size=20).hexdigest()}"

    def _is_issued(self, token: str, app_id: str, purpose: str, epoch_ms: int) -> bool:
        issued_at_ms = _stamp_of(token)
        if issued_at_ms is None:
            return False
        lives_s = EXPIRES_S if purpose == "access" else REFRESH_EXPIRES_S
        # A login at the same instant as another is dated a little later; see `_grant`.
        is_alive = epoch_ms - lives_s * 1000 < issued_at_ms <= epoch_ms + MINUTE_MS
        return is_alive and _is_equal(self._token(app_id, purpose, issued_at_ms), token)

    def _throttle(self, app_id: str, epoch_ms: int) -> None:
        if self._calls_a_minute is None:
            return
        calls = self._calls.setdefault(app_id, deque())
        while calls and calls[0] <= epoch_ms - MINUTE_MS:
            calls.popleft()
        if len(calls) >= self._calls_a_minute:
            refuse(oc_codes.THROTTLED)
        calls.append(epoch_ms)


def _read_form(request: HttpRequest) -> tuple[str, str, str]:
    try:
        pairs = parse_qsl(request.body.decode(), max_num_fields=_FORM_FIELDS_MAX)
    except ValueError:
        refuse(oc_codes.PARAMETER_EMPTY)
    form = dict(pairs)
    return form.get("appId", ""), form.get("secret", ""), ""


def _read_refresh(request: HttpRequest) -> tuple[str, str, str]:
    try:
        body = read_object(request.body)
        app_id, secret, token = (
            read_text(body, name, default="") for name in ("appId", "secret", "refreshToken")
        )
    except DialectError:
        refuse(oc_codes.PARAMETER_EMPTY)
    return app_id, secret, token


def _stamp_of(token: str) -> int | None:
    try:
        return int(token[:_STAMP_CHARS], 16)
    except ValueError:
        return None


def _is_equal(one: str, other: str) -> bool:
    """Compare in constant time; an empty secret equals nothing."""
    first, second = (text.encode(errors="surrogatepass") for text in (one, other))
    return bool(one) and hmac.compare_digest(first, second)
