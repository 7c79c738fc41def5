from __future__ import annotations

from typing import Any

import pytest

from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.retry_gap import retry_gap
from tests.oracle.logs import Log, instants, judged

NOT_PROMISED = Standing.NOT_PROMISED


def retried(at: int, *, interval_s: int = 20, is_foreign: bool = False, **order: object) -> Log:
    """Return a log whose only device fails at 5,000 and is pushed again at `at`."""
    log = Log(is_foreign=is_foreign)
    log.devices("d1")
    log.job(1_000, **{"retries": 2, "interval_s": interval_s, **order})  # type: ignore[arg-type]
    log.push(2_000, "d1")
    log.progress(5_000, "d1", -3)
    log.push(at, "d1")
    return log


@pytest.mark.parametrize("is_foreign", [False, True])
def test_a_retry_after_the_interval_holds(*, is_foreign: bool) -> None:
    """Twenty seconds after the failure, and a little more."""
    outcome = judged(retry_gap, retried(25_020, is_foreign=is_foreign))

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


@pytest.mark.parametrize("is_foreign", [False, True])
def test_a_retry_before_the_interval_is_convicted(*, is_foreign: bool) -> None:
    """Both pushes and the failure between them prove it."""
    outcome = judged(retry_gap, retried(15_000, is_foreign=is_foreign))

    assert outcome.standing is Standing.VIOLATED
    assert len(instants(outcome)) == 3


def test_no_interval_means_at_once() -> None:
    """A gap of none is kept by any retry."""
    assert judged(retry_gap, retried(5_001, interval_s=0)).standing is Standing.HELD


def test_the_gap_counts_from_the_timeout() -> None:
    """The device was silent at the end; its time was up at 63 s."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=1, interval_s=20)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.push(70_000, "d1")

    assert judged(retry_gap, log).standing is Standing.VIOLATED


def test_a_retry_that_nothing_held_up_must_not_be_late() -> None:
    """On line, slot free, job running: 30 s after it was due is the latest."""
    on_time, late = retried(54_000), retried(60_000)

    assert judged(retry_gap, on_time).standing is Standing.HELD
    assert judged(retry_gap, late).standing is Standing.VIOLATED


def test_a_device_that_was_away_may_be_retried_late() -> None:
    """It came back only then."""
    log = retried(90_000)
    log.offline(6_000, "d1")
    log.online(89_900, "d1")

    assert judged(retry_gap, log).standing is Standing.HELD


def test_a_retry_that_was_missed_has_a_gap_of_its_own() -> None:
    """The device was given up while it was away, and asked in vain until the next was due."""
    log = retried(90_000, must_ask=True)
    log.offline(6_000, "d1")
    log.online(40_000, "d1")
    log.ask(58_000, "d1")

    assert judged(retry_gap, log, online_timeout_s=30).standing is Standing.HELD
    assert judged(retry_gap, log).standing is Standing.VIOLATED


def test_a_full_job_may_retry_late() -> None:
    """Its only slot was taken."""
    log = retried(90_000, cap=1)
    log.devices("d2")
    log.push(5_500, "d2")
    log.version(80_000, "d2", "2.0")
    log.show("d2", "under_way")
    log.poll(79_000)

    assert judged(retry_gap, log).standing is Standing.HELD


def test_a_stopped_job_may_retry_late() -> None:
    """It pushes nothing until it is started again."""
    log = retried(90_000)
    log.call(6_000, "stop_job")
    log.call(88_000, "start_job")

    assert judged(retry_gap, log).standing is Standing.HELD


def test_an_operators_retry_knows_no_gap() -> None:
    """It is pushed at once."""
    log = retried(6_000)
    log.call(5_500, "retry_tasks", "d1")

    assert judged(retry_gap, log).standing is Standing.NOT_EXERCISED


def test_a_push_after_a_success_is_not_this_promises_affair() -> None:
    """No gap is right there; V16 convicts it."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=1, interval_s=20)
    log.push(2_000, "d1")
    log.version(5_000, "d1", "2.0")
    log.push(9_000, "d1")

    assert judged(retry_gap, log).standing is Standing.NOT_EXERCISED


def test_a_push_that_may_repeat_the_request_proves_nothing() -> None:
    """A silent device's time was up as it reconnected: a retry without a gap, or a repetition."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=1, interval_s=20)
    log.push(2_000, "d1")
    log.offline(61_000, "d1")
    log.online(62_500, "d1")
    log.push(62_510, "d1")

    outcome = judged(retry_gap, log, silent_device="times_out")

    assert outcome.standing is Standing.NOT_EXERCISED


def test_rounds_may_be_awaited() -> None:
    """By contract a retry waits until every task has had its turn."""
    log = retried(90_000)

    assert judged(retry_gap, log, retry_round="after_whole_task").standing is Standing.HELD


def test_one_attempt_has_no_gap() -> None:
    """Nothing to measure."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")

    assert judged(retry_gap, log).standing is Standing.NOT_EXERCISED


def test_a_gap_that_flights_may_have_shortened_is_a_doubt_from_outside() -> None:
    """The device's messages take three seconds; so may the push have."""
    log = retried(25_500, is_foreign=True)
    log.add(10_000, "W", "progress_sent", "d1", message="slow", side="device", step=-3, desc="")
    log.add(13_000, "W", "delivered", "d1", message="slow", side="device")

    assert judged(retry_gap, log).standing is Standing.INCONCLUSIVE


def test_a_second_less_is_granted_from_outside_unless_it_is_all_there_is() -> None:
    """Of a gap of one second it would leave nothing."""
    half_a_second = {"message": "slow", "side": "device"}
    long, short = retried(25_000, is_foreign=True), retried(6_000, interval_s=1, is_foreign=True)
    for log in (long, short):
        log.add(500, "W", "progress_sent", "d1", step=0, desc="", fields=half_a_second)
        log.add(1_000, "W", "delivered", "d1", fields=half_a_second)

    assert judged(retry_gap, long).standing is Standing.HELD
    assert judged(retry_gap, short).standing is Standing.INCONCLUSIVE


def asked(*asked_at: int) -> Log:
    """Return a log whose device fails at 5,000, asks in vain, and is offered it again at 90 s."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=2, interval_s=20, must_ask=True)
    log.ask(2_000, "d1", "2.0")
    log.progress(5_000, "d1", -3)
    for at in asked_at:
        log.ask(at, "d1")
    log.ask(90_000, "d1", "2.0")
    return log


def test_a_retry_waits_for_its_device_to_ask() -> None:
    """Nothing is late that was not asked for, or was asked for before it was due."""
    assert judged(retry_gap, asked()).standing is Standing.HELD
    assert judged(retry_gap, asked(20_000)).standing is Standing.HELD
    assert judged(retry_gap, asked(40_000)).standing is Standing.HELD


def test_a_retry_that_was_asked_for_in_vain_is_late() -> None:
    """It was due at 25 s, and 30 s later the device asked."""
    assert judged(retry_gap, asked(60_000)).standing is Standing.VIOLATED


def test_a_retry_offered_before_the_interval_is_convicted() -> None:
    """Asking hastens nothing."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=2, interval_s=20, must_ask=True)
    log.ask(2_000, "d1", "2.0")
    log.progress(5_000, "d1", -3)
    log.ask(15_000, "d1", "2.0")

    assert judged(retry_gap, log).standing is Standing.VIOLATED


def test_a_vendor_without_intervals_promises_none() -> None:
    """Where retries wait for the end of a round, too; an interval that a job has is kept."""
    none: dict[str, Any] = {"retry_interval_s_max": 0, "retry_round": "after_whole_task"}

    assert judged(retry_gap, retried(5_001, interval_s=0), **none).standing is NOT_PROMISED
    assert judged(retry_gap, retried(15_000), **none).standing is Standing.VIOLATED


def test_a_vendor_that_retries_at_once_is_held_to_it() -> None:
    """No interval is an interval, where each device's retry follows its own failure."""
    outcome = judged(retry_gap, retried(5_001, interval_s=0), retry_interval_s_max=0)

    assert outcome.standing is Standing.HELD
