from dataclasses import replace

from fleet_sim.model.identity import Registration
from fleet_sim.runtime.fleet.mount import mount, registrations
from tests.runtime.lone_world import LoneWorld
from tests.runtime.plans import FLEET, planned


def test_every_device_of_the_plan_is_mounted_in_its_order() -> None:
    """Each with its own version, persona, timings and link."""
    fleet = FLEET | {"firmware": {"1.1.0": "50%", "1.2.0": "50%"}, "reboot": "3s"}
    plan = planned(fleets={"meters": fleet, "gauges": FLEET | {"network": "nb_iot"}})

    rigs = mount(plan.devices, {"enos": LoneWorld()}, seed=plan.seed)

    assert list(rigs) == [one.device for one in plan.devices]
    assert [rig.agent.version for rig in rigs.values()] == [one.version for one in plan.devices]
    assert [rig.line.link.profile.name for rig in rigs.values()] == [
        one.link.name for one in plan.devices
    ]
    assert {rig.dialect.name for rig in rigs.values()} == {"enos"}
    assert all(rig.plan is one for rig, one in zip(rigs.values(), plan.devices, strict=True))


def test_the_seed_reaches_link_and_agent() -> None:
    """Another seed has other delays."""
    plan = planned()

    def delays(seed: int) -> list[int]:
        rigs = mount(plan.devices, {"enos": LoneWorld()}, seed=seed)
        return [rig.line.link.up(0, 1_000 * n) for rig in rigs.values() for n in range(50)]

    assert delays(1) == delays(1)
    assert delays(1) != delays(2)


def test_a_platform_learns_what_it_must_know_of_a_device() -> None:
    """Its secret, its attributes and its tags; not what it runs."""
    plan = planned(fleets={"meters": FLEET | {"attributes": {"model": "m1"}, "tags": {"s": "n"}}})
    one = replace(plan.devices[0], secret="s3cret")

    assert registrations([one]) == [
        Registration(one.device, "s3cret", attributes=(("model", "m1"),), tags=(("s", "n"),))
    ]
