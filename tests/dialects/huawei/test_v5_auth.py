from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.huawei.talk import ApiError
from fleet_sim.dialects.huawei.v5_auth import check, derived_key, read_proof, signature_of, signed

_KEYS = {"A": "s"}
_NOW = 1_772_325_540_000

# A request as the SDK for Python 3.1.219 signed it, with key `A` and secret `s`.
_SIGNATURE = "16c6574304516c1d71a9f7d3f83866503dbe4cc13a23c463cb2ba1b2f8e7a44e"
# The same, signed by a key that was derived for a scope.
_DERIVED = "b81cb9058133cc98a234caff6836a28b75c062f177df42144cf649c78f6c93ea"
_SCOPE = "20260301/cn-north-4/iotdm"
_NAMES = "content-type;host;instance-id;x-sdk-date"
_BARE = HttpRequest(
    "POST",
    "/v5/iot/p q/batchtasks",
    (("limit", "5"), ("a b", "é")),
    (
        ("X-Sdk-Date", "20260301T003900Z"),
        ("Content-Type", "application/json"),
        ("Instance-Id", "i"),
        ("Host", "h.example:8080"),
    ),
    b'{"a":1}',
)


def _with(*headers: tuple[str, str], base: HttpRequest = _BARE) -> HttpRequest:
    return replace(base, headers=(*base.headers, *headers))


def _authorized(signature: str = _SIGNATURE, key: str = "A") -> HttpRequest:
    text = f"SDK-HMAC-SHA256 Access={key}, SignedHeaders={_NAMES}, Signature={signature}"
    return _with(("Authorization", text))


def _derived(signature: str = _DERIVED, scope: str = _SCOPE) -> HttpRequest:
    text = f"V11-HMAC-SHA256 Credential=A/{scope}, SignedHeaders={_NAMES}, Signature={signature}"
    return _with(("Authorization", text))


def _check(request: HttpRequest, *, is_needed: bool = False) -> None:
    check(request, _KEYS, is_token=lambda token: token == "t", is_needed=is_needed)


def test_the_sdks_signature_is_reproduced() -> None:
    """Path and query are encoded, the query is sorted, the body is hashed."""
    assert signature_of(_BARE, _NAMES, "s") == _SIGNATURE
    assert signature_of(_BARE, _NAMES, derived_key("A", "s", _SCOPE), _SCOPE) == _DERIVED


def test_a_signature_by_our_key_is_checked() -> None:
    """Whether or not one is needed; a changed byte is refused."""
    for is_needed in (False, True):
        _check(_authorized(), is_needed=is_needed)
        for wrong in (
            _authorized(_SIGNATURE[:-1] + "0"),
            replace(_authorized(), body=b'{"a":2}'),
            replace(_authorized(), query=(("limit", "6"), ("a b", "é"))),
            replace(_authorized(), path="/v5/iot/p q/batchtasks/x"),
        ):
            with pytest.raises(ApiError, match="signature is wrong"):
                _check(wrong, is_needed=is_needed)


def test_a_signature_by_a_derived_key_is_checked() -> None:
    """It proves as much; the scope is signed as well."""
    for is_needed in (False, True):
        _check(_derived(), is_needed=is_needed)
        for wrong in (
            _derived(_DERIVED[:-1] + "0"),
            _derived(_SIGNATURE),
            _derived(scope="20260302/cn-north-4/iotdm"),
            replace(_derived(), body=b'{"a":2}'),
        ):
            with pytest.raises(ApiError, match="signature is wrong"):
                _check(wrong, is_needed=is_needed)


@given(text=st.text(max_size=60) | st.text(max_size=20).map("V11-HMAC-SHA256 {}".format))
def test_garbage_is_no_proof(text: str) -> None:
    """Nor an error."""
    assert read_proof(text) is None


@pytest.mark.parametrize(
    "header",
    [
        ("Authorization", "SDK-HMAC-SHA256 Access=X, SignedHeaders=host, Signature=00"),
        ("Authorization", "SDK-HMAC-SHA256 Access=X,SignedHeaders=host,Signature=00"),
        ("Authorization", "V11-HMAC-SHA256 Credential=X/d/r/n, SignedHeaders=h, Signature=00"),
        ("Authorization", "SDK-HMAC-SM3 Access=A, SignedHeaders=host, Signature=00"),
        ("X-Auth-Token", "whatever"),
        ("X-Nothing", "at all"),
    ],
)
def test_keys_of_others_are_taken_by_their_form(header: tuple[str, str]) -> None:
    """Their identity service is not here; but not where a proof is needed."""
    _check(_with(header))
    with pytest.raises(ApiError, match="not authorised"):
        _check(_with(header), is_needed=True)


@pytest.mark.parametrize("text", ["Bearer x", "SDK-HMAC-SHA256", "SDK-HMAC-SHA256 Access=A, x"])
def test_an_authorization_of_no_known_form_is_refused(text: str) -> None:
    """Even where none is needed."""
    with pytest.raises(ApiError, match="no known form"):
        _check(_with(("Authorization", text)))


def test_a_token_of_ours_is_a_proof() -> None:
    """The other way in."""
    _check(_with(("X-Auth-Token", "t")), is_needed=True)


@given(
    path=st.text(max_size=10).map(lambda text: f"/v5/{text}"),
    query=st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), max_size=3),
    body=st.binary(max_size=20),
)
def test_what_the_operator_signs_is_accepted(
    path: str, query: list[tuple[str, str]], body: bytes
) -> None:
    """Whatever is in it."""
    request = signed(HttpRequest("POST", path, tuple(query), body=body), "A", "s", _NOW)

    _check(request, is_needed=True)
    assert request.header("X-Sdk-Date") == "20260301T003900Z"


def _hashed(body: bytes, claimed: str) -> HttpRequest:
    """Sign a call whose header claims this of its body."""
    request = replace(_with(("X-Sdk-Content-Sha256", claimed)), body=body)
    text = f"SDK-HMAC-SHA256 Access=A, SignedHeaders={_NAMES}, Signature="
    whole = text + signature_of(request, _NAMES, "s")
    return _with(("Authorization", whole), base=request)


def test_the_hash_that_a_header_names_is_the_bodys() -> None:
    """Else a body could be changed under a signature that still fits."""
    true = hashlib.sha256(b"1").hexdigest()

    for claimed in (true, true.upper(), "UNSIGNED-PAYLOAD"):
        _check(_hashed(b"1", claimed), is_needed=True)
    for changed in (
        replace(_hashed(b"1", true), body=b"2"),
        replace(_hashed(b"1", true), body=b""),
        _hashed(b"2", true),
        _hashed(b"1", "unsigned-payload"),
    ):
        with pytest.raises(ApiError, match="X-Sdk-Content-Sha256 is not the hash of the body"):
            _check(changed, is_needed=True)


def test_a_body_may_be_left_unsigned() -> None:
    """The SDK says so in a header, for forms."""
    request = _with(("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD"))

    one, other = (signature_of(replace(request, body=body), _NAMES, "s") for body in (b"1", b"2"))

    assert one == other != _SIGNATURE
