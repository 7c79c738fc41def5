from __future__ import annotations

import pytest

from fleet_sim.oracle.mode import mode
from fleet_sim.oracle.outcome import Outcome, Standing
from tests.oracle.logs import Log, instants, judged


def rollout(*, is_foreign: bool = False, must_ask: bool = True) -> Log:
    """Return a log with a device that asked in vain, and a job made after that."""
    log = Log(is_foreign=is_foreign)
    log.devices("d1")
    log.ask(200, "d1")
    log.job(1_000, must_ask=must_ask, retries=1)
    log.show("d1", "queued")
    log.poll(1_500)
    return log


def counted(outcome: Outcome) -> tuple[Standing, int]:
    """Return how it stands, and how often it was exercised."""
    return outcome.standing, outcome.n


@pytest.mark.parametrize("is_foreign", [False, True])
def test_an_offer_to_who_has_to_ask_is_right(*, is_foreign: bool) -> None:
    """It asked."""
    log = rollout(is_foreign=is_foreign)
    log.ask(2_000, "d1", "2.0")

    assert counted(judged(mode, log)) == (Standing.HELD, 1)


@pytest.mark.parametrize("is_foreign", [False, True])
def test_a_push_to_who_has_not_asked_is_convicted(*, is_foreign: bool) -> None:
    """The order, the answer that its last question had got, and the push prove it."""
    log = rollout(is_foreign=is_foreign)
    log.push(2_000, "d1")

    outcome = judged(mode, log)

    assert outcome.standing is Standing.VIOLATED
    assert instants(outcome) == ([220, 1_000, 2_010] if is_foreign else [210, 1_000, 2_000])
    assert "d1 was pushed 2.0 and had not asked" in outcome.violations[0].text


def test_a_retry_that_is_pushed_is_convicted() -> None:
    """That the first attempt was asked for does not ask for the second."""
    log = rollout()
    log.ask(2_000, "d1", "2.0")
    log.progress(3_000, "d1", -3)
    log.push(9_000, "d1")

    outcome = judged(mode, log)

    assert (outcome.standing, outcome.n) == (Standing.VIOLATED, 2)
    assert "9 s" in outcome.violations[0].text


def test_a_push_may_answer_a_question() -> None:
    """Where that had no other answer, or none yet: servers differ in how they answer."""
    open_, meanwhile = rollout(), rollout()
    open_.ask(1_900, "d1", is_answered=False)
    open_.push(2_000, "d1")
    meanwhile.push(2_005, "d1")
    meanwhile.ask(2_000, "d1")

    assert judged(mode, open_).standing is Standing.HELD
    assert judged(mode, meanwhile).standing is Standing.HELD


def test_one_question_is_answered_once() -> None:
    """The retry would have to be asked for again."""
    log = rollout()
    log.ask(1_900, "d1", is_answered=False)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", -3)
    log.push(9_000, "d1")

    assert judged(mode, log).standing is Standing.VIOLATED


def test_what_repeats_a_request_after_a_reconnect_is_no_new_one() -> None:
    """The attempt was asked for."""
    log = rollout()
    log.ask(1_900, "d1", is_answered=False)
    log.push(2_000, "d1")
    log.offline(2_500, "d1")
    log.online(3_000, "d1")
    log.push(3_100, "d1")

    assert counted(judged(mode, log)) == (Standing.HELD, 1)


def test_some_contracts_have_such_jobs_pushed_as_well() -> None:
    """Then nothing is said of pushes."""
    log = rollout()
    log.push(2_000, "d1")

    assert judged(mode, log, pushes_unasked=True).standing is Standing.NOT_EXERCISED


@pytest.mark.parametrize("is_foreign", [False, True])
def test_asking_yields_nothing_where_the_job_pushes(*, is_foreign: bool) -> None:
    """Each question in vain, while the task was open, keeps the promise."""
    log = rollout(is_foreign=is_foreign, must_ask=False)
    log.ask(2_000, "d1")
    log.ask(3_000, "d1")
    log.show("d1", "succeeded", 100)
    log.poll(9_000)
    log.ask(10_000, "d1")

    assert counted(judged(mode, log)) == (Standing.HELD, 2)


@pytest.mark.parametrize("is_foreign", [False, True])
def test_an_offer_of_what_is_pushed_is_convicted(*, is_foreign: bool) -> None:
    """Whether or not it was pushed before."""
    log = rollout(is_foreign=is_foreign, must_ask=False)
    log.push(2_000, "d1")
    log.ask(3_000, "d1", "2.0")

    outcome = judged(mode, log)

    assert outcome.standing is Standing.VIOLATED
    assert "asked and was offered 2.0 by job j1, which pushes" in outcome.violations[0].text


def test_pushes_of_pushing_jobs_are_not_its_affair() -> None:
    """Nobody asked, and nobody had to."""
    log = rollout(must_ask=False)
    log.push(2_000, "d1")

    assert judged(mode, log).standing is Standing.NOT_EXERCISED


def test_what_may_belong_to_two_jobs_is_a_doubt() -> None:
    """Of the same version, for the same device."""
    log = rollout()
    log.job(1_100, job="j2", must_ask=True)
    log.show("d1", "queued", job="j2")
    log.poll(1_500, job="j2")
    log.push(2_000, "d1")

    assert judged(mode, log).standing is Standing.INCONCLUSIVE


def test_where_who_asks_is_offered_all_asking_brings_what_is_pushed() -> None:
    """Elsewhere that job is not to be asked for; a job that is to be keeps its promise."""
    pushing, asked_for = rollout(must_ask=False), rollout()
    pushing.ask(2_000, "d1", "2.0")
    asked_for.push(2_000, "d1")

    assert judged(mode, pushing).standing is Standing.VIOLATED
    assert judged(mode, pushing, offers_pushed=True).standing is Standing.NOT_EXERCISED
    assert judged(mode, asked_for, offers_pushed=True).standing is Standing.VIOLATED


def test_where_devices_cannot_ask_nothing_is_promised() -> None:
    """There are no words for it."""
    log = rollout(must_ask=False)
    log.push(2_000, "d1")

    assert judged(mode, log, devices_may_ask=False).standing is Standing.NOT_PROMISED
