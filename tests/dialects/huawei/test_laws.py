"""Every law of Huawei's codecs; Hypothesis's profile says at what length."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.dialects.huawei.laws import LAWS, Law


def tried(law: Law) -> int:
    """Try a law on as many examples as the profile wants; return on how many it was tried.

    Raises:
        Exception: It does not hold; Hypothesis shows the smallest example.
    """
    count = 0

    @settings(
        database=None,
        suppress_health_check=[HealthCheck.too_slow],  # A busy machine is no failing example.
    )
    @given(example=law.examples)
    def holds(example: object) -> None:
        nonlocal count
        count += 1
        law.holds(example)

    holds()
    return count


@pytest.mark.codec
@pytest.mark.parametrize("name", LAWS)
def test_each_law_holds(name: str) -> None:
    """What is written is read as it was; what is garbage is refused by no error but its own."""
    assert tried(LAWS[name]) > 0


def test_a_law_that_does_not_hold_is_found() -> None:
    """By any exception that is not meant for it."""
    with pytest.raises(UnicodeEncodeError):
        tried(Law(LAWS["connect garbage"].examples, lambda made: made[0].encode("ascii")))
