"""Loss on one direction of a link, and the time it costs.

The Gilbert-Elliott chain makes one step a segment time, whether or not a segment is sent: a fade
does not wait for the sender. So a burst takes its length out of the flight that is under way, all
of which one retransmission timeout repairs, and the retransmission meets whatever weather there is
by then. Only if that is still bad does the timeout double.

(Stepping the chain per retransmission instead was rejected: a burst of B would cost 2^B timeouts,
and the mean time of 1 MiB over regular_3g would be four times that of the published table.)
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, log1p

from fleet_sim.network.profiles import RTO_MAX_MS, LinkProfile

# More segments than any run sends; a loss too rare for that is no loss.
_RUN_MAX = 1e12


class Weather:
    """The good or bad state of one direction of one link; owned by its lane.

    Args:
        profile: For `p`, `r` and the first timeout.
        step_ms: How long a segment takes at the direction's effective rate.
    """

    __slots__ = (
        "_bad_share",
        "_is_bad",
        "_memory",
        "_p",
        "_r",
        "_rto_ms",
        "_seen_at_ms",
        "_step_ms",
    )

    def __init__(self, profile: LinkProfile, step_ms: float) -> None:
        self._p = profile.p
        self._r = profile.r
        self._rto_ms = profile.rto_ms
        self._step_ms = step_ms
        self._bad_share = profile.loss_percent / 100
        # What remains of the state's memory after a step. Below 0 the chain would alternate, which
        # no radio does: then it remembers nothing.
        self._memory = max(0.0, 1 - self._p - self._r)
        self._is_bad = False
        self._seen_at_ms = -inf  # so that the first segment meets any weather

    def cross(self, segments: int, at_ms: float, draw: Callable[[], float]) -> tuple[int, float]:
        """Send segments back to back from an instant on.

        Args:
            segments: How many, at least 1.
            at_ms: When the first leaves.
            draw: Gives the next number in [0, 1).

        Returns:
            How many were lost and sent again, and how long the connection stood still for that,
            in ms.
        """
        if not self._p:
            return 0, 0.0
        # After a pause the weather of the first segment is known; else it may turn before that.
        known = self._pass(at_ms - self._seen_at_ms, draw)
        lost, stalled_ms, left = 0, 0.0, segments
        while left:
            if not self._is_bad:
                clear = _run(self._p, draw(), first=known)
                self._is_bad = clear < left
                left -= min(clear, left)
            else:
                burst = min(left, _run(self._r, draw(), first=1))
                stalled_ms += self._repair(draw)
                lost += burst
                left -= burst
            known = 0
        done_ms = at_ms + segments * self._step_ms + stalled_ms
        self._seen_at_ms = max(self._seen_at_ms, done_ms)
        return lost, stalled_ms

    def _repair(self, draw: Callable[[], float]) -> float:
        """Wait out timeouts until one ends in good weather; return their sum."""
        rto_ms, stalled_ms = self._rto_ms, 0.0
        while self._is_bad:
            stalled_ms += rto_ms
            self._change(max(1.0, rto_ms / self._step_ms), draw)
            rto_ms = min(RTO_MAX_MS, 2 * rto_ms)
        return stalled_ms

    def _pass(self, pause_ms: float, draw: Callable[[], float]) -> int:
        """Let the weather go on while nothing is sent; return how many segments' is known."""
        if pause_ms < self._step_ms:
            return 0
        self._change(pause_ms / self._step_ms, draw)
        return 1

    def _change(self, steps: float, draw: Callable[[], float]) -> None:
        """Make at least one step of the chain, in one draw.

        After n steps the chance of bad weather is `L + (now - L)·(1 - p - r)^n`, where `now` is 1
        in bad weather and 0 in good.
        """
        excess = (1.0 if self._is_bad else 0.0) - self._bad_share
        self._is_bad = draw() < self._bad_share + excess * self._memory**steps


def _run(probability: float, chance: float, *, first: int) -> int:
    """Return the length of a run that ends at each step with this probability, from `first` on."""
    if probability >= 1:
        return first
    return first + int(min(_RUN_MAX, log1p(-chance) / log1p(-probability)))
