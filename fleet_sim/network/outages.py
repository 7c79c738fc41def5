"""When a link is down: drawn outages, and those a scenario imposes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fleet_sim.model.chance import draw_exponential
from fleet_sim.network.profiles import LinkProfile, OutageKind


@dataclass(frozen=True, slots=True)
class Outage:
    """The link is down from `start_ms` until just before `end_ms`."""

    start_ms: int
    end_ms: int
    kind: OutageKind

    def __post_init__(self) -> None:
        """Check the order.

        Raises:
            ValueError: It ends before, or as, it starts.
        """
        if self.start_ms >= self.end_ms:
            raise ValueError(f"an outage from {self.start_ms} to {self.end_ms} ms has no length")

    def covers(self, at_ms: int) -> bool:
        """Tell whether the link is down at an instant."""
        return self.start_ms <= at_ms < self.end_ms


class OutagePlan:
    """All outages of one link: the same ones, whatever is asked and in whatever order.

    It keeps one place in the drawn sequence, as time goes on in practice; a question about the past
    draws the sequence again from its start. An imposed outage and those it meets become one.
    """

    __slots__ = ("_can_freeze", "_drawn", "_imposed", "_index", "_profile", "_seed", "_who")

    def __init__(self, profile: LinkProfile, *, seed: int, who: str) -> None:
        self._profile = profile
        self._seed = seed
        self._who = who
        self._imposed: tuple[Outage, ...] = ()  # joined, so they meet neither each other nor drawn
        self._index = 0
        self._drawn = self._draw(0, 0)
        self._can_freeze = self._drawn is not None and self._drawn.kind is OutageKind.FREEZE

    def at(self, now_ms: int) -> Outage | None:
        """Return the outage that covers an instant; None if the link is up."""
        for imposed in self._imposed:
            if imposed.covers(now_ms):
                return imposed
        drawn = self._seek(now_ms)
        return drawn if drawn and drawn.covers(now_ms) else None

    def after(self, now_ms: int) -> Outage | None:
        """Return the first outage that starts after an instant; None if there is none."""
        found = [imposed for imposed in self._imposed if imposed.start_ms > now_ms]
        drawn, index = self._seek(now_ms), self._index
        while drawn and (drawn.start_ms <= now_ms or self._is_joined(drawn)):
            index += 1
            drawn = self._draw(index, drawn.end_ms)
        if drawn:
            found.append(drawn)
        return min(found, key=lambda outage: outage.start_ms, default=None)

    def impose(self, outage: Outage) -> None:
        """Add an outage.

        Those it overlaps or touches, drawn ones too, become one with it, of the earliest part's
        kind.
        """
        self._can_freeze = self._can_freeze or outage.kind is OutageKind.FREEZE
        joined, count = [outage], 0
        while count != len(joined):  # each round may reach further
            count = len(joined)
            start_ms = min(part.start_ms for part in joined)
            end_ms = max(part.end_ms for part in joined)
            known = (*self._imposed, *self._drawn_between(start_ms, end_ms))
            joined = [outage]
            joined += [
                each for each in known if each.start_ms <= end_ms and start_ms <= each.end_ms
            ]
        kind = min(joined, key=lambda part: part.start_ms).kind
        apart = [each for each in self._imposed if each not in joined]
        self._imposed = (*apart, Outage(start_ms, end_ms, kind))

    def thawed(self, start_ms: float, end_ms: float) -> float:
        """Return when something that would take from start to end is done, freezes left out."""
        if not self._can_freeze:
            return end_ms
        at_ms = start_ms
        frozen = self.at(int(start_ms)) or self.after(int(start_ms))
        while frozen and frozen.start_ms < end_ms:
            if frozen.kind is OutageKind.FREEZE:
                end_ms += frozen.end_ms - max(at_ms, frozen.start_ms)
            at_ms = frozen.end_ms
            frozen = self.after(frozen.end_ms)
        return end_ms

    def _is_joined(self, drawn: Outage) -> bool:
        return any(
            imposed.start_ms <= drawn.start_ms and drawn.end_ms <= imposed.end_ms
            for imposed in self._imposed
        )

    def _seek(self, now_ms: int) -> Outage | None:
        """Return the drawn outage that covers an instant, or the next one."""
        if self._index and self._drawn and now_ms < self._drawn.start_ms:
            self._index, self._drawn = 0, self._draw(0, 0)
        while self._drawn and self._drawn.end_ms <= now_ms:
            self._index += 1
            self._drawn = self._draw(self._index, self._drawn.end_ms)
        return self._drawn

    def _drawn_between(self, start_ms: int, end_ms: int) -> Iterator[Outage]:
        index, drawn = 0, self._draw(0, 0)
        while drawn and drawn.start_ms <= end_ms:
            if drawn.end_ms >= start_ms:
                yield drawn
            index += 1
            drawn = self._draw(index, drawn.end_ms)

    def _draw(self, index: int, after_ms: int) -> Outage | None:
        profile = self._profile
        if profile.up_mean_s is None or profile.outage_mean_s is None:
            return None
        up_ms = self._span_ms("up", index, profile.up_mean_s)
        outage_ms = self._span_ms("outage", index, profile.outage_mean_s)
        start_ms = after_ms + up_ms
        return Outage(start_ms, start_ms + outage_ms, profile.outage_kind)

    def _span_ms(self, purpose: str, index: int, mean_s: float) -> int:
        drawn_ms = draw_exponential(self._seed, self._who, purpose, index, mean=mean_s * 1000)
        return 1 + int(drawn_ms)
