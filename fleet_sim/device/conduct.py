"""How a device behaves in one attempt, as data.

The agent reads these fields at named points; nothing else of it knows of misbehaviour. A failure
mode is therefore a value, and a new one is a new field with a healthy default.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from fleet_sim.model.chance import draw


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """What a device does in one attempt; the defaults are a healthy device's.

    Attributes:
        answers_push: Whether a push is answered at all; if not, nothing follows either.
        silent_after_reply: Whether the answer is the last that is heard.
        stop_percent: Progress ends at this percentage; None: it does not.
        flip_bits: How many bits of the download are corrupted.
        desc_chars: How long a failure's text is at least: the device adds of its own log.
        reports_version: Whether the new version is ever reported; if not, it falls silent at 100 %.
        returns: Whether the device comes back from its reboot.
        up_ms: How long a connection lasts before the device drops it; None: as long as it can.
        down_ms: How long the device then stays away.
        copies: How often its last report is sent again, unaltered.
        copy_after_ms: How long after the one before.
        away_until_ms: Having reported once, it stays away until this instant; None: it stays.
    """

    answers_push: bool = True
    silent_after_reply: bool = False
    stop_percent: int | None = None
    flip_bits: int = 0
    desc_chars: int = 0
    reports_version: bool = True
    returns: bool = True
    up_ms: int | None = None
    down_ms: int = 0
    copies: int = 0
    copy_after_ms: int = 0
    away_until_ms: int | None = None

    def worded(self, desc: str) -> str:
        """Fill a failure's text up from the device's log, line by numbered line."""
        lines = (f"\n[{number:05d}] block {number} read" for number in count(1))
        while len(desc) < self.desc_chars:
            desc += next(lines)[: self.desc_chars - len(desc)]
        return desc


HEALTHY = Conduct()


@dataclass(frozen=True, slots=True)
class Persona:
    """A failure mode with its knobs bound: which attempts it hits, and how they go.

    Attributes:
        name: As in scenarios.
        fault: The conduct of an attempt that is hit.
        probability: That an attempt which may be hit is; 0 to 1.
        attempts: The first n, a list, or None for all. A device counts the pushes of one version,
            from 1; it cannot tell a repeated push from a new attempt.
    """

    name: str
    fault: Conduct = HEALTHY
    probability: float = 1.0
    attempts: int | tuple[int, ...] | None = None

    def conduct(self, attempt: int, *, seed: int, who: str, index: int) -> Conduct:
        """Return how an attempt goes.

        Args:
            attempt: Which try of one version, from 1.
            seed: The run's.
            who: The device.
            index: Which draw of this device; the same index gives the same answer.
        """
        if not self._may_hit(attempt):
            return HEALTHY
        if self.probability < 1.0 and draw(seed, who, "persona", index) >= self.probability:
            return HEALTHY
        return self.fault

    def _may_hit(self, attempt: int) -> bool:
        match self.attempts:
            case None:
                return True
            case int(first):
                return attempt <= first
            case tuple(listed):
                return attempt in listed
