import pytest

from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import UpgradeRequest, VersionReport
from fleet_sim.model.northbound import TaskStatus
from tests.runtime.platforms import Talker
from tests.vendors.enos.scene import CONTENT, scene

METER = Registration(DeviceId("meters00", "m1"), "s3cret")


async def test_a_job_is_for_who_runs_the_old_version() -> None:
    """A device that has reported 1.0 is pushed to, and its task can be looked at."""
    async with scene(METER) as here:
        talker = await Talker.connect(here.url, METER.device, METER.secret)
        talker.say(VersionReport("1", "1.0"))
        await talker.hear()
        await here.order("meters00")
        (push,) = await talker.hear()
        outcome = await here.outcome()
        await talker.close()

    assert isinstance(push, UpgradeRequest)
    assert push.image.size_bytes == len(CONTENT)
    assert outcome == (TaskStatus.PUSHED, None, None)


async def test_without_a_task_there_is_no_outcome() -> None:
    """A test that looks too early fails, instead of passing over it."""
    async with scene(METER) as here:
        with pytest.raises(ValueError, match="not enough values"):
            await here.outcome()
