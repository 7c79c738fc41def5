"""A platform on a virtual clock whose commits end when the test says so, and clients of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fleet_sim.backend.brain import Brain
from fleet_sim.backend.events import Change, Durable, Keep
from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.http import HttpFile, HttpResponse
from fleet_sim.dialects.interface import Dialect
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import DeviceMessage, ServerMessage, VersionReport
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CreateFirmware,
    CreateJob,
    FirmwareCreated,
    FirmwareOrder,
    JobCreated,
    JobOrder,
    Names,
    Scope,
)
from fleet_sim.mqtt import client as mqtt
from fleet_sim.runtime.platform.blocks import Piece
from fleet_sim.runtime.platform.commits import kept_by
from fleet_sim.runtime.platform.embedded_broker import EmbeddedBroker, limits_of
from fleet_sim.runtime.platform.platform import Platform, Settings
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.runtime.virtual_time import VirtualClock
from tests.runtime.lone_world import ENOS

EPOCH_MS = 1_767_225_600_000
WINDOW_MS = 2
ORG = "org"
SECRET = "device secret"
PRODUCT_SECRET = "product secret"
CONTENT = b"firmware"
IMAGE = FirmwareOrder(
    "pk", Names("fw"), "2.0", hashlib.sha256(CONTENT).hexdigest(), "sha256", "fw.bin"
)


class SlowStore:
    """Takes commits, and ends each when the test says so.

    Attributes:
        commits: The rows of each commit, in order.
        shelf: Where files go.
    """

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.commits: list[Sequence[Change]] = []
        self._under_way: Callable[[], None] | None = None
        self.is_quick = False

    def commit(self, changes: Sequence[Durable], then: Callable[[], None]) -> None:
        """Begin one; there is never more than one at a time."""
        assert self._under_way is None, "two commits at a time"
        self.commits.append(kept_by(self.shelf, changes))
        if self.is_quick:
            then()
        else:
            self._under_way = then

    @property
    def is_busy(self) -> bool:
        """Whether a commit is under way."""
        return self._under_way is not None

    def end(self) -> None:
        """End the one under way."""
        assert self._under_way is not None
        then, self._under_way = self._under_way, None
        then()

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Return what all commits so far left, as a store would load it."""
        latest: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        for changes in self.commits:
            for change in changes:
                row = change.row if isinstance(change, Keep) else None
                latest[change.table, change.key] = row
        found: dict[str, list[dict[str, Any]]] = {}
        for (table, _), row in latest.items():
            if row is not None:
                found.setdefault(table, []).append(dict(row))
        return found


class Shelf:
    """Firmware files: what was kept and dropped, in order."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str, str]] = []
        self._content: dict[tuple[str, str], bytes] = {}

    def keep(self, firmware_id: str, file_name: str, content: bytes) -> None:
        """Take note."""
        self.done.append(("keep", firmware_id, file_name))
        self._content[firmware_id, file_name] = content

    def read(self, firmware_id: str, file_name: str, offset: int, size_bytes: int) -> Piece | None:
        """Read a kept file's bytes."""
        content = self._content.get((firmware_id, file_name))
        if content is None:
            return None
        return Piece(content[offset : offset + size_bytes], len(content))

    def drop(self, firmware_id: str, file_name: str) -> None:
        """Take note."""
        self.done.append(("drop", firmware_id, file_name))
        self._content.pop((firmware_id, file_name), None)


class LonePlatform:
    """See the module."""

    def __init__(
        self, contract: ContractProfile = ENOS.contract, *, dialect: Dialect = ENOS
    ) -> None:
        self.dialect = dialect
        self.clock = VirtualClock()
        self.log = MemoryLog(self.clock.now_ms)
        self.store = SlowStore()
        self.shelf = self.store.shelf
        self.operator = dialect.operator(ORG, "", "")
        self.platform = Platform(
            dialect=dialect,
            brain=Brain(
                contract=contract,
                epoch_ms=EPOCH_MS,
                seed=1,
                file_url=lambda fw, _: f"http://h/{fw}",
                ids=dialect.ids,
                products=frozenset({"pk"}),
            ),
            gate=dialect.gate(ORG, {}, signed_only=False, contract=contract),
            clock=self.clock,
            log=self.log,
            committer=self.store,
            files=self.shelf,
            settings=Settings(EPOCH_MS, WINDOW_MS, {"pk": PRODUCT_SECRET}),
        )
        self.embedded = EmbeddedBroker(self.platform, self.clock, limits_of(dialect))

    def run(self, ms: int) -> None:
        """Let some time pass."""
        until_ms = self.clock.now_ms() + ms
        self.clock.call_at(until_ms, lambda: None)
        while self.clock.next_at_ms is not None and self.clock.next_at_ms <= until_ms:
            self.clock.step()

    def register(self, *names: str) -> list[DeviceId]:
        """Make devices known, and see that committed."""
        devices = [DeviceId("pk", name) for name in names]
        self.platform.register([Registration(one, SECRET) for one in devices])
        self.settle()
        return devices

    def settle(self) -> None:
        """Commit all there is."""
        self.run(WINDOW_MS)
        while self.store.is_busy:
            self.store.end()
            self.run(WINDOW_MS)

    def call(self, call: Call) -> list[Answer]:
        """Make a northbound call; its answer will stand in the list."""
        answers: list[Answer] = []

        def respond(response: HttpResponse | HttpFile) -> None:
            assert isinstance(response, HttpResponse)
            answers.append(self.operator.answer(call, response))

        self.platform.http(self.operator.request(call, EPOCH_MS), respond)
        return answers

    def settled(self, call: Call) -> list[Answer]:
        """Make a northbound call, commit all there is, and return its answer."""
        answers = self.call(call)
        self.settle()
        return answers

    def order(self, **changes: Any) -> str:  # noqa: ANN401 - fields of a job's order
        """Upload 2.0 and order a job for it; return the job's id."""
        uploaded = self.settled(CreateFirmware(IMAGE, CONTENT))
        assert isinstance(uploaded[0], FirmwareCreated)
        order = JobOrder(uploaded[0].firmware_id, "upgrade", Scope(), Names("job"), **changes)
        ordered = self.settled(CreateJob(order))
        assert isinstance(ordered[0], JobCreated)
        return ordered[0].job_id

    def records(self, *kinds: str) -> list[dict[str, Any]]:
        """Return what the log says of these kinds."""
        return [
            {"kind": one.kind, "device": one.device, **one.fields}
            for one in self.log.records
            if one.kind in kinds
        ]


class Client:
    """A device's MQTT session with the platform's broker, without a link between."""

    def __init__(
        self,
        world: LonePlatform,
        device: DeviceId,
        secret: str = SECRET,
        *,
        activates: bool = False,
    ) -> None:
        self._world = world
        self.device = device
        codec = world.dialect.devices
        mine = codec.credentials(device, secret, epoch_ms=EPOCH_MS, activates=activates)
        self.session = mqtt.ClientSession(
            mqtt.ClientOptions(mine.client_id, mine.username, mine.password)
        )
        self.connection = world.embedded.broker.open(world.clock.now_ms())
        self.session.connect()
        self.flush()

    def flush(self) -> None:
        """Bring what the session has to say to the broker."""
        broker = self._world.embedded.broker
        data = self.session.take_output()
        events = broker.receive(self.connection, data, self._world.clock.now_ms())
        self._world.embedded.on_events(events)

    def say(self, message: DeviceMessage) -> int:
        """Publish what a device says; return the packet identifier."""
        wire = EnosDevice().encode(self.device, message)
        return self.publish(wire.topic, wire.payload)

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> int:
        """Publish anything."""
        packet_id = self.session.publish(topic, payload, qos)
        self.flush()
        return packet_id

    def events(self) -> list[mqtt.ClientEvent]:
        """Return what the broker has said since the last look, acknowledging it."""
        data = self.connection.take_output()
        events = self.session.receive(data, self._world.clock.now_ms())
        self.flush()
        return events

    def heard(self) -> list[ServerMessage]:
        """Return the platform's messages among `events`."""
        return [
            ENOS.devices.decode(self.device, one.topic, one.payload)
            for one in self.events()
            if isinstance(one, mqtt.Received)
        ]

    def leave(self) -> None:
        """Drop the connection."""
        broker = self._world.embedded.broker
        events = broker.lost(self.connection, self._world.clock.now_ms())
        self._world.embedded.on_events(events)


def online(world: LonePlatform, name: str = "d1", version: str = "1.0") -> Client:
    """Return a registered device that is on line and has reported its version."""
    (device,) = world.register(name)
    client = Client(world, device)
    client.say(VersionReport("1", version))
    world.settle()
    client.events()
    return client
