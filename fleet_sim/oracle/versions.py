"""Which version a server can have last heard from a device at some time."""

from __future__ import annotations

from fleet_sim.oracle.evidence import Device


def last_versions(device: Device, lo: int, hi: int) -> set[str]:
    """Return every version that can have been the last accepted one at some time in `[lo, hi]`.

    That is the last one certainly there before `lo`, any that may have come after that one, and
    none at all (an empty set) where no report can have arrived by `hi`.
    """
    found: list[tuple[str, int]] = []
    for report in device.reports:
        if report.lo > hi:
            break
        if report.kind != "version":
            continue
        if report.hi < lo:
            found = [one for one in found if one[1] > report.lo]
        found.append((report.version, report.hi))
    return {version for version, _ in found}
