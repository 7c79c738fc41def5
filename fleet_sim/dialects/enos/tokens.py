"""The API gateway's token scheme: one SHA-256 to get a token, one to sign each call.

    encryption       hex of sha256(appKey + timestamp + appSecret)
    apim-signature   hex of sha256(accessToken + paramsData + timestamp + appSecret)
    paramsData       query parameters sorted by name, name and value joined, then the raw body;
                     the body of a multipart request is left out

A token is the instant it was issued and a keyed digest of it, so a gate that was killed and started
again still knows the tokens it gave out.

Source: "Get Access Token", "Refresh Access Token", "Invoking API with Access Token" (API 2.1); the
multipart rule from the official sample.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from fleet_sim.dialects.http import HttpRequest

TOKEN_PATH = "/apim-token-service/v2.0/token/get"  # noqa: S105 - a path
REFRESH_PATH = "/apim-token-service/v2.0/token/refresh"
BUSINESS = "apim-token-service"

TOKEN_HEADER = "apim-accesstoken"  # noqa: S105 - a header's name
TIMESTAMP_HEADER = "apim-timestamp"
SIGNATURE_HEADER = "apim-signature"

EXPIRES_S = 7_200  # the page's sample


def encryption_of(app_key: str, app_secret: str, timestamp: str) -> str:
    """Return the proof that goes with a request for a token."""
    return _sha256(_bytes(f"{app_key}{timestamp}{app_secret}"))


def signature_of(request: HttpRequest, *, token: str, timestamp: str, app_secret: str) -> str:
    """Return the signature of a call."""
    params = "".join(f"{name}{value}" for name, value in sorted(request.query))
    body = b"" if request.parts else request.body
    return _sha256(_bytes(f"{token}{params}") + body + _bytes(f"{timestamp}{app_secret}"))


def is_equal(one: str, other: str) -> bool:
    """Compare two digests in constant time, without regard to the case of their hex."""
    return hmac.compare_digest(_bytes(one.lower()), _bytes(other.lower()))


def issue(app_key: str, app_secret: str, *, seed: int, epoch_ms: int) -> str:
    """Make the token that an application gets at this instant."""
    key = f"{seed}\0{app_key}\0{app_secret}\0{epoch_ms}".encode()
    return f"{epoch_ms:013x}{hashlib.blake2b(key, digest_size=20).hexdigest()}"


def issued_at(token: str) -> int | None:
    """Return the instant (epoch ms) that a token says it was issued at, None for no token."""
    try:
        return int(token[:13], 16)
    except ValueError:
        return None


def owner_of(
    token: str, keys: Iterable[tuple[str, str]], *, seed: int, epoch_ms: int
) -> tuple[str, str] | None:
    """Return the application key and secret that a token was issued for and is still valid for."""
    issued_epoch_ms = issued_at(token)
    if issued_epoch_ms is None or not 0 <= epoch_ms - issued_epoch_ms < EXPIRES_S * 1000:
        return None
    for app_key, app_secret in keys:
        if is_equal(token, issue(app_key, app_secret, seed=seed, epoch_ms=issued_epoch_ms)):
            return app_key, app_secret
    return None


def _bytes(text: str) -> bytes:
    """Encode what a peer sent, which may hold half of a surrogate pair."""
    return text.encode(errors="surrogatepass")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
