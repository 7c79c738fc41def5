import asyncio
import hashlib
import json
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import psutil
import pytest

from fleet_sim.dialects import registry
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import (
    ActivationInfo,
    ActivationReply,
    ProgressReport,
    ReportReply,
    UpgradeReply,
    UpgradeRequest,
    VersionReport,
)
from fleet_sim.model.northbound import (
    CreateFirmware,
    CreateJob,
    FetchFile,
    FileFound,
    FirmwareCreated,
    FirmwareOrder,
    JobCreated,
    JobOrder,
    Listed,
    Names,
    Refusal,
    Refused,
    Scope,
    SearchDevices,
    SearchFirmware,
    SearchTasks,
    TaskRow,
)
from fleet_sim.model.record import Source
from fleet_sim.mqtt import client as mqtt
from fleet_sim.runtime.errors import TargetError, ungrouped
from fleet_sim.runtime.log_reader import read_run
from fleet_sim.runtime.platform import process
from fleet_sim.runtime.platform.child import PlatformChild, platform_child
from fleet_sim.runtime.platform.process import serve
from fleet_sim.runtime.platform.settings import PlatformSettings
from fleet_sim.runtime.run_log import part_path
from tests.runtime.http_device import WebDevice
from tests.runtime.platforms import WAIT_S, Caller, Talker, calling, running

HOST = "127.0.0.1"
CONTENT = bytes(range(256)) * 16
METER = Registration(DeviceId("meters00", "m 1"), "s3cret", tags=(("site", "north"),))


def upload(file_name: str = "fw.bin", version: str = "2.0") -> CreateFirmware:
    """Return the upload of an image for the meters."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    order = FirmwareOrder("meters00", Names(f"fw {version}"), version, digest, "sha256", file_name)
    return CreateFirmware(order, CONTENT)


async def ordered(caller: Caller, file_name: str = "fw.bin") -> str:
    """Upload an image and order a job for it; return the job's id."""
    uploaded = await caller.ask(upload(file_name))
    assert isinstance(uploaded, FirmwareCreated)
    order = JobOrder(uploaded.firmware_id, "upgrade", Scope(), Names("job"), timeout_s=300)
    job = await caller.ask(CreateJob(order))
    assert isinstance(job, JobCreated)
    return job.job_id


async def meter(ready: Mapping[str, Any], version: str = "1.0") -> Talker:
    """Return the meter, on line, its version reported and acknowledged."""
    talker = await Talker.connect(ready["mqtt"], METER.device, METER.secret)
    talker.say(VersionReport("1", version))
    await talker.until(mqtt.Acknowledged)
    return talker


async def shown(caller: Caller) -> list[tuple[str, int | None]]:
    """Return status and progress of every task."""
    answer = await caller.ask(SearchTasks())
    assert isinstance(answer, Listed)
    return [(row.status.value, row.progress) for row in answer.rows if isinstance(row, TaskRow)]


# --- ready --------------------------------------------------------------------------------------


async def test_the_ready_line_has_all_that_a_stranger_needs() -> None:
    """Addresses, keys, and one device that has reported nothing yet."""
    async with running() as ready, calling(ready) as caller:
        mine = DeviceId(ready["product_key"], ready["device"]["device_key"])
        talker = await Talker.connect(ready["mqtt"], mine, ready["device"]["device_secret"])
        await talker.close()
        found = await caller.ask(SearchDevices())

    assert set(ready) == {
        "mqtt", "http", "org", "product_key", "product_secret", "app_key", "app_secret", "device",
    }  # fmt: skip
    assert urlsplit(ready["mqtt"]).port != urlsplit(ready["http"]).port
    assert found == Listed((), 1, 10, 0)


async def test_platforms_without_a_store_have_nothing_in_common() -> None:
    """Other keys, other organisation, other device."""
    async with running() as first, running() as second:
        assert first["org"] != second["org"]
        assert first["app_secret"] != second["app_secret"]
        assert first["device"]["device_secret"] != second["device"]["device_secret"]


async def test_a_whole_upgrade_over_real_sockets() -> None:
    """Push, file by range, progress, version, success."""
    async with running(devices=[METER]) as ready, calling(ready) as caller:
        talker = await meter(ready)
        await talker.hear()
        await ordered(caller, "meters 2.0 #1?.bin")
        (push,) = await talker.hear()
        assert isinstance(push, UpgradeRequest)
        async with aiohttp.ClientSession() as session:
            ranges = {"Range": "bytes=1000-"}
            async with session.get(push.image.url, headers=ranges) as response:
                tail = await response.read()
        talker.say(UpgradeReply(push.message_id))
        talker.say(ProgressReport("2", 50))
        await talker.until(mqtt.Acknowledged, 2)
        under_way = await shown(caller)
        talker.say(VersionReport("3", "2.0"))
        await talker.until(mqtt.Acknowledged)

        assert (response.status, tail) == (206, CONTENT[1000:])
        assert under_way == [("under_way", 50)]
        assert await shown(caller) == [("succeeded", 100)]
        await talker.close()


async def test_a_whole_upgrade_over_http(tmp_path: Path) -> None:
    """Log in, report, poll, download by the address within EnOS, report; and not a word of MQTT."""
    async with (
        running(devices=[METER], log=part_path(tmp_path, 0)) as ready,
        calling(ready) as caller,
        aiohttp.ClientSession() as web,
    ):
        device = WebDevice(ready["http"], web, METER.device, METER.secret)
        await device.login()
        assert await device.say(VersionReport("1", "1.0")) == ReportReply("1", VersionReport)

        await ordered(caller, "fw 2.0.bin")
        push = await device.poll()
        assert isinstance(push, UpgradeRequest)
        assert json.loads((await device.reply(UpgradeReply(push.message_id))).body)["code"] == 200

        whole = await device.download(push.image.url)
        firmware_id = urlsplit(push.image.url).path.split("/")[2]
        uri = f"enos-connect://{firmware_id}.bin"
        rest = await device.download(uri, Range="bytes=4000-")
        assert (whole.status, whole.body) == (200, CONTENT)
        assert (rest.status, rest.body) == (206, CONTENT[4_000:])
        assert rest.header("Content-Range") == f"bytes 4000-4095/{len(CONTENT)}"

        fetched = await caller.ask(FetchFile(firmware_id, METER.device))
        assert fetched == FileFound(firmware_id, content=CONTENT)

        await device.say(ProgressReport("2", 100, "done"))
        assert await shown(caller) == [("under_way", 100)]
        await device.say(VersionReport("3", "2.0"))
        assert await shown(caller) == [("succeeded", 100)]

    wire = [one for one in read_run(tmp_path) if one.src == Source.WIRE]
    assert {one["side"] for one in wire} == {"server"}
    assert [one.kind for one in wire] == [
        "online",
        "version_received",
        "push_sent",
        "push_acked",
        *["file_sent"] * 3,
        "progress_received",
        "version_received",
    ]
    files = {one["path"] for one in wire if one.kind == "file_sent"}
    assert files == {f"/firmware/{firmware_id}/fw 2.0.bin"}


async def test_a_token_opens_a_file_until_the_result_is_told() -> None:
    """Huawei's events of version 1: what the console keeps, a device fetches by a token."""
    huawei = registry.get("huawei")
    meter = DeviceId("meters00", "m1")
    settings = {"dialect": "huawei", "devices": (Registration(meter, "s3cret"),)}
    async with (
        running(**settings) as ready,
        calling(ready, huawei) as caller,
        aiohttp.ClientSession() as session,
    ):
        talker = await Talker.connect(ready["mqtt"], meter, "s3cret", dialect=huawei)
        talker.say(VersionReport("1", "1.0"))
        await talker.until(mqtt.Acknowledged)
        uploaded = await caller.ask(upload())
        assert isinstance(uploaded, FirmwareCreated)
        await caller.ask(CreateJob(JobOrder(uploaded.firmware_id, "upgrade", Scope("meters00"))))
        await talker.hear()
        talker.say(VersionReport("2", "1.0"))
        (push,) = await talker.hear()
        assert isinstance(push, UpgradeRequest)

        async def fetched(token: str) -> int:
            headers = {"Authorization": f"Bearer {token}"}
            async with session.get(push.image.url, headers=headers) as response:
                return response.status

        before = [await fetched(token) for token in ("x", push.image.token)]
        talker.say(VersionReport("3", "2.0", after_upgrade=True))
        await talker.until(mqtt.Acknowledged, 2)
        after = await fetched(push.image.token)
        await talker.close()

    assert (before, after) == ([401, 200], 401)


async def test_unsigned_calls_are_denied_only_if_asked() -> None:
    """From outside they are taken; a run's own platform insists."""
    for signed_only in (False, True):
        async with running(signed_only=signed_only) as ready:
            async with calling({**ready, "app_key": ""}) as stranger:
                answer = await stranger.ask(SearchFirmware())
            async with calling(ready) as owner:
                assert isinstance(await owner.ask(SearchFirmware()), Listed)

        is_denied = isinstance(answer, Refused) and answer.reason == Refusal.DENIED
        assert is_denied is signed_only


async def test_a_contract_may_be_overridden() -> None:
    """So that a short timeout can be tried in real time."""
    order = JobOrder("f", "upgrade", Scope(), Names("job"), timeout_s=10)
    codes = []
    for contract in ({}, {"timeout_s_min": 10}):
        async with running(contract=contract) as ready, calling(ready) as caller:
            answer = await caller.ask(CreateJob(order))
        assert isinstance(answer, Refused)
        codes.append(answer.code)

    assert codes == [99400, 24404]


async def test_a_log_is_kept_where_it_is_wanted(tmp_path: Path) -> None:
    """What the server saw, from the run's own origin on."""
    path = part_path(tmp_path, 1)
    async with running(log=path, devices=[METER]) as ready:
        talker = await meter(ready)
        await talker.close()

    found = read_run(tmp_path)
    assert [one.kind for one in found if one.src == "W"][:2] == ["online", "version_received"]
    assert {one.device for one in found if one.src == "W"} == {"meters00/m 1"}


# --- what cannot be had -------------------------------------------------------------------------


async def fails(settings: PlatformSettings) -> str:
    """Return the sentence with which a platform refuses to start."""
    with pytest.raises(TargetError) as caught:
        await serve(settings, lambda _: None, asyncio.Event())
    return str(caught.value)


@pytest.mark.parametrize("what", ["mqtt", "http"])
async def test_a_port_that_is_taken_is_told(tmp_path: Path, what: str) -> None:
    """In one sentence, not in a group; and everything else is closed again."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports: dict[str, Any] = {f"{what}_port": port}

        told = await fails(PlatformSettings(log=part_path(tmp_path, 1), **ports))

    assert told.startswith(f"{what.upper()} port {port} cannot be had on {HOST}")


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ("nonsense", "the store's URL cannot be read"),
        ("mysql://x/y", "a store cannot live at mysql://"),
        ("sqlite:///{folder}/no/such/folder/x.sqlite", "unable to open database file"),
        ("sqlite:///{folder}", "unable to open database file"),
    ],
)
async def test_a_store_that_cannot_be_had_is_told(tmp_path: Path, store: str, words: str) -> None:
    """In one sentence."""
    assert words in await fails(PlatformSettings(store=store.format(folder=tmp_path)))


async def upload_in_vain(store: str) -> None:
    """Upload a file to a platform that ends with it."""
    async with running(store=store) as ready, calling(ready) as caller:
        with pytest.raises(ConnectionError):
            await caller.ask(upload())
        async with asyncio.timeout(WAIT_S):
            await asyncio.Event().wait()  # until its end cancels this


async def test_a_platform_that_cannot_keep_a_file_ends_and_has_promised_nothing(
    tmp_path: Path,
) -> None:
    """Its disk is full, say; the next on the same store has no firmware without a file."""
    store = f"sqlite:///{tmp_path / 'store.sqlite'}"
    folder = tmp_path / "store.sqlite.firmware"
    folder.touch()

    with pytest.raises(TargetError, match=r"cannot be kept in .*store"), ungrouped(TargetError):
        await upload_in_vain(store)
    folder.unlink()

    async with running(store=store) as ready, calling(ready) as caller:
        assert await caller.ask(SearchFirmware()) == Listed((), 1, 10, 0)
        assert isinstance(await caller.ask(upload()), FirmwareCreated)


# --- stores that outlive their platform ---------------------------------------------------------


def on(store: Path, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 - of all types
    """Return settings for a platform on a file."""
    return {"store": f"sqlite:///{store}", "devices": [METER], **settings}


async def test_a_restart_on_a_store_keeps_who_it_is(tmp_path: Path) -> None:
    """Organisation, keys, product and device; only ports may differ."""
    kept = []
    for _ in range(2):
        async with running(**on(tmp_path / "p.sqlite")) as ready:
            kept.append({key: value for key, value in ready.items() if key not in {"mqtt", "http"}})

    assert kept[0] == kept[1]


async def test_a_device_that_activates_is_known_from_then_on(tmp_path: Path) -> None:
    """By the secret it was given, also to a platform that was killed and started again."""
    async with running(**on(tmp_path / "p.sqlite")) as ready:
        device = DeviceId(ready["product_key"], "newcomer")
        secret = ready["product_secret"]
        talker = await Talker.connect(ready["mqtt"], device, secret, activates=True)
        (info,) = await talker.hear()
        assert isinstance(info, ActivationInfo)
        talker.say(ActivationReply(info.message_id))
        talker.say(VersionReport("1", "1.0"))
        await talker.until(mqtt.Acknowledged, 2)
        await talker.close()

    async with running(**on(tmp_path / "p.sqlite")) as ready, calling(ready) as caller:
        talker = await Talker.connect(ready["mqtt"], device, info.secret)
        talker.say(VersionReport("2", "1.0"))
        await talker.until(mqtt.Acknowledged)
        found = await caller.ask(SearchDevices())
        await talker.close()
        again = await Talker.connect(ready["mqtt"], device, secret, activates=True)
        (told,) = await again.hear()
        await again.close()

    assert isinstance(found, Listed)
    assert info.asset_id in str(found.rows)
    assert isinstance(told, ActivationInfo)
    assert told.secret == info.secret


async def test_a_products_secret_can_be_told(tmp_path: Path) -> None:
    """Besides the account's own; any other product gives nobody a secret."""
    async with running(**on(tmp_path / "p.sqlite", products={"meters00": "of meters"})) as ready:
        url = ready["mqtt"]
        newcomer = DeviceId("meters00", "newcomer")
        talker = await Talker.connect(url, newcomer, "of meters", activates=True)
        (info,) = await talker.hear()
        await talker.close()
        with pytest.raises(ConnectionError):
            await Talker.connect(url, DeviceId("other", "x"), "of meters", activates=True)

    assert isinstance(info, ActivationInfo)


async def test_a_restart_on_a_store_keeps_jobs_files_and_attempts(tmp_path: Path) -> None:
    """The device that comes back gets the same push again, and its file is there."""
    settings = on(tmp_path / "p.sqlite")
    async with running(**settings) as ready, calling(ready) as caller:
        talker = await meter(ready)
        await talker.hear()
        await ordered(caller)
        (first,) = await talker.hear()
        await talker.close()

    async with running(**settings) as ready, calling(ready) as caller:
        talker = await meter(ready)
        _, second = await talker.hear(2)
        assert isinstance(first, UpgradeRequest)
        assert isinstance(second, UpgradeRequest)
        async with aiohttp.ClientSession() as session, session.get(second.image.url) as response:
            content = await response.read()
        assert await shown(caller) == [("pushed", None)]
        await talker.close()

    assert (second.image.version, second.image.digest) == ("2.0", first.image.digest)
    assert content == CONTENT


async def test_a_killed_platform_has_lost_nothing_that_anybody_was_told(tmp_path: Path) -> None:
    """Killed with a push out and progress acknowledged; the job goes on on the same ports."""
    store = tmp_path / "p.sqlite"
    async with platform_child() as child:
        await child.start(PlatformSettings(**on(store)))
        ready = child.ready
        async with calling(ready) as caller:
            talker = await meter(ready)
            await talker.hear()
            await ordered(caller)
            (push,) = await talker.hear()
            talker.say(UpgradeReply(push.message_id))
            talker.say(ProgressReport("2", 0))
            await talker.until(mqtt.Acknowledged, 2)
            await kill(child)
            await talker.close()

    ports = {"mqtt_port": urlsplit(ready["mqtt"]).port, "http_port": urlsplit(ready["http"]).port}
    async with platform_child() as child:
        await child.start(PlatformSettings(**on(store), **ports))
        assert child.ready == ready
        async with calling(ready) as caller:
            assert await shown(caller) == [("under_way", 0)]
            talker = await meter(ready, "1.0")
            talker.say(ProgressReport("2", 100))
            talker.say(VersionReport("3", "2.0"))
            await talker.until(mqtt.Acknowledged, 2)
            assert await shown(caller) == [("succeeded", 100)]
            await talker.close()


async def test_a_session_ends_with_its_platform(tmp_path: Path) -> None:
    """As a connection over MQTT does; the next login is pushed what the first one was not told."""
    store = on(tmp_path / "store")
    async with aiohttp.ClientSession() as web:
        async with running(**store) as ready, calling(ready) as caller:
            device = WebDevice(ready["http"], web, METER.device, METER.secret)
            await device.login()
            await device.say(VersionReport("1", "1.0"))
            await ordered(caller)
        async with running(**store) as ready:
            device.url = ready["http"]
            with pytest.raises(DialectError, match="1009"):
                await device.say(VersionReport("2", "1.0"))
            await device.login()
            await device.say(VersionReport("3", "1.0"))

            assert isinstance(await device.poll(), UpgradeRequest)


async def kill(child: PlatformChild) -> None:
    """Kill a child without a word, and see it dead."""
    psutil.Process(child._process.pid).send_signal(signal.SIGKILL)
    await asyncio.wait_for(child._process.wait(), WAIT_S)


async def test_a_platform_whose_last_records_cannot_be_written_says_so_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closing line would say that its log is whole."""
    monkeypatch.setattr(process, "FLUSH_S", 3_600.0)
    log = part_path(tmp_path, 1)
    log.symlink_to("/dev/full")
    said: list[Mapping[str, Any]] = []
    stop = asyncio.Event()

    def announce(line: Mapping[str, Any]) -> None:
        said.append(line)
        stop.set()

    with pytest.raises(TargetError, match="cannot be written: no space left"):
        await serve(PlatformSettings(log=log), announce, stop)

    assert ["mqtt" in line for line in said] == [True]
