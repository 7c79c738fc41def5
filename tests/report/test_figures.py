import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.report.figures import (
    break_rate_percent_max,
    render_count,
    render_duration,
    render_percent,
)


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "0ms"),
        (999, "999ms"),
        (999.6, "1.0s"),
        (1_000, "1.0s"),
        (12_449, "12.4s"),
        (59_949, "59.9s"),
        (59_951, "1m00s"),
        (65_000, "1m05s"),
        (3_599_499, "59m59s"),
        (3_599_500, "1h00m"),
        (3_600_000, "1h00m"),
        (90_061_000, "25h01m"),
        (-1_500, "-1.5s"),
        (float("nan"), "-"),
        (float("inf"), "-"),
    ],
)
def test_a_duration_reads_as_scenarios_write_it(duration_ms: float, text: str) -> None:
    """Units grow with the span, and no rounding yields sixty seconds or sixty minutes."""
    assert render_duration(duration_ms) == text


@given(st.floats(min_value=0, max_value=1e10))
def test_a_duration_never_shows_a_full_unit(duration_ms: float) -> None:
    """Whatever is rounded, `60.0s`, `1m60s` and `1h60m` do not appear."""
    text = render_duration(duration_ms)

    assert "60" not in text.replace("h", "h ").replace("m", "m ").split()[-1] or text.endswith("ms")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (12_000, "12,000"), (2.5, "2.5"), (3.0, "3"), (1_234.567, "1,234.57"), (-4, "-4")],
)
def test_a_count_sets_thousands_apart(count: float, text: str) -> None:
    """Whole numbers carry no fraction."""
    assert render_count(count) == text


def test_a_count_that_is_no_number_is_a_dash() -> None:
    """Nothing was measured, so nothing is shown."""
    assert render_count(float("nan")) == "-"
    assert render_percent(float("nan")) == "-"


@pytest.mark.parametrize(
    ("percent", "text"),
    [
        (0, "0%"),
        (100, "100%"),
        (50, "50%"),
        (98.26, "98.3%"),
        (99.97, "99.97%"),
        (99.9996, "99.9996%"),
        (0.02, "0.02%"),
        (99.99999999, "99.99999999%"),
    ],
)
def test_a_share_never_rounds_to_a_bound(percent: float, text: str) -> None:
    """99.97 % of the fleet is not the fleet."""
    assert render_percent(percent) == text


@pytest.mark.parametrize(("n", "percent"), [(1, 100.0), (3, 100.0), (300, 1.0), (1_000, 0.3)])
def test_the_rule_of_three_bounds_the_rate(n: int, percent: float) -> None:
    """A clean record of `n` says less than 3/n at 95 %, and few occurrences say nothing."""
    assert break_rate_percent_max(n) == pytest.approx(percent)
