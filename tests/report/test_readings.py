from dataclasses import replace

import pytest

from fleet_sim.oracle.judge import PromiseVerdict, Verdict
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.thresholds import ExpectationResult
from fleet_sim.report.readings import reading_of, value_of, verdict_reason
from tests.report.judgements import (
    ABORTED,
    FAILED,
    INTERRUPTED,
    INVALID,
    MET,
    PASSED,
    held,
    judgement,
    mixed,
    run,
    violated,
)


def result(text: str, value: float | str | None) -> ExpectationResult:
    """Return what became of an expectation."""
    return ExpectationResult(text, "x.yaml", 1, held=False, value=value)


@pytest.mark.parametrize(
    ("text", "value", "told"),
    [
        ("updated[meters] == 100%", 99.97, "99.97%"),
        ("updated >= 3", 2.0, "2"),
        ("time_to_update[meters].p95 < 60s", 72_345.0, "1m12s"),
        ("reconnect.max<1m", 850.0, "850ms"),
        ("retries[field].mean <= 1.5", 1.75, "1.75"),
        ("updated == 100% by 5m", 50.0, "50%"),
        ("time_to_update.p95 < 60s", None, "nothing to measure"),
        ("promises hold", "violated: V01", "violated: V01"),
        ("V11 held", "not_exercised", "not exercised"),
        ("no such grammar", 2.0, "2"),
    ],
)
def test_a_value_is_told_in_the_unit_that_was_asked(
    text: str, value: float | str | None, told: str
) -> None:
    """Shares in percent, times as durations, counts as counts, promises in words."""
    assert value_of(result(text, value)) == told


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (held(1_200), "n = 1,200: breaks in < 0.25% (at 95%)"),
        (held(4), "n = 4: breaks in < 75% (at 95%)"),
        (held(3), "n = 3: never broken, but too few to bound a rate"),
        (violated(count=1), "n = 41: 1 break"),
        (violated(count=3), "n = 41: 3 breaks"),
        (
            PromiseVerdict(Standing.INCONCLUSIVE, 4, doubts_count=1),
            "n = 4: 1 occurrence can be read both ways",
        ),
        (
            PromiseVerdict(Standing.INCONCLUSIVE, 0, doubts_count=2, reason="polls were too rare"),
            "n = 0: 2 occurrences can be read both ways; polls were too rare",
        ),
        (
            replace(
                held(1_200),
                by_dialect={
                    "enos": Standing.NOT_PROMISED,
                    "tuya": Standing.HELD,
                    "huawei": Standing.NOT_PROMISED,
                },
            ),
            "n = 1,200: breaks in < 0.25% (at 95%); held: tuya; not promised: enos, huawei",
        ),
        (
            replace(held(4), by_dialect={"enos": Standing.HELD, "tuya": Standing.HELD}),
            "n = 4: breaks in < 75% (at 95%)",
        ),
        (PromiseVerdict(Standing.NOT_EXERCISED), "nothing in this run put it to the test"),
        (PromiseVerdict(Standing.NOT_PROMISED), "this vendor promises no such thing"),
    ],
)
def test_a_promise_is_told_with_its_count(one: PromiseVerdict, told: str) -> None:
    """How often it was exercised, and by which vendor where they differ."""
    assert reading_of(one) == told


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (PASSED, "1 expectation met, 2 promises held, none broken"),
        (ABORTED, "an expectation with `abort` ended the run"),
        (INTERRUPTED, "interrupted; what had happened until then was judged"),
    ],
)
def test_the_reason_fits_the_verdict(verdict: Verdict, reason: str) -> None:
    """One sentence, with the numbers that matter."""
    sample = judgement({"V01": held(5), "V11": held(2)}, expectations=(MET,))

    assert verdict_reason(run(), sample, verdict) == reason


def test_a_failed_run_names_both_reasons() -> None:
    """Expectations not met and promises broken, each only where there are any."""
    assert verdict_reason(run(), mixed(), FAILED) == (
        "1 of 2 expectations not met; 1 promise broken: V01"
    )
    assert verdict_reason(run(), judgement({"V01": violated()}), FAILED) == (
        "1 promise broken: V01"
    )


def test_an_invalid_run_says_what_spoilt_it() -> None:
    """The generator's own sentence, or that the simulator broke."""
    slow = run(invalid_reason="1.2 % of the sends left more than 1 s late")

    assert verdict_reason(slow, judgement(), INVALID) == (
        "1.2 % of the sends left more than 1 s late"
    )
    assert verdict_reason(run(), judgement(), INVALID) == "the simulator broke"
