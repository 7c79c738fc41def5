from __future__ import annotations

from typing import Any

from fleet_sim.oracle.dynamic import dynamic
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, instants, judged


def _open(**order: Any) -> Log:  # noqa: ANN401 - a job's own
    """An open list with one device, and a second that comes to match at 6,100 ms."""
    log = Log()
    log.devices("d1")
    log.job(1_000, policy="incremental", **order)
    log.show("d1", "queued")
    log.poll(4_000)
    log.devices("d2", at=6_000)
    return log


def test_a_late_device_with_a_task_is_the_promise_kept() -> None:
    """However soon it shows."""
    log = _open()
    log.show("d2", "queued")
    log.poll(10_000)

    outcome = judged(dynamic, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


def test_a_late_device_without_a_task_is_convicted() -> None:
    """When its task was due, and a look at the whole list does not show it."""
    log = _open()
    log.poll(50_000)

    outcome = judged(dynamic, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [1_000, 6_100, 50_010])


def test_a_log_that_ends_before_the_task_is_due_says_nothing() -> None:
    """The start allowance had not passed."""
    log = _open()
    log.poll(30_000)

    assert judged(dynamic, log).standing is Standing.NOT_EXERCISED


def test_a_look_that_missed_rows_is_a_doubt() -> None:
    """The task may be among those it did not walk over."""
    log = _open()
    log.poll(50_000, unique=0)

    assert judged(dynamic, log).standing is Standing.INCONCLUSIVE


def test_a_stopped_job_owes_nothing() -> None:
    """Nobody joins it any more."""
    log = _open()
    log.call(8_000, "stop_job")
    log.poll(50_000)

    assert judged(dynamic, log).standing is Standing.NOT_EXERCISED


def test_a_device_that_moved_on_is_owed_nothing() -> None:
    """It reported yet another version before its task was due."""
    log = _open(sources=["1.0"])
    log.version(9_000, "d2", "3.0")
    log.poll(50_000)

    assert judged(dynamic, log).standing is Standing.NOT_EXERCISED


def test_of_several_lists_only_the_newest_owes_where_that_wins() -> None:
    """The older one's device is the newer one's."""
    log = _open()
    log.job(2_000, job="j2", policy="incremental", to="3.0")
    log.show("d2", "queued", job="j2")
    log.poll(50_000)
    log.poll(50_000, job="j2")

    both = judged(dynamic, log)
    newest = judged(dynamic, log, open_lists="newest_wins")

    assert both.standing is Standing.VIOLATED
    assert newest.standing is Standing.HELD


def test_a_push_to_a_device_that_ceased_to_match_is_convicted() -> None:
    """Its last report, certainly there before the push, names no source version."""
    log = Log()
    log.devices("d1")
    log.job(1_000, policy="incremental", sources=["1.0"])
    log.version(3_000, "d1", "1.7")
    log.push(9_000, "d1")

    outcome = judged(dynamic, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [1_000, 9_000])


def test_a_push_that_crosses_the_report_is_none() -> None:
    """It may have left before."""
    log = Log()
    log.devices("d1")
    log.job(1_000, policy="incremental", sources=["1.0"])
    log.version(9_000, "d1", "1.7")
    log.push(9_000, "d1")

    assert judged(dynamic, log).standing is Standing.NOT_EXERCISED


def test_a_vendor_without_open_lists_promises_nothing() -> None:
    """There is no word for them."""
    assert judged(dynamic, Log(), policy_names=None).standing is Standing.NOT_PROMISED
