"""Verdicts in words: the sentences that the console and JUnit share."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fleet_sim.oracle.judge import Judgement, PromiseVerdict, Verdict
from fleet_sim.oracle.metrics import METRICS
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.thresholds import ExpectationResult
from fleet_sim.report.figures import (
    break_rate_percent_max,
    render_count,
    render_duration,
    render_percent,
)
from fleet_sim.report.run import Run

_METRIC = re.compile(r"\s*(?P<metric>\w+)[^<>=]*[<>=]=?\s*(?P<wanted>\S+)")
# Up to three occurrences the rule says no more than that anything is possible.
_BOUND_SHOWN_BELOW_PERCENT = 100.0


def value_of(result: ExpectationResult) -> str:
    """Return what an expectation found, in the unit its own text is written in."""
    if result.value is None:
        return "nothing to measure"
    if isinstance(result.value, str):
        return result.value.replace("_", " ")
    found = _METRIC.match(result.text)
    if found and found["wanted"].endswith("%"):
        return render_percent(result.value)
    metric = METRICS.get(found["metric"]) if found else None
    if metric and metric.units == ("ms",):
        return render_duration(result.value)
    return render_count(result.value)


def reading_of(one: PromiseVerdict) -> str:
    """Return how a promise stands in one sentence, with the number of occurrences behind it.

    Where the vendors of a run stand differently with it, it says which does how.
    """
    n = f"n = {render_count(one.n)}"
    match one.standing:
        case Standing.VIOLATED:
            said = f"{n}: {_times(one.violations_count, 'break', 'breaks')}"
        case Standing.INCONCLUSIVE:
            doubts = _times(one.doubts_count, "occurrence", "occurrences")
            said = f"{n}: {doubts} can be read both ways"
        case Standing.HELD:
            said = f"{n}: {_bound(one.n)}"
        case Standing.NOT_EXERCISED:
            said = "nothing in this run put it to the test"
        case Standing.NOT_PROMISED:
            said = "this vendor promises no such thing"
    told = (said, _by_dialect(one.by_dialect), one.reason)
    return "; ".join(part for part in told if part)


def _by_dialect(standings: Mapping[str, Standing]) -> str:
    """Return which dialects stand how, worst first; "" where there is nothing to tell apart."""
    if len(set(standings.values())) < 2:  # noqa: PLR2004 - two differ, one does not
        return ""
    groups = (
        (standing, [name for name, one in standings.items() if one is standing])
        for standing in Standing
    )
    return "; ".join(
        f"{standing.value.replace('_', ' ')}: {', '.join(names)}"
        for standing, names in groups
        if names
    )


def verdict_reason(run: Run, judgement: Judgement, verdict: Verdict) -> str:
    """Return why the verdict is what it is, in one sentence."""
    match verdict.name:
        case "invalid":
            return run.generator.invalid_reason or "the simulator broke"
        case "aborted" if verdict.is_interrupted:
            return "interrupted; what had happened until then was judged"
        case "aborted":
            return "an expectation with `abort` ended the run"
        case _:
            return _passed_or_failed(judgement)


def _passed_or_failed(judgement: Judgement) -> str:
    missed = sum(not result.held for result in judgement.expectations)
    broken = [name for name, one in judgement.promises.items() if one.standing is Standing.VIOLATED]
    kept = sum(one.standing is Standing.HELD for one in judgement.promises.values())
    said = []
    if missed:
        total = len(judgement.expectations)
        said.append(f"{missed} of {_times(total, 'expectation', 'expectations')} not met")
    if broken:
        said.append(f"{_times(len(broken), 'promise', 'promises')} broken: {', '.join(broken)}")
    if said:
        return "; ".join(said)
    met = _times(len(judgement.expectations), "expectation", "expectations")
    return f"{met} met, {_times(kept, 'promise', 'promises')} held, none broken"


def _bound(n: int) -> str:
    """Return what a clean record is worth; nothing where it is worth next to nothing."""
    percent = break_rate_percent_max(n)
    if percent >= _BOUND_SHOWN_BELOW_PERCENT:
        return "never broken, but too few to bound a rate"
    return f"breaks in < {percent:.2g}% (at 95%)"


def _times(count: int, one: str, many: str) -> str:
    return f"{render_count(count)} {one if count == 1 else many}"
