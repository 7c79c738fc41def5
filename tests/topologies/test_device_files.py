"""Devices of a file at a platform that knows them: products, versions, and who takes part."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.topologies.commands import Ran, run, standing

SCENARIO = """
name: two-fleets
duration: 2m
fleets:
  a: {devices: 30, firmware: "1.0.0", connect: {over: 1s}}
  b: {devices: 20, firmware: "1.0.0", connect: {over: 1s}}
jobs:
  - {at: 5s, upgrade: a, to: "1.3.0", image: {size: 4KiB}}
  - {at: 6s, upgrade: b, to: "1.3.0", image: {size: 4KiB}}
expect:
  - updated == 100%
  - promises hold
"""


async def run_on(folder: Path, rows: list[str]) -> Ran:
    """Serve the devices of a file, and run both fleets on them."""
    (folder / "scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    devices = folder / "devices.csv"
    devices.write_text("\n".join(rows) + "\n", encoding="utf-8")
    async with standing(str(devices)) as ready:
        return await run(
            folder, str(folder / "scenario.yaml"), "--device-file", str(devices),
            "--broker", ready["mqtt"], "--backend", ready["http"], "--org", ready["org"],
            variables={
                "FLEET_SIM_APP_KEY": ready["app_key"],
                "FLEET_SIM_APP_SECRET": ready["app_secret"],
            },
        )  # fmt: skip


def records(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield what a run has logged."""
    for part in sorted(folder.glob("runs/latest/events-*.jsonl.gz")):
        with gzip.open(part, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def uploads(folder: Path) -> list[str]:
    """Return the product of each image that a run uploaded."""
    return [
        record["product"]
        for record in records(folder)
        if record["kind"] == "api_invoke" and record["call"] == "create_firmware"
    ]


def reported(folder: Path) -> dict[str, str]:
    """Return the version that each device reported first."""
    found: dict[str, str] = {}
    for record in records(folder):
        if record["kind"] == "boot":
            found.setdefault(record["device"], record["version"])
    return found


async def test_fleets_of_one_product_share_its_devices_and_its_image(tmp_path: Path) -> None:
    """In the order of the file; what is left over takes no part."""
    ran = await run_on(tmp_path, [f"Meter123,d{number},s{number}" for number in range(60)])

    assert (ran.code, ran.said) == (0, "")
    assert uploads(tmp_path) == ["Meter123"]
    assert reported(tmp_path) == {f"Meter123/d{number}": "1.0.0" for number in range(50)}


@pytest.mark.long
async def test_fleets_are_divided_by_product(tmp_path: Path) -> None:
    """However the file mixes them; each device runs the version that stands there."""
    rows = ["product_key,device_key,device_secret,firmware"]
    for number in range(30):
        rows.append(f"Gate4567,d{number},s,1.1.{number % 2}")
        rows.append(f"Meter123,d{number},s,")

    ran = await run_on(tmp_path, rows)

    assert (ran.code, ran.said) == (0, "")
    assert uploads(tmp_path) == ["Gate4567", "Meter123"]
    gates = {f"Gate4567/d{number}": f"1.1.{number % 2}" for number in range(30)}
    meters = {f"Meter123/d{number}": "1.0.0" for number in range(20)}
    assert reported(tmp_path) == gates | meters
