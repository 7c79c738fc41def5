"""The newer signature, ACS3-HMAC-SHA256: in headers, over method, query, some headers and the body.

    canonical    = METHOD, path, query, each name:value, an empty line, names, hash of the body
    StringToSign = ACS3-HMAC-SHA256, hex(sha256(canonical))          each part on a line of its own
    signature    = hex(HMAC-SHA256(secret, StringToSign))

Action, version, instant and nonce are headers then, and parameters hold what the action takes.

Source: observed from the official SDKs (`alibabacloud_tea_openapi`), and checked against them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.rpc.signature import canonical_query, percent_encoded

ALGORITHM = "ACS3-HMAC-SHA256"
AUTHORIZATION = "Authorization"
ACTION_HEADER = "x-acs-action"
VERSION_HEADER = "x-acs-version"
DATE_HEADER = "x-acs-date"
NONCE_HEADER = "x-acs-signature-nonce"
CONTENT_HEADER = "x-acs-content-sha256"

# What must be signed, so that nothing can be moved from one call to another.
SIGNED_ALWAYS = frozenset(
    {ACTION_HEADER, VERSION_HEADER, DATE_HEADER, NONCE_HEADER, CONTENT_HEADER}
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What an `Authorization` header says.

    Attributes:
        key: The access key's id.
        headers: Names of the signed headers, as written.
        signature: Hex.
    """

    key: str
    headers: tuple[str, ...]
    signature: str


def read_claim(header: str) -> Claim | None:
    """Read an `Authorization` header; None: it is of another scheme, or not whole."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme != ALGORITHM:
        return None
    items = dict(_item(part) for part in rest.split(","))
    key, names, signature = (items.get(name, "") for name in _ITEMS)
    return Claim(key, tuple(names.split(";")), signature) if key and names and signature else None


_ITEMS = ("Credential", "SignedHeaders", "Signature")


def _item(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition("=")
    return name, value


def write_claim(claim: Claim) -> str:
    """Write an `Authorization` header."""
    names = ";".join(claim.headers)
    return f"{ALGORITHM} Credential={claim.key},SignedHeaders={names},Signature={claim.signature}"


def covers_enough(claim: Claim) -> bool:
    """Tell whether all that makes a call what it is was signed."""
    return {name.lower() for name in claim.headers} >= SIGNED_ALWAYS


def string_to_sign(request: HttpRequest, names: tuple[str, ...]) -> str:
    """Return what is signed, given the signed headers in their order."""
    values: Mapping[str, str] = {name: request.header(name).strip() for name in names}
    canonical = "\n".join(
        (
            request.method.upper(),
            "/".join(percent_encoded(step) for step in request.path.split("/")) or "/",
            canonical_query(request.query),
            *(f"{name.lower()}:{value}" for name, value in values.items()),
            "",
            ";".join(names),
            request.header(CONTENT_HEADER),
        )
    )
    return f"{ALGORITHM}\n{_sha256(canonical.encode(errors='surrogatepass'))}"


def sign(text: str, secret: str) -> str:
    """Return the signature of a string to sign."""
    key = secret.encode(errors="surrogatepass")
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def is_body(request: HttpRequest) -> bool:
    """Tell whether the body is the one whose hash was signed."""
    return hmac.compare_digest(
        request.header(CONTENT_HEADER).lower().encode(errors="surrogatepass"),
        _sha256(request.body).encode(),
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
