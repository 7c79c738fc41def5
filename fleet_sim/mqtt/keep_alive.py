"""One wheel for everybody's silence: who has been quiet for too long?

A timer a connection would cost microseconds on every message, as each message moves it. Here a
message stamps its pulse, which is one attribute, and the wheel looks at a pulse only when its time
would have come; a pulse stamped meanwhile is moved on. So each pulse is looked at about once an
interval, however much it says.

    tick      …  41   42   43   44   45  …        stamped at 42, interval 3 ticks:
    slots         .    .    p    .    .           looked at in 43, not due, moved to 45
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")

TICK_MS = 100  # A tenth of the shortest keep alive there is, 1 s.
_STOPPED = -1  # No tick: a pulse that is off the wheel.


class Pulse(Generic[T]):
    """The sign of life of one owner. Set `last_at_ms` to stamp it; all else is the wheel's."""

    __slots__ = ("_tick", "interval_ms", "last_at_ms", "owner")

    def __init__(self, owner: T, *, interval_ms: int, last_at_ms: int, tick: int) -> None:
        self.owner = owner
        self.interval_ms = interval_ms
        self.last_at_ms = last_at_ms
        self._tick = tick


class KeepAliveWheel(Generic[T]):
    """Finds the owners that gave no sign of life for their interval, at most one tick late.

    Args:
        tick_ms: How finely the wheel turns.
    """

    __slots__ = ("_slots", "_tick_ms", "_ticks")

    def __init__(self, tick_ms: int = TICK_MS) -> None:
        self._tick_ms = tick_ms
        self._slots: dict[int, list[Pulse[T]]] = {}
        self._ticks: list[int] = []  # A heap of the keys of `_slots`.

    @property
    def next_at_ms(self) -> int | None:
        """When `due` has something to look at; None when nobody is on the wheel.

        Slots that hold none but stopped pulses are cleared on the way, so that a world without
        clients has no instant to wait for.
        """
        while self._ticks:
            tick = self._ticks[0]
            slot = self._slots[tick]
            while slot and slot[-1]._tick != tick:  # noqa: SLF001 - the wheel's own mark
                slot.pop()
            if slot:
                return tick * self._tick_ms
            heappop(self._ticks)
            del self._slots[tick]
        return None

    def start(self, owner: T, interval_ms: int, now_ms: int) -> Pulse[T]:
        """Put an owner on the wheel, stamped now.

        Args:
            owner: Whatever `due` shall return.
            interval_ms: How long it may be silent, above 0.
            now_ms: The instant.
        """
        tick = self._tick_of(now_ms + interval_ms)
        pulse = Pulse(owner, interval_ms=interval_ms, last_at_ms=now_ms, tick=tick)
        self._put(tick, pulse)
        return pulse

    def stop(self, pulse: Pulse[T]) -> None:
        """Take a pulse off the wheel; it is never due again. Stopping twice does no harm.

        The pulse stays in its slot until the wheel comes round, but lets go of its owner.
        """
        if pulse._tick != _STOPPED:  # noqa: SLF001 - the wheel's own mark
            pulse._tick = _STOPPED  # noqa: SLF001
            del pulse.owner

    def due(self, now_ms: int) -> list[T]:
        """Return the owners that were silent for their interval, and stamp them now.

        Being stamped, they are due again only after another interval of silence: a client's driver
        pings for each, a broker closes each.
        """
        found: list[T] = []
        while self._ticks and self._ticks[0] * self._tick_ms <= now_ms:
            tick = heappop(self._ticks)
            for pulse in self._slots.pop(tick):
                if pulse._tick != tick:  # noqa: SLF001 - the wheel's own mark
                    continue  # stopped
                if pulse.last_at_ms + pulse.interval_ms <= now_ms:
                    found.append(pulse.owner)
                    pulse.last_at_ms = now_ms
                pulse._tick = self._tick_of(pulse.last_at_ms + pulse.interval_ms)  # noqa: SLF001
                self._put(pulse._tick, pulse)  # noqa: SLF001
        return found

    def _tick_of(self, at_ms: int) -> int:
        """Return the first tick at or after an instant, so that nobody is due too early."""
        return -(-at_ms // self._tick_ms)

    def _put(self, tick: int, pulse: Pulse[T]) -> None:
        slot = self._slots.get(tick)
        if slot is None:
            self._slots[tick] = [pulse]
            heappush(self._ticks, tick)
        else:
            slot.append(pulse)
