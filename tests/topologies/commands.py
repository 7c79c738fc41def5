"""The command as a process: started with words and an environment, and what it left."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet_sim.cli.main import outcome
from fleet_sim.cli.sources import read_devices
from fleet_sim.model.identity import DeviceId, Registration
from tests.runtime.platforms import running

WAIT_S = 100.0  # Only a test that fails waits so long.
ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left.

    Attributes:
        code: Its exit code.
        shown: What stood on stdout.
        said: What stood on stderr.
    """

    code: int
    shown: str
    said: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document on stdout."""
        try:
            found: dict[str, Any] = json.loads(self.shown)
        except ValueError as error:
            raise AssertionError(f"no document, but exit code {self.code}: {self.said}") from error
        return found

    @property
    def sentence(self) -> str:
        """The one line on stderr, of a command that could not do what it should."""
        lines = self.said.splitlines()
        assert len(lines) == 1, self.said
        return lines[0].removeprefix("fleet-sim: ")


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment, with these variables and no others of ours."""
    plain = {name: text for name, text in os.environ.items() if not name.startswith("FLEET_SIM_")}
    return plain | variables


@contextlib.asynccontextmanager
async def started(
    words: Sequence[str], **variables: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `fleet-sim` with these words; ended with the context, should it still run."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fleet_sim", *words,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, cwd=ROOT, env=environment(**variables),
    )  # fmt: skip
    try:
        yield process
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process in good order, for one that is killed leaves its store behind; else kill it."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(WAIT_S):
            await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ended(process: asyncio.subprocess.Process, wait_s: float = WAIT_S) -> Ran:
    """Wait for a command's end."""
    async with asyncio.timeout(wait_s):
        shown, said = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, shown.decode(), said.decode())


async def run(
    folder: Path, *words: str, variables: Mapping[str, str] | None = None, wait_s: float = WAIT_S
) -> Ran:
    """Run a scenario to its end, as `--ui json` shows it; its folder stands below the given one."""
    words = ("run", *words, "--ui", "json", "--runs", str(folder / "runs"))
    async with started(words, **(variables or {})) as process:
        return await ended(process, wait_s)


@contextlib.asynccontextmanager
async def serving(*words: str) -> AsyncIterator[Mapping[str, Any]]:
    """Keep a reference platform up in a process of its own; yields its ready line."""
    async with started(("serve", *words)) as process:
        assert process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            line = await process.stdout.readline()
        assert line, await ended(process)
        yield json.loads(line)


@contextlib.asynccontextmanager
async def standing(devices: str | None = None, **settings: Any) -> AsyncIterator[Mapping[str, Any]]:  # noqa: ANN401 - of all types
    """Keep the platform of `serve` up in this process, which saves the start of another.

    Args:
        devices: A file of those it knows.
        settings: Further ones of `PlatformSettings`.
    """
    known = tuple(Registration(one.device, one.secret) for one in read_devices(devices))
    async with running(devices=known, **settings) as ready:
        yield ready


def embedded(folder: Path, *words: str) -> dict[str, str]:
    """Return what each promise comes to on the embedded platform, in virtual time, in this process.

    Args:
        folder: Below it the run leaves its own.
        words: What follows `run`.
    """
    runs = folder / "embedded"
    outcome(["run", *words, "--virtual", "--ui", "none", "--runs", str(runs)])
    return verdicts(json.loads((runs / "latest" / "run.json").read_text(encoding="utf-8")))


def verdicts(document: Mapping[str, Any]) -> dict[str, str]:
    """Return promise to verdict."""
    return {name: promise["verdict"] for name, promise in document["promises"].items()}


def device_file(path: Path, count: int, *, product: str = "pk", mark: str = "secret") -> Path:
    """Write a file of so many devices, and return where it is."""
    devices = [DeviceId(product, f"d{number}") for number in range(count)]
    lines = [f"{one.product_key},{one.device_key},{mark} {one.device_key}" for one in devices]
    path.write_text("\n".join(["product_key,device_key,device_secret", *lines]) + "\n")
    return path
