from __future__ import annotations

from typing import Any

import pytest

from fleet_sim.oracle.metrics import Measures, Totals
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.thresholds import Expectation, evaluate

MEASURES = Measures(Totals(devices=3, updated=2, failed=1), {"time_to_update": [1_000, 59_999]})


def held(standings: dict[str, Standing] | None = None, **wanted: Any) -> bool:  # noqa: ANN401
    """Tell whether an expectation is met."""
    expectation = Expectation(text="x", file="f", line=1, **{"kind": "metric", **wanted})
    return evaluate(expectation, measures=MEASURES, standings=standings or {}).held


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("<", 2, False),
        ("<=", 2, True),
        (">", 2, False),
        (">=", 2, True),
        ("==", 2, True),
        ("==", 3, False),
    ],
)
def test_numbers_compare(op: str, value: float, *, expected: bool) -> None:
    """Two devices are updated."""
    assert held(metric="updated", op=op, value=value) is expected


def test_shares_compare_as_fractions() -> None:
    """Two of three is less than 66.67 % and more than 66.66 %, and three of three is all."""
    share: dict[str, Any] = {"metric": "updated", "unit": "percent"}

    assert held(**share, op=">", value=66.66)
    assert held(**share, op="<", value=66.67)
    assert not held(**share, op="==", value=100)


def test_times_compare_in_milliseconds() -> None:
    """The slower of two took a little less than a minute."""
    wanted: dict[str, Any] = {"metric": "time_to_update", "stat": "p95", "unit": "ms"}

    assert held(**wanted, op="<", value=60_000)
    assert not held(**wanted, op="<", value=59_999)


@pytest.mark.parametrize("op", ["<", "<=", ">", ">=", "=="])
def test_a_missing_sample_is_no_pass(op: str) -> None:
    """Nothing was measured, so nothing was met."""
    assert not held(metric="reconnect", stat="p95", unit="ms", op=op, value=0)


def test_promises_hold_fails_on_a_violation_only() -> None:
    """What is unclear is shown and fails nothing."""
    unclear = {"V01": Standing.INCONCLUSIVE, "V02": Standing.NOT_EXERCISED}

    assert held(unclear, kind="promises_hold")
    assert not held({**unclear, "V04": Standing.VIOLATED}, kind="promises_hold")


@pytest.mark.parametrize("standing", list(Standing))
def test_a_promise_required_by_name_must_be_held(standing: Standing) -> None:
    """Anything else, also that it was never put to the test, fails."""
    found = held({"V11": standing}, kind="promise_held", promise="V11")

    assert found is (standing is Standing.HELD)


def test_a_result_says_what_was_found() -> None:
    """The number, or the standing in words; and where it was asked."""
    share = Expectation(
        text="updated > 50%",
        file="a.yaml",
        line=7,
        kind="metric",
        metric="updated",
        op=">",
        value=50,
        unit="percent",
    )
    hold = Expectation(text="promises hold", file="a.yaml", line=8, kind="promises_hold")

    found = evaluate(share, measures=MEASURES, standings={})
    broken = evaluate(hold, measures=MEASURES, standings={"V01": Standing.VIOLATED})

    assert (found.text, found.file, found.line, found.held) == ("updated > 50%", "a.yaml", 7, True)
    assert found.value == pytest.approx(66.6667, abs=1e-4)
    assert broken.value == "violated: V01"
