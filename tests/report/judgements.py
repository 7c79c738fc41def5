"""Judgements to report on: a run that broke a promise, one that passed, one with a finding."""

from collections.abc import Mapping

from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.judge import Judgement, PromiseVerdict, Verdict
from fleet_sim.oracle.metrics import Totals
from fleet_sim.oracle.outcome import Finding, Standing, Witness
from fleet_sim.oracle.thresholds import ExpectationResult
from fleet_sim.report.run import Generator, NorthboundFigures, Run, Timing

PASSED = Verdict("passed", 0)
FAILED = Verdict("failed", 1)
ABORTED = Verdict("aborted", 4)
INTERRUPTED = Verdict("aborted", 130)
INVALID = Verdict("invalid", 5)

CALM = NorthboundFigures(requests=57)

MET = ExpectationResult("updated[meters] == 100%", "happy.yaml", 20, held=True, value=100.0)
MISSED = ExpectationResult(
    "time_to_update[meters].p95 < 60s", "happy.yaml", 21, held=False, value=72_345.0
)


def push(t: int, key: str) -> Record:
    """Return the record of a push to this device."""
    fields = {"side": "server", "version": "1.3.0", "request": f"r-{key}"}
    return Record(t, t, Source.WIRE, "push_sent", f"prodmtrs/{key}", "job-1", fields)


WITNESS = Witness(
    "At 31.2s the job had 3 devices under way, its concurrency is 2: meters-00001 since 30.1s, "
    "meters-00002 since 30.1s, meters-00003 since 31.2s.",
    tuple(push(30_000 + place, f"meters-{place:05}") for place in (1, 2, 3)),
)

SILENCE = Finding(
    "V12",
    "15 devices took the push and never said a word. The vendor starts the clock at the first "
    "progress, so they never time out: they keep 15 of the job's 20 slots for ever, and 85 "
    "devices behind them wait for nothing.",
    Witness("meters-00004 was pushed at 30s.", (push(30_000, "meters-00004"),)),
)


def run(
    *,
    virtual: bool = False,
    folder: str = "runs/20260101T000000Z-happy-path",
    overrides: tuple[str, ...] = (),
    invalid_reason: str = "",
    can_go_virtual: bool = True,
    northbound: NorthboundFigures = CALM,
) -> Run:
    """Return a run of happy-path."""
    return Run(
        scenario="happy-path",
        seed=42,
        timing=Timing(
            world="virtual" if virtual else "real",
            started_at="2026-01-01T00:00:00Z",
            run_ms=84_200,
            wall_ms=3_100 if virtual else 84_200,
        ),
        generator=Generator(version="0.1.0", slip_p99_ms=4.5, invalid_reason=invalid_reason),
        northbound=northbound,
        overrides=overrides,
        folder=folder,
        arguments=("happy-path", "--devices", "100"),
        can_go_virtual=can_go_virtual,
    )


def judgement(
    promises: Mapping[str, PromiseVerdict] | None = None,
    *,
    expectations: tuple[ExpectationResult, ...] = (MET,),
    findings: tuple[Finding, ...] = (),
) -> Judgement:
    """Return a judgement of 100 devices; promises not named were not exercised."""
    totals = Totals(devices=100, updated=85, failed=5, waiting=8, stuck=2)
    bare = dict.fromkeys(PROMISES, PromiseVerdict(Standing.NOT_EXERCISED))
    return Judgement(
        promises=bare | dict(promises or {}),
        findings=findings,
        totals=totals,
        fleets={"meters": Totals(60, 55, 3, 2, 0), "field": Totals(40, 30, 2, 6, 2)},
        counts={"retries": 7, "downloads": 101, "lost_reports": 0},
        expectations=expectations,
    )


def held(n: int) -> PromiseVerdict:
    """Return a promise that held `n` times."""
    return PromiseVerdict(Standing.HELD, n, by_dialect={"enos": Standing.HELD})


def violated(witness: Witness = WITNESS, count: int = 3) -> PromiseVerdict:
    """Return a promise that broke."""
    return PromiseVerdict(
        Standing.VIOLATED,
        41,
        witness,
        violations_count=count,
        by_dialect={"enos": Standing.VIOLATED},
    )


def mixed(**changes: tuple[ExpectationResult, ...]) -> Judgement:
    """Return a judgement in which a promise stands in each of the five ways."""
    return judgement(
        {
            "V01": violated(),
            "V11": held(1_200),
            "V12": PromiseVerdict(Standing.HELD, 85, findings_count=1),
            "V15": PromiseVerdict(
                Standing.INCONCLUSIVE, 4, Witness("Polls were too far apart."), doubts_count=2
            ),
            "V28": PromiseVerdict(Standing.NOT_PROMISED),
        },
        expectations=(MET, MISSED),
        findings=(SILENCE,),
    )
