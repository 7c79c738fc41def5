from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.rate import rate
from tests.oracle.logs import Log, instants, judged

KEYS = ("d1", "d2", "d3")


def _pushed(at: Sequence[int], *, is_foreign: bool = False, **order: Any) -> Log:  # noqa: ANN401 - as ordered
    """A job of two pushes a minute that pushes three devices at these instants."""
    log = Log(is_foreign=is_foreign)
    log.devices(*KEYS)
    log.job(1_000, **{"pushes_a_minute": 2, **order})
    for t, key in zip(at, KEYS, strict=True):
        log.push(t, key)
    return log


def test_one_push_too_many_in_a_minute_is_convicted() -> None:
    """All that lie in the minute prove it."""
    outcome = judged(rate, _pushed([2_000, 20_000, 61_000]))

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [2_000, 20_000, 61_000])


def test_the_next_minute_has_room_again() -> None:
    """Put to the test is the third push alone."""
    outcome = judged(rate, _pushed([2_000, 20_000, 62_000]))

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


def test_what_a_push_may_take_to_leave_is_granted() -> None:
    """The first may have been decided earlier than it was seen; so the minute was full."""
    outcome = judged(rate, _pushed([2_000, 20_000, 61_999]))

    assert outcome.standing is Standing.HELD


def test_repeated_pushes_do_not_count() -> None:
    """Nor does a further attempt: the rate is of devices that are new to the job."""
    log = Log()
    log.devices("d1")
    log.job(1_000, pushes_a_minute=1)
    log.push(2_000, "d1")
    log.push(3_000, "d1")

    assert judged(rate, log).standing is Standing.NOT_EXERCISED


def test_offers_do_not_count() -> None:
    """A device that asks is answered."""
    log = Log()
    log.devices(*KEYS)
    log.job(1_000, pushes_a_minute=1, must_ask=True)
    for key in KEYS:
        log.ask(2_000, key, "2.0")

    assert judged(rate, log).standing is Standing.NOT_EXERCISED


def test_the_contracts_rate_holds_for_a_job_that_names_none() -> None:
    """As where a vendor has a default."""
    log = _pushed([2_000, 2_100, 2_200], pushes_a_minute=None)

    assert judged(rate, log).standing is Standing.NOT_PROMISED
    assert judged(rate, log, pushes_a_minute=2).standing is Standing.VIOLATED
    assert judged(rate, log, pushes_a_minute=3).standing is Standing.NOT_EXERCISED


def test_from_outside_arrivals_are_a_doubt() -> None:
    """They may have left long before, as no answer came between."""
    log = _pushed([102_000, 120_000, 130_000], is_foreign=True)

    assert judged(rate, log).standing is Standing.INCONCLUSIVE
