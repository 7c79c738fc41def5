"""The agent: an upgrade from push to version report, and everything that comes between."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_sim.device.agent import BUSY_CODE, DeviceAgent
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
    Effect,
    Event,
    Note,
    OfferReceived,
    PoweredOn,
    Publish,
    ReplyReceived,
    RequestReceived,
    SetTimer,
    StartDownload,
    Timer,
    TimerFired,
)
from fleet_sim.device.personas import PERSONAS
from fleet_sim.device.states import MOVES, UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import (
    FailureReport,
    ProgressReport,
    ReportReply,
    UpgradeReply,
    UpgradeRequest,
    VersionOffer,
    VersionQuery,
    VersionReport,
)
from tests.device.world import IMAGE, OTHER, World, device, push

FINISHED = DownloadFinished(1, 1000, "aa", "bb")


def drive(agent: DeviceAgent, *events: Event, now_ms: int = 0) -> tuple[Effect, ...]:
    """Feed events at one instant; return the effects of the last."""
    effects: tuple[Effect, ...] = ()
    for event in events:
        effects = agent.handle(event, now_ms)
    return effects


def online(persona: str = "healthy") -> DeviceAgent:
    """Return a device that is connected and has reported 1.0 as message 1."""
    agent = device(persona)
    drive(agent, PoweredOn(), Connected())
    return agent


def in_state(state: UpgradeState) -> DeviceAgent:
    """Return a device that came to a state in the ordinary way."""
    persona = {UpgradeState.QUIET: "ack_then_silent", UpgradeState.GONE: "brick"}
    agent = device(persona.get(state, "healthy"))
    course: dict[Event, UpgradeState] = {
        PoweredOn(): UpgradeState.IDLE,
        Connected(): UpgradeState.IDLE,
        push(1): UpgradeState.DOWNLOADING,
        FINISHED: UpgradeState.INSTALLING,
        TimerFired(Timer.INSTALL, 1): UpgradeState.FINISHING,
        Acknowledged("3"): UpgradeState.REBOOTING,
    }
    for event in course:
        if agent.state is state and (agent.is_online or state is UpgradeState.OFF):
            break
        agent.handle(event, 0)
    assert agent.state is state
    return agent


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


# Connection


def test_a_cut_download_goes_on_where_it_broke() -> None:
    """The next connection asks for the rest, and only for the marks that are left."""
    agent = online()
    drive(agent, push(1), DownloadCut(1, 600, "reset"), ConnectionLost("reset"))

    effects = drive(agent, Connected())

    assert effects == (
        Publish(VersionReport("3", "1.0")),
        Publish(ProgressReport("2", 0), "r-1"),
        Note("download_start", {"version": "2.0", "request": "r-1", "offset": 600}),
        StartDownload(IMAGE, 1, 600, (750,)),
    )


def test_a_cut_is_noted_with_its_byte() -> None:
    """The record says how much was held and why it broke."""
    agent = online()
    drive(agent, push(1))

    effects = drive(agent, DownloadCut(1, 600, "reset"))

    assert effects[0] == Note("download_cut", {"request": "r-1", "offset": 600, "why": "reset"})
    assert isinstance(effects[1], SetTimer)


def test_a_cut_told_after_the_new_connection_is_made_good_by_a_timer() -> None:
    """Off line at the cut or not, the download goes on."""
    agent = online()
    drive(agent, push(1), ConnectionLost("reset"), Connected())
    timer = drive(agent, DownloadCut(1, 600, "reset"))[-1]
    assert isinstance(timer, SetTimer)

    effects = drive(agent, TimerFired(timer.name, timer.token))

    assert effects[-1] == StartDownload(IMAGE, 1, 600, (750,))


def test_a_download_that_outlives_the_connection_is_not_started_twice() -> None:
    """MQTT and HTTP are two connections; one may stand while the other breaks."""
    agent = online()
    drive(agent, push(1), ConnectionLost("kicked"))

    effects = drive(agent, Connected())

    assert effects == (Publish(VersionReport("3", "1.0")), Publish(ProgressReport("2", 0), "r-1"))


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
        agent = in_state(UpgradeState.REBOOTING)

        assert drive(agent, late) == ()
        assert agent.state is UpgradeState.REBOOTING


def test_downloads_that_get_nowhere_are_given_up() -> None:
    """Ten cuts in a row without a new byte end in a failure report."""
    agent = online()
    drive(agent, push(1))
    for cut in range(10):
        effects = drive(agent, DownloadCut(1, 600, "refused"))
        if cut < 9:
            timer = effects[-1]
            assert isinstance(timer, SetTimer)
            drive(agent, TimerFired(timer.name, timer.token))

    desc = "the download broke 10 times: refused"
    assert effects[1:] == (
        DropDownload(1),
        Note("upgrade_failed", {"request": "r-1", "cause": "download", "desc": desc}),
        Publish(FailureReport("3", FailureCause.DOWNLOAD, desc), "r-1"),
    )
    assert agent.state is UpgradeState.IDLE


def test_a_new_byte_renews_the_patience() -> None:
    """A download that creeps is never given up."""
    agent = online()
    drive(agent, push(1))
    for held in range(1, 50):
        timer = drive(agent, DownloadCut(1, held, "reset"))[-1]
        assert isinstance(timer, SetTimer)
        drive(agent, TimerFired(timer.name, timer.token))

    assert agent.state is UpgradeState.DOWNLOADING


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


# Asking


def asking(every_ms: int = 0) -> DeviceAgent:
    """Return a device that asks for versions, not powered on yet."""
    return device(timings=Timings(request_on_connect=True, request_every_ms=every_ms))


def test_a_device_that_must_ask_asks_on_each_connection() -> None:
    """After its version, so that the server knows what to offer."""
    agent = asking()
    drive(agent, PoweredOn())

    effects = drive(agent, Connected())

    assert effects == (Publish(VersionReport("1", "1.0")), Publish(VersionQuery("2")))


def test_an_offer_is_taken_without_a_reply() -> None:
    """The progress alone tells the server; the offer's id names the attempt."""
    agent = asking()
    drive(agent, PoweredOn(), Connected())
    own = FirmwareImage("1.0", "u", 1, "a", "md5")

    effects = drive(agent, OfferReceived(VersionOffer("2", (own, IMAGE))))

    assert effects == (
        Publish(ProgressReport("3", 0), "2"),
        Note("download_start", {"version": "2.0", "request": "2", "offset": 0}),
        StartDownload(IMAGE, 1, 0, (250, 500, 750)),
    )
    assert drive(agent, OfferReceived(VersionOffer("2", (IMAGE,)))) == ()


def test_an_empty_offer_changes_nothing() -> None:
    """Nothing to do, and nothing is said."""
    assert drive(online(), OfferReceived(VersionOffer("2"))) == ()


def test_an_idle_device_asks_again_now_and_then() -> None:
    """A job may be made while it is connected."""
    world = World(asking(every_ms=1000))

    world.run(3500)

    assert [at for at, each in world.heard if isinstance(each, VersionQuery)] == [
        10,
        1010,
        2010,
        3010,
    ]


def test_a_busy_device_does_not_ask() -> None:
    """It has its answer already, and asks again when it is done."""
    world = World(asking(every_ms=1000))
    world.at(500, OfferReceived(VersionOffer("2", (IMAGE,))))

    world.run(5000)

    asked = [at for at, each in world.heard if isinstance(each, VersionQuery)]
    assert asked[0] == 10
    assert all(not 500 < at < 3500 for at in asked)
    assert world.agent.version == "2.0"


# Personas, one by one


def test_a_brick_says_100_and_is_gone() -> None:
    """It leaves for its reboot and no event brings it back."""
    world = World(device("brick"))
    world.at(100, push(1))

    world.run(10_000)

    assert world.said()[-1] == ProgressReport("6", 100)
    assert world.noted[-1][1] == Note("gone", {"why": "did not return from its reboot"})
    assert world.agent.is_gone
    assert drive(world.agent, PoweredOn()) == ()


def test_flipped_bits_fail_the_digest() -> None:
    """The download is ordered with the flip, so that the bytes are really wrong."""
    world = World(device("bad_digest", {"flip_bits": 3}))
    world.at(100, push(1))

    world.run(10_000)

    assert world.downloads[0].flip_bits == 3
    last = world.said()[-1]
    assert isinstance(last, FailureReport)
    assert last.cause is FailureCause.VERIFY
    assert world.agent.version == "1.0"


@pytest.mark.parametrize(
    ("n", "percents"),
    [(0, [0]), (30, [0, 25, 30]), (50, [0, 25, 50]), (99, [0, 25, 50, 75, 99])],
)
def test_progress_stops_at_n(n: int, percents: list[int]) -> None:
    """The last percentage is n itself, whatever the step; the bytes are forgotten."""
    world = World(device("stuck_at_n", {"n": n}))
    world.at(100, push(1))

    world.run(60_000)

    reported = [each.percent for each in world.said() if isinstance(each, ProgressReport)]
    assert reported == percents
    assert world.notes("silent") == [Note("silent", {"request": "r-1", "why": f"stuck at {n} %"})]
    assert world.agent.state is UpgradeState.QUIET


def test_a_small_image_that_comes_whole_gets_stuck_too() -> None:
    """No mark on the way is needed to stop at n."""
    agent = online("stuck_at_n")
    drive(agent, push(1))

    effects = drive(agent, FINISHED)

    assert effects[1:] == (
        Publish(ProgressReport("3", 50), "r-1"),
        Note("silent", {"request": "r-1", "why": "stuck at 50 %"}),
    )


def test_a_stuck_device_is_healthy_outside_its_attempts() -> None:
    """The second push brings it to the new version."""
    world = World(device("stuck_at_n", {"attempts": 1}))
    world.at(100, push(1))
    world.at(10_000, push(2))

    world.run(20_000)

    assert world.agent.version == "2.0"
    assert world.said()[-1] == VersionReport("10", "2.0")


def test_silent_success_runs_the_new_version_and_keeps_it_secret() -> None:
    """It says 100, boots the new image, and no reconnect makes it report the version."""
    world = World(device("silent_success"), cuts_at_ms=[20_000, 30_000])
    world.at(100, push(1))

    world.run(60_000)

    assert world.agent.version == "2.0"
    assert world.agent.is_online
    assert world.said()[-1] == ProgressReport("6", 100)
    assert VersionReport not in [type(each) for at, each in world.heard if at > 100]
    assert len(world.notes("silent")) == 1


def test_silent_success_speaks_at_the_next_push() -> None:
    """Outside its attempts it says what it runs, without another download."""
    world = World(device("silent_success", {"attempts": 1}))
    world.at(100, push(1))
    world.at(20_000, push(2))

    world.run(30_000)

    assert world.said()[-2:] == [UpgradeReply("r-2"), VersionReport("7", "2.0")]
    assert len(world.downloads) == 1


def test_silent_success_in_every_attempt_claims_100_again() -> None:
    """The second push is answered by another 100 and no version."""
    world = World(device("silent_success"))
    world.at(100, push(1))
    world.at(20_000, push(2))

    world.run(30_000)

    assert world.said()[-2:] == [UpgradeReply("r-2"), ProgressReport("7", 100)]
    assert [note.fields["request"] for note in world.notes("silent")] == ["r-1", "r-2"]


def test_a_100_that_was_lost_is_owed_by_who_keeps_its_version() -> None:
    """Without it the server would not see the upgrade that F33 is about."""
    agent = online("silent_success")
    drive(agent, push(1), FINISHED, TimerFired(Timer.INSTALL, 1), TimerFired(Timer.FLUSH, 2))
    drive(agent, TimerFired(Timer.REBOOT, 3))

    assert drive(agent, Connected()) == (Publish(ProgressReport("3", 100), "r-1"),)


def test_offline_at_push_reports_once_and_stays_away() -> None:
    """It leaves when the server has its version, and returns at its hour."""
    world = World(device("offline_at_push", {"until_s": 60}))

    world.run(59_999)
    assert world.heard == [(10, VersionReport("1", "1.0"))]
    assert not world.agent.is_online

    world.run(70_000)
    assert world.heard[1:] == [(60_010, VersionReport("2", "1.0"))]
    assert world.agent.is_online


def test_offline_at_push_takes_the_push_once_back() -> None:
    """From then on it is healthy, and does not leave again."""
    world = World(device("offline_at_push", {"until_s": 60}))
    world.at(61_000, push(1))

    world.run(70_000)

    assert world.agent.version == "2.0"
    assert world.agent.is_online


def test_no_ack_takes_the_push_and_says_nothing() -> None:
    """Not even the reply; but a new connection still brings its version report."""
    world = World(device("no_ack"), cuts_at_ms=[5000])
    world.at(100, push(1))

    world.run(60_000)

    assert world.said() == [VersionReport("1", "1.0"), VersionReport("2", "1.0")]
    assert world.notes("silent") == [
        Note("silent", {"request": "r-1", "why": "does not answer the push"})
    ]


def test_ack_then_silent_answers_and_says_nothing_more() -> None:
    """The reply is all."""
    world = World(device("ack_then_silent"))
    world.at(100, push(1))

    world.run(60_000)

    assert world.said() == [VersionReport("1", "1.0"), UpgradeReply("r-1")]
    assert len(world.notes("silent")) == 1


def test_a_copy_of_the_push_does_not_wake_a_quiet_device() -> None:
    """Only another id is another attempt."""
    agent = online("ack_then_silent")
    drive(agent, push(1))

    assert drive(agent, push(1)) == ()
    assert drive(agent, push(2))[0] == Publish(UpgradeReply("r-2"), "r-2")


def test_flap_goes_up_and_down_by_its_knobs() -> None:
    """Up for 20 s, away for 5 s, and a version report on each return."""
    world = World(device("flap"))

    world.run(80_000)

    assert [at for at, _ in world.heard] == [10, 25_020, 50_030, 75_040]


def test_a_flapping_device_still_gets_its_version() -> None:
    """The download goes on over the gaps, from the byte where it broke."""
    world = World(device("flap", {"up_s": 0.4, "down_s": 0.1}))
    world.at(100, push(1))

    world.run(20_000)

    assert world.agent.version == "2.0"
    assert [start.offset for start in world.downloads] == [0, 310, 710]
    assert VersionReport in [type(each) for at, each in world.heard if at > 3000]


def test_an_attempt_that_chance_spares_is_healthy() -> None:
    """With probability 0 a brick is no brick."""
    world = World(device("brick", {"probability": 0}))
    world.at(100, push(1))

    world.run(10_000)

    assert world.agent.version == "2.0"


def test_attempts_are_counted_for_each_version() -> None:
    """The first attempt at another version is a first attempt."""
    world = World(device("ack_then_silent", {"attempts": 1}))
    world.at(100, push(1))
    world.at(1000, push(2))
    world.at(20_000, push(3, OTHER))
    world.at(30_000, push(4, OTHER))

    world.run(40_000)

    assert [note.fields["request"] for note in world.notes("silent")] == ["r-1", "r-3"]
    assert world.agent.version == "3.0"


# Laws

# A busy machine is no reason to fail.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

EVENTS: tuple[Event, ...] = (
    PoweredOn(),
    Connected(),
    ConnectionLost("reset"),
    push(1),
    push(2, OTHER),
    OfferReceived(VersionOffer("9", (IMAGE,))),
    OfferReceived(VersionOffer("8")),
    ReplyReceived(ReportReply("3", VersionReport, 500)),
    Acknowledged("1"),
    DownloadAdvanced(1, 500),
    FINISHED,
    DownloadCut(1, 600, "reset"),
    DownloadRefused(1, 503),
    *(TimerFired(name, token) for name in Timer for token in (1, 2)),
)


@pytest.mark.parametrize("event", EVENTS, ids=repr)
@pytest.mark.parametrize("state", UpgradeState)
def test_every_event_is_taken_in_every_state(state: UpgradeState, event: Event) -> None:
    """No exception, and no move but those of the table (or staying)."""
    agent = in_state(state)

    agent.handle(event, 100)

    assert agent.state is state or agent.state in MOVES[state]


def test_gone_and_off_say_nothing() -> None:
    """Before power and after the end there is nobody to hear."""
    for event in EVENTS[1:]:
        assert drive(in_state(UpgradeState.OFF), event) == ()
        assert drive(in_state(UpgradeState.GONE), event) == ()


IMAGES = st.sampled_from(
    [IMAGE, OTHER, *(FirmwareImage(f"{n}.0", "u", n, "aa", "md5") for n in range(4))]
)
NUMBERS = st.integers(0, 6)
SIZES = st.integers(-1, 1100)
ANY_EVENT = st.one_of(
    st.sampled_from([PoweredOn(), Connected(), Connected(), ConnectionLost("x")]),
    st.builds(RequestReceived, st.builds(UpgradeRequest, NUMBERS.map(str), IMAGES)),
    st.builds(
        OfferReceived,
        st.builds(VersionOffer, NUMBERS.map(str), st.lists(IMAGES, max_size=2).map(tuple)),
    ),
    st.builds(ReplyReceived, st.builds(ReportReply, NUMBERS.map(str), st.just(ProgressReport))),
    st.builds(Acknowledged, st.integers(0, 30).map(str)),
    st.builds(DownloadAdvanced, NUMBERS, SIZES),
    st.builds(DownloadFinished, NUMBERS, SIZES, st.sampled_from(["aa", "bb"]), st.just("ff")),
    st.builds(DownloadCut, NUMBERS, SIZES, st.just("cut")),
    st.builds(DownloadRefused, NUMBERS, st.just(503)),
    st.builds(TimerFired, st.sampled_from(Timer), st.integers(0, 30)),
)


@given(
    persona=st.sampled_from(sorted(PERSONAS)),
    events=st.lists(ANY_EVENT, max_size=60),
    is_asking=st.booleans(),
)
@settings(PATIENT, max_examples=300)
def test_no_course_of_events_breaks_the_agent(
    persona: str, events: list[Event], is_asking: bool
) -> None:
    """Whatever comes: moves of the table only, and nothing is published off line."""
    timings = Timings(request_on_connect=is_asking, request_every_ms=1000 * is_asking)
    agent = device(persona, timings=timings)
    agent.handle(PoweredOn(), 0)
    states = [agent.state]
    for now_ms, event in enumerate(events):
        effects = agent.handle(event, now_ms)
        states.append(agent.state)
        is_down = isinstance(event, ConnectionLost) or not agent.is_online
        is_leaving = any(isinstance(effect, Disconnect) for effect in effects)
        if is_down and not is_leaving:
            assert not any(isinstance(effect, Publish) for effect in effects)

    assert all(after is before or after in MOVES[before] for before, after in pairwise(states))


@given(
    cuts=st.lists(st.integers(1, 60_000), max_size=12),
    pushed_at_ms=st.lists(st.integers(11, 60_000), min_size=1, max_size=5),
    up_s=st.sampled_from([0.3, 1.0, 5.0]),
    persona=st.sampled_from(["healthy", "flap"]),
)
@settings(PATIENT, max_examples=150)
def test_whoever_is_pushed_again_gets_there(
    cuts: list[int], pushed_at_ms: list[int], up_s: float, persona: str
) -> None:
    """Cuts anywhere: bytes are fetched from where they broke, and the version is reported."""
    knobs: dict[str, object] = {"up_s": up_s, "down_s": 0.2} if persona == "flap" else {}
    world = World(device(persona, knobs), cuts_at_ms=cuts)
    for number, at_ms in enumerate(pushed_at_ms):
        world.at(at_ms, push(number))
    # The server repeats its push on a reconnect; here it does so often enough to meet one.
    for number in range(60):
        world.at(100_000 + 137 * number, push(100 + number))

    world.run(300_000)

    assert world.agent.version == "2.0"
    versions = [each.version for each in world.said() if isinstance(each, VersionReport)]
    assert versions[-1] == "2.0"
    assert not [each for each in world.said() if isinstance(each, FailureReport)]


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
