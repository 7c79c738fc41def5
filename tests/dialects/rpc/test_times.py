from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.rpc.times import (
    minute_of,
    read_minute,
    read_utc,
    timestamp_of,
    utc_of,
    utc_or_none,
)
from fleet_sim.dialects.wire import DialectError


def test_the_instants_of_the_samples() -> None:
    """A request's to the second, a row's to the millisecond, a module's to the minute."""
    assert read_utc("2024-11-19T09:47:43Z") == 1_732_009_663_000
    assert timestamp_of(1_732_009_663_999) == "2024-11-19T09:47:43Z"
    assert minute_of(1_602_582_419_999) == "2020-10-13T09:46Z"
    assert read_minute("2020-10-13T09:46Z") == 1_602_582_360_000
    assert read_minute("2020-10-13T09:46:01Z") == 1_602_582_361_000
    assert utc_of(read_utc("2024-09-18T09:45:34.139Z")) == "2024-09-18T09:45:34.139Z"


def test_an_instant_that_is_not_known_stays_so() -> None:
    """And is then left out of an answer."""
    assert (utc_or_none(None), utc_or_none(5)) == (None, utc_of(5))


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_what_was_written_reads_as_it_was(epoch_ms: int) -> None:
    """Until the year 2100, to the millisecond."""
    assert read_utc(utc_of(epoch_ms)) == epoch_ms
    assert read_utc(timestamp_of(epoch_ms)) == epoch_ms // 1000 * 1000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-11-19",
        "2024-11-19T09:47:43",
        "2024-02-30T00:00:00Z",
        "2024-11-19T25:00:00Z",
        "2024-11-19T25:00Z",
        "2024-11-19 09:47:43Z",
        "\uff12024-11-19T09:47:43Z",
        "2024-11-19T09:47:43+08:00",
    ],
)
def test_other_forms_are_refused(text: str) -> None:
    """Other forms, other zones, and days and hours that do not exist."""
    for read in (read_utc, read_minute):
        with pytest.raises(DialectError, match="no instant"):
            read(text)
