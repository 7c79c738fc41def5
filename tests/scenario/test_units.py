from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.scenario.units import (
    duration_ms,
    say_duration,
    say_percent,
    share_percent,
    size_bytes,
)


@pytest.mark.parametrize(
    ("text", "ms"),
    [("0s", 0), ("500ms", 500), ("5s", 5000), ("1m30s", 90_000), ("1.5h", 5_400_000), ("1us", 0)],
)
def test_go_durations_are_read(text: str, ms: int) -> None:
    """Every unit of Go's, alone or joined, as whole milliseconds."""
    assert duration_ms(text) == ms


@pytest.mark.parametrize(
    "text", ["", "5", "s", "5 s", "-5s", "+5s", "5S", "5d", "1m 5s", "1e3s", "5s" * 30, "∞s", "٣s"]
)
def test_what_has_no_unit_or_a_sign_is_no_duration(text: str) -> None:
    """A bare number is minutes to one reader and seconds to the next."""
    with pytest.raises(ValueError, match="write a duration with its unit"):
        duration_ms(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1B", 1), ("1kB", 1000), ("256KiB", 262_144), ("1.5MiB", 1_572_864), ("2 MB", 2_000_000)],
)
def test_sizes_are_read(text: str, size: int) -> None:
    """Units of a thousand and of 1,024 are kept apart."""
    assert size_bytes(text) == size


@pytest.mark.parametrize(
    "text", ["", "5", "kB", "5 kilo", "10Mbit/s", "200kB !!x", "-1B", "1TB", "9" * 50 + "B"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    """Rates and words after the unit are no sizes."""
    with pytest.raises(ValueError, match="write a size with its unit"):
        size_bytes(text)


def test_shares_are_exact() -> None:
    """A third of a percent is not rounded on its way."""
    assert share_percent("33.3%") == Fraction(333, 10)
    assert share_percent("100%") == 100


@pytest.mark.parametrize("text", ["", "5", "%", "101%", "-1%", "100.1%", "5%%", "1e1%"])
def test_what_is_no_share_is_refused(text: str) -> None:
    """A share has its sign and lies from 0 to 100."""
    with pytest.raises(ValueError, match="write a share"):
        share_percent(text)


@given(st.integers(0, 10**10))
def test_whole_seconds_come_back_as_they_went(seconds: int) -> None:
    """What we say can be read by what we read."""
    assert duration_ms(say_duration(1000 * seconds)) == 1000 * seconds


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0s"), (1, "1ms"), (1500, "1.5s"), (90_000, "1m30s"), (43_200_000, "12h")],
)
def test_durations_are_said_as_people_write_them(ms: int, text: str) -> None:
    """No zero parts, and fractions only below a minute's second."""
    assert say_duration(ms) == text


def test_percents_are_said_without_zeros() -> None:
    """A share reads as it was written."""
    assert say_percent(Fraction(25, 2)) == "12.5%"
