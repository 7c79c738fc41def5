from __future__ import annotations

from fleet_sim.dialects.credentials import Credentials


def test_a_password_is_not_printed() -> None:
    """Credentials may stand in a failing test's output."""
    assert "hunter2" not in repr(Credentials("c", "u", "hunter2"))
