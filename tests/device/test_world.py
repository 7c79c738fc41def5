"""The tests' own world: what it does to time, connections and bytes."""

from __future__ import annotations

from fleet_sim.device.events import Connected, Disconnect, Note, PoweredOn, Publish
from fleet_sim.device.states import UpgradeState
from fleet_sim.model.messages import Block, BlockRequest, VersionReport
from tests.device.world import CONTENT, STREAMED, World, block, device, drive, online, push


def test_a_connection_takes_a_round_trip() -> None:
    """Power at 0, connected and heard at 10."""
    world = World(device())

    world.run(20)

    assert world.heard == [(10, VersionReport("1", "1.0"))]
    assert world.noted == [(0, Note("boot", {"version": "1.0"}))]


def test_a_break_keeps_the_bytes_that_had_arrived() -> None:
    """A download that started at 100 and broke at 400 goes on from byte 300."""
    world = World(device(), cuts_at_ms=[400])
    world.at(100, push(1))

    world.run(5000)

    assert [start.offset for start in world.downloads] == [0, 300]


def test_a_block_takes_a_round_trip() -> None:
    """The world serves one image over MQTT, in blocks."""
    world = World(device())
    world.at(100, push(1, STREAMED))

    world.run(109)
    asked = [each for each in world.said() if isinstance(each, BlockRequest)]
    world.run(111)

    assert asked == [BlockRequest("3", (7, 1), 0, 1000)]
    assert block(asked[0]) == Block("3", 0, CONTENT, 1000)
    assert world.agent.state is UpgradeState.INSTALLING


def test_drive_returns_the_effects_of_the_last_event() -> None:
    """Those before it only bring the agent where it is wanted."""
    assert drive(device(), PoweredOn(), Connected()) == (Publish(VersionReport("1", "1.0")),)
    assert drive(online(), PoweredOn())[0] == Disconnect("power")
