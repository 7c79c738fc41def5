"""Who came to match a job only after it was made: what open lists take in, and frozen ones do not.

create is sent ─── answered ────────── reports a version that matches ──────▶
      matched, perhaps                          newly matches
"""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.oracle.evidence import Device, Report
from fleet_sim.oracle.tasks import JobLine
from fleet_sim.oracle.timeline import Timeline


def late_matches(timeline: Timeline, job: JobLine) -> Iterator[tuple[Device, Report]]:
    """Yield each device that came to match a job by a report after it was made, and that report.

    By what this log shows: a server that is older than the log may have known the device before.
    """
    order = job.order
    if order.create.outcome != "ok":
        return
    for device in timeline.devices.values():
        is_fleet = bool(order.product) or device.fleet == order.fleet
        if not (is_fleet and order.names(device.name)):
            continue
        found = [one for one in device.reports if matches(job, one)]
        if not found or found[0].lo <= order.create.hi:
            continue
        certain = next((one for one in found if one.is_certain), None)
        if certain is not None:
            yield device, certain


def matches(job: JobLine, report: Report) -> bool:
    """Tell whether a device whose last report this is runs what the job is for."""
    order = job.order
    if report.kind != "version" or report.module != order.module:
        return False
    is_source = not order.from_versions or report.version in order.from_versions
    return is_source and report.version != order.to_version
