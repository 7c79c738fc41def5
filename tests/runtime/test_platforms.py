import pytest

from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import ReportReply, VersionReport
from fleet_sim.model.northbound import Listed, SearchDevices
from fleet_sim.mqtt import client as mqtt
from fleet_sim.runtime.errors import TargetError
from tests.runtime.platforms import Line, Talker, calling, running

METER = Registration(DeviceId("meters00", "m1"), "s3cret")


async def test_operator_and_device_reach_a_running_platform() -> None:
    """Over real sockets, both ways."""
    async with running(devices=[METER]) as ready, calling(ready) as caller:
        talker = await Talker.connect(ready["mqtt"], METER.device, METER.secret)
        talker.say(VersionReport("1", "1.0"))
        (reply,) = await talker.hear()
        await talker.until(mqtt.Acknowledged)
        found = await caller.ask(SearchDevices())
        await talker.close()

    assert isinstance(reply, ReportReply)
    assert isinstance(found, Listed)
    assert found.total == 1


async def test_who_waits_on_a_closed_connection_is_told() -> None:
    """A test fails at once, not by its time."""
    async with running(devices=[METER]) as ready:
        talker = await Talker.connect(ready["mqtt"], METER.device, METER.secret)
        talker.line.write(b"\x00\x00")
        with pytest.raises(ConnectionError):
            await talker.until(mqtt.Received)
        await talker.close()


async def test_a_raw_line_sends_anything() -> None:
    """And knows when the broker has closed."""
    async with running() as ready:
        line = await Line.open(ready["mqtt"])
        line.write(b"\xff" * 10)
        assert await line.end() == []
        await line.close()


async def test_a_platform_that_cannot_start_fails_its_test_at_once() -> None:
    """With its own sentence, in the group of the task it ran in."""
    with pytest.raises(ExceptionGroup) as caught:
        async with running(store="nonsense"):
            pytest.fail("it must not start")

    assert caught.group_contains(TargetError)
