"""The token service of the API gateway: two paths that need no backend.

Codes: 1002 unknown appKey, 1003 wrong encryption, 1004 invalid parameter, 1202 empty parameter,
1203 token expired, 1204 refresh failed. 1001 (the same encryption twice) is not given: two clients
that ask within one millisecond would send the same.

Source: "Get Access Token", "Refresh Access Token" (API 2.1).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import ValidationError

from fleet_sim.dialects.enos import codes, tokens
from fleet_sim.dialects.enos.shapes import Shape, Whole
from fleet_sim.dialects.http import HttpRequest, HttpResponse


class TokenBody(Shape):
    """The body of both calls; only `refresh` has a token."""

    app_key: str = ""
    encryption: str = ""
    timestamp: Whole | None = None
    access_token: str = ""


class TokenService:
    """Issues tokens; an application gets the same one until it expires."""

    def __init__(self, keys: Mapping[str, str], seed: int) -> None:
        self._keys = keys
        self._seed = seed
        self._issued: dict[str, str] = {}

    def claims(self, path: str) -> bool:
        """Tell whether a path is one of this service."""
        return path in {tokens.TOKEN_PATH, tokens.REFRESH_PATH}

    def owner_of(self, token: str, epoch_ms: int) -> tuple[str, str] | None:
        """Return the key and secret behind a valid token."""
        return tokens.owner_of(token, self._keys.items(), seed=self._seed, epoch_ms=epoch_ms)

    def answer(self, request: HttpRequest, epoch_ms: int) -> HttpResponse:
        """Answer a request for a token, or for a new one in its place."""
        try:
            body = TokenBody.model_validate_json(request.body)
        except ValidationError:
            return _refuse(codes.TOKEN_PARAMETER_INVALID)
        is_refresh = request.path == tokens.REFRESH_PATH
        code = self._check(body) or (self._check_refresh(body, epoch_ms) if is_refresh else 0)
        if code:
            return _refuse(code)
        if is_refresh:
            self._issued.pop(body.app_key, None)
        return self._grant(body.app_key, epoch_ms)

    def _check(self, body: TokenBody) -> int:
        if not body.app_key or not body.encryption or body.timestamp is None:
            return codes.TOKEN_PARAMETER_EMPTY
        secret = self._keys.get(body.app_key)
        if secret is None:
            return codes.TOKEN_KEY_UNKNOWN
        expected = tokens.encryption_of(body.app_key, secret, str(body.timestamp))
        return 0 if tokens.is_equal(expected, body.encryption) else codes.TOKEN_ENCRYPTION_INVALID

    def _check_refresh(self, body: TokenBody, epoch_ms: int) -> int:
        if not body.access_token:
            return codes.TOKEN_PARAMETER_EMPTY
        owner = self.owner_of(body.access_token, epoch_ms)
        if owner is None:
            return codes.TOKEN_EXPIRED
        return 0 if owner[0] == body.app_key else codes.TOKEN_REFRESH_FAILED

    def _grant(self, app_key: str, epoch_ms: int) -> HttpResponse:
        token = self._issued.get(app_key, "")
        if self.owner_of(token, epoch_ms) is None:
            token = tokens.issue(app_key, self._keys[app_key], seed=self._seed, epoch_ms=epoch_ms)
            self._issued[app_key] = token
        age_ms = epoch_ms - (tokens.issued_at(token) or epoch_ms)
        expire_s = tokens.EXPIRES_S - age_ms // 1000
        return _response(codes.OK, "SUCCESS", {"accessToken": token, "expire": expire_s})


def _refuse(code: int) -> HttpResponse:
    return _response(code, codes.TOKEN_MESSAGES[code], None)


def _response(status: int, text: str, data: object) -> HttpResponse:
    body = {"status": status, "msg": text, "business": tokens.BUSINESS, "data": data}
    return HttpResponse(200, json.dumps(body, separators=(",", ":")).encode())
