"""How many devices of a plan may be downloading at the same time."""

from __future__ import annotations

from fleet_sim.scenario.planned import FleetPlan, Plan


def downloads_max(plan: Plan) -> int:
    """Return the most downloads at a time: what the jobs' caps allow, else every device.

    Caps bind the reference backend. A backend by URL pushes what it likes: it may break the cap,
    which is what it is tried for, or carry out jobs of somebody else's besides. Without a job, all
    that is pushed is its own idea.
    """
    devices = len(plan.devices)
    if plan.target.backend is not None or not plan.jobs:
        return devices
    return sum(min(fleet.devices, _slots(plan, fleet)) for fleet in plan.fleets)


def _slots(plan: Plan, fleet: FleetPlan) -> int:
    """Return how many devices of a fleet its jobs may have under way, all together."""
    usual = plan.contracts[fleet.dialect].cap_default
    caps = (usual if job.concurrency is None else job.concurrency
            for job in plan.jobs if job.fleet == fleet.name)  # fmt: skip
    return sum(fleet.devices if cap is None else cap for cap in caps)
