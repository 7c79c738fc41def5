"""Real time: asyncio's loop and the host's monotonic clock; the only place that reads a clock.

All work put off waits in one heap behind one asyncio timer, because a timer of its own for each
message of each device costs more than the message.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from heapq import heappop, heappush


def monotonic_ns() -> int:
    """Return the host's one monotonic clock, which every process of a run shares."""
    return time.monotonic_ns()


def epoch_ms() -> int:
    """Return the wall clock, whole milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class RealClock:
    """The run's clock in real time.

    Attributes:
        origin_ns: The monotonic instant that is t = 0.
    """

    __slots__ = (
        "_armed_at_ms", "_heap", "_is_closed", "_loop", "_order", "_slips", "_timer", "origin_ns",
    )  # fmt: skip

    def __init__(self, origin_ns: int | None = None) -> None:
        self.origin_ns = monotonic_ns() if origin_ns is None else origin_ns
        self._loop = asyncio.get_running_loop()
        self._heap: list[tuple[int, int, Callable[..., None], tuple[object, ...]]] = []
        self._order = 0
        self._timer: asyncio.TimerHandle | None = None
        self._armed_at_ms = 0
        self._is_closed = False
        self._slips = SlipCounter()

    @property
    def slips(self) -> SlipCounter:
        """How late work was done."""
        return self._slips

    def begin(self) -> None:
        """Let t = 0 be this instant; nothing has been put off yet, nor any instant kept."""
        assert not self._heap, "what was put off would come too late"
        self.origin_ns = monotonic_ns()

    def now_ms(self) -> int:
        """Return the present."""
        return (time.monotonic_ns() - self.origin_ns) // 1_000_000

    def call_at(self, at_ms: int, work: Callable[..., None], *args: object) -> None:
        """Do `work(*args)` at this instant, after all that was put off to it before."""
        if self._is_closed:
            return
        self._order += 1
        heappush(self._heap, (at_ms, self._order, work, args))
        if self._timer is None or at_ms < self._armed_at_ms:
            self._arm(at_ms)

    def close(self) -> None:
        """Forget all that was put off; nothing is done any more."""
        self._is_closed = True
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, at_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed_at_ms = at_ms
        # Up to the next whole millisecond: uvloop counts in those, and a timer that fires before
        # its instant has to be set again, as costly as one that was needed.
        left_ns = self.origin_ns + at_ms * 1_000_000 - time.monotonic_ns()
        self._timer = self._loop.call_later(max(0, -(-left_ns // 1_000_000)) / 1000, self._fire)

    def _fire(self) -> None:
        self._timer = None
        heap = self._heap
        now_ms = self.now_ms()
        # What is put off while this runs waits for the next turn, so that sockets are served too.
        last = self._order
        while heap and heap[0][0] <= now_ms and heap[0][1] <= last:
            at_ms, _, work, args = heappop(heap)
            self._slips.add(now_ms - at_ms)
            work(*args)
        if heap:
            self._arm(heap[0][0])


class RunTime:
    """The time of a run that somebody else begins: it stands at 0 until then."""

    __slots__ = ("_origin_ns",)

    def __init__(self) -> None:
        self._origin_ns: int | None = None

    def begin(self, origin_ns: int) -> None:
        """Take the monotonic instant that is t = 0."""
        self._origin_ns = origin_ns

    def now_ms(self) -> int:
        """Return the present."""
        if self._origin_ns is None:
            return 0
        return (time.monotonic_ns() - self._origin_ns) // 1_000_000


class SlipCounter:
    """How late work was done: a histogram with whole-millisecond buckets up to ten seconds.

    Attributes:
        count: How many pieces of work were done.
        max_ms: The greatest slip, exact however great: by it the evidence is widened.
    """

    BUCKETS = 10_001

    __slots__ = ("_buckets", "count", "max_ms")

    def __init__(self) -> None:
        self._buckets = [0] * self.BUCKETS
        self.count = 0
        self.max_ms = 0

    def add(self, slip_ms: int) -> None:
        """Count one piece of work that was done this late; early counts as on time."""
        self._buckets[min(max(slip_ms, 0), self.BUCKETS - 1)] += 1
        self.count += 1
        self.max_ms = max(slip_ms, self.max_ms)

    def quantile_ms(self, share: float) -> int:
        """Return the slip that this share (0 to 1) of the work did not exceed; 0 without work.

        Beyond ten seconds it says ten.
        """
        wanted = share * self.count
        seen = 0
        for slip_ms, count in enumerate(self._buckets):
            seen += count
            if count and seen >= wanted:
                return slip_ms
        return 0

    def share_above(self, slip_ms: int) -> float:
        """Return which share (0 to 1) of the work was later than this."""
        if not self.count:
            return 0.0
        return sum(self._buckets[slip_ms + 1 :]) / self.count
