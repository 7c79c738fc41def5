"""A run in real time: the fleet in this process, the platform in a child or somewhere by URL."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import psutil

from fleet_sim.dialects import registry
from fleet_sim.model.chance import identifier
from fleet_sim.model.record import Record
from fleet_sim.oracle.tolerance import REAL_TIME
from fleet_sim.runtime.abort import AbortWatch
from fleet_sim.runtime.child import PlatformChild, platform_child
from fleet_sim.runtime.conductor import Conductor, Snapshot
from fleet_sim.runtime.control import CLEAN_UP_MS, Control
from fleet_sim.runtime.download import Fetch, FetchListener
from fleet_sim.runtime.errors import BrokenError, TargetError, ungrouped
from fleet_sim.runtime.fleet import mount, registrations
from fleet_sim.runtime.http_client import HttpCarrier, HttpFetch
from fleet_sim.runtime.keep_alive import PingWheel
from fleet_sim.runtime.mqtt_client import client_tls
from fleet_sim.runtime.northbound import Northbound
from fleet_sim.runtime.observer import Observer
from fleet_sim.runtime.platform_process import PlatformSettings
from fleet_sim.runtime.real_time import RealClock, epoch_ms, monotonic_ns
from fleet_sim.runtime.rig import Rig
from fleet_sim.runtime.run_log import FileLog, part_path, read_run
from fleet_sim.runtime.sockets import Dialer
from fleet_sim.scenario.plan import Plan

LOOK_S = 0.25  # Four frames a second for whoever watches.
FLUSH_LOOKS = 2  # The log loses at most half a second when the run is killed.
SLIP_MS_MAX = 1_000  # Later than this at the 99th percentile, the generator was the bottleneck.
LATE_SHARE_MAX = 0.01
INTERRUPTED_S = 5.0  # Whoever pressed Ctrl-C waits no longer for a last look at the jobs.
REACH_S = 10.0  # A target that takes longer to accept a connection is not there.


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the environment says of the operator; never printed, logged or recorded."""

    app_key: str = ""
    app_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealOptions:
    """How to run.

    Attributes:
        folder: The run folder; parts of the log are written there.
        credentials: For a backend by URL.
        holds: Go on after everything has settled, until stopped.
        on_snapshot: Is told four times a second how the run stands.
        stop: Ends the run early.
    """

    folder: Path
    credentials: Credentials = Credentials()
    holds: bool = False
    on_snapshot: Callable[[Snapshot], None] = lambda _: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealRun:
    """What a run in real time leaves.

    Attributes:
        records: The run log, all parts, in order.
        why: Why it ended.
        refusals: What the backend would not do, one sentence each.
        generator: The simulator's own figures, as `run.json` shows them.
        invalid_reason: Why those figures make the run worthless; "" if they do not.
        lag_ms: By how much instants may be late: what widens the evidence.
    """

    records: list[Record]
    why: str
    refusals: tuple[str, ...]
    generator: Mapping[str, Any]
    invalid_reason: str
    lag_ms: int


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the devices and the operator go; `tls` is the broker's, `http_tls` the backend's."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    backend: str
    http_tls: ssl.SSLContext | None
    org: str
    app_key: str
    app_secret: str = field(repr=False)
    subscribes: bool = False


class RealWorld:
    """The fleet's end of the world."""

    def __init__(
        self,
        *,
        clock: RealClock,
        log: FileLog,
        epoch_ms: int,
        target: _Target,
        session: aiohttp.ClientSession,
        tasks: _Tasks,
        devices: int,
    ) -> None:
        self.clock = clock
        self.log = log
        self.epoch_ms = epoch_ms
        self.subscribes = target.subscribes
        self.pings = PingWheel(clock)
        self._session = session
        self._tasks = tasks
        self._http_tls = target.http_tls
        self._dialer = Dialer(target.host, target.port, tasks, tls=target.tls, devices=devices)

    def dial(self, rig: Rig, line: int) -> None:
        """Open a connection to the broker."""
        self._dialer.dial(rig, line)

    def northbound(self, plan: Plan, target: _Target) -> Northbound:
        """Return a session with the backend's northbound API."""
        operator = registry.get(plan.fleets[0].dialect).operator(
            target.org, target.app_key, target.app_secret
        )
        carrier = HttpCarrier(self._session, target.backend, self._tasks, tls=target.http_tls)
        return Northbound(operator, carrier, self.clock, epoch_ms=self.epoch_ms)

    def stop(self) -> None:
        """Break off all that is under way."""
        self._tasks.cancel()

    def fetch(self, url: str, offset: int, chunk: int, listener: FetchListener) -> Fetch:
        """Read a file from this byte on."""
        return HttpFetch(
            self._session,
            self._tasks,
            url,
            listener,
            offset=offset,
            chunk=chunk,
            tls=self._http_tls,
        )


async def run_really(plan: Plan, options: RealOptions) -> RealRun:
    """Carry a plan out in real time.

    Raises:
        TargetError: The target cannot be reached or refuses us; nothing was started.
    """
    async with contextlib.AsyncExitStack() as stack:
        child: PlatformChild | None = None
        if plan.target.backend is None:
            child = await stack.enter_async_context(platform_child())
        origin_ns = monotonic_ns()
        clock = RealClock(origin_ns)
        started_epoch_ms = epoch_ms()
        if child is not None:
            await child.start(_child_settings(plan, options, origin_ns))
            target = _embedded(child)
        else:
            target = await _by_url(plan, options)
        keep = AbortWatch(plan, REAL_TIME).is_needed
        log = FileLog(part_path(options.folder, 0), clock.now_ms, 0, keep=keep)
        stack.callback(log.close)
        with ungrouped(Exception):
            conductor, control, figures = await _run(
                plan,
                options,
                clock=clock,
                started_epoch_ms=started_epoch_ms,
                log=log,
                target=target,
                child=child,
            )
    return _result(options, conductor, control, clock=clock, child=child, figures=figures)


async def _run(
    plan: Plan,
    options: RealOptions,
    *,
    clock: RealClock,
    started_epoch_ms: int,
    log: FileLog,
    target: _Target,
    child: PlatformChild | None,
) -> tuple[Conductor, Control, dict[str, Any]]:
    async with _session() as session, _tasks() as tasks:
        world = RealWorld(
            clock=clock,
            log=log,
            epoch_ms=started_epoch_ms,
            target=target,
            session=session,
            tasks=tasks,
            devices=len(plan.devices),
        )
        # The clock stops first: what is put off would start tasks in a group that is closing.
        with contextlib.closing(clock):
            return await _conduct(plan, options, world, target, child)


async def _conduct(
    plan: Plan, options: RealOptions, world: RealWorld, target: _Target, child: PlatformChild | None
) -> tuple[Conductor, Control, dict[str, Any]]:
    """Mount fleet, operator and observer on the world, and wait until the run is over."""
    clock, log = world.clock, world.log
    rigs = mount(plan.devices, world, seed=plan.seed)
    # The fleet is here to stay: the collector need not walk it again and again.
    gc.collect()
    gc.freeze()
    conductor = Conductor(plan, rigs, clock, log, holds=options.holds)
    northbound = world.northbound(plan, target)
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
    control = Control(plan, northbound, clock, log, epoch_ms=world.epoch_ms, on_job=observer.watch)
    over = asyncio.Event()
    conductor.on_over = over.set
    before = _usage(child)
    conductor.start(control, observer)
    await _watch(plan, conductor, options, log, over=over, clock=clock, child=child)
    figures = _figures(plan, before, _usage(child))
    if plan.target.backend is not None:
        await _clean_up(control)
    for rig in rigs.values():
        rig.leave()
    world.stop()
    return conductor, control, figures


def _child_settings(plan: Plan, options: RealOptions, origin_ns: int) -> PlatformSettings:
    dialect = registry.get(plan.fleets[0].dialect)
    vendors = dataclasses.asdict(dialect.contract)
    ours = dataclasses.asdict(plan.contracts[dialect.name])
    return PlatformSettings(
        devices=registrations(plan.devices),
        plant=plan.target.plant,
        signed_only=True,
        dialect=dialect.name,
        contract={name: value for name, value in ours.items() if value != vendors[name]},
        log=part_path(options.folder, 1),
        part=1,
        origin_ns=origin_ns,
        seed=plan.seed,
        app_key=identifier(plan.seed, "operator", "app key", digits=32),
        app_secret=identifier(plan.seed, "operator", "app secret", digits=32),
    )


def _embedded(child: PlatformChild) -> _Target:
    ready = child.ready
    broker = urlsplit(ready["mqtt"])
    assert broker.hostname is not None
    assert broker.port is not None
    return _Target(
        host=broker.hostname,
        port=broker.port,
        tls=None,
        backend=ready["http"],
        http_tls=None,
        org=ready["org"],
        app_key=ready["app_key"],
        app_secret=ready["app_secret"],
    )


async def _by_url(plan: Plan, options: RealOptions) -> _Target:
    target = plan.target
    assert target.broker is not None
    assert target.backend is not None
    broker = urlsplit(target.broker)
    is_tls = broker.scheme == "mqtts"
    files = [None if name is None else Path(name) for name in (target.ca, target.cert, target.key)]
    is_https = target.backend.startswith("https")
    tls = client_tls(*files) if is_tls or is_https else None
    host = broker.hostname or "127.0.0.1"
    port = broker.port or (8883 if is_tls else 1883)
    backend = urlsplit(target.backend)
    await _reach(host, port, "the broker")
    await _reach(
        backend.hostname or "127.0.0.1",
        backend.port or (443 if backend.scheme == "https" else 80),
        "the backend",
    )
    return _Target(
        host=host,
        port=port,
        tls=tls if is_tls else None,
        backend=target.backend,
        http_tls=tls if is_https else None,
        org=target.org or "",
        app_key=options.credentials.app_key,
        app_secret=options.credentials.app_secret,
        subscribes=True,
    )


async def _reach(host: str, port: int, what: str) -> None:
    """Find out now, in one sentence, what ten thousand devices would find out one by one."""
    try:
        async with asyncio.timeout(REACH_S):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError) as error:
        why = getattr(error, "strerror", None) or "no answer"
        raise TargetError(f"{what} at {host}:{port} cannot be reached: {why}") from error


@contextlib.asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    """One HTTP session for all: no limit of its own, the plan's cap is what bounds downloads."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
        yield session


class _Tasks(asyncio.TaskGroup):
    """A task group that can be told that all its work is of no more use."""

    def __init__(self) -> None:
        super().__init__()
        self._mine: set[asyncio.Task[Any]] = set()

    def create_task(self, *args: Any, **kwargs: Any) -> asyncio.Task[Any]:  # noqa: ANN401
        task = super().create_task(*args, **kwargs)
        self._mine.add(task)
        task.add_done_callback(self._mine.discard)
        return task

    def cancel(self) -> None:
        """Cancel every task under way."""
        for task in list(self._mine):
            task.cancel()


_tasks = _Tasks


async def _watch(
    plan: Plan,
    conductor: Conductor,
    options: RealOptions,
    log: FileLog,
    *,
    over: asyncio.Event,
    clock: RealClock,
    child: PlatformChild | None,
) -> None:
    """Wait until the run is over; tell how it stands meanwhile."""
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
        if options.stop.is_set():
            conductor.end("interrupted")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), INTERRUPTED_S)
            return
        if child is not None and child.has_died:
            raise BrokenError(
                "the embedded platform ended in the midst of the run; what it said stands above"
            )


async def _clean_up(control: Control) -> None:
    done = asyncio.Event()
    control.clean_up(done.set)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), CLEAN_UP_MS / 1000)


def _usage(child: PlatformChild | None) -> tuple[float, int, float, int]:
    """Return CPU seconds and resident bytes, ours and the child's."""
    own = psutil.Process()
    times = own.cpu_times()
    theirs = child.usage() if child is not None else (0.0, 0)
    return times.user + times.system, own.memory_info().rss, *theirs


def _figures(
    plan: Plan, before: tuple[float, int, float, int], after: tuple[float, int, float, int]
) -> dict[str, Any]:
    devices = max(1, len(plan.devices))
    return {
        "fleet_cpu_s": round(after[0] - before[0], 3),
        "fleet_rss_bytes": after[1],
        "fleet_cpu_us_per_device": round(1e6 * (after[0] - before[0]) / devices),
        "fleet_kib_per_device": round((after[1] - before[1]) / 1024 / devices, 2),
        "platform_cpu_s": round(after[2] - before[2], 3),
        "platform_rss_bytes": after[3],
    }


def _result(
    options: RealOptions,
    conductor: Conductor,
    control: Control,
    *,
    clock: RealClock,
    child: PlatformChild | None,
    figures: dict[str, Any],
) -> RealRun:
    slips = clock.slips
    closing = child.closing if child is not None else {}
    p99_ms = slips.quantile_ms(0.99)
    invalid = ""
    if p99_ms > SLIP_MS_MAX or slips.share_above(SLIP_MS_MAX) > LATE_SHARE_MAX:
        invalid = (
            f"the simulator was the bottleneck: its own work was {p99_ms} ms late at the 99th "
            f"percentile, and {slips.share_above(SLIP_MS_MAX):.1%} of it more than "
            f"{SLIP_MS_MAX} ms; use fewer devices or a faster machine"
        )
    generator = {
        "slip_p99_ms": p99_ms,
        "slip_max_ms": slips.max_ms,
        "sends": slips.count,
        "sends_late": round(slips.share_above(SLIP_MS_MAX) * slips.count),
        "platform_slip_max_ms": closing.get("slip_ms_max", 0),
        **figures,
    }
    return RealRun(
        records=read_run(options.folder),
        why=conductor.why,
        refusals=tuple(control.refusals),
        generator=generator,
        invalid_reason=invalid,
        lag_ms=max(slips.max_ms, closing.get("slip_ms_max", 0)),
    )
