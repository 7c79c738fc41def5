"""A platform as a process of its own: what `serve` runs, and what `run` starts as its child.

A child says when it is loaded, reads one JSON line of settings from stdin, prints one ready line,
and lives until stdin ends; so it never outlives the process that started it, however that one
ended. That of a run is then told when the run begins, and says that it has heard: all that it took
to get ready lies before t = 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fleet_sim.backend.brain import Brain
from fleet_sim.backend.events import Durable
from fleet_sim.dialects import registry
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.runtime.errors import TargetError, ungrouped
from fleet_sim.runtime.platform.account import Account, account_in
from fleet_sim.runtime.platform.commits import kept_by
from fleet_sim.runtime.platform.embedded_broker import EmbeddedBroker, limits_of
from fleet_sim.runtime.platform.files import DiskFiles
from fleet_sim.runtime.platform.http_channel import HttpWay
from fleet_sim.runtime.platform.http_server import HttpServer
from fleet_sim.runtime.platform.mqtt_server import MqttServer
from fleet_sim.runtime.platform.platform import Platform, Settings
from fleet_sim.runtime.platform.settings import PlatformSettings, from_line
from fleet_sim.runtime.platform.stock_broker import StockBroker
from fleet_sim.runtime.platform.storage import FileStore, StorageError
from fleet_sim.runtime.platform.store_place import (
    alone_with,
    firmware_folder,
    placed,
    temporary_folder,
)
from fleet_sim.runtime.real_time import RealClock, RunTime
from fleet_sim.runtime.run_log import FileLog, NoLog

HOST = "127.0.0.1"
COMMIT_WINDOW_MS = 2  # Enough for the messages of one loop turn to share a transaction.
FLUSH_S = 0.5  # The log loses at most this much when the process is killed.
STOP_S = 5.0  # A clean stop waits no longer for its last commit.


async def serve(
    settings: PlatformSettings,
    announce: Callable[[Mapping[str, Any]], None],
    stop: asyncio.Event,
    *,
    run_time: RunTime | None = None,
    folder: Path | None = None,
) -> None:
    """Run a platform until `stop` is set.

    Args:
        settings: How.
        announce: Gets the ready line once devices and operators can come, and the closing line once
            the log is whole.
        stop: Ends it.
        run_time: What its log counts by; None leaves it to the platform's own clock.
        folder: Where a temporary store lives; None makes one that goes with the platform.

    Raises:
        TargetError: A port, the store or the dialect cannot be had, or the log cannot be written;
            the message says which and what to do.
    """
    try:
        registry.get(settings.dialect)
    except DialectError as error:
        raise TargetError(str(error)) from error
    async with contextlib.AsyncExitStack() as stack:
        url = stack.enter_context(placed(settings.store, folder))
        stack.enter_context(alone_with(url))
        try:
            store = await FileStore.open(url)
            stack.push_async_callback(store.close)
            with ungrouped(TargetError, StorageError):
                await _serve(
                    settings, store, firmware_folder(url), announce, stop, run_time=run_time
                )
        except StorageError as error:
            raise TargetError(str(error)) from error


async def _serve(
    settings: PlatformSettings,
    store: FileStore,
    folder: Path,
    announce: Callable[[Mapping[str, Any]], None],
    stop: asyncio.Event,
    *,
    run_time: RunTime | None,
) -> None:
    account = await account_in(store, settings)
    clock = RealClock(account.origin_ns)
    log = NoLog() if settings.log is None else _file_log(settings, (run_time or clock).now_ms)
    files = DiskFiles(folder)
    http = HttpServer(files, log, registry.get(settings.dialect).http_refusal)
    mqtt = MqttServer()
    committer = _Committer(store, files)
    platform = _platform(
        settings,
        account,
        clock=clock,
        log=log,
        committer=committer,
        files=files,
        http=http,
    )
    try:
        await http.start(HOST, settings.http_port)
        async with committer.running(), _flushing(log):
            platform.resume(await store.load())
            platform.register([*_sample(settings, account), *settings.devices])
            http.serve(platform, _http_way(settings, platform, account, clock, http))
            async with _broker(settings, platform, clock, mqtt) as url:
                announce(_ready(account, url, http.port))
                await stop.wait()
                await _settle(platform)
    finally:
        clock.close()
        await mqtt.stop()
        await http.stop()
        if isinstance(log, FileLog):
            log.close()
    # Only now: whoever hears it takes the log for whole.
    announce({"slip_ms_p99": clock.slips.quantile_ms(0.99), "slip_ms_max": clock.slips.max_ms})


@contextlib.asynccontextmanager
async def _broker(
    settings: PlatformSettings, platform: Platform, clock: RealClock, mqtt: MqttServer
) -> AsyncIterator[str]:
    """Let devices come by MQTT, and yield where; the server is stopped elsewhere, after all else.

    Raises:
        TargetError: The port cannot be had, or the stock broker does not let us in.
    """
    if settings.broker is None:
        limits = limits_of(registry.get(settings.dialect))
        embedded = EmbeddedBroker(platform, clock, limits)
        await mqtt.start(
            HOST, settings.mqtt_port, embedded.broker, embedded.on_events, clock.now_ms
        )
        yield f"mqtt://{HOST}:{mqtt.port}"
        return
    stock = StockBroker(platform, clock, settings.broker, _say)
    async with stock.attached():
        yield settings.broker.url


def _say(sentence: str) -> None:
    sys.stderr.write(f"fleet-sim: {sentence}\n")
    sys.stderr.flush()


def _platform(
    settings: PlatformSettings,
    account: Account,
    *,
    clock: RealClock,
    log: FileLog | NoLog,
    committer: _Committer,
    files: DiskFiles,
    http: HttpServer,
) -> Platform:
    dialect = registry.get(settings.dialect)
    contract = dataclasses.replace(dialect.contract, **settings.contract)
    brain = Brain(
        contract=contract,
        planted=frozenset(settings.plant),
        epoch_ms=account.epoch_ms,
        seed=account.seed,
        file_url=(
            dialect.http.file_url
            if settings.vendor_files and dialect.http is not None
            else http.url_of
        ),
        ids=dialect.ids,
        products=frozenset({account.product_key, *settings.products}),
    )
    gate = dialect.gate(
        account.org,
        {account.app_key: account.app_secret},
        signed_only=settings.signed_only,
        contract=contract,
        seed=account.seed,
        default_product=account.product_key,
    )
    return Platform(
        dialect=dialect,
        brain=brain,
        gate=gate,
        clock=clock,
        log=log,
        committer=committer,
        files=files,
        settings=Settings(
            account.epoch_ms,
            COMMIT_WINDOW_MS,
            {account.product_key: account.product_secret, **settings.products},
        ),
    )


def _http_way(
    settings: PlatformSettings,
    platform: Platform,
    account: Account,
    clock: RealClock,
    http: HttpServer,
) -> HttpWay | None:
    dialect = registry.get(settings.dialect)
    if dialect.http is None:
        return None
    channel = dialect.http.platform(seed=account.seed, epoch_ms=account.epoch_ms)
    return HttpWay(platform, dialect, channel, clock, file_url=http.url_of)


def _file_log(settings: PlatformSettings, now_ms: Callable[[], int]) -> FileLog:
    assert settings.log is not None
    return FileLog(settings.log, now_ms, settings.part, keep=False)


def _sample(settings: PlatformSettings, account: Account) -> list[Registration]:
    """One device to try a client with; a child of a run has a fleet and needs none."""
    if settings.is_of_run:
        return []
    device = DeviceId(account.product_key, account.device_key)
    return [Registration(device, account.device_secret)]


def _ready(account: Account, mqtt_url: str, http_port: int) -> Mapping[str, Any]:
    return {
        "mqtt": mqtt_url,
        "http": f"http://{HOST}:{http_port}",
        "org": account.org,
        "product_key": account.product_key,
        "product_secret": account.product_secret,
        "app_key": account.app_key,
        "app_secret": account.app_secret,
        "device": {"device_key": account.device_key, "device_secret": account.device_secret},
    }


async def _settle(platform: Platform) -> None:
    """Write what is left before the store closes."""
    platform.flush()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_S):
            while not platform.is_settled:
                await asyncio.sleep(0.01)
                platform.flush()


class _Committer:
    """Writes changes to the store, one transaction after another, in a task of its own."""

    def __init__(self, store: FileStore, files: DiskFiles) -> None:
        self._store = store
        self._files = files
        self._tasks: asyncio.TaskGroup | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Commit within this context; a store that fails ends it with its error."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                yield
            finally:
                self._tasks = None

    def commit(self, changes: Sequence[Durable], then: Callable[[], None]) -> None:
        """Write these changes, files first, the rows in one transaction, and call `then`.

        After the end, do neither. A platform that stops is still told of the connections it
        closes. Nobody hears what that leads to, so it may as well be forgotten.
        """
        if self._tasks is not None:
            self._tasks.create_task(self._commit(changes, then))

    async def _commit(self, changes: Sequence[Durable], then: Callable[[], None]) -> None:
        await self._store.apply(kept_by(self._files, changes))
        then()


@contextlib.asynccontextmanager
async def _flushing(log: FileLog | NoLog) -> AsyncIterator[None]:
    """Write the log twice a second meanwhile."""

    async def flush(file_log: FileLog) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            file_log.flush()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(flush(log)) if isinstance(log, FileLog) else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()


# --- as a child -------------------------------------------------------------------------------


async def _child() -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    # The parent decides when to stop, whatever else may send a Ctrl-C down here.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    with temporary_folder() as folder:
        await _serve_parent(folder, stop)


async def _serve_parent(folder: Path, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 28)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    # The parent removes the folder too: whoever is killed leaves it to the other.
    _print({"loaded": True, "folder": str(folder)})
    line = await reader.readline()
    if not line:
        return  # the parent has given up before it began
    settings = from_line(line.decode())
    run_time = RunTime() if settings.is_of_run else None

    async def until_eof() -> None:
        while said := await reader.readline():
            if run_time is not None:
                run_time.begin(json.loads(said)["origin_ns"])
                _print({"begun": True})
        stop.set()

    async with asyncio.TaskGroup() as tasks:
        watch = tasks.create_task(until_eof())
        try:
            await serve(settings, _print, stop, run_time=run_time, folder=folder)
        except TargetError as error:
            _print({"error": str(error)})
        watch.cancel()


def _print(line: Mapping[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_child())
