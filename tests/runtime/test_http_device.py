import json

import aiohttp

from fleet_sim.dialects.http import HttpFile
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ReportReply, UpgradeRequest, VersionReport
from tests.runtime.http_device import CHANNEL, HttpDevice, WebDevice, way_of
from tests.runtime.lone_platform import LonePlatform
from tests.runtime.platforms import running


def test_a_device_in_memory_logs_in_speaks_and_hears() -> None:
    """Its answers stand where their requests were made."""
    world = LonePlatform()
    (device,) = world.register("d1")
    mine = HttpDevice(way_of(world), device)

    assert json.loads(mine.login().body)["data"]["sessionId"] == mine.session
    place = mine.say(VersionReport("1", "1.0"))
    assert mine.answers[place] is None
    world.settle()
    world.order()

    assert json.loads(mine.answer(place).body)["id"] == "1"
    assert isinstance(mine.poll(), UpgradeRequest)
    assert mine.poll() is None
    assert not any(isinstance(one, HttpFile) for one in mine.answers)


async def test_a_device_with_a_real_client_does_the_same() -> None:
    """Over a real port."""
    async with running() as ready, aiohttp.ClientSession() as web:
        me = DeviceId(ready["product_key"], ready["device"]["device_key"])
        device = WebDevice(ready["http"], web, me, ready["device"]["device_secret"])

        await device.login()
        reply = await device.say(VersionReport("1", "1.0"))
        missing = await device.download("enos-connect://65f0c0ffee00000000000001.bin")

    assert reply == ReportReply("1", VersionReport)
    assert missing.status == 404
    assert CHANNEL.devices.command_in(missing) is None
