from __future__ import annotations

import hashlib

import pytest
from hypothesis import given

from fleet_sim.dialects.tuyalink.signature import (
    Claim,
    claim_at,
    client_id_of,
    firmware_hmac,
    is_signed,
    read_username,
    sign,
    username_of,
)
from fleet_sim.dialects.wire import DialectError
from tests.dialects.tuyalink.strategies import KEYS, TEXTS

_CLAIM = Claim("dev1", "1700000000")
_PASSWORD = "b963126f3cb1b16414f1b5854aad7d6d23f9e172c635b52a0b4ddc109569ffc0"
_SHA256 = hashlib.sha256(b"hello").hexdigest()
_HMAC = "6b71677e5b2b7a05f8628b014a581fbfb9589c004480d6a96dc37ece5aca90de"


def test_the_documented_vector_is_reproduced() -> None:
    """Secret `secret`, device `dev1`; byte for byte."""
    assert sign(_CLAIM, "secret") == _PASSWORD
    assert client_id_of(_CLAIM) == "tuyalink_dev1"
    assert username_of(_CLAIM) == (
        "dev1|signMethod=hmacSha256,timestamp=1700000000,secureMode=1,accessType=1"
    )


@pytest.mark.parametrize(
    ("password", "holds"),
    [(_PASSWORD, True), (_PASSWORD.upper(), True), (_PASSWORD[:-1] + "1", False), ("", False)],
)
def test_a_changed_digit_is_seen(password: str, *, holds: bool) -> None:
    """The case of hex does not matter."""
    assert is_signed(_CLAIM, "secret", password.encode()) is holds


def test_the_time_is_told_in_seconds_of_ten_digits() -> None:
    """Whatever the clock says."""
    assert claim_at("dev1", 1_700_000_000_999) == _CLAIM
    assert claim_at("dev1", 0) == Claim("dev1", "0000000000")


@given(device_id=KEYS, secret=TEXTS)
def test_what_is_told_can_be_checked(device_id: str, secret: str) -> None:
    """Whatever the id and the secret."""
    claim = read_username(username_of(claim_at(device_id, 1_700_000_000_000)))

    assert is_signed(claim, secret, sign(claim, secret).encode())
    assert not is_signed(claim, f"{secret}x", sign(claim, secret).encode())


@pytest.mark.parametrize(
    "username",
    [
        "",
        "dev1",
        "|signMethod=hmacSha256,timestamp=1700000000,secureMode=1,accessType=1",
        "dev1|signMethod=hmacSha1,timestamp=1700000000,secureMode=1,accessType=1",
        "dev1|signMethod=hmacSha256,timestamp=1700000000000,secureMode=1,accessType=1",
        "dev1|signMethod=hmacSha256,timestamp=1700000000,secureMode=2,accessType=1",
        "dev1|signMethod=hmacSha256,timestamp=1700000000,secureMode=1,accessType=2",
        "dev1|signMethod=hmacSha256,timestamp=1700000000,secureMode=1,accessType=1\n",
    ],
)
def test_other_usernames_are_refused(username: str) -> None:
    """Other modes and methods are not documented."""
    with pytest.raises(DialectError, match="the username"):
        read_username(username)


def test_the_keyed_digest_of_a_firmware_is_the_verified_one() -> None:
    """Of the upper-case hex of its SHA-256, given in either case."""
    assert firmware_hmac("secret", method="sha256", digest=_SHA256) == _HMAC
    assert firmware_hmac("secret", method="sha256", digest=_SHA256.upper()) == _HMAC
    assert firmware_hmac("other", method="sha256", digest=_SHA256) != _HMAC


def test_no_keyed_digest_is_made_of_another_method() -> None:
    """There is none to be sent then."""
    assert firmware_hmac("secret", method="md5", digest="5d41402abc4b2a76b9719d911017c592") == ""
