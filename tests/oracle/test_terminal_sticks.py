from __future__ import annotations

import pytest

from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.terminal_sticks import terminal_sticks
from tests.oracle.logs import Log, instants, judged


def seen(*statuses: str, retries: int = 0, every: int = 5_000) -> Log:
    """Return a log whose device failed at 3,000 and whose row showed these, one poll each."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=retries)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", -3)
    for number, status in enumerate(statuses):
        log.show("d1", status)
        log.poll(10_000 + every * number)
    return log


@pytest.mark.parametrize("final", ["succeeded", "failed", "cancelled"])
def test_an_end_that_stays_holds(final: str) -> None:
    """Every later read shows the same."""
    outcome = judged(terminal_sticks, seen("under_way", final, final))

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


@pytest.mark.parametrize(
    ("final", "later"),
    [("failed", "under_way"), ("failed", "succeeded"), ("succeeded", "failed")],
)
def test_an_end_that_changes_is_convicted(final: str, later: str) -> None:
    """The two reads prove it."""
    outcome = judged(terminal_sticks, seen(final, later))

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [10_010, 15_010])


def test_a_change_within_the_visibility_proves_nothing() -> None:
    """The second read may show an older copy of the row."""
    log = seen("succeeded", "under_way", every=1_500)

    assert judged(terminal_sticks, log).standing is Standing.NOT_EXERCISED


def test_a_failure_between_two_attempts_is_not_final() -> None:
    """A retry is left."""
    log = seen("failed", "pushed", retries=1)

    assert judged(terminal_sticks, log).standing is Standing.NOT_EXERCISED


def test_a_failure_after_the_last_attempt_is_final() -> None:
    """Two attempts were allowed and two had begun."""
    log = seen(retries=1)
    log.push(4_000, "d1")
    log.progress(5_000, "d1", -3)
    log.show("d1", "failed")
    log.poll(10_000)
    log.show("d1", "under_way")
    log.poll(20_000)

    assert judged(terminal_sticks, log).standing is Standing.VIOLATED


def test_a_cancelled_task_is_final_with_retries_left() -> None:
    """It shows as failed, and an operator had asked for that."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=2)
    log.call(3_000, "cancel_tasks", "d1")
    for number, status in enumerate(["failed", "pushed"]):
        log.show("d1", status)
        log.poll(10_000 + 5_000 * number)

    assert judged(terminal_sticks, log).standing is Standing.VIOLATED


def test_an_operators_retry_opens_it_again() -> None:
    """The call came between the two reads."""
    log = seen("failed", "queued")
    log.call(12_000, "retry_tasks", "d1")

    assert judged(terminal_sticks, log).violations == ()


def test_a_contract_may_heal() -> None:
    """A late success then replaces a failure, but nothing replaces a success."""
    healed, broken = seen("failed", "succeeded"), seen("succeeded", "failed")

    assert judged(terminal_sticks, healed, late_success="heal").standing is Standing.HELD
    assert judged(terminal_sticks, broken, late_success="heal").standing is Standing.VIOLATED


def test_cancelled_and_failed_may_be_one_word() -> None:
    """Where a vendor shows the one as the other."""
    log = seen("cancelled", "failed")

    assert judged(terminal_sticks, log).standing is Standing.HELD
    apart = judged(terminal_sticks, log, cancel_shows_as="cancelled")
    assert apart.standing is Standing.VIOLATED


def test_open_tasks_are_not_exercised() -> None:
    """No end was seen."""
    assert judged(terminal_sticks, seen("pushed")).standing is Standing.NOT_EXERCISED
