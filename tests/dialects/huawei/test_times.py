from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.huawei.times import hour, read_hour, read_stamp, stamp, stamp_of
from fleet_sim.dialects.wire import DialectError

_NOON = 1_449_921_600_000  # 2015-12-12 12:00:00 UTC


def test_an_instant_reads_as_in_the_manual() -> None:
    """The sample of the parameter tables is 20151212T121212Z."""
    assert stamp(_NOON + 732_999) == "20151212T121212Z"
    assert stamp_of(_NOON + 732_000) == "20151212T121212Z"
    assert stamp_of(None) is None
    assert hour(_NOON + 3_599_999) == "2015121212"


@given(epoch_s=st.integers(0, 253_402_300_799))
def test_every_second_comes_back(epoch_s: int) -> None:
    """From 1970 to the year 9999."""
    assert read_stamp(stamp(epoch_s * 1000)) == epoch_s * 1000
    assert read_hour(hour(epoch_s * 1000)) == epoch_s * 1000 // 3_600_000 * 3_600_000


@given(epoch_ms=st.integers())
def test_instants_beyond_the_calendar_are_written_as_its_ends(epoch_ms: int) -> None:
    """A clock gone mad raises nothing."""
    assert len(stamp(epoch_ms)) == 16


@pytest.mark.parametrize(
    "text",
    ["", "2015-12-12T12:12:12Z", "20151212T121212", "20151312T121212Z", "20151212T126012Z",
     "20151212t121212z", "\u0662\u0660\u0661\u06651212T121212Z",
     "20151212T121212Z ", "00001212T121212Z", "20151212T240000Z"],
)  # fmt: skip
def test_what_is_no_instant_is_refused(text: str) -> None:
    """The form is exact, and the calendar has to know it."""
    with pytest.raises(DialectError, match="is no instant"):
        read_stamp(text)


@pytest.mark.parametrize("text", ["", "2025", "2025041424", "2025043101", "20250414012"])
def test_what_is_no_hour_is_refused(text: str) -> None:
    """Ten digits, of the calendar."""
    with pytest.raises(DialectError, match="is no"):
        read_hour(text)
