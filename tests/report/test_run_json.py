import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.judge import PromiseVerdict
from fleet_sim.oracle.outcome import Finding, Standing, Witness
from fleet_sim.oracle.thresholds import ExpectationResult
from fleet_sim.report.run_json import chosen_findings, render, run_json
from tests.report.judgements import (
    FAILED,
    INTERRUPTED,
    PASSED,
    SILENCE,
    WITNESS,
    judgement,
    mixed,
    push,
    run,
)

_Standing = Literal["held", "violated", "inconclusive", "not_exercised", "not_promised"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Totals(_Strict):
    devices: int
    updated: int
    failed: int
    waiting: int
    stuck: int


class _AllTotals(_Totals):
    retries: int
    downloads: int
    lost_reports: int
    fleets: dict[str, _Totals]


class _Witness(_Strict):
    text: str
    records: list[dict[str, Any]]
    records_left_out: int


class _Expectation(_Strict):
    text: str
    file: str
    line: int
    held: bool
    value: float | str | None


class _Promise(_Strict):
    name: str
    verdict: _Standing
    n: int
    violations: int
    doubts: int
    findings: int
    reason: str
    by_dialect: dict[str, _Standing]
    witness: _Witness | None


class _Finding(_Strict):
    promise: str
    text: str
    witness: _Witness


class _Timing(_Strict):
    world: Literal["real", "virtual"]
    started_at: str
    run_ms: int
    wall_ms: int


class _Generator(_Strict):
    version: str
    slip_p99_ms: float | None
    slip_max_ms: float | None
    sends: int
    sends_late: int
    platform_slip_max_ms: float | None
    fleet_cpu_s: float | None
    fleet_cpu_us_per_device: float | None
    fleet_rss_bytes: int
    fleet_kib_per_device: float | None
    platform_cpu_s: float | None
    platform_rss_bytes: int
    invalid_reason: str


class _Traffic(_Strict):
    requests: int
    throttled: int
    failed: int


class RunJson(_Strict):
    """Every field of `run.json`: readers outside rely on these names and types."""

    verdict: Literal["passed", "failed", "aborted", "invalid"]
    exit_code: Literal[0, 1, 4, 5, 130]
    seed: int
    scenario: str
    totals: _AllTotals
    expectations: list[_Expectation]
    promises: dict[str, _Promise]
    findings: list[_Finding]
    warnings: list[str]
    overrides: list[str]
    timing: _Timing
    generator: _Generator
    northbound: _Traffic


def test_the_document_has_every_field_and_no_other() -> None:
    """Names, types and order are what was promised to readers."""
    document = run_json(run(overrides=("a sentence",)), mixed(), FAILED)

    RunJson.model_validate_json(json.dumps(document))
    assert list(document) == list(RunJson.model_fields)
    assert list(document["promises"]) == list(PROMISES)


def test_the_document_says_what_the_judge_said() -> None:
    """Verdict, expectations, a broken promise with its witness, a finding with its own."""
    document = run_json(run(), mixed(), FAILED)

    assert (document["verdict"], document["exit_code"], document["seed"]) == ("failed", 1, 42)
    assert document["expectations"][1] == {
        "text": "time_to_update[meters].p95 < 60s",
        "file": "happy.yaml",
        "line": 21,
        "held": False,
        "value": 72_345.0,
    }
    cap = document["promises"]["V01"]
    assert (cap["verdict"], cap["n"], cap["violations"]) == ("violated", 41, 3)
    assert cap["by_dialect"] == {"enos": "violated"}
    assert cap["witness"]["text"] == WITNESS.text
    assert cap["witness"]["records"][0] == {
        "t": 30_001,
        "seq": 30_001,
        "src": "W",
        "kind": "push_sent",
        "device": "prodmtrs/meters-00001",
        "job": "job-1",
        "side": "server",
        "version": "1.3.0",
        "request": "r-meters-00001",
    }
    assert document["findings"][0]["text"] == SILENCE.text
    assert document["promises"]["V28"]["verdict"] == "not_promised"
    assert document["totals"]["fleets"]["field"]["stuck"] == 2


def test_an_interrupted_run_is_an_aborted_one() -> None:
    """The exit code tells the person from the expectation."""
    document = run_json(run(), judgement(), INTERRUPTED)

    assert (document["verdict"], document["exit_code"]) == ("aborted", 130)


def test_long_evidence_is_cut_and_counted() -> None:
    """Twenty records show how; the number of the others is told."""
    witness = Witness("many", tuple(push(place, f"d-{place:03}") for place in range(300)))
    many = PromiseVerdict(Standing.VIOLATED, 300, witness, violations_count=17)

    cap = run_json(run(), judgement({"V01": many}), FAILED)["promises"]["V01"]

    assert len(cap["witness"]["records"]) == 20
    assert cap["witness"]["records_left_out"] == 280
    assert cap["violations"] == 17


def test_at_most_ten_findings_and_none_crowds_out_another() -> None:
    """The first of each promise is shown before the second of any, in the order of the judge."""
    findings = [Finding("V12", f"silent {place}", Witness("")) for place in range(15)]
    findings.append(Finding("V34", "waiting", Witness("")))

    shown = [finding.text for finding in chosen_findings(findings)]

    assert shown == [*(f"silent {place}" for place in range(9)), "waiting"]


def test_a_number_json_has_no_word_for_is_null() -> None:
    """NaN and infinity never reach a parser that would refuse them."""
    odd = ExpectationResult("retries.mean < 2", "x.yaml", 1, held=False, value=float("inf"))

    document = run_json(run(), judgement(expectations=(odd,)), FAILED)

    assert document["expectations"][0]["value"] is None
    assert render(document)


def test_the_text_is_the_same_each_time_and_reads_back() -> None:
    """Equal runs give equal bytes; other people's letters stay readable."""
    witness = Witness("für 电表", ())
    sample = judgement({"V01": PromiseVerdict(Standing.VIOLATED, 1, witness)})

    text = render(run_json(run(), sample, PASSED))

    assert text == render(run_json(run(), sample, PASSED))
    assert json.loads(text)["promises"]["V01"]["witness"]["text"] == "für 电表"
    assert "für 电表" in text
    assert text.endswith("}\n")
