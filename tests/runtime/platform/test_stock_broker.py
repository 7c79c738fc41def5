import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Hashable, Iterable
from pathlib import Path
from typing import Any

import pytest

from fleet_sim.backend import reports
from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import (
    GatewayAction,
    ProgressReport,
    ReportReply,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionReport,
)
from fleet_sim.model.northbound import (
    CreateFirmware,
    CreateJob,
    FirmwareCreated,
    JobCreated,
    JobOrder,
    Names,
    Scope,
)
from fleet_sim.model.record import Record
from fleet_sim.mqtt import client as mqtt
from fleet_sim.mqtt.broker import AllowAll, Broker, BrokerLimits
from fleet_sim.runtime.errors import TargetError, ungrouped
from fleet_sim.runtime.log_reader import read_run
from fleet_sim.runtime.platform.mqtt_server import MqttServer
from fleet_sim.runtime.run_log import part_path
from fleet_sim.runtime.target.broker_access import BrokerAccess
from tests.runtime import family_scene as huawei
from tests.runtime.gateway_scene import CHILD, CODEC, wire_of
from tests.runtime.lone_platform import CONTENT, IMAGE
from tests.runtime.lone_world import ENOS
from tests.runtime.mosquitto import mosquitto, until_logged
from tests.runtime.platforms import Caller, Talker, calling, running

HOST = "127.0.0.1"
OPEN = ("allow_anonymous true",)
DEVICE = DeviceId("pk", "d1")
STRANGER = DeviceId("pk", "stranger")


class Backend:
    """A reference backend on a stock broker, and its operator."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def order(self) -> None:
        """Upload 2.0 and order it for all."""
        created = await self._caller.ask(CreateFirmware(IMAGE, CONTENT))
        assert isinstance(created, FirmwareCreated)
        order = JobOrder(created.firmware_id, "upgrade", Scope(), Names("job"))
        assert isinstance(await self._caller.ask(CreateJob(order)), JobCreated)


@contextlib.asynccontextmanager
async def backend(port: int, folder: Path) -> AsyncIterator[Backend]:
    """Run one that knows the device, and writes its log into the folder.

    Raises:
        TargetError: It does not come about.
    """
    access = BrokerAccess(host=HOST, port=port)
    known = [Registration(device, "secret") for device in (DEVICE, CHILD)]
    settings = {"devices": known, "log": part_path(folder, 1)}
    with ungrouped(TargetError):
        async with running(broker=access, **settings) as ready, calling(ready) as caller:
            yield Backend(caller)


async def refusal(port: int, folder: Path) -> str:
    """Return why a backend does not come about."""
    with pytest.raises(TargetError) as told:
        async with backend(port, folder):
            pass
    return str(told.value)


@contextlib.asynccontextmanager
async def talking(port: int, device: DeviceId = DEVICE) -> AsyncIterator[Talker]:
    """Be a device on the broker, subscribed to what is its own."""
    talker = await Talker.connect(f"mqtt://{HOST}:{port}", device, "any secret")
    talker.session.subscribe([(one, 1) for one in ENOS.devices.filters(device)])
    talker.flush()
    await talker.until(mqtt.Subscribed)
    try:
        yield talker
    finally:
        await talker.close()


async def answered(talker: Talker, message: VersionReport | ProgressReport) -> list[ServerMessage]:
    """Say something, and return what came until its answer."""
    talker.say(message)
    heard: list[ServerMessage] = []
    while ReportReply(message.message_id, to=type(message)) not in heard:
        heard += await talker.hear()
    return heard


async def pushed(talker: Talker) -> UpgradeRequest:
    """Wait for an upgrade request; answers before it are passed over."""
    while True:
        (message,) = await talker.hear()
        if isinstance(message, UpgradeRequest):
            return message


def records(folder: Path, *kinds: str) -> list[Record]:
    """Return what the backend wrote of these kinds."""
    return [one for one in read_run(folder) if one.kind in kinds]


def said(found: Iterable[Record], *names: str) -> list[tuple[Any, ...]]:
    """Return these fields of records, behind the device."""
    return [(one.device, *(one[name] for name in names)) for one in found]


async def test_a_device_is_upgraded_over_somebody_elses_broker(tmp_path: Path) -> None:
    """By its topics alone; and the wire is known as exactly as with a broker of our own."""
    with mosquitto(tmp_path, *OPEN) as port:
        async with backend(port, tmp_path) as server, talking(port) as device:
            await answered(device, VersionReport("1", "1.0"))
            await server.order()
            request = await pushed(device)
            device.say(UpgradeReply(request.message_id))
            await answered(device, ProgressReport("2", 100))
            await answered(device, VersionReport("3", "2.0"))

    assert said(records(tmp_path, "version_received"), "version") == [
        ("pk/d1", "1.0"), ("pk/d1", "2.0")]  # fmt: skip
    assert said(records(tmp_path, "push_sent"), "request") == [("pk/d1", request.message_id)]
    assert said(records(tmp_path, "push_acked"), "request") == [("pk/d1", request.message_id)]
    assert said(records(tmp_path, "online", "offline"), "side") == [("pk/d1", "server")] * 2


async def test_a_copy_of_a_version_report_brings_no_second_push(tmp_path: Path) -> None:
    """It is no new connection, and the request is under way."""
    with mosquitto(tmp_path, *OPEN) as port:
        async with backend(port, tmp_path) as server, talking(port) as device:
            await answered(device, VersionReport("1", "1.0"))
            await server.order()
            first = await pushed(device)
            heard = await answered(device, VersionReport("1", "1.0"))
            heard += await answered(device, ProgressReport("2", 0))

    assert [one for one in heard if isinstance(one, UpgradeRequest)] == []
    assert said(records(tmp_path, "push_sent"), "request") == [("pk/d1", first.message_id)]


async def test_a_push_to_an_absent_device_is_repeated_when_it_is_back(tmp_path: Path) -> None:
    """Nobody told the backend that it had left, and the broker kept nothing for it."""
    with mosquitto(tmp_path, *OPEN) as port:
        async with backend(port, tmp_path) as server:
            async with talking(port) as device:
                await answered(device, VersionReport("1", "1.0"))
            await server.order()
            async with talking(port) as device:
                device.say(VersionReport("2", "1.0"))
                request = await pushed(device)

    sent = [one["request"] for one in records(tmp_path, "push_sent")]
    assert len(sent) == 2
    assert sent[-1] == request.message_id


async def test_strangers_are_left_alone(tmp_path: Path) -> None:
    """Others may use the broker as well: no answer, and one line in the log for all they say."""
    with mosquitto(tmp_path, *OPEN) as port:
        async with backend(port, tmp_path), talking(port) as ours, talking(port, STRANGER) as other:
            for message in ("1", "2", "3"):
                other.say(VersionReport(message, "6.6"))
            await other.until(mqtt.Acknowledged, 3)
            await answered(ours, VersionReport("1", "1.0"))
            heard = other.pending(mqtt.Received)

    assert heard == []
    (refused,) = records(tmp_path, "refused")
    assert (refused.device, refused["why"]) == ("pk/stranger", "the device is not registered")
    assert {one.device for one in records(tmp_path, "online", "version_received")} == {"pk/d1"}


async def test_a_device_without_a_secret_is_no_stranger(tmp_path: Path) -> None:
    """Nobody here asks for it; a device that has yet to activate is registered all the same."""
    bare = [Registration(DEVICE, "")]
    with mosquitto(tmp_path, *OPEN) as port:
        async with (
            running(broker=BrokerAccess(host=HOST, port=port), devices=bare),
            talking(port) as device,
        ):
            await answered(device, VersionReport("1", "1.0"))


async def test_rubbish_is_refused_and_answered(tmp_path: Path) -> None:
    """With the vendor's code, on the topic that it came by."""
    topic = EnosDevice().encode(DEVICE, VersionReport("2", "1.0")).topic
    with mosquitto(tmp_path, *OPEN) as port:
        async with backend(port, tmp_path), talking(port) as device:
            device.publish(topic, b'{"id":"2","params":{"version":5')
            (reply,) = await device.until(mqtt.Received)

    assert b'"code":1220' in reply.payload
    (refused,) = records(tmp_path, "refused")
    assert (refused.device, refused["topic"]) == ("pk/d1", topic)


async def test_rubbish_of_strangers_is_left_alone_too(tmp_path: Path) -> None:
    """Their topic says who they are, whatever they say."""
    topic = EnosDevice().encode(STRANGER, VersionReport("2", "1.0")).topic
    with mosquitto(tmp_path, *OPEN) as port:
        async with backend(port, tmp_path), talking(port) as ours, talking(port, STRANGER) as other:
            other.publish(topic, b"{")
            await other.until(mqtt.Acknowledged)
            await answered(ours, VersionReport("1", "1.0"))
            heard = other.pending(mqtt.Received)

    assert heard == []
    assert [one.device for one in records(tmp_path, "refused")] == ["pk/stranger"]


async def test_a_gateway_brings_its_children(tmp_path: Path) -> None:
    """It is answered, and they are upgraded over its connection, to whose topics it subscribes."""
    wire = wire_of(DEVICE, GatewayAction.LOGIN, CHILD, secret="secret")
    with mosquitto(tmp_path, *OPEN) as port:
        async with backend(port, tmp_path) as server, talking(port) as gateway:
            gateway.session.subscribe([(f"{wire.topic}_reply", 1)])
            gateway.session.subscribe([(one, 1) for one in ENOS.devices.filters(CHILD)])
            gateway.publish(wire.topic, wire.payload)
            (reply,) = await gateway.until(mqtt.Received)
            gateway.device = CHILD
            await answered(gateway, VersionReport("1", "1.0"))
            await server.order()
            await pushed(gateway)

    told = CODEC.read_reply(DEVICE, reply.topic, reply.payload)
    assert told is not None
    assert [child.device for child in told.children] == [CHILD]
    assert {one.device for one in records(tmp_path, "online")} == {"pk/d1", "pk/c1"}
    assert [one.device for one in records(tmp_path, "push_sent")] == ["pk/c1"]


async def test_what_the_broker_retained_is_old(tmp_path: Path) -> None:
    """A report that somebody retained would else be heard with every subscription."""
    wire = EnosDevice().encode(DEVICE, VersionReport("0", "0.9"))
    with mosquitto(tmp_path, *OPEN) as port:
        async with talking(port) as device:
            device.session.publish(wire.topic, wire.payload, 1, retain=True)
            device.flush()
            await device.until(mqtt.Acknowledged)
            async with backend(port, tmp_path):
                await answered(device, VersionReport("1", "1.0"))

    assert said(records(tmp_path, "version_received"), "version") == [("pk/d1", "1.0")]


class Deaf(AllowAll):
    """A broker's rules that let everybody in, and nobody hear anything."""

    def may_subscribe(self, principal: Hashable, topic_filter: str) -> bool:
        """No."""
        return False


async def test_a_broker_whose_rules_keep_devices_from_us_is_told(tmp_path: Path) -> None:
    """The backend could hear nothing; better to say so at once."""
    server = MqttServer()
    broker = Broker(BrokerLimits(), Deaf())
    await server.start(HOST, 0, broker, lambda _: None, lambda: 0)
    told = await refusal(server.port, tmp_path)
    await server.stop()

    assert "does not let the backend subscribe to /sys/+/+/" in told


async def test_a_broker_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The first time; later it is waited for."""
    with mosquitto(tmp_path, *OPEN) as port:
        pass

    assert "does not take the backend as a client" in await refusal(port, tmp_path)


async def test_a_session_is_given_up_with_a_clean_stop(tmp_path: Path) -> None:
    """Nothing is left at a broker that is not ours."""
    log = tmp_path / "mosquitto.log"
    with mosquitto(tmp_path, *OPEN, f"log_dest file {log}", "log_type all") as port:
        async with backend(port, tmp_path):
            pass
        await until_logged(log, "Received DISCONNECT from fleet-sim-", count=2)
        connects = await until_logged(log, "New client connected .* as fleet-sim-", count=2)

    assert [(", c0," in line, ", c1," in line) for line in connects] == [
        (True, False), (False, True)]  # fmt: skip


class Cable:
    """A TCP connection between the backend and its broker that can be cut and mended."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def mend(self) -> None:
        """Carry connections."""
        self._server = await asyncio.start_server(self._carry, HOST, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def cut(self) -> None:
        """Drop all, and refuse more."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(HOST, self._port)
        self._writers |= {writer, back}
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pass_on(reader, back))
            tasks.create_task(self._pass_on(there, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
        self._writers.discard(writer)


async def test_reports_wait_at_the_broker_while_the_backend_is_cut_off(tmp_path: Path) -> None:
    """The session is persistent: its device has the PUBACK, and would not say it again."""
    with mosquitto(tmp_path, *OPEN) as port:
        cable = Cable(port)
        await cable.mend()
        async with backend(cable.port, tmp_path), talking(port) as device:
            await answered(device, VersionReport("1", "1.0"))
            await cable.cut()
            device.say(VersionReport("2", "1.1"))
            await device.until(mqtt.Acknowledged, 2)
            await cable.mend()
            (reply,) = await device.hear()
        await cable.cut()

    assert reply == ReportReply("2", to=VersionReport)
    whys = [one["why"] for one in records(tmp_path, "offline")]
    assert whys == ["the backend lost its broker"]


async def test_a_broker_that_comes_back_is_taken_up_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has forgotten everything; what was asked in vain is asked again, and two lines say so."""
    monkeypatch.setattr(reports, "GRACE_MS", 500)
    with contextlib.ExitStack() as first:
        port = first.enter_context(mosquitto(tmp_path, *OPEN))
        async with backend(port, tmp_path) as server:
            async with talking(port) as device:
                await answered(device, VersionReport("1", "1.0"))
                await server.order()
                asked = await pushed(device)
                first.close()
                with pytest.raises(ConnectionError):
                    await device.hear()
            with mosquitto(tmp_path, *OPEN, port=port):
                async with talking(port) as device:
                    asked_again = await pushed(device)  # unasked: the report may have been lost

    assert asked_again.image == asked.image
    lines = [line for line in capfd.readouterr().err.splitlines() if "the backend" in line]
    assert len(lines) == 2
    assert f"the backend lost the broker at {HOST}:{port}" in lines[0]
    assert lines[1].endswith(f"the backend has the broker at {HOST}:{port} again")


# --- children on their gateway's topics --------------------------------------------------------


@contextlib.asynccontextmanager
async def family(port: int, folder: Path, client_port: int) -> AsyncIterator[Talker]:
    """Run a backend of Huawei's that knows a gateway and two children, and be that gateway."""
    known = [
        Registration(huawei.GATEWAY, "s"),
        *(Registration(one, "", gateway=huawei.GATEWAY) for one in (huawei.CHILD, huawei.SIBLING)),
    ]
    access = BrokerAccess(host=HOST, port=port)
    settings = {"dialect": "huawei", "devices": known, "log": part_path(folder, 1)}
    url = f"mqtt://{HOST}:{client_port}"
    async with running(broker=access, **settings):
        talker = await Talker.connect(url, huawei.GATEWAY, "s", dialect=huawei.HUAWEI)
        try:
            talker.session.subscribe([("$oc/devices/pk_g/sys/events/down", 1)])
            talker.flush()
            await talker.until(mqtt.Subscribed)
            yield talker
        finally:
            await talker.close()


def event(talker: Talker, said: object, *, by: str = "g", of: str = "g") -> None:
    """Publish an event on the topic of one device, about one."""
    body = {"object_device_id": f"pk_{of}", "services": [said]}
    talker.publish(f"$oc/devices/pk_{by}/sys/events/up", json.dumps(body).encode())


async def test_children_come_and_go_with_the_broker(tmp_path: Path) -> None:
    """Told of or heard of, they are taken for gone with it, and for connected when it is back."""
    version = huawei.event("version_report", {"fw_version": "1.0"})
    with mosquitto(tmp_path, *OPEN) as port:
        cable = Cable(port)
        await cable.mend()
        async with family(cable.port, tmp_path, port) as gateway:
            event(gateway, version, of="c2")
            event(gateway, huawei.presence(c1="ONLINE"))
            await gateway.until(mqtt.Received)
            await cable.cut()
            event(gateway, huawei.presence(c2="OFFLINE"))
            await cable.mend()
            await gateway.until(mqtt.Received)
        await cable.cut()

    over = [(one.device, one.fields.get("over")) for one in records(tmp_path, "online")]
    everybody = [("pk/g", None), ("pk/c2", "pk/g"), ("pk/c1", "pk/g")]
    assert over == everybody * 2
    gone = said(records(tmp_path, "offline"), "why")
    assert gone[:4] == [
        *((who, "the backend lost its broker") for who, _ in everybody),
        ("pk/c2", "its gateway logged it out"),
    ]


async def test_a_child_is_not_brought_by_its_own_topic(tmp_path: Path) -> None:
    """Whoever the broker let use it: the words are refused, and nobody is on line by them."""
    version = huawei.event("version_report", {"fw_version": "1.0"})
    with mosquitto(tmp_path, *OPEN) as port:
        async with family(port, tmp_path, port) as gateway:
            event(gateway, version, by="c1", of="c1")
            event(gateway, huawei.presence(c2="ONLINE"))
            await gateway.until(mqtt.Received)

    (refused,) = records(tmp_path, "refused")
    assert (refused.device, refused["why"]) == (
        "pk/c1", "pk/c1 speaks by its gateway, pk/g, alone",
    )  # fmt: skip
    assert [one.device for one in records(tmp_path, "online")] == ["pk/g", "pk/c2"]
    assert records(tmp_path, "version_received") == []
