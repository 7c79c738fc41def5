from __future__ import annotations

from fleet_sim.oracle.no_extra import no_extra
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, instants, judged


def pushed(**order: object) -> Log:
    """Return a log whose only device was pushed at 2,000."""
    log = Log()
    log.devices("d1")
    log.job(1_000, **order)  # type: ignore[arg-type]
    log.push(2_000, "d1")
    return log


def test_a_task_that_is_over_is_left_alone() -> None:
    """It succeeded and nothing follows."""
    log = pushed()
    log.version(5_000, "d1", "2.0")

    outcome = judged(no_extra, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


def test_a_push_after_success_is_convicted() -> None:
    """The report and the push prove it."""
    log = pushed()
    log.version(5_000, "d1", "2.0")
    log.offline(8_000, "d1")
    log.online(9_000, "d1")
    log.push(9_010, "d1")

    outcome = judged(no_extra, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [5_000, 9_010])


def test_a_push_after_a_cancel_is_convicted() -> None:
    """An operator's cancel had been answered with yes."""
    log = pushed(retries=2)
    log.call(5_000, "cancel_tasks", "d1")
    log.push(9_000, "d1")

    outcome = judged(no_extra, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [5_000, 9_000])
    assert "it was cancelled at 5.01 s" in outcome.violations[0].text


def test_a_push_that_crosses_the_cancel_proves_nothing() -> None:
    """It left before the answer."""
    log = pushed(retries=2)
    log.progress(3_000, "d1", -1)
    log.call(5_000, "cancel_tasks", "d1")
    log.push(5_050, "d1")

    assert judged(no_extra, log).violations == ()


def test_a_refused_or_unknown_cancel_proves_nothing() -> None:
    """Only an answer with yes ends a task for certain."""
    for outcome in ("fail", "unknown"):
        log = pushed(retries=2)
        log.progress(3_000, "d1", -1)
        log.call(5_000, "cancel_tasks", "d1", outcome=outcome)
        log.push(9_000, "d1")

        assert judged(no_extra, log).violations == ()


def test_a_push_after_the_last_attempt_is_convicted() -> None:
    """No retry was ordered."""
    log = pushed()
    log.progress(5_000, "d1", -3)
    log.push(9_000, "d1")

    outcome = judged(no_extra, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [5_000, 9_000])


def test_a_retry_that_the_contract_never_makes_is_convicted() -> None:
    """A timeout is not tried again there, retries left or not."""
    log = pushed(retries=2, timeout_s=10)
    log.progress(2_500, "d1", 0)
    log.push(20_000, "d1")

    assert judged(no_extra, log).standing is Standing.NOT_EXERCISED
    assert judged(no_extra, log, retry_on=("failed",)).standing is Standing.VIOLATED


def test_an_operators_retry_opens_a_task_again() -> None:
    """Its push is the operator's wish."""
    log = pushed()
    log.progress(5_000, "d1", -3)
    log.call(8_000, "retry_tasks", "d1")
    log.push(9_000, "d1")

    assert judged(no_extra, log).violations == ()


def test_a_success_that_reads_show_counts_too() -> None:
    """However it came about."""
    log = pushed()
    log.show("d1", "succeeded", 100)
    log.poll(6_000)
    log.push(9_000, "d1")

    assert judged(no_extra, log).standing is Standing.VIOLATED


def test_a_copy_of_a_push_is_no_push() -> None:
    """The network replayed an old request after the success."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1", "r1")
    log.version(5_000, "d1", "2.0")
    log.push(9_000, "d1", "r1")

    assert judged(no_extra, log).standing is Standing.HELD


def test_a_report_that_crosses_the_push_proves_nothing() -> None:
    """A repetition was on its way as the success arrived."""
    log = pushed()
    log.offline(3_000, "d1")
    log.online(4_000, "d1")
    log.version(4_050, "d1", "2.0")
    log.push(4_080, "d1")

    assert judged(no_extra, log).standing is Standing.HELD


def test_open_tasks_are_not_exercised() -> None:
    """Nothing is over yet."""
    assert judged(no_extra, pushed()).standing is Standing.NOT_EXERCISED


def test_a_push_that_arrives_after_the_end_is_a_doubt_from_outside() -> None:
    """It may have left before, and been under way since."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.version(5_000, "d1", "2.0")
    log.push(9_000, "d1")

    assert judged(no_extra, log).standing is Standing.INCONCLUSIVE


def test_a_push_that_only_a_read_shows_accuses_nobody() -> None:
    """A final state that is left is the affair of V24."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.version(5_000, "d1", "2.0")
    log.show("d1", "succeeded")
    log.poll(8_000)
    log.show("d1", "pushed")
    log.poll(12_000)

    assert judged(no_extra, log).standing is Standing.HELD


def test_a_retry_at_the_same_time_as_a_cancel_may_have_come_after_it() -> None:
    """Both calls were under way at once: nobody knows which took effect first."""
    log = pushed()
    log.call(3_000, "retry_tasks")
    log.call(3_005, "cancel_tasks")
    log.push(5_000, "d1")

    assert judged(no_extra, log).standing is Standing.HELD


def test_a_cancel_after_a_retry_is_the_last_word() -> None:
    """The retry opened the task again before it."""
    log = pushed()
    log.call(3_000, "cancel_tasks")
    log.call(4_000, "retry_tasks")
    log.call(5_000, "cancel_tasks")
    log.push(6_000, "d1")

    outcome = judged(no_extra, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [5_000, 6_000])
