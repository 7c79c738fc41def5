"""The classic signature: HMAC-SHA1 over the sorted parameters.

    StringToSign = METHOD & %2F & encoded(name=value&name=value…)    all but `Signature`, by name
    Signature    = base64(HMAC-SHA1(secret + "&", StringToSign))

Source: "Request signatures" (Alibaba Cloud), "Compute Signature" (Tuya); the same text in both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import quote

SIGNATURE = "Signature"
METHOD = "HMAC-SHA1"

Pairs = Iterable[tuple[str, str]]


def percent_encoded(text: str) -> str:
    """Encode by RFC 3986: only `A-Z a-z 0-9 - _ . ~` stay, a blank is `%20`."""
    return quote(text, safe="~", errors="surrogatepass")


def canonical_query(parameters: Pairs) -> str:
    """Join the encoded parameters, sorted by the bytes of their names."""
    ordered = sorted(parameters, key=lambda pair: pair[0].encode(errors="surrogatepass"))
    return "&".join(f"{percent_encoded(name)}={percent_encoded(value)}" for name, value in ordered)


def string_to_sign(method: str, parameters: Pairs) -> str:
    """Return what is signed; a `Signature` among the parameters is left out."""
    others = ((name, value) for name, value in parameters if name != SIGNATURE)
    return f"{method.upper()}&%2F&{percent_encoded(canonical_query(others))}"


def sign(text: str, secret: str) -> str:
    """Return the signature of a string to sign."""
    key = f"{secret}&".encode(errors="surrogatepass")
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha1).digest()).decode()


def is_equal(one: str, other: str) -> bool:
    """Compare two signatures in constant time."""
    return hmac.compare_digest(
        one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass")
    )
