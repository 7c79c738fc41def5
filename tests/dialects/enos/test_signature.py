from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos.signature import (
    Claim,
    client_id_of,
    is_signed,
    read_client_id,
    read_username,
    sign,
    username_of,
)
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from tests.dialects.enos.strategies import DEVICES, TEXTS

_DEVICE = DeviceId("pk1", "dk1")
_SECRET = "devsecret1"
_SHA256 = "b77e44259aa3fdb80c6c62ee2ae5667a7b4c7f3fcf6b2f80229cee0be9bd547c"
_SHA1 = "F2AB2F9DECDCFE93EC4A39C4C5F51E71DD185498"
_IDS = st.text(st.characters(exclude_characters="|", exclude_categories=["Cs"]), min_size=1)


def _claim(method: str = "sha256", signed_id: str = "dk1", mode: str = "2") -> Claim:
    return Claim(signed_id, mode, method, "1700000000000")


@pytest.mark.parametrize(("method", "password"), [("sha256", _SHA256), ("sha1", _SHA1.lower())])
def test_signatures_match_the_computed_vectors(method: str, password: str) -> None:
    """A plain hash over the sorted names and values, then the secret; byte for byte."""
    assert sign(_DEVICE, _claim(method), _SECRET) == password


def test_the_product_secret_signs_alike() -> None:
    """The vector of securemode 3: another secret, the same content."""
    claim = _claim(signed_id="dyn1", mode="3")

    assert sign(DeviceId("pk1", "dyn1"), claim, "prodsecret1") == (
        "6f7b3d635b1982ebd8cf07e31ae2f4b1835dd16239a5c0b9c9010aad0cb9d89c"
    )


def test_md5_hashes_the_same_content() -> None:
    """The oldest method differs in nothing but the hash."""
    content = "clientIddk1deviceKeydk1productKeypk1timestamp1700000000000devsecret1"

    assert sign(_DEVICE, _claim("md5"), _SECRET) == hashlib.md5(content.encode()).hexdigest()  # noqa: S324


@pytest.mark.parametrize("password", [_SHA256, _SHA256.upper()])
def test_the_case_of_a_password_does_not_matter(password: str) -> None:
    """The pages show upper case, both SDKs send lower."""
    assert is_signed(_DEVICE, _claim(), _SECRET, password.encode())


@pytest.mark.parametrize("password", [b"", b"\xff\xfe", _SHA256[:-1].encode(), b"x" * 64])
def test_another_password_is_no_signature(password: bytes) -> None:
    """Whatever bytes a CONNECT may carry."""
    assert not is_signed(_DEVICE, _claim(), _SECRET, password)


def test_the_clean_session_comes_first_where_it_is_signed() -> None:
    """In order of names; a reader that was told of it accepts both."""
    content = "cleanSessiontrueclientIddk1deviceKeydk1productKeypk1timestamp1700000000000devsecret1"
    made = sign(_DEVICE, _claim(), _SECRET, clean_session="true")

    assert made == hashlib.sha256(content.encode()).hexdigest()
    assert is_signed(_DEVICE, _claim(), _SECRET, made.encode(), clean_session="true")
    assert is_signed(_DEVICE, _claim(), _SECRET, _SHA256.encode(), clean_session="true")
    assert not is_signed(_DEVICE, _claim(), _SECRET, made.encode(), clean_session="false")
    assert not is_signed(_DEVICE, _claim(), _SECRET, made.encode())


def test_a_method_that_nobody_knows_signs_nothing() -> None:
    """A child's claim may name any."""
    assert not is_signed(_DEVICE, _claim("rot13"), _SECRET, _SHA256.encode())


@pytest.mark.parametrize(
    ("client_id", "claim"),
    [
        ("dk1|securemode=2,signmethod=sha256,timestamp=1700000000000|", _claim()),
        ("dk1|securemode=2, signmethod=sha256, timestamp=1700000000000|", _claim()),
        ("dk1|securemode=2,signmethod=hmacsha256,timestamp=1700000000000|", _claim()),
        ("dk1|timestamp=1700000000000,signMethod=SHA256,secureMode=2|", _claim()),
        ("dk1|securemode=2,signmethod=hmacmd5,timestamp=1700000000000|", _claim("md5")),
        ("dk1|securemode=2,signmethod=HmacSHA1,timestamp=1700000000000|", _claim("sha1")),
        ("dk1|securemode=2,signmethod=sha256,timestamp=1700000000000", _claim()),
        (
            "dk1{ip=10.0.0.5,version=2.2.16}|securemode=2,signmethod=sha256,timestamp=1700000000000|",
            _claim(signed_id="dk1{ip=10.0.0.5,version=2.2.16}"),
        ),
        (
            "dk1|securemode=2,signmethod=sha256,timestamp=1795238412390.8384|",
            Claim("dk1", "2", "sha256", "1795238412390.8384"),
        ),
    ],
)
def test_client_ids_of_the_pages_and_sdks_are_read(client_id: str, claim: Claim) -> None:
    """Blanks of the documented template, aliases, Java's suffix, Python's fraction, no last bar."""
    assert read_client_id(client_id) == claim


@pytest.mark.parametrize(
    "client_id",
    [
        "",
        "dk1",
        "|securemode=2,signmethod=sha256,timestamp=1|",
        "dk1|signmethod=sha256,timestamp=1|",
        "dk1|securemode=2,timestamp=1|",
        "dk1|securemode=2,signmethod=sha256|",
        "dk1|securemode=2,signmethod=sha512,timestamp=1|",
        "dk1|securemode=2,signmethod=,timestamp=1|",
    ],
)
def test_client_ids_that_lack_something_are_refused(client_id: str) -> None:
    """Without mode, method or timestamp there is nothing to check a password by."""
    with pytest.raises(DialectError, match="client id"):
        read_client_id(client_id)


@given(
    claim=st.builds(
        Claim,
        signed_id=_IDS,
        secure_mode=st.sampled_from(["2", "3", "4"]),
        method=st.sampled_from(["sha256", "sha1", "md5"]),
        timestamp=st.integers(0, 10**14).map(str),
    )
)
def test_client_ids_survive_the_wire(claim: Claim) -> None:
    """What was claimed is what is read."""
    assert read_client_id(client_id_of(claim)) == claim


@given(device=DEVICES, secret=TEXTS, other=TEXTS)
def test_only_the_secret_signs(device: DeviceId, secret: str, other: str) -> None:
    """A signature by another secret is none."""
    password = sign(device, _claim(), secret).encode()

    assert is_signed(device, _claim(), secret, password)
    assert is_signed(device, _claim(), other, password) == (secret == other)


@given(device=DEVICES)
def test_usernames_survive_the_wire(device: DeviceId) -> None:
    """A device key may hold an ampersand; a product key never does."""
    assert read_username(username_of(device)) == device


@pytest.mark.parametrize("username", ["", "dk1", "&pk1", "dk1&"])
def test_usernames_without_both_keys_are_refused(username: str) -> None:
    """Nobody connects anonymously."""
    with pytest.raises(DialectError, match="username"):
        read_username(username)
