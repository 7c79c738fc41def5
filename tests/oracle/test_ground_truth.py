from __future__ import annotations

from fleet_sim.oracle.ground_truth import ground_truth
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, instants, judged


def finished(status: str, *, runs: str = "2.0", reports: bool = True) -> Log:
    """Return a settled log whose device was pushed at 2,000 and restarted at 7,600."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.boot(7_600, "d1", runs)
    if reports:
        log.version(8_000, "d1", runs)
    log.show("d1", status)
    log.settle(9_000)
    log.poll(20_000)
    return log


def test_a_success_that_the_device_runs_holds() -> None:
    """Its own truth agrees."""
    outcome = judged(ground_truth, finished("succeeded"))

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


def test_a_success_that_the_device_never_ran_is_convicted() -> None:
    """It restarted into the old version."""
    outcome = judged(ground_truth, finished("succeeded", runs="1.0"))

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [7_600, 20_010])


def test_a_device_that_went_back_later_had_its_own_reasons() -> None:
    """It ran the target; what came after is its own act."""
    log = finished("succeeded")
    log.boot(12_000, "d1", "1.0")

    assert judged(ground_truth, log).standing is Standing.HELD


def test_a_device_that_runs_the_target_and_said_so_is_a_success() -> None:
    """Shown as failed it is convicted: the boot, the report and the read."""
    outcome = judged(ground_truth, finished("failed"))

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [7_600, 8_000, 20_010])


def test_a_device_that_runs_the_target_and_never_said_so_may_have_failed() -> None:
    """Nobody could know."""
    assert judged(ground_truth, finished("failed", reports=False)).standing is Standing.HELD


def test_a_device_that_said_so_too_late_may_have_failed() -> None:
    """Its time was up before."""
    log = finished("failed", reports=False)
    log.progress(3_000, "d1", 0)
    log.version(70_000, "d1", "2.0")
    log.poll(90_000)

    assert judged(ground_truth, log).standing is Standing.HELD


def test_only_a_settled_run_is_judged() -> None:
    """Before that the server may still be catching up."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.show("d1", "succeeded")
    log.poll(20_000)

    assert judged(ground_truth, log).standing is Standing.NOT_EXERCISED
