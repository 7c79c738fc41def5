"""How often one principal may connect: the vendors' limits, off by default.

EnOS lets a device connect once a second, and after more than four attempts in two minutes not at
all for five: `(ConnectRate(1, 1_000), ConnectRate(4, 120_000, 300_000))`.
"""

from __future__ import annotations

from collections.abc import Hashable

from fleet_sim.mqtt.limits import ConnectRate

_FORGET_EVERY = 4096  # Attempts between two clearings, so that each costs next to nothing.


class ConnectRates:
    """Counts the connects of each principal. An attempt counts whether or not it was let in.

    Args:
        rates: All of them must agree to a connect.
    """

    __slots__ = ("_attempts", "_blocked_until_ms", "_count", "_rates", "_span_ms")

    def __init__(self, rates: tuple[ConnectRate, ...]) -> None:
        self._rates = rates
        self._span_ms = max((rate.window_ms for rate in rates), default=0)
        self._attempts: dict[Hashable, list[int]] = {}
        self._blocked_until_ms: dict[Hashable, int] = {}
        self._count = 0

    def admits(self, principal: Hashable, now_ms: int) -> bool:
        """Count one attempt and say whether it is within all rates."""
        if not self._rates:
            return True
        self._count += 1
        if self._count % _FORGET_EVERY == 0:
            self._forget(now_ms)
        if now_ms < self._blocked_until_ms.get(principal, now_ms):
            return False
        recent = self._recent(principal, now_ms)
        recent.append(now_ms)
        broken = [rate for rate in self._rates if self._is_broken(rate, recent, now_ms)]
        blocked_ms = max((rate.blocked_ms for rate in broken), default=0)
        if blocked_ms:
            self._blocked_until_ms[principal] = now_ms + blocked_ms
            del self._attempts[principal]  # who has served the time starts anew
        return not broken

    def _recent(self, principal: Hashable, now_ms: int) -> list[int]:
        """Return the attempts that still count: never more than the largest rate allows, plus one.

        Older ones beyond that number cannot change any answer, so a stubborn device costs no more
        than a patient one.
        """
        kept = max(rate.connects_max for rate in self._rates)
        known = self._attempts.get(principal, [])[-kept:] if kept else []
        recent = [at_ms for at_ms in known if at_ms > now_ms - self._span_ms]
        self._attempts[principal] = recent
        return recent

    @staticmethod
    def _is_broken(rate: ConnectRate, recent: list[int], now_ms: int) -> bool:
        within = sum(at_ms > now_ms - rate.window_ms for at_ms in recent)
        return within > rate.connects_max

    def _forget(self, now_ms: int) -> None:
        self._attempts = {
            principal: recent
            for principal, recent in self._attempts.items()
            if recent and recent[-1] > now_ms - self._span_ms
        }
        self._blocked_until_ms = {
            principal: until_ms
            for principal, until_ms in self._blocked_until_ms.items()
            if until_ms > now_ms
        }
