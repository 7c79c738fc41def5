from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.model.record import Record
from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.judge import (
    FINDINGS_MAX,
    Judgement,
    PromiseVerdict,
    Verdict,
    _merge,
    decide,
    first_broken,
    judge,
)
from fleet_sim.oracle.metrics import Totals
from fleet_sim.oracle.outcome import Doubt, Finding, Outcome, Standing, Violation, Witness
from fleet_sim.oracle.thresholds import Expectation, ExpectationResult
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from tests.oracle.logs import CONTRACT, Log, profile

CONTRACTS = {"enos": CONTRACT}
UPDATED = Expectation(
    text="updated == 100%",
    file="s.yaml",
    line=9,
    kind="metric",
    metric="updated",
    value=100,
    unit="percent",
)


def rollout() -> Log:
    """Return a settled log of two devices that take an upgrade, one after the other."""
    log = Log()
    log.devices("d1", "d2")
    log.job(1_000, cap=1)
    for t, key in ((2_000, "d1"), (9_000, "d2")):
        log.push(t, key)
        log.progress(t + 500, key, 0)
        log.update(t + 6_000, key)
        log.show(key, "succeeded", 100)
    log.poll(20_000)
    log.settle(20_500)
    log.poll(30_000)
    log.end(31_000)
    return log


def test_a_clean_run_breaks_no_promise() -> None:
    """And leaves no doubt."""
    judgement = judge(rollout().in_order(), CONTRACTS, tolerance=VIRTUAL_TIME)

    standings = {name: one.standing for name, one in judgement.promises.items()}
    assert standings.pop("V49") is Standing.NOT_PROMISED
    assert set(standings.values()) == {Standing.HELD, Standing.NOT_EXERCISED}
    assert list(judgement.promises) == list(PROMISES)
    assert judgement.totals == Totals(devices=2, updated=2)
    assert judgement.fleets == {"f": Totals(devices=2, updated=2)}


def test_the_order_of_the_records_does_not_matter() -> None:
    """The judge sorts them."""
    records = rollout().in_order()

    assert judge(records[::-1], CONTRACTS) == judge(records, CONTRACTS)


def test_a_violation_is_told_with_its_witness() -> None:
    """Both devices at once."""
    log = rollout()
    log.push(2_100, "d2")

    verdict = judge(log.in_order(), CONTRACTS).promises["V01"]

    assert (verdict.standing, verdict.violations_count) == (Standing.VIOLATED, 1)
    assert verdict.witness is not None
    assert [record.t for record in verdict.witness.records] == [2_000, 2_100]
    assert verdict.by_dialect == {"enos": Standing.VIOLATED}


def test_dialects_are_judged_by_their_own_contracts() -> None:
    """What one vendor lets wait the other must time out."""
    log = Log()
    for dialect, fleet in (("enos", "f"), ("tuya", "g")):
        key = f"{fleet}1"
        log.boot(0, key, "1.0", fleet=fleet, dialect=dialect)
        log.online(50, key)
        log.version(100, key, "1.0")
        log.job(1_000, job=f"j-{fleet}", fleet=fleet, keys=[key], timeout_s=10)
        log.push(2_000, key)
        log.show(key, "pushed", job=f"j-{fleet}")
        log.poll(90_000, job=f"j-{fleet}")
    contracts = {"enos": CONTRACT, "tuya": profile(silent_device="times_out")}

    judgement = judge(log.in_order(), contracts, tolerance=VIRTUAL_TIME)

    assert judgement.promises["V12"].by_dialect == {
        "enos": Standing.NOT_EXERCISED,
        "tuya": Standing.VIOLATED,
    }
    assert judgement.promises["V12"].standing is Standing.VIOLATED
    assert [finding.promise for finding in judgement.findings] == ["V12"]


def test_a_dialect_without_a_contract_is_refused() -> None:
    """There is nothing to judge it by."""
    with pytest.raises(ValueError, match=r"devices speak enos; there are contracts for tuya"):
        judge(rollout().in_order(), {"tuya": CONTRACT})


def test_expectations_are_looked_at_when_they_are_due() -> None:
    """One device was updated by 10 s, both in the end; an unknown fleet has nothing to measure."""
    half = replace(UPDATED, text="half", value=50, by_ms=10_000)
    early = replace(UPDATED, text="early", by_ms=10_000)
    nobody = replace(UPDATED, text="nobody", fleet="x")

    judgement = judge(rollout().in_order(), CONTRACTS, expectations=[UPDATED, half, early, nobody])

    assert [(one.text, one.held, one.value) for one in judgement.expectations] == [
        ("updated == 100%", True, 100.0),
        ("half", True, 50.0),
        ("early", False, 50.0),
        ("nobody", False, None),
    ]


def test_a_run_that_goes_on_is_held_against_what_is_due() -> None:
    """The first expectation that fails is returned, with what was found so far."""
    records = [record for record in rollout().in_order() if record.t <= 10_000]
    hold = Expectation(text="promises hold", file="s.yaml", line=8, kind="promises_hold")

    broken = first_broken(records, CONTRACTS, [hold, UPDATED], VIRTUAL_TIME)

    assert broken is not None
    assert (broken.text, broken.value) == ("updated == 100%", 50.0)
    assert first_broken(records, CONTRACTS, [hold], VIRTUAL_TIME) is None


def test_an_empty_log_is_judged() -> None:
    """Nothing was exercised, and nothing was met."""
    judgement = judge([], CONTRACTS, expectations=[UPDATED])

    assert {one.standing for one in judgement.promises.values()} == {Standing.NOT_EXERCISED}
    assert not judgement.expectations[0].held


def test_outcomes_of_dialects_are_merged() -> None:
    """The worst standing, all counts, the first violation's witness."""
    violation = Violation("V01", "broke", Witness("proof"))
    outcomes = {
        "a": Outcome("V01", n=3, doubts=(Doubt("V01", "unclear"),), reason="of a"),
        "b": Outcome("V01", n=4, violations=(violation,), reason="of b"),
    }

    assert _merge(outcomes) == PromiseVerdict(
        standing=Standing.VIOLATED,
        n=7,
        witness=Witness("proof"),
        violations_count=1,
        by_dialect={"a": Standing.INCONCLUSIVE, "b": Standing.VIOLATED},
        reason="broke; of a; of b",
        doubts_count=1,
    )


def test_a_doubt_is_shown_where_nothing_broke() -> None:
    """A reader wants to see what is unclear."""
    doubt = Doubt("V01", "unclear", Witness("perhaps"))

    verdict = _merge({"a": Outcome("V01", n=3, doubts=(doubt,))})

    assert (verdict.witness, verdict.reason) == (Witness("perhaps"), "unclear")


def test_findings_beyond_the_limit_are_only_counted() -> None:
    """No report shows hundreds of them."""
    finding = Finding("V12", "odd", Witness("odd"))

    verdict = _merge({"a": Outcome("V12", findings=(finding,) * (FINDINGS_MAX + 5))})

    assert verdict.findings_count == FINDINGS_MAX + 5


def eventful() -> list[Record]:
    """Return a log in which most kinds of things happen."""
    log = rollout()
    log.devices("d3", "d4")
    log.job(1_500, job="j2", to="3.0", retries=2, interval_s=5)
    log.push(40_000, "d3", version="3.0")
    log.progress(41_000, "d3", -3, "bad")
    log.push(47_000, "d3", version="3.0")
    log.offline(48_000, "d3")
    log.online(49_000, "d3")
    log.version(49_100, "d3", "1.0")
    log.push(49_200, "d3", version="3.0")
    log.push(50_000, "d4", version="3.0")
    log.call(51_000, "cancel_tasks", "d4", job="j2")
    log.call(52_000, "retry_tasks", "d4", job="j2", outcome="unknown")
    log.add(53_000, "C", "fault_injected", id="S01")
    log.add(54_000, "C", "fault_healed", id="S01")
    for key, status in (("d3", "under_way"), ("d4", "failed")):
        log.show(key, status, job="j2")
    log.poll(55_000, job="j2")
    log.probe(56_000, ["job_id", "=", ["j2"]], "j2-d3", job="j2")
    log.refuse(57_000, ["noSuchField", "=", ["1"]])
    return log.in_order()


EVENTFUL = eventful()


@given(st.lists(st.booleans(), min_size=len(EVENTFUL), max_size=len(EVENTFUL)))
def test_a_log_with_holes_is_judged(kept: list[bool]) -> None:
    """A killed process leaves any part of its records behind; the judge makes do with those."""
    records = [record for record, is_kept in zip(EVENTFUL, kept, strict=True) if is_kept]

    judgement = judge(records, CONTRACTS, expectations=[UPDATED], tolerance=VIRTUAL_TIME)

    totals = judgement.totals
    assert totals.updated + totals.failed + totals.waiting + totals.stuck == totals.devices
    assert list(judgement.promises) == list(PROMISES)


@given(st.integers(0, 60_000))
def test_a_log_cut_off_anywhere_breaks_no_promise(until: int) -> None:
    """What was clean in full is clean in part: windows that had not closed are cut off."""
    records = [record for record in rollout().in_order() if record.t <= until]

    judgement = judge(records, CONTRACTS, tolerance=VIRTUAL_TIME)

    assert not [
        name
        for name, one in judgement.promises.items()
        if one.standing in {Standing.VIOLATED, Standing.INCONCLUSIVE}
    ]


# --- what it comes to ----------------------------------------------------------------------------


def judgement(*, standing: Standing = Standing.HELD, held: bool = True) -> Judgement:
    """Make a judgement of one promise and one expectation."""
    return Judgement(
        promises={"V01": PromiseVerdict(standing)},
        expectations=(ExpectationResult("x", "f", 1, held, None),),
    )


@pytest.mark.parametrize(
    "standing",
    [Standing.HELD, Standing.INCONCLUSIVE, Standing.NOT_EXERCISED, Standing.NOT_PROMISED],
)
def test_only_a_violation_fails_by_itself(standing: Standing) -> None:
    """What is unclear fails only where it is required."""
    assert decide(judgement(standing=standing)) == Verdict("passed", 0)


def test_a_violated_promise_fails_the_run() -> None:
    """Whether or not an expectation mentions it."""
    assert decide(judgement(standing=Standing.VIOLATED)) == Verdict("failed", 1)


def test_an_unmet_expectation_fails_the_run() -> None:
    """With every promise held."""
    assert decide(judgement(held=False)) == Verdict("failed", 1)


def test_the_most_important_reason_decides() -> None:
    """Interrupted, invalid, aborted, failed, passed: 130, 5, 4, 1, 0."""
    failed = judgement(held=False)

    assert [
        decide(failed, interrupted=True, aborted=True, invalid_reason="lag"),
        decide(failed, aborted=True, invalid_reason="lag"),
        decide(failed, aborted=True),
        decide(failed),
    ] == [
        Verdict("aborted", 130),
        Verdict("invalid", 5),
        Verdict("aborted", 4),
        Verdict("failed", 1),
    ]


def test_only_an_interrupted_run_was_ended_by_a_person() -> None:
    """An expectation that ends a run aborts it, too."""
    found = [
        decide(judgement(), interrupted=True, aborted=True, invalid_reason="slow"),
        decide(judgement(), aborted=True),
        decide(judgement()),
    ]

    assert [one.is_interrupted for one in found] == [True, False, False]
