"""A platform as `serve` runs it, and a simulated fleet as `run` brings it: two processes of ours.

The fleet's run has no jobs of its own, so it carries out whatever the platform is asked from
outside, and goes on until it is told to stop. Strangers can then stand beside it: in the same
product, in the same job.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fleet_sim.model.identity import DeviceId, Registration

WAIT_S = 100.0  # Only a test that fails waits so long.
LOOK_S = 0.1
SCENARIO = """\
name: beside
about: Devices that wait for what others ask of them.
duration: 10m
fleets:
  meters:
    devices: {devices}
    firmware: "1.0"
    network: ethernet_lab
    connect: {{over: 2s}}
    install: 100ms
    reboot: 100ms
jobs: []
"""

Ready = Mapping[str, Any]


def fleet_of(product: str, count: int) -> tuple[Registration, ...]:
    """Make up devices of one product."""
    return tuple(
        Registration(DeviceId(product, f"meter-{n:05d}"), f"s3cret {n}") for n in range(count)
    )


def write_devices(path: Path, devices: Sequence[Registration]) -> None:
    """Write a device file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("product_key", "device_key", "device_secret"))
        for one in devices:
            rows.writerow((one.device.product_key, one.device.device_key, one.secret))


@contextlib.asynccontextmanager
async def served(
    folder: Path, devices: Sequence[Registration], *flags: str
) -> AsyncIterator[Ready]:
    """Run `serve`; yield its ready line."""
    file = folder / "served.csv"
    write_devices(file, devices)
    async with _ours("serve", "--devices", str(file), *flags) as process:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), WAIT_S)
        assert line, await _said(process)
        yield json.loads(line)


class Fleet:
    """A simulated fleet that waits for what comes."""

    def __init__(self, process: Process, runs: Path) -> None:
        self._process = process
        self._runs = runs

    async def stop(self) -> Mapping[str, Any]:
        """Stop it as with Ctrl-C; return its `run.json`."""
        self._process.send_signal(signal.SIGINT)
        _, errors = await asyncio.wait_for(self._process.communicate(), WAIT_S)
        report = self._runs / "latest" / "run.json"
        assert report.exists(), errors.decode()
        return dict(json.loads(report.read_text(encoding="utf-8")))


@contextlib.asynccontextmanager
async def simulated(
    folder: Path, ready: Ready, devices: Sequence[Registration], *flags: str
) -> AsyncIterator[Fleet]:
    """Run a fleet of these devices at a served platform; `flags` are further ones of `run`."""
    write_devices(folder / "simulated.csv", devices)
    scenario = folder / "beside.yaml"
    scenario.write_text(SCENARIO.format(devices=len(devices)), encoding="utf-8")
    where = ("--broker", ready["mqtt"], "--backend", ready["http"], "--org", ready["org"])
    files = ("--device-file", str(folder / "simulated.csv"), "--runs", str(folder / "runs"))
    keys = {"FLEET_SIM_APP_KEY": ready["app_key"], "FLEET_SIM_APP_SECRET": ready["app_secret"]}
    command = ("run", str(scenario), *where, *files, "--hold", "--ui", "none", *flags)
    async with _ours(*command, **keys) as process:
        yield Fleet(process, folder / "runs")


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Look until something is so.

    Raises:
        TimeoutError: It never was.
    """
    async with asyncio.timeout(WAIT_S):
        while not await is_so():  # noqa: ASYNC110 - a platform tells nobody of itself
            await asyncio.sleep(LOOK_S)


@contextlib.asynccontextmanager
async def _ours(*command: str, **environment: str) -> AsyncIterator[Process]:
    """Run a command of ours; ended with the context, whatever happens."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fleet_sim", *command),
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()  # one that is killed leaves its store behind
        await process.communicate()


async def _said(process: Process) -> str:
    _, errors = await process.communicate()
    return errors.decode()
