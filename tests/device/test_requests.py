"""Pushes: the first, copies of it, others in between."""

from __future__ import annotations

from fleet_sim.device.events import (
    DownloadAdvanced,
    DownloadCut,
    DownloadFinished,
    OfferReceived,
    Publish,
    StartDownload,
)
from fleet_sim.device.requests import BUSY_CODE
from fleet_sim.device.states import UpgradeState
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import (
    ProgressReport,
    UpgradeReply,
    VersionOffer,
    VersionReport,
)
from tests.device.world import IMAGE, OTHER, drive, online, push


def test_attempts_are_counted_by_version() -> None:
    """A push repeated within one is none of its own, and another version begins anew."""
    agent = online()
    assert agent.tries(IMAGE.version) == 0

    drive(agent, push(1), push(2))
    assert agent.tries(IMAGE.version) == 1

    drive(agent, DownloadCut(1, 600, "reset"), DownloadFinished(1, 1000, "00", "ff"), push(3))
    assert (agent.tries(IMAGE.version), agent.tries("9")) == (2, 0)


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


def test_the_instant_of_the_last_push_is_known() -> None:
    """Of a push or an offer, taken or refused; an offer of nothing asks for nothing."""
    agent = online()
    events = (OfferReceived(VersionOffer("7")), OfferReceived(VersionOffer("8", (IMAGE,))))

    known = [agent.pushed_at_ms]
    for at_ms, event in ((5, events[0]), (10, events[1]), (20, push(1, OTHER))):
        drive(agent, event, now_ms=at_ms)
        known.append(agent.pushed_at_ms)

    assert known == [None, None, 10, 20]


def test_a_push_to_a_silent_device_does_not_count() -> None:
    """It is repeated because nothing is heard; the wait goes on from the first."""
    agent = online("no_ack")
    drive(agent, push(1), now_ms=10)

    drive(agent, push(2), now_ms=20)

    assert agent.pushed_at_ms == 10
