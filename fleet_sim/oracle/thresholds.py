"""Expectations: what a scenario demands of a run's numbers and promises.

A sample that is missing never counts as a pass, and shares compare as fractions, so `100%` of 3
devices is 3 of 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import eq, ge, gt, le, lt
from typing import Literal, TypeAlias

from fleet_sim.oracle.metrics import METRICS, Measures, Unit
from fleet_sim.oracle.outcome import Standing

__all__ = ["METRICS", "OPS", "Expectation", "ExpectationResult", "Op", "evaluate"]

Op: TypeAlias = Literal["<", "<=", ">", ">=", "=="]
OPS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "==": eq,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One line of `expect`.

    Attributes:
        text: As written.
        file: Where it stands, for messages.
        line: The line, from 1.
        kind: `metric` compares a number; `promises_hold` fails on any violation; `promise_held`
            requires that one promise was exercised and held.
        metric: A name of `METRICS`; for `metric`.
        fleet: Whose devices; None means all.
        stat: One of a metric's statistics; "" for its total.
        op: How it compares.
        value: What it compares with, in `unit`.
        unit: `percent` (0 to 100), `count` or `ms`.
        by_ms: The instant at which it must already be so; None means the end of the run.
        abort: Whether the run ends once it fails.
        after_ms: Not looked at before this instant (with `abort`).
        promise: The id; for `promise_held`.
    """

    text: str
    file: str
    line: int
    kind: Literal["metric", "promises_hold", "promise_held"]
    metric: str = ""
    fleet: str | None = None
    stat: str = ""
    op: Op = "=="
    value: float = 0.0
    unit: Unit = "count"
    by_ms: int | None = None
    abort: bool = False
    after_ms: int = 0
    promise: str = ""


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """What became of an expectation.

    Attributes:
        text: As written.
        file: Where it stands.
        line: The line, from 1.
        held: Whether it was met.
        value: What was found: a number in the expectation's unit, a standing in words, or None
            where the run had nothing to measure.
    """

    text: str
    file: str
    line: int
    held: bool
    value: float | str | None


def evaluate(
    expectation: Expectation, *, measures: Measures, standings: Mapping[str, Standing]
) -> ExpectationResult:
    """Hold one expectation against what was measured.

    Args:
        expectation: What is demanded.
        measures: The numbers of its fleet at its instant.
        standings: Promise id to how it stands.
    """
    held, value = _look(expectation, measures, standings)
    return ExpectationResult(expectation.text, expectation.file, expectation.line, held, value)


def _look(
    wanted: Expectation, measures: Measures, standings: Mapping[str, Standing]
) -> tuple[bool, float | str | None]:
    match wanted.kind:
        case "promises_hold":
            broken = [name for name, one in standings.items() if one is Standing.VIOLATED]
            return not broken, f"violated: {', '.join(broken)}" if broken else "no violation"
        case "promise_held":
            standing = standings.get(wanted.promise, Standing.NOT_EXERCISED)
            return standing is Standing.HELD, standing.value
        case "metric":
            found = measures.value(wanted.metric, wanted.stat, wanted.unit)
            return _compares(wanted, found, measures), found


def _compares(wanted: Expectation, found: float | None, measures: Measures) -> bool:
    """Compare exactly: a share by its two whole numbers, all else by its digits."""
    if found is None:
        return False
    exact = Fraction(found)
    if wanted.unit == "percent":
        number = int(measures.value(wanted.metric) or 0)
        exact = Fraction(100 * number, measures.totals.devices)
    return OPS[wanted.op](exact, Fraction(str(wanted.value)))
