"""Where a run's clouds stand: each on a child's platform, or the only one on somebody's by URL."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fleet_sim.runtime.cloud import Cloud
from fleet_sim.runtime.errors import ungrouped
from fleet_sim.runtime.fleet.mount import registrations
from fleet_sim.runtime.platform.account import operator_of_run
from fleet_sim.runtime.platform.child import PlatformChild
from fleet_sim.runtime.platform.settings import PlatformSettings
from fleet_sim.runtime.run_log import part_path
from fleet_sim.runtime.target.broker_access import BrokerAccess, MqttLogin
from fleet_sim.runtime.target.meeting import Meeting, meet
from fleet_sim.runtime.target.target import (
    OperatorKeys,
    Target,
    by_url,
    embedded,
    on_stock_broker,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where one cloud stands.

    Attributes:
        cloud: Which.
        target: Where its devices and its operator go.
        child: Our platform; None where it is somebody else's.
        met: What came of meeting somebody else's before the clock started; None with ours.
    """

    cloud: Cloud
    target: Target
    child: PlatformChild | None = None
    met: Meeting | None = None


async def met(
    cloud: Cloud,
    *,
    keys: OperatorKeys,
    login: MqttLogin | None,
    stop: asyncio.Event,
    say: Callable[[str], None],
) -> Site:
    """Return the site of a target by URL, which lets us in.

    Args:
        cloud: Whose.
        keys: The operator's.
        login: Who devices are for the broker.
        stop: Ends the wait; see `meet`.
        say: Gets a sentence when the backend makes us wait.

    Raises:
        TargetError: It cannot be reached, or refuses us.
    """
    target = await by_url(cloud.plan.target, keys, login)
    return Site(cloud=cloud, target=target, met=await meet(cloud, target, stop, say))


async def started(
    clouds: Sequence[Cloud],
    children: Sequence[PlatformChild],
    *,
    folder: Path,
    access: BrokerAccess | None,
) -> tuple[Site, ...]:
    """Start the platform of each cloud, all at once, and return their sites.

    Args:
        clouds: Which.
        children: One for each.
        folder: The run folder; each child writes its part of the log there.
        access: A stock broker, for the only cloud; None: each has one of its own.

    Raises:
        TargetError: One could not start.
    """
    pairs = list(zip(clouds, children, strict=True))
    with ungrouped(Exception):
        async with asyncio.TaskGroup() as tasks:
            for cloud, child in pairs:
                tasks.create_task(child.start(_settings(cloud, folder, access)))
    return tuple(
        Site(
            cloud=cloud,
            child=child,
            target=(
                embedded(child.ready) if access is None else on_stock_broker(child.ready, access)
            ),
        )
        for cloud, child in pairs
    )


def _settings(cloud: Cloud, folder: Path, access: BrokerAccess | None) -> PlatformSettings:
    vendors = dataclasses.asdict(cloud.dialect.contract)
    ours = dataclasses.asdict(cloud.contract)
    app_key, app_secret = operator_of_run(cloud.dialect, cloud.seed)
    return PlatformSettings(
        broker=access,
        devices=registrations(cloud.plan.devices),
        plant=cloud.plan.target.plant,
        signed_only=True,
        dialect=cloud.dialect.name,
        contract={name: value for name, value in ours.items() if value != vendors[name]},
        log=part_path(folder, cloud.part),
        part=cloud.part,
        is_of_run=True,
        # On a broker that others use, too, a backend's ids are its own; see `oracle.strangers`.
        seed=cloud.seed if access is None else None,
        app_key=app_key,
        app_secret=app_secret,
    )
