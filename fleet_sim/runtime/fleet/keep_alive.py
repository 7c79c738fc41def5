"""One wheel for the keep-alives of a fleet: pings of devices that have nothing else to say."""

from __future__ import annotations

from typing import Protocol

from fleet_sim.mqtt.keep_alive import KeepAliveWheel, Pulse
from fleet_sim.runtime.clock import Alarm, Clock


class Pinger(Protocol):
    """Whoever must not stay silent."""

    def ping(self) -> None:
        """Say something; nothing was said for a keep-alive."""


class PingWheel:
    """Calls `ping` of each owner that was silent for its interval."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wheel: KeepAliveWheel[Pinger] = KeepAliveWheel()
        self._alarm = Alarm(clock, lambda: self._wheel.next_at_ms, self._turn)

    def start(self, owner: Pinger, interval_ms: int) -> Pulse[Pinger]:
        """Put an owner on the wheel; it stamps its pulse whenever it says something."""
        pulse = self._wheel.start(owner, interval_ms, self._clock.now_ms())
        self._alarm.arm()
        return pulse

    def stop(self, pulse: Pulse[Pinger]) -> None:
        """Take an owner off the wheel."""
        self._wheel.stop(pulse)

    def _turn(self) -> None:
        for owner in self._wheel.due(self._clock.now_ms()):
            owner.ping()
