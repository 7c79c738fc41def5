"""Every law of Huawei's codecs; how many examples of each, the Hypothesis profile says."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.dialects.huawei.laws import LAWS, Law


def tried(law: Law) -> None:
    """Try a law.

    Raises:
        Exception: It does not hold; Hypothesis shows the smallest example.
    """

    @given(example=law.examples)
    def holds(example: object) -> None:
        law.holds(example)

    holds()


@pytest.mark.codec
@pytest.mark.parametrize("name", LAWS)
def test_each_law_holds(name: str) -> None:
    """What is written is read as it was; what is garbage is refused by no error but its own."""
    tried(LAWS[name])


def test_a_law_that_does_not_hold_is_found() -> None:
    """By any exception that is not meant for it."""
    with pytest.raises(UnicodeDecodeError):
        tried(Law(LAWS["push garbage"].examples, lambda payload: payload.decode("ascii")))
