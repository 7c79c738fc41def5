"""How many devices of a plan may be downloading at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.scenario.planned import Plan


def downloads_max(plan: Plan) -> int:
    """Return the most downloads at a time: what the jobs' caps allow, else every device.

    Caps bind the reference backend. A backend by URL pushes what it likes: it may break the cap,
    which is what it is tried for, or carry out jobs of somebody else's besides. Without a job, all
    that is pushed is its own idea.
    """
    devices = len(plan.devices)
    if plan.target.backend is not None or not plan.jobs:
        return devices
    return min(devices, sum(_slots(plan)))


def _slots(plan: Plan) -> Iterator[int]:
    """Yield how many devices each job may have under way."""
    fleets = {fleet.name: fleet for fleet in plan.fleets}
    for job in plan.jobs:
        fleet = fleets[job.fleet]
        cap = job.concurrency
        if cap is None:
            cap = plan.contracts[fleet.dialect].cap_default
        yield fleet.devices if cap is None else min(fleet.devices, cap)
