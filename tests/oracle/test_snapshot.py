from __future__ import annotations

from typing import Any

from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.snapshot import snapshot
from tests.oracle.logs import Log, instants, judged


def _joined_late(policy: str = "snapshot", **order: Any) -> Log:  # noqa: ANN401 - as ordered
    """One device in the list from the start; another comes and shows in it four seconds later."""
    log = Log()
    log.devices("d1")
    log.job(1_000, policy=policy, **order)
    log.show("d1", "queued")
    log.poll(4_000)
    log.devices("d2", at=6_000)
    log.show("d2", "queued")
    log.poll(10_000)
    return log


def test_a_task_for_a_late_device_is_convicted() -> None:
    """The order, the report that made it match and the look that shows the task prove it."""
    outcome = judged(snapshot, _joined_late())

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [1_000, 6_100, 10_010])


def test_a_list_that_leaves_late_devices_out_is_kept() -> None:
    """Once a look after their report has shown the whole list."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.show("d1", "queued")
    log.devices("d2", at=6_000)
    log.poll(10_000)

    outcome = judged(snapshot, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


def test_an_open_list_is_another_promise() -> None:
    """There the same log is as it should be."""
    outcome = judged(snapshot, _joined_late("incremental"))

    assert outcome.standing is Standing.NOT_EXERCISED


def test_a_task_that_was_there_from_the_first_look_proves_nothing() -> None:
    """The server may have known the device since before the log."""
    log = Log()
    log.job(1_000)
    log.show("d1", "queued")
    log.poll(4_000)
    log.devices("d1", at=6_000)

    assert judged(snapshot, log).standing is Standing.NOT_EXERCISED


def test_a_look_within_the_visibility_proves_nothing() -> None:
    """A read may lag behind the order, and not show the task yet."""
    log = Log()
    log.job(1_000)
    log.devices("d1", at=1_100)
    log.poll(2_000)
    log.show("d1", "queued")
    log.poll(4_000)

    assert judged(snapshot, log).standing is Standing.NOT_EXERCISED


def test_where_no_version_is_needed_everybody_may_have_matched() -> None:
    """A device without a report can be in the list, so none that reports is late."""
    outcome = judged(snapshot, _joined_late(), must_have_reported_version=False)

    assert outcome.standing is Standing.NOT_EXERCISED


def test_with_source_versions_one_needs_a_report_all_the_same() -> None:
    """The job could not know that the device was one of them."""
    log = _joined_late(sources=["1.0"])

    outcome = judged(snapshot, log, must_have_reported_version=False)

    assert outcome.standing is Standing.VIOLATED
