from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.backend.windows import is_open, next_opening, opens_at
from fleet_sim.model.northbound import Window

HOUR = 3_600_000
DAY = 24 * HOUR


def test_no_window_is_always_open() -> None:
    """A job without a schedule may push at any time."""
    assert is_open(None, 0)


def test_a_single_window_is_open_from_its_first_to_its_last_instant() -> None:
    """Both ends belong to it, their neighbours do not."""
    window = Window(1_000, 2_000)

    found = [is_open(window, at) for at in (999, 1_000, 2_000, 2_001)]

    assert found == [False, True, True, False]


def test_a_single_window_opens_once() -> None:
    """Before it, its start is the next opening; after it, there is none."""
    window = Window(1_000, 2_000)

    assert next_opening(window, 10) == 1_000
    assert next_opening(window, 2_001) is None


def test_a_daily_window_counts_times_of_day_only() -> None:
    """Its dates mean nothing: it is open on days before and long after them."""
    window = Window(10 * DAY + 2 * HOUR, 10 * DAY + 4 * HOUR, repeat_daily=True)

    assert is_open(window, 3 * HOUR)
    assert is_open(window, 400 * DAY + 4 * HOUR)
    assert not is_open(window, 400 * DAY + 4 * HOUR + 1)


def test_a_daily_window_may_pass_midnight() -> None:
    """With its end before its start it covers the night."""
    window = Window(22 * HOUR, 26 * HOUR, repeat_daily=True)

    found = [is_open(window, 5 * DAY + hour * HOUR) for hour in (21, 23, 1, 3)]

    assert found == [False, True, True, False]
    assert next_opening(window, 5 * DAY + 3 * HOUR) == 5 * DAY + 22 * HOUR


def test_a_daily_window_of_a_whole_day_never_closes() -> None:
    """From one midnight to the next is all day, not an instant."""
    window = Window(0, DAY, repeat_daily=True)

    assert is_open(window, 3 * DAY + 5 * HOUR)


def test_times_of_day_are_those_of_the_windows_zone() -> None:
    """Two to four in the morning at UTC+8 is six to eight in the evening at UTC."""
    window = Window(-6 * HOUR, -4 * HOUR, repeat_daily=True, utc_offset_minutes=480)

    assert is_open(window, DAY + 19 * HOUR)
    assert not is_open(window, DAY + 3 * HOUR)


@given(
    start=st.integers(0, 3 * DAY),
    length=st.integers(1, 2 * DAY),
    daily=st.booleans(),
    offset=st.integers(-720, 840),
    at=st.integers(0, 6 * DAY),
)
def test_the_next_opening_is_an_opening(
    start: int, length: int, daily: bool, offset: int, at: int
) -> None:
    """A closed window is open at the instant named, and closed just before it."""
    window = Window(start, start + length, repeat_daily=daily, utc_offset_minutes=offset)
    if is_open(window, at):
        return

    opening = next_opening(window, at)

    if opening is not None:
        assert opening > at
        assert is_open(window, opening)
        assert not is_open(window, opening - 1)


def test_a_window_opens_now_or_next_or_never() -> None:
    """One that never opens again counts as open: nothing more is to be waited for."""
    window = Window(1_000, 2_000)

    assert [opens_at(window, at) for at in (500, 1_500, 2_500)] == [1_000, 1_500, 2_500]
    assert opens_at(None, 7) == 7
