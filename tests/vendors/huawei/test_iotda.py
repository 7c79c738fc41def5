"""Huawei's SDK for IoTDA against the platform, with simulated devices that upgrade.

Where the SDK's texts slip: a response's `document` is said to hold `package_id` where the request
holds `package_ids` (the platform takes both and shows the second); "Waitting" is spelt so.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fleet_sim.dialects.huawei.names import name_of
from tests.runtime.platforms import running
from tests.vendors.enos.beside import Fleet, fleet_of, simulated, until
from tests.vendors.huawei.iotda import IotdaOperator, Json, iotda, place, task

pytestmark = pytest.mark.timeout(600)  # The first test of a machine makes the environment.

PRODUCT = "meters00"
DEVICES = fleet_of(PRODUCT, 3)
NAMES = tuple(name_of(one.device) for one in DEVICES)
BAD_ONCE = "fleets.meters.personas={bad_digest: {share: 100%, attempts: 1}}"
LIST = {"task_type": "firmwareUpgrade"}


@contextlib.asynccontextmanager
async def operator(
    folder: Path,
    *,
    signed_only: bool = False,
    **settings: Any,  # noqa: ANN401 - JSON
) -> AsyncIterator[IotdaOperator]:
    """Run a platform that knows the devices, with an operator of their product."""
    async with (
        running(dialect="huawei", devices=DEVICES, signed_only=signed_only) as ready,
        iotda({**ready, "product_key": PRODUCT}, folder, **settings) as one,
    ):
        yield one


def fleet(
    folder: Path, one: IotdaOperator, *flags: str
) -> contextlib.AbstractAsyncContextManager[Fleet]:
    """Run the devices as a simulated fleet at the operator's platform."""
    return simulated(folder, one.ready, DEVICES, "--dialect", "huawei", *flags)


async def ended(one: IotdaOperator, task_id: str, status: str) -> Mapping[str, Json]:
    """Wait until a task's status is this; return the task with its details."""
    shown: dict[str, Json] = {}

    async def is_so() -> bool:
        shown.update(await one.make("show_batch_task", task_id=task_id))
        return bool(shown["batchtask"]["status"] == status)

    await until(is_so)
    return shown


def told(value: Json) -> Json:
    """Return a JSON value without what is null: the SDK shows every name it knows."""
    if isinstance(value, dict):
        return {name: told(one) for name, one in value.items() if one is not None}
    return [told(one) for one in value] if isinstance(value, list) else value


def results(answer: Mapping[str, Json]) -> dict[str, str]:
    """Return target to what became of it."""
    return {one["target"]: one["status"] for one in answer["targets"]}


def details(shown: Mapping[str, Json]) -> dict[str, str]:
    """Return target to status."""
    return {one["target"]: one["status"] for one in shown["task_details"]}


async def test_a_batch_task_upgrades_devices(tmp_path: Path) -> None:
    """Package and task are made, shown and listed; the devices wait for consent, then upgrade."""
    async with operator(tmp_path) as one, fleet(tmp_path, one) as devices:
        package_id = await one.pack(description="d")
        package = await one.make("show_ota_package", package_id=package_id)
        packages = await one.make("list_ota_package_info", package_type="firmwarePackage")
        body = task(package_id, *NAMES, need_confirm=True, task_ext_info={"a": "b"})
        made = await one.make("create_batch_task", body=body)
        task_id = made["task_id"]
        waiting = await one.make("show_batch_task", task_id=task_id)
        consent = await one.make("confirm_batch_task", task_id=task_id, body={})
        shown = await ended(one, task_id, "Success")
        tasks = await one.make("list_batch_tasks", **LIST)
        run = await devices.stop()

    assert (package["version"], package["description"]) == ("2.0", "d")
    assert package["file_location"] == {"obs_location": place()}
    assert [row["package_id"] for row in packages["packages"]] == [package_id]
    assert {name: made[name] for name in body} == body
    assert (made["status"], made["task_progress"]["total"]) == ("Initializing", 3)
    assert waiting["batchtask"]["status"] == "Waitting"
    assert set(details(waiting).values()) == {"Waitting"}
    assert results(consent) == dict.fromkeys(NAMES, "success")
    assert details(shown) == dict.fromkeys(NAMES, "Success")
    assert shown["page"]["count"] == 3
    assert shown["batchtask"]["task_progress"] == {
        "total": 3, "processing": 0, "success": 3, "fail": 0, "waitting": 0,
        "fail_wait_retry": 0, "stopped": 0, "removed": 0,
    }  # fmt: skip
    assert tasks["batchtasks"] == [shown["batchtask"]]
    assert (run["verdict"], run["totals"]["updated"]) == ("passed", 3)


async def test_failed_devices_are_retried(tmp_path: Path) -> None:
    """One by name, the rest by naming none; nothing that has succeeded is tried again."""
    async with operator(tmp_path) as one, fleet(tmp_path, one, "--set", BAD_ONCE):
        body = task(await one.pack(), *NAMES)
        task_id = (await one.make("create_batch_task", body=body))["task_id"]
        failed = await ended(one, task_id, "Fail")
        first = {"targets": [NAMES[1]]}
        named = await one.make("retry_batch_task", task_id=task_id, body=first)
        partly = await ended(one, task_id, "PartialSuccess")
        rest = await one.make("retry_batch_task", task_id=task_id, body={})
        shown = await ended(one, task_id, "Success")
        again = await one.ask("retry_batch_task", task_id=task_id, body={})

    assert details(failed) == dict.fromkeys(NAMES, "Fail")
    assert all(row["error"]["error_msg"].startswith("sha256 is ") for row in failed["task_details"])
    assert results(named) == {NAMES[1]: "success"}
    assert details(partly) == {**dict.fromkeys(NAMES, "Fail"), NAMES[1]: "Success"}
    assert results(rest) == {NAMES[0]: "success", NAMES[2]: "success"}
    assert details(shown) == dict.fromkeys(NAMES, "Success")
    assert (again["status"], again["code"]) == (400, "IOTDA.900415")


async def test_a_task_is_stopped_and_deleted(tmp_path: Path) -> None:
    """One device, then all; what has ended can neither be stopped again nor consented to."""
    async with operator(tmp_path) as one:
        body = task(await one.pack(), *NAMES, need_confirm=True)
        task_id = (await one.make("create_batch_task", body=body))["task_id"]
        some = {"targets": [NAMES[0], "meters00_nobody"]}
        early = await one.ask("delete_batch_task", task_id=task_id)
        named = await one.make("stop_batch_task", task_id=task_id, body=some)
        halted = await one.make("show_batch_task", task_id=task_id)
        rest = await one.make("stop_batch_task", task_id=task_id, body={})
        shown = await one.make("show_batch_task", task_id=task_id, task_detail_status="Stopped")
        late = [
            await one.ask(f"{verb}_batch_task", task_id=task_id, body={})
            for verb in ("stop", "retry", "confirm")
        ]
        deleted = await one.ask("delete_batch_task", task_id=task_id)
        gone = await one.ask("show_batch_task", task_id=task_id)

    assert (early["status"], early["code"]) == (400, "IOTDA.900415")
    assert results(named) == {NAMES[0]: "success", "meters00_nobody": "failure"}
    assert details(halted) == {**dict.fromkeys(NAMES, "Waitting"), NAMES[0]: "Stopped"}
    assert results(rest) == {NAMES[1]: "success", NAMES[2]: "success"}
    assert details(shown) == dict.fromkeys(NAMES, "Stopped")
    assert shown["batchtask"]["status"] == "Stopped"
    assert [(answer["status"], answer["code"]) for answer in late] == [(400, "IOTDA.900415")] * 3
    assert (deleted["status"], deleted["raw"]) == (204, None)
    assert (gone["status"], gone["code"]) == (404, "IOTDA.900411")


async def test_what_is_sent_is_what_the_sdk_knows(tmp_path: Path) -> None:
    """Every name and every value of an answer has its place in the SDK's classes."""
    async with operator(tmp_path) as one:
        package_id = await one.pack(app_id="app", custom_info="c")
        policy = {"schedule_time": None, "retry_count": 2, "retry_interval": 5}
        body = task(package_id, *NAMES, app_id="app", need_confirm=True, task_policy=policy)
        made = await one.ask("create_batch_task", body=body)
        task_id = made["read"]["task_id"]
        answers = [
            made,
            await one.ask("create_ota_package", body=one.package("3.0")),
            await one.ask("show_ota_package", package_id=package_id),
            await one.ask("list_ota_package_info", package_type="firmwarePackage"),
            await one.ask("list_batch_tasks", app_id="app", status="Waitting", **LIST),
            await one.ask("confirm_batch_task", task_id=task_id, body={"targets": ["p_x"]}),
            await one.ask("stop_batch_task", task_id=task_id, body={"targets": [NAMES[0]]}),
            await one.ask("show_batch_task", task_id=task_id),
        ]

    assert [answer["outcome"] for answer in answers] == ["taken"] * len(answers)
    for answer in answers:
        assert told(answer["read"]) == told(answer["raw"])
    assert made["sent"]["task_policy"] == made["raw"]["task_policy"]


async def test_tasks_are_paged_by_marker(tmp_path: Path) -> None:
    """Every task once, and as many as there are."""
    async with operator(tmp_path) as one:
        package_id = await one.pack()
        body = task(package_id, NAMES[0], need_confirm=True)
        made = [(await one.make("create_batch_task", body=body))["task_id"] for _ in range(5)]
        found: list[str] = []
        marker = None
        while True:
            page = await one.make("list_batch_tasks", limit=2, marker=marker, **LIST)
            if not page["batchtasks"]:
                break
            found += [row["task_id"] for row in page["batchtasks"]]
            assert (page["page"]["count"], page["page"]["marker"]) == (5, found[-1])
            marker = found[-1]

    assert sorted(found) == sorted(made)
    assert len(found) == len(made)


SPOILT: tuple[tuple[str, str, dict[str, Json]], ...] = (
    ("body", "create_ota_package", {}),
    ("date", "create_ota_package", {}),
    ("path", "list_batch_tasks", LIST),
    ("query", "list_batch_tasks", {**LIST, "limit": 10}),
)


@pytest.mark.parametrize("derived", [False, True])
async def test_a_changed_byte_is_refused(tmp_path: Path, *, derived: bool) -> None:
    """The SDK's own signature is let in where signatures are needed; nothing spoilt is."""
    async with operator(tmp_path, signed_only=True, derived=derived) as one:
        refused = [
            await one.ask(call, spoils=spoils, **(request or {"body": one.package("1.0")}))
            for spoils, call, request in SPOILT
        ]
        made = await one.make("list_ota_package_info", package_type="firmwarePackage")
        right = await one.ask("create_ota_package", body=one.package("1.0"))

    assert [(one["status"], one["code"]) for one in refused] == [(401, "IOTDA.900401")] * 4
    assert {len(one["request_id"]) for one in refused} == {32}
    assert made["packages"] == []
    assert right["outcome"] == "taken"


@pytest.mark.parametrize("signed_only", [False, True])
async def test_another_secret_signs_nothing(tmp_path: Path, *, signed_only: bool) -> None:
    """A signature by a known key must be right, also where none is asked for."""
    async with running(dialect="huawei", signed_only=signed_only) as ready:
        answers = []
        for derived in (False, True):
            async with iotda(ready, tmp_path, secret="no", derived=derived) as one:
                answers.append(await one.ask("list_batch_tasks", **LIST))

    assert [(one["status"], one["code"]) for one in answers] == [(401, "IOTDA.900401")] * 2


async def test_another_project_is_not_shown(tmp_path: Path) -> None:
    """A key is good for its own project."""
    async with operator(tmp_path, project="0" * 32) as one:
        answer = await one.ask("list_batch_tasks", **LIST)

    assert (answer["status"], answer["code"]) == (403, "IOTDA.900403")
