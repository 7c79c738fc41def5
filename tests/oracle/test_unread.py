from __future__ import annotations

import pytest

from fleet_sim.model.record import Source
from fleet_sim.oracle.judge import judge
from fleet_sim.oracle.outcome import Outcome, Standing
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from fleet_sim.oracle.unread import BY_ANY_LOOK, BY_LAST_LOOK, doubted
from tests.oracle.logs import CONTRACT, Log, drawn

REASON = "the last look at job j1 showed nothing: status 502"


def ended(*, shows: bool) -> Log:
    """Return a log of a device that took its upgrade, and of a last look that failed."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.update(8_000, "d1")
    if shows:
        log.show("d1", "succeeded", 100)
        log.poll(12_000)
        log.poll(20_000)
    log.settle(20_500)
    log.add(24_000, Source.NORTHBOUND, "unread", job="j1", why="status 502")
    log.end(25_000)
    return log


def test_what_no_look_has_shown_is_not_known() -> None:
    """Each of the four names the job and the reason; they are not merely unexercised."""
    promises = judge(
        ended(shows=False).in_order(), {"enos": CONTRACT}, tolerance=VIRTUAL_TIME
    ).promises

    found = {name: (promises[name].standing, promises[name].reason) for name in sorted(FOUR)}
    assert found == dict.fromkeys(sorted(FOUR), (Standing.INCONCLUSIVE, REASON))


def test_what_earlier_looks_have_shown_stands() -> None:
    """Only how it stood after the end is not known."""
    promises = judge(
        ended(shows=True).in_order(), {"enos": CONTRACT}, tolerance=VIRTUAL_TIME
    ).promises

    assert promises["V21"].standing is Standing.INCONCLUSIVE
    assert {promises[name].standing for name in ("V23", "V24")} == {Standing.HELD}


FOUR = BY_LAST_LOOK | BY_ANY_LOOK


@pytest.mark.parametrize(
    "outcome", [Outcome("V01"), Outcome("V21", is_promised=False), Outcome("V23", n=1)]
)
def test_other_promises_are_left_alone(outcome: Outcome) -> None:
    """Those judged by other evidence, those nobody made, those that were put to the test."""
    log = ended(shows=False)

    assert doubted(outcome, drawn(log)) == outcome
