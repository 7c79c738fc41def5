"""Loss as a chain: statistics with fixed seeds, and the time it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_sim.model.chance import draw
from fleet_sim.network.profiles import PROFILES, LinkProfile
from fleet_sim.network.weather import Weather


def chance(seed: int = 1) -> Callable[[], float]:
    """Return a source of keyed numbers."""
    numbers = iter(range(10**9))
    return lambda: draw(seed, "pk/dk", "weather", next(numbers))


def fixed(*numbers: float) -> Callable[[], float]:
    """Return a source that gives these numbers and no more."""
    source = iter(numbers)
    return lambda: next(source)


def lossy(loss_percent: float, burst: float) -> LinkProfile:
    """Return a profile with a first timeout of 540 ms."""
    return replace(PROFILES["regular_3g"], loss_percent=loss_percent, burst=burst)


@pytest.mark.parametrize(("loss_percent", "burst"), [(0.5, 4), (2, 6), (8, 10), (8, 1), (50, 1)])
def test_the_share_lost_is_the_profiles(loss_percent: float, burst: float) -> None:
    """Of 100,000 segments in a row and those sent again: the profile's share, within 15 %."""
    weather, source = Weather(lossy(loss_percent, burst), 0.5), chance()
    lost, at_ms = 0, 0.0
    for _ in range(250):
        more, stalled_ms = weather.cross(400, at_ms, source)
        lost += more
        at_ms += 400 * 0.5 + stalled_ms

    assert lost / (100_000 + lost) == pytest.approx(loss_percent / 100, rel=0.15)


def test_small_messages_far_apart_meet_the_same_weather() -> None:
    """Of 50,000 segments, one a minute, the profile's share is lost as well."""
    weather, source = Weather(lossy(8, 10), 0.5), chance()

    lost = sum(weather.cross(1, 60_000.0 * n, source)[0] for n in range(50_000))

    assert lost / 50_000 == pytest.approx(0.08, rel=0.1)


def test_no_loss_draws_nothing() -> None:
    """A lossless link costs neither time nor chance."""
    assert Weather(PROFILES["ethernet_lab"], 0.1).cross(10**6, 0.0, fixed()) == (0, 0.0)


def test_a_burst_costs_one_timeout() -> None:
    """Four segments of one flight are lost together and repaired together.

    Draws: the weather is bad at first (0.0); the burst is five long, as
    1 - (3/4)^4 < 0.7 < 1 - (3/4)^5; after 540 ms it is good (0.9), and stays so (0.99).
    """
    weather = Weather(lossy(0.5, 4), 10.0)

    assert weather.cross(100, 0.0, fixed(0.0, 0.7, 0.9, 0.99)) == (5, 540.0)


def test_the_timeout_doubles_while_the_weather_stays_bad() -> None:
    """540, 1080, 2160: the third retransmission gets through."""
    weather = Weather(lossy(0.5, 4), 10.0)

    _, stalled_ms = weather.cross(1, 0.0, fixed(0.0, 0.0, 0.0, 0.0, 0.9))

    assert stalled_ms == 540 + 1080 + 2160


def test_the_timeout_stops_at_a_minute() -> None:
    """From the eighth on every wait is 60 s."""
    weather = Weather(lossy(0.5, 4), 10.0)

    _, stalled_ms = weather.cross(1, 0.0, fixed(*[0.0] * 11, 0.9))

    assert stalled_ms == 540 * (2**7 - 1) + 3 * 60_000


def test_the_next_burst_may_follow_at_once() -> None:
    """After a repair nothing is known of the segment that comes next: two bursts of one here."""
    weather = Weather(lossy(0.5, 4), 10.0)

    assert weather.cross(2, 0.0, fixed(0.0, 0.0, 0.9, 0.0, 0.0, 0.9)) == (2, 1080.0)


def test_a_slow_line_makes_a_step_before_it_sends_again() -> None:
    """A timeout shorter than a segment still meets the next state of the chain, not the same."""
    weather = Weather(lossy(0.5, 4), 1e6)

    assert weather.cross(1, 0.0, fixed(0.0, 0.0, 0.9)) == (1, 540.0)


def test_a_handshake_beside_a_transfer_does_not_turn_back_the_weather() -> None:
    """What follows the transfer without a pause draws one run, and no new weather."""
    weather = Weather(lossy(0.5, 4), 10.0)
    weather.cross(100, 0.0, fixed(0.9, 0.99))
    weather.cross(1, 5.0, fixed(0.99))

    assert weather.cross(1, 1000.0, fixed(0.99)) == (0, 0.0)


@given(
    loss_percent=st.one_of(st.just(1e-300), st.floats(1e-18, 50), st.just(50.0)),
    burst=st.floats(1, 1000),
    step_ms=st.floats(1e-4, 1e6),
    sent=st.lists(st.tuples(st.integers(1, 200), st.floats(0, 1e6)), max_size=10),
)
@settings(deadline=None)
def test_every_crossing_ends(
    loss_percent: float, burst: float, step_ms: float, sent: list[tuple[int, float]]
) -> None:
    """Whatever the numbers: no more is lost than was sent, and only loss costs time."""
    weather, source = Weather(lossy(loss_percent, burst), step_ms), chance()
    for segments, at_ms in sent:
        lost, stalled_ms = weather.cross(segments, at_ms, source)

        assert 0 <= lost <= segments
        assert (stalled_ms >= 540) == (lost > 0)
        assert stalled_ms == 0 or lost
