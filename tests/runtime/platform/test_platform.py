from collections.abc import Hashable

from fleet_sim.backend.events import Forget, Keep
from fleet_sim.dialects import registry
from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ProgressReport,
    ReportReply,
    UpgradeReply,
    UpgradeRequest,
    VersionReport,
)
from fleet_sim.model.northbound import (
    CancelTasks,
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    DeleteJob,
    Done,
    FirmwareCreated,
    JobOrder,
    Listed,
    Names,
    Scope,
    SearchTasks,
    StopJob,
    TaskRow,
)
from fleet_sim.mqtt import client as mqtt
from fleet_sim.runtime.platform.commits import IDLE_COMMIT_MS
from tests.runtime.lone_platform import CONTENT, IMAGE, WINDOW_MS, Client, LonePlatform, online

DEVICE = "d1"


def acknowledged(client: Client) -> list[int]:
    """Return which packets the platform has acknowledged since the last look."""
    return [one.packet_id for one in client.events() if isinstance(one, mqtt.Acknowledged)]


def status(world: LonePlatform) -> list[str]:
    """Return every task's status as shown."""
    (answer,) = world.settled(SearchTasks())
    assert isinstance(answer, Listed)
    return [one.status.value for one in answer.rows if isinstance(one, TaskRow)]


# --- nothing leaves before what it rests on is durable ------------------------------------------


def test_a_report_is_acknowledged_only_once_it_is_durable() -> None:
    """PUBACK and reply wait for the commit of what the report changed."""
    world = LonePlatform()
    (device,) = world.register(DEVICE)
    client = Client(world, device)
    client.events()

    packet_id = client.say(VersionReport("1", "1.0"))
    assert client.events() == []
    world.run(WINDOW_MS)
    assert world.store.is_busy
    assert client.events() == []
    world.store.end()

    events = client.events()
    assert mqtt.Acknowledged(packet_id) in events
    assert [one for one in events if isinstance(one, mqtt.Received)]


def test_a_call_is_answered_only_once_it_is_durable() -> None:
    """An operator who has an id may rely on it."""
    world = LonePlatform()

    answers = world.call(CreateFirmware(IMAGE, CONTENT))
    world.run(WINDOW_MS)
    assert answers == []
    world.store.end()

    assert [type(one) for one in answers] == [FirmwareCreated]


def test_a_push_leaves_only_once_its_task_is_durable() -> None:
    """Else a platform that was killed would not know what it asked."""
    world = LonePlatform()
    client = online(world)

    world.order()
    assert [type(one) for one in client.heard()] == [UpgradeRequest]

    tasks = [change for changes in world.store.commits for change in changes
             if isinstance(change, Keep) and change.table == "tasks"]  # fmt: skip
    assert tasks[-1].row["status"] == "pushed"
    assert [one["version"] for one in world.records("push_sent")] == ["2.0"]


def test_progress_alone_does_not_wait() -> None:
    """It may be lost, so it is acknowledged at once and written with others, later."""
    world = LonePlatform()
    client = online(world)
    world.order()
    (push,) = client.heard()
    client.say(UpgradeReply(push.message_id))
    client.say(ProgressReport("2", 0))
    world.settle()
    client.events()
    commits = len(world.store.commits)

    for number, percent in enumerate((25, 50, 75), start=3):
        packet_id = client.say(ProgressReport(str(number), percent))
        assert acknowledged(client) == [packet_id]
    world.run(IDLE_COMMIT_MS - 1)
    assert len(world.store.commits) == commits
    world.run(1)

    assert len(world.store.commits) == commits + 1
    assert [change.row["progress"] for change in world.store.commits[-1]
            if isinstance(change, Keep)] == [25, 50, 75]  # fmt: skip


def test_progress_that_comes_during_a_commit_is_written_after_it() -> None:
    """Even when its own turn has come and gone meanwhile."""
    world = LonePlatform()
    client = online(world)
    other = online(world, "d2")
    world.order()
    (push,) = client.heard()
    client.say(UpgradeReply(push.message_id))
    client.say(ProgressReport("2", 0))
    world.settle()

    other.say(VersionReport("2", "1.1"))
    world.run(WINDOW_MS)
    assert world.store.is_busy
    client.say(ProgressReport("3", 50))
    world.run(2 * IDLE_COMMIT_MS)
    world.store.end()
    world.run(2 * IDLE_COMMIT_MS)

    assert [change.row["progress"] for change in world.store.commits[-1]
            if isinstance(change, Keep)] == [50]  # fmt: skip
    world.store.end()
    assert world.platform.is_settled


def test_what_came_during_a_commit_waits_for_the_next() -> None:
    """One commit at a time, and the second takes all that gathered."""
    world = LonePlatform()
    clients = [Client(world, device) for device in world.register("d1", "d2", "d3")]
    for client in clients:
        client.events()
    before = len(world.store.commits)

    clients[0].say(VersionReport("1", "1.0"))
    world.run(WINDOW_MS)
    clients[1].say(VersionReport("1", "1.0"))
    clients[2].say(VersionReport("1", "1.0"))
    world.run(10 * WINDOW_MS)
    world.store.end()

    assert [len(acknowledged(client)) for client in clients] == [1, 0, 0]
    world.run(WINDOW_MS)
    world.store.end()
    assert [len(acknowledged(client)) for client in clients] == [0, 1, 1]
    assert len(world.store.commits) == before + 2


def test_answers_leave_in_the_order_of_their_causes() -> None:
    """A reply never overtakes the one before it, even one that rests on nothing."""
    world = LonePlatform()
    client = online(world)

    client.say(VersionReport("2", "1.1"))
    client.say(ProgressReport("3", 10))  # no attempt is running: nothing is kept
    world.run(WINDOW_MS)
    client.say(ProgressReport("4", 10))
    assert client.heard() == []
    world.settle()

    assert [one.message_id for one in client.heard()] == ["2", "3", "4"]


def test_a_push_that_events_have_overtaken_is_not_sent() -> None:
    """The operator cancelled it while its row was being written."""
    world = LonePlatform()
    (device,) = world.register(DEVICE)
    client = Client(world, device)
    client.say(VersionReport("1", "1.0"))
    world.settle()
    client.leave()
    job = world.order()

    client = Client(world, device)
    client.say(VersionReport("2", "1.0"))  # reachable now: the push waits for its commit
    world.run(WINDOW_MS)
    assert world.store.is_busy
    cancelled = world.call(CancelTasks(job, (DEVICE,)))
    world.settle()

    assert [type(one) for one in cancelled] == [Done]
    assert [type(one) for one in client.heard()] == [ReportReply]
    assert world.records("push_sent") == []
    assert status(world) == ["failed"]


def test_a_device_that_has_left_before_its_push_gets_none() -> None:
    """And the log does not claim otherwise."""
    world = LonePlatform()
    client = online(world)
    (created,) = world.settled(CreateFirmware(IMAGE, CONTENT))
    assert isinstance(created, FirmwareCreated)

    world.call(CreateJob(JobOrder(created.firmware_id, "upgrade", Scope(), Names("job"))))
    world.run(WINDOW_MS)
    assert world.store.is_busy
    client.leave()
    world.settle()

    assert world.records("push_sent") == []
    assert status(world) == ["pushed"]


# --- ways to devices ----------------------------------------------------------------------------


class Way:
    """A southbound that has some devices, and keeps what it is given."""

    def __init__(self, *devices: Hashable) -> None:
        self.devices = devices
        self.sent: list[tuple[Hashable, WireMessage]] = []
        self.acknowledged: list[Hashable] = []
        self.dropped: list[DeviceId] = []

    def send(self, device: Hashable, wire: WireMessage) -> bool:
        """Keep it, if the device is ours."""
        if device in self.devices:
            self.sent.append((device, wire))
        return device in self.devices

    def acknowledge(self, receipt: Hashable) -> None:
        """Take note."""
        self.acknowledged.append(receipt)

    def drop(self, device: DeviceId, why: str) -> None:
        """Take note."""
        self.dropped.append(device)


def test_the_first_way_that_has_the_device_takes_the_message() -> None:
    """The ways are asked in the order in which they were attached."""
    world = LonePlatform()
    device, other = world.register(DEVICE, "d2")
    ways = [Way(other), Way(device), Way(device, other)]
    for way in ways:
        world.platform.attach(way)

    for one in (device, other):
        world.platform.connected(ways[2], one)
        wire = EnosDevice().encode(one, VersionReport("1", "1.0"))
        world.platform.arrived(ways[2], one, wire.topic, wire.payload, "receipt")
    world.settle()

    assert [[device for device, _ in way.sent] for way in ways] == [[other], [device], []]
    assert ways[2].acknowledged == ["receipt", "receipt"]


def test_a_device_has_one_way_at_a_time() -> None:
    """Who comes by one is let go of by the others, before its new connection is noted."""
    world = LonePlatform()
    client = online(world)
    way, other = Way(client.device), Way(client.device)
    world.platform.attach(way)
    world.platform.attach(other)

    world.platform.connected(way, client.device)

    assert (way.dropped, other.dropped) == ([], [client.device])
    assert [one["kind"] for one in world.records("online", "offline")] == [
        "online",
        "offline",
        "online",
    ]


def test_a_complaint_goes_back_by_the_way_that_the_mistake_came() -> None:
    """To whoever sent it, who need not be the device that the topic names."""
    world = LonePlatform()
    (device,) = world.register(DEVICE)
    near, far = Way(device), Way("gateway")
    world.platform.attach(near)
    world.platform.attach(far)
    topic = EnosDevice().encode(device, VersionReport("1", "1.0")).topic

    world.platform.arrived(far, "gateway", topic, b"{", None)
    world.settle()

    assert near.sent == []
    assert [sender for sender, _ in far.sent] == ["gateway"]
    assert far.acknowledged == []


def test_the_end_of_a_connection_by_any_way_is_noted() -> None:
    """With its reason, from the server's side; and no push follows it."""
    world = LonePlatform()
    (device,) = world.register(DEVICE)
    way = Way(device)
    world.platform.attach(way)
    world.platform.connected(way, device)

    world.platform.gone(device, "the end")
    world.order()

    assert [one["why"] for one in world.records("offline")] == ["the end"]
    assert way.sent == []


# --- files --------------------------------------------------------------------------------------


def test_a_file_is_there_before_its_row_and_gone_after_it() -> None:
    """So no row ever names a file that is not there, wherever the platform is killed."""
    world = LonePlatform()
    answers = world.call(CreateFirmware(IMAGE, CONTENT))
    world.run(WINDOW_MS)
    assert world.store.is_busy
    assert [done for done, _, _ in world.shelf.done] == ["keep"]
    world.store.end()
    (created,) = answers
    assert isinstance(created, FirmwareCreated)

    world.call(DeleteFirmware(created.firmware_id))
    world.run(WINDOW_MS)
    assert world.store.is_busy
    assert len(world.shelf.done) == 1
    world.store.end()

    assert world.shelf.done[1:] == [("drop", created.firmware_id, "fw.bin")]
    assert Forget("firmware", created.firmware_id) in world.store.commits[-1]


# --- what devices say ---------------------------------------------------------------------------


def test_rubbish_is_refused_answered_and_acknowledged() -> None:
    """With the vendor's code; the device lives on."""
    world = LonePlatform()
    client = online(world)
    topic = EnosDevice().encode(client.device, VersionReport("2", "1.0")).topic

    packet_id = client.publish(topic, b'{"id":"2","params":{"version":5')
    world.settle()

    events = client.events()
    assert mqtt.Acknowledged(packet_id) in events
    (reply,) = [one for one in events if isinstance(one, mqtt.Received)]
    assert b'"code":1220' in reply.payload
    (refused,) = world.records("refused")
    assert (refused["device"], refused["topic"], refused["side"]) == ("pk/d1", topic, "server")


# --- time, stops and starts ---------------------------------------------------------------------


def test_timers_of_the_brain_and_of_the_broker_ring_by_the_clock() -> None:
    """An attempt that is under way for too long, and a client that says nothing."""
    world = LonePlatform()
    client = online(world)
    world.store.is_quick = True
    world.order(timeout_s=300)
    (push,) = client.heard()
    client.say(UpgradeReply(push.message_id))
    client.say(ProgressReport("2", 0))
    assert status(world) == ["under_way"]

    world.run(301_000)

    assert status(world) == ["failed"]
    assert [one["device"] for one in world.records("offline")] == ["pk/d1"]


def test_a_platform_that_is_killed_goes_on_where_it_was() -> None:
    """From what was committed, whoever was told of it."""
    first = LonePlatform()
    device = online(first).device
    first.order()

    second = LonePlatform()
    second.platform.resume(first.store.rows())
    client = Client(second, device)
    client.say(VersionReport("1", "1.0"))
    second.settle()

    assert status(second) == ["pushed"]
    assert [type(one) for one in client.heard()] == [ReportReply, UpgradeRequest]


def test_a_clean_stop_commits_what_is_left() -> None:
    """At once, without waiting for the window."""
    world = LonePlatform()
    (device,) = world.register(DEVICE)
    client = Client(world, device)
    client.say(VersionReport("1", "1.0"))
    was_settled = world.platform.is_settled

    world.platform.flush()
    world.store.end()

    assert (was_settled, world.platform.is_settled) == (False, True)
    assert world.store.rows()["devices"][0]["version"] == "1.0"


def test_jobs_can_be_deleted_with_their_tasks() -> None:
    """Every call of the API reaches the brain and comes back."""
    world = LonePlatform()
    online(world)
    job = world.order()

    answers = [world.call(StopJob(job)), world.call(DeleteJob(job))]
    world.settle()

    assert [type(one) for (one,) in answers] == [Done, Done]
    assert status(world) == []


# --- several versions in one report --------------------------------------------------------------


def test_each_version_of_a_report_is_taken_and_logged() -> None:
    """Huawei's SDKs tell those of firmware and software together."""
    huawei = registry.get("huawei")
    world = LonePlatform(huawei.contract, dialect=huawei)
    (device,) = world.register(DEVICE)
    report = VersionReport("1", "v1", beside=(("software", "s1"),))
    wire = huawei.devices.encode(device, report)
    assert wire is not None

    world.platform.arrived(world.embedded, device, wire.topic, wire.payload, None)
    world.settle()

    log = [(one.get("module"), one["version"]) for one in world.records("version_received")]
    assert log == [(None, "v1"), ("software", "s1")]
    (row,) = world.store.rows()["devices"]
    assert (row["version"], row["modules"]) == ("v1", {"software": "s1"})
