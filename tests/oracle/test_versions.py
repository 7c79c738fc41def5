from __future__ import annotations

from dataclasses import replace

from fleet_sim.oracle.evidence import FOREVER, Device, Push, Report
from fleet_sim.oracle.versions import last_versions, version_acknowledged
from tests.oracle.logs import Log

RECORD = Log().boot(0, "d", "x")


def device(*reports: tuple[str, int, int]) -> Device:
    """Make a device whose version reports arrived within these spans."""
    found = [Report("version", RECORD, "m", version=name, lo=lo, hi=hi) for name, lo, hi in reports]
    return Device("p/d", reports=found)


def test_the_last_certain_report_counts() -> None:
    """Two reports before the instant: the newer is what the server knows."""
    assert last_versions(device(("1.0", 10, 10), ("2.0", 20, 20)), 30, 30) == {"2.0"}


def test_nothing_arrived_yet() -> None:
    """Before the first report the server knows no version."""
    assert last_versions(device(("1.0", 10, 10)), 5, 9) == set()


def test_a_report_within_the_instant_leaves_both_readings() -> None:
    """One that arrives while the span lasts may have come before or after."""
    assert last_versions(device(("1.0", 10, 10), ("2.0", 20, 20)), 15, 25) == {"1.0", "2.0"}


def test_a_report_that_may_never_have_arrived_leaves_both_readings() -> None:
    """Without an acknowledgement it may have been lost."""
    assert last_versions(device(("1.0", 10, 10), ("2.0", 20, FOREVER)), 30, 30) == {"1.0", "2.0"}


def test_a_late_report_may_come_after_a_certain_one() -> None:
    """A message in flight may overtake nothing, but may still arrive last."""
    reports = device(("1.0", 10, FOREVER), ("2.0", 20, 20))

    assert last_versions(reports, 30, 30) == {"1.0", "2.0"}


def test_the_version_acknowledged_is_what_a_server_had_accepted_for_certain() -> None:
    """By the time a push was received; one without an acknowledgement may not have arrived."""
    one = device(("1.0", 10, 20), ("2.0", 30, 40), ("3.0", 45, 50), ("4.0", 46, FOREVER))
    for report in one.reports:
        report.delivered_at_ms = None if report.hi == FOREVER else report.hi

    received = [replace(RECORD, t=t) for t in (19, 20, 44, 60)]
    found = [version_acknowledged(one, Push(at, 0, at.t, "r", "9")) for at in received]

    assert found == [None, "1.0", "2.0", "3.0"]
