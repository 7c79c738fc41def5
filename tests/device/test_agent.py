"""The agent: one upgrade from push to version report, and everything that comes between."""

from __future__ import annotations

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.device.events import (
    Acknowledged,
    Connect,
    Connected,
    Disconnect,
    DownloadAdvanced,
    DownloadFinished,
    Note,
    PoweredOn,
    Publish,
    RequestReceived,
    SetTimer,
    StartDownload,
    Timer,
    TimerFired,
)
from fleet_sim.device.personas import bind
from fleet_sim.device.states import UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ProgressReport, UpgradeReply, UpgradeRequest, VersionReport

IMAGE = FirmwareImage(
    version="2.0", url="http://host/2.0.bin", size_bytes=1000, digest="aa", digest_method="md5"
)
REQUEST = UpgradeRequest("r-1", IMAGE)


def healthy() -> DeviceAgent:
    """Return a healthy device that runs 1.0."""
    return DeviceAgent(
        device=DeviceId("pk", "dk"),
        version="1.0",
        persona=bind("healthy"),
        timings=Timings(),
        seed=42,
    )


def test_a_push_leads_to_a_report_of_the_new_version() -> None:
    """The whole course of a healthy upgrade, effect by effect."""
    agent = healthy()

    assert agent.handle(PoweredOn(), 0) == (Note("boot", {"version": "1.0"}), Connect())
    assert agent.handle(Connected(), 10) == (Publish(VersionReport("1", "1.0")),)
    assert agent.handle(RequestReceived(REQUEST), 20) == (
        Publish(UpgradeReply("r-1"), "r-1"),
        Publish(ProgressReport("2", 0), "r-1"),
        Note("download_start", {"version": "2.0", "request": "r-1", "offset": 0}),
        StartDownload(IMAGE, 1, 0, (250, 500, 750)),
    )
    assert agent.handle(DownloadAdvanced(1, 260), 30) == (Publish(ProgressReport("3", 25), "r-1"),)
    assert agent.handle(DownloadFinished(1, 1000, "aa", "bb"), 40) == (
        Note("download_end", {"version": "2.0", "request": "r-1", "size": 1000, "sha256": "bb"}),
        SetTimer(Timer.INSTALL, 1040, 1),
    )
    assert agent.handle(TimerFired(Timer.INSTALL, 1), 1040) == (
        SetTimer(Timer.FLUSH, 6040, 2),
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
    assert agent.handle(Connected(), 2060) == (Publish(VersionReport("5", "2.0")),)
    assert agent.state is UpgradeState.IDLE
    assert agent.version == "2.0"
