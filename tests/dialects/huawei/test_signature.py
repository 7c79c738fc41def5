from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.huawei.signature import (
    Claim,
    client_id_of,
    is_signed,
    is_timely,
    read_client_id,
    sign,
)
from fleet_sim.dialects.huawei.times import read_hour
from fleet_sim.dialects.wire import DialectError

_VECTOR = "c75150e6cb841417396819e4d2ee4358a416344a03a083e3a8567074ddec820a"
_CLAIM = Claim("p1_d_1", "0", "2025041401")
_HOUR_MS = 3_600_000


def test_the_documented_vector_is_reproduced() -> None:
    """Secret 12345678 in the hour 2025041401, from "Device Connection Authentication"."""
    assert sign("12345678", "2025041401") == _VECTOR


def test_the_signature_is_checked() -> None:
    """In either case of hex; another hour, secret or digit is no signature."""
    assert is_signed(_CLAIM, "12345678", _VECTOR.encode())
    assert is_signed(_CLAIM, "12345678", _VECTOR.upper().encode())
    assert not is_signed(_CLAIM, "12345679", _VECTOR.encode())
    assert not is_signed(Claim("p1_d_1", "0", "2025041402"), "12345678", _VECTOR.encode())
    assert not is_signed(_CLAIM, "12345678", _VECTOR[:-1].encode())


@given(name=st.text(min_size=1), sig=st.sampled_from("01"))
def test_a_client_id_comes_back(name: str, sig: str) -> None:
    """Whatever underscores the device id holds."""
    claim = Claim(name, sig, "2025041401")

    assert read_client_id(client_id_of(claim)) == claim


@pytest.mark.parametrize(
    "client_id",
    [
        "",
        "p1_d1",
        "_0_0_2025041401",
        "p1_d1_0_2_2025041401",
        "p1_d1_2_0_2025041401",
        "p1_d1_0_0_",
        "p1_d1_0_0_2025041424",
        "p1_d1_0_0_20250414",
    ],
)
def test_a_malformed_client_id_is_refused(client_id: str) -> None:
    """Kind 0, sig 0 or 1, and an hour: present in both modes."""
    with pytest.raises(DialectError):
        read_client_id(client_id)


@given(client_id=st.text(max_size=40))
def test_texts_of_any_kind_raise_nothing_else(client_id: str) -> None:
    """A client id is a claim or a `DialectError`."""
    try:
        assert read_client_id(client_id).name
    except DialectError as error:
        assert str(error)  # noqa: PT017 - nearly all are refused


@pytest.mark.parametrize(
    ("off_ms", "is_in_time"),
    [
        (0, True),
        (_HOUR_MS - 1, True),
        (-_HOUR_MS, True),
        (2 * _HOUR_MS - 1, True),
        (-_HOUR_MS - 1, False),
        (2 * _HOUR_MS, False),
    ],
)
def test_a_checked_hour_may_be_off_by_the_window(off_ms: int, is_in_time: bool) -> None:
    """An hour before it begins and an hour after it ends; with sig 0 nothing is looked at."""
    now_ms = read_hour("2025041401") + off_ms

    assert is_timely(Claim("p_d", "1", "2025041401"), now_ms) is is_in_time
    assert is_timely(Claim("p_d", "0", "2025041401"), now_ms)


def test_the_window_can_be_chosen() -> None:
    """With none, only the named hour itself is in time."""
    claim, begins = Claim("p_d", "1", "2025041401"), read_hour("2025041401")

    assert is_timely(claim, begins, 0)
    assert not is_timely(claim, begins - 1, 0)
