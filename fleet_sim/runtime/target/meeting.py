"""Meeting somebody's backend before the run's clock starts.

A backend may keep us waiting (it puts calls off, or is slow), and devices whose instants passed
meanwhile would all begin late, at once, as if the simulator had been the bottleneck.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fleet_sim.model.northbound import FirmwareRow
from fleet_sim.report.run import NorthboundFigures
from fleet_sim.runtime.cloud import Cloud
from fleet_sim.runtime.errors import TargetError, ungrouped
from fleet_sim.runtime.http_client import HttpCarrier, http_session
from fleet_sim.runtime.operator.known_firmware import look_over
from fleet_sim.runtime.operator.northbound import Northbound
from fleet_sim.runtime.operator.others import Kept, kept_busy
from fleet_sim.runtime.real_time import RealClock, epoch_ms
from fleet_sim.runtime.target.preflight import look_in
from fleet_sim.runtime.target.target import Target
from fleet_sim.runtime.tasks import Tasks
from fleet_sim.scenario.plan import Plan


@dataclass(frozen=True, slots=True)
class Meeting:
    """What came of it.

    Attributes:
        northbound: The session, over now; the run's own goes on from it.
        known: What the backend says of each firmware that a job names.
        kept: Which of the devices somebody else's jobs keep busy.
    """

    northbound: Northbound
    known: Sequence[FirmwareRow]
    kept: Kept


async def meet(
    cloud: Cloud,
    target: Target,
    stop: asyncio.Event,
    say: Callable[[str], None] = lambda _: None,
) -> Meeting:
    """See that a backend lets us in, and has what the plan counts on.

    Args:
        cloud: What is to be run there.
        target: Where.
        stop: Ends it early, by cancelling the task that waits for it: there is nothing to be put in
            order yet.
        say: Gets a sentence when the backend makes us wait.

    Raises:
        TargetError: It does not, or not within the time that the run itself may take; the message
            says why and what to do.
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
                northbound = Northbound(operator, carrier, clock, epoch_ms=epoch_ms(), say=say)
                try:
                    async with asyncio.timeout(plan.duration_ms / 1000):
                        await look_in(northbound, target.backend, plan.fleets[0].product_key)
                        known = await look_over(northbound, plan)
                        kept = await kept_busy(
                            northbound,
                            {one.device for one in plan.devices if plan.jobs},
                            page_base=cloud.contract.page_base,
                        )
                except TimeoutError as error:
                    raise TargetError(_too_slow(plan, northbound.traffic)) from error
                finally:
                    tasks.cancel()
    return Meeting(northbound, known, kept)


def _too_slow(plan: Plan, traffic: NorthboundFigures) -> str:
    said = (
        f"the backend did not answer what is asked before a run within {plan.duration_ms / 1000:g} "
        "s, the duration of the whole run"
    )
    if not traffic.throttled:
        return f"{said}; see whether it is well, or give the run a longer duration"
    return (
        f"{said}: {traffic.throttled} of {traffic.requests} requests were put off (429 or 503); "
        "give the run a longer duration, or the key a higher quota"
    )


async def _cancel(task: asyncio.Task[object], stop: asyncio.Event) -> None:
    await stop.wait()
    task.cancel()
