"""The agent: an upgrade from push to version report, and everything that comes between."""

from __future__ import annotations

from fleet_sim.device.agent import BUSY_CODE
from fleet_sim.device.events import (
    Acknowledged,
    Connect,
    Connected,
    ConnectionLost,
    Disconnect,
    DownloadAdvanced,
    DownloadCut,
    DownloadFinished,
    DownloadRefused,
    DropDownload,
    Event,
    Note,
    PoweredOn,
    Publish,
    ReplyReceived,
    SetTimer,
    StartDownload,
    Timer,
    TimerFired,
)
from fleet_sim.device.states import UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import (
    FailureReport,
    ProgressReport,
    ReportReply,
    UpgradeReply,
    VersionReport,
)
from tests.device.world import FINISHED, IMAGE, OTHER, World, device, drive, online, push

# A healthy upgrade


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
    assert agent.handle(Connected(), 2060) == (Publish(VersionReport("5", "2.0")),)
    assert agent.state is UpgradeState.IDLE
    assert agent.version == "2.0"


def test_progress_comes_in_steps_and_ends_at_100() -> None:
    """What the server hears, in order, with the default step."""
    world = World(device())
    world.at(100, push(1))

    world.run(10_000)

    percents = [each.percent for each in world.said() if isinstance(each, ProgressReport)]
    assert percents == [0, 25, 50, 75, 100]


def test_a_step_of_100_leaves_only_the_ends() -> None:
    """No progress is reported during the download."""
    world = World(device(timings=Timings(progress_step_percent=100)))
    world.at(100, push(1))

    world.run(10_000)

    percents = [each.percent for each in world.said() if isinstance(each, ProgressReport)]
    assert percents == [0, 100]


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


def test_message_ids_never_repeat() -> None:
    """Over two upgrades and their reboots, each report has an id of its own."""
    world = World(device())
    world.at(100, push(1))
    world.at(10_000, push(2, OTHER))

    world.run(20_000)

    ids = [each.message_id for each in world.said() if not isinstance(each, UpgradeReply)]
    assert len(ids) == len(set(ids))
    assert world.agent.version == "3.0"


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


def test_attempts_are_counted_by_version() -> None:
    """A push repeated within one is none of its own, and another version begins anew."""
    agent = online()
    assert agent.tries(IMAGE.version) == 0

    drive(agent, push(1), push(2))
    assert agent.tries(IMAGE.version) == 1

    drive(agent, DownloadCut(1, 600, "reset"), DownloadFinished(1, 1000, "00", "ff"), push(3))
    assert (agent.tries(IMAGE.version), agent.tries("9")) == (2, 0)


def test_a_power_cut_ends_the_installation() -> None:
    """The timer of what was under way means nothing to the device that boots."""
    agent = online()
    drive(agent, push(1), FINISHED, PoweredOn())

    assert drive(agent, TimerFired(Timer.INSTALL, 1)) == ()
    assert agent.state is UpgradeState.IDLE


# Connection


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


# Pushes


def test_a_repeated_push_is_the_same_order_under_a_new_id() -> None:
    """It is answered, the last progress is said again, and later reports belong to the new id."""
    agent = online()
    drive(agent, push(1), DownloadAdvanced(1, 250))

    assert drive(agent, push(2)) == (
        Publish(UpgradeReply("r-2"), "r-2"),
        Publish(ProgressReport("4", 25), "r-2"),
    )
    assert drive(agent, DownloadAdvanced(1, 500)) == (Publish(ProgressReport("5", 50), "r-2"),)


def test_a_copy_of_a_push_is_answered_and_nothing_else() -> None:
    """The same message delivered twice does not start a second attempt."""
    agent = online()
    drive(agent, push(1))

    assert drive(agent, push(1)) == (Publish(UpgradeReply("r-1"), "r-1"),)


def test_a_push_of_another_image_is_refused_while_busy() -> None:
    """The device says what keeps it busy, and goes on."""
    agent = online()
    drive(agent, push(1))

    effects = drive(agent, push(2, OTHER))

    assert effects == (Publish(UpgradeReply("r-2", BUSY_CODE, "busy with 2.0"), "r-2"),)
    assert drive(agent, DownloadAdvanced(1, 250)) == (Publish(ProgressReport("3", 25), "r-1"),)


def test_the_running_version_is_reported_and_not_installed() -> None:
    """Whoever asks for what runs already gets consent and the version."""
    agent = online()
    own = FirmwareImage("1.0", "http://host/1.0.bin", 1000, "dd", "md5")

    effects = drive(agent, push(1, own))

    assert effects == (Publish(UpgradeReply("r-1"), "r-1"), Publish(VersionReport("2", "1.0")))
    assert agent.state is UpgradeState.IDLE


def test_a_push_after_a_failure_is_a_new_attempt() -> None:
    """The download starts from the first byte, under a new number."""
    agent = online()
    drive(agent, push(1), DownloadCut(1, 600, "reset"), DownloadFinished(1, 1000, "00", "ff"))

    assert drive(agent, push(2))[-1] == StartDownload(IMAGE, 2, 0, (250, 500, 750))


def test_answers_to_a_given_up_download_are_ignored() -> None:
    """Events of attempt 1 while attempt 2 runs change nothing."""
    agent = online()
    drive(agent, push(1), DownloadRefused(1, 503), push(2))

    late: list[Event] = [
        DownloadAdvanced(1, 900),
        FINISHED,
        DownloadCut(1, 9, "x"),
        DownloadRefused(1, 500),
    ]

    assert [drive(agent, event) for event in late] == [()] * 4


def test_a_wrong_digest_ends_in_a_verify_failure() -> None:
    """A device that received other bytes reports VERIFY and is free for the next push."""
    agent = online()

    effects = drive(agent, push(1), DownloadFinished(1, 1000, "00", "ff"))

    assert effects[-1] == Publish(
        FailureReport("3", FailureCause.VERIFY, "md5 is 00, not aa"), "r-1"
    )
    assert agent.state is UpgradeState.IDLE


def test_digests_compare_whatever_their_case() -> None:
    """Some platforms write hex in capitals."""
    agent = online()

    drive(agent, push(1), DownloadFinished(1, 1000, "AA", "bb"))

    assert agent.state is UpgradeState.INSTALLING


def test_an_http_error_is_a_download_failure() -> None:
    """The status stands in the desc."""
    agent = online()

    effects = drive(agent, push(1), DownloadRefused(1, 404))

    desc = "the file server answered 404"
    assert effects[-1] == Publish(FailureReport("3", FailureCause.DOWNLOAD, desc), "r-1")


# All of it


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
