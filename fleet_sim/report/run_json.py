"""`run.json`: the verdict for machines; its fields are a promise of ours, kept by tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from fleet_sim.model.record import Record, to_line
from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.judge import Judgement, PromiseVerdict, Verdict
from fleet_sim.oracle.outcome import Finding, Witness
from fleet_sim.oracle.thresholds import ExpectationResult
from fleet_sim.report.run import Run

# So that a document about a bad run stays one that a person can open.
FINDINGS_MAX = 10
# A cap of hundreds is broken by hundreds of pushes; twenty show how, the log has them all.
_RECORDS_MAX = 20


def run_json(run: Run, judgement: Judgement, verdict: Verdict) -> dict[str, Any]:
    """Return the document `run.json`, its keys in a fixed order.

    Returns:
        JSON values only (no NaN), under these keys:

        - `verdict`: `passed`, `failed`, `aborted` or `invalid`; `exit_code`: 0 to 5, or 130.
        - `seed`, `scenario`: the seed and the scenario's name.
        - `totals`: `devices`, `updated`, `failed`, `waiting`, `stuck`; `retries`, `downloads`,
          `lost_reports`; `fleets`: fleet name to the first five.
        - `expectations`: a list of `text`, `file`, `line`, `held`, `value` (a number in percent,
          ms or as counted; a word for promises; null where there was nothing to measure).
        - `promises`: id to `name`, `verdict`, `n`, `violations`, `doubts`, `findings` (counts of
          all there were), `reason`, `by_dialect` (dialect to verdict), `witness` (see below) or
          null.
        - `findings`: at most `FINDINGS_MAX` of `promise`, `text`, `witness`.
        - `warnings`, `overrides`: sentences.
        - `timing`, `generator`, `northbound`: the fields of `report.run`.

        A witness is `text`, `records` (lines of the run log as objects) and `records_left_out`.
    """
    return {
        "verdict": verdict.name,
        "exit_code": verdict.exit_code,
        "seed": run.seed,
        "scenario": run.scenario,
        "totals": _totals(judgement),
        "expectations": [_expectation(result) for result in judgement.expectations],
        "promises": {name: _promise(name, one) for name, one in judgement.promises.items()},
        "findings": [_finding(finding) for finding in chosen_findings(judgement.findings)],
        "warnings": list(run.warnings),
        "overrides": list(run.overrides),
        "timing": asdict(run.timing),
        "generator": {name: _number(value) for name, value in asdict(run.generator).items()},
        "northbound": asdict(run.northbound),
    }


def render(document: Mapping[str, Any]) -> str:
    """Return the document as the text of the file: indented, Unicode as it is, a line end."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def chosen_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Choose at most `FINDINGS_MAX` findings, so that no promise crowds out another.

    The first of each promise comes before the second of any; those chosen keep their order.
    """
    seen: dict[str, int] = {}
    ranked: list[tuple[int, int, Finding]] = []
    for place, finding in enumerate(findings):
        rank = seen[finding.promise] = seen.get(finding.promise, 0) + 1
        ranked.append((rank, place, finding))
    kept = sorted(ranked, key=lambda item: item[:2])[:FINDINGS_MAX]
    return [finding for _, _, finding in sorted(kept, key=lambda item: item[1])]


def _totals(judgement: Judgement) -> dict[str, Any]:
    return {
        **judgement.totals.as_dict(),
        **judgement.counts,
        "fleets": {name: totals.as_dict() for name, totals in judgement.fleets.items()},
    }


def _expectation(result: ExpectationResult) -> dict[str, Any]:
    return {
        "text": result.text,
        "file": result.file,
        "line": result.line,
        "held": result.held,
        "value": _number(result.value),
    }


def _promise(name: str, one: PromiseVerdict) -> dict[str, Any]:
    return {
        "name": PROMISES[name].name,
        "verdict": one.standing.value,
        "n": one.n,
        "violations": one.violations_count,
        "doubts": one.doubts_count,
        "findings": one.findings_count,
        "reason": one.reason,
        "by_dialect": {dialect: found.value for dialect, found in one.by_dialect.items()},
        "witness": _witness(one.witness),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "promise": finding.promise,
        "text": finding.text,
        "witness": _witness(finding.witness),
    }


def _witness(witness: Witness | None) -> dict[str, Any] | None:
    if witness is None:
        return None
    return {
        "text": witness.text,
        "records": [_record(record) for record in witness.records[:_RECORDS_MAX]],
        "records_left_out": max(0, len(witness.records) - _RECORDS_MAX),
    }


def _record(record: Record) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(to_line(record))
    return line


def _number(value: Any) -> Any:  # noqa: ANN401 - JSON values
    """Return the value, and null for a number that JSON has no word for."""
    return None if isinstance(value, float) and not isfinite(value) else value
