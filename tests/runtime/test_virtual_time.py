import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.runtime.virtual_time import VirtualClock


@given(st.lists(st.integers(0, 20)))
def test_work_is_done_by_instant_then_in_the_order_put_off(instants: list[int]) -> None:
    """The clock stands at each piece's own instant while it is done."""
    clock = VirtualClock()
    done: list[tuple[int, int]] = []
    for number, at_ms in enumerate(instants):
        clock.call_at(at_ms, lambda number: done.append((clock.now_ms(), number)), number)

    while clock.next_at_ms is not None:
        clock.step()

    assert done == sorted((at_ms, number) for number, at_ms in enumerate(instants))


def test_time_jumps_to_the_next_work_and_stands_still_between() -> None:
    """Nothing but a step moves it."""
    clock = VirtualClock()
    clock.call_at(3_600_000, lambda: None)

    assert (clock.now_ms(), clock.next_at_ms) == (0, 3_600_000)
    clock.step()
    assert (clock.now_ms(), clock.next_at_ms) == (3_600_000, None)


def test_work_put_off_to_the_past_is_done_now_but_not_at_once() -> None:
    """Behind what was put off to the present before; time never goes back."""
    clock = VirtualClock()
    done: list[str] = []

    def first() -> None:
        clock.call_at(0, done.append, f"late, at {clock.now_ms()}")
        done.append("first")

    clock.call_at(50, first)
    clock.call_at(50, done.append, "second")
    while clock.next_at_ms is not None:
        clock.step()

    assert done == ["first", "second", "late, at 50"]
    assert clock.now_ms() == 50


def test_a_step_with_nothing_to_do_is_a_mistake() -> None:
    """A run that has nothing left to wait for must say so itself."""
    with pytest.raises(IndexError):
        VirtualClock().step()
