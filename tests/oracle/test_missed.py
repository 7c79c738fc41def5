from __future__ import annotations

from typing import Any

import pytest

from fleet_sim.oracle.missed import may_be_missed
from tests.oracle.logs import Log, drawn


def rollout(*, is_foreign: bool = False) -> Log:
    """Return a log with one device and a job made at 1,000, which shows its task."""
    log = Log(is_foreign=is_foreign)
    log.devices("d1")
    log.job(1_000)
    log.show("d1", "queued")
    log.poll(2_000)
    return log


def missed(log: Log, **contract: Any) -> bool:  # noqa: ANN401 - any of the contract's fields
    """Ask about the first task, from its job on."""
    timeline = drawn(log, **contract)
    return may_be_missed(timeline, timeline.tasks[0], 1_000, 60_000)


@pytest.mark.parametrize(("back_ms", "is_missed"), [(9_000, True), (7_000, False)])
def test_a_device_that_was_away_for_long_may_have_missed_its_turn(
    back_ms: int,
    is_missed: bool,
) -> None:
    """Where devices are waited for so long; elsewhere a task waits for ever."""
    log = rollout()
    log.offline(3_000, "d1")
    log.online(back_ms, "d1")

    assert missed(log, online_timeout_s=5) == is_missed
    assert not missed(log)


def test_a_device_that_has_not_come_back_may_have_missed_its_turn() -> None:
    """Away since before the job, or for good."""
    log = rollout()
    log.offline(500, "d1")

    assert missed(log, online_timeout_s=50)
    assert not missed(log, online_timeout_s=70)


def test_a_device_that_was_there_all_along_missed_nothing() -> None:
    """Nobody had to wait for it."""
    assert not missed(rollout(), online_timeout_s=5)


def test_a_question_that_no_push_followed_in_time_may_have_been_missed() -> None:
    """The log tells of each; from outside none can be told from silence."""
    asked, pushed, late = rollout(), rollout(), rollout()
    for log, at in ((asked, 3_000), (pushed, 3_000), (late, 50_000)):
        log.add(at, "W", "question_sent", "d1", part=0, side="server", message="1")
    pushed.push(4_000, "d1")
    asks: dict[str, Any] = {"asks_version": True, "version_answer_timeout_s": 20}

    assert missed(asked, **asks)
    assert not missed(pushed, **asks)
    assert not missed(late, **asks)
    assert missed(rollout(is_foreign=True), **asks)
    assert missed(late, asks_version=True)


def test_the_question_before_an_attempt_is_not_of_the_next() -> None:
    """What may have been missed is looked for from its push on."""
    log = rollout()
    log.add(3_000, "W", "question_sent", "d1", part=0, side="server", message="1")
    log.push(4_000, "d1")
    log.add(9_000, "W", "question_sent", "d1", part=0, side="server", message="2")
    timeline = drawn(log, asks_version=True, version_answer_timeout_s=20)
    (task,) = timeline.tasks

    assert may_be_missed(timeline, task, task.attempts[0].start.hi + 1, 60_000)
    assert not may_be_missed(timeline, task, task.attempts[0].start.hi + 1, 20_000)
