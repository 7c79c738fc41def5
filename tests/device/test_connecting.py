"""Power and connection: coming on line, losing it, and coming back."""

from __future__ import annotations

from fleet_sim.device.events import (
    Acknowledged,
    Connect,
    Connected,
    ConnectionLost,
    Disconnect,
    DownloadAdvanced,
    DownloadFinished,
    DownloadRefused,
    DropDownload,
    Event,
    Note,
    PoweredOn,
    Publish,
    SetTimer,
    StartDownload,
    Timer,
    TimerFired,
)
from fleet_sim.device.states import UpgradeState
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.messages import (
    FailureReport,
    VersionReport,
)
from tests.device.world import FINISHED, IMAGE, drive, online, push


def test_a_power_cut_loses_the_attempt_but_not_the_device() -> None:
    """It boots what it ran, forgets the bytes, and takes the next push."""
    agent = online()
    drive(agent, push(1), DownloadAdvanced(1, 300))

    assert agent.handle(PoweredOn(), 50) == (
        Disconnect("power"),
        DropDownload(1),
        Note("boot", {"version": "1.0"}),
        Connect(),
    )
    assert drive(agent, Connected()) == (Publish(VersionReport("4", "1.0")),)
    assert drive(agent, push(2))[-1] == StartDownload(IMAGE, 2, 0, (250, 500, 750))


def test_a_power_cut_ends_the_installation() -> None:
    """The timer of what was under way means nothing to the device that boots."""
    agent = online()
    drive(agent, push(1), FINISHED, PoweredOn())

    assert drive(agent, TimerFired(Timer.INSTALL, 1)) == ()
    assert agent.state is UpgradeState.IDLE


def test_a_failure_report_lost_in_a_cut_is_sent_again() -> None:
    """Under its own id, with its own request, until somebody has it."""
    agent = online()
    drive(agent, push(1), DownloadRefused(1, 404), ConnectionLost("reset"))
    report = FailureReport("3", FailureCause.DOWNLOAD, "the file server answered 404")

    again = drive(agent, Connected())
    drive(agent, Acknowledged("3"), ConnectionLost("reset"))
    after = drive(agent, Connected())

    assert again == (Publish(VersionReport("4", "1.0")), Publish(report, "r-1"))
    assert after == (Publish(VersionReport("5", "1.0")),)


def test_what_happens_off_line_is_reported_on_the_next_connection() -> None:
    """A digest found wrong while the connection was down is not lost."""
    agent = online()
    drive(agent, push(1), ConnectionLost("reset"))

    off_line = drive(agent, DownloadFinished(1, 1000, "00", "ff"))
    on_line = drive(agent, Connected())

    desc = "md5 is 00, not aa"
    failed = Note("upgrade_failed", {"request": "r-1", "cause": "verify", "desc": desc})
    assert off_line[-1] == failed
    assert on_line[-1] == Publish(FailureReport("3", FailureCause.VERIFY, desc), "r-1")


def test_reconnects_wait_longer_each_time() -> None:
    """Each wait is between the doubled minimum and twice that, capped at a minute.

    failure   1      2      3      4       5        6        7        8
    wait s  1-2    2-4    4-8   8-16   16-32    32-60       60       60
    """
    agent = online()
    waits = []
    for _ in range(8):
        timer = drive(agent, ConnectionLost("refused"))[0]
        assert isinstance(timer, SetTimer)
        waits.append(timer.at_ms)
        drive(agent, TimerFired(Timer.RECONNECT, timer.token))

    bounds = [(1, 2), (2, 4), (4, 8), (8, 16), (16, 32), (32, 60), (60, 60), (60, 60)]
    for wait_ms, (low, high) in zip(waits, bounds, strict=True):
        assert low * 1000 <= wait_ms <= high * 1000


def test_a_connection_ends_the_waiting() -> None:
    """After a success the first wait is short again, and the old timer is void."""
    agent = online()
    first = drive(agent, ConnectionLost("refused"))[0]
    assert isinstance(first, SetTimer)
    drive(agent, Connected())

    assert drive(agent, TimerFired(Timer.RECONNECT, first.token)) == ()
    second = drive(agent, ConnectionLost("refused"))[0]
    assert isinstance(second, SetTimer)
    assert second.at_ms <= 2000


def test_a_loss_told_twice_is_one_loss() -> None:
    """The second telling neither shortens nor lengthens the wait."""
    agent = online()
    drive(agent, ConnectionLost("reset"))

    assert drive(agent, ConnectionLost("reset")) == ()


def test_a_rebooting_device_hears_nothing() -> None:
    """Late answers of the old connection change nothing."""
    late_events: tuple[Event, ...] = (Connected(), ConnectionLost("closed"), push(2))
    for late in late_events:
        agent = online()
        drive(agent, push(1), FINISHED, TimerFired(Timer.INSTALL, 1), Acknowledged("3"))
        assert agent.state is UpgradeState.REBOOTING

        assert drive(agent, late) == ()
        assert agent.state is UpgradeState.REBOOTING
