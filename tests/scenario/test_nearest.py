from dataclasses import replace

import pytest

from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.model.contract import ContractProfile
from fleet_sim.scenario.nearest import Legal, Numbers, nearest_legal


def legal(profile: ContractProfile = CONTRACT, **asked: object) -> Legal:
    """Ask for some numbers, and for nothing else."""
    numbers: dict[str, object] = {
        "concurrency": None,
        "timeout_ms": None,
        "retry_count": 0,
        "retry_interval_ms": 0,
        "window_ms": None,
    }
    return nearest_legal(profile, **{**numbers, **asked})  # type: ignore[arg-type]


def test_nothing_asked_is_nothing_changed() -> None:
    """The vendor's own defaults need no word."""
    assert legal() == Legal(None, None, 0, 0, None, ())


@pytest.mark.parametrize(
    ("asked_ms", "timeout_s"),
    [(299_000, 300), (300_000, 300), (300_001, 301), (172_800_000, 172_800), (10**9, 172_800)],
)
def test_timeouts_go_to_the_nearest_end_of_the_range(asked_ms: int, timeout_s: int) -> None:
    """Fractions of a second are rounded up: a device gets no less than was asked."""
    assert legal(timeout_ms=asked_ms).timeout_s == timeout_s


def test_a_vendor_with_fixed_timeouts_is_sent_none() -> None:
    """There is no word for one, and that is told."""
    fixed = replace(CONTRACT, timeout_s_min=None, timeout_s_max=None)

    found = legal(fixed, timeout_ms=5000)

    assert found.timeout_s is None
    assert found.changes == ("timeout is left out, as the vendor has none",)


def test_a_vendor_without_a_cap_is_sent_none() -> None:
    """Elsewhere the cap is sent as it was asked for."""
    found = legal(replace(CONTRACT, cap_default=None), concurrency=5)

    assert found.concurrency is None
    assert found.changes == ("concurrency is left out, as the vendor has none",)
    assert legal(concurrency=5) == Legal(5, None, 0, 0, None, ())


def test_retries_go_to_the_nearest_count_there_is() -> None:
    """Of 1, 2 and 5 the nearest to 3 is 2; no retries stay none."""
    few = replace(CONTRACT, retry_counts_allowed=(1, 2, 5))

    assert [legal(few, retry_count=count).retry_count for count in (0, 1, 3, 4, 9)] == [
        *(0, 1, 2, 5),
        5,
    ]


def test_retries_are_of_those_counts_that_the_range_leaves() -> None:
    """A backend asks for both; so does whoever orders."""
    few = replace(CONTRACT, retry_counts_allowed=(1, 2, 5), retry_count_min=2, retry_count_max=4)

    assert [legal(few, retry_count=count).retry_count for count in (1, 5)] == [2, 2]


def test_numbers_are_whole_steps_within_a_range_or_none() -> None:
    """The nearest of them, upwards between two steps, and lower than what one is to be below."""
    steps = Numbers(70, 200, step=60)

    assert [steps.nearest(asked) for asked in (0, 121, 130, 999)] == [120, 180, 180, 180]
    assert [steps.nearest(0, below) for below in (121, 120)] == [120, None]
    assert Numbers(70, 100, step=60).nearest(80) is None
    assert Numbers(70, None, step=60).nearest(999) == 1020
    assert Numbers(70, 200, 60, (60, 120, 150, 240)).nearest(160) == 120
    assert Numbers(70, 200, 60, (60, 150)).nearest(160) is None


def test_gaps_go_to_the_nearest_there_is() -> None:
    """Alibaba knows 0, 10 and 30 minutes and some more."""
    few = replace(CONTRACT, retry_intervals_s_allowed=(0, 600, 1800))

    found = legal(few, retry_count=1, retry_interval_ms=700_000)

    assert found.retry_interval_s == 600
    assert found.changes == ("retry_interval 700s becomes 600s",)


def test_a_gap_without_retries_is_of_no_account() -> None:
    """Nothing is sent, so nothing is told."""
    assert legal(retry_interval_ms=10**9) == Legal(None, None, 0, 0, None, ())


@pytest.mark.parametrize(
    ("asked_ms", "timeout_s"), [(1, 60), (60_000, 60), (60_001, 120), (90_000, 120), (10**9, 3600)]
)
def test_a_vendor_that_counts_in_minutes_is_asked_for_whole_ones(
    asked_ms: int, timeout_s: int
) -> None:
    """Rounded up, within the range."""
    minutes = replace(CONTRACT, timeout_step_s=60, timeout_s_min=60, timeout_s_max=3600)

    assert legal(minutes, timeout_ms=asked_ms).timeout_s == timeout_s


@pytest.mark.parametrize(("timeout_ms", "gap_s"), [(None, 1800), (1_800_000, 600), (60_000, 0)])
def test_a_gap_may_have_to_be_shorter_than_the_timeout(timeout_ms: int | None, gap_s: int) -> None:
    """Then it is the nearest of those that are; without a timeout all are."""
    few = replace(
        CONTRACT,
        timeout_s_min=60,
        retry_intervals_s_allowed=(0, 600, 1800),
        retry_interval_below_timeout=True,
    )
    free = replace(few, retry_intervals_s_allowed=(), retry_interval_s_max=None)
    asked = {"timeout_ms": timeout_ms, "retry_count": 1, "retry_interval_ms": 1_800_000}

    assert legal(few, **asked).retry_interval_s == gap_s
    assert legal(free, **asked).retry_interval_s == min(1800, (timeout_ms or 10**7) // 1000 - 1)


def test_retries_without_a_gap_below_the_timeout_are_left_out_and_told_why() -> None:
    """What was asked for cannot be had at all; the number alone would not say so."""
    few = replace(
        CONTRACT, retry_intervals_s_allowed=(600, 1800), retry_interval_below_timeout=True
    )

    found = legal(few, timeout_ms=300_000, retry_count=2, retry_interval_ms=10_000)

    assert (found.timeout_s, found.retry_count, found.retry_interval_s) == (300, 0, 0)
    why = "as no gap that the vendor takes is shorter than the timeout of 300 s"
    assert found.changes == (f"retries are left out, {why}",)


def test_a_window_opens_as_late_as_the_vendor_wants() -> None:
    """Five minutes after the order, and time for it to arrive; it then lasts the shortest span."""
    late = replace(CONTRACT, window_lead_s=300, window_min_s=3600)

    found = legal(late, window_ms=(60_000, 120_000), at_ms=30_000)

    assert found.window_ms == (340_000, 3_940_000)
    assert found.changes == (
        "window's start 60s becomes 340s",
        "window's end 120s becomes 3940s",
    )
    assert legal(late, window_ms=(340_000, 3_940_000), at_ms=30_000).changes == ()


def test_a_vendor_without_windows_is_sent_none() -> None:
    """There is no word for one, and that is told."""
    found = legal(replace(CONTRACT, window_min_s=None), window_ms=(1_000, 2_000))

    assert found.window_ms is None
    assert found.changes == ("window is left out, as the vendor has none",)


@pytest.mark.parametrize(("asked", "rate"), [(1, 10), (10, 10), (700, 700), (10**6, 10_000)])
def test_rates_go_to_the_nearest_end_of_the_range(asked: int, rate: int) -> None:
    """From ten to ten thousand a minute on Alibaba; a vendor without them is sent none."""
    paced = replace(
        CONTRACT, pushes_a_minute=10_000, pushes_a_minute_min=10, pushes_a_minute_max=10_000
    )

    assert legal(paced, rate=asked).rate == rate
    assert legal(rate=asked).changes == ("rate is left out, as the vendor has none",)
