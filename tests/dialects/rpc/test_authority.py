from __future__ import annotations

import hashlib

import pytest

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.rpc import acs3, codes
from fleet_sim.dialects.rpc.authority import FORM, Caller, Doorkeeper, all_pairs
from fleet_sim.dialects.rpc.codes import RpcError
from fleet_sim.dialects.rpc.replay import WINDOW_MS
from fleet_sim.dialects.rpc.times import timestamp_of
from tests.dialects.rpc.callers import HOST, KEYS, NOW, PROFILES, asking, signed

_ASK = asking("QueryOTAJob", JobId="j1")


def _door(vendor: str = "alibaba", *, signed_only: bool = True) -> Doorkeeper:
    return Doorkeeper(PROFILES[vendor], KEYS, signed_only=signed_only)


def _refusal(request: HttpRequest, door: Doorkeeper | None = None, at_ms: int = NOW) -> RpcError:
    with pytest.raises(RpcError) as refused:
        (door or _door()).admit(request, at_ms)
    return refused.value


def _in_headers(by: str = "testsecret", **other: str) -> HttpRequest:
    """Write a call that is signed in headers; `other` overrides them, `_` standing for `-`."""
    headers = {
        "host": HOST,
        "x-acs-action": "QueryOTAJob",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": timestamp_of(NOW),
        "x-acs-signature-nonce": "n1",
        "x-acs-version": "2018-01-20",
    } | {name.replace("_", "-"): value for name, value in other.items()}
    names = tuple(headers)
    bare = HttpRequest("POST", "/", (("JobId", "j1"),), tuple(headers.items()))
    claim = acs3.Claim("testid", names, acs3.sign(acs3.string_to_sign(bare, names), by))
    whole = (*bare.headers, ("Authorization", acs3.write_claim(claim)))
    return HttpRequest("POST", "/", bare.query, whole)


# --- in parameters -----------------------------------------------------------------------------


def test_a_signed_call_is_let_in_once() -> None:
    """The second time its nonce is used up, for the same key and for good."""
    door = _door()

    assert door.admit(signed(_ASK), NOW).action == "QueryOTAJob"
    assert _refusal(signed(_ASK), door).word == codes.NONCE_USED
    assert door.admit(signed(_ASK, nonce="n2"), NOW).key == "testid"


@pytest.mark.parametrize("name", ["AccessKeyId", "Timestamp", "SignatureNonce", "SignatureMethod"])
@pytest.mark.parametrize("vendor", ["alibaba", "tuya"])
def test_each_common_parameter_is_missed_by_name(vendor: str, name: str) -> None:
    """Those that both vendors demand."""
    refused = _refusal(signed(_ASK, other={name: ""}),
                       _door(vendor))  # fmt: skip

    assert (refused.word, refused.status) == (f"Missing{name}", 400)


@pytest.mark.parametrize("name", ["Version", "SignatureVersion"])
def test_what_one_vendor_demands_the_other_does_not(name: str) -> None:
    """Tuya's samples send neither."""
    request = signed(_ASK, other={name: ""})

    assert _refusal(request).word == f"Missing{name}"
    assert _door("tuya").admit(request, NOW).key == "testid"


def test_a_changed_byte_is_refused_with_the_string_to_sign() -> None:
    """After a colon, where the classic client looks for it."""
    right = signed(_ASK)
    wrong = HttpRequest("GET", "/", tuple(
        (name, "j2" if name == "JobId" else value) for name, value in right.query
    ))  # fmt: skip
    refused = _refusal(wrong)

    assert (refused.word, refused.status) == (codes.SIGNATURE_WRONG, 400)
    assert "JobId%3Dj2" in str(refused).split("server string to sign is:")[1]


def test_the_method_is_signed_too() -> None:
    """A signature of GET is none of POST."""
    get = signed(_ASK)

    assert _refusal(HttpRequest("POST", "/", get.query)).word == codes.SIGNATURE_WRONG


def test_a_refused_call_uses_up_nobodys_nonce() -> None:
    """Else a stranger could shut others out."""
    door = _door()
    right = signed(_ASK)
    wrong = HttpRequest("GET", "/", (*right.query[:-1], ("Signature", "no")))
    assert _refusal(wrong, door).word == codes.SIGNATURE_WRONG

    assert door.admit(signed(_ASK), NOW).key == "testid"


@pytest.mark.parametrize(
    ("other", "word", "status"),
    [
        ({"AccessKeyId": "who"}, codes.NO_SUCH_KEY, 404),
        ({"SignatureMethod": "HMAC-SHA256"}, codes.BAD_PARAMETER, 400),
        ({"Version": "2019-01-01"}, codes.BAD_VERSION, 400),
        ({"Timestamp": "yesterday"}, codes.BAD_TIMESTAMP, 400),
    ],
)
def test_wrong_common_parameters_have_their_codes(
    other: dict[str, str], word: str, status: int
) -> None:
    """Found before the signature is looked at."""
    refused = _refusal(signed(_ASK, other=other))

    assert (refused.word, refused.status) == (word, status)


@pytest.mark.parametrize("off_ms", [-WINDOW_MS - 1000, WINDOW_MS + 1000])
def test_a_call_from_another_time_has_expired(off_ms: int) -> None:
    """Fifteen minutes, before or after."""
    assert _refusal(signed(_ASK, at_ms=NOW + off_ms)).word == codes.EXPIRED


def test_who_does_not_sign_is_let_in_only_where_that_is_allowed() -> None:
    """An unsigned call has no key, even if it names one."""
    named = HttpRequest("GET", "/", (*_ASK.query, ("AccessKeyId", "testid")))

    assert _door(signed_only=False).admit(named, NOW) == Caller("", "QueryOTAJob", named.query)
    assert _refusal(_ASK).word == "MissingAccessKeyId"
    assert _refusal(named).word == "MissingSignature"


def test_a_call_must_say_what_it_wants() -> None:
    """Its action is the one parameter that every call has."""
    assert _refusal(HttpRequest("GET", "/"), _door(signed_only=False)).word == "MissingAction"


# --- in headers --------------------------------------------------------------------------------


def test_a_call_may_be_signed_in_headers() -> None:
    """Its action is one of them; a nonce counts once here too."""
    door = _door()

    assert door.admit(_in_headers(), NOW) == Caller("testid", "QueryOTAJob", (("JobId", "j1"),))
    assert _refusal(_in_headers(), door).word == codes.NONCE_USED


def test_a_vendor_without_that_scheme_sees_no_signature() -> None:
    """Tuya documents HMAC-SHA1 alone."""
    assert _refusal(_in_headers(), _door("tuya")).word == "MissingAccessKeyId"


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ({"x_acs_version": "2019-01-01"}, codes.BAD_VERSION),
        ({"x_acs_date": "yesterday"}, codes.BAD_TIMESTAMP),
        ({"x_acs_date": timestamp_of(NOW + WINDOW_MS + 1000)}, codes.EXPIRED),
        ({"x_acs_signature_nonce": ""}, "MissingSignatureNonce"),
        ({"x_acs_content_sha256": "0" * 64}, codes.SIGNATURE_WRONG),
    ],
)
def test_wrong_headers_have_their_codes(other: dict[str, str], word: str) -> None:
    """The same codes as in parameters; a body of another hash is a wrong signature."""
    assert _refusal(_in_headers(**other)).word == word


def test_a_wrong_secret_or_a_changed_query_is_refused() -> None:
    """In headers as in parameters."""
    right = _in_headers()
    changed = HttpRequest("POST", "/", (("JobId", "j2"),), right.headers)

    assert _refusal(_in_headers("wrong")).word == codes.SIGNATURE_WRONG
    assert _refusal(changed).word == codes.SIGNATURE_WRONG


def test_what_makes_a_call_must_be_among_the_signed_headers() -> None:
    """Else its action could be exchanged."""
    claim = acs3.Claim("testid", ("host",), "ab")
    request = HttpRequest("POST", "/", headers=(("Authorization", acs3.write_claim(claim)),))

    assert "x-acs-action" in str(_refusal(request))


# --- forms ---------------------------------------------------------------------------------------


def test_parameters_may_come_in_a_form() -> None:
    """Beside those of the query; another kind of body is none of ours."""
    kind = ("Content-Type", f"{FORM}; charset=utf-8")
    form = HttpRequest("POST", "/", (("A", "1"),), (kind,), b"B=2+3&C=%E5%8D%87&D=")

    assert all_pairs(form) == (("A", "1"), ("B", "2 3"), ("C", "\u5347"), ("D", ""))
    assert all_pairs(HttpRequest("POST", "/", (("A", "1"),), body=b"B=2")) == (("A", "1"),)


@pytest.mark.parametrize("body", [b"\xff=1", b"A=%ff", b"&".join([b"a=1"] * 2000)])
def test_a_form_that_is_none_is_refused(body: bytes) -> None:
    """No UTF-8, or beyond all measure."""
    request = HttpRequest("POST", "/", headers=(("Content-Type", FORM),), body=body)

    assert _refusal(request).word == codes.BAD_PARAMETER
