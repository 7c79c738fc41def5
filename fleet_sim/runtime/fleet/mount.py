"""A plan's devices mounted on worlds: each on that of the cloud whose dialect it speaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.dialects import registry
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.network.link import Link
from fleet_sim.runtime.fleet.rig import Rig, World
from fleet_sim.scenario.plan import DevicePlan


def mount(
    devices: Iterable[DevicePlan], worlds: Mapping[str, World], *, seed: int
) -> dict[DeviceId, Rig]:
    """Build a rig for each device, in the plan's order.

    Args:
        devices: Which.
        worlds: Dialect to the world of its cloud.
        seed: The run's.
    """
    return {one.device: _rig(one, worlds[one.dialect], seed) for one in devices}


def _rig(plan: DevicePlan, world: World, seed: int) -> Rig:
    agent = DeviceAgent(
        device=plan.device,
        version=plan.version,
        persona=plan.persona,
        timings=plan.timings,
        seed=seed,
    )
    link = Link(plan.link, seed=seed, who=str(plan.device))
    return Rig(plan, agent, registry.get(plan.dialect), link, world)


def registrations(devices: Iterable[DevicePlan]) -> list[Registration]:
    """Return what a platform must know of these devices before they connect."""
    return [
        Registration(
            device=one.device,
            secret=one.secret,
            attributes=one.attributes,
            tags=one.tags,
        )
        for one in devices
    ]
