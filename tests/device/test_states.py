"""The table of moves: what it promises by its shape."""

from __future__ import annotations

from fleet_sim.device.states import MOVES, UpgradeState


def test_every_state_has_its_row() -> None:
    """No state is forgotten, and no move leads outside."""
    assert set(MOVES) == set(UpgradeState)
    assert all(after in MOVES for row in MOVES.values() for after in row)


def test_every_state_can_be_reached() -> None:
    """From OFF, over listed moves."""
    reached = {UpgradeState.OFF}
    for _ in UpgradeState:
        reached |= {after for state in reached for after in MOVES[state]}

    assert reached == set(UpgradeState)


def test_gone_is_for_good() -> None:
    """Nothing leads out of it; out of every other state but OFF something leads back to IDLE."""
    assert MOVES[UpgradeState.GONE] == frozenset()
    assert all(UpgradeState.IDLE in row for state, row in MOVES.items() if row)
