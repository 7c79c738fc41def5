from __future__ import annotations

from fleet_sim.oracle.tolerance import REAL_TIME, VIRTUAL_TIME, Tolerance


def test_real_time_is_granted_a_second_more_than_virtual_time() -> None:
    """A tick of 100 ms in both, and a second for the machine where there is one."""
    assert (REAL_TIME.epsilon_ms, VIRTUAL_TIME.epsilon_ms) == (1_100, 100)
    assert REAL_TIME.delta_ms == VIRTUAL_TIME.delta_ms == 2_000


def test_lag_widens_every_allowance() -> None:
    """The generator's own lag makes all its instants that much less exact."""
    assert Tolerance(1, 2, 3).widened(10) == Tolerance(11, 12, 13)
