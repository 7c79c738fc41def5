"""Devices on the vendor's SDK next to five hundred simulated ones: one platform, one job."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from fleet_sim.dialects.enos.routes import FIRMWARES, JOBS
from fleet_sim.model.identity import DeviceId, Registration
from tests.vendors.enos.beside import fleet_of, served, simulated, until, write_devices
from tests.vendors.enos.device_sdk import come_on_line, sdk_device
from tests.vendors.enos.gateway import bring
from tests.vendors.enos.poseidon import Json, PoseidonOperator, poseidon
from tests.vendors.proxy import Proxy, proxied
from tests.vendors.stranger import Stranger

pytestmark = pytest.mark.timeout(600)  # The first test of a machine makes the environments.

PRODUCT = "meters00"
METERS = fleet_of(PRODUCT, 500)
TASKS = len(METERS) + 4  # All that run 1.0: the child, too, but neither its gateway nor who asks.
CONTENT = "firmware as text\n" * 1_000
PUSHED, UNLUCKY, CUT, ASKING = (
    Registration(DeviceId(PRODUCT, name), f"s3cret of {name}")
    for name in ("pushed", "unlucky", "cut", "asking")
)
CHILD = Registration(DeviceId(PRODUCT, "child"), "s3cret of child")
GATEWAY = Registration(DeviceId("gateway0", "gateway"), "s3cret of gateway")
STRANGERS = (PUSHED, UNLUCKY, CUT, ASKING, CHILD, GATEWAY)


async def order(operator: PoseidonOperator, to: str, source: str, **changes: Json) -> str:
    """Upload a version and create a job for every device of the product that runs `source`."""
    uploaded = await operator.upload(
        {
            "name": {"defaultValue": f"fw {to}", "i18nValue": {}},
            "version": to,
            "signMethod": "sha256",
            "sign": hashlib.sha256(CONTENT.encode()).hexdigest(),
            "enableVerification": False,
        },
        CONTENT,
    )
    job = {
        "type": "upgrade",
        "upgradePolicy": "snapshot",
        "upgradeScope": {"type": "total", "versionNumbers": [source]},
        "enableUpgradeRequest": False,
        **changes,
    }
    firmware = uploaded["data"]["firmwareId"]
    ordered = await operator.ask(JOBS, "create", json.dumps(job), firmwareId=firmware)
    return str(ordered["data"]["jobId"])


async def count(operator: PoseidonOperator, path: str, action: str, expression: str) -> int:
    """Return how many rows a search finds."""
    body = {"expression": expression, "pagination": {"pageNo": 1, "pageSize": 1}}
    answer = await operator.ask(path, action, json.dumps(body))
    return int(answer["pagination"]["totalSize"])


async def until_count(
    operator: PoseidonOperator, path: str, action: str, expression: str, wanted: int
) -> None:
    """Wait until a search finds so many rows."""

    async def is_so() -> bool:
        return await count(operator, path, action, expression) == wanted

    await until(is_so)


async def survive_a_cut(one: Stranger, proxy: Proxy) -> None:
    """Cut the connection in mid-upgrade, and see the device through to its end."""
    await one.hear("held")
    proxy.cut()
    await one.hear("connected")
    await one.tell(do="go")
    await one.hear("upgraded", version="2.0", attempt=1)


async def test_strangers_and_a_fleet_take_one_job(tmp_path: Path) -> None:
    """All tasks of the job succeed, whoever's code the devices run; so does the asked one.

    One of the strangers damages its first image, one loses its connection on the way, one is the
    child of a gateway, and one runs an older version and has to ask for a job of its own.
    """
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        ready = await enter(served(tmp_path, (*METERS, *STRANGERS)))
        operator = await enter(poseidon({**ready, "product_key": PRODUCT}, tmp_path))
        proxy = await enter(proxied(ready["mqtt"]))
        fleet = await enter(simulated(tmp_path, ready, METERS))

        async def start(who: Registration, version: str = "1.0", **settings: Json) -> Stranger:
            url = settings.pop("url", ready["mqtt"])
            one = await enter(sdk_device(url, who.device, who.secret, tmp_path, **settings))
            await come_on_line(one, version)
            return one

        pushed = await start(PUSHED)
        unlucky = await start(UNLUCKY, corrupt=[1])
        cut = await start(CUT, url=f"mqtt://127.0.0.1:{proxy.port}", hold_at="downloaded")
        asking = await start(ASKING, "0.9")

        gateway = await enter(sdk_device(ready["mqtt"], GATEWAY.device, GATEWAY.secret, tmp_path))
        await gateway.tell(do="connect")
        await gateway.hear("connected")
        await bring(gateway, CHILD, "1.0")

        await until_count(
            operator, FIRMWARES, "searchDeviceUpgrade", "firmwareVersion='1.0'", TASKS
        )
        retry = {"enableRetry": True, "retryInterval": 0, "retryCount": 2}
        job = await order(operator, "2.0", "1.0", maximumConcurrency=100, retryPolicy=retry)
        other = await order(operator, "2.1", "0.9", enableUpgradeRequest=True)
        await asking.tell(do="ask")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pushed.hear("upgraded", version="2.0", attempt=1))
            tasks.create_task(unlucky.hear("upgraded", version="2.0", attempt=2))
            tasks.create_task(gateway.hear("upgraded", device="child", attempt=1))
            tasks.create_task(asking.hear("upgraded", version="2.1", attempt=1))
            tasks.create_task(survive_a_cut(cut, proxy))
        await until_count(
            operator, JOBS, "searchTask", f"jobId='{job}' and status='succeeded'", TASKS
        )
        await until_count(
            operator, JOBS, "searchTask", f"jobId='{other}' and status='succeeded'", 1
        )
        assert await count(operator, JOBS, "searchTask", "") == TASKS + 1
        assert await count(operator, FIRMWARES, "searchDeviceUpgrade", "isUpgrading=true") == 0
        told = await fleet.stop()

    assert {name for name, one in told["promises"].items() if one["verdict"] == "violated"} == set()
    assert told["totals"]["downloads"] == len(METERS)


def test_a_device_file_holds_what_it_is_told(tmp_path: Path) -> None:
    """A row a device, in the columns of the contract."""
    write_devices(tmp_path / "d.csv", fleet_of("pk", 2))

    with (tmp_path / "d.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["product_key", "device_key", "device_secret"],
        ["pk", "meter-00000", "s3cret 0"],
        ["pk", "meter-00001", "s3cret 1"],
    ]
