from __future__ import annotations

from fleet_sim.oracle.one_active import one_active
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, instants, judged


def two_jobs() -> Log:
    """Return a log with one device that two jobs are for."""
    log = Log()
    log.devices("d1")
    log.job(1_000, job="j1", to="2.0")
    log.job(1_100, job="j2", to="3.0")
    return log


def test_one_after_the_other_is_right() -> None:
    """The second job waits until the first upgrade has ended."""
    log = two_jobs()
    log.push(2_000, "d1", version="2.0")
    log.version(5_000, "d1", "2.0")
    log.push(5_100, "d1", version="3.0")

    outcome = judged(one_active, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 2)


def test_a_busy_device_that_is_asked_again_is_convicted() -> None:
    """Both pushes prove it."""
    log = two_jobs()
    log.push(2_000, "d1", version="2.0")
    log.push(4_000, "d1", version="3.0")

    outcome = judged(one_active, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [2_000, 4_000])
    assert "jobs j1 and j2" in outcome.violations[0].text


def test_a_timed_out_task_no_longer_counts() -> None:
    """Its time was up."""
    log = two_jobs()
    log.push(2_000, "d1", version="2.0")
    log.progress(2_500, "d1", 0)
    log.push(62_600, "d1", version="3.0")

    assert judged(one_active, log).standing is Standing.HELD


def test_one_job_alone_is_not_exercised() -> None:
    """A device with one task cannot break it."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")

    assert judged(one_active, log).standing is Standing.NOT_EXERCISED


def test_jobs_that_cannot_be_told_apart_are_a_doubt_at_most() -> None:
    """Two jobs for the same version: either may have pushed."""
    log = Log()
    log.devices("d1")
    log.job(1_000, job="j1")
    log.job(1_100, job="j2")
    log.push(2_000, "d1")
    log.push(4_000, "d1")

    assert judged(one_active, log).standing is not Standing.VIOLATED


def test_a_push_that_crosses_the_end_of_the_other_upgrade_is_a_doubt_from_outside() -> None:
    """The end was sent, and not acknowledged yet."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000, job="j1", to="2.0")
    log.job(1_100, job="j2", to="3.0")
    log.push(2_000, "d1", version="2.0")
    log.version(5_000, "d1", "2.0")
    log.push(4_990, "d1", version="3.0")

    assert judged(one_active, log).standing is Standing.INCONCLUSIVE


def test_a_push_after_the_acknowledged_end_holds_from_outside() -> None:
    """One connection keeps the order."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000, job="j1", to="2.0")
    log.job(1_100, job="j2", to="3.0")
    log.push(2_000, "d1", version="2.0")
    log.version(5_000, "d1", "2.0")
    log.push(5_005, "d1", version="3.0")

    outcome = judged(one_active, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 2)


def test_two_modules_at_once_are_the_vendors_to_allow() -> None:
    """To one version, so that nothing but the module tells the two jobs apart."""
    log = Log()
    log.devices("d1")
    for job, module in (("j1", "mcu"), ("j2", "radio")):
        log.version(500, "d1", "1.0", module=module)
        log.job(1_000, job=job, module=module)
        log.push(2_000, "d1", module=module)

    apart = judged(one_active, log, modules_side_by_side=True)
    assert (apart.standing, apart.n) == (Standing.NOT_EXERCISED, 0)
    assert judged(one_active, log).standing is Standing.VIOLATED
