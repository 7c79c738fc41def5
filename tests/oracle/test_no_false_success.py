from __future__ import annotations

import pytest

from fleet_sim.oracle.no_false_success import no_false_success
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, instants, judged


def pushed(*, is_foreign: bool = False) -> Log:
    """Return a log whose only device was pushed at 2,000 and came to 100 % at 5,000."""
    log = Log(is_foreign=is_foreign)
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.progress(5_000, "d1", 100)
    return log


def succeeded(log: Log, at: int = 9_000) -> Log:
    """Let a poll show the task as succeeded."""
    log.show("d1", "succeeded", 100)
    log.poll(at)
    return log


@pytest.mark.parametrize("is_foreign", [False, True])
def test_a_success_with_a_report_holds(*, is_foreign: bool) -> None:
    """The target was reported in between."""
    log = pushed(is_foreign=is_foreign)
    log.version(8_000, "d1", "2.0")

    outcome = judged(no_false_success, succeeded(log))

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


@pytest.mark.parametrize("is_foreign", [False, True])
def test_a_success_at_100_percent_is_convicted(*, is_foreign: bool) -> None:
    """It never reported the target."""
    outcome = judged(no_false_success, succeeded(pushed(is_foreign=is_foreign)))

    late = 10 if is_foreign else 0
    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [2_000 + late, 9_010])


def test_a_success_on_another_version_is_convicted() -> None:
    """Any report will not do."""
    log = pushed()
    log.version(8_000, "d1", "1.0")

    assert judged(no_false_success, succeeded(log)).standing is Standing.VIOLATED


def test_a_report_that_came_after_the_read_is_convicted_and_shown() -> None:
    """The server knew before it could."""
    log = succeeded(pushed())
    log.version(15_000, "d1", "2.0")

    outcome = judged(no_false_success, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [2_000, 9_010, 15_000])


def test_a_report_of_before_the_first_push_does_not_count() -> None:
    """The device had run the target, was moved away, and is said to be back."""
    log = Log()
    log.devices("d1", version="2.0")
    log.version(500, "d1", "1.0")
    log.job(1_000)
    log.push(2_000, "d1")

    assert judged(no_false_success, succeeded(log)).standing is Standing.VIOLATED


def test_a_report_that_may_have_arrived_is_a_doubt() -> None:
    """It was sent, and its acknowledgement is missing."""
    log = pushed(is_foreign=True)
    log.version(8_000, "d1", "2.0", is_delivered=False)

    assert judged(no_false_success, succeeded(log)).standing is Standing.INCONCLUSIVE


def test_a_report_at_the_very_instant_of_the_read_counts() -> None:
    """The two stand in different parts, so either may have come first."""
    log = pushed()
    log.version(9_010, "d1", "2.0")

    assert judged(no_false_success, succeeded(log)).standing is Standing.HELD


def test_a_task_that_was_never_pushed_needs_a_report_too() -> None:
    """Unless the contract lets a device that runs the target succeed at once."""
    log = Log()
    log.devices("d1", version="2.0")
    log.job(1_000)
    succeeded(log)

    assert judged(no_false_success, log).standing is Standing.VIOLATED
    instant = judged(no_false_success, log, already_at_target="instant_success")
    assert instant.standing is Standing.HELD


def test_an_offer_begins_an_upgrade_as_a_push_does() -> None:
    """Where devices ask, nothing is pushed."""
    log = Log()
    log.devices("d1")
    log.job(1_000, must_ask=True)
    log.ask(2_000, "d1", "2.0")
    log.version(8_000, "d1", "2.0")

    assert judged(no_false_success, succeeded(log)).standing is Standing.HELD


def test_some_vendors_do_not_promise_it() -> None:
    """Where 100 % alone is a success."""
    outcome = judged(no_false_success, succeeded(pushed()), success_needs_version_report=False)

    assert outcome.standing is Standing.NOT_PROMISED


def test_no_success_is_not_exercised() -> None:
    """Nothing to doubt."""
    assert judged(no_false_success, pushed()).standing is Standing.NOT_EXERCISED


@pytest.mark.parametrize(("module", "standing"), [("mcu", Standing.HELD), ("", Standing.VIOLATED)])
def test_a_module_succeeds_by_a_report_of_its_own(module: str, standing: Standing) -> None:
    """That the device as a whole runs that version says nothing of its part."""
    log = Log()
    log.devices("d1")
    log.version(500, "d1", "1.0", module="mcu")
    log.job(1_000, module="mcu")
    log.push(2_000, "d1", module="mcu")
    log.version(6_000, "d1", "2.0", module=module)

    assert judged(no_false_success, succeeded(log)).standing is standing
