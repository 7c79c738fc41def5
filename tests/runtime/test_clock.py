from fleet_sim.runtime.clock import Alarm
from fleet_sim.runtime.virtual_time import VirtualClock


class Deadlines:
    """Some instants that somebody waits for; rings take away those that have come."""

    def __init__(self, clock: VirtualClock, *at_ms: int) -> None:
        self.clock = clock
        self.at_ms = list(at_ms)
        self.rung_at_ms: list[int] = []
        self.alarm = Alarm(clock, lambda: min(self.at_ms, default=None), self._ring)

    def _ring(self) -> None:
        self.rung_at_ms.append(self.clock.now_ms())
        self.at_ms = [at_ms for at_ms in self.at_ms if at_ms > self.clock.now_ms()]


def run(clock: VirtualClock) -> int:
    """Do all work there is; return how many pieces it was."""
    steps = 0
    while clock.next_at_ms is not None:
        clock.step()
        steps += 1
    return steps


def test_an_alarm_rings_at_each_deadline_and_no_other_time() -> None:
    """Arming once is enough: it arms itself anew after each ring."""
    clock = VirtualClock()
    waiting = Deadlines(clock, 30, 10, 20)

    waiting.alarm.arm()
    run(clock)

    assert waiting.rung_at_ms == [10, 20, 30]


def test_an_alarm_without_a_deadline_does_nothing() -> None:
    """Nobody waits, so nothing is put off."""
    clock = VirtualClock()

    Deadlines(clock).alarm.arm()

    assert clock.next_at_ms is None


def test_arming_again_costs_nothing() -> None:
    """Whoever may have changed a deadline says so, however often."""
    clock = VirtualClock()
    waiting = Deadlines(clock, 10)

    for _ in range(100):
        waiting.alarm.arm()

    assert run(clock) == 1
    assert waiting.rung_at_ms == [10]


def test_a_deadline_may_move_forward() -> None:
    """The newer, earlier one rings; the older call finds that it is of no more use."""
    clock = VirtualClock()
    waiting = Deadlines(clock, 50)
    waiting.alarm.arm()

    waiting.at_ms.append(20)
    waiting.alarm.arm()
    run(clock)

    assert waiting.rung_at_ms == [20, 50]


def test_deadlines_that_moved_forward_leave_no_work_behind() -> None:
    """Each older call is done once and puts nothing off anew."""
    clock = VirtualClock()
    waiting = Deadlines(clock)
    for at_ms in range(100, 0, -1):
        waiting.at_ms[:] = [at_ms, 1_000]
        waiting.alarm.arm()

    steps = run(clock)

    assert waiting.rung_at_ms == [1, 1_000]
    assert steps == 101


def test_a_deadline_may_move_back() -> None:
    """The earlier call comes too soon, rings nothing, and waits for the later instant."""
    clock = VirtualClock()
    waiting = Deadlines(clock, 20)
    waiting.alarm.arm()

    waiting.at_ms[:] = [70]
    waiting.alarm.arm()
    run(clock)

    assert waiting.rung_at_ms == [70]


def test_a_deadline_may_vanish() -> None:
    """Nothing rings, and a later deadline still does."""
    clock = VirtualClock()
    waiting = Deadlines(clock, 20)
    waiting.alarm.arm()
    waiting.at_ms.clear()
    run(clock)

    waiting.at_ms.append(90)
    waiting.alarm.arm()
    run(clock)

    assert waiting.rung_at_ms == [90]


def test_a_deadline_in_the_past_rings_soon_and_once() -> None:
    """In a turn of its own, never inside the call that armed it."""
    clock = VirtualClock()
    clock.call_at(40, lambda: None)
    clock.step()
    waiting = Deadlines(clock, 15)

    waiting.alarm.arm()
    assert waiting.rung_at_ms == []
    run(clock)

    assert waiting.rung_at_ms == [40]
