"""What both worlds' clocks offer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Time in whole milliseconds since the start of the run, and work put off until later.

    Work due at the same instant is done in the order it was put off. Work put off to the past is
    done as soon as possible, never at once.
    """

    def now_ms(self) -> int:
        """Return the present."""

    def call_at(self, at_ms: int, work: Callable[..., None], *args: object) -> None:
        """Do `work(*args)` at this instant; nothing cancels it, so work sees if it still counts."""


class Alarm:
    """One deadline that may move: the earliest of what somebody waits for.

    Setting it to a later instant costs nothing; the earlier call then finds that it came too soon.
    """

    __slots__ = ("_armed_at_ms", "_clock", "_next_at_ms", "_ring")

    def __init__(
        self, clock: Clock, next_at_ms: Callable[[], int | None], ring: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._next_at_ms = next_at_ms
        self._ring = ring
        self._armed_at_ms: int | None = None

    def arm(self) -> None:
        """Look again at when the next deadline is; call it whenever that may have changed."""
        wanted = self._next_at_ms()
        if wanted is None or (self._armed_at_ms is not None and self._armed_at_ms <= wanted):
            return
        self._armed_at_ms = wanted
        self._clock.call_at(wanted, self._fire, wanted)

    def _fire(self, armed_at_ms: int) -> None:
        if armed_at_ms != self._armed_at_ms:
            return  # an earlier deadline was armed after this one and has rung
        self._armed_at_ms = None
        wanted = self._next_at_ms()
        if wanted is not None and wanted <= self._clock.now_ms():
            self._ring()
        self.arm()
