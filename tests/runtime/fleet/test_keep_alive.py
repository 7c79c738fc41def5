from fleet_sim.mqtt.keep_alive import TICK_MS, Pulse
from fleet_sim.runtime.fleet.keep_alive import Pinger, PingWheel
from fleet_sim.runtime.virtual_time import VirtualClock


class Talker:
    """Notes when it was asked to ping; says nothing by itself."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.pinged_at_ms: list[int] = []

    def ping(self) -> None:
        """Take note."""
        self.pinged_at_ms.append(self._clock.now_ms())


def run_until(clock: VirtualClock, until_ms: int) -> None:
    """Do all work that is due until then."""
    while clock.next_at_ms is not None and clock.next_at_ms <= until_ms:
        clock.step()


def test_the_silent_are_asked_once_an_interval() -> None:
    """Each by its own interval, at most a tick late."""
    clock = VirtualClock()
    wheel = PingWheel(clock)
    often, seldom = Talker(clock), Talker(clock)

    wheel.start(often, 1_000)
    wheel.start(seldom, 2_500)
    run_until(clock, 5_000)

    assert often.pinged_at_ms == [1_000, 2_000, 3_000, 4_000, 5_000]
    assert seldom.pinged_at_ms == [2_500, 5_000]


def test_who_says_something_is_left_alone() -> None:
    """A stamp puts the ping off by an interval from then on."""
    clock = VirtualClock()
    wheel = PingWheel(clock)
    talker = Talker(clock)
    pulse: Pulse[Pinger] = wheel.start(talker, 1_000)

    def say() -> None:
        pulse.last_at_ms = clock.now_ms()

    clock.call_at(950, say)
    run_until(clock, 2_500)

    assert len(talker.pinged_at_ms) == 1
    assert 1_950 <= talker.pinged_at_ms[0] <= 1_950 + TICK_MS


def test_who_left_the_wheel_is_not_asked() -> None:
    """And the wheel comes to rest."""
    clock = VirtualClock()
    wheel = PingWheel(clock)
    talker = Talker(clock)

    wheel.stop(wheel.start(talker, 1_000))
    run_until(clock, 10_000)

    assert talker.pinged_at_ms == []
    assert clock.next_at_ms is None


def test_a_later_owner_with_a_shorter_interval_is_in_time() -> None:
    """The alarm moves forward."""
    clock = VirtualClock()
    wheel = PingWheel(clock)
    patient, hasty = Talker(clock), Talker(clock)

    def start_hasty() -> None:
        wheel.start(hasty, 1_000)

    wheel.start(patient, 60_000)
    clock.call_at(500, start_hasty)
    run_until(clock, 1_600)

    assert hasty.pinged_at_ms == [1_500]
    assert patient.pinged_at_ms == []
