from __future__ import annotations

from fleet_sim.oracle.needed import needed
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, instants, judged


def test_a_device_with_an_older_version_needs_the_push() -> None:
    """Its last report names another version."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")

    outcome = judged(needed, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


def test_a_device_already_at_the_target_is_convicted() -> None:
    """Its report and the push prove it."""
    log = Log()
    log.devices("d1", version="2.0")
    log.job(1_000)
    log.push(2_000, "d1")

    outcome = judged(needed, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [100, 2_000])


def test_it_holds_for_pushes_that_no_job_explains() -> None:
    """Whatever is pushed is judged, with `jobs: []` too."""
    log = Log()
    log.devices("d1", version="2.0")
    log.push(2_000, "d1")

    assert judged(needed, log).standing is Standing.VIOLATED


def test_a_report_that_crosses_the_push_proves_nothing() -> None:
    """It arrived while the push may already have been on its way."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.version(1_950, "d1", "2.0")
    log.push(2_000, "d1")

    assert judged(needed, log).standing is Standing.HELD


def test_a_report_that_may_not_have_arrived_proves_nothing() -> None:
    """The device sent it and never had an acknowledgement."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000)
    log.version(1_500, "d1", "2.0", is_delivered=False)
    log.push(3_000, "d1")

    assert judged(needed, log).standing is Standing.HELD


def test_an_only_report_without_acknowledgement_is_a_doubt() -> None:
    """If it arrived, the push was needless; the log shows no other report."""
    log = Log(is_foreign=True)
    log.boot(0, "d1", "2.0", fleet="f", dialect="enos")
    log.online(50, "d1")
    log.version(100, "d1", "2.0", is_delivered=False)
    log.job(1_000)
    log.push(3_000, "d1")

    assert judged(needed, log).standing is Standing.INCONCLUSIVE


def test_a_copy_of_a_push_is_not_a_push() -> None:
    """The network delivered it again after the device had updated."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1", "r1")
    log.version(5_000, "d1", "2.0")
    log.push(6_000, "d1", "r1")

    assert judged(needed, log).standing is Standing.HELD


def test_nobody_was_pushed() -> None:
    """Nothing to judge."""
    log = Log()
    log.devices("d1")

    assert judged(needed, log).standing is Standing.NOT_EXERCISED


def test_a_report_acknowledged_before_the_push_is_a_doubt_from_outside() -> None:
    """The push may have left before that."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000)
    log.version(2_500, "d1", "2.0")
    log.push(3_000, "d1")

    assert judged(needed, log).standing is Standing.INCONCLUSIVE


def test_an_offer_of_what_runs_is_convicted() -> None:
    """As a push of it is."""
    log = Log()
    log.devices("d1", version="2.0")
    log.job(1_000, must_ask=True)
    log.ask(2_000, "d1", "2.0")

    outcome = judged(needed, log)

    assert outcome.standing is Standing.VIOLATED
    assert "d1 was offered 2.0, the version it had reported" in outcome.violations[0].text


def test_a_module_needs_what_its_device_runs() -> None:
    """Their versions are apart: the push of a module is held against its own last report."""
    log = Log()
    log.devices("d1", version="2.0")
    log.version(500, "d1", "1.0", module="mcu")
    log.job(1_000, module="mcu")
    log.push(2_000, "d1", module="mcu")

    assert judged(needed, log).standing is Standing.HELD


def test_a_module_already_at_the_target_is_convicted() -> None:
    """Its own report proves it, whatever the device as a whole runs."""
    log = Log()
    log.devices("d1")
    log.version(500, "d1", "2.0", module="mcu")
    log.job(1_000, module="mcu")
    log.push(2_000, "d1", module="mcu")

    outcome = judged(needed, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [500, 2_000])
