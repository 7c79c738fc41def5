"""A device's clockwork: waits and ranges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_sim.device.timings import Timings


@pytest.mark.parametrize(
    ("failures", "chance", "wait_ms"),
    [(0, 0.0, 1000), (0, 0.5, 1500), (1, 0.0, 2000), (5, 0.0, 32_000), (6, 0.0, 60_000)],
)
def test_the_wait_doubles_and_spreads(failures: int, chance: float, wait_ms: int) -> None:
    """From the doubled minimum to twice that, up to the longest."""
    assert Timings().backoff_ms(failures, chance) == wait_ms


@settings(deadline=None)
@given(
    failures=st.integers(0, 10**9),
    chance=st.floats(0, 1, exclude_max=True),
    least_ms=st.integers(1, 10**5),
    span_ms=st.integers(0, 10**6),
)
def test_every_wait_is_within_its_bounds(
    failures: int, chance: float, least_ms: int, span_ms: int
) -> None:
    """However long a failure lasts, a wait is neither shorter than the first nor over the cap."""
    timings = Timings(reconnect_min_ms=least_ms, reconnect_max_ms=least_ms + span_ms)

    wait_ms = timings.backoff_ms(failures, chance)

    assert least_ms <= wait_ms <= least_ms + span_ms


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"install_ms": -1}, "install_ms is -1; a span is at least 0"),
        ({"reboot_ms": -5}, "reboot_ms is -5; a span is at least 0"),
        ({"flush_ms": -1}, "flush_ms is -1; a span is at least 0"),
        ({"request_every_ms": -1}, "request_every_ms is -1; a span is at least 0"),
        ({"request_hush_ms": -1}, "request_hush_ms is -1; a span is at least 0"),
        ({"reconnect_min_ms": 0}, "reconnect waits go from 0 to 60000 ms"),
        ({"reconnect_max_ms": 10}, "reconnect waits go from 1000 to 10 ms"),
        ({"progress_step_percent": 0}, "progress_step_percent is 0; it goes from 1 to 100"),
        ({"progress_step_percent": 101}, "progress_step_percent is 101; it goes from 1 to 100"),
        ({"download_tries_max": 0}, "download_tries_max is 0; at least 1"),
        ({"block_bytes": 0}, "block_bytes is 0; at least 1"),
        ({"block_wait_ms": 0}, "block_wait_ms is 0; at least 1"),
        ({"block_tries_max": 0}, "block_tries_max is 0; at least 1"),
    ],
)
def test_a_number_out_of_range_is_refused(wrong: dict[str, Any], message: str) -> None:
    """At the door, and the sentence names it."""
    with pytest.raises(ValueError, match=message):
        Timings(**wrong)


@pytest.mark.parametrize(("chance", "wait_ms"), [(0.0, 48_000), (0.5, 60_000), (0.75, 66_000)])
def test_a_fleet_does_not_ask_in_step(chance: float, wait_ms: int) -> None:
    """From a fifth less to a fifth more, so that the mean is what was asked for."""
    assert Timings(request_every_ms=60_000).ask_wait_ms(chance) == wait_ms
