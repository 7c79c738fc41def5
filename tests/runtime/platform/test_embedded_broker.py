import pytest

from fleet_sim.dialects import registry
from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.enos.server import EnosServer
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationInfo,
    ActivationReply,
    ReportReply,
    VersionReport,
)
from fleet_sim.model.northbound import Listed, SearchDevices
from fleet_sim.mqtt import client as mqtt
from fleet_sim.mqtt.encoding import encode
from fleet_sim.mqtt.kinds import Connack, Connect, Publish
from fleet_sim.runtime.platform.gateways import claimed_topics
from tests.runtime.lone_platform import (
    EPOCH_MS,
    PRODUCT_SECRET,
    SECRET,
    WINDOW_MS,
    Client,
    LonePlatform,
    online,
)
from tests.runtime.lone_world import ENOS

DEVICE = "d1"


# --- who may do what ----------------------------------------------------------------------------


def test_a_registered_device_is_let_in_by_its_own_secret() -> None:
    """And is on line, as the log says from the server's side."""
    world = LonePlatform()
    (device,) = world.register(DEVICE)

    client = Client(world, device)

    assert client.events() == [mqtt.Connected(session_present=False)]
    assert world.records("online") == [{"kind": "online", "device": "pk/d1", "side": "server"}]


def test_nothing_is_kept_for_a_device_that_is_away() -> None:
    """Whatever it asks for: the platform pushes again from what it knows. Nor is QoS 2 served."""
    world = LonePlatform()
    (device,) = world.register(DEVICE)
    mine = ENOS.devices.credentials(device, SECRET, epoch_ms=0)
    hello = Connect(mine.client_id, mine.username, mine.password.encode(), clean_session=False)
    broker = world.embedded.broker

    for _ in range(2):
        connection = broker.open(0)
        broker.receive(connection, encode(hello), 0)
        assert connection.take_output() == encode(Connack(0, session_present=False))
        broker.receive(connection, encode(Publish(f"/sys/pk/{DEVICE}/x", b"", 2, 1)), 0)
        assert connection.why == "QoS 2 is not served, only up to 1"
        assert broker.away_count == 0


@pytest.mark.parametrize(
    ("name", "code"), [("alibaba", 3), ("tuya", 3), ("huawei", 2), ("tuyalink", 0), ("enos", 0)]
)
def test_a_vendor_says_which_keep_alive_it_takes(name: str, code: int) -> None:
    """Whoever asks for another, or for none, is refused with its code, where one is documented."""
    dialect = registry.get(name)
    world = LonePlatform(dialect.contract, dialect=dialect)
    (device,) = world.register(DEVICE)
    mine = dialect.devices.credentials(device, SECRET, epoch_ms=EPOCH_MS)
    broker = world.embedded.broker

    def answer(keep_alive_s: int) -> bytes:
        connection = broker.open(0)
        hello = Connect(mine.client_id, mine.username, mine.password.encode(), keep_alive_s)
        broker.receive(connection, encode(hello), 0)
        return connection.take_output()

    for accepted in (30, mine.keep_alive_s, 1200):
        assert answer(accepted) == encode(Connack(0, session_present=False))
    for other in (0, 29, 1201):
        assert answer(other) == encode(Connack(code, session_present=False))


def test_a_wrong_secret_and_a_stranger_are_refused() -> None:
    """With the codes of MQTT, and neither was ever on line."""
    world = LonePlatform()
    (device,) = world.register(DEVICE)
    (stranger,) = LonePlatform().register("stranger")

    assert Client(world, device, "wrong").events() == [mqtt.Refused(4)]
    assert Client(world, stranger).events() == [mqtt.Refused(5)]
    assert world.records("online") == []


def test_a_stranger_with_its_products_secret_is_registered_and_told() -> None:
    """By a message it did not subscribe to, once its registration is durable."""
    world = LonePlatform()
    device = DeviceId("pk", "newcomer")

    client = Client(world, device, PRODUCT_SECRET, activates=True)
    assert client.events() == [mqtt.Connected(session_present=False)]
    world.settle()
    (info,) = client.heard()

    assert isinstance(info, ActivationInfo)
    kept = world.store.rows()["devices"][0]["registration"]
    assert (kept["secret"], kept["asset_id"]) == (info.secret, info.asset_id)
    assert [one["kind"] for one in world.records("online", "activation_sent")] == [
        "online", "activation_sent",
    ]  # fmt: skip
    assert info.secret not in str(world.log.records)


def test_a_device_that_activated_reports_at_once_and_signs_for_itself_later() -> None:
    """The connection it activated on is as good as any."""
    world = LonePlatform()
    device = DeviceId("pk", "newcomer")
    first = Client(world, device, PRODUCT_SECRET, activates=True)
    world.settle()
    (info,) = first.heard()
    assert isinstance(info, ActivationInfo)

    first.say(ActivationReply(info.message_id))
    first.say(VersionReport("1", "1.0"))
    world.settle()
    second = Client(world, device, info.secret)
    world.settle()

    assert [type(one) for one in first.heard()] == [ReportReply]
    assert world.records("activation_acked")[0]["code"] == 200
    assert second.events() == [mqtt.Connected(session_present=False)]
    assert len(world.records("activation_sent")) == 1


def test_a_connection_that_was_not_opened_leaves_no_activation_behind() -> None:
    """The next one of the same device, by its own secret, is told nothing."""
    world = LonePlatform()
    (device,) = world.register(DEVICE)
    mine = ENOS.devices.credentials(device, PRODUCT_SECRET, epoch_ms=0, activates=True)

    hello = Connect(mine.client_id, mine.username, mine.password.encode())
    admitted = world.embedded.admit(hello, "")
    client = Client(world, device)
    world.settle()

    assert not isinstance(admitted, int)
    assert client.events() == [mqtt.Connected(session_present=False)]
    assert world.records("activation_sent") == []


def test_a_product_without_activation_refuses_its_secret() -> None:
    """And a wrong secret of one that has it; neither device is known afterwards."""
    world = LonePlatform()
    strangers = DeviceId("other", "newcomer"), DeviceId("pk", "newcomer")

    found = [
        Client(world, device, secret, activates=True).events()
        for device, secret in zip(strangers, (PRODUCT_SECRET, "wrong"), strict=True)
    ]

    assert found == [[mqtt.Refused(5)], [mqtt.Refused(4)]]
    world.settle()
    assert world.store.rows() == {}


def test_a_devices_topics_are_its_own() -> None:
    """A message on another's is refused, and changes nothing there."""
    world = LonePlatform()
    intruder = online(world)
    victim = online(world, "d2")
    wire = EnosDevice().encode(victim.device, VersionReport("9", "6.6.6"))

    intruder.publish(wire.topic, wire.payload)
    world.settle()

    (refused,) = world.records("refused")
    assert (refused["device"], refused["topic"]) == ("pk/d1", wire.topic)
    assert victim.events() == []
    (answer,) = world.call(SearchDevices())
    assert isinstance(answer, Listed)
    assert "6.6.6" not in str(answer.rows)


def test_the_end_of_a_connection_is_noted_with_its_reason() -> None:
    """From the server's side."""
    world = LonePlatform()
    client = online(world)

    client.leave()

    (offline,) = world.records("offline")
    assert (offline["device"], offline["side"]) == ("pk/d1", "server")
    assert offline["why"]


# --- what comes and goes ------------------------------------------------------------------------


def test_a_message_at_qos_0_needs_no_acknowledgement() -> None:
    """It is taken in like any other."""
    world = LonePlatform()
    (device,) = world.register(DEVICE)
    client = Client(world, device)
    wire = EnosDevice().encode(device, VersionReport("1", "1.0"))

    client.publish(wire.topic, wire.payload, qos=0)
    world.settle()

    assert [type(one) for one in client.heard()] == [ReportReply]
    assert [one["version"] for one in world.records("version_received")] == ["1.0"]


def test_who_left_before_the_commit_is_not_missed() -> None:
    """The acknowledgement has nowhere to go."""
    world = LonePlatform()
    (device,) = world.register(DEVICE)
    client = Client(world, device)
    client.say(VersionReport("1", "1.0"))
    world.run(WINDOW_MS)

    client.leave()
    world.store.end()

    assert world.platform.is_settled


def test_a_silent_client_is_gone_by_the_clock() -> None:
    """One and a half keep alives after its last word, whatever the brain has to do."""
    world = LonePlatform()
    online(world)

    world.run(89_000)
    assert world.records("offline") == []
    world.run(2_000)

    assert [one["device"] for one in world.records("offline")] == ["pk/d1"]


def test_a_message_to_nobody_is_not_taken() -> None:
    """Another way may have the device."""
    world = LonePlatform()
    here, gone = online(world), online(world, "d2")
    gone.leave()
    wire = EnosServer().encode(here.device, ReportReply("1", VersionReport))

    assert world.embedded.send(here.device, wire)
    assert not world.embedded.send(gone.device, wire)


def test_a_device_that_came_by_another_way_is_let_go_of() -> None:
    """Its connection ends, as the log says; for somebody else nothing happens."""
    world = LonePlatform()
    client, other = online(world), online(world, "d2")

    world.embedded.drop(client.device, "it came by another way")
    world.embedded.drop(client.device, "it came by another way")

    assert client.connection.is_closing
    assert not other.connection.is_closing
    assert [one["why"] for one in world.records("offline")] == ["it came by another way"]


def test_a_platform_claims_what_devices_and_gateways_say() -> None:
    """Where a vendor has no gateways, what devices say is all."""
    dialect = registry.get("enos")
    server, gateways = dialect.server, dialect.gateways
    assert gateways is not None

    assert claimed_topics(server, None) == tuple(server.claimed)
    assert claimed_topics(server, gateways) == (*server.claimed, *gateways.claimed)
