"""The judge: a run log and the contracts in, one judgement out; and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fleet_sim.oracle.metrics import NO_DEVICES, Totals
from fleet_sim.oracle.outcome import Finding, Standing, Witness
from fleet_sim.oracle.thresholds import ExpectationResult

FINDINGS_MAX = 10  # a promise; the rest is counted, as `run.json` shows no more


@dataclass(frozen=True, slots=True)
class PromiseVerdict:
    """How one promise stands after the run.

    Attributes:
        standing: Merged over all dialects, the worst first.
        n: How often it was exercised with a clear answer.
        witness: Of the first violation, else of the first doubt, else None.
        violations_count: All of them.
        by_dialect: Dialect to its own standing.
        reason: One sentence more, or "".
        doubts_count: Occurrences that prove nothing.
        findings_count: All findings, shown or not.
    """

    standing: Standing
    n: int = 0
    witness: Witness | None = None
    violations_count: int = 0
    by_dialect: Mapping[str, Standing] = field(default_factory=dict)
    reason: str = ""
    doubts_count: int = 0
    findings_count: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that a run's log says.

    Attributes:
        promises: Promise id to its verdict, in the catalogue's order, every promise.
        findings: At most `FINDINGS_MAX` a promise, in the catalogue's order.
        totals: Over all fleets.
        fleets: Fleet name to its own totals.
        counts: `retries`, `downloads`, `lost_reports` over all fleets.
        expectations: In the order given.
    """

    promises: Mapping[str, PromiseVerdict]
    findings: tuple[Finding, ...] = ()
    totals: Totals = NO_DEVICES
    fleets: Mapping[str, Totals] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    expectations: tuple[ExpectationResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The run's verdict and its exit code."""

    name: Literal["passed", "failed", "aborted", "invalid"]
    exit_code: int


def decide(
    judgement: Judgement,
    *,
    interrupted: bool = False,
    aborted: bool = False,
    invalid_reason: str = "",
) -> Verdict:
    """Say what it comes to; when several apply: 130, 5, 4, 1, 0.

    Args:
        judgement: What the log says.
        interrupted: A person ended the run.
        aborted: An expectation with `abort` ended it.
        invalid_reason: Why the simulator's own numbers cannot be trusted; "" when they can.
    """
    if interrupted:
        return Verdict("aborted", 130)
    if invalid_reason:
        return Verdict("invalid", 5)
    if aborted:
        return Verdict("aborted", 4)
    violated = any(one.standing is Standing.VIOLATED for one in judgement.promises.values())
    if violated or not all(one.held for one in judgement.expectations):
        return Verdict("failed", 1)
    return Verdict("passed", 0)
