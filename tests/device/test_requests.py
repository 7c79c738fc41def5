"""Pushes: the first, copies of it, others in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.device.events import (
    Connected,
    ConnectionLost,
    DownloadAdvanced,
    DownloadCut,
    DownloadFinished,
    OfferReceived,
    PoweredOn,
    Publish,
    QuestionReceived,
    StartDownload,
)
from fleet_sim.device.personas import bind
from fleet_sim.device.requests import BUSY_CODE
from fleet_sim.device.states import UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    FailureReport,
    ProgressReport,
    UpgradeReply,
    VersionAsked,
    VersionOffer,
    VersionReport,
)
from tests.device.world import FINISHED, IMAGE, OTHER, World, device, drive, online, push

QUESTION = QuestionReceived(VersionAsked("q-1"))


def parted(modules: Mapping[str, str]) -> DeviceAgent:
    """Return an agent with parts that was not powered on yet."""
    return DeviceAgent(
        device=DeviceId("pk", "dk"),
        version="1.0",
        persona=bind("healthy"),
        timings=Timings(),
        seed=42,
        modules=modules,
    )


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

    assert effects == (
        Publish(UpgradeReply("r-1"), "r-1"),
        Publish(VersionReport("2", "1.0", after_upgrade=True)),
    )
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


# Questions


def test_a_question_is_answered_at_once() -> None:
    """Idle or busy, with what runs; it is no end of an upgrade."""
    idle, busy = online(), online()
    drive(busy, push(1))

    assert drive(idle, QUESTION) == (Publish(VersionReport("2", "1.0")),)
    assert drive(busy, QUESTION) == (Publish(VersionReport("3", "1.0")),)


def test_a_question_is_answered_for_every_part() -> None:
    """The device first, then its parts by name."""
    agent = parted({"radio": "3.1", "mcu": "0.9"})
    drive(agent, PoweredOn(), Connected())

    assert drive(agent, QUESTION) == (
        Publish(VersionReport("4", "1.0")),
        Publish(VersionReport("5", "0.9", "mcu")),
        Publish(VersionReport("6", "3.1", "radio")),
    )


def test_a_question_that_comes_too_late_is_not_answered() -> None:
    """The connection that it came on is gone."""
    agent = online()
    drive(agent, ConnectionLost("reset"))

    assert drive(agent, QUESTION) == ()


@pytest.mark.parametrize("persona", ["no_ack", "ack_then_silent"])
def test_a_device_that_is_silent_about_a_push_answers_a_question(persona: str) -> None:
    """It says what it runs, as on every connection, and no word of the push."""
    agent = online(persona)
    drive(agent, push(1))

    (said,) = drive(agent, QUESTION)

    assert isinstance(said, Publish)
    assert isinstance(said.message, VersionReport)
    assert agent.is_silent


def test_silent_success_does_not_answer_a_question() -> None:
    """Neither in the attempt, where the old version still runs, nor afterwards."""
    world = World(device("silent_success"))
    world.at(100, push(1))
    world.run(2_105)
    state = world.agent.state
    asked = drive(world.agent, QUESTION, now_ms=2_105)

    world.run(60_000)

    assert (state, asked) == (UpgradeState.FINISHING, ())
    assert world.agent.version == "2.0"
    assert drive(world.agent, QUESTION, now_ms=60_000) == ()


def test_silent_success_answers_the_question_before_its_next_attempt() -> None:
    """A question opens the next attempt, which goes well; it is not silent any more."""
    world = World(device("silent_success", {"attempts": 1}))
    world.at(100, push(1))
    world.run(60_000)

    said = drive(world.agent, QUESTION, now_ms=60_000)

    assert said == (Publish(VersionReport("7", "2.0")),)
    assert not world.agent.is_silent


# Parts of a device


def test_a_part_is_upgraded_by_itself() -> None:
    """Its progress names it, the end of the upgrade too, and the device's version stays."""
    world = World(parted({"mcu": "0.9"}))
    world.at(100, push(1, replace(IMAGE, module="mcu")))

    world.run(10_000)

    assert world.agent.version == "1.0"
    assert world.agent.modules == {"mcu": "2.0"}
    percents = [
        (each.percent, each.module) for each in world.said() if isinstance(each, ProgressReport)
    ]
    assert percents == [(percent, "mcu") for percent in (0, 25, 50, 75, 100)]
    assert world.said()[-2:] == [
        VersionReport("8", "1.0"),
        VersionReport("9", "2.0", "mcu", after_upgrade=True),
    ]
    assert [note.fields for note in world.notes("flash")] == [
        {"version": "2.0", "request": "r-1", "module": "mcu"}
    ]
    assert [note.fields for note in world.notes("boot")] == [{"version": "1.0"}] * 2


def test_a_failure_names_its_part() -> None:
    """Without it a server would not know which of its tasks has failed."""
    agent = online("bad_digest")
    drive(agent, push(1, replace(IMAGE, module="mcu")))

    effects = drive(agent, replace(FINISHED, digest="00"))

    (report,) = (each.message for each in effects if isinstance(each, Publish))
    assert isinstance(report, FailureReport)
    assert report.module == "mcu"


def test_a_part_that_was_not_known_is_learned() -> None:
    """By its first upgrade; from then on it is reported on each connection."""
    world = World(device(), cuts_at_ms=[20_000])
    world.at(100, push(1, replace(IMAGE, module="radio")))

    world.run(30_000)

    assert world.agent.modules == {"radio": "2.0"}
    assert world.said()[-2:] == [VersionReport("9", "1.0"), VersionReport("10", "2.0", "radio")]


def test_a_part_that_runs_the_version_says_so() -> None:
    """Nothing is downloaded; the device's own version is another matter."""
    agent = parted({"mcu": "2.0"})
    drive(agent, PoweredOn(), Connected())

    effects = drive(agent, push(1, replace(IMAGE, module="mcu")))

    assert effects == (
        Publish(UpgradeReply("r-1"), "r-1"),
        Publish(VersionReport("3", "2.0", "mcu", after_upgrade=True)),
    )


def test_attempts_are_counted_by_part() -> None:
    """The same version of another part is another matter."""
    agent = online("no_ack")
    for number, image in enumerate((IMAGE, IMAGE, replace(IMAGE, module="mcu"))):
        drive(agent, push(number, image))

    assert (agent.tries("2.0"), agent.tries("2.0", "mcu")) == (0, 1)


def test_a_part_kept_secret_is_the_only_one() -> None:
    """The device's own version is reported on each connection all the same."""
    world = World(device("silent_success"), cuts_at_ms=[20_000])
    world.at(100, push(1, replace(IMAGE, module="mcu")))

    world.run(30_000)

    told = [each for at_ms, each in world.heard if at_ms > 100 and isinstance(each, VersionReport)]
    assert [(each.version, each.module) for each in told] == [("1.0", "")] * 2
