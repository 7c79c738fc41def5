"""A run in real time: the fleet in this process, platforms in children, or one somewhere by URL."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from fleet_sim.model.identity import DeviceId
from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.strangers import pushed_by_others
from fleet_sim.oracle.tolerance import REAL_TIME
from fleet_sim.report.run import NorthboundFigures
from fleet_sim.runtime import generator
from fleet_sim.runtime.abort import AbortWatch
from fleet_sim.runtime.cloud import clouds_of
from fleet_sim.runtime.conductor import Conductor, Snapshot
from fleet_sim.runtime.errors import BrokenError, TargetError, ungrouped
from fleet_sim.runtime.file_handles import check_limit, raise_limit
from fleet_sim.runtime.fleet.mount import mount
from fleet_sim.runtime.fleet.rig import Rig
from fleet_sim.runtime.http_client import http_session
from fleet_sim.runtime.log_reader import read_run
from fleet_sim.runtime.operator.clean_up import CleanUp, cleaning
from fleet_sim.runtime.operator.office import Office, opened, refusals, traffic
from fleet_sim.runtime.operator.others import Kept
from fleet_sim.runtime.platform.child import PlatformChild, platform_children
from fleet_sim.runtime.real_time import RealClock
from fleet_sim.runtime.real_world import RealWorld
from fleet_sim.runtime.run_log import PARTS, FileLog, part_path
from fleet_sim.runtime.sites import Site, met, started
from fleet_sim.runtime.target.broker_access import BrokerAccess, MqttLogin
from fleet_sim.runtime.target.target import OperatorKeys, stock_broker
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
        refusals: What the backends would not do, one sentence each.
        northbound: What all sessions with them came to.
        generator: The simulator's own figures, as `run.json` shows them.
        invalid_reason: Why the run is worthless: those figures, or a stranger who spoke for our
            backend; "" if it is not.
        lag_ms: By how much instants may be late: what widens the evidence.
    """

    records: list[Record]
    why: str
    refusals: tuple[str, ...]
    northbound: NorthboundFigures
    generator: Mapping[str, Any]
    invalid_reason: str
    lag_ms: int


async def run_really(plan: Plan, options: RealOptions) -> RealRun:
    """Carry a plan out in real time.

    Raises:
        TargetError: The target cannot be reached or refuses us, or the fleet needs more open files
            than there are, before any device is switched on; the broker lets none in, or the log
            cannot be written, in the midst of the run; a platform ended with an error, then or
            after it.
        BrokenError: A platform died in the midst of the run.
    """
    check_limit(raise_limit(), devices=len(plan.devices), downloads=downloads_max(plan))
    clouds = clouds_of(plan)
    async with contextlib.AsyncExitStack() as stack:
        access: BrokerAccess | None = None
        if plan.target.backend is None:
            if plan.target.broker is not None:
                access = await stock_broker(plan.target, options.login)
            children = await stack.enter_async_context(platform_children(len(clouds)))
            sites = await started(clouds, children, folder=options.folder, access=access)
        else:
            (cloud,) = clouds  # the plan has seen to that
            sites = (
                await met(
                    cloud,
                    keys=options.keys,
                    login=options.login,
                    stop=options.stop,
                    say=options.on_wait,
                ),
            )
        clock = RealClock()
        keep = AbortWatch(plan, REAL_TIME).is_needed
        log = FileLog(part_path(options.folder, 0), clock.now_ms, 0, keep=keep)
        stack.callback(log.close)
        with ungrouped(Exception):
            conducted = await _run(plan, options, sites, clock=clock, log=log)
    for site in sites:
        if site.child is not None:
            _check_end(site.child)
    ran = _result(options, conducted, clock=clock, sites=sites)
    why = pushed_by_others(ran.records) if access is not None else ""
    return dataclasses.replace(ran, invalid_reason=why) if why else ran


@dataclass(frozen=True, slots=True)
class _Conducted:
    """A run that is over: who saw it, who ordered, and what it cost."""

    conductor: Conductor
    offices: Sequence[Office]
    costs: Mapping[str, Any]


async def _run(
    plan: Plan,
    options: RealOptions,
    sites: Sequence[Site],
    *,
    clock: RealClock,
    log: FileLog,
) -> _Conducted:
    async with http_session() as session, Tasks() as tasks:
        worlds = [
            RealWorld(
                clock=clock,
                log=log,
                target=site.target,
                session=session,
                tasks=tasks,
                cloud=site.cloud,
                product_secret=options.product_secret,
            )
            for site in sites
        ]
        # The clock stops first: what is put off would start tasks in a group that is closing.
        with contextlib.closing(clock):
            by_dialect = {
                site.cloud.dialect.name: world for site, world in zip(sites, worlds, strict=True)
            }
            rigs = mount(plan.devices, by_dialect, seed=plan.seed)
            with _settled_heap():
                # Only now: a fleet that took long to get ready would power its devices on too late.
                for world in worlds:
                    world.begin()
                for site in sites:
                    if site.child is not None:
                        await site.child.begin(clock.origin_ns)
                    if site.met is not None:
                        _tell_kept(log, site.met.kept)
                return await _conduct(plan, options, sites, worlds, rigs)


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
    sites: Sequence[Site],
    worlds: Sequence[RealWorld],
    rigs: Mapping[DeviceId, Rig],
) -> _Conducted:
    """Open the operators' offices beside the fleet, and wait until the run is over."""
    clock, log = worlds[0].clock, worlds[0].log  # the run's, in each of them
    conductor = Conductor(plan, rigs, clock, log, holds=options.holds)
    offices: list[Office] = []
    numbers = count(1)
    clean_up = None
    for site, world in zip(sites, worlds, strict=True):
        northbound = world.northbound(None if site.met is None else site.met.northbound)
        office = opened(
            site.cloud,
            northbound,
            clock,
            log,
            epoch_ms=world.epoch_ms,
            every_ms=plan.observe_every_ms,
            activity=clock.now_ms,
            on_poll=conductor.look,
            numbers=numbers,
            known=() if site.met is None else site.met.known,
        )
        offices.append(office)
        if site.child is None:
            clean_up = CleanUp(site.cloud.plan, office.control, office.observer, northbound, log)
    over = asyncio.Event()
    conductor.on_over = over.set
    children = [site.child for site in sites if site.child is not None]
    before = generator.usage(children)
    async with cleaning(clean_up, options.on_left):
        conductor.start(offices)
        log.add(Source.CONTROL, PARTS, fields={"count": 1 + len(children)})
        await _watch(plan, conductor, options, worlds, over=over, children=children)
        costs = generator.costs(before, generator.usage(children), devices=len(plan.devices))
    for rig in rigs.values():
        rig.leave()
    for world in worlds:
        world.stop()
    return _Conducted(conductor, offices, costs)


@contextlib.contextmanager
def _settled_heap() -> Iterator[None]:
    """Spare the collector a fleet that is here to stay; afterwards it may have all of it."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _watch(
    plan: Plan,
    conductor: Conductor,
    options: RealOptions,
    worlds: Sequence[RealWorld],
    *,
    over: asyncio.Event,
    children: Sequence[PlatformChild],
) -> None:
    """Wait until the run is over; tell how it stands meanwhile.

    Raises:
        TargetError: The broker lets no device in, or the log cannot be written.
        BrokenError: A platform has died.
    """
    clock, log = worlds[0].clock, worlds[0].log
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
        for world in worlds:
            if world.contact is not None and (why := world.contact.verdict()):
                raise TargetError(why)
        if options.stop.is_set():
            conductor.stop()
            is_well = options.holds and conductor.why != "interrupted"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), None if is_well else INTERRUPTED_S)
            return
        died = next((child for child in children if child.has_died), None)
        if died is not None:
            await died.stop()
            _check_end(died)
            raise BrokenError(
                "the reference platform ended in the midst of the run; if it said why, that stands "
                "above"
            )


def _check_end(child: PlatformChild) -> None:
    """Pass on the error that a platform ended with, be it in the midst of the run or after it.

    Raises:
        TargetError: Its own words.
    """
    if why := child.closing.get("error"):
        raise TargetError(f"the reference platform ended with an error: {why}")


def _result(
    options: RealOptions,
    conducted: _Conducted,
    *,
    clock: RealClock,
    sites: Sequence[Site],
) -> RealRun:
    slips = clock.slips
    late_ms = (site.child.closing.get("slip_ms_max", 0) for site in sites if site.child is not None)
    platform_slip_max_ms = max(late_ms, default=0)
    return RealRun(
        records=read_run(options.folder),
        why=conducted.conductor.why,
        refusals=refusals(conducted.offices),
        northbound=traffic(conducted.offices),
        generator={
            **generator.lateness(slips, platform_slip_max_ms=platform_slip_max_ms),
            **conducted.costs,
        },
        invalid_reason=generator.invalid_reason(slips),
        lag_ms=max(slips.max_ms, platform_slip_max_ms),
    )
