from __future__ import annotations

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.device.events import (
    Connected,
    ConnectionLost,
    PoweredOn,
    Publish,
    SetTimer,
    TimerFired,
)
from fleet_sim.model.messages import DeviceMessage, VersionReport
from tests.device.world import World, device, drive, push


def twice_told(copies: int = 1) -> DeviceAgent:
    """Return a device that sends its last report again, each time a second later."""
    return device("progress_dup", {"copies": copies, "after_s": 1.0})


def versions(world: World) -> list[tuple[int, DeviceMessage]]:
    """Return when which version was reported."""
    return [(at_ms, one) for at_ms, one in world.heard if isinstance(one, VersionReport)]


def test_the_last_report_is_sent_again_unaltered() -> None:
    """Under its own id, as often as asked, and no more."""
    world = World(twice_told(copies=2))

    world.run(60_000)

    report = VersionReport("1", "1.0")
    assert world.heard == [(10, report), (1_010, report), (2_010, report)]


def test_a_newer_report_takes_the_place_of_the_older_one() -> None:
    """What is said again is the last word: copies of older ones would come out of order."""
    world = World(twice_told())
    world.at(500, push(1))

    world.run(60_000)

    again = [one for place, (_, one) in enumerate(world.heard) if one in world.said()[:place]]
    ids = [str(getattr(one, "message_id", "")) for one in again]
    assert ids == sorted(ids, key=int)
    assert "1" not in ids  # its copy was due 500 ms after the push
    assert versions(world)[-2][1] == versions(world)[-1][1] == again[-1]
    assert world.agent.version == "2.0"


def test_a_connection_that_ends_takes_the_copy_along() -> None:
    """The next one begins with a report of its own."""
    agent = twice_told()
    world = World(agent, cuts_at_ms=[500])

    world.run(60_000)

    ids = [one.message_id for _, one in versions(world) if isinstance(one, VersionReport)]
    assert ids == ["1", "2", "2"]


def test_a_copy_whose_connection_has_ended_is_not_sent() -> None:
    """Its timer fires all the same, and off line there is nobody to tell."""
    kept, cut = twice_told(), twice_told()
    timers = [
        next(one for one in drive(agent, PoweredOn(), Connected()) if isinstance(one, SetTimer))
        for agent in (kept, cut)
    ]
    drive(cut, ConnectionLost("rst"), now_ms=30)

    said = [
        drive(agent, TimerFired(timer.name, timer.token), now_ms=timer.at_ms)
        for agent, timer in zip((kept, cut), timers, strict=True)
    ]

    assert said == [(Publish(VersionReport("1", "1.0")),), ()]


def test_a_healthy_device_says_it_once() -> None:
    """There is nothing to be sent again."""
    world = World(device())

    world.run(60_000)

    assert world.said() == [VersionReport("1", "1.0")]
