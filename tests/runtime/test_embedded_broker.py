from fleet_sim.model.messages import ReportReply, VersionReport
from fleet_sim.model.northbound import Listed, SearchDevices
from fleet_sim.mqtt import client as mqtt
from tests.runtime.lone_platform import WINDOW_MS, Client, LonePlatform, online
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


def test_a_wrong_secret_and_a_stranger_are_refused() -> None:
    """With the codes of MQTT, and neither was ever on line."""
    world = LonePlatform()
    (device,) = world.register(DEVICE)
    (stranger,) = LonePlatform().register("stranger")

    assert Client(world, device, "wrong").events() == [mqtt.Refused(4)]
    assert Client(world, stranger).events() == [mqtt.Refused(5)]
    assert world.records("online") == []


def test_a_devices_topics_are_its_own() -> None:
    """A message on another's is refused, and changes nothing there."""
    world = LonePlatform()
    intruder = online(world)
    victim = online(world, "d2")
    wire = ENOS.devices.encode(victim.device, VersionReport("9", "6.6.6"))

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
    wire = ENOS.devices.encode(device, VersionReport("1", "1.0"))

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
    wire = ENOS.server.encode(here.device, ReportReply("1", VersionReport))

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
