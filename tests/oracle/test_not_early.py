from __future__ import annotations

import pytest

from fleet_sim.oracle.not_early import not_early
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, instants, judged


def under_way(*, is_foreign: bool = False) -> Log:
    """Return a log whose only device was pushed at 2,000 and spoke at 3,000; 60 s a timeout."""
    log = Log(is_foreign=is_foreign)
    log.devices("d1")
    log.job(1_000, retries=1)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    return log


@pytest.mark.parametrize("is_foreign", [False, True])
def test_a_timeout_in_time_holds(*, is_foreign: bool) -> None:
    """The row shows failed after the timer ran out."""
    log = under_way(is_foreign=is_foreign)
    log.show("d1", "failed")
    log.poll(63_050)

    outcome = judged(not_early, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


@pytest.mark.parametrize("is_foreign", [False, True])
def test_an_early_timeout_is_convicted(*, is_foreign: bool) -> None:
    """Failed at 40 s, though nothing had ended it and it had until 63 s."""
    log = under_way(is_foreign=is_foreign)
    log.show("d1", "failed")
    log.poll(40_000)

    outcome = judged(not_early, log)

    assert outcome.standing is Standing.VIOLATED
    assert instants(outcome)[-1] == 40_010
    assert "its time was not up before 62.9" in outcome.violations[0].text or is_foreign


def test_an_early_retry_is_convicted_as_a_second_push() -> None:
    """No read fell in between; the push itself came too soon."""
    log = under_way()
    log.push(40_000, "d1")

    outcome = judged(not_early, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [2_000, 3_000, 40_000])


def test_a_repetition_after_a_reconnect_is_part_of_the_attempt() -> None:
    """The device had not yet answered, and the contract allows it."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.offline(3_000, "d1")
    log.online(4_000, "d1")
    log.push(4_010, "d1")
    log.version(9_000, "d1", "2.0")
    log.show("d1", "succeeded", 100)
    log.poll(15_000)

    assert judged(not_early, log).standing is Standing.HELD


def test_two_repetitions_for_one_reconnect_are_one_too_many() -> None:
    """Each reconnect allows one."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.offline(3_000, "d1")
    log.online(4_000, "d1")
    log.push(4_200, "d1")
    log.push(5_000, "d1")

    assert judged(not_early, log).standing is Standing.VIOLATED


def test_a_failure_explains_an_early_end() -> None:
    """The device said so."""
    log = under_way()
    log.progress(5_000, "d1", -2)
    log.show("d1", "failed", -2)
    log.poll(10_000)

    assert judged(not_early, log).standing is Standing.HELD


def test_a_cancel_explains_an_early_end() -> None:
    """An operator ended it."""
    log = under_way()
    log.call(5_000, "cancel_tasks", "d1")
    log.show("d1", "failed", None, "user cancel")
    log.poll(10_000)

    assert judged(not_early, log).standing is Standing.HELD


def test_a_report_of_the_old_version_leaves_it_open() -> None:
    """A server may give up on a device that fell back; no vendor says."""
    log = under_way()
    log.version(6_000, "d1", "1.0")
    log.show("d1", "failed")
    log.poll(10_000)

    assert judged(not_early, log).standing is Standing.INCONCLUSIVE


def test_a_read_that_may_be_older_than_the_push_proves_nothing() -> None:
    """Asked right after the push, it still shows the task as queued."""
    log = under_way()
    log.show("d1", "queued")
    log.poll(3_500)

    assert judged(not_early, log).standing is Standing.NOT_EXERCISED


def test_a_silent_device_may_be_given_up_after_its_time_from_the_push() -> None:
    """Kinder than its contract; sooner is a conviction."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.show("d1", "failed")
    log.poll(62_000)
    kind = judged(not_early, log)
    early = Log()
    early.devices("d1")
    early.job(1_000)
    early.push(2_000, "d1")
    early.show("d1", "failed")
    early.poll(50_000)

    assert (kind.standing, judged(not_early, early).standing) == (Standing.HELD, Standing.VIOLATED)


def test_a_request_taken_back_from_a_device_that_went_away_is_a_doubt() -> None:
    """It shows as queued again: no vendor says that it may not."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.offline(5_000, "d1")
    log.show("d1", "queued")
    log.poll(10_000)

    assert judged(not_early, log).standing is Standing.INCONCLUSIVE


def test_a_push_that_only_an_open_point_explains_is_a_doubt() -> None:
    """A second one inside an attempt, unless the old version's report had ended it."""
    log = under_way()
    log.version(6_000, "d1", "1.0")
    log.push(8_000, "d1")

    assert judged(not_early, log).standing is Standing.INCONCLUSIVE


def test_a_log_that_ends_within_the_attempt_is_cut_off() -> None:
    """Nothing to say yet."""
    log = under_way()
    log.end(5_000)

    assert judged(not_early, log).standing is Standing.NOT_EXERCISED


def test_a_failure_that_may_not_have_arrived_explains_no_end_for_certain() -> None:
    """The device sent it and never had an acknowledgement."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.progress(5_000, "d1", -3, is_delivered=False)
    log.show("d1", "failed")
    log.poll(10_000)

    assert judged(not_early, log).standing is Standing.INCONCLUSIVE
