from __future__ import annotations

from fleet_sim.oracle.joiners import late_matches
from tests.oracle.logs import Log, drawn


def _late(log: Log) -> list[tuple[str, str]]:
    """Return the devices that came to match job `j1` late, each with the version it did with."""
    timeline = drawn(log)
    job = timeline.jobs["j1"]
    return [(device.key, report.version) for device, report in late_matches(timeline, job)]


def test_a_device_that_first_reports_after_the_job_was_made_matches_late() -> None:
    """And one that had reported by then does not."""
    log = Log()
    log.devices("early")
    log.job(1_000)
    log.devices("late", at=2_000)

    assert _late(log) == [("late", "1.0")]


def test_a_device_that_comes_to_a_source_version_matches_late() -> None:
    """It was there before, with a version that the job is not for."""
    log = Log()
    log.devices("d1", version="0.9")
    log.job(1_000, sources=["1.0"])
    log.version(5_000, "d1", "1.0")

    assert _late(log) == [("d1", "1.0")]


def test_nobody_matches_with_the_target() -> None:
    """There is nothing to do for it."""
    log = Log()
    log.job(1_000)
    log.devices("d1", version="2.0", at=2_000)

    assert _late(log) == []


def test_a_device_that_the_job_does_not_name_never_matches() -> None:
    """Whatever it reports."""
    log = Log()
    log.devices("d1")
    log.job(1_000, keys=["d1"])
    log.devices("d2", at=2_000)

    assert _late(log) == []


def test_a_report_that_may_have_come_in_time_makes_nobody_late() -> None:
    """It arrived while the call was under way."""
    log = Log()
    log.job(1_000)
    log.devices("d1", at=905)  # its report arrives at 1,005, the answer at 1,010

    assert _late(log) == []


def test_a_job_that_was_not_certainly_made_has_no_late_ones() -> None:
    """Its answer never came."""
    log = Log()
    log.job(1_000, outcome="unknown")
    log.devices("d1", at=2_000)
    timeline = drawn(log)

    assert [list(late_matches(timeline, job)) for job in timeline.jobs.values()] == [[]]


def test_a_module_is_matched_by_its_own_reports_alone() -> None:
    """What the device as a whole runs says nothing of it."""
    log = Log()
    log.devices("d1")
    log.job(1_000, module="mcu")
    log.add(5_000, "W", "version_received", "d1", side="server", message="m9", module="mcu",
            version="1.0", part=0)  # fmt: skip

    assert _late(log) == [("d1", "1.0")]
