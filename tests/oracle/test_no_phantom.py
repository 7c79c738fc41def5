from __future__ import annotations

from fleet_sim.oracle.no_phantom import no_phantom
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, instants, judged


def rollout(**order: object) -> Log:
    """Return a log with one device that runs 1.0 and a job."""
    log = Log()
    log.devices("d1")
    log.job(1_000, **order)  # type: ignore[arg-type]
    return log


def test_one_task_for_a_device_in_scope_holds() -> None:
    """As it should be."""
    log = rollout(keys=["d1"], sources=["1.0"])
    log.show("d1", "queued")
    log.poll(5_000)

    outcome = judged(no_phantom, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


def test_two_tasks_for_a_device_are_convicted() -> None:
    """One poll walked over both."""
    log = rollout()
    log.show("d1", "queued", task="a")
    log.poll(5_000)
    log.show("d1", "queued", task="b")
    log.poll(6_000)

    outcome = judged(no_phantom, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [5_010, 6_010])


def test_a_task_made_anew_is_a_doubt() -> None:
    """The first was gone when the second showed."""
    log = rollout()
    log.show("d1", "queued", task="a")
    log.poll(5_000)
    log._rows["j1"].clear()
    log.show("d1", "queued", task="b")
    log.poll(6_000)

    assert judged(no_phantom, log).standing is Standing.INCONCLUSIVE


def test_a_task_for_a_device_that_the_job_does_not_name_is_convicted() -> None:
    """Not in its list, or of another product."""
    listed, product = rollout(keys=["d9"]), rollout()
    listed.show("d1", "queued")
    product.show("d1", "queued", product="q")
    for log in (listed, product):
        log.poll(5_000)

        assert judged(no_phantom, log).standing is Standing.VIOLATED


def test_a_task_for_another_version_is_convicted() -> None:
    """What it ran when the job was made is no source version."""
    log = rollout(sources=["0.9"])
    log.show("d1", "queued")
    log.poll(5_000)

    assert judged(no_phantom, log).standing is Standing.VIOLATED


def test_an_open_list_may_take_in_later_devices() -> None:
    """What they ran at first does not matter."""
    log = rollout(sources=["0.9"], policy="incremental")
    log.show("d1", "queued")
    log.poll(5_000)

    assert judged(no_phantom, log).standing is Standing.HELD


def test_a_task_for_a_device_that_never_reported_is_a_doubt() -> None:
    """It may have reported before the run; some contracts do not ask."""
    log = Log()
    log.boot(0, "d1", "1.0", fleet="f", dialect="enos")
    log.job(1_000)
    log.show("d1", "queued")
    log.poll(5_000)

    assert judged(no_phantom, log).standing is Standing.INCONCLUSIVE
    assert judged(no_phantom, log, must_have_reported_version=False).standing is Standing.HELD


def test_no_rows_are_not_exercised() -> None:
    """Nothing was read."""
    assert judged(no_phantom, rollout()).standing is Standing.NOT_EXERCISED
