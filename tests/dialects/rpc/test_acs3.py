from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.rpc import acs3

_EMPTY = hashlib.sha256(b"").hexdigest()
_NAMES = (
    "host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce",
    "x-acs-version",
)  # fmt: skip
_REQUEST = HttpRequest(
    "POST",
    "/",
    (("JobId", "job*1"), ("DeviceNames.1", "d 1")),
    headers=(
        ("Host", "iot.invalid"),
        ("x-acs-action", "ListOTATaskByJob"),
        ("x-acs-content-sha256", _EMPTY),
        ("x-acs-date", "2024-11-19T09:47:43Z"),
        ("x-acs-signature-nonce", "n1"),
        ("x-acs-version", "2018-01-20"),
        ("user-agent", "not signed"),
    ),
)


def test_the_string_to_sign_follows_the_recipe() -> None:
    """Line by line, as the official client puts it together."""
    canonical = (
        "POST\n/\nDeviceNames.1=d%201&JobId=job%2A1\n"
        "host:iot.invalid\nx-acs-action:ListOTATaskByJob\n"
        f"x-acs-content-sha256:{_EMPTY}\nx-acs-date:2024-11-19T09:47:43Z\n"
        "x-acs-signature-nonce:n1\nx-acs-version:2018-01-20\n"
        f"\n{';'.join(_NAMES)}\n{_EMPTY}"
    )
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"

    assert acs3.string_to_sign(_REQUEST, _NAMES) == text
    assert acs3.sign(text, "s") == hmac.new(b"s", text.encode(), "sha256").hexdigest()


# The example of "Request syntax and signature method V3", for another of the vendor's products.
_PUBLISHED = HttpRequest(
    "POST",
    "/",
    (
        ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"),
        ("RegionId", "cn-shanghai"),
    ),
    headers=(
        ("host", "ecs.cn-shanghai.aliyuncs.com"),
        ("x-acs-action", "RunInstances"),
        ("x-acs-content-sha256", _EMPTY),
        ("x-acs-date", "2023-10-26T10:22:32Z"),
        ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
        ("x-acs-version", "2014-05-26"),
    ),
)


def test_the_vendors_own_example_byte_for_byte() -> None:
    """The hash of its canonical request, and the signature by the secret printed with it."""
    text = acs3.string_to_sign(_PUBLISHED, _NAMES)

    assert text.splitlines() == [
        "ACS3-HMAC-SHA256",
        "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259",
    ]
    assert acs3.sign(text, "YourAccessKeySecret") == (
        "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_a_claim_reads_as_it_was_written() -> None:
    """Blanks after the commas do not matter."""
    claim = acs3.Claim("testid", _NAMES, "ab12")

    assert acs3.read_claim(acs3.write_claim(claim)) == claim
    assert acs3.read_claim(acs3.write_claim(claim).replace(",", ", ")) == claim


@pytest.mark.parametrize(
    "header",
    ["", "Bearer x", "ACS3-HMAC-SHA256", "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=b",
     "ACS3-HMAC-SM3 Credential=a,SignedHeaders=b,Signature=c"],
)  # fmt: skip
def test_what_is_no_whole_claim_is_none(header: str) -> None:
    """Another scheme, or an item too few."""
    assert acs3.read_claim(header) is None


@given(st.text())
def test_no_header_breaks_the_reading(header: str) -> None:
    """Garbage is no claim, unless it names all that a claim has."""
    claim = acs3.read_claim(f"ACS3-HMAC-SHA256 {header}")

    assert claim is None or "Signature=" in header


@pytest.mark.parametrize("name", sorted(acs3.SIGNED_ALWAYS))
def test_what_makes_a_call_must_be_signed(name: str) -> None:
    """Else it could be put under another call's signature."""
    less = tuple(one for one in _NAMES if one != name)

    assert acs3.covers_enough(acs3.Claim("k", _NAMES, "s"))
    assert not acs3.covers_enough(acs3.Claim("k", less, "s"))


def test_the_body_must_be_the_one_that_was_signed() -> None:
    """By its hash, in whichever case its hex is."""
    other = HttpRequest("POST", "/", headers=(("x-acs-content-sha256", _EMPTY.upper()),), body=b"x")

    assert acs3.is_body(_REQUEST)
    assert not acs3.is_body(other)
    assert not acs3.is_body(HttpRequest("POST", "/"))
