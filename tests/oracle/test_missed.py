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


@pytest.mark.parametrize("contract", [{"online_timeout_s": 5}, {"asks_version": True}])
def test_a_device_that_was_away_may_have_missed_its_turn(contract: dict[str, Any]) -> None:
    """Where devices are waited for, or asked; elsewhere a task waits for ever."""
    log = rollout()
    log.offline(3_000, "d1")
    log.online(9_000, "d1")

    assert missed(log, **contract)
    assert not missed(log)


def test_a_device_that_was_there_all_along_missed_nothing() -> None:
    """Nobody had to wait for it."""
    assert not missed(rollout(), online_timeout_s=5)


def test_a_question_that_no_push_followed_may_have_been_missed() -> None:
    """The log tells of each; from outside none can be told from silence."""
    asked = rollout()
    asked.add(3_000, "W", "question_sent", "d1", part=0, side="server", message="1")
    pushed = rollout()
    pushed.add(3_000, "W", "question_sent", "d1", part=0, side="server", message="1")
    pushed.push(4_000, "d1")

    assert missed(asked, asks_version=True)
    assert not missed(pushed, asks_version=True)
    assert missed(rollout(is_foreign=True), asks_version=True)
