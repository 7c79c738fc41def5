"""Meeting somebody's backend before the run's clock starts.

A backend may keep us waiting (it puts calls off, or is slow), and devices whose instants passed
meanwhile would all begin late, at once, as if the simulator had been the bottleneck.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import FirmwareRow
from fleet_sim.runtime.cloud import Cloud
from fleet_sim.runtime.errors import ungrouped
from fleet_sim.runtime.http_client import HttpCarrier, http_session
from fleet_sim.runtime.operator.known_firmware import look_over
from fleet_sim.runtime.operator.northbound import Northbound
from fleet_sim.runtime.operator.others import kept_busy
from fleet_sim.runtime.real_time import RealClock, epoch_ms
from fleet_sim.runtime.target.preflight import look_in
from fleet_sim.runtime.target.target import Target
from fleet_sim.runtime.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Meeting:
    """What came of it.

    Attributes:
        northbound: The session, over now; the run's own goes on from it.
        known: What the backend says of each firmware that a job names.
        kept: Devices that somebody else's jobs may keep busy.
    """

    northbound: Northbound
    known: Sequence[FirmwareRow]
    kept: Collection[DeviceId] = ()


async def meet(cloud: Cloud, target: Target, stop: asyncio.Event) -> Meeting:
    """See that a backend lets us in, and has what the plan counts on.

    Args:
        cloud: What is to be run there.
        target: Where.
        stop: Ends it early, by cancelling the task that waits for it: there is nothing to be put in
            order yet.

    Raises:
        TargetError: It does not; the message says why and what to do.
    """
    plan, keys = cloud.plan, target.keys
    operator = cloud.dialect.operator(target.org, keys.app_key, keys.app_secret)
    here = asyncio.current_task()
    assert here is not None
    with ungrouped(Exception):
        async with http_session() as session, Tasks() as tasks:
            tasks.create_task(_cancel(here, stop))
            with contextlib.closing(RealClock()) as clock:
                carrier = HttpCarrier(session, target.backend, tasks, tls=target.http_tls)
                northbound = Northbound(operator, carrier, clock, epoch_ms=epoch_ms())
                try:
                    await look_in(northbound, target.backend, plan.fleets[0].product_key)
                    known = await look_over(northbound, plan)
                    kept = await kept_busy(
                        northbound,
                        {one.device for one in plan.devices if plan.jobs},
                        page_base=cloud.contract.page_base,
                    )
                finally:
                    tasks.cancel()
    return Meeting(northbound, known, kept)


async def _cancel(task: asyncio.Task[object], stop: asyncio.Event) -> None:
    await stop.wait()
    task.cancel()
