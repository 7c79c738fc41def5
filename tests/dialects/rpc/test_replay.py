from __future__ import annotations

import pytest

from fleet_sim.dialects.rpc.replay import WINDOW_MS, ReplayGuard

_NOW = 1_700_000_000_000


@pytest.mark.parametrize(
    ("off_ms", "is_fresh"),
    [(0, True), (-WINDOW_MS, True), (WINDOW_MS, True), (-WINDOW_MS - 1, False),
     (WINDOW_MS + 1, False)],
)  # fmt: skip
def test_the_window_is_a_quarter_of_an_hour_on_either_side(off_ms: int, is_fresh: bool) -> None:
    """Clocks of clients may be slow, and may be fast."""
    assert WINDOW_MS == 900_000
    assert ReplayGuard().is_fresh(_NOW + off_ms, _NOW) is is_fresh


def test_a_nonce_counts_once_for_a_key() -> None:
    """Another key's nonces are its own."""
    guard = ReplayGuard()

    assert guard.take("k1", "n", _NOW)
    assert not guard.take("k1", "n", _NOW + 1)
    assert guard.take("k2", "n", _NOW)


def test_a_nonce_is_remembered_as_long_as_its_instant_can_be_fresh() -> None:
    """A call from a clock that is fast stays fresh for two windows."""
    guard = ReplayGuard()
    guard.take("k", "n", _NOW)

    assert not guard.take("k", "n", _NOW + 2 * WINDOW_MS)
    assert guard.take("k", "n", _NOW + 2 * WINDOW_MS + 1)


def test_a_flood_forgets_the_oldest() -> None:
    """So the memory is bounded, whatever comes."""
    guard = ReplayGuard(limit=2)
    for nonce in ("a", "b", "c"):
        assert guard.take("k", nonce, _NOW)

    assert not guard.take("k", "c", _NOW)
    assert not guard.take("k", "b", _NOW)
    assert guard.take("k", "a", _NOW)
