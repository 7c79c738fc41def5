"""What an oracle says: how often a promise was put to the test, and where it broke."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from fleet_sim.model.record import Record


class Standing(StrEnum):
    """How a promise stands after a run, worst first (the merge order)."""

    VIOLATED = "violated"
    INCONCLUSIVE = "inconclusive"
    HELD = "held"
    NOT_EXERCISED = "not_exercised"
    NOT_PROMISED = "not_promised"


def worst(standings: Iterable[Standing]) -> Standing:
    """Merge standings: the worst one wins; none at all is `NOT_EXERCISED`."""
    found = set(standings)
    return next((one for one in Standing if one in found), Standing.NOT_EXERCISED)


@dataclass(frozen=True, slots=True)
class Witness:
    """The smallest evidence that shows a point.

    Attributes:
        text: What the records show together, in sentences that name instants and devices.
        records: The records themselves, in the order of the log.
    """

    text: str
    records: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that certainly broke.

    Attributes:
        promise: Its id, `V01`.
        text: One sentence: what broke, where.
        witness: Records that cannot all be true had the promise held.
    """

    promise: str
    text: str
    witness: Witness


@dataclass(frozen=True, slots=True)
class Doubt:
    """An occurrence whose evidence allows both readings."""

    promise: str
    text: str
    witness: Witness = Witness("")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the vendor's text allows and an operator would not want; never an exit code."""

    promise: str
    text: str
    witness: Witness


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one oracle found in the tasks of one dialect.

    Attributes:
        promise: The promise's id.
        n: How often it was exercised with a clear answer, violations included.
        violations: Where it broke, in the order of the log.
        doubts: Occurrences that prove nothing.
        findings: Beside the verdict.
        reason: One sentence more for a reader; "" where the numbers say it all.
        is_promised: False where the contract promises no such thing.
    """

    promise: str
    n: int = 0
    violations: tuple[Violation, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    is_promised: bool = True

    @property
    def standing(self) -> Standing:
        """What the counts come to."""
        if not self.is_promised:
            return Standing.NOT_PROMISED
        if self.violations:
            return Standing.VIOLATED
        if self.doubts:
            return Standing.INCONCLUSIVE
        return Standing.HELD if self.n else Standing.NOT_EXERCISED
