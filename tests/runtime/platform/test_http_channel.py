import json

import pytest

from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.enos.server import EnosServer
from fleet_sim.dialects.http import HttpFile, HttpRequest
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import (
    ProgressReport,
    UpgradeReply,
    UpgradeRequest,
    VersionQuery,
    VersionReport,
)
from fleet_sim.model.northbound import (
    CancelTasks,
    DeleteFirmware,
    FirmwareRow,
    Listed,
    SearchFirmware,
    SearchTasks,
    TaskRow,
)
from fleet_sim.runtime.platform.http_channel import MAILBOX_MAX
from tests.runtime.http_device import (
    CHANNEL,
    LIFETIME_MS,
    HttpDevice,
    command_in,
    device_of,
    online,
    way_of,
)
from tests.runtime.lone_platform import WINDOW_MS, Client, LonePlatform
from tests.runtime.lone_platform import online as on_mqtt


def status(world: LonePlatform) -> list[str]:
    """Return every task's status as shown."""
    (answer,) = world.settled(SearchTasks())
    assert isinstance(answer, Listed)
    return [one.status.value for one in answer.rows if isinstance(one, TaskRow)]


# --- sessions -----------------------------------------------------------------------------------


def test_a_device_with_a_session_is_on_line() -> None:
    """Until it has been silent for its lifetime, as the log says from the server's side."""
    world = LonePlatform()
    device = device_of(world)

    device.login()
    world.run(LIFETIME_MS - 1)
    assert world.records("offline") == []
    world.run(1)

    assert world.records("online") == [{"kind": "online", "device": "pk/d1", "side": "server"}]
    (offline,) = world.records("offline")
    assert (offline["side"], offline["why"]) == ("server", "its session expired")


def test_every_request_puts_the_end_off() -> None:
    """A device that polls stays on line."""
    world = LonePlatform()
    device = device_of(world)
    device.login()

    for _ in range(3):
        world.run(LIFETIME_MS - 1)
        assert device.poll() is None
    assert world.records("offline") == []
    world.run(LIFETIME_MS)

    assert len(world.records("offline")) == 1


def test_what_is_said_in_an_expired_session_changes_nothing() -> None:
    """The device is told to log in anew, and then it goes on."""
    world = LonePlatform()
    device = device_of(world)
    device.login()
    world.run(LIFETIME_MS)

    place = device.say(VersionReport("1", "1.0"))
    assert json.loads(device.answer(place).body)["code"] == 1009
    assert world.records("version_received") == []
    device.login()
    device.say(VersionReport("2", "1.0"))
    world.settle()

    assert [one["message"] for one in world.records("version_received")] == ["2"]


def test_a_wrong_signature_is_refused_and_noted() -> None:
    """Nobody was ever on line, and no secret stands in the log."""
    world = LonePlatform()
    (device,) = world.register("d1")
    liar = HttpDevice(way_of(world), device, "not the secret")

    place = liar.ask(CHANNEL.devices.login(device, "not the secret"))

    assert json.loads(liar.answer(place).body)["code"] == 742
    assert world.records("online") == []
    (refused,) = world.records("refused")
    assert refused["topic"] == "/auth/pk/d1"
    assert "742" in refused["why"]


def test_a_newer_login_takes_the_session_over() -> None:
    """Off line and on line again for the brain; the older session is of no use."""
    world = LonePlatform()
    device = device_of(world)
    device.login()
    old = device.session
    device.login()

    wire = EnosDevice().encode(device.device, VersionReport("1", "1.0"))
    place = device.ask(CHANNEL.devices.say(device.device, old, wire))

    assert json.loads(device.answer(place).body)["code"] == 1009
    assert [one["kind"] for one in world.records("online", "offline")] == [
        "online",
        "offline",
        "online",
    ]


# --- messages -----------------------------------------------------------------------------------


def test_a_report_is_answered_only_once_it_is_durable() -> None:
    """The reply is the answer's body, with the id as a string."""
    world = LonePlatform()
    device = device_of(world)
    device.login()

    place = device.say(VersionReport("7", "1.0"))
    world.run(WINDOW_MS)
    assert world.store.is_busy
    assert device.answers[place] is None
    world.store.end()

    assert json.loads(device.answer(place).body) == {"id": "7", "code": 200, "data": {}}
    assert world.records("version_received") == [
        {
            "kind": "version_received",
            "device": "pk/d1",
            "side": "server",
            "message": "7",
            "version": "1.0",
        }
    ]


def test_each_message_gets_its_own_reply() -> None:
    """Several at a time, of one kind and of others, each in a request of its own."""
    world = LonePlatform()
    device = device_of(world)
    device.login()

    places = [
        device.say(message)
        for message in (
            VersionReport("a", "1.0"),
            ProgressReport("b", 5),
            VersionReport("c", "1.1"),
            VersionQuery("d"),
            ProgressReport("e", 6),
        )
    ]
    world.settle()

    bodies = [json.loads(device.answer(place).body) for place in places]
    assert [(body["id"], body["code"]) for body in bodies] == [(one, 200) for one in "abcde"]
    assert bodies[3]["data"] == []


def test_a_mistake_is_answered_with_its_code() -> None:
    """As over MQTT; and the next message is taken."""
    world = LonePlatform()
    device = device_of(world)
    device.login()
    topic = EnosDevice().encode(device.device, VersionReport("1", "1.0")).topic

    wrong = device.publish(WireMessage(topic, b'{"id":"5","params":{}}'))
    right = device.say(VersionReport("6", "1.0"))
    world.settle()

    assert json.loads(device.answer(wrong).body)["code"] == 1220
    assert json.loads(device.answer(wrong).body)["id"] == "5"
    assert json.loads(device.answer(right).body) == {"id": "6", "code": 200, "data": {}}


def test_what_has_nothing_to_do_with_ota_is_answered_at_once() -> None:
    """It changes nothing, so nothing needs to be durable."""
    world = LonePlatform()
    device = device_of(world)
    device.login()

    assert device.poll() is None

    assert json.loads(device.answer(-1).body) == {"id": "1", "code": 200, "data": {}}
    assert world.platform.is_settled


def test_a_message_outlives_the_session_it_came_in() -> None:
    """The answer goes to who asked, whatever has become of the session meanwhile."""
    world = LonePlatform()
    device = device_of(world)
    device.login()

    place = device.say(VersionReport("1", "1.0"))
    Client(world, device.device)
    world.settle()

    assert json.loads(device.answer(place).body)["id"] == "1"


# --- pushes -------------------------------------------------------------------------------------


def test_a_push_waits_for_the_next_answer_that_may_carry_it() -> None:
    """It is sent once, by the log when it enters the mailbox."""
    world = LonePlatform()
    device = online(world)

    world.order()
    assert [one["version"] for one in world.records("push_sent")] == ["2.0"]
    push = device.poll()

    assert isinstance(push, UpgradeRequest)
    assert push.image.version == "2.0"
    assert device.poll() is None
    assert len(world.records("push_sent")) == 1


def test_a_push_may_ride_on_the_answer_to_a_version_report() -> None:
    """A device that had no task when it was off line learns of it as soon as it reports."""
    world = LonePlatform()
    device = online(world)
    world.run(LIFETIME_MS)
    world.order()
    assert world.records("push_sent") == []

    device.login()
    place = device.say(VersionReport("1", "1.0"))
    world.settle()

    answer = device.answer(place)
    assert json.loads(answer.body)["code"] == 200
    assert isinstance(command_in(device.device, answer), UpgradeRequest)


def test_the_answer_to_a_reply_carries_nothing() -> None:
    """The push stays where it is."""
    world = LonePlatform()
    device = online(world)
    world.order()

    place = device.say(UpgradeReply("1"))
    world.settle()

    assert command_in(device.device, device.answer(place)) is None
    assert isinstance(device.poll(), UpgradeRequest)


def test_a_login_carries_what_waited_in_the_older_session() -> None:
    """The SDK logs in anew every few minutes, in the midst of everything."""
    world = LonePlatform()
    device = online(world)
    world.order()

    answer = device.login()

    assert isinstance(command_in(device.device, answer), UpgradeRequest)


def test_a_push_repeated_while_it_waits_waits_once() -> None:
    """The newer one takes the older one's place: the device is asked once."""
    world = LonePlatform()
    device = online(world)
    world.order()
    (sent,) = world.records("push_sent")
    newer = str(int(sent["request"]) + 1)
    image = FirmwareImage("2.0", "http://h/f", 8, "00", "sha256")

    repeated = EnosServer().encode(device.device, UpgradeRequest(newer, image))
    assert device.way.send(device.device, repeated)

    assert device.poll() == UpgradeRequest(newer, image)
    assert device.poll() is None


def test_a_push_that_was_cancelled_while_it_waited_is_taken_back() -> None:
    """Minutes may lie between, and the device must not be asked for what nobody wants."""
    world = LonePlatform()
    device = online(world)
    job_id = world.order()
    assert status(world) == ["pushed"]

    world.settled(CancelTasks(job_id, ("d1",)))

    assert status(world) == ["failed"]
    assert device.poll() is None


def test_a_push_is_taken_back_from_a_device_that_has_the_version() -> None:
    """It reported the target before it looked into its mailbox."""
    world = LonePlatform()
    device = online(world)
    world.order()

    place = device.say(VersionReport("2", "2.0"))
    world.settle()

    assert command_in(device.device, device.answer(place)) is None
    assert status(world) == ["succeeded"]


def test_a_push_is_lost_with_the_session() -> None:
    """As with a connection over MQTT; the next one brings another."""
    world = LonePlatform()
    device = online(world)
    world.order()
    world.run(LIFETIME_MS)

    device.login()
    assert device.poll() is None
    place = device.say(VersionReport("2", "1.0"))
    world.settle()

    assert isinstance(command_in(device.device, device.answer(place)), UpgradeRequest)
    assert len(world.records("push_sent")) == 2


def test_a_mailbox_has_an_end() -> None:
    """And what no answer could carry is not taken at all; nor for a device that is not here."""
    world = LonePlatform()
    device = online(world)
    way = device.way

    taken = [way.send(device.device, WireMessage(f"/t{n}", b"{}")) for n in range(MAILBOX_MAX + 1)]

    assert taken == [True] * MAILBOX_MAX + [False]
    assert not way.send(device.device, WireMessage("/t", b"x" * 10_000))
    assert not way.send(device.device, WireMessage("/t_reply", b"{}"))
    assert not way.send("somebody", WireMessage("/t", b"{}"))
    assert not way.send(world.register("d2")[0], WireMessage("/t", b"{}"))


def test_a_command_that_is_no_message_of_ours_is_carried_as_it_is() -> None:
    """Other parts of a vendor's platform may have something to say, too."""
    world = LonePlatform()
    device = online(world)
    topic = f"/sys/{device.device}/thing/service/x"
    device.way.send(device.device, WireMessage(topic, b'{"id":"3"}'))

    wire = WireMessage(f"/sys/{device.device}/thing/measurepoint/post", b"{}")
    answer = device.answer(device.publish(wire))

    assert CHANNEL.devices.command_in(answer) == WireMessage(topic, b'{"id":"3"}')


# --- MQTT beside it -----------------------------------------------------------------------------


def test_the_newer_way_wins() -> None:
    """From HTTP to MQTT and back: one on line at a time, and pushes take the newer way."""
    world = LonePlatform()
    device = online(world)
    client = Client(world, device.device)
    client.events()

    client.say(VersionReport("1", "1.0"))
    world.settle()
    world.order()
    assert [type(one).__name__ for one in client.heard()] == ["ReportReply", "UpgradeRequest"]
    assert device.poll() is None

    place = device.say(VersionReport("2", "1.0"))
    world.settle()
    assert client.connection.is_closing
    assert isinstance(command_in(device.device, device.answer(place)), UpgradeRequest)
    assert [one["kind"] for one in world.records("online", "offline")] == [
        "online",
        "offline",
        "online",
        "offline",
        "online",
    ]


def test_a_device_on_mqtt_may_log_in_for_a_file() -> None:
    """It stays where it is, and so do its pushes; nothing of the login stands in the log."""
    world = LonePlatform()
    client = on_mqtt(world)
    device = HttpDevice(way_of(world), client.device)

    device.login()
    assert device.poll() is None
    world.order()

    assert not client.connection.is_closing
    assert [type(one) for one in client.heard()] == [UpgradeRequest]
    assert device.poll() is None
    assert [one["kind"] for one in world.records("online", "offline")] == ["online"]
    world.run(LIFETIME_MS)
    assert "its session expired" not in str(world.records("offline"))


def test_a_session_outlives_the_change_to_mqtt() -> None:
    """A download that began before goes on; only the mailbox has moved."""
    world = LonePlatform()
    device = online(world)
    world.order()
    push = CHANNEL.devices.download(
        device.device, device.session, "enos-connect://65f0c0ffee00000000000001.bin"
    )
    Client(world, device.device)

    assert device.answer(device.ask(push)).status == 404  # the session is good, the file is not
    assert device.poll() is None


# --- files --------------------------------------------------------------------------------------


def test_a_file_is_had_by_the_firmwares_id() -> None:
    """Whichever address was asked by; its carrier finds it by id and name."""
    world = LonePlatform()
    device = online(world)
    world.order()
    (answer,) = world.call(SearchFirmware())
    assert isinstance(answer, Listed)
    (row,) = answer.rows
    assert isinstance(row, FirmwareRow)
    firmware_id = row.firmware_id

    asked = CHANNEL.devices.download(device.device, device.session, f"enos-connect://{firmware_id}")
    file = device.answers[device.ask(asked)]
    link = device.ask(HttpRequest("GET", f"{asked.path}/url", asked.query))

    assert file == HttpFile(firmware_id, "fw.bin")
    assert json.loads(device.answer(link).body)["data"] == f"http://h/{firmware_id}/fw.bin"


def test_a_file_that_was_deleted_is_not_found() -> None:
    """Both by its bytes and by its address."""
    world = LonePlatform()
    device = online(world)
    job_id = world.order()
    world.settled(CancelTasks(job_id, ("d1",)))
    (answer,) = world.call(SearchFirmware())
    assert isinstance(answer, Listed)
    (row,) = answer.rows
    assert isinstance(row, FirmwareRow)
    firmware_id = row.firmware_id
    world.settled(DeleteFirmware(firmware_id))

    asked = CHANNEL.devices.download(device.device, device.session, f"enos-connect://{firmware_id}")
    file = device.ask(asked)
    link = device.ask(HttpRequest("GET", f"{asked.path}/url", asked.query))

    assert device.answer(file).status == 404
    assert json.loads(device.answer(link).body)["code"] == 99404


@pytest.mark.parametrize("path", ["/auth/a/b", "/topic/sys/a/b/c", "/multipart/sys/a/b/c"])
def test_the_way_claims_its_channels_paths(path: str) -> None:
    """The rest is the northbound API's."""
    way = way_of(LonePlatform())

    assert way.claims(path)
    assert not way.claims(f"/x{path}")
