"""Every law of Huawei's codecs, briefly and at length.

At length in parts: Hypothesis keeps every example of a run in memory.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.dialects.huawei.laws import LAWS, Law

EXAMPLES = 200
LONG_EXAMPLES, PARTS = 10_000, 10


def tried(law: Law, examples: int) -> int:
    """Try a law on so many examples; return on how many it was tried.

    Raises:
        Exception: It does not hold; Hypothesis shows the smallest example.
    """
    count = 0

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],  # A busy machine is no failing example.
    )
    @given(example=law.examples)
    def holds(example: object) -> None:
        nonlocal count
        count += 1
        law.holds(example)

    holds()
    return count


@pytest.mark.parametrize("name", LAWS)
def test_each_law_holds(name: str) -> None:
    """What is written is read as it was; what is garbage is refused by no error but its own."""
    assert tried(LAWS[name], EXAMPLES) > 0


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("part", range(PARTS))
def test_each_law_holds_at_length(part: int, name: str) -> None:
    """The same, 100,000 times."""
    assert tried(LAWS[name], LONG_EXAMPLES) >= LONG_EXAMPLES


def test_a_law_that_does_not_hold_is_found() -> None:
    """By any exception that is not meant for it."""
    with pytest.raises(UnicodeDecodeError):
        tried(Law(LAWS["push garbage"].examples, lambda payload: payload.decode("ascii")), 500)
