from __future__ import annotations

from fleet_sim.dialects.alibaba.contract import CONTRACT


def test_ranges_are_those_of_the_pages() -> None:
    """A minute to a day; three counts, five gaps; pages of a hundred."""
    assert (CONTRACT.timeout_s, CONTRACT.timeout_s_min, CONTRACT.timeout_s_max) == (
        None,
        60,
        86_400,
    )
    assert CONTRACT.retry_counts_allowed == (1, 2, 5)
    assert CONTRACT.retry_intervals_s_allowed == (0, 600, 1_800, 3_600, 86_400)
    assert (CONTRACT.page_base, CONTRACT.page_size_default, CONTRACT.page_size_max) == (1, 10, 100)
    assert "timeout" not in CONTRACT.retry_on
