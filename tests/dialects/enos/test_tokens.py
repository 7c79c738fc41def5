from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos import tokens
from fleet_sim.dialects.http import HttpPart, HttpRequest

_KEYS = (("K1", "S1"), ("K2", "S2"))
_NOW = 1_700_000_000_000


def test_the_encryption_is_that_of_the_computed_vector() -> None:
    """SHA-256 of key, timestamp and secret; byte for byte."""
    assert tokens.encryption_of("APPKEY", "SECRET", "1700000000000") == (
        "5228a3c2c63e6dc675cf6603b1da332c63d65eb4a2d182eacdb67cbe051b4bfb"
    )


def test_the_signature_is_that_of_the_computed_vector() -> None:
    """Parameters sorted by name, then the raw body; byte for byte."""
    request = HttpRequest("POST", "/", (("k2", "v2"), ("k1", "v1")), body=b'{"count":20}')

    signature = tokens.signature_of(
        request, token="TOKEN", timestamp="1700000000000", app_secret="SECRET"
    )

    assert signature == "02282e47ff658b0481f67d508577037dbbe4879d479487eb948fe04269a8e842"


def test_the_body_of_a_multipart_request_is_not_signed() -> None:
    """Its boundaries are drawn after signing."""
    bare = HttpRequest("POST", "/", (("k", "v"),))
    upload = HttpRequest("POST", "/", (("k", "v"),), body=b"x", parts=(HttpPart("file", b"x"),))

    signatures = {
        tokens.signature_of(request, token="T", timestamp="1", app_secret="S")
        for request in (bare, upload)
    }

    assert len(signatures) == 1


@given(app=st.sampled_from(_KEYS), age_ms=st.integers(0, 7_199_999))
def test_a_token_is_known_until_it_expires(app: tuple[str, str], age_ms: int) -> None:
    """By its own text alone, so a gate that was restarted still knows it."""
    token = tokens.issue(*app, seed=7, epoch_ms=_NOW)

    assert tokens.owner_of(token, _KEYS, seed=7, epoch_ms=_NOW + age_ms) == app


@pytest.mark.parametrize(
    ("token", "at_ms", "seed"),
    [
        (tokens.issue("K1", "S1", seed=7, epoch_ms=_NOW), _NOW + 7_200_000, 7),
        (tokens.issue("K1", "S1", seed=7, epoch_ms=_NOW), _NOW - 1, 7),
        (tokens.issue("K1", "S1", seed=7, epoch_ms=_NOW), _NOW, 8),
        (tokens.issue("K1", "another", seed=7, epoch_ms=_NOW), _NOW, 7),
        (tokens.issue("K3", "S3", seed=7, epoch_ms=_NOW), _NOW, 7),
        (f"{_NOW:013x}" + "0" * 40, _NOW, 7),
        ("", _NOW, 7),
        ("no token at all", _NOW, 7),
        ("\ud800" * 60, _NOW, 7),
    ],
)
def test_no_other_token_is_known(token: str, at_ms: int, seed: int) -> None:
    """Expired, from the future, of another run, another secret, another application, made up."""
    assert tokens.owner_of(token, _KEYS, seed=seed, epoch_ms=at_ms) is None


def test_digests_are_compared_without_case() -> None:
    """Hex is hex."""
    assert tokens.is_equal("ab01", "AB01")
    assert not tokens.is_equal("ab01", "ab02")
    assert not tokens.is_equal("ab01", "\ud800")
