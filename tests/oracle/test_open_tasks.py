from __future__ import annotations

from typing import Any

import pytest

from fleet_sim.model.record import CLOSED_BY_BROKER
from fleet_sim.oracle.open_tasks import Reason, Wait, reason_for
from tests.oracle.logs import Log, drawn

TIMES_OUT = "times_out"


def rollout(status: str = "queued", **order: object) -> Log:
    """Return a log with one device, a job made at 1,000 and a row of this status."""
    log = Log()
    log.devices("d1")
    log.job(1_000, **order)  # type: ignore[arg-type]
    log.show("d1", status)
    return log


def reason(log: Log, at: int = 120_000, **changes: object) -> Reason:
    """Poll once more and say why the first task is open."""
    log.poll(at)
    timeline = drawn(log, **changes)  # type: ignore[arg-type]
    return reason_for(timeline, timeline.tasks[0])


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_a_task_that_ended_is_over(status: str) -> None:
    """However it ended."""
    assert reason(rollout(status)).wait is Wait.OVER


def test_a_task_with_nothing_in_its_way_is_lost() -> None:
    """On line for two minutes, a slot free, and never pushed."""
    assert reason(rollout()) == Reason(Wait.LOST, "nothing stands in its way")


def test_a_task_that_could_start_a_moment_ago_is_unclear() -> None:
    """The start allowance had not passed when the log ended."""
    assert reason(rollout(), at=20_000).wait is Wait.UNCLEAR


def test_a_device_off_line_is_a_stated_reason() -> None:
    """Gone for now, or for good."""
    away, gone = rollout(), rollout()
    away.offline(50_000, "d1")
    gone.add(50_000, "D", "gone", "d1", why="brick")

    assert reason(away) == reason(gone) == Reason(Wait.STATED, "it is off line")


def test_a_device_just_back_is_unclear() -> None:
    """It has the start allowance from its return on."""
    log = rollout()
    log.offline(50_000, "d1")
    log.online(110_000, "d1")

    assert reason(log).wait is Wait.UNCLEAR


def test_a_device_that_somebody_elses_job_may_keep_is_unclear() -> None:
    """It had an open task before the run ordered anything; nothing tells when that ended."""
    log = rollout()
    log.add(0, "C", "kept_by_others", devices=["p/d1"])

    assert reason(log).wait is Wait.UNCLEAR


def test_a_device_that_another_client_takes_over_is_unclear() -> None:
    """It may have been pushed on the other's connection."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000)
    log.show("d1", "queued")
    for at in (2_000, 3_000):
        log.offline(at, "d1", CLOSED_BY_BROKER)
        log.online(at + 50, "d1")

    assert reason(log) == Reason(
        Wait.UNCLEAR, "another client may have spoken in its device's name"
    )


def test_a_device_of_which_nobody_could_tell_is_unclear() -> None:
    """For another reason, which is told: the backend did not say whether other jobs keep it."""
    log = rollout()
    log.add(0, "C", "kept_by_others", devices=[], untold=["p/d1"])

    assert reason(log) == Reason(
        Wait.UNCLEAR, "nobody could tell whether another job keeps its device busy"
    )


def test_a_stopped_job_is_a_stated_reason() -> None:
    """It pushes nothing."""
    log = rollout()
    log.call(50_000, "stop_job")

    assert reason(log) == Reason(Wait.STATED, "its job is stopped")


def test_a_closed_window_is_a_stated_reason() -> None:
    """Outside it nothing is pushed; one that has just opened leaves it unclear."""
    closed = rollout(window={"start_ms": 500_000, "end_ms": 600_000, "repeat_daily": False})
    opened = rollout(window={"start_ms": 119_000, "end_ms": 600_000, "repeat_daily": False})

    assert reason(closed) == Reason(Wait.STATED, "its schedule window is closed")
    assert reason(opened).wait is Wait.UNCLEAR


def test_a_device_that_has_to_ask_is_a_stated_reason() -> None:
    """The server waits for it, unless its contract has it push as well."""
    waits = Reason(Wait.STATED, "its device has to ask for the upgrade")

    assert reason(rollout(must_ask=True)) == waits
    assert reason(rollout(must_ask=True), pushes_unasked=True).wait is Wait.LOST


def test_a_device_that_asked_in_vain_is_lost() -> None:
    """With nothing in its way for longer than a start may take."""
    log = rollout(must_ask=True)
    log.ask(60_000, "d1")

    assert reason(log) == Reason(Wait.LOST, "it asked at 60 s, and nothing stood in its way")


@pytest.mark.parametrize(
    ("asked_at", "order"),
    [
        (20_000, {}),  # the job is too fresh
        (60_000, {"window": {"start_ms": 50_000, "end_ms": 600_000, "repeat_daily": False}}),
        (60_000, {"sources": ["0.9"]}),  # it runs another
    ],
)
def test_a_device_that_asked_too_early_waits(asked_at: int, order: dict[str, object]) -> None:
    """What was in its way when it asked is no reason to convict, gone or not."""
    log = rollout("queued", must_ask=True, **order)
    log.ask(asked_at, "d1")

    assert reason(log).wait is Wait.STATED


def test_a_device_that_asked_while_the_job_was_full_waits() -> None:
    """The slot that is free now was not free then."""
    log = rollout(must_ask=True, cap=1)
    log.devices("d2")
    log.ask(2_000, "d2", "2.0")
    log.show("d2", "pushed")
    log.poll(50_000)
    log.ask(60_000, "d1")
    log.update(70_000, "d2")
    log.show("d2", "succeeded", 100)

    assert reason(log).wait is Wait.STATED


def test_a_question_without_an_answer_convicts_nobody() -> None:
    """The answer may have been lost."""
    log = rollout(must_ask=True)
    log.ask(60_000, "d1", is_answered=False)

    assert reason(log).wait is Wait.STATED


def test_a_full_job_is_a_stated_reason() -> None:
    """Another device holds the only slot."""
    log = rollout(cap=1)
    log.devices("d2")
    log.push(2_000, "d2")
    log.show("d2", "pushed")

    assert reason(log) == Reason(Wait.STATED, "no slot is free")


def test_a_retry_interval_is_a_stated_reason() -> None:
    """Counted from when the attempt was seen over."""
    log = rollout(retries=1, interval_s=300)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", -3)
    log.poll(8_000)

    assert reason(log) == Reason(Wait.STATED, "the retry interval has not passed")


def test_a_round_that_is_not_over_is_a_stated_reason() -> None:
    """By contract retries wait for all other tasks."""
    log = rollout(retries=1)
    log.devices("d2")
    log.push(2_000, "d1")
    log.progress(3_000, "d1", -3)
    log.push(2_000, "d2")
    log.show("d2", "pushed")

    found = reason(log, retry_round="after_whole_task")

    assert found == Reason(Wait.STATED, "retries begin when every task had its turn")


def test_a_device_that_missed_its_turn_waits_for_the_round() -> None:
    """It was given up while it was away, which no push shows."""
    log = rollout(retries=1)
    log.offline(3_000, "d1")
    log.online(9_000, "d1")
    log.devices("d2")
    log.show("d2", "queued")
    rounds: dict[str, Any] = {"retry_round": "after_whole_task", "retry_on": ("timeout",)}

    found = reason(log, online_timeout_s=5, **rounds)

    assert found == Reason(Wait.STATED, "retries begin when every task had its turn")
    assert reason(log, **rounds).wait is Wait.LOST


def test_tasks_that_missed_no_turn_do_not_excuse_one_another() -> None:
    """Nobody tries again who has no retry left, or where what was missed is not tried again."""
    rounds: dict[str, Any] = {"online_timeout_s": 5, "retry_round": "after_whole_task"}
    for retries, retry_on in ((0, ("timeout",)), (1, ("failed",))):
        log = rollout(retries=retries)
        log.devices("d2")
        log.show("d2", "queued")
        for one in ("d1", "d2"):
            log.offline(3_000, one)
            log.online(9_000, one)

        assert reason(log, retry_on=retry_on, **rounds).wait is Wait.LOST


def test_the_interval_counts_from_when_a_device_that_missed_its_turn_is_back() -> None:
    """By then it was given up, at the latest."""
    log = rollout(retries=1, interval_s=300)
    log.offline(3_000, "d1")
    log.online(9_000, "d1")

    found = reason(log, online_timeout_s=5)

    assert found == Reason(Wait.STATED, "the retry interval has not passed")


def test_a_device_busy_with_another_job_is_a_stated_reason() -> None:
    """It takes part in one upgrade at a time."""
    log = rollout()
    log.job(1_500, job="j2", to="3.0")
    log.push(2_000, "d1", version="3.0")
    log.show("d1", "pushed", job="j2")
    log.poll(60_000, job="j2")

    assert reason(log) == Reason(Wait.STATED, "it is busy with another job")


def test_a_device_that_runs_the_target_is_unclear() -> None:
    """It may not be pushed; what becomes of its task, no vendor says."""
    log = rollout()
    log.version(50_000, "d1", "2.0")

    assert reason(log).wait is Wait.UNCLEAR


def test_a_silent_device_that_may_wait_is_a_stated_reason() -> None:
    """Pushed, no word, no timer."""
    log = rollout("pushed")
    log.push(2_000, "d1")

    assert reason(log).wait is Wait.STATED
    assert reason(log, silent_device=TIMES_OUT).wait is Wait.LOST


def test_a_silent_device_whose_time_is_not_up_waits_for_its_timer() -> None:
    """Where the silent time out as well."""
    log = rollout("pushed")
    log.push(100_000, "d1")

    assert reason(log, silent_device=TIMES_OUT).wait is Wait.TIMER


def test_an_attempt_whose_time_is_not_up_waits_for_its_timer() -> None:
    """The log ended before."""
    log = rollout("under_way")
    log.push(90_000, "d1")
    log.progress(91_000, "d1", 0)

    assert reason(log).wait is Wait.TIMER


def test_an_attempt_whose_time_ran_out_is_lost() -> None:
    """Its timer never fired."""
    log = rollout("under_way")
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)

    assert reason(log).wait is Wait.LOST


def test_an_attempt_that_may_be_a_later_one_is_unclear() -> None:
    """Its push may have gone with the connection."""
    log = rollout("pushed", retries=1)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.offline(60_000, "d1")

    assert reason(log).wait is Wait.UNCLEAR


def test_an_attempt_that_the_log_does_not_show_is_unclear() -> None:
    """Under way without a push."""
    assert reason(rollout("under_way")).wait is Wait.UNCLEAR


def test_a_job_without_a_timeout_waits_for_ever() -> None:
    """Some vendors have no default."""
    log = rollout("under_way", timeout_s=None)

    assert reason(log, timeout_s=None) == Reason(Wait.STATED, "its job has no timeout")


def test_a_task_that_no_poll_showed_is_unclear() -> None:
    """Only its push is known."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    timeline = drawn(log)

    assert reason_for(timeline, timeline.tasks[0]).wait is Wait.UNCLEAR
