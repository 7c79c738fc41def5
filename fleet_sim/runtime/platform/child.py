"""The platform of a run as a child process: started, told its settings, stopped, never orphaned."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil

from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.platform.settings import PlatformSettings, to_line

START_S = 60.0  # Imports on a cold disk take seconds, never a minute.
STOP_S = 20.0  # Longer than the platform's own bound for its last commit.


class PlatformChild:
    """A running child.

    Attributes:
        ready: The platform's ready line.
        closing: What it said last, once it has stopped: its closing line (`slip_ms_p99` and
            `slip_ms_max`), `error` if it ended with one; empty if it was killed.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._folder: Path | None = None
        self.ready: dict[str, Any] = {}
        self.closing: dict[str, Any] = {}

    async def loaded(self) -> None:
        """Wait until its modules are imported."""
        self._folder = Path((await self._line())["folder"])

    async def start(self, settings: PlatformSettings) -> None:
        """Tell it how to run, and wait until it does.

        Raises:
            TargetError: It could not start; the message is its own.
        """
        self.ready = await self._told(to_line(settings))

    async def begin(self, origin_ns: int) -> None:
        """Tell one that is of a run which monotonic instant is t = 0, and wait until it has heard.

        Raises:
            TargetError: It has ended.
        """
        await self._told(json.dumps({"origin_ns": origin_ns}))

    async def _told(self, line: str) -> dict[str, Any]:
        """Tell it something, and return what it says to that."""
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):  # it has died: what it printed tells
            self._process.stdin.write(f"{line}\n".encode())
            await self._process.stdin.drain()
        return await self._line()

    async def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(START_S):
                line = await self._process.stdout.readline()
        except TimeoutError as error:
            raise TargetError(f"the reference platform did not start in {START_S:.0f} s") from error
        if not line:
            raise TargetError("the reference platform ended before it was ready")
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            raise TargetError(f"the reference platform cannot start: {said['error']}")
        return said

    @property
    def has_died(self) -> bool:
        """Whether the process has ended by itself."""
        return self._process.returncode is not None

    def usage(self) -> tuple[float, int]:
        """Return its CPU seconds so far, user and system, and its resident bytes; zeros if dead."""
        try:
            process = psutil.Process(self._process.pid)
            times = process.cpu_times()
            return times.user + times.system, process.memory_info().rss
        except psutil.Error:
            return 0.0, 0

    async def stop(self) -> None:
        """Let it write what it holds, and see it end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                while line := await self._process.stdout.readline():
                    with contextlib.suppress(ValueError):  # killed in the midst of a line
                        self.closing |= json.loads(line)
                await self._process.wait()
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if self._folder is not None:  # gone already, unless the child was killed
            shutil.rmtree(self._folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def platform_children(count: int) -> AsyncIterator[tuple[PlatformChild, ...]]:
    """Start so many children at a time, and end them with this context."""
    async with contextlib.AsyncExitStack() as stack:
        children = [await stack.enter_async_context(_spawned()) for _ in range(count)]
        for child in children:
            await child.loaded()
        yield tuple(children)


@contextlib.asynccontextmanager
async def platform_child() -> AsyncIterator[PlatformChild]:
    """Start a child, and end it with this context."""
    async with platform_children(1) as (child,):
        yield child


@contextlib.asynccontextmanager
async def _spawned() -> AsyncIterator[PlatformChild]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "fleet_sim.runtime.platform.process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # A terminal's Ctrl-C is for the run, which then stops its platforms in good order.
        start_new_session=True,
    )
    child = PlatformChild(process)
    try:
        yield child
    finally:
        await child.stop()
