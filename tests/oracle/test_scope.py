from __future__ import annotations

from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.scope import scope
from tests.oracle.logs import Log, instants, judged


def test_a_device_of_the_list_with_a_source_version_is_in_scope() -> None:
    """Product, list and version match."""
    log = Log()
    log.devices("d1")
    log.job(1_000, keys=["d1"], sources=["1.0"])
    log.push(2_000, "d1")

    outcome = judged(scope, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


def test_a_device_that_the_job_does_not_name_is_convicted() -> None:
    """The order and the push prove it."""
    log = Log()
    log.devices("d1", "d2")
    log.job(1_000, keys=["d1"])
    log.push(2_000, "d2")

    outcome = judged(scope, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [1_000, 2_000])
    assert "not among the devices" in outcome.violations[0].text


def test_a_device_of_another_product_is_convicted() -> None:
    """A job is for one product."""
    log = Log()
    log.devices("d1")
    log.job(1_000, product="q")
    log.push(2_000, "d1")

    assert judged(scope, log).standing is Standing.VIOLATED


def test_a_device_with_another_version_is_convicted() -> None:
    """Its last report is no source version of the job."""
    log = Log()
    log.devices("d1", version="0.9")
    log.job(1_000, sources=["1.0"])
    log.push(2_000, "d1")

    outcome = judged(scope, log)

    assert outcome.standing is Standing.VIOLATED
    assert "last report was 0.9; the job is for 1.0" in outcome.violations[0].text


def test_a_device_that_matched_when_the_job_was_made_is_a_doubt() -> None:
    """A frozen list was right then; at push time it no longer is."""
    log = Log()
    log.devices("d1")
    log.job(1_000, sources=["1.0"])
    log.version(5_000, "d1", "0.9")
    log.push(9_000, "d1")

    assert judged(scope, log).standing is Standing.INCONCLUSIVE


def test_a_report_that_arrives_as_the_push_leaves_proves_nothing() -> None:
    """The server may have known the old version only."""
    log = Log()
    log.devices("d1")
    log.job(1_000, sources=["1.0"])
    log.version(8_950, "d1", "0.9")
    log.push(9_000, "d1")

    assert judged(scope, log).standing is Standing.HELD


def test_a_retry_after_another_version_is_left_alone() -> None:
    """Source versions choose the devices of a job; a retry is for those already chosen."""
    log = Log()
    log.devices("d1")
    log.job(1_000, sources=["1.0"], retries=1)
    log.push(2_000, "d1")
    log.progress(2_500, "d1", 0)
    log.version(5_000, "d1", "0.9")
    log.push(9_000, "d1")

    assert judged(scope, log).standing is Standing.HELD


def test_a_device_whose_version_the_log_never_shows_is_a_doubt() -> None:
    """It may have reported before the run began."""
    log = Log()
    log.boot(0, "d1", "1.0", fleet="f", dialect="enos")
    log.online(50, "d1")
    log.job(1_000, sources=["1.0"])
    log.push(2_000, "d1")

    assert judged(scope, log).standing is Standing.INCONCLUSIVE


def test_a_push_that_no_job_explains_is_a_doubt() -> None:
    """Somebody else may have ordered it."""
    log = Log()
    log.devices("d1")
    log.job(1_000, to="3.0")
    log.push(2_000, "d1")

    assert judged(scope, log).standing is Standing.INCONCLUSIVE


def test_pushes_of_a_run_without_orders_put_no_scope_to_the_test() -> None:
    """Whatever its backend is up to, nobody here asked for it."""
    log = Log()
    log.devices("d1")
    log.push(2_000, "d1")

    assert judged(scope, log).standing is Standing.NOT_EXERCISED


def test_nobody_was_pushed() -> None:
    """Nothing to judge."""
    log = Log()
    log.devices("d1")

    assert judged(scope, log).standing is Standing.NOT_EXERCISED


def test_a_device_that_had_just_reported_another_version_is_a_doubt_from_outside() -> None:
    """The push may have left before that report arrived."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000, sources=["1.0"])
    log.version(1_900, "d1", "1.5")
    log.push(2_000, "d1")

    (doubt,) = judged(scope, log).doubts

    assert "whose last report was 1.5" in doubt.text
    assert "unless its push left before that report arrived" in doubt.text


def test_a_push_that_only_a_read_shows_is_not_held_against_the_scope() -> None:
    """Its row is, by V35."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000, keys=["d9"])
    log.show("d1", "pushed")
    log.poll(2_000)

    assert judged(scope, log).standing is Standing.NOT_EXERCISED
