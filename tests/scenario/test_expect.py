from dataclasses import replace
from typing import Any

import pytest

from fleet_sim.oracle.thresholds import Expectation
from fleet_sim.scenario.expect import expectation_told, read_told
from tests.scenario.writing import FILE, loaded, told

BASE = """\
duration: 10m
fleets: {meters: {devices: 1, firmware: "1"}}
expect:
  - """


def expectation(text: str) -> Expectation:
    """Return the one expectation of a scenario."""
    return loaded(BASE + text).expect[0]


def metric(text: str, **fields: Any) -> Expectation:  # noqa: ANN401 - any field
    """Return the expectation that a text means, but for what is given."""
    return Expectation(text=text, file=FILE, line=4, kind="metric", **fields)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("updated == 100%", {"metric": "updated", "op": "==", "value": 100.0, "unit": "percent"}),
        (
            "updated[meters] >= 3",
            {"metric": "updated", "fleet": "meters", "op": ">=", "value": 3.0},
        ),
        (
            "updated[ meters ]>=99.5%",
            {"metric": "updated", "fleet": "meters", "op": ">=", "value": 99.5, "unit": "percent"},
        ),
        (
            "time_to_update[meters].p95 < 60s",
            {
                "metric": "time_to_update",
                "fleet": "meters",
                "stat": "p95",
                "op": "<",
                "value": 60_000.0,
                "unit": "ms",
            },
        ),
        ("retries.max <= 2", {"metric": "retries", "stat": "max", "op": "<=", "value": 2.0}),
        ("retries > 0", {"metric": "retries", "op": ">", "value": 0.0}),
        (
            "failed <= 5% by 1m30s",
            {"metric": "failed", "op": "<=", "value": 5.0, "unit": "percent", "by_ms": 90_000},
        ),
    ],
)
def test_comparisons_are_read(text: str, fields: dict[str, Any]) -> None:
    """Metric, fleet, statistic, operator, value with its unit, and by when."""
    assert expectation(text) == metric(text, **fields)


def test_promises_are_read() -> None:
    """All of them together, or one by its number."""
    assert expectation("promises hold").kind == "promises_hold"
    assert expectation("V11 held").promise == "V11"


def test_the_long_form_adds_when_to_give_up() -> None:
    """The comparison itself is the same."""
    found = expectation('{that: "updated == 1", abort: true, after: 1m}')

    assert found == metric("updated == 1", metric="updated", value=1.0, abort=True, after_ms=60_000)


def test_the_long_form_may_say_no_more_than_the_short() -> None:
    """Without abort it is an expectation like any other."""
    assert expectation('{that: "promises hold"}').abort is False


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("updated = 1", 'compares with "=", which there is not; write == (<, <=, >, >=, ==)'),
        ("updated != 1", 'compares with "!=", which there is not (<, <=, >, >=, ==)'),
        ("updated == 5s", 'compares updated with "5s"; write a share like 95% or a plain number'),
        ("updated == 101%", 'compares updated with "101%"; write a share like 95% or a …'),
        ("updated == -1", 'compares updated with "-1"; write a share like 95% or a plain number'),
        ("retries == 5%", 'compares retries with "5%"; write a plain number'),
        ("reconnect.max < 5", 'compares reconnect with "5"; write a duration like 60s'),
        ("reconnect < 5s", "asks for reconnect as if it were one number; write which, like …"),
        ("updated.p95 == 1", 'asks for "p95", which updated does not have; it is a plain number'),
        ("retries.p96 == 1", 'asks for "p96", which retries does not have; did you mean …'),
        ("updated == 1 by 5", 'says by "5"; write a duration with its unit, …'),
        ("updated == 1 by 11m", "says by 11m, but the run ends at 10m (duration)"),
        ("updated", 'is "updated"; write "metric[fleet].stat op value", …'),
        ("updated ==", 'is "updated =="; write "metric[fleet].stat op value", …'),
        ("'[meters] == 1'", 'is "[meters] == 1"; write "metric[fleet].stat op value", …'),
        ("updated[] == 1", 'names the fleet ""; known are: meters'),
        ("V1 held", 'names the promise "V1"; did you mean …'),
        ("{abort: true}", 'has no "that"; write what must be true, like that: updated == 100%'),
        ('{that: "promises hold", after: 1m}', "has no effect without abort: true"),
        ("{that: 5}", 'is 5; write "metric[fleet].stat op value", …'),
    ],
)
def test_slips_are_told_in_words(text: str, sentence: str) -> None:
    """Each says what was written and what would be right."""
    [said] = told(BASE + text)

    end = sentence.removesuffix("…")
    assert f" {end}" in said


def test_all_slips_of_the_long_form_are_told() -> None:
    """Keys, text and numbers of one entry, together."""
    assert len(told(BASE + '{that: "updatd == 1", abort: 5, after: x, aftr: 1m}')) == 4


@pytest.mark.parametrize("text", ["updated[meters] >= 95% by 5m", "promises hold", "V11 held"])
def test_what_a_log_tells_is_read_as_it_was(text: str) -> None:
    """With the place in the file, which the log does not name, or the flag."""
    from_file = expectation(text)
    from_flag = replace(from_file, file=f"--set expect.0={text}", line=0)

    told = [expectation_told(one) for one in (from_file, from_flag)]

    assert told[0] == {"text": text, "line": 4, "flag": ""}
    assert [read_told(one, file=FILE, fleets=["meters"]) for one in told] == [from_file, from_flag]


def test_what_a_log_tells_may_be_no_expectation() -> None:
    """Another hand may have written it; what is wrong is half a sentence."""
    told = {"text": "updated[pumps] == 1", "line": 4, "flag": ""}

    with pytest.raises(ValueError, match=r'^names the fleet "pumps"; known are: meters$'):
        read_told(told, file=FILE, fleets=["meters"])
