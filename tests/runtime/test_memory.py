import hashlib
from typing import cast

from fleet_sim.backend.events import Keep
from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.model.northbound import CreateFirmware, FetchFile, FileFound, FirmwareCreated
from fleet_sim.runtime.cloud import clouds_of
from fleet_sim.runtime.fleet.mount import mount
from fleet_sim.runtime.fleet.rig import Rig
from fleet_sim.runtime.memory import HTTP_MS, MemoryCarrier, MemoryCommitter, MemoryFiles
from fleet_sim.runtime.platform.blocks import Piece
from fleet_sim.runtime.platform.storage import MemoryStore
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.runtime.virtual_time import VirtualClock
from fleet_sim.runtime.virtual_world import VirtualWorld
from tests.runtime.desk import run
from tests.runtime.lone_platform import CONTENT as FIRMWARE
from tests.runtime.lone_platform import EPOCH_MS, IMAGE, LonePlatform
from tests.runtime.plans import FLEET, planned

CONTENT = bytes(range(100))


class Reader:
    """Reads a transfer to its end, or as far as it was told to."""

    def __init__(self, chunks_max: int = 1_000) -> None:
        self.status = 0
        self.chunks: list[bytes] = []
        self.why: str | None = None
        self._chunks_max = chunks_max

    def on_response(self, status: int) -> None:
        """Take note."""
        self.status = status

    def on_chunk(self, chunk: bytes | memoryview, then: object) -> None:
        """Take it, and want more unless there was enough."""
        self.chunks.append(bytes(chunk))
        if len(self.chunks) < self._chunks_max:
            assert callable(then)
            then()

    def on_end(self, why: str) -> None:
        """Take note."""
        self.why = why


class Shelf:
    """Files in memory, with one on it."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.log = MemoryLog(self.clock.now_ms)
        self.files = MemoryFiles(self.clock, self.log)
        self.files.keep("f-1", "fw.bin", CONTENT)
        self.url = MemoryFiles.url("f-1", "fw.bin")

    def read(self, reader: Reader, offset: int = 0, *, may: bool = True) -> None:
        """Read with pieces of thirty bytes."""
        self.files.fetch(self.url, offset, 30, reader, may=may)
        run(self.clock, 1_000)


def test_a_file_comes_in_pieces_and_ends() -> None:
    """Each as long as asked for, the last one shorter."""
    shelf, reader = Shelf(), Reader()

    shelf.read(reader)

    assert (reader.status, reader.why) == (200, "")
    assert [len(chunk) for chunk in reader.chunks] == [30, 30, 30, 10]
    assert b"".join(reader.chunks) == CONTENT


def test_a_file_is_served_from_any_byte_on() -> None:
    """With 206, as a file server answers a range, and a record of what was sent."""
    shelf, reader = Shelf(), Reader()

    shelf.read(reader, offset=97)

    assert (reader.status, reader.chunks) == (206, [CONTENT[97:]])
    assert [dict(one.fields) for one in shelf.log.records] == [
        {"side": "server", "path": "/firmware/f-1/fw.bin", "status": 206, "offset": 97, "size": 3}
    ]


def test_past_the_end_and_after_the_drop_there_is_nothing() -> None:
    """416 and 404."""
    shelf, past, gone = Shelf(), Reader(), Reader()

    shelf.read(past, offset=100)
    shelf.files.drop("f-1", "fw.bin")
    shelf.files.drop("f-1", "fw.bin")
    shelf.read(gone)

    assert (past.status, past.chunks) == (416, [])
    assert (gone.status, gone.chunks) == (404, [])


def test_who_may_not_have_a_file_gets_nothing_of_it() -> None:
    """401, as a platform answers on sockets; the address tells whose file it is."""
    shelf, reader = Shelf(), Reader()

    shelf.read(reader, may=False)

    assert (reader.status, reader.chunks, reader.why) == (401, [], "")
    assert MemoryFiles.firmware_at(shelf.url) == "f-1"


def test_nothing_more_comes_until_it_is_wanted() -> None:
    """A slow link holds the server back."""
    shelf, reader = Shelf(), Reader(chunks_max=2)

    shelf.read(reader)

    assert len(reader.chunks) == 2
    assert reader.why is None


def test_a_transfer_that_is_closed_says_nothing_more() -> None:
    """Not even its status, and what was wanted before the end is not sent after it."""
    shelf, early, late = Shelf(), Reader(), Reader(chunks_max=1)

    shelf.files.fetch(shelf.url, 0, 30, early).close()
    transfer = shelf.files.fetch(shelf.url, 0, 30, late)
    run(shelf.clock, 10)
    transfer.close()
    late.on_chunk(b"", transfer._send)  # type: ignore[attr-defined]
    run(shelf.clock, 1_000)

    assert (early.status, early.chunks, early.why) == (0, [], None)
    assert (late.chunks, late.why) == ([CONTENT[:30], b""], None)


def test_a_commit_is_in_the_store_when_it_is_said_to_be() -> None:
    """By the same statements as in a file."""
    store = MemoryStore()
    found: list[object] = []

    files = MemoryFiles(VirtualClock(), MemoryLog(lambda: 0))

    MemoryCommitter(store, files).commit(
        [Keep("devices", "pk/d", {"key": "pk/d", "version": "1.0"})],
        lambda: found.append(store.load()["devices"][0]["version"]),
    )

    assert found == ["1.0"]
    store.close()


def test_a_request_and_its_answer_take_their_time() -> None:
    """A millisecond each way, in turns of their own."""
    world = LonePlatform()
    answers: list[tuple[int, HttpResponse | None, str]] = []
    files = MemoryFiles(world.clock, world.log)
    carrier = MemoryCarrier(world.platform, files, world.clock)

    carrier.send(
        HttpRequest("GET", "/nowhere"),
        lambda answer, why: answers.append((world.clock.now_ms(), answer, why)),
    )
    assert answers == []
    world.run(100)

    ((at_ms, answer, why),) = answers
    assert answer is not None
    assert (at_ms, answer.status, why) == (2 * HTTP_MS, 404, "")


def test_a_file_comes_with_its_bytes() -> None:
    """As a server on disk would send it; 404 where it is gone."""
    world = LonePlatform()
    files = MemoryFiles(world.clock, world.log)
    carrier = MemoryCarrier(world.platform, files, world.clock)
    (device,) = world.register("d1")
    (uploaded,) = world.settled(CreateFirmware(IMAGE, FIRMWARE))
    assert isinstance(uploaded, FirmwareCreated)
    call = FetchFile(uploaded.firmware_id, device)
    answers: list[HttpResponse | None] = []

    carrier.send(world.operator.request(call, EPOCH_MS), lambda answer, _: answers.append(answer))
    world.run(100)
    files.keep(uploaded.firmware_id, "fw.bin", FIRMWARE)
    carrier.send(world.operator.request(call, EPOCH_MS), lambda answer, _: answers.append(answer))
    world.run(100)

    gone, found = answers
    assert gone is not None
    assert found is not None
    assert gone.status == 404
    assert world.operator.answer(call, found) == FileFound(call.firmware_id, content=FIRMWARE)


def connected() -> tuple[VirtualWorld, Rig]:
    """Return a world with one device in it, on line."""
    plan = planned(fleets={"meters": FLEET | {"devices": 1, "connect": {"over": "0s"}}})
    clock = VirtualClock()
    (cloud,) = clouds_of(plan)
    world = VirtualWorld(cloud, clock, MemoryLog(clock.now_ms))
    world.register()
    (rig,) = mount(plan.devices, {"enos": world}, seed=1).values()
    rig.start()
    run(clock_of(world), 1_000)
    assert rig.is_online
    return world, rig


def clock_of(world: VirtualWorld) -> VirtualClock:
    """Return a virtual world's clock as what it is."""
    return cast(VirtualClock, world.clock)


def kinds(world: VirtualWorld, side: str) -> list[str]:
    """Return the kinds of one side's wire records, in order."""
    return [one.kind for one in world.log.records if one.side == side]


def test_a_connection_stands_at_both_ends() -> None:
    """The device's report has arrived, and its acknowledgement has come back."""
    world, _ = connected()

    assert kinds(world, "server") == ["online", "version_received"]
    assert kinds(world, "device") == ["online", "version_sent", "delivered"]


def test_an_end_from_the_device_reaches_the_broker() -> None:
    """At once when it aborts."""
    world, rig = connected()

    rig.line.lose("link down")

    assert kinds(world, "server")[-1] == "offline"
    assert kinds(world, "device")[-1] == "offline"


def test_an_end_from_the_broker_reaches_the_device() -> None:
    """With the broker's reason; the device comes back by itself."""
    world, rig = connected()
    broker, clock = world.embedded.broker, clock_of(world)
    connection = broker.connection_of(rig.plan.device)
    assert connection is not None

    events = broker.close(connection, "enough", clock.now_ms())
    world.embedded.on_events(events)
    run(clock, 1_500)
    (offline,) = [
        one for one in world.log.records if one.kind == "offline" and one.side == "device"
    ]
    run(clock, 60_000)

    assert offline["why"] == "enough"
    assert rig.is_online
    assert len(world._network._lines) == 1


def test_bytes_for_a_connection_that_is_gone_are_dropped() -> None:
    """They were under way when it ended."""
    world, rig = connected()
    transport = rig.line._transport
    assert transport is not None

    transport.close()
    transport.write(b"\xc0\x00")
    transport.abort()
    run(clock_of(world), 1_100)

    assert kinds(world, "server").count("offline") == 1


def test_the_digest_of_a_kept_file_is_that_of_its_bytes() -> None:
    """Nothing is copied wrongly on the way."""
    shelf, reader = Shelf(), Reader()

    shelf.read(reader)

    digest = hashlib.sha256(b"".join(reader.chunks)).digest()
    assert digest == hashlib.sha256(CONTENT).digest()


def test_a_file_in_memory_is_read_in_pieces() -> None:
    """As from a disk."""
    files = Shelf().files

    assert files.read("f-1", "fw.bin", 2, 4) == Piece(CONTENT[2:6], len(CONTENT))
    assert files.read("f-1", "fw.bin", len(CONTENT) - 2, 4) == Piece(CONTENT[-2:], len(CONTENT))
    assert files.read("f-1", "fw.bin", len(CONTENT), 4) == Piece(b"", len(CONTENT))
    assert files.read("f-1", "other.bin", 0, 4) is None
    assert files.whole("f-1", "fw.bin") == CONTENT
