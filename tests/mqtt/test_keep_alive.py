from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.mqtt.keep_alive import KeepAliveWheel


def turned(wheel: KeepAliveWheel[str], instants: Iterable[int]) -> list[tuple[int, str]]:
    """Turn a wheel at these instants and return who was due when."""
    return [(now_ms, owner) for now_ms in instants for owner in wheel.due(now_ms)]


def test_silence_is_due_after_the_interval_and_after_each_further_one() -> None:
    """Nobody stamps: due every three seconds."""
    wheel: KeepAliveWheel[str] = KeepAliveWheel()
    wheel.start("a", 3_000, 0)

    assert turned(wheel, range(0, 10_000, 100)) == [(3_000, "a"), (6_000, "a"), (9_000, "a")]


def test_a_stamp_puts_off_what_is_due() -> None:
    """The drawing in the module: an interval of 3 s from 0, stamped at 2 s, due at 5 s."""
    wheel: KeepAliveWheel[str] = KeepAliveWheel()
    pulse = wheel.start("a", 3_000, 0)
    pulse.last_at_ms = 2_000

    assert turned(wheel, range(0, 6_000, 100)) == [(5_000, "a")]


def test_a_stopped_pulse_is_never_due() -> None:
    """Stopping twice does no harm either."""
    wheel: KeepAliveWheel[str] = KeepAliveWheel()
    pulse = wheel.start("a", 1_000, 0)
    wheel.stop(pulse)
    wheel.stop(pulse)

    assert wheel.due(10_000) == []
    assert wheel.next_at_ms is None


def test_the_next_instant_is_the_earliest_owner_s() -> None:
    """Rounded up to a tick, so that looking then finds something."""
    wheel: KeepAliveWheel[str] = KeepAliveWheel(tick_ms=100)
    wheel.start("slow", 60_000, 0)
    wheel.start("quick", 1_510, 33)

    assert wheel.next_at_ms == 1_600
    assert wheel.due(1_599) == []
    assert wheel.due(1_600) == ["quick"]


def test_owners_of_one_tick_come_in_the_order_they_started() -> None:
    """Runs repeat, so the order must."""
    wheel: KeepAliveWheel[str] = KeepAliveWheel()
    for owner in "cab":
        wheel.start(owner, 1_000, 0)

    assert wheel.due(1_000) == ["c", "a", "b"]


@given(
    st.lists(st.tuples(st.integers(1, 5_000), st.lists(st.integers(0, 9_999))), max_size=6),
    st.integers(1, 300),
)
def test_nobody_is_due_early_or_more_than_a_tick_late(
    owners: list[tuple[int, list[int]]], tick_ms: int
) -> None:
    """Against the plain definition, turned at every tick: silent for the interval, then due."""
    wheel: KeepAliveWheel[int] = KeepAliveWheel(tick_ms)
    pulses = [wheel.start(owner, interval, 0) for owner, (interval, _) in enumerate(owners)]
    last = [0] * len(owners)
    done = [0] * len(owners)
    for now_ms in range(0, 10_000, tick_ms):
        for owner, (_, stamps) in enumerate(owners):
            new = [at for at in stamps if done[owner] <= at < now_ms]
            done[owner] = now_ms
            if new:
                last[owner] = max(last[owner], *new)
                pulses[owner].last_at_ms = last[owner]
        due = wheel.due(now_ms)
        expected = [n for n, (interval, _) in enumerate(owners) if last[n] + interval <= now_ms]
        assert sorted(due) == expected
        for owner in due:
            last[owner] = now_ms
