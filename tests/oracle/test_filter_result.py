from __future__ import annotations

from typing import Any

from fleet_sim.oracle.filter_result import filter_result
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, judged

MINE = ["job_id", "=", ["j1"]]


def rollout() -> Log:
    """Return a log with three rows that a poll showed at 5,000."""
    log = Log()
    log.devices("d1", "d10", "d2")
    log.job(1_000)
    for key in ("d1", "d10", "d2"):
        log.show(key, "queued")
    log.poll(5_000)
    return log


def where(name: str, *values: str, operator: str = "in") -> list[Any]:
    """Return a filter for one field in the job."""
    return ["all", MINE, [name, operator, list(values)]]


def test_the_right_rows_hold() -> None:
    """All that match and no others; the poll before counts as a search too."""
    log = rollout()
    log.probe(20_000, where("device_key", "d1", "d2"), "j1-d1", "j1-d2")

    outcome = judged(filter_result, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 2)


def test_a_row_that_only_resembles_is_convicted() -> None:
    """A list is compared by whole values."""
    log = rollout()
    log.probe(20_000, where("device_key", "d1"), "j1-d1", "j1-d10")

    outcome = judged(filter_result, log)

    assert outcome.standing is Standing.VIOLATED
    assert "do not match: j1-d10" in outcome.violations[0].text


def test_a_row_left_out_is_convicted() -> None:
    """It was known before, and its key does not change."""
    log = rollout()
    log.probe(20_000, where("device_key", "d1", "d2"), "j1-d1")

    outcome = judged(filter_result, log)

    assert outcome.standing is Standing.VIOLATED
    assert "left out rows that match: j1-d2" in outcome.violations[0].text


def test_a_row_of_another_job_is_convicted() -> None:
    """A poll for a job shows that job's tasks."""
    log = rollout()
    log.job(6_000, job="j2", to="3.0")
    log.show("d1", "queued", job="j2", job_id="j1", task="odd")
    log.poll(20_000, job="j2")

    assert judged(filter_result, log).standing is Standing.VIOLATED


def test_an_unknown_field_must_be_refused() -> None:
    """An answer is wrong, whatever it holds."""
    refused, answered = rollout(), rollout()
    refused.refuse(20_000, where("noSuchField", "1"))
    answered.probe(20_000, where("noSuchField", "1"), "j1-d1", "j1-d10", "j1-d2")

    assert judged(filter_result, refused).standing is Standing.HELD
    outcome = judged(filter_result, answered)
    assert outcome.standing is Standing.VIOLATED
    assert "noSuchField, which no row has" in outcome.violations[0].text


def test_a_refusal_of_known_fields_is_a_doubt() -> None:
    """Not every vendor compares every field every way."""
    log = rollout()
    log.refuse(20_000, where("desc", "x", operator="like"))

    assert judged(filter_result, log).standing is Standing.INCONCLUSIVE


def test_a_status_that_may_have_changed_proves_nothing() -> None:
    """Queued at the last poll, it may have begun since."""
    log = rollout()
    log.show("d1", "pushed")
    log.probe(20_000, where("status", "under_way"), "j1-d1")
    log.probe(21_000, where("status", "queued"))

    assert judged(filter_result, log).violations == ()


def test_a_status_that_stood_still_is_judged() -> None:
    """The very same row before and after the search."""
    wrong, missing = rollout(), rollout()
    wrong.probe(20_000, where("status", "failed"), "j1-d1")
    missing.probe(20_000, where("status", "queued"), "j1-d1", "j1-d2")
    missing.probe(21_000, MINE, "j1-d1", "j1-d10", "j1-d2")

    assert judged(filter_result, wrong).standing is Standing.VIOLATED
    assert judged(filter_result, missing).standing is Standing.VIOLATED


def test_a_row_seen_only_a_moment_before_may_be_missing() -> None:
    """A read may lag."""
    log = rollout()
    log.devices("d3")
    log.show("d3", "queued")
    log.poll(19_000)
    log.probe(20_000, where("device_key", "d3"))

    assert judged(filter_result, log).violations == ()


def test_a_walk_that_broke_off_need_not_hold_all() -> None:
    """Its pages say that there is more; V43 looks into that."""
    log = rollout()
    log.probe(20_000, MINE, "j1-d1", pages=[[1, 1, 1, 3]])

    assert judged(filter_result, log).violations == ()


def test_no_search_is_not_exercised() -> None:
    """Nothing was asked."""
    assert judged(filter_result, Log()).standing is Standing.NOT_EXERCISED
