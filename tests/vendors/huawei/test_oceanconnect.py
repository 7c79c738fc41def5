"""OceanConnect's pages at a running platform, with simulated devices that upgrade.

What slips in "Querying an Upgrade Task List" (SDK for PHP), whose parameters and structures these
are: its table allows a page number of null, which no query can hold, so it is left out; it marks
neither of `devices` and `deviceGroups` as optional in an answer, where only one of them can be; and
its SDK reads `totalSize` where page and platform say `totalCount`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fleet_sim.dialects.huawei.names import name_of
from fleet_sim.dialects.huawei.oc_tokens import REFRESH_PATH
from fleet_sim.dialects.huawei.oceanconnect import CATEGORY, OPERATIONS
from tests.runtime.platforms import running
from tests.vendors.enos.beside import fleet_of, simulated, until
from tests.vendors.enos.poseidon import shape
from tests.vendors.huawei.oceanconnect import Json, OceanOperator, ocean

PRODUCT = "meters00"
DEVICES = fleet_of(PRODUCT, 3)
NAMES = [name_of(one.device) for one in DEVICES]
CONTENT = b"firmware" * 5_000
AT = "20260301T010000Z"

# "Response Parameters" of the seed's page, as JSON; null where a task has not stopped.
OPERATION = {
    "operationId": "63a0000000000000000000a1", "createTime": AT, "startTime": AT, "stopTime": None,
    "operateType": "firmware_upgrade", "targets": {"devices": [""]},
    "policy": {"executeType": "now", "retryType": True, "retryTimes": 3}, "status": "success",
    "staResult": {"total": 3, "wait": 0, "processing": 0, "success": 3, "fail": 0, "stop": 0,
                  "timeout": 0},
    "extendPara": {"fileVersion": "2.0"},
}  # fmt: skip
TASK_LIST = {"data": [OPERATION], "pageNo": 0, "pageSize": 10, "totalCount": 1}
SUBTASK = {
    "subOperationId": "", "createTime": AT, "startTime": AT, "stopTime": AT,
    "operateType": "firmware_upgrade", "deviceId": "", "status": "success", "detailInfo": "",
    "extendInfo": {"fileVersion": "2.0", "sourceVersion": "1.0"},
}  # fmt: skip
PACKAGE = {
    "fileId": "", "name": "", "version": "2.0", "fileType": "firmwarePackage", "deviceType": "",
    "model": PRODUCT, "manufacturerName": "", "protocolType": "", "description": "", "date": AT,
    "uploadTime": AT,
}  # fmt: skip
LOGIN = {"accessToken": "", "tokenType": "bearer", "refreshToken": "", "expiresIn": 3600,
         "scope": "default"}  # fmt: skip


@contextlib.asynccontextmanager
async def operator() -> AsyncIterator[OceanOperator]:
    """Run a platform that knows the devices, and refuses whoever shows no token."""
    async with (
        running(dialect="huawei", devices=DEVICES, signed_only=True) as ready,
        ocean({**ready, "product_key": PRODUCT}) as one,
    ):
        yield one


async def test_the_walk_of_the_sdks_upgrades_devices(tmp_path: Path) -> None:
    """All of the methods, in the order in which the SDKs' samples call them."""
    async with (
        operator() as one,
        simulated(tmp_path, one.ready, DEVICES, "--dialect", "huawei"),
    ):
        file_id = await one.upload(CONTENT)
        page = {"pageNo": "0", "pageSize": "10"}
        packages = await one.ask("GET", CATEGORY, fileType="firmwarePackage", **page)
        package = await one.ask("GET", f"{CATEGORY}/{file_id}")
        job = await one.order(file_id, *NAMES, executeType="now", retryType=True, retryTimes=3)
        path = f"{OPERATIONS}/{job}"

        async def is_over() -> bool:
            _, shown = await one.ask("GET", path)
            return bool(shown["status"] == "success")

        await until(is_over)
        task = await one.ask("GET", path)
        subtasks = await one.ask("GET", f"{path}/subOperations", **page)
        # Every parameter of the page's table.
        tasks = await one.ask(
            "GET", OPERATIONS, operationType="firmware_upgrade", operationStatus="success",
            deviceType="VirtualDevice", model=PRODUCT, manufacturerName="fleet-sim",
            deviceId=NAMES[1], **page,
        )  # fmt: skip
        others = await one.ask("GET", OPERATIONS, operationStatus="failed", **page)

    assert (packages[0], shape(packages[1])) == (200, shape({**TASK_LIST, "data": [PACKAGE]}))
    assert package == (200, packages[1]["data"][0])
    assert (tasks[0], shape(tasks[1])) == (200, shape(TASK_LIST))
    assert (tasks[1]["pageNo"], tasks[1]["pageSize"], tasks[1]["totalCount"]) == (0, 10, 1)
    (operation,) = tasks[1]["data"]
    assert task == (200, operation)
    assert {name: operation[name] for name in ("policy", "status", "staResult", "extendPara")} == {
        name: OPERATION[name] for name in ("policy", "status", "staResult", "extendPara")
    }
    assert operation["targets"] == {"devices": NAMES}
    assert (subtasks[0], shape(subtasks[1])) == (200, shape({**TASK_LIST, "data": [SUBTASK]}))
    assert sorted(row["deviceId"] for row in subtasks[1]["data"]) == NAMES
    assert others == (200, {"data": [], "pageNo": 0, "pageSize": 10, "totalCount": 0})


async def test_a_login_and_its_refresh_give_one_token() -> None:
    """Both answers look as on the page; what was given before is worth nothing then."""
    async with operator() as one:
        one.renews = False
        first = dict(one.headers)
        login = await one.log_in()
        keys = {"appId": one.ready["app_key"], "secret": one.ready["app_secret"]}
        body = {**keys, "refreshToken": login["refreshToken"]}
        status, refreshed = await one.ask("POST", REFRESH_PATH, body)
        said = []
        for token in (first["Authorization"], f"Bearer {refreshed['accessToken']}"):
            one.headers["Authorization"] = token
            said.append((await one.ask("GET", OPERATIONS))[0])

    assert (status, shape(login), shape(refreshed)) == (200, shape(LOGIN), shape(LOGIN))
    assert {name: login[name] for name in ("tokenType", "expiresIn", "scope")} == {
        name: LOGIN[name] for name in ("tokenType", "expiresIn", "scope")
    }
    assert said == [403, 200]


async def test_a_list_without_a_page_is_whole() -> None:
    """`pageNo` of null is none at all; a number of null in the query is no number."""
    async with operator() as one:
        file_id = await one.upload(CONTENT)
        jobs = [await one.order(file_id, NAMES[0]) for _ in range(12)]
        whole = await one.ask("GET", OPERATIONS)
        first = await one.ask("GET", OPERATIONS, pageNo="0")
        second = await one.ask("GET", OPERATIONS, pageNo="1")
        null = await one.ask("GET", OPERATIONS, pageNo="null")

    shown: list[Json] = [answer[1]["data"] for answer in (whole, first, second)]
    assert [len(rows) for rows in shown] == [12, 10, 2]
    assert [row["operationId"] for row in shown[0]] == list(reversed(jobs))
    assert [*shown[1], *shown[2]] == shown[0]
    assert {answer[1]["totalCount"] for answer in (whole, first, second)} == {12}
    assert (null[0], null[1]["error_code"]) == (400, "120015")


async def test_a_task_of_the_one_generation_is_one_of_the_other(tmp_path: Path) -> None:
    """Made by OceanConnect, stopped by v5, and seen as stopped by both: the bridge."""
    async with operator() as one:
        job = await one.order(await one.upload(CONTENT), *NAMES)
        batch = f"/v5/iot/{one.ready['org']}/batchtasks/{job}"
        one.headers["X-Auth-Token"] = one.headers["Authorization"].removeprefix("Bearer ")
        mine = {name: text for name, text in one.headers.items() if name != "Authorization"}
        stopped = await one.send("POST", f"{batch}/stop", data=b"{}", headers=mine)
        seen = await one.send("GET", batch, headers=mine)
        shown = await one.ask("GET", f"{OPERATIONS}/{job}")

    assert (stopped[0], len(stopped[1]["targets"])) == (200, 3)
    assert seen[1]["batchtask"]["status"] == "Stopped"
    assert shown[1]["status"] == "stop"
    assert shown[1]["staResult"] == {
        "total": 3, "wait": 0, "processing": 0, "success": 0, "fail": 0, "stop": 3, "timeout": 0,
    }  # fmt: skip
