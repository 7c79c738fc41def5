import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.judge import Judgement, PromiseVerdict, Verdict
from fleet_sim.oracle.outcome import Finding, Standing, Witness
from fleet_sim.oracle.thresholds import ExpectationResult
from fleet_sim.report.junit import junit
from fleet_sim.report.run import Run
from tests.report.judgements import (
    ABORTED,
    FAILED,
    INTERRUPTED,
    INVALID,
    PASSED,
    WITNESS,
    held,
    judgement,
    mixed,
    run,
)


def suite_of(run: Run, judgement: Judgement, verdict: Verdict) -> TestSuite:
    """Return the one suite of the document, read by somebody else's parser."""
    document = junit(run, judgement, verdict)
    suites = list(JUnitXml.fromfile(io.BytesIO(document.encode())))
    assert len(suites) == 1
    return suites[0]


def case_of(suite: TestSuite, name: str) -> TestCase:
    """Return the case of this name."""
    (found,) = (case for case in suite if case.name == name)
    return found


def kinds(case: TestCase) -> list[type]:
    """Return how a case ended; nothing when it passed."""
    return [type(result) for result in case.result]


def test_each_expectation_and_promise_is_a_case() -> None:
    """And nothing else, in a run that ended by itself."""
    suite = suite_of(run(), mixed(), FAILED)

    assert [case.name for case in suite] == [
        "updated[meters] == 100%",
        "time_to_update[meters].p95 < 60s",
        *(f"{promise.id} {promise.name}" for promise in PROMISES.values()),
    ]
    assert {case.classname for case in suite} == {"expect", "promise"}


def test_the_sums_are_those_of_the_cases() -> None:
    """Readers that do not count are told the truth."""
    suite = suite_of(run(), mixed(), FAILED)

    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (28, 2, 0, 23)
    assert suite.time == pytest.approx(84.2)


def test_a_missed_expectation_fails_with_what_was_found() -> None:
    """File and line lead to the place in the scenario."""
    case = case_of(suite_of(run(), mixed(), FAILED), "time_to_update[meters].p95 < 60s")

    assert kinds(case) == [Failure]
    assert case.result[0].message == "time_to_update[meters].p95 < 60s: found 1m12s"
    assert case.result[0].text.startswith("happy.yaml:21: ")


def test_a_broken_promise_fails_with_its_witness() -> None:
    """The statement and the evidence."""
    case = case_of(suite_of(run(), mixed(), FAILED), "V01 cap")

    assert kinds(case) == [Failure]
    assert PROMISES["V01"].statement in case.result[0].text
    assert WITNESS.text in case.result[0].text


def test_a_held_promise_passes_and_prints_n() -> None:
    """How often it was put to the test, and how far that carries."""
    case = case_of(suite_of(run(), mixed(), FAILED), "V11 timeout_fires")

    assert kinds(case) == []
    assert case.system_out == "held, n = 1,200: breaks in < 0.25% (at 95%)"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("V15 retry_gap", "n = 4: 2 occurrences can be read both ways"),
        ("V02 one_active", "nothing in this run put it to the test"),
        ("V28 desc", "this vendor promises no such thing"),
    ],
)
def test_what_proves_nothing_is_skipped_with_the_reason(name: str, reason: str) -> None:
    """Undecided, not exercised and not promised are neither good nor bad."""
    case = case_of(suite_of(run(), mixed(), FAILED), name)

    assert kinds(case) == [Skipped]
    assert case.result[0].message == reason


@pytest.mark.parametrize("verdict", [ABORTED, INTERRUPTED, INVALID])
def test_a_run_that_did_not_end_as_planned_is_an_error(verdict: Verdict) -> None:
    """A CI that reads only this file must not take half a run for a good one."""
    suite = suite_of(run(invalid_reason="too slow"), judgement(), verdict)

    assert kinds(case_of(suite, "ended as planned")) == [Error]
    assert suite.errors == 1


def test_the_properties_identify_the_run() -> None:
    """Seed, version, totals and every override."""
    suite = suite_of(run(overrides=("enos: timeout_s_min is 10",)), mixed(), FAILED)

    found = {prop.name: prop.value for prop in suite.properties()}  # type: ignore[no-untyped-call]
    assert found["seed"] == "42"
    assert found["exit_code"] == "1"
    assert (found["devices"], found["updated"], found["retries"]) == ("100", "85", "7")
    assert found["override.1"] == "enos: timeout_s_min is 10"


@given(st.text(st.characters(exclude_categories=()), min_size=1))
def test_any_text_makes_a_readable_document(text: str) -> None:
    """Control characters, surrogates and markup of a device's own making included."""
    witness = Witness(text)
    sample = judgement(
        {"V01": PromiseVerdict(Standing.VIOLATED, 1, witness, reason=text), "V11": held(3)},
        expectations=(ExpectationResult(text, text, 1, held=False, value=text),),
        findings=(Finding("V12", text, witness),),
    )

    suite = suite_of(run(overrides=(text,)), sample, FAILED)

    assert suite.tests == 1 + len(PROMISES)


def test_a_passed_run_has_no_failure() -> None:
    """Green is green."""
    suite = suite_of(run(), judgement({"V01": held(9)}), PASSED)

    assert (suite.failures, suite.errors) == (0, 0)
