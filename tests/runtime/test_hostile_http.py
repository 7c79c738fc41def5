import aiohttp
from yarl import URL

from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import ReportReply, VersionReport
from fleet_sim.model.northbound import DeviceRow, Listed, SearchDevices
from tests.runtime.hostile_http import HTTP, ODD
from tests.runtime.http_device import WebDevice
from tests.runtime.platforms import calling, running

OWN = Registration(DeviceId("meters00", "mine"), "my secret")
OTHER = Registration(DeviceId("meters00", "theirs"), "their secret")


async def test_nothing_an_enemy_says_over_http_changes_anything() -> None:
    """Each is refused, in JSON, with no fault of the server's; who is honest goes on as before."""
    outcomes: dict[str, tuple[int, int]] = {}
    async with (
        running(devices=[OWN, OTHER]) as ready,
        calling(ready) as caller,
        aiohttp.ClientSession() as web,
    ):
        victim = WebDevice(ready["http"], web, OTHER.device, OTHER.secret)
        enemy = WebDevice(ready["http"], web, OWN.device, OWN.secret)
        for device in (victim, enemy):
            await device.login()
            await device.say(VersionReport("1", "1.0"))

        for name, method, path, body in (*HTTP, *ODD):
            text = path.format(own=OWN.device, other=OTHER.device, session=enemy.session)
            url = URL(ready["http"] + text, encoded=True)
            async with web.request(method, url, data=body) as answer:
                outcomes[name] = (answer.status, (await answer.json())["code"])

        assert await victim.say(VersionReport("2", "1.1")) == ReportReply("2", VersionReport)
        assert await enemy.say(VersionReport("2", "1.2")) == ReportReply("2", VersionReport)
        shown = await caller.ask(SearchDevices())

    odd = {name: outcomes.pop(name) for name, *_ in ODD}
    assert set(odd.values()) == {(200, 200)}
    assert len(outcomes) == len(HTTP)
    assert {name: one for name, one in outcomes.items() if one[1] == 200 or one[0] >= 500} == {}
    assert outcomes["a login signed by nobody"] == (200, 742)
    assert outcomes["another's topic"] == (200, 1009)
    assert isinstance(shown, Listed)
    assert {row.device_key: row.firmware_version for row in shown.rows
            if isinstance(row, DeviceRow)} == {"mine": "1.2", "theirs": "1.1"}  # fmt: skip
