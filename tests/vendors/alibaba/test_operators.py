"""The vendor's northbound SDKs against the platform, which takes signed calls only."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from fleet_sim.dialects.alibaba.northbound import PROFILE
from fleet_sim.model.identity import DeviceId, Registration
from tests.runtime.platforms import running
from tests.vendors.alibaba.operators import (
    CLASSIC,
    CONTENT,
    KINDS,
    NEWER,
    Json,
    Kind,
    Operator,
    RefusedError,
    operating,
)

pytestmark = pytest.mark.timeout(600)  # The first test of a machine makes the environments.

PRODUCT = "a1meters000"
FLEET = tuple(Registration(DeviceId(PRODUCT, f"m{n}"), f"s3cret {n}") for n in range(7))
ROW = {
    "DestVersion", "DeviceName", "FirmwareId", "IotId", "JobId", "ProductKey", "SrcVersion",
    "TaskId", "TaskStatus", "Timeout", "UtcCreate", "UtcModified",
}  # fmt: skip
PAGING = ("CurrentPage", "PageSize", "PageCount", "Total")

kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@contextlib.asynccontextmanager
async def account(folder: Path, kind: Kind, **changes: str) -> AsyncIterator[Operator]:
    """Run a platform with seven devices that never came, and an operator of it."""
    async with (
        running(dialect="alibaba", devices=FLEET, signed_only=True) as ready,
        operating(ready, folder, kind, **changes) as operator,
    ):
        yield operator


def paging(answer: Mapping[str, Json]) -> tuple[int, ...]:
    """Return what an answer says of its pages."""
    return tuple(answer[name] for name in PAGING)


def names(answer: Mapping[str, Json]) -> list[str]:
    """Return the devices of an answer, in order."""
    return [row["DeviceName"] for row in answer["Data"]["SimpleOTATaskInfo"]]


@kinds
async def test_a_job_is_made_and_paged_through(kind: Kind, tmp_path: Path) -> None:
    """Seven tasks, three a page: each stands on one page, and every page tells of all of them."""
    async with account(tmp_path, kind) as operator:
        uploaded = await operator.upload(PRODUCT)
        firmware_id = uploaded["Data"]["FirmwareId"]
        ordered = await operator.ask(
            "CreateOTAStaticUpgradeJob",
            FirmwareId=firmware_id,
            ProductKey=PRODUCT,
            TargetSelection="ALL",
            TimeoutInMinutes=60,
        )
        job = {"JobId": ordered["Data"]["JobId"]}
        pages = [
            await operator.ask("ListOTATaskByJob", **job, CurrentPage=n, PageSize=3)
            for n in (1, 2, 3, 4)
        ]
        whole = await operator.ask("ListOTATaskByJob", **job)
        queued = await operator.ask("ListOTATaskByJob", **job, TaskStatus="QUEUED", PageSize=1)
        failed = await operator.ask("ListOTATaskByJob", **job, TaskStatus="FAILED")
        named = await operator.ask(
            "ListOTATaskByJob", **job, DeviceNames=["m5", "m2"], CurrentPage=2, PageSize=1
        )

    assert (uploaded["Success"], ordered["Success"]) == (True, True)
    assert [paging(page) for page in pages] == [(n, 3, 3, 7) for n in (1, 2, 3, 4)]
    assert [len(names(page)) for page in pages] == [3, 3, 1, 0]
    assert [name for page in pages for name in names(page)] == names(whole)
    assert sorted(names(whole)) == [one.device.device_key for one in FLEET]
    assert paging(whole) == (1, 10, 1, 7)
    assert (paging(queued), paging(failed)) == ((1, 1, 7, 7), (1, 10, 0, 0))
    assert sorted(names(named)) == ["m2", "m5"]
    for row in whole["Data"]["SimpleOTATaskInfo"]:
        assert row.keys() == ROW
        assert all(isinstance(value, str) for value in row.values())
        assert (row["JobId"], row["FirmwareId"]) == (job["JobId"], firmware_id)
        assert (row["DestVersion"], row["TaskStatus"], row["Timeout"]) == ("2.0", "QUEUED", "60")


async def every_action(operator: Operator) -> dict[str, Json]:
    """Lead a firmware and its jobs through their lives; return the answers by action."""
    said: dict[str, Json] = {}

    async def ask(action: str, **given: Json) -> Json:
        said[action] = answer = await operator.ask(action, **given)
        assert answer["Success"], (action, answer)
        return answer

    async def ids_of(job_id: str) -> list[str]:
        rows = (await ask("ListOTATaskByJob", JobId=job_id))["Data"]["SimpleOTATaskInfo"]
        return [row["TaskId"] for row in rows]

    module = {"ProductKey": PRODUCT, "ModuleName": "mcu"}
    await ask("CreateOTAModule", **module, AliasName="MCU")
    await ask("UpdateOTAModule", **module, Desc="the small one")
    await ask("ListOTAModuleByProduct", ProductKey=PRODUCT)
    await ask("DeleteOTAModule", **module)

    await ask("GenerateOTAUploadURL")
    said["CreateOTAFirmware"] = made = await operator.upload(PRODUCT, FirmwareDesc="1", Udi="u")
    firmware = {"FirmwareId": made["Data"]["FirmwareId"]}
    await ask("ModifyOTAFirmware", **firmware, FirmwareName="fw 2", FirmwareDesc="2")
    await ask("QueryOTAFirmware", **firmware)
    await ask("ListOTAFirmware", CurrentPage=1, PageSize=10, ProductKey=PRODUCT)

    target = {**firmware, "ProductKey": PRODUCT}
    verify = await ask("CreateOTAVerifyJob", **target, TargetDeviceName=["m0"])
    await ask("CancelOTATaskByJob", JobId=verify["Data"]["JobId"], CancelQueuedTask=True)
    order = {**target, "TargetSelection": "SPECIFIC", "TargetDeviceName": ["m1", "m2"]}
    static = await ask("CreateOTAStaticUpgradeJob", **order, NeedConfirm=True, TimeoutInMinutes=5)
    job_id = static["Data"]["JobId"]
    await ask("ListOTAJobByFirmware", **firmware, CurrentPage=1, PageSize=200)
    await ask("ListOTAJobByDevice", **target, DeviceName="m1", CurrentPage=1, PageSize=10)
    await ask("ConfirmOTATask", TaskId=await ids_of(job_id))
    device = {"ProductKey": PRODUCT, "DeviceName": "m2"}
    await ask("ListOTAUnfinishedTaskByDevice", **device)
    await ask("ListOTAModuleVersionsByDevice", **device, PageSize=200)

    url = await operator.upload_names("m3", "m4")
    said["GenerateDeviceNameListURL"] = {"FileUrl": url}
    listed = {**target, "TargetSelection": "SPECIFIC", "DnListFileUrl": url}
    third = (await operator.ask("CreateOTAStaticUpgradeJob", **listed))["Data"]["JobId"]
    said["by list"] = await operator.ask("ListOTATaskByJob", JobId=third)
    await operator.ask("CancelOTATaskByJob", JobId=third, CancelQueuedTask=True)

    # Both devices are taken, so their tasks in a second job fail at once, and can be tried again.
    second = (await operator.ask("CreateOTAStaticUpgradeJob", **order))["Data"]["JobId"]
    await ask("CancelOTATaskByDevice", **target, DeviceName=["m1", "m2"], JobId=job_id)
    await ask("ReupgradeOTATask", JobId=second, TaskId=await ids_of(second))
    await ask("UpdateOTAJob", JobId=second, MaximumPerMinute=50)
    dynamic = await ask(
        "CreateOTADynamicUpgradeJob", **target, SrcVersion=["0.9"], DynamicMode=2, RetryInterval=0,
        RetryCount=2, MaximumPerMinute=100, NeedPush=False, Tag=[{"Key": "a", "Value": "b"}],
    )  # fmt: skip
    await ask("QueryOTAJob", JobId=dynamic["Data"]["JobId"])
    await ask("CancelOTAStrategyByJob", JobId=dynamic["Data"]["JobId"])
    await operator.ask("CancelOTATaskByJob", JobId=second, CancelQueuedTask=True)
    await ask("DeleteOTAFirmware", **firmware)
    return said


@pytest.mark.parametrize("kind", [CLASSIC, NEWER], ids=lambda kind: kind.name)
async def test_every_action_is_understood(kind: Kind, tmp_path: Path) -> None:
    """Whatever the platform serves, the SDK can ask for, and is answered with what it can read."""
    async with account(tmp_path, kind) as operator:
        said = await every_action(operator)

    assert names(said.pop("by list")) == ["m3", "m4"]
    assert said.keys() == PROFILE.actions
    (module,) = said["ListOTAModuleByProduct"]["Data"]
    assert (module["ModuleName"], module["AliasName"], module["Desc"]) == (
        "mcu", "MCU", "the small one",
    )  # fmt: skip
    shown = said["QueryOTAFirmware"]["FirmwareInfo"]
    assert (shown["FirmwareName"], shown["FirmwareDesc"], shown["Udi"]) == ("fw 2", "2", "u")
    assert (shown["FirmwareSize"], shown["SignMethod"]) == (len(CONTENT), "MD5")
    (listed,) = said["ListOTAFirmware"]["FirmwareInfo"]["SimpleFirmwareInfo"]
    assert listed["FirmwareId"] == shown["FirmwareId"]
    job = said["QueryOTAJob"]["Data"]
    assert (job["SelectionType"], job["DynamicMode"]) == ("DYNAMIC", 2)
    assert job["SrcVersions"] == {"SrcVersion": ["0.9"]}
    assert (job["RetryInterval"], job["RetryCount"], job["MaximumPerMinute"]) == (0, 2, 100)
    assert (job["NeedPush"], job["NeedConfirm"]) == (False, False)
    assert job["Tags"] == {"OtaTagDTO": [{"Key": "a", "Value": "b"}]}
    (mine,) = said["ListOTAJobByDevice"]["Data"]["SimpleOTAJobInfo"]
    assert mine["JobId"] == said["CreateOTAStaticUpgradeJob"]["Data"]["JobId"]
    assert paging(said["ListOTAJobByFirmware"]) == (1, 200, 1, 2)
    (task,) = said["ListOTAUnfinishedTaskByDevice"]["Data"]["SimpleOTATaskInfo"]
    assert (task["TaskStatus"], task["ModuleName"]) == ("QUEUED", "default")
    assert said["ListOTAModuleVersionsByDevice"]["Data"] == {"SimpleOTAModuleInfo": []}


# The classic SDK finds out by itself that only the secret can be at fault, for the platform's
# sentence ends in the very text that it has signed; it has a code of its own for that.
_OTHER_SECRET = {"classic": "InvalidAccessKeySecret", "newer": "SignatureDoesNotMatch"}


@pytest.mark.parametrize("kind", [CLASSIC, NEWER], ids=lambda kind: kind.name)
async def test_another_secret_signs_nothing(kind: Kind, tmp_path: Path) -> None:
    """The SDK raises with the documented code and status."""
    async with account(tmp_path, kind, secret="other") as operator:
        with pytest.raises(RefusedError) as refused:
            await operator.ask("QueryOTAJob", JobId="j")

    assert (refused.value.code, refused.value.status) == (_OTHER_SECRET[kind.name], 400)


@pytest.mark.parametrize("kind", [CLASSIC, NEWER], ids=lambda kind: kind.name)
async def test_an_unknown_key_is_nobodys(kind: Kind, tmp_path: Path) -> None:
    """Whatever it signs."""
    async with account(tmp_path, kind, key="LTAIother") as operator:
        with pytest.raises(RefusedError) as refused:
            await operator.ask("QueryOTAJob", JobId="j")

    assert (refused.value.code, refused.value.status) == ("InvalidAccessKeyId.NotFound", 404)
