import dataclasses
import hashlib

import pytest

from fleet_sim.device.events import PoweredOn
from fleet_sim.device.states import UpgradeState
from fleet_sim.dialects.credentials import Identity
from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.enos.signature import read_client_id
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationInfo,
    ActivationReply,
    Block,
    DeviceMessage,
    ReportReply,
    UpgradeRequest,
    VersionAsked,
    VersionOffer,
    VersionReport,
)
from fleet_sim.mqtt.encoding import encode
from fleet_sim.mqtt.kinds import Connect, Publish, Subscribe
from fleet_sim.network.outages import Outage
from fleet_sim.network.profiles import OutageKind
from fleet_sim.runtime.fleet.download import Owner
from fleet_sim.runtime.target.broker_access import MqttLogin
from tests.dialects.keys import Keys
from tests.runtime.lone_world import DEVICE, ENOS, LoneWorld
from tests.runtime.plans import PLAIN
from tests.runtime.rich_dialect import RICH

IMAGE = FirmwareImage("2.0", "http://h/fw", 4, "5b2e", "md5")
PUSH = UpgradeRequest("r-1", IMAGE)
MINUTE_MS = 60_000
STREAMED = FirmwareImage("2.0", "", 4, hashlib.sha256(b"abcd").hexdigest(), "sha256", stream=(7, 1))
SLOW = dataclasses.replace(PLAIN, name="slow", rtt_ms=1_000)


class Hasty(EnosDevice):
    """A device that says everything at QoS 0."""

    def encode(self, device: DeviceId, message: DeviceMessage) -> WireMessage:
        """Write what it says."""
        return dataclasses.replace(super().encode(device, message), qos=0)


def outage(start_ms: int, end_ms: int, kind: OutageKind = OutageKind.RST) -> Outage:
    """Return an outage of this kind."""
    return Outage(start_ms, end_ms, kind)


def test_a_device_connects_says_who_it_is_and_what_it_runs() -> None:
    """It is switched on when its plan says so, and signs with its own secret."""
    world = LoneWorld()
    rig = world.rig(connect_at_ms=2_000)

    rig.start()
    world.run(1_999)
    assert world.log.records == []
    world.run(3_000)

    (hello,) = world.wires[0].packets(Connect)
    found = ENOS.server.identify(
        hello.client_id, hello.username, hello.password, Keys({DEVICE: "secret"})
    )
    assert found == Identity(DEVICE)
    assert read_client_id(hello.client_id).timestamp == str(world.epoch_ms + 2_010)
    told = world.records("boot", "online", "version_sent", "delivered")
    assert [one["kind"] for one in told] == [
        "boot", "online", "version_sent", "delivered",
    ]  # fmt: skip
    assert told[1]["since"] == 2_010
    assert rig.is_online


def test_a_login_stands_in_for_what_a_device_signs() -> None:
    """User and password are the broker's; the client id stays the device's own."""
    world = LoneWorld(login=MqttLogin(username="ada", password="lovelace"))
    rig = world.rig()
    rig.start()

    world.run(1_000)

    (connect,) = world.wires[0].packets(Connect)
    assert (connect.username, connect.password) == ("ada", b"lovelace")
    assert connect.client_id.startswith(DEVICE.device_key)
    assert "lovelace" not in str(world.log.records)


def test_a_device_without_a_secret_activates_and_keeps_what_it_is_given() -> None:
    """It reports on the same connection, and signs with its own secret from the next one on."""
    world = LoneWorld()
    rig = world.rig(secret="")
    rig.start()
    world.run(1_000)

    world.wires[0].tell(ActivationInfo("5", "asset", "s3cret"))
    world.run(2_000)
    world.wires[0].hang_up()
    world.run(60_000)

    first, second = (wire.packets(Connect)[0] for wire in world.wires[:2])
    keys = Keys({DEVICE: "s3cret"}, {DEVICE.product_key: world.product_secret})
    found = [
        ENOS.server.identify(one.client_id, one.username, one.password, keys)
        for one in (first, second)
    ]
    assert found == [Identity(DEVICE, activates=True), Identity(DEVICE)]
    said = [ENOS.server.decode(one.topic, one.payload) for one in world.wires[0].packets(Publish)]
    assert [type(message) for _, message in said] == [VersionReport, ActivationReply]
    assert said[1] == (DEVICE, ActivationReply("5"))
    told = world.records("activation_received", "activation_replied")
    assert [one["kind"] for one in told] == ["activation_received", "activation_replied"]
    assert "s3cret" not in str(world.log.records)
    assert world.product_secret not in str(world.log.records)


def test_a_device_activates_again_until_it_was_told() -> None:
    """A connection that broke before it brought the secret was for nothing."""
    world = LoneWorld()
    rig = world.rig(secret="")
    rig.start()
    world.run(1_000)

    world.wires[0].hang_up()
    world.run(60_000)

    second = world.wires[1].packets(Connect)[0]
    assert read_client_id(second.client_id).secure_mode == "3"


def test_a_device_that_activates_subscribes_to_its_secret() -> None:
    """Where it subscribes at all; not any more once it has it."""
    world = LoneWorld(subscribes=True)
    rig = world.rig(secret="")
    rig.start()
    world.run(1_000)
    world.wires[0].tell(ActivationInfo("5", "asset", "s3cret"))
    world.run(2_000)
    world.wires[0].hang_up()
    world.run(60_000)

    first, second = (wire.packets(Subscribe)[0] for wire in world.wires[:2])
    wanted = [topic_filter for topic_filter, _ in first.filters]
    assert wanted == list(ENOS.devices.filters(DEVICE, activates=True))
    assert [one for one, _ in second.filters] == list(ENOS.devices.filters(DEVICE))


def test_the_acknowledgement_of_a_reply_is_no_acknowledgement_of_a_report() -> None:
    """The platform's ids and the device's may be alike."""
    world = LoneWorld()
    rig = world.rig(secret="")
    rig.start()
    world.run(1_000)
    before = len(world.records("delivered"))

    world.wires[0].tell(ActivationInfo("1", "asset", "s3cret"))
    world.run(2_000)

    assert len(world.records("delivered")) == before


def test_only_the_first_boot_names_fleet_and_dialect() -> None:
    """They are the device's for life; no other record names them."""
    world = LoneWorld()
    rig = world.rig()
    rig.start()
    world.run(1_000)

    rig.feed(PoweredOn())
    world.run(2_000)

    assert world.records("boot") == [
        {"t": 0, "kind": "boot", "version": "1.0", "fleet": "meters", "dialect": "enos"},
        {"t": 1_000, "kind": "boot", "version": "1.0"},
    ]


@pytest.mark.parametrize("subscribes", [True, False])
def test_devices_subscribe_only_on_a_broker_that_delivers_nothing_unasked(
    *, subscribes: bool
) -> None:
    """To all their own topics, at QoS 1, before they say anything."""
    world = LoneWorld(subscribes=subscribes)
    world.rig().start()
    world.run(1_000)

    asked = [packet.filters for packet in world.wires[0].packets(Subscribe)]

    filters = tuple((topic, 1) for topic in ENOS.devices.filters(DEVICE))
    assert asked == ([filters] if subscribes else [])
    kinds = [type(packet) for _, packet in world.wires[0].heard]
    assert kinds == [Connect, *([Subscribe] if subscribes else []), Publish]


def test_a_push_is_answered_and_noted() -> None:
    """On the wire and in the log, with the instant at which the device had it."""
    world = LoneWorld()
    rig = world.rig()
    rig.start()
    world.run(1_000)
    assert rig.agent.pushed_at_ms is None

    world.wires[0].tell(PUSH)
    world.run(1_100)

    (push,) = world.records("push_received")
    assert push["t"] == rig.agent.pushed_at_ms
    assert (push["request"], push["version"], push["digest"]) == ("r-1", "2.0", "5b2e")
    assert [one["code"] for one in world.records("push_replied")] == [200]
    assert [one["step"] for one in world.records("progress_sent")] == [0]


def test_an_offer_counts_as_a_push_does_unless_it_holds_nothing() -> None:
    """The instant is noted; an empty one asks for nothing."""
    world = LoneWorld()
    rig = world.rig()
    rig.start()
    world.run(1_000)

    world.wires[0].tell(VersionOffer("8"))
    world.run(1_100)
    before = rig.agent.pushed_at_ms
    world.wires[0].tell(VersionOffer("9", (PUSH.image,)))
    world.run(1_200)

    assert before is None
    empty, full = world.records("offer_received")
    assert (empty["versions"], full["versions"], full["t"]) == ([], ["2.0"], rig.agent.pushed_at_ms)
    assert [one["request"] for one in world.records("progress_sent")] == ["offer 9"]


def test_a_mere_reply_leaves_no_record() -> None:
    """It proves nothing that the acknowledgement has not proved."""
    world = LoneWorld()
    world.rig().start()
    world.run(1_000)
    before = world.log.count

    world.wires[0].tell(ReportReply("1", VersionReport))
    world.run(2_000)

    assert world.log.count == before


def test_a_reply_of_the_server_is_told_where_the_broker_is_another() -> None:
    """The broker acknowledges by itself there; that the server has the message, a reply shows."""
    world = LoneWorld(subscribes=True)
    world.rig().start()
    world.run(1_000)

    world.wires[0].tell(ReportReply("1", VersionReport, 500, "not now"))
    world.run(2_000)

    (answered,) = world.records("answered")
    assert {name: answered[name] for name in ("side", "message", "code")} == {
        "side": "device", "message": "1", "code": 500,
    }  # fmt: skip


def test_a_message_that_is_none_is_refused_and_forgotten() -> None:
    """The device lives on; what the platform said stands in the log."""
    world = LoneWorld()
    rig = world.rig()
    rig.start()
    world.run(1_000)
    topic = ENOS.devices.filters(DEVICE)[0]

    world.wires[0].say(encode(Publish(topic, b"{", 0, 0)))
    world.run(2_000)

    (refused,) = world.records("refused")
    assert (refused["side"], refused["topic"]) == ("device", topic)
    assert rig.is_online


def test_a_failure_stands_in_the_log_with_its_number() -> None:
    """As on the wire, not as the device thinks of it."""
    world = LoneWorld()
    world.rig(persona="bad_digest").start()
    world.run(1_000)
    world.wires[0].tell(PUSH)
    world.run(1_100)

    assert world.transfers[0].owner == Owner(DEVICE, "secret", ENOS)
    world.transfers[0].listener.on_response(200)
    world.transfers[0].send(b"\0\0\0\0")
    world.run(1_200)

    failure = world.records("progress_sent")[-1]
    assert failure["cause"] == "verify"
    assert failure["step"] < 0
    (wire,) = [one for one in world.wires[0].packets(Publish) if b'"step":"-' in one.payload]
    assert f'"step":"{failure["step"]}"'.encode() in wire.payload


# --- words that EnOS lacks ----------------------------------------------------------------------


def test_a_question_is_answered_over_the_link() -> None:
    """As any message: a round trip of the link later, with a number of its own."""
    world = LoneWorld(dialect=RICH)
    world.rig().start()
    world.run(1_000)

    world.wires[0].tell(VersionAsked("q-1"))
    world.run(1_100)

    (question,) = world.records("question_received")
    assert (question["message"], question["side"]) == ("q-1", "device")
    said = world.records("version_sent", "delivered")
    assert [(one["kind"], one["message"]) for one in said] == [
        ("version_sent", "1"), ("delivered", "1"), ("version_sent", "2"), ("delivered", "2"),
    ]  # fmt: skip
    assert said[2]["t"] == question["t"]


def test_blocks_are_asked_for_and_taken() -> None:
    """Over the connection that stands; no file server is asked, no receipt awaited."""
    world = LoneWorld(dialect=RICH)
    rig = world.rig()
    rig.start()
    world.run(1_000)
    world.wires[0].tell(UpgradeRequest("r-1", STREAMED))
    world.run(1_100)

    asked = world.records("block_request_sent")
    world.wires[0].tell(Block(asked[0]["message"], 0, b"abcd", 4))
    world.run(1_200)

    assert [(one["offset"], one["size"]) for one in asked] == [(0, 4)]
    assert world.transfers == []
    assert [one["size"] for one in world.records("block_received")] == [4]
    assert [one["size"] for one in world.records("download_end")] == [4]
    receipts = [one["message"] for one in world.records("delivered")]
    assert asked[0]["message"] not in receipts
    assert rig.agent.state is UpgradeState.INSTALLING


@pytest.mark.parametrize(("secret", "is_genuine"), [("secret", True), ("another", False)])
def test_a_keyed_digest_is_checked_with_the_devices_own_secret(
    secret: str, is_genuine: bool
) -> None:
    """Signed for another device, an image is refused."""
    keyed = RICH.firmware_hmac
    assert keyed is not None
    world = LoneWorld(dialect=RICH)
    rig = world.rig()
    rig.start()
    world.run(1_000)

    sha256 = hashlib.sha256(b"abcd").hexdigest()
    signed = dataclasses.replace(
        IMAGE, digest="", hmac=keyed(secret, method="sha256", digest=sha256)
    )
    world.wires[0].tell(UpgradeRequest("r-1", signed))
    world.run(1_100)
    world.transfers[0].listener.on_response(200)
    world.transfers[0].send(b"abcd")
    world.run(1_200)

    assert (rig.agent.state is UpgradeState.INSTALLING) == is_genuine
    assert [one["cause"] for one in world.records("upgrade_failed")] == (
        [] if is_genuine else ["verify"]
    )


def test_a_keyed_digest_is_checked_with_the_secret_that_was_given_last() -> None:
    """A device that activates has none before."""
    keyed = RICH.firmware_hmac
    assert keyed is not None
    world = LoneWorld(dialect=RICH)
    rig = world.rig(secret="")
    rig.start()
    world.run(1_000)
    world.wires[0].tell(ActivationInfo("5", "asset", "s3cret"))
    world.run(1_100)

    sha256 = hashlib.sha256(b"abcd").hexdigest()
    signed = dataclasses.replace(STREAMED, hmac=keyed("another", method="sha256", digest=sha256))
    world.wires[0].tell(UpgradeRequest("r-1", signed))
    world.run(1_200)
    world.wires[0].tell(Block(world.records("block_request_sent")[0]["message"], 0, b"abcd", 4))
    world.run(1_300)

    (failure,) = world.records("upgrade_failed")
    right = keyed("s3cret", method="sha256", digest=sha256)
    assert failure["desc"].startswith(f"hmac is {right}, not ")


def test_a_message_at_qos_0_awaits_no_receipt() -> None:
    """It has no packet identifier by which one could come."""
    world = LoneWorld(dialect=dataclasses.replace(ENOS, devices=Hasty()))
    rig = world.rig()
    rig.start()
    world.run(1_000)

    assert [one["message"] for one in world.records("version_sent")] == ["1"]
    assert world.records("delivered") == []
    assert rig._unacknowledged == {}


# --- ends of connections ------------------------------------------------------------------------


def test_after_the_run_nothing_more_happens() -> None:
    """Everything is dropped, and nobody is told."""
    world = LoneWorld()
    rig = world.rig()
    rig.start()
    world.run(1_000)
    world.wires[0].tell(PUSH)
    world.run(1_100)
    before = world.log.count

    rig.leave()
    world.wires[0].tell(PUSH)
    world.wires[0].hang_up()
    world.run(10 * MINUTE_MS)

    assert world.wires[0].ends == ["abort"]
    assert not world.transfers[0].is_open
    assert world.log.count == before
