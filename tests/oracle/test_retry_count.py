from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.retry_count import retry_count
from tests.oracle.logs import Log, judged


def failing(times: int, *, retries: int = 2, is_foreign: bool = False) -> Log:
    """Return a log whose only device fails every attempt, one each 10 s from 2,000 on."""
    log = Log(is_foreign=is_foreign)
    log.devices("d1")
    log.job(1_000, retries=retries, interval_s=5)
    for number in range(times):
        log.push(2_000 + 10_000 * number, "d1")
        log.progress(5_000 + 10_000 * number, "d1", -3)
    return log


def over(log: Log, at: int = 120_000) -> Log:
    """Let the last poll show the task as failed."""
    log.show("d1", "failed", -3)
    log.poll(40_000)
    log.poll(at)
    return log


@pytest.mark.parametrize("is_foreign", [False, True])
def test_exactly_the_allowed_attempts_hold(*, is_foreign: bool) -> None:
    """One and two retries."""
    outcome = judged(retry_count, over(failing(3, is_foreign=is_foreign)))

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


@pytest.mark.parametrize("is_foreign", [False, True])
def test_one_attempt_too_many_is_convicted(*, is_foreign: bool) -> None:
    """Four pushes prove it."""
    outcome = judged(retry_count, failing(4, is_foreign=is_foreign))

    assert outcome.standing is Standing.VIOLATED
    assert len(outcome.violations[0].witness.records) == 4


def test_one_attempt_too_few_is_convicted() -> None:
    """It ended as failed with one retry left, on line all the time."""
    outcome = judged(retry_count, over(failing(2)))

    assert outcome.standing is Standing.VIOLATED
    assert "ended as failed after 2 attempts; its job allows 3" in outcome.violations[0].text


# Where devices are asked for their version first, and retried when all have had their turn.
IN_ROUNDS: dict[str, Any] = {
    "asks_version": True,
    "retry_round": "after_whole_task",
    "between_attempts_status": ("queued",),
    "retry_on": ("failed",),
}


@pytest.mark.parametrize(
    ("asked_at", "standing"),
    [
        ((1_500, 11_500), Standing.VIOLATED),
        ((1_500, 11_500, 30_000), Standing.INCONCLUSIVE),  # it may not have answered that
    ],
)
def test_an_attempt_that_ends_before_its_push_begins_with_a_question(
    asked_at: tuple[int, ...], standing: Standing
) -> None:
    """Without one more of them than pushes, no attempt came to nothing unseen."""
    log = failing(2)
    for at in asked_at:
        log.add(at, "W", "question_sent", "d1", side="server", message=str(at))

    assert judged(retry_count, over(log), **IN_ROUNDS).standing is standing


@pytest.mark.parametrize(
    "goes_wrong",
    [
        lambda log: log.add(80_000, "W", "question_sent", "d1", side="server", message="9"),
        lambda log: log.offline(80_000, "d1"),  # that nobody comes on line in time is no question
        lambda log: log.call(80_000, "stop_job"),
        lambda log: log.version(80_000, "d1", "2.0"),
    ],
    ids=["asked", "away", "stopped", "got there"],
)
def test_a_round_of_retries_may_open_long_after_the_failures(
    goes_wrong: Callable[[Log], object],
) -> None:
    """Another device's turn took until then; only then was this one to be tried again."""
    log = failing(2)
    for at in (1_500, 11_500):
        log.add(at, "W", "question_sent", "d1", side="server", message=str(at))
    log.show("d1", "queued")
    log.poll(40_000)
    goes_wrong(log)
    log.show("d1", "failed", -3)
    log.poll(110_000)
    log.poll(120_000)

    assert judged(retry_count, log, **IN_ROUNDS).violations == ()


def test_whoever_was_missed_before_the_first_push_has_an_attempt_less() -> None:
    """The device was not there when the job began, and the server may have given it up once."""
    log = Log()
    log.devices("d1")
    log.offline(500, "d1")
    log.job(1_000, retries=1, interval_s=5)
    log.online(60_000, "d1")
    log.push(61_000, "d1")
    log.progress(63_000, "d1", -3)
    log.show("d1", "failed", -3)
    log.poll(90_000)
    log.poll(150_000)

    assert judged(retry_count, log).standing is Standing.VIOLATED
    assert judged(retry_count, log, online_timeout_s=30).standing is Standing.INCONCLUSIVE


@pytest.mark.parametrize(
    "changes",
    [
        {"between_attempts_status": ("queued", "failed")},  # its round may yet come
        {},  # from outside, a question that was lost is not seen
    ],
)
def test_an_attempt_that_may_be_hidden_is_a_doubt(changes: dict[str, Any]) -> None:
    """Nobody is convicted for what the log cannot show."""
    log = failing(2, is_foreign=not changes)

    outcome = judged(retry_count, over(log), **{**IN_ROUNDS, **changes})

    assert outcome.standing is Standing.INCONCLUSIVE


def test_a_retry_that_is_still_due_is_cut_off() -> None:
    """The log ends within the interval and the start allowance."""
    assert judged(retry_count, over(failing(2), at=45_000)).standing is Standing.NOT_EXERCISED


def test_a_device_that_is_away_gets_no_retry() -> None:
    """It waits for the device; nothing is missing."""
    log = failing(2)
    log.offline(16_000, "d1")

    assert judged(retry_count, over(log)).standing is Standing.NOT_EXERCISED


def test_a_lost_push_may_be_the_missing_attempt() -> None:
    """The device flapped between its attempts, so one push may have been lost."""
    log = failing(2)
    log.offline(6_000, "d1")
    log.online(7_000, "d1")

    assert judged(retry_count, over(log)).standing is Standing.INCONCLUSIVE


def test_a_cancelled_task_gets_no_retry() -> None:
    """An operator ended it."""
    log = failing(2)
    log.call(16_000, "cancel_tasks", "d1")

    assert judged(retry_count, over(log)).standing is Standing.NOT_EXERCISED


def test_an_operators_retry_allows_as_many_again() -> None:
    """Three, the call, three more."""
    log = failing(3)
    log.call(30_000, "retry_tasks", "d1")
    for number in range(3):
        log.push(31_000 + 10_000 * number, "d1")
        log.progress(35_000 + 10_000 * number, "d1", -3)

    assert judged(retry_count, over(log)).standing is Standing.HELD


def test_repetitions_of_a_request_are_not_counted() -> None:
    """A silent device that flaps is pushed at each reconnect, within one attempt."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    for t in range(5_000, 50_000, 5_000):
        log.offline(t, "d1")
        log.online(t + 1_000, "d1")
        log.push(t + 1_010, "d1")

    assert judged(retry_count, log).violations == ()


def test_timeouts_are_not_retried_where_the_contract_says_so() -> None:
    """Some vendors try again after failures only."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=2, timeout_s=10)
    log.push(2_000, "d1")
    log.progress(2_500, "d1", 0)
    over(log)

    assert judged(retry_count, log, retry_on=("failed",)).standing is Standing.NOT_EXERCISED
    assert judged(retry_count, log).standing is Standing.VIOLATED


def test_a_device_that_reported_the_target_late_needs_no_retry() -> None:
    """Its success came after the timeout; another push would be needless."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=2, timeout_s=10)
    log.push(2_000, "d1")
    log.progress(2_500, "d1", 0)
    log.version(15_000, "d1", "2.0")
    over(log)

    assert judged(retry_count, log).standing is Standing.NOT_EXERCISED


def test_no_free_slot_is_a_reason() -> None:
    """Another device holds the only one."""
    log = Log()
    log.devices("d1", "d2")
    log.job(1_000, retries=2, cap=1)
    log.push(2_000, "d1")
    log.progress(5_000, "d1", -3)
    log.push(5_500, "d2")
    log.show("d2", "pushed")
    over(log)

    assert judged(retry_count, log).standing is Standing.NOT_EXERCISED


def test_a_single_attempt_without_retries_is_not_exercised() -> None:
    """Nothing to count."""
    assert judged(retry_count, over(failing(1, retries=0))).standing is Standing.NOT_EXERCISED


def asked_in_vain(*asked_at: int) -> Log:
    """Return a log whose device failed once of twice, and then asked at these instants."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=1, interval_s=5, must_ask=True)
    log.ask(2_000, "d1", "2.0")
    log.progress(5_000, "d1", -3)
    for at in asked_at:
        log.ask(at, "d1")
    return over(log)


def test_a_device_that_asked_for_its_retry_in_vain_convicts() -> None:
    """The interval was over, and nothing stood in the way."""
    outcome = judged(retry_count, asked_in_vain(30_000))

    assert outcome.standing is Standing.VIOLATED
    assert "ended as failed after 1 attempts; its job allows 2" in outcome.violations[0].text


@pytest.mark.parametrize("asked_at", [(), (7_000,)])
def test_a_device_that_did_not_ask_for_its_retry_misses_none(asked_at: tuple[int, ...]) -> None:
    """Not at all, or before the interval was over."""
    assert judged(retry_count, asked_in_vain(*asked_at)).standing is Standing.NOT_EXERCISED
