"""The judge: a run log and the contracts in, one judgement out; and what it comes to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.record import Record
from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.measuring import measure
from fleet_sim.oracle.metrics import COUNTS, NO_DEVICES, Measures, Totals
from fleet_sim.oracle.orders import refused_orders
from fleet_sim.oracle.outcome import Doubt, Finding, Outcome, Standing, Violation, Witness, worst
from fleet_sim.oracle.reading import read
from fleet_sim.oracle.thresholds import Expectation, ExpectationResult, evaluate
from fleet_sim.oracle.timeline import Timeline, draw_up
from fleet_sim.oracle.tolerance import REAL_TIME, Tolerance
from fleet_sim.oracle.unread import doubted

FINDINGS_MAX = 10  # a promise; the rest is counted, as `run.json` shows no more
NO_MEASURES = Measures()
_INTERRUPTED = 130  # the exit code by which shells know a Ctrl-C


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
        expectations: Orders of the run itself that were refused, then what was expected, in the
            order given.
    """

    promises: Mapping[str, PromiseVerdict]
    findings: tuple[Finding, ...] = ()
    totals: Totals = NO_DEVICES
    fleets: Mapping[str, Totals] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    expectations: tuple[ExpectationResult, ...] = ()


def judge(
    records: Sequence[Record],
    contracts: Mapping[str, ContractProfile],
    *,
    expectations: Sequence[Expectation] = (),
    tolerance: Tolerance = REAL_TIME,
) -> Judgement:
    """Judge a run log: every promise, the numbers, and what the scenario expects.

    Args:
        records: The whole log; sorted here if it is not.
        contracts: Dialect to the contract profile its devices and jobs are judged by.
        expectations: What the scenario expects, in its order.
        tolerance: How exact the evidence is: `REAL_TIME`, `VIRTUAL_TIME`, widened by the
            generator's lag.

    Raises:
        ValueError: A device speaks a dialect that no contract is given for.
    """
    log = sorted(records, key=_place)
    timelines = _timelines(log, contracts, tolerance)
    promises, findings = _judge_promises(timelines)
    measures = measure(timelines)
    standings = {name: one.standing for name, one in promises.items()}
    at_instants = _measures_by(log, contracts, tolerance, expectations)
    everything = measures[None]
    return Judgement(
        promises=promises,
        findings=findings,
        totals=everything.totals,
        fleets={name: one.totals for name, one in measures.items() if name is not None},
        counts={name: int(everything.value(name) or 0) for name in COUNTS},
        expectations=(
            *refused_orders(log),
            *(
                evaluate(
                    wanted,
                    measures=at_instants.get(wanted.by_ms, measures).get(wanted.fleet, NO_MEASURES),
                    standings=standings,
                )
                for wanted in expectations
            ),
        ),
    )


def first_broken(
    records: Sequence[Record],
    contracts: Mapping[str, ContractProfile],
    expectations: Sequence[Expectation],
    tolerance: Tolerance,
) -> ExpectationResult | None:
    """Hold expectations against a run that is still going on; return the first that fails.

    Args:
        records: The log so far, sorted.
        contracts: Dialect to contract profile.
        expectations: Those that are due by now; what must be so `by` an instant, after that.
        tolerance: How exact the evidence is.
    """
    timelines = _timelines(records, contracts, tolerance)
    measures = measure(timelines)
    at_instants = _measures_by(records, contracts, tolerance, expectations)
    standings: dict[str, Standing] = {}
    if any(wanted.kind != "metric" for wanted in expectations):
        promises, _ = _judge_promises(timelines)
        standings = {name: one.standing for name, one in promises.items()}
    for wanted in expectations:
        mine = at_instants.get(wanted.by_ms, measures).get(wanted.fleet, NO_MEASURES)
        result = evaluate(wanted, measures=mine, standings=standings)
        if not result.held:
            return result
    return None


def _place(record: Record) -> tuple[int, int, int]:
    return (record.t, record.part, record.seq)


def _timelines(
    log: Sequence[Record], contracts: Mapping[str, ContractProfile], tolerance: Tolerance
) -> list[Timeline]:
    evidence = read(log, slack_ms=tolerance.epsilon_ms)
    dialects = evidence.dialects()
    unknown = [dialect for dialect in dialects if dialect not in contracts]
    if unknown:
        raise ValueError(
            f"the log's devices speak {', '.join(unknown)}; there are contracts for "
            f"{', '.join(contracts) or 'no dialect'}"
        )
    return [draw_up(evidence, dialect, contracts[dialect], tolerance) for dialect in dialects]


def _measures_by(
    log: Sequence[Record],
    contracts: Mapping[str, ContractProfile],
    tolerance: Tolerance,
    expectations: Sequence[Expectation],
) -> Mapping[int | None, Mapping[str | None, Measures]]:
    """Measure at each instant that an expectation names, from the records up to then."""
    instants = {wanted.by_ms for wanted in expectations if wanted.by_ms is not None}
    found: dict[int | None, Mapping[str | None, Measures]] = {}
    for by_ms in instants:
        until = bisect_right(log, by_ms, key=lambda record: record.t)
        found[by_ms] = measure(_timelines(log[:until], contracts, tolerance))
    return found


def _judge_promises(
    timelines: Sequence[Timeline],
) -> tuple[dict[str, PromiseVerdict], tuple[Finding, ...]]:
    promises: dict[str, PromiseVerdict] = {}
    findings: list[Finding] = []
    for promise in PROMISES.values():
        outcomes = {
            timeline.dialect: doubted(promise.judge(timeline), timeline) for timeline in timelines
        }
        promises[promise.id] = _merge(outcomes)
        found = [one for outcome in outcomes.values() for one in outcome.findings]
        findings.extend(found[:FINDINGS_MAX])
    return promises, tuple(findings)


def _merge(outcomes: Mapping[str, Outcome]) -> PromiseVerdict:
    """Make one verdict of what an oracle said of each dialect."""
    violations = [one for outcome in outcomes.values() for one in outcome.violations]
    doubts = [one for outcome in outcomes.values() for one in outcome.doubts]
    points: Sequence[Violation | Doubt] = violations or doubts
    reasons = [outcome.reason for outcome in outcomes.values() if outcome.reason]
    return PromiseVerdict(
        standing=worst(outcome.standing for outcome in outcomes.values()),
        n=sum(outcome.n for outcome in outcomes.values()),
        witness=points[0].witness if points else None,
        violations_count=len(violations),
        by_dialect={dialect: outcome.standing for dialect, outcome in outcomes.items()},
        reason="; ".join([one.text for one in points[:1]] + reasons),
        doubts_count=len(doubts),
        findings_count=sum(len(outcome.findings) for outcome in outcomes.values()),
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The run's verdict and its exit code."""

    name: Literal["passed", "failed", "aborted", "invalid"]
    exit_code: int

    @property
    def is_interrupted(self) -> bool:
        """Whether a person ended the run."""
        return self.exit_code == _INTERRUPTED


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
        invalid_reason: Why the log says nothing about the backend: the simulator could not keep
            up, or somebody else spoke to its devices (`strangers`); "" when it does.
    """
    if interrupted:
        return Verdict("aborted", _INTERRUPTED)
    if invalid_reason:
        return Verdict("invalid", 5)
    if aborted:
        return Verdict("aborted", 4)
    violated = any(one.standing is Standing.VIOLATED for one in judgement.promises.values())
    if violated or not all(one.held for one in judgement.expectations):
        return Verdict("failed", 1)
    return Verdict("passed", 0)
