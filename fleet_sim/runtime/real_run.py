"""A run in real time: the fleet in this process, the platform in a child or somewhere by URL."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleet_sim.dialects import registry
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import FirmwareRow
from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.strangers import pushed_by_others
from fleet_sim.oracle.tolerance import REAL_TIME
from fleet_sim.runtime import generator
from fleet_sim.runtime.abort import AbortWatch
from fleet_sim.runtime.conductor import Conductor, Snapshot
from fleet_sim.runtime.errors import BrokenError, TargetError, ungrouped
from fleet_sim.runtime.file_handles import check_limit, raise_limit
from fleet_sim.runtime.fleet.mount import mount, registrations
from fleet_sim.runtime.fleet.rig import Rig
from fleet_sim.runtime.http_client import http_session
from fleet_sim.runtime.operator.clean_up import CleanUp, cleaning
from fleet_sim.runtime.operator.control import Control
from fleet_sim.runtime.operator.northbound import Northbound
from fleet_sim.runtime.operator.observer import Observer
from fleet_sim.runtime.operator.others import Kept
from fleet_sim.runtime.platform.account import operator_of_run
from fleet_sim.runtime.platform.child import PlatformChild, platform_child
from fleet_sim.runtime.platform.settings import PlatformSettings
from fleet_sim.runtime.real_time import RealClock
from fleet_sim.runtime.real_world import RealWorld
from fleet_sim.runtime.run_log import FileLog, part_path, read_run
from fleet_sim.runtime.target.broker_access import BrokerAccess, MqttLogin
from fleet_sim.runtime.target.meeting import Meeting, meet
from fleet_sim.runtime.target.target import (
    OperatorKeys,
    Target,
    by_url,
    embedded,
    on_stock_broker,
    stock_broker,
)
from fleet_sim.runtime.tasks import Tasks
from fleet_sim.scenario.downloads import downloads_max
from fleet_sim.scenario.plan import Plan

LOOK_S = 0.25  # Four frames a second for whoever watches.
FLUSH_LOOKS = 2  # The log loses at most half a second when the run is killed.
INTERRUPTED_S = 5.0  # Whoever pressed Ctrl-C waits no longer for a last look at the jobs.


@dataclass(frozen=True, slots=True, kw_only=True)
class RealOptions:
    """How to run.

    Attributes:
        folder: The run folder; parts of the log are written there.
        keys: The operator's, for a backend by URL.
        product_secret: What a device signs with that has no secret yet.
        login: Who devices and backend are for a broker by URL; None leaves it to the devices.
        holds: Go on after everything has settled, until stopped; that is then its ordinary end.
        on_snapshot: Is told four times a second how the run stands.
        on_wait: Is told in one line when the backend makes us wait.
        on_left: Is told in one line what could not be taken back from somebody else's backend.
        stop: Ends the run early. Cancelling it instead ends it at once, without its last looks and
            with everything it made left behind.
    """

    folder: Path
    keys: OperatorKeys = field(default_factory=OperatorKeys)
    product_secret: str = field(default="", repr=False)
    login: MqttLogin | None = None
    holds: bool = False
    on_snapshot: Callable[[Snapshot], None] = lambda _: None
    on_wait: Callable[[str], None] = lambda _: None
    on_left: Callable[[str], None] = lambda _: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealRun:
    """What a run in real time leaves.

    Attributes:
        records: The run log, all parts, in order.
        why: Why it ended.
        refusals: What the backend would not do, one sentence each.
        northbound: What the session with the backend came to, as `run.json` shows it.
        generator: The simulator's own figures, as `run.json` shows them.
        invalid_reason: Why the run is worthless: those figures, or a stranger who spoke for our
            backend; "" if it is not.
        lag_ms: By how much instants may be late: what widens the evidence.
    """

    records: list[Record]
    why: str
    refusals: tuple[str, ...]
    northbound: Mapping[str, int]
    generator: Mapping[str, Any]
    invalid_reason: str
    lag_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """Where a run takes place, and since when.

    Attributes:
        target: Where devices and operator go.
        clock: The run's clock; it begins anew, in `RealWorld.begin`, when all stands ready.
        child: Our own platform; None at a backend by URL.
        met: What came of meeting a backend by URL; None for our own.
        is_shared: Whether our platform is on a broker that other runs may be on.
    """

    target: Target
    clock: RealClock
    child: PlatformChild | None = None
    met: Meeting | None = None
    is_shared: bool = False


async def run_really(plan: Plan, options: RealOptions) -> RealRun:
    """Carry a plan out in real time.

    Raises:
        TargetError: The target cannot be reached or refuses us, or the fleet needs more open files
            than there are; no device was switched on.
    """
    check_limit(raise_limit(), devices=len(plan.devices), downloads=downloads_max(plan))
    async with contextlib.AsyncExitStack() as stack:
        if plan.target.backend is None:
            ground = await _on_our_platform(plan, options, stack)
        else:
            ground = await _at_a_backend(plan, options)
        keep = AbortWatch(plan, REAL_TIME).is_needed
        log = FileLog(part_path(options.folder, 0), ground.clock.now_ms, 0, keep=keep)
        stack.callback(log.close)
        with ungrouped(Exception):
            conductor, control, costs = await _run(plan, options, ground, log)
    ran = _result(options, conductor, control, ground, costs=costs)
    why = pushed_by_others(ran.records) if ground.is_shared else ""
    return dataclasses.replace(ran, invalid_reason=why) if why else ran


async def _on_our_platform(
    plan: Plan, options: RealOptions, stack: contextlib.AsyncExitStack
) -> _Ground:
    """Start the reference platform, on the plan's broker if there is one."""
    access: BrokerAccess | None = None
    if plan.target.broker is not None:
        access = await stock_broker(plan.target, options.login)
    child = await stack.enter_async_context(platform_child())
    await child.start(_child_settings(plan, options, access))
    return _Ground(
        target=embedded(child.ready) if access is None else on_stock_broker(child.ready, access),
        clock=RealClock(),
        child=child,
        is_shared=access is not None,
    )


async def _at_a_backend(plan: Plan, options: RealOptions) -> _Ground:
    """Meet somebody else's backend."""
    target = await by_url(plan.target, options.keys, options.login)
    met = await meet(plan, target, options.stop, options.on_wait)
    return _Ground(target=target, clock=RealClock(), met=met)


async def _run(
    plan: Plan, options: RealOptions, ground: _Ground, log: FileLog
) -> tuple[Conductor, Control, dict[str, Any]]:
    clock, met = ground.clock, ground.met
    async with http_session() as session, Tasks() as tasks:
        world = RealWorld(
            clock=clock,
            log=log,
            target=ground.target,
            session=session,
            tasks=tasks,
            devices=len(plan.devices),
            product_secret=options.product_secret,
        )
        # The clock stops first: what is put off would start tasks in a group that is closing.
        with contextlib.closing(clock):
            rigs = mount(plan.devices, world, seed=plan.seed)
            with _settled_heap():
                # Only now: a fleet that took long to get ready would power its devices on too late.
                world.begin()
                if ground.child is not None:
                    await ground.child.begin(clock.origin_ns)
                if met is not None:
                    _tell_kept(log, met.kept)
                before = None if met is None else met.northbound
                northbound = world.northbound(plan, ground.target, before)
                known = met.known if met is not None else ()
                return await _conduct(
                    plan, options, world, northbound, rigs=rigs, known=known, child=ground.child
                )


def _tell_kept(log: FileLog, kept: Kept) -> None:
    """Record which devices may be busy with somebody else's jobs; nothing where none may."""
    if kept != Kept():
        fields = {
            "devices": sorted(map(str, kept.by_others)),
            "untold": sorted(map(str, kept.untold)),
        }
        log.add(Source.CONTROL, "kept_by_others", fields=fields)


async def _conduct(
    plan: Plan,
    options: RealOptions,
    world: RealWorld,
    northbound: Northbound,
    *,
    rigs: Mapping[DeviceId, Rig],
    known: Sequence[FirmwareRow],
    child: PlatformChild | None,
) -> tuple[Conductor, Control, dict[str, Any]]:
    """Mount operator and observer beside the fleet, and wait until the run is over."""
    clock, log = world.clock, world.log
    conductor = Conductor(plan, rigs, clock, log, holds=options.holds)
    contract = plan.contracts[plan.fleets[0].dialect]
    observer = Observer(
        northbound,
        clock,
        log,
        every_ms=plan.observe_every_ms,
        page_size=contract.page_size_max,
        page_base=contract.page_base,
        activity=clock.now_ms,
        on_poll=conductor.look,
    )
    control = Control(
        plan,
        northbound,
        clock,
        log,
        epoch_ms=world.epoch_ms,
        on_job=observer.watch,
        known=known,
    )
    clean_up = None
    if plan.target.backend is not None:
        clean_up = CleanUp(plan, control, observer, northbound, log)
    over = asyncio.Event()
    conductor.on_over = over.set
    before = generator.usage(child)
    async with cleaning(clean_up, options.on_left):
        conductor.start(control, observer)
        await _watch(plan, conductor, options, world, over=over, child=child)
        costs = generator.costs(before, generator.usage(child), devices=len(plan.devices))
    for rig in rigs.values():
        rig.leave()
    world.stop()
    return conductor, control, costs


@contextlib.contextmanager
def _settled_heap() -> Iterator[None]:
    """Spare the collector a fleet that is here to stay; afterwards it may have all of it."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _child_settings(
    plan: Plan, options: RealOptions, access: BrokerAccess | None
) -> PlatformSettings:
    dialect = registry.get(plan.fleets[0].dialect)
    vendors = dataclasses.asdict(dialect.contract)
    ours = dataclasses.asdict(plan.contracts[dialect.name])
    app_key, app_secret = operator_of_run(dialect, plan.seed)
    return PlatformSettings(
        broker=access,
        devices=registrations(plan.devices),
        plant=plan.target.plant,
        signed_only=True,
        dialect=dialect.name,
        contract={name: value for name, value in ours.items() if value != vendors[name]},
        log=part_path(options.folder, 1),
        part=1,
        is_of_run=True,
        # On a broker that others use, too, a backend's ids are its own; see `oracle.strangers`.
        seed=plan.seed if access is None else None,
        app_key=app_key,
        app_secret=app_secret,
    )


async def _watch(
    plan: Plan,
    conductor: Conductor,
    options: RealOptions,
    world: RealWorld,
    *,
    over: asyncio.Event,
    child: PlatformChild | None,
) -> None:
    """Wait until the run is over; tell how it stands meanwhile.

    Raises:
        TargetError: The broker lets no device in.
        BrokenError: The platform has died.
    """
    clock, log = world.clock, world.log
    looks = 0
    watch = AbortWatch(plan, REAL_TIME)
    while not over.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), LOOK_S)
        looks += 1
        if looks % FLUSH_LOOKS == 0:
            log.flush()
        lag_ms = clock.slips.quantile_ms(0.99)
        options.on_snapshot(dataclasses.replace(conductor.snapshot(), lag_ms=lag_ms))
        if watch.is_needed and watch.is_due(clock.now_ms()):
            now_ms, records = clock.now_ms(), list(log.records)
            if await asyncio.to_thread(watch.fails, records, now_ms):
                conductor.end("aborted")
        if world.contact is not None and (why := world.contact.verdict()):
            raise TargetError(why)
        if options.stop.is_set():
            conductor.stop()
            is_well = options.holds and conductor.why != "interrupted"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), None if is_well else INTERRUPTED_S)
            return
        if child is not None and child.has_died:
            raise BrokenError(
                "the reference platform ended in the midst of the run; if it said why, that stands "
                "above"
            )


def _result(
    options: RealOptions,
    conductor: Conductor,
    control: Control,
    ground: _Ground,
    *,
    costs: Mapping[str, Any],
) -> RealRun:
    slips, child = ground.clock.slips, ground.child
    platform_slip_max_ms = child.closing.get("slip_ms_max", 0) if child is not None else 0
    return RealRun(
        records=read_run(options.folder),
        why=conductor.why,
        refusals=tuple(control.refusals),
        northbound=dataclasses.asdict(control.traffic),
        generator={
            **generator.lateness(slips, platform_slip_max_ms=platform_slip_max_ms),
            **costs,
        },
        invalid_reason=generator.invalid_reason(slips),
        lag_ms=max(slips.max_ms, platform_slip_max_ms),
    )
