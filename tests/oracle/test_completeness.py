from __future__ import annotations

import pytest

from fleet_sim.oracle.completeness import completeness
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, judged


def reported(*, is_foreign: bool = False) -> Log:
    """Return a log whose device was pushed at 2,000 and reported the target at 8,000."""
    log = Log(is_foreign=is_foreign)
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.version(8_000, "d1", "2.0")
    return log


def test_a_report_that_becomes_a_success_holds() -> None:
    """The first read that must show it does."""
    log = reported()
    log.show("d1", "succeeded", 100)
    log.poll(11_000)

    outcome = judged(completeness, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


@pytest.mark.parametrize("is_foreign", [False, True])
def test_a_report_that_is_ignored_is_convicted(*, is_foreign: bool) -> None:
    """Two seconds later the task still shows as under way."""
    log = reported(is_foreign=is_foreign)
    log.show("d1", "under_way", 0)
    log.poll(4_000)
    log.poll(11_000)

    outcome = judged(completeness, log)

    assert outcome.standing is Standing.VIOLATED
    assert "shows as under_way at 11 s" in outcome.violations[0].text


def test_progress_need_not_reach_100() -> None:
    """A version alone, from a device that never spoke before, is enough."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.version(8_000, "d1", "2.0")
    log.show("d1", "pushed")
    log.poll(11_000)

    assert judged(completeness, log).standing is Standing.VIOLATED


def test_a_read_within_the_visibility_proves_nothing() -> None:
    """It may be older than the report."""
    log = reported()
    log.show("d1", "under_way", 0)
    log.poll(9_500)

    assert judged(completeness, log).standing is Standing.NOT_EXERCISED


def test_a_report_after_the_timeout_needs_no_success() -> None:
    """The task stays failed."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.version(63_500, "d1", "2.0")
    log.show("d1", "failed")
    log.poll(70_000)

    assert judged(completeness, log).standing is Standing.NOT_EXERCISED


def test_a_report_that_crosses_a_cancel_proves_nothing() -> None:
    """Which of the two the server saw first decides."""
    log = reported()
    log.call(7_995, "cancel_tasks", "d1")
    log.show("d1", "failed", None, "user cancel")
    log.poll(12_000)

    assert judged(completeness, log).standing is Standing.NOT_EXERCISED


def test_a_report_that_may_not_have_arrived_proves_nothing() -> None:
    """No acknowledgement came."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.version(8_000, "d1", "2.0", is_delivered=False)
    log.show("d1", "pushed")
    log.poll(11_000)

    assert judged(completeness, log).standing is Standing.NOT_EXERCISED


def test_an_old_version_before_it_leaves_it_open() -> None:
    """A server may have given up on the device that fell back."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.version(5_000, "d1", "1.0")
    log.version(8_000, "d1", "2.0")
    log.show("d1", "failed")
    log.poll(12_000)

    assert judged(completeness, log).standing is Standing.NOT_EXERCISED
