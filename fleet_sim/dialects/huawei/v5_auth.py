"""Who may call IoTDA v5: a signature by access key, or a token.

    Authorization   SDK-HMAC-SHA256 Access={ak}, SignedHeaders={a;b}, Signature={hex}
    X-Sdk-Date      yyyyMMdd'T'HHmmss'Z'
    X-Auth-Token    a token, instead

    canonical    METHOD, path with a / at its end, sorted query, header lines, names, hash of body
    to sign      SDK-HMAC-SHA256, X-Sdk-Date, SHA-256 of the canonical request
    signature    hex of HMAC-SHA256, key the secret

A signature by one of our own keys is checked. Real keys and tokens come from an identity service
that is not here, so any other value in a known form lets a caller in, unless the gate was told to
accept signed calls only; then our keys count, and the access tokens of OceanConnect's login.

Source: SDK core for Python 3.1.219, checked against it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.huawei import v5_codes
from fleet_sim.dialects.huawei.talk import refuse
from fleet_sim.dialects.huawei.times import stamp

ALGORITHM = "SDK-HMAC-SHA256"
DATE_HEADER = "X-Sdk-Date"
TOKEN_HEADER = "X-Auth-Token"  # noqa: S105 - a header's name
_CONTENT_HEADER = "X-Sdk-Content-Sha256"

_SIGNED = re.compile(
    rf"{ALGORITHM} Access=([^,\s]+), ?SignedHeaders=([A-Za-z0-9;.-]*), ?Signature=([0-9a-fA-F]+)"
)
# Other algorithms of the SDK, whose keys are derived or not symmetric: their form alone is seen.
_OTHERS = re.compile(
    r"(?:V11-HMAC-SHA256|SDK-HMAC-SM3|SDK-ECDSA-P256-SHA256|SDK-SM2-SM3) "
    r"(?:Access|Credential)=[^,\s]+, ?SignedHeaders=[^,\s]*, ?Signature=[0-9a-fA-F]+"
)


def check(
    request: HttpRequest,
    keys: Mapping[str, str],
    *,
    is_token: Callable[[str], bool],
    is_needed: bool,
) -> None:
    """See that a caller may call.

    Args:
        request: The call.
        keys: Access key to secret.
        is_token: Whether a token is one of ours.
        is_needed: Whether a proof that can be checked is needed.

    Raises:
        ApiError: The call is signed wrongly; or not in a known form, or not by us, though it must.
    """
    authorization, token = request.header("Authorization"), request.header(TOKEN_HEADER)
    found = _SIGNED.fullmatch(authorization)
    if found and found[1] in keys:
        expected = signature_of(request, found[2], keys[found[1]])
        if not hmac.compare_digest(expected, found[3].lower()):
            refuse(v5_codes.UNAUTHORIZED, "The signature is wrong.")
        return
    if is_needed and not (token and is_token(token)):
        refuse(v5_codes.UNAUTHORIZED, "Neither the access key nor the token is known.")
    if authorization and not found and not _OTHERS.fullmatch(authorization):
        refuse(v5_codes.UNAUTHORIZED, "The Authorization is in no known form.")


def signature_of(request: HttpRequest, signed_headers: str, secret: str) -> str:
    """Return the signature of a call.

    Args:
        request: The call; its path is read decoded, as it stands there.
        signed_headers: The names of the headers that count, lower case, joined by semicolons.
        secret: The access key's.
    """
    names = [name for name in signed_headers.split(";") if name]
    path = "/".join(_quoted(part) for part in request.path.split("/"))
    query = sorted(request.query)
    canonical = "\n".join(
        (
            request.method.upper(),
            path if path.endswith("/") else f"{path}/",
            "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in query),
            "".join(f"{name}:{request.header(name).strip()}\n" for name in names),
            ";".join(names),
            _content_hash(request),
        )
    )
    to_sign = f"{ALGORITHM}\n{request.header(DATE_HEADER)}\n{_sha256(_bytes(canonical))}"
    return hmac.new(_bytes(secret), _bytes(to_sign), hashlib.sha256).hexdigest()


def signed(request: HttpRequest, access_key: str, secret: str, epoch_ms: int) -> HttpRequest:
    """Return a call with its date and its signature; the date alone of the headers is signed."""
    dated = _with(request, (DATE_HEADER, stamp(epoch_ms)))
    names = DATE_HEADER.lower()
    signature = signature_of(dated, names, secret)
    text = f"{ALGORITHM} Access={access_key}, SignedHeaders={names}, Signature={signature}"
    return _with(dated, ("Authorization", text))


def _with(request: HttpRequest, header: tuple[str, str]) -> HttpRequest:
    headers = (*request.headers, header)
    return HttpRequest(request.method, request.path, request.query, headers, request.body)


def _content_hash(request: HttpRequest) -> str:
    given = request.header(_CONTENT_HEADER)
    return given if given and request.body else _sha256(request.body)


def _quoted(text: str) -> str:
    return quote(text, safe="~", errors="surrogatepass")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
