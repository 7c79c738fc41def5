"""Devices that ask: when, what they take of an offer, and when they keep silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.device.asking import choose, hushed_until_ms
from fleet_sim.device.attempt import Attempt
from fleet_sim.device.events import (
    Connected,
    Note,
    OfferReceived,
    PoweredOn,
    Publish,
    RequestReceived,
    StartDownload,
)
from fleet_sim.device.personas import bind
from fleet_sim.device.timings import Timings
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ProgressReport,
    UpgradeRequest,
    VersionOffer,
    VersionQuery,
    VersionReport,
)
from tests.device.world import IMAGE, World, device, drive, online


def asking(
    every_ms: int = 0,
    persona: str = "healthy",
    knobs: Mapping[str, object] | None = None,
    hush_ms: int = 0,
) -> DeviceAgent:
    """Return a device that asks for versions, not powered on yet."""
    timings = Timings(request_on_connect=True, request_every_ms=every_ms, request_hush_ms=hush_ms)
    return device(persona, knobs, timings)


def offer(number: int, *images: FirmwareImage) -> OfferReceived:
    """Return the answer to the device's message of this number."""
    return OfferReceived(VersionOffer(str(number), images))


def asked_at(world: World) -> list[int]:
    """Return when the device asked."""
    return [at_ms for at_ms, each in world.heard if isinstance(each, VersionQuery)]


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
        Publish(ProgressReport("3", 0), "offer 2"),
        Note("download_start", {"version": "2.0", "request": "offer 2", "offset": 0}),
        StartDownload(IMAGE, 1, 0, (250, 500, 750)),
    )
    assert drive(agent, OfferReceived(VersionOffer("2", (IMAGE,)))) == ()


def test_an_empty_offer_changes_nothing() -> None:
    """Nothing to do, and nothing is said."""
    assert drive(online(), OfferReceived(VersionOffer("2"))) == ()


def test_a_device_that_is_offered_what_it_runs_says_so() -> None:
    """Its server does not know it: the version report was lost, or kept back."""
    agent = asking()
    drive(agent, PoweredOn(), Connected())

    effects = drive(agent, offer(2, FirmwareImage("1.0", "u", 1, "a", "md5")))

    assert effects == (Publish(VersionReport("3", "1.0", after_upgrade=True)),)


def test_an_offer_and_a_push_of_one_number_are_two_attempts() -> None:
    """Devices and servers number their messages each for themselves."""
    agent = asking(persona="no_ack", knobs={"attempts": 1})
    drive(agent, PoweredOn(), Connected(), RequestReceived(UpgradeRequest("2", IMAGE)))

    effects = drive(agent, offer(2, IMAGE))

    assert Publish(ProgressReport("3", 0), "offer 2") in effects


def test_an_idle_device_asks_again_now_and_then() -> None:
    """A job may be made while it is connected; no two waits are alike, nor far from the mean."""
    world = World(asking(every_ms=1000))

    world.run(50_000)

    waits = [after - before for before, after in pairwise(asked_at(world))]
    assert all(800 <= wait <= 1200 for wait in waits)
    assert len(set(waits)) > len(waits) / 2
    assert 950 <= sum(waits) / len(waits) <= 1050


def test_a_device_off_line_asks_when_it_is_back() -> None:
    """Not into the void: what it would have asked meanwhile, the next connection asks."""
    world = World(asking(every_ms=10_000), cuts_at_ms=[100])

    world.run(5000)

    assert asked_at(world)[0] == 10
    assert len(asked_at(world)) == 2
    assert world.agent.is_online


def test_a_busy_device_does_not_ask() -> None:
    """It has its answer already, and asks again when it is done."""
    world = World(asking(every_ms=1000))
    world.at(500, offer(2, IMAGE))

    world.run(5000)

    assert asked_at(world)[0] == 10
    assert all(not 500 < at < 3500 for at in asked_at(world))
    assert world.agent.version == "2.0"


def test_a_device_that_fell_silent_does_not_ask_either() -> None:
    """Not before its silence may end, whatever its connection does; then it takes an offer."""
    agent = asking(1000, "stuck_at_n", {"attempts": 1}, hush_ms=20_000)
    world = World(agent, cuts_at_ms=[8000])
    world.at(500, offer(2, IMAGE))

    world.run(30_000)

    assert [at for at in asked_at(world) if 500 < at < 20_500] == []
    assert asked_at(world)[1] == 20_500
    world.at(30_000, offer(99, IMAGE))
    world.run(40_000)
    assert world.agent.version == "2.0"


def test_a_version_kept_back_is_kept_back_until_the_next_attempt() -> None:
    """Asking on the connection after the reboot would give it away."""
    world = World(asking(1000, "silent_success", {"attempts": 1}, hush_ms=20_000))
    world.at(500, offer(2, IMAGE))
    world.run(20_400)
    assert [each for each in world.said() if isinstance(each, VersionReport)] == [
        VersionReport("1", "1.0")
    ]

    world.at(21_000, offer(99, IMAGE))
    world.run(21_000)

    versions = [each.version for each in world.said() if isinstance(each, VersionReport)]
    assert versions == ["1.0", "2.0"]


def test_of_what_is_offered_the_first_news_is_chosen() -> None:
    """What runs already only where there is nothing else, and nothing where nothing is offered."""
    own = FirmwareImage("1.0", "u", 1, "a", "md5")

    def runs(image: FirmwareImage) -> bool:
        return image is own

    assert choose((own, IMAGE), runs) == IMAGE
    assert choose((IMAGE, own), runs) == IMAGE
    assert choose((own,), runs) == own
    assert choose((), runs) is None


def test_a_device_asks_for_each_of_its_parts() -> None:
    """A question each; what it is offered for one of them it takes."""
    agent = DeviceAgent(
        device=DeviceId("pk", "dk"),
        version="1.0",
        persona=bind("healthy"),
        timings=Timings(request_on_connect=True),
        seed=42,
        modules={"mcu": "0.9"},
    )
    part = replace(IMAGE, version="1.0", module="mcu")

    said = drive(agent, PoweredOn(), Connected())
    effects = drive(agent, offer(4, part))

    assert said == (
        Publish(VersionReport("1", "1.0")),
        Publish(VersionReport("2", "0.9", "mcu")),
        Publish(VersionQuery("3")),
        Publish(VersionQuery("4", "mcu")),
    )
    assert effects[0] == Publish(ProgressReport("5", 0, module="mcu"), "offer 4")


def test_a_hush_counts_from_the_begin_of_the_attempt() -> None:
    """There the server's timer starts, or a little later."""
    attempt = Attempt(number=1, tries=1, request="r", image=IMAGE, began_at_ms=700)

    assert hushed_until_ms(Timings(request_hush_ms=300), attempt) == 1000
    assert hushed_until_ms(Timings(request_hush_ms=300), None) == 0
