import asyncio
import dataclasses
import hashlib
from functools import partial

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from yarl import URL

from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import VersionReport
from fleet_sim.model.northbound import CreateFirmware, FirmwareCreated, FirmwareOrder, Names
from fleet_sim.mqtt import client as mqtt
from fleet_sim.runtime.errors import DownloadError
from fleet_sim.runtime.fleet.download import Owner
from fleet_sim.runtime.fleet.file_addresses import FileAddresses
from tests.runtime.http_site import Reader, client
from tests.runtime.lone_world import ENOS
from tests.runtime.platforms import WAIT_S, Talker, calling, running

METER = Registration(DeviceId("meters00", "m 1"), "s3cret")
OWNER = Owner(METER.device, METER.secret, ENOS)
CONTENT = bytes(range(256)) * 16
DIGEST = hashlib.sha256(CONTENT).hexdigest()
WITHIN = "enos-connect://65f0c0ffee00000000000001.bin"


async def found(base_url: str, address: str, owner: Owner = OWNER) -> URL:
    """Look for a file."""
    async with aiohttp.ClientSession() as session:
        return await FileAddresses(session, base_url, tls=None).find(owner, address)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://files:8080/fw.bin?x=1", "http://files:8080/fw.bin?x=1"),
        ("HTTPS://files/fw.bin", "https://files/fw.bin"),
        ("/firmware/1/fw.bin", "http://backend:1/firmware/1/fw.bin"),
        ("firmware/1/fw.bin?x=1", "http://backend:1/api/firmware/1/fw.bin?x=1"),
        ("../fw.bin", "http://backend:1/fw.bin"),
        ("//files/fw.bin", "http://files/fw.bin"),
        ("/fw 2%20.bin", "http://backend:1/fw%202%20.bin"),
    ],
)
async def test_an_address_of_the_web_needs_no_login(address: str, url: str) -> None:
    """An absolute one is where it says, a path belongs to the backend."""
    assert await found("http://backend:1/api", address) == URL(url)
    assert await found("http://backend:1/api/", address) == URL(url)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://files/fw.bin",
        "file:///etc/passwd",
        "data:,x",
        "gopher:x",
        "http://",
        "http:///fw.bin",
        "http://files:99999/fw.bin",
        "http://[/fw.bin",
        "http://[::1/fw.bin",
        "C:\\fw.bin",
    ],
)
async def test_what_nobody_knows_is_told_in_a_sentence(address: str) -> None:
    """The device reports it as its own failure to download."""
    with pytest.raises(DownloadError, match=r"is no address|no way is known"):
        await found("http://backend:1", address)


async def test_a_long_address_is_not_told_whole() -> None:
    """The sentence becomes a desc."""
    with pytest.raises(DownloadError) as told:
        await found("http://backend:1", f"ftp://{'x' * 5_000}")

    assert len(str(told.value)) < 300


async def test_an_address_within_the_vendors_platform_takes_a_login() -> None:
    """With the device's own secret; a connection over MQTT stays as it is."""
    async with running(devices=[METER]) as ready:
        talker = await Talker.connect(ready["mqtt"], METER.device, METER.secret)
        url = await found(ready["http"], WITHIN)
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            status = response.status
        talker.say(VersionReport("1", "1.0"))
        await talker.until(mqtt.Acknowledged)
        await talker.close()

    assert url.path == "/multipart/sys/meters00/m 1/file/download"
    assert url.query["fileUri"] == WITHIN
    assert status == 404  # the session is good; there is no such file


async def test_a_device_that_is_not_let_in_is_told_why() -> None:
    """With the platform's code."""
    liar = dataclasses.replace(OWNER, secret="wrong")
    async with running(devices=[METER]) as ready:
        with pytest.raises(DownloadError, match=r"cannot log in over HTTP .*742"):
            await found(ready["http"], WITHIN, liar)


async def test_a_backend_without_the_channel_is_told_as_well() -> None:
    """What it answers is none of the vendor's."""
    async with TestServer(web.Application()) as server:
        with pytest.raises(DownloadError, match="cannot log in over HTTP"):
            await found(str(server.make_url("/")), WITHIN)


async def test_a_backend_that_is_not_there_is_the_worlds_fault() -> None:
    """Another try may find it."""
    with pytest.raises(aiohttp.ClientError):
        await found(f"http://127.0.0.1:{unused_port()}", WITHIN)


async def test_a_vendor_without_a_channel_has_no_addresses_of_its_own() -> None:
    """Its device knows no more than the web's."""
    plain = dataclasses.replace(OWNER, dialect=dataclasses.replace(ENOS, http=None))

    with pytest.raises(DownloadError, match="no way is known"):
        await found("http://backend:1", WITHIN, plain)


async def test_a_file_within_the_vendors_platform_is_read_from_any_byte() -> None:
    """As a download goes on after a cut: a new login, and the rest of the bytes."""
    upload = CreateFirmware(
        FirmwareOrder("", Names("fw"), "2.0", DIGEST, "sha256", "fw 2.0.bin"), CONTENT
    )
    reader = Reader()
    async with running(devices=[METER]) as ready, calling(ready) as caller, client() as there:
        created = await caller.ask(upload)
        assert isinstance(created, FirmwareCreated)
        addresses = FileAddresses(there.session, ready["http"], tls=None)
        address = f"enos-connect://{created.firmware_id}.bin"
        there.fetch_from(partial(addresses.find, OWNER, address), reader, offset=4_000)
        await asyncio.wait_for(reader.is_over.wait(), WAIT_S)

    assert (reader.status, reader.why) == (206, "")
    assert b"".join(reader.chunks) == CONTENT[4_000:]
