from __future__ import annotations

import re

import pytest

from fleet_sim.dialects.credentials import (
    BAD_CLIENT_ID,
    NOT_AUTHORIZED,
    Credentials,
    KeepAliveRange,
)


def test_a_password_is_not_printed() -> None:
    """Credentials may stand in a failing test's output."""
    assert "hunter2" not in repr(Credentials("c", "u", "hunter2"))


@pytest.mark.parametrize(
    ("lowest_s", "highest_s", "refusal", "why"),
    [
        (-1, 60, BAD_CLIENT_ID, "lowest_s -1 and highest_s 60 must be whole seconds from 0 to 6"),
        (30, 65_536, BAD_CLIENT_ID, "lowest_s 30 and highest_s 65536 must be whole seconds from 0"),
        ("a", 60, BAD_CLIENT_ID, "lowest_s 'a' and highest_s 60 must be whole seconds"),
        (30.5, 60, BAD_CLIENT_ID, "lowest_s 30.5 and highest_s 60 must be whole seconds"),
        (30, None, BAD_CLIENT_ID, "lowest_s 30 and highest_s None must be whole seconds"),
        (61, 60, BAD_CLIENT_ID, "65535, the lowest no more than the highest"),
        (30, 60, 0, "refusal 0 must be a CONNACK code from 1 to 5"),
        (30, 60, NOT_AUTHORIZED + 1, "refusal 6 must be a CONNACK code from 1 to 5"),
    ],
)
def test_a_range_that_no_broker_could_keep_is_refused(
    lowest_s: int, highest_s: int, refusal: int, why: str
) -> None:
    """When it is made: a platform would fail over it as it starts, or let nobody in."""
    with pytest.raises(ValueError, match=re.escape(why)):
        KeepAliveRange(lowest_s, highest_s, refusal)


def test_a_range_may_be_a_single_keep_alive_or_every_one() -> None:
    """Both ends are in it."""
    assert KeepAliveRange(60, 60, BAD_CLIENT_ID).lowest_s == 60
    assert KeepAliveRange(0, 65_535, NOT_AUTHORIZED).highest_s == 65_535
