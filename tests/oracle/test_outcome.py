from __future__ import annotations

import pytest

from fleet_sim.oracle.outcome import Doubt, Outcome, Standing, Violation, Witness, worst

VIOLATION = Violation("V01", "broke", Witness("broke"))
DOUBT = Doubt("V01", "unclear")


@pytest.mark.parametrize(
    ("outcome", "standing"),
    [
        (Outcome("V01"), Standing.NOT_EXERCISED),
        (Outcome("V01", n=1), Standing.HELD),
        (Outcome("V01", n=1, doubts=(DOUBT,)), Standing.INCONCLUSIVE),
        (Outcome("V01", n=1, doubts=(DOUBT,), violations=(VIOLATION,)), Standing.VIOLATED),
        (Outcome("V01", n=1, violations=(VIOLATION,), is_promised=False), Standing.NOT_PROMISED),
    ],
)
def test_counts_come_to_a_standing(outcome: Outcome, standing: Standing) -> None:
    """One violation outweighs all, one doubt outweighs what held."""
    assert outcome.standing is standing


def test_the_worst_standing_wins() -> None:
    """Violated, inconclusive, held, not exercised, not promised: in this order."""
    order = [
        Standing.VIOLATED,
        Standing.INCONCLUSIVE,
        Standing.HELD,
        Standing.NOT_EXERCISED,
        Standing.NOT_PROMISED,
    ]

    assert [worst(order[place:][::-1]) for place in range(len(order))] == order


def test_no_standing_at_all_means_not_exercised() -> None:
    """A run without devices put nothing to the test."""
    assert worst([]) is Standing.NOT_EXERCISED
