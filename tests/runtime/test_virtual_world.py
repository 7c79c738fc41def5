from __future__ import annotations

import pytest

from fleet_sim.runtime.cloud import clouds_of
from fleet_sim.runtime.fleet.mount import mount
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.runtime.virtual_time import VirtualClock
from fleet_sim.runtime.virtual_world import VirtualWorld
from tests.runtime.desk import run
from tests.runtime.plans import TWO_VENDORS, planned


@pytest.mark.usefixtures("acme")
def test_a_platform_knows_its_own_devices_only() -> None:
    """Two worlds on one clock and one log: each lets in its vendor's fleet."""
    plan = planned(**TWO_VENDORS)
    clock = VirtualClock()
    log = MemoryLog(clock.now_ms)
    worlds = {one.dialect.name: VirtualWorld(one, clock, log) for one in clouds_of(plan)}
    for world in worlds.values():
        world.register()
    rigs = mount(plan.devices, worlds, seed=1)

    for rig in rigs.values():
        rig.start()
    run(clock, 2_000)

    assert all(rig.is_online for rig in rigs.values())
    known = {
        name: {one.device for one in plan.devices if world.platform.secret_of(one.device)}
        for name, world in worlds.items()
    }
    assert known == {
        name: {one.device for one in plan.devices if one.dialect == name} for name in worlds
    }
    for world in worlds.values():
        world.close()
