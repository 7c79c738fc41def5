import asyncio

import pytest
import uvloop

from fleet_sim.runtime.real_time import RealClock, RunTime, SlipCounter, epoch_ms, monotonic_ns

WAIT_S = 30.0  # Only a test that fails waits so long.


async def test_work_is_never_done_too_early_and_in_its_order() -> None:
    """By instant, then in the order put off; the clock reads at least the instant asked for."""
    clock = RealClock()
    done: list[tuple[int, int]] = []
    over = asyncio.Event()

    def work(number: int, at_ms: int) -> None:
        assert clock.now_ms() >= at_ms
        done.append((at_ms, number))
        if len(done) == 6:
            over.set()

    now_ms = clock.now_ms()
    instants = [now_ms + after_ms for after_ms in (12, 4, 12, 0, 4, -5)]
    for number, at_ms in enumerate(instants):
        clock.call_at(at_ms, work, number, at_ms)
    await asyncio.wait_for(over.wait(), WAIT_S)

    assert done == sorted((at_ms, number) for number, at_ms in enumerate(instants))
    assert clock.slips.count == 6


def test_uvloop_wakes_no_earlier_either() -> None:
    """It counts in whole milliseconds, so a timer rounded down would fire before its instant."""

    async def measure() -> list[int]:
        clock = RealClock()
        early: list[int] = []
        over = asyncio.Event()

        def work(at_ms: int, left: int) -> None:
            early.append(at_ms - clock.now_ms())
            if left:
                next_at_ms = clock.now_ms() + 1
                clock.call_at(next_at_ms, work, next_at_ms, left - 1)
            else:
                over.set()

        clock.call_at(3, work, 3, 30)
        await asyncio.wait_for(over.wait(), WAIT_S)
        return early

    assert max(uvloop.run(measure())) <= 0


async def test_an_earlier_deadline_put_off_later_still_comes_first() -> None:
    """The one timer is moved forward."""
    clock = RealClock()
    done: list[str] = []
    over = asyncio.Event()
    now_ms = clock.now_ms()

    clock.call_at(now_ms + 25, over.set)
    clock.call_at(now_ms + 20, done.append, "later")
    clock.call_at(now_ms + 2, done.append, "sooner")
    await asyncio.wait_for(over.wait(), WAIT_S)

    assert done == ["sooner", "later"]


async def test_work_put_off_by_work_lets_the_loop_turn() -> None:
    """A piece that always puts off another to the past does not starve the sockets."""
    clock = RealClock()
    turns = 0
    is_over = False

    def work() -> None:
        if not is_over:
            clock.call_at(0, work)

    clock.call_at(0, work)
    for _ in range(20):
        await asyncio.sleep(0)
        turns += 1
    is_over = True

    assert turns == 20


async def test_the_origin_is_the_callers_to_choose() -> None:
    """Every process of a run counts from the same instant of the host's one clock."""
    origin_ns = monotonic_ns() - 5_000_000_000

    assert RealClock(origin_ns).now_ms() >= 5_000
    assert RealClock(origin_ns).origin_ns == origin_ns


async def test_a_clock_may_begin_anew_while_nothing_is_put_off() -> None:
    """Then the present is t = 0, however long ago the clock was made."""
    clock = RealClock(monotonic_ns() - 3_600_000_000_000)

    clock.begin()

    assert clock.now_ms() < 3_600_000
    clock.call_at(3_600_000, print)
    with pytest.raises(AssertionError):
        clock.begin()
    clock.close()


def test_a_runs_time_stands_still_until_it_begins() -> None:
    """From then on it counts from the instant it was given."""
    run_time = RunTime()

    assert run_time.now_ms() == 0
    run_time.begin(monotonic_ns() - 5_000_000_000)
    assert run_time.now_ms() >= 5_000


def test_the_wall_clock_is_this_centurys() -> None:
    """Milliseconds, not seconds."""
    assert 1_700_000_000_000 < epoch_ms() < 10_000_000_000_000


def test_slips_are_counted_by_the_millisecond() -> None:
    """Early counts as on time; beyond ten seconds quantiles say ten, the greatest slip is exact."""
    slips = SlipCounter()
    for slip_ms in [-3, 0, 1, 1, 2, 5, 9, 40, 1_500, 60_000]:
        slips.add(slip_ms)

    assert slips.count == 10
    assert slips.max_ms == 60_000
    assert slips.quantile_ms(1.0) == 10_000
    assert slips.quantile_ms(0.5) == 2
    assert slips.quantile_ms(0.9) == 1_500
    assert slips.share_above(1_000) == pytest.approx(0.2)
    assert slips.share_above(0) == pytest.approx(0.8)


def test_no_work_was_never_late() -> None:
    """A run that did nothing is not invalid for it."""
    slips = SlipCounter()

    assert (slips.quantile_ms(0.99), slips.max_ms, slips.share_above(0)) == (0, 0, 0.0)


async def test_a_clock_that_is_closed_does_nothing_more() -> None:
    """Neither what was put off before, nor what comes after; not even the rest of this instant."""
    clock = RealClock()
    done: list[str] = []
    over = asyncio.Event()

    def close() -> None:
        done.append("close")
        clock.close()
        asyncio.get_running_loop().call_later(0.02, over.set)

    clock.call_at(0, close)
    clock.call_at(0, done.append, "the same instant")
    clock.call_at(5, done.append, "later")
    await asyncio.wait_for(over.wait(), WAIT_S)
    clock.call_at(0, done.append, "after the end")
    await asyncio.sleep(0)

    assert done == ["close"]
