"""Who may call IoTDA v5: a signature by access key, or a token.

    Authorization   SDK-HMAC-SHA256 Access={ak}, SignedHeaders={a;b}, Signature={hex}
                    V11-HMAC-SHA256 Credential={ak}/{scope}, SignedHeaders={a;b}, Signature={hex}
    X-Sdk-Date      yyyyMMdd'T'HHmmss'Z'
    X-Auth-Token    a token, instead

    canonical    METHOD, path with a / at its end, sorted query, header lines, names, hash of body
    to sign      SDK-HMAC-SHA256, X-Sdk-Date, SHA-256 of the canonical request
    signature    hex of HMAC-SHA256, key the secret

Instances of one's own are signed to by a derived key: `scope` is yyyyMMdd/region/service, stands
behind the date in what is signed, and the key is the hex of HKDF-SHA256 (RFC 5869; salt the access
key, info the scope, 32 bytes) of the secret.

A signature by one of our own keys is checked, and so is the hash of the body that it may name in a
header; UNSIGNED-PAYLOAD there leaves the body unsigned. How old X-Sdk-Date may be is not looked at:
which age the platform refuses is unknown [U]. Real keys and tokens come from an identity service
that is not here, so any other value in a known form lets a caller in, unless the gate was told to
accept signed calls only; then our keys count, and the access tokens of OceanConnect's login.

Source: SDK core for Python 3.1.219, checked against it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.huawei import v5_codes
from fleet_sim.dialects.huawei.talk import refuse
from fleet_sim.dialects.huawei.times import stamp

ALGORITHM = "SDK-HMAC-SHA256"
DERIVED_ALGORITHM = "V11-HMAC-SHA256"
DATE_HEADER = "X-Sdk-Date"
TOKEN_HEADER = "X-Auth-Token"  # noqa: S105 - a header's name
_CONTENT_HEADER = "X-Sdk-Content-Sha256"
_UNSIGNED = "UNSIGNED-PAYLOAD"  # what the SDK says instead of a hash, for forms

_SIGNED = re.compile(
    rf"{ALGORITHM} Access=([^,\s]+), ?SignedHeaders=([A-Za-z0-9;.-]*), ?Signature=([0-9a-fA-F]+)"
)
_DERIVED = re.compile(
    rf"{DERIVED_ALGORITHM} Credential=([^,/\s]+)/([^,\s]+), ?"
    r"SignedHeaders=([A-Za-z0-9;.-]*), ?Signature=([0-9a-fA-F]+)"
)
# Other algorithms of the SDK, with another hash or no common key: their form alone is seen.
_OTHERS = re.compile(
    r"(?:SDK-HMAC-SM3|SDK-ECDSA-P256-SHA256|SDK-SM2-SM3) "
    r"Access=[^,\s]+, ?SignedHeaders=[^,\s]*, ?Signature=[0-9a-fA-F]+"
)


@dataclass(frozen=True, slots=True)
class Proof:
    """A signature as it came.

    Attributes:
        access_key: Whose.
        signed_headers: The names of the headers that count, joined by semicolons.
        signature: In hex.
        scope: What the key is derived for; "" for the secret itself.
    """

    access_key: str
    signed_headers: str
    signature: str
    scope: str = ""


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
    proof = read_proof(authorization)
    if proof and proof.access_key in keys:
        if not _is_content_true(request):
            refuse(v5_codes.UNAUTHORIZED, f"{_CONTENT_HEADER} is not the hash of the body.")
        if not hmac.compare_digest(_expected(request, proof, keys), proof.signature.lower()):
            refuse(v5_codes.UNAUTHORIZED, "The signature is wrong.")
        return
    if is_needed and not (token and is_token(token)):
        refuse(v5_codes.UNAUTHORIZED, "Neither the access key nor the token is known.")
    if authorization and not proof and not _OTHERS.fullmatch(authorization):
        refuse(v5_codes.UNAUTHORIZED, "The Authorization is in no known form.")


def read_proof(authorization: str) -> Proof | None:
    """Read a signature by the secret or by a derived key; None where it is neither."""
    if found := _SIGNED.fullmatch(authorization):
        return Proof(found[1], found[2], found[3])
    if found := _DERIVED.fullmatch(authorization):
        return Proof(found[1], found[3], found[4], found[2])
    return None


def _expected(request: HttpRequest, proof: Proof, keys: Mapping[str, str]) -> str:
    secret = keys[proof.access_key]
    if not proof.scope:
        return signature_of(request, proof.signed_headers, secret)
    key = derived_key(proof.access_key, secret, proof.scope)
    return signature_of(request, proof.signed_headers, key, proof.scope)


def derived_key(access_key: str, secret: str, scope: str) -> str:
    """Return the key for a scope: one round of HKDF gives all of its 32 bytes."""
    extracted = hmac.new(_bytes(access_key), _bytes(secret), hashlib.sha256).digest()
    return hmac.new(extracted, _bytes(scope) + b"\x01", hashlib.sha256).hexdigest()


def signature_of(request: HttpRequest, signed_headers: str, key: str, scope: str = "") -> str:
    """Return the signature of a call.

    Args:
        request: The call; its path is read decoded, as it stands there.
        signed_headers: The names of the headers that count, lower case, joined by semicolons.
        key: The access key's secret, or the key that was derived of it.
        scope: What the key is derived for; "" for the secret.
    """
    algorithm = DERIVED_ALGORITHM if scope else ALGORITHM
    canonical = _sha256(_bytes(_canonical(request, signed_headers)))
    parts = (algorithm, request.header(DATE_HEADER), *filter(None, (scope,)), canonical)
    return hmac.new(_bytes(key), _bytes("\n".join(parts)), hashlib.sha256).hexdigest()


def _canonical(request: HttpRequest, signed_headers: str) -> str:
    names = [name for name in signed_headers.split(";") if name]
    path = "/".join(_quoted(part) for part in request.path.split("/"))
    query = sorted(request.query)
    return "\n".join(
        (
            request.method.upper(),
            path if path.endswith("/") else f"{path}/",
            "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in query),
            "".join(f"{name}:{request.header(name).strip()}\n" for name in names),
            ";".join(names),
            _content_hash(request),
        )
    )


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


def _is_content_true(request: HttpRequest) -> bool:
    """Tell whether the hash that a call names, if any, is its body's; a body may be unsigned."""
    given = request.header(_CONTENT_HEADER)
    return given in {"", _UNSIGNED} or given.lower() == _sha256(request.body)


def _content_hash(request: HttpRequest) -> str:
    given = request.header(_CONTENT_HEADER)
    return given if given and request.body else _sha256(request.body)


def _quoted(text: str) -> str:
    return quote(text, safe="~", errors="surrogatepass")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
