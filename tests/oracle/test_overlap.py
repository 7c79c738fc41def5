from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.oracle.overlap import Stretch, crowd
from tests.oracle.logs import Log, drawn


def _task_and_record() -> Stretch:
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    (task,) = drawn(log).tasks
    return Stretch(0, 0, task, task.pushes[0].record)


SAMPLE = _task_and_record()


def stretch(lo: int, hi: int) -> Stretch:
    """Make a stretch of some task."""
    return Stretch(lo, hi, SAMPLE.task, SAMPLE.record)


def test_one_too_many_is_told_at_the_instant_it_begins() -> None:
    """Three lie over one another from 20 to 30; two are allowed."""
    found = list(crowd([stretch(0, 30), stretch(10, 40), stretch(20, 50)], 2))

    assert [(at_ms, len(inside)) for at_ms, inside in found] == [(20, 3)]


def test_what_ends_makes_room_for_what_begins_at_the_same_instant() -> None:
    """Which of the two came first is not known."""
    assert not list(crowd([stretch(0, 10), stretch(10, 20)], 1))


def test_a_stretch_that_ends_before_it_begins_is_none() -> None:
    """It may never have been active for certain."""
    assert not list(crowd([stretch(0, 10), stretch(5, 5), stretch(7, 6)], 1))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12), st.integers(0, 4))
def test_it_agrees_with_counting_every_instant(spans: list[tuple[int, int]], most: int) -> None:
    """The sweep finds a crowd exactly where an instant by instant count finds one."""
    stretches = [stretch(lo, hi) for lo, hi in spans]

    counted = {t for t in range(51) if sum(lo <= t < hi for lo, hi in spans) > most}

    assert bool(list(crowd(stretches, most))) is bool(counted)
    assert all(at_ms in counted for at_ms, _ in crowd(stretches, most))
