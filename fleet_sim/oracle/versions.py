"""Which version a server can have last heard from a device at some time."""

from __future__ import annotations

from fleet_sim.oracle.evidence import Device, Push


def last_versions(device: Device, lo: int, hi: int, module: str = "") -> set[str]:
    """Return every version that can have been the last accepted one at some time in `[lo, hi]`.

    That is the last one certainly there before `lo`, any that may have come after that one, and
    none at all (an empty set) where no report can have arrived by `hi`. Of the device as a whole,
    or of one module of it.
    """
    found: list[tuple[str, int]] = []
    for report in device.reports:
        if report.lo > hi:
            break
        if report.kind != "version" or report.module != module:
            continue
        if report.hi < lo:
            found = [one for one in found if one[1] > report.lo]
        found.append((report.version, report.hi))
    return {version for version, _ in found}


def version_acknowledged(device: Device, push: Push) -> str | None:
    """Return the version that a device last had an acknowledgement for when it received a push.

    Where only the device's end of the wire is in the log, this is what the server had certainly
    accepted by then; when the push left, it may still have known an older one.
    """
    found = None
    for report in device.reports:
        delivered = report.delivered_at_ms
        is_its = report.kind == "version" and report.module == push.module
        if is_its and delivered is not None and delivered <= push.record.t:
            found = report.version
    return found
