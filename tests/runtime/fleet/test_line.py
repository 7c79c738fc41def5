import dataclasses
from itertools import pairwise

import pytest

from fleet_sim.device.events import PoweredOn
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import UpgradeRequest
from fleet_sim.mqtt.kinds import Disconnect, Pingreq
from fleet_sim.network.outages import Outage
from fleet_sim.network.profiles import OutageKind
from fleet_sim.runtime.fleet.line import CONNECT_TIMEOUT_MS
from tests.runtime.lone_world import LoneWorld
from tests.runtime.plans import PLAIN

IMAGE = FirmwareImage("2.0", "http://h/fw", 4, "5b2e", "md5")
PUSH = UpgradeRequest("r-1", IMAGE)
MINUTE_MS = 60_000
SLOW = dataclasses.replace(PLAIN, name="slow", rtt_ms=1_000)


def outage(start_ms: int, end_ms: int, kind: OutageKind = OutageKind.RST) -> Outage:
    """Return an outage of this kind."""
    return Outage(start_ms, end_ms, kind)


def test_bytes_cross_the_link_both_ways() -> None:
    """A round trip to connect, half a one up, half a one down."""
    world = LoneWorld()
    rig = world.rig(link=SLOW)

    rig.start()
    world.run(5_000)

    (arrived_at_ms, _), (version_at_ms, _) = world.wires[0].heard
    (online,) = world.records("online")
    (delivered,) = world.records("delivered")
    assert 1_500 < arrived_at_ms <= 1_502
    assert 2_000 < online["t"] <= 2_003
    assert version_at_ms - online["t"] == pytest.approx(500, abs=2)
    assert delivered["t"] - online["t"] == pytest.approx(1_000, abs=3)


def test_a_refused_device_tries_again() -> None:
    """It was never on line, so it was never off line either."""
    world = LoneWorld()
    world.connack = 5
    rig = world.rig()
    rig.start()
    world.run(30_000)

    assert len(world.wires) > 2
    assert world.records("online", "offline") == []
    turned_away = world.records("turned_away")
    assert len(turned_away) >= len(world.wires) - 1
    assert {one["why"] for one in turned_away} == {"CONNACK code 5"}

    world.connack = 0
    world.run(120_000)
    assert rig.is_online


def test_a_broker_that_cannot_be_reached_is_tried_again() -> None:
    """The dial itself fails."""
    world = LoneWorld()
    world.is_shut = True
    rig = world.rig()
    rig.start()
    world.run(20_000)

    world.is_shut = False
    world.run(120_000)

    assert rig.is_online


def test_a_broker_that_never_answers_is_given_up() -> None:
    """A connection without a CONNACK would else last for ever."""
    world = LoneWorld()
    world.is_mute = True
    rig = world.rig()
    rig.start()
    world.run(MINUTE_MS)
    assert world.wires[0].ends == ["abort"]

    world.is_mute = False
    world.run(2 * MINUTE_MS)

    assert rig.is_online


def test_a_device_pings_only_when_it_has_nothing_else_to_say() -> None:
    """A tenth before its keep alive would be over."""
    world = LoneWorld()
    world.rig().start()
    world.run(10 * MINUTE_MS)

    pings = [at_ms for at_ms, packet in world.wires[0].heard if isinstance(packet, Pingreq)]
    gaps = [later - earlier for earlier, later in pairwise(pings)]

    assert len(world.wires) == 1
    assert len(pings) >= 10
    assert all(53_900 <= gap <= 54_200 for gap in gaps)


def test_an_unanswered_ping_ends_the_connection() -> None:
    """The device tells itself; the next connection is a new one."""
    world = LoneWorld()
    rig = world.rig()
    rig.start()
    world.run(1_000)
    world.is_mute = True
    world.run(MINUTE_MS)
    assert rig.is_online

    world.run(2 * MINUTE_MS)

    (offline,) = world.records("offline")
    assert offline["why"] == "no answer to a ping"
    assert world.wires[0].ends == ["abort"]
    assert len(world.wires) > 1


def test_bytes_sent_before_a_close_are_heard_before_it() -> None:
    """The news of the end does not overtake the push on the link."""
    world = LoneWorld()
    world.rig(link=SLOW).start()
    world.run(5_000)

    world.wires[0].tell(PUSH)
    world.wires[0].hang_up()
    world.run(6_000)

    assert [one["kind"] for one in world.records("push_received", "offline")] == [
        "push_received", "offline",
    ]  # fmt: skip
    assert world.records("offline")[0]["why"] == "closed by the broker"


def test_a_broker_that_breaks_the_protocol_is_left() -> None:
    """With what it did in the log."""
    world = LoneWorld()
    world.rig().start()
    world.run(1_000)

    world.wires[0].say(b"\xff\xff\xff\xff\xff\xff")
    world.run(1_100)

    (offline,) = world.records("offline")
    assert offline["why"].startswith("the broker broke the protocol: ")
    assert world.wires[0].ends == ["abort"]


def test_leaving_in_order_says_disconnect_first() -> None:
    """The bytes have crossed the link before the connection is closed."""
    world = LoneWorld()
    world.rig(link=SLOW, persona="flap", up_s=10, down_s=5).start()
    world.run(20_000)

    (offline,) = world.records("offline")
    at_ms, last = world.wires[0].heard[-1]
    assert offline["why"] == "flap"
    assert last == Disconnect()
    assert at_ms - offline["t"] == pytest.approx(500, abs=2)
    assert world.wires[0].ends == ["close"]
    assert len(world.wires) == 2


def test_a_connection_that_opens_too_late_is_dropped() -> None:
    """The device has given it up meanwhile."""
    world = LoneWorld()
    opened = []
    world.on_dial = lambda ear, number: opened.append((ear, number))
    rig = world.rig()
    rig.start()
    world.run(100)
    rig.feed(PoweredOn())
    world.run(200)

    (_, first), (_, second) = opened
    late, wanted = _Ends(), _Ends()
    rig.line.on_open(first, late)
    rig.line.on_open(second, wanted)

    assert (late.ends, wanted.ends) == (["abort"], [])


class _Ends:
    """A connection of which only the end matters."""

    def __init__(self) -> None:
        self.ends: list[str] = []

    def write(self, data: bytes) -> None:
        """Forget it."""

    def close(self) -> None:
        """Take note."""
        self.ends.append("close")

    def abort(self) -> None:
        """Take note."""
        self.ends.append("abort")


# --- outages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [OutageKind.RST, OutageKind.FIN])
def test_an_outage_breaks_the_connection_until_it_is_over(kind: OutageKind) -> None:
    """The device notices at once, and finds no link while it lasts."""
    world = LoneWorld()
    rig = world.rig()
    rig.start()
    world.run(1_000)

    rig.line.impose(outage(1_500, 40_000, kind))
    world.run(39_999)

    assert [(one["t"], one["why"]) for one in world.records("offline")] == [(1_500, "link down")]
    assert world.wires[0].ends == ["abort"]
    assert len(world.wires) == 1

    world.run(120_000)
    assert rig.is_online


def test_an_attempt_to_connect_without_a_link_takes_its_time() -> None:
    """As long as a device's TCP is patient, or until the link is back."""
    world = LoneWorld()
    rig = world.rig()
    rig.line.link.impose(outage(0, 11_500))
    attempts: list[int] = []
    world.on_dial = lambda _ear, _number: attempts.append(world.clock.now_ms())

    rig.start()
    world.run(MINUTE_MS)

    # One timed out, then a wait of one to two seconds; the next one finds the link, or its return.
    assert len(attempts) == 1
    assert CONNECT_TIMEOUT_MS + 1_000 < attempts[0] <= CONNECT_TIMEOUT_MS + 6_000


def test_an_outage_breaks_a_connection_in_the_making() -> None:
    """The link went down during the handshake."""
    world = LoneWorld()
    rig = world.rig(link=SLOW)
    rig.start()
    world.run(500)

    rig.line.impose(outage(900, 5_000))
    world.run(4_999)

    assert world.wires[0].ends == ["abort"]
    assert not rig.is_online


def test_a_half_open_connection_is_noticed_by_its_unanswered_ping() -> None:
    """Neither side hears the other, not even the broker's farewell."""
    world = LoneWorld()
    rig = world.rig()
    rig.start()
    world.run(1_000)

    rig.line.impose(outage(2_000, 20 * MINUTE_MS, OutageKind.HALF_OPEN))
    world.run(3_000)
    world.wires[0].tell(PUSH)
    world.wires[0].hang_up("nothing came for one and a half keep alives")
    world.run(MINUTE_MS)
    assert rig.is_online
    assert rig.line.is_deaf
    assert world.records("push_received") == []

    world.run(2 * MINUTE_MS)

    assert [one["why"] for one in world.records("offline")] == ["no answer to a ping"]
    assert world.wires[0].packets(Pingreq) == []


def test_a_frozen_link_only_delays() -> None:
    """What was sent meanwhile arrives once it thaws, and the connection stands."""
    world = LoneWorld()
    rig = world.rig()
    rig.start()
    world.run(1_000)

    rig.line.impose(outage(2_000, 30_000, OutageKind.FREEZE))
    world.run(3_000)
    world.wires[0].tell(PUSH)
    world.run(29_999)
    assert world.records("push_received") == []
    world.run(31_000)

    assert [one["t"] >= 30_000 for one in world.records("push_received")] == [True]
    assert world.records("offline") == []


def test_an_outage_behind_a_freeze_is_still_watched() -> None:
    """The watch over the link goes on after the thaw."""
    world = LoneWorld()
    rig = world.rig()
    rig.start()
    world.run(1_000)

    rig.line.impose(outage(2_000, 3_000, OutageKind.FREEZE))
    rig.line.link.impose(outage(5_000, 6_000))
    world.run(6_500)

    assert [(one["t"], one["why"]) for one in world.records("offline")] == [(5_000, "link down")]
