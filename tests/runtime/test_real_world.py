import asyncio

import pytest

from fleet_sim.runtime.http_client import http_session
from fleet_sim.runtime.real_time import RealClock
from fleet_sim.runtime.real_world import RealWorld
from fleet_sim.runtime.run_log import FileLog, part_path
from fleet_sim.runtime.target.broker_access import BrokerAccess
from fleet_sim.runtime.target.target import OperatorKeys, Target
from fleet_sim.runtime.tasks import Tasks


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
    clock = RealClock()
    log = FileLog(part_path(tmp_path_factory.mktemp("run"), 0), clock.now_ms, 0, keep=False)
    async with http_session() as session, Tasks() as tasks:
        world = RealWorld(
            clock=clock,
            log=log,
            target=target,
            session=session,
            tasks=tasks,
            devices=1,
        )
        under_way = tasks.create_task(asyncio.Event().wait())

        world.stop()

    assert (world.contact is not None) == is_a_strangers
    assert world.subscribes == is_a_strangers
    assert under_way.cancelled()
    clock.close()
    log.close()
