"""The agent: an upgrade from push to version report, effect by effect."""

from __future__ import annotations

from fleet_sim.device.events import (
    Acknowledged,
    Connect,
    Connected,
    Disconnect,
    DownloadAdvanced,
    Note,
    PoweredOn,
    Publish,
    SetTimer,
    StartDownload,
    Timer,
    TimerFired,
)
from fleet_sim.device.states import UpgradeState
from fleet_sim.model.messages import (
    ProgressReport,
    UpgradeReply,
    VersionReport,
)
from tests.device.world import FINISHED, IMAGE, OTHER, World, device, online, push


def test_a_push_leads_to_a_report_of_the_new_version() -> None:
    """The whole course of a healthy upgrade, effect by effect."""
    agent = device()

    assert agent.handle(PoweredOn(), 0) == (Note("boot", {"version": "1.0"}), Connect())
    assert agent.handle(Connected(), 10) == (Publish(VersionReport("1", "1.0")),)
    assert agent.handle(push(1), 20) == (
        Publish(UpgradeReply("r-1"), "r-1"),
        Publish(ProgressReport("2", 0), "r-1"),
        Note("download_start", {"version": "2.0", "request": "r-1", "offset": 0}),
        StartDownload(IMAGE, 1, 0, (250, 500, 750)),
    )
    assert agent.handle(DownloadAdvanced(1, 260), 30) == (Publish(ProgressReport("3", 25), "r-1"),)
    assert agent.handle(FINISHED, 40) == (
        Note("download_end", {"version": "2.0", "request": "r-1", "size": 1000, "sha256": "bb"}),
        SetTimer(Timer.INSTALL, 1040, 1),
    )
    assert agent.handle(TimerFired(Timer.INSTALL, 1), 1040) == (
        SetTimer(Timer.FLUSH, 11_040, 2),
        Publish(ProgressReport("4", 100), "r-1"),
    )
    assert agent.handle(Acknowledged("4"), 1050) == (
        Disconnect("reboot"),
        SetTimer(Timer.REBOOT, 2050, 3),
    )
    assert agent.handle(TimerFired(Timer.REBOOT, 3), 2050) == (
        Note("flash", {"version": "2.0", "request": "r-1"}),
        Note("boot", {"version": "2.0"}),
        Connect(),
    )
    assert agent.handle(Connected(), 2060) == (
        Publish(VersionReport("5", "2.0", after_upgrade=True)),
    )
    assert agent.state is UpgradeState.IDLE
    assert agent.version == "2.0"


def test_message_ids_never_repeat() -> None:
    """Over two upgrades and their reboots, each report has an id of its own."""
    world = World(device())
    world.at(100, push(1))
    world.at(10_000, push(2, OTHER))

    world.run(20_000)

    ids = [each.message_id for each in world.said() if not isinstance(each, UpgradeReply)]
    assert len(ids) == len(set(ids))
    assert world.agent.version == "3.0"


def test_the_same_seed_gives_the_same_course() -> None:
    """Chance is keyed, so two runs are one."""
    runs = []
    for _ in range(2):
        world = World(device("flap", {"probability": 0.5, "up_s": 2}), cuts_at_ms=[900, 7000])
        world.at(100, push(1))
        world.run(60_000)
        runs.append((world.heard, world.noted))

    assert runs[0] == runs[1]


def test_an_agent_tells_who_it_is() -> None:
    """Its repr names device, version, state and link, for whoever debugs a rig."""
    assert repr(online()) == "<DeviceAgent pk/dk 1.0 idle on line>"
