"""Wrong calls to a whole platform, and what it holds after them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from fleet_sim.dialects.rpc import codes
from fleet_sim.dialects.rpc.profile import Profile
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.runtime.real_time import epoch_ms
from tests.dialects.rpc.accounts import CONTENT, Account, account
from tests.dialects.rpc.callers import PROFILES
from tests.dialects.rpc.wrong_calls import GOOD, wrong_calls

PRODUCT = "meters00"
FLEET = tuple(Registration(DeviceId(PRODUCT, f"d{n}"), f"s{n}") for n in (1, 2, 3))


async def fill(one: Account) -> None:
    """Make a module, two firmwares, one to be verified yet, a job for a device, a spare file."""
    one.holds["product"] = PRODUCT
    made = await one.ask("CreateOTAModule", {"ProductKey": PRODUCT, "ModuleName": "mcu"})
    assert made["Success"], made
    for name, version, verified in (("one", "2.0", "false"), ("two", "2.1", "true")):
        made = await one.make(
            "CreateOTAFirmware", DestVersion=version, FirmwareName=name, NeedToVerify=verified,
            FirmwareUrl=await one.upload(), ProductKey=PRODUCT,
        )  # fmt: skip
        one.holds["unverified" if verified == "true" else "firmware"] = made["FirmwareId"]
    made = await one.make(
        "CreateOTAStaticUpgradeJob", FirmwareId="{firmware}", ProductKey=PRODUCT,
        TargetSelection="SPECIFIC", TargetDeviceName_1="d1",
    )  # fmt: skip
    digest = hashlib.md5(CONTENT).hexdigest()  # noqa: S324 - the vendor's method
    one.holds |= {"job": made["JobId"], "digest": digest, "url": await one.upload()}


async def everything(one: Account) -> list[dict[str, Any]]:
    """Return all that the account shows, but for the numbers of the answers."""
    page = {"CurrentPage": 1, "PageSize": 100}
    asked: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("ListOTAFirmware", page),
        ("QueryOTAFirmware", {"FirmwareId": "{firmware}"}),
        ("QueryOTAFirmware", {"FirmwareId": "{unverified}"}),
        ("ListOTAJobByFirmware", {"FirmwareId": "{firmware}", **page}),
        ("ListOTAJobByFirmware", {"FirmwareId": "{unverified}", **page}),
        ("ListOTAModuleByProduct", {"ProductKey": "{product}"}),
        ("QueryOTAJob", {"JobId": "{job}"}),
        ("ListOTATaskByJob", {"JobId": "{job}"}),
    )
    shown = [await one.ask(*each) for each in asked]
    return [{**each, "RequestId": ""} for each in shown]


def served(profile: Profile) -> list[str]:
    """Return the actions of the good calls that a vendor serves, in their order."""
    return [action for action in GOOD if action in profile.actions]


@pytest.mark.parametrize("vendor", ["alibaba", "tuya"])
async def test_every_wrong_call_is_refused_and_changes_nothing(vendor: str) -> None:
    """By its own code each; what the account shows afterwards is what it showed before."""
    wrong = [one for one in wrong_calls(epoch_ms()) if vendor in one.vendors]
    async with account(vendor, devices=FLEET) as one:
        await fill(one)
        before = await everything(one)
        answers = [await one.ask(each.action, each.pairs()) for each in wrong]
        after = await everything(one)

    got = [
        (each.action, each.given, answer["Code"])
        for each, answer in zip(wrong, answers, strict=True)
    ]
    assert got == [(each.action, each.given, each.code) for each in wrong]
    assert not any(answer.get("Success") for answer in answers)
    assert all(answer.get("ErrorMessage") or answer.get("Message") for answer in answers)
    assert after == before


@pytest.mark.parametrize("vendor", ["alibaba", "tuya"])
async def test_the_calls_they_stand_beside_are_right(vendor: str) -> None:
    """So it is what was changed in them that was refused."""
    async with account(vendor, devices=FLEET) as one:
        await fill(one)
        answers = {
            action: await one.ask(action, GOOD[action]) for action in served(PROFILES[vendor])
        }

    assert {action: answer["Success"] for action, answer in answers.items()} == dict.fromkeys(
        answers, True
    )


async def test_a_job_by_blocks_is_refused_for_a_file_that_is_too_long() -> None:
    """Of whichever kind; the same jobs over HTTPS are made."""
    short = {"blocks_bytes_max": len(CONTENT) - 1}
    actions = ("CreateOTAVerifyJob", "CreateOTAStaticUpgradeJob", "CreateOTADynamicUpgradeJob")
    async with account("alibaba", devices=FLEET, contract=short) as one:
        await fill(one)
        before = await everything(one)
        refused = [
            await one.ask(action, {**GOOD[action], "DownloadProtocol": "MQTT"})
            for action in actions
        ]
        after = await everything(one)
        made = [await one.ask(action, GOOD[action]) for action in actions]

    assert [answer["Code"] for answer in refused] == [codes.BAD_REQUEST] * 3
    assert "the file has 5 bytes; over MQTT it may have 4" in refused[0]["ErrorMessage"]
    assert after == before
    assert [answer["Code"] for answer in made] == [""] * 3
