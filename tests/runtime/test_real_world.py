import asyncio
from pathlib import Path

import pytest

from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.runtime.cloud import clouds_of
from fleet_sim.runtime.fleet.download import Owner
from fleet_sim.runtime.http_client import http_session
from fleet_sim.runtime.real_time import RealClock
from fleet_sim.runtime.real_world import RealWorld
from fleet_sim.runtime.run_log import FileLog, part_path
from fleet_sim.runtime.target.broker_access import BrokerAccess
from fleet_sim.runtime.target.target import OperatorKeys, Target
from fleet_sim.runtime.tasks import Tasks
from tests.runtime.http_site import CHUNK, CONTENT, Reader, site
from tests.runtime.lone_world import DEVICE, ENOS, SECRET
from tests.runtime.plans import planned
from tests.runtime.platforms import WAIT_S


@pytest.mark.parametrize("is_a_strangers", [False, True])
async def test_first_contact_is_watched_at_a_strangers_broker_alone(
    tmp_path_factory: pytest.TempPathFactory, is_a_strangers: bool
) -> None:
    """Our own broker knows its devices; a stranger's may turn all of them away."""
    target = Target(
        broker=BrokerAccess(host="127.0.0.1", port=1),
        backend="http://127.0.0.1:1",
        org="o1",
        keys=OperatorKeys(),
        subscribes=is_a_strangers,
    )
    (cloud,) = clouds_of(planned())
    clock = RealClock()
    log = FileLog(part_path(tmp_path_factory.mktemp("run"), 0), clock.now_ms, 0, keep=False)
    async with http_session() as session, Tasks() as tasks:
        world = RealWorld(
            clock=clock,
            log=log,
            target=target,
            session=session,
            tasks=tasks,
            cloud=cloud,
        )
        under_way = tasks.create_task(asyncio.Event().wait())

        world.stop()

    assert (world.contact is not None) == is_a_strangers
    assert world.subscribes == is_a_strangers
    assert under_way.cancelled()
    clock.close()
    log.close()


async def test_an_image_s_token_goes_with_the_request_for_its_file(tmp_path: Path) -> None:
    """To the address that the image names, from the byte that is wanted."""
    (cloud,) = clouds_of(planned())
    clock = RealClock()
    log = FileLog(part_path(tmp_path, 0), clock.now_ms, 0, keep=False)
    reader = Reader()
    async with site() as here, http_session() as session, Tasks() as tasks:
        target = Target(
            broker=BrokerAccess(host="127.0.0.1", port=1),
            backend=here.url(),
            org="o1",
            keys=OperatorKeys(),
        )
        world = RealWorld(
            clock=clock,
            log=log,
            target=target,
            session=session,
            tasks=tasks,
            cloud=cloud,
        )
        image = FirmwareImage("2.0", "file", len(CONTENT), "", "md5", token="t-1")

        world.fetch(Owner(DEVICE, SECRET, ENOS), image, 5, CHUNK, reader)
        await asyncio.wait_for(reader.is_over.wait(), WAIT_S)

    assert (here.authorizations, here.ranges) == (["Bearer t-1"], ["bytes=5-"])
    assert b"".join(reader.chunks) == CONTENT[5:]
    clock.close()
    log.close()
