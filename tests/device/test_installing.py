"""From the last byte to the reboot."""

from __future__ import annotations

from fleet_sim.device.events import (
    Disconnect,
    ReplyReceived,
    SetTimer,
    Timer,
    TimerFired,
)
from fleet_sim.device.states import UpgradeState
from fleet_sim.model.messages import (
    ProgressReport,
    ReportReply,
)
from tests.device.world import FINISHED, drive, online, push


def test_a_reboot_does_not_wait_for_ever_for_the_100() -> None:
    """A server that never acknowledges does not keep the device from its new version."""
    agent = online()
    drive(agent, push(1), FINISHED, TimerFired(Timer.INSTALL, 1))

    effects = agent.handle(TimerFired(Timer.FLUSH, 2), 11_000)

    assert effects == (Disconnect("reboot"), SetTimer(Timer.REBOOT, 12_000, 3))
    assert not agent.is_online


def test_a_reply_counts_as_an_acknowledgement() -> None:
    """The server's own answer to the 100 says as much as the broker's."""
    agent = online()
    drive(agent, push(1), FINISHED, TimerFired(Timer.INSTALL, 1))

    drive(agent, ReplyReceived(ReportReply("3", ProgressReport)))

    assert agent.state is UpgradeState.REBOOTING
