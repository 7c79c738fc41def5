from __future__ import annotations

import pytest

from fleet_sim.oracle.legal_moves import legal_moves
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, judged


def seen(*statuses: str, retries: int = 0, pushes: tuple[int, ...] = (2_000,)) -> Log:
    """Return a log with pushes at these instants, whose row showed these from 6,000 on, 5 s apart.

    Each attempt fails after half a second.
    """
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=retries)
    for t in pushes:
        log.push(t, "d1")
        log.progress(t + 500, "d1", -3)
    for number, status in enumerate(statuses):
        log.show("d1", status)
        log.poll(6_000 + 5_000 * number)
    return log


def test_the_way_of_a_success_is_legal() -> None:
    """Every step of it."""
    outcome = judged(
        legal_moves, seen("queued", "pushed", "under_way", "succeeded", pushes=(7_000,))
    )

    assert (outcome.standing, outcome.n) == (Standing.HELD, 3)


@pytest.mark.parametrize("last", ["pushed", "under_way", "succeeded", "failed", "cancelled"])
def test_reads_may_skip_steps(last: str) -> None:
    """Any number of them may lie between two polls."""
    assert judged(legal_moves, seen("queued", last, pushes=(7_000,))).standing is Standing.HELD


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("succeeded", "under_way"),
        ("succeeded", "failed"),
        ("failed", "under_way"),
        ("failed", "queued"),
        ("under_way", "pushed"),
        ("under_way", "queued"),
        ("cancelled", "queued"),
        ("queued", "paused"),
    ],
)
def test_moves_that_lead_nowhere_documented_are_convicted(before: str, after: str) -> None:
    """Out of a final state, back without a further attempt, to a word that is none."""
    log = seen(before, after)
    log.poll(40_000)

    outcome = judged(legal_moves, log)

    assert outcome.standing is Standing.VIOLATED
    assert f"from {before}" in outcome.violations[0].text


@pytest.mark.parametrize(
    ("before", "after"),
    [("failed", "pushed"), ("under_way", "pushed"), ("under_way", "queued"), ("pushed", "queued")],
)
def test_the_way_back_is_legal_while_attempts_are_left(before: str, after: str) -> None:
    """A failed attempt, a gap, a further push."""
    log = seen(before, after, retries=1, pushes=(2_000, 7_000))

    assert judged(legal_moves, log).standing is Standing.HELD


def test_a_further_attempt_that_nobody_pushed_is_convicted() -> None:
    """The row says pushed; every push is in the log, and there is none."""
    log = seen("failed", "pushed", retries=1)
    log.poll(40_000)

    outcome = judged(legal_moves, log)

    assert outcome.standing is Standing.VIOLATED
    assert "no attempt was pushed between the two" in outcome.violations[0].text


def test_a_push_that_a_broken_connection_lost_proves_nothing() -> None:
    """The server pushed; the link ended as it did."""
    log = seen("failed", "pushed", retries=1)
    log.offline(9_000, "d1")

    assert judged(legal_moves, log).standing is Standing.HELD


def test_some_vendors_do_not_show_queued_between_attempts() -> None:
    """By contract the status does not change there."""
    log = seen("under_way", "queued", retries=1)
    log.poll(40_000)

    outcome = judged(legal_moves, log, between_attempts_status=("unchanged",))

    assert outcome.standing is Standing.VIOLATED


def test_a_task_whose_device_is_asked_first_waits_in_line_meanwhile() -> None:
    """Whatever it shows until then: the question begins the next attempt."""
    log = seen("under_way", "queued", retries=1)
    log.poll(40_000)

    outcome = judged(legal_moves, log, between_attempts_status=("failed",), asks_version=True)

    assert outcome.standing is Standing.HELD


def test_a_move_within_the_visibility_proves_nothing() -> None:
    """A replica that lags shows the older state once more."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    for t, status in ((5_000, "succeeded"), (6_000, "under_way"), (7_000, "succeeded")):
        log.show("d1", status)
        log.poll(t)

    assert judged(legal_moves, log).violations == ()


def test_an_operators_retry_is_a_way_back() -> None:
    """From failed to queued."""
    log = seen("failed", "queued")
    log.call(8_000, "retry_tasks", "d1")

    assert judged(legal_moves, log).standing is Standing.HELD


def test_a_contract_may_heal() -> None:
    """A late success then replaces a failure."""
    log = seen("failed", "succeeded")
    log.poll(40_000)

    assert judged(legal_moves, log).standing is Standing.VIOLATED
    assert judged(legal_moves, log, late_success="heal").standing is Standing.HELD


def test_a_request_taken_back_from_a_device_that_went_away_is_a_doubt() -> None:
    """No vendor says that a server may not."""
    log = seen("pushed", "queued")
    log.offline(8_000, "d1")
    log.poll(40_000)

    assert judged(legal_moves, log).standing is Standing.INCONCLUSIVE


def test_a_row_that_never_changed_is_not_exercised() -> None:
    """No move was seen."""
    assert judged(legal_moves, seen("queued")).standing is Standing.NOT_EXERCISED


def test_an_offer_pushes_a_task_as_well() -> None:
    """And a task that shows as pushed without either is convicted."""
    offered, unasked = Log(), Log()
    for log in (offered, unasked):
        log.devices("d1")
        log.job(1_000, must_ask=True)
        log.show("d1", "queued")
        log.poll(6_000)
        if log is offered:
            log.ask(8_000, "d1", "2.0")
        log.show("d1", "pushed")
        log.poll(11_000)
        log.poll(16_000)

    assert judged(legal_moves, offered).standing is Standing.HELD
    assert judged(legal_moves, unasked).standing is Standing.VIOLATED
