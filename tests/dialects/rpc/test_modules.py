from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fleet_sim.dialects.alink.device import AlinkDevice
from fleet_sim.dialects.rpc import codes, modules
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import (
    DeviceMessage,
    ProgressReport,
    ServerMessage,
    UpgradeRequest,
    VersionReport,
)
from fleet_sim.model.northbound import (
    CreateModule,
    DeleteModule,
    ListModules,
    ModuleRow,
    Modules,
    UpdateModule,
)
from fleet_sim.mqtt.client import Received
from tests.dialects.rpc.accounts import Account, account
from tests.dialects.rpc.callers import NOW, asking, called, gate_of, refused, rendered
from tests.runtime.thin_client import ThinClient, dialling
from tests.vendors.enos.beside import until

_ALINK = AlinkDevice()
_METER = Registration(DeviceId("pk", "d1"), "s3cret")
_VENDORS = ["alibaba", "tuya"]
_WHICH = {"ProductKey": "pk", "ModuleName": "barcodeScanner"}
_ROW = ModuleRow("aluctKe", "barcodeScanner", "Scanner", "its firmware", 1_602_582_360_000,
                 1_603_100_760_000)  # fmt: skip
# The members of the sample of ListOTAModuleByProduct, with its two instants.
_SAMPLE = {
    "AliasName": "Scanner", "Desc": "its firmware", "GmtCreate": "2020-10-13T09:46Z",
    "GmtModified": "2020-10-19T09:46Z", "ModuleName": "barcodeScanner", "ProductKey": "aluctKe",
}  # fmt: skip


@pytest.mark.parametrize("vendor", _VENDORS)
@pytest.mark.parametrize(
    ("action", "given", "call"),
    [
        ("CreateOTAModule", _WHICH, CreateModule("pk", "barcodeScanner")),
        ("CreateOTAModule", {**_WHICH, "AliasName": "条码_扫描仪-2.0", "Desc": "a b"},
         CreateModule("pk", "barcodeScanner", "条码_扫描仪-2.0", "a b")),
        ("CreateOTAModule", {**_WHICH, "ModuleName": "m" * 64, "AliasName": "a" * 64,
                             "Desc": "d" * 100},
         CreateModule("pk", "m" * 64, "a" * 64, "d" * 100)),
        ("CreateOTAModule", {**_WHICH, "ModuleName": "Default"}, CreateModule("pk", "")),
        ("UpdateOTAModule", _WHICH, UpdateModule("pk", "barcodeScanner")),
        ("UpdateOTAModule", {**_WHICH, "Desc": "d"},
         UpdateModule("pk", "barcodeScanner", desc="d")),
        ("DeleteOTAModule", _WHICH, DeleteModule("pk", "barcodeScanner")),
        ("ListOTAModuleByProduct", {"ProductKey": "pk"}, ListModules("pk")),
    ],
)  # fmt: skip
def test_what_each_call_means(
    vendor: str, action: str, given: dict[str, Any], call: object
) -> None:
    """At either vendor; the default module is the device as a whole."""
    assert called(gate_of(vendor).read(asking(action, **given), NOW)) == call


@pytest.mark.parametrize("action", ["CreateOTAModule", "UpdateOTAModule", "DeleteOTAModule"])
@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"ProductKey": ""}, "MissingProductKey"),
        ({"ModuleName": ""}, "MissingModuleName"),
        ({"ModuleName": "m" * 65}, codes.BAD_REQUEST),
        ({"ModuleName": "a b"}, codes.BAD_REQUEST),
        ({"ModuleName": "扫描仪"}, codes.BAD_REQUEST),
    ],
)
def test_each_wrong_name_has_its_code(action: str, given: dict[str, str], word: str) -> None:
    """Just outside of each documented range; a name is of Latin letters."""
    found = gate_of("alibaba").read(asking(action, **{**_WHICH, **given}), NOW)

    assert refused(found)[1] == word


@pytest.mark.parametrize("action", ["CreateOTAModule", "UpdateOTAModule"])
@pytest.mark.parametrize(
    "given", [{"AliasName": "a" * 65}, {"AliasName": "a b"}, {"Desc": "d" * 101}]
)
def test_each_wrong_text_is_refused(action: str, given: dict[str, str]) -> None:
    """An alias and a description have ranges of their own; the sentence begins with the name."""
    _, word, text = refused(gate_of("tuya").read(asking(action, **{**_WHICH, **given}), NOW))

    assert word == codes.BAD_REQUEST
    assert text.startswith(next(iter(given)))


def test_modules_as_shown() -> None:
    """A bare list in the data, its instants to the minute; without texts where there are none."""
    plain = ModuleRow("pk", "m", "", "", 0, 59_999)

    found = rendered(gate_of("alibaba"), ListModules("pk"), Modules((_ROW, plain)))
    small = rendered(gate_of("tuya"), ListModules("pk"), Modules((_ROW,)))
    none = rendered(gate_of("tuya"), ListModules("pk"), Modules(()))

    epoch = "1970-01-01T00:00Z"
    bare = {"GmtCreate": epoch, "GmtModified": epoch, "ModuleName": "m", "ProductKey": "pk"}
    assert found["Data"] == [_SAMPLE, bare]
    assert small["data"] == [{key[:1].lower() + key[1:]: one for key, one in _SAMPLE.items()}]
    assert (none["data"], none["success"]) == ([], True)


def test_the_neutral_name_of_the_default_module() -> None:
    """In whatever letters it comes."""
    names = ("default", "DEFAULT", "mcu", "")

    assert [modules.neutral(name) for name in names] == ["", "", "mcu", ""]


@pytest.mark.parametrize("vendor", _VENDORS)
async def test_the_life_of_a_module_on_a_platform(vendor: str) -> None:
    """Made, shown, changed, in use, and deleted at last; each refusal by its code."""
    device = Registration(DeviceId("pk", "d1"), "s")
    which = {"ProductKey": "pk", "ModuleName": "mcu"}
    async with account(vendor, devices=(device,)) as one:

        async def code_of(action: str, **given: str) -> str:
            return str((await one.ask(action, {**which, **given}))["Code"])

        made = await code_of("CreateOTAModule", AliasName="MCU")
        again = await code_of("CreateOTAModule", ModuleName="Mcu")
        rest = [await code_of("CreateOTAModule", ModuleName=f"m{n}") for n in range(10)]
        changed = await code_of("UpdateOTAModule", Desc="the small one")
        listed = await one.ask("ListOTAModuleByProduct", {"ProductKey": "pk"})
        firmware = await one.make(
            "CreateOTAFirmware", DestVersion="2.0", FirmwareName="f", ProductKey="pk",
            FirmwareUrl=await one.upload(), ModuleName="MCU",
        )  # fmt: skip
        in_use = await code_of("DeleteOTAModule")
        await one.ask("DeleteOTAFirmware", {"FirmwareId": firmware["FirmwareId"]})
        gone = await code_of("DeleteOTAModule")
        no_more = await code_of("DeleteOTAModule")
        kept = await code_of("DeleteOTAModule", ModuleName="default")

    assert (made, changed, gone) == ("", "", "")
    assert (again, rest) == ("iot.ota.ModuleExisted", [*[""] * 9, "iot.ota.TooManyModules"])
    assert (in_use, no_more) == ("iot.ota.ModuleInUse", "iot.ota.ModuleNotExisted")
    assert kept == codes.BAD_REQUEST
    first = {key.lower(): value for key, value in listed["Data"][0].items()}
    assert len(listed["Data"]) == 10
    assert (first["modulename"], first["aliasname"], first["desc"]) == (
        "mcu", "MCU", "the small one",
    )  # fmt: skip


async def test_modules_survive_the_restart_of_a_platform(tmp_path: Path) -> None:
    """A second process on the same store shows what the first was told."""
    store = f"sqlite:///{tmp_path / 'store.db'}"
    listed = []
    async with account("alibaba", store=store, devices=(_METER,)) as one:
        for name in ("mcu", "Radio"):
            given = {"ProductKey": "pk", "ModuleName": name, "AliasName": "a"}
            assert (await one.ask("CreateOTAModule", given))["Success"]
        listed.append(await one.ask("ListOTAModuleByProduct", {"ProductKey": "pk"}))
    async with account("alibaba", store=store) as one:
        listed.append(await one.ask("ListOTAModuleByProduct", {"ProductKey": "pk"}))

    before, after = (answer["Data"] for answer in listed)
    assert [row["ModuleName"] for row in before] == ["mcu", "Radio"]
    assert after == before


class TwoParts:
    """A device that runs something as a whole and something in its MCU, as an SDK would speak."""

    def __init__(self, client: ThinClient) -> None:
        self._client = client

    def say(self, message: DeviceMessage) -> None:
        """Publish what a device says."""
        wire = _ALINK.encode(_METER.device, message)
        assert wire is not None
        self._client.session.publish(wire.topic, wire.payload, 1)
        self._client.say()

    async def hear(self) -> ServerMessage:
        """Return the platform's next message."""
        while not isinstance(event := await self._client.next(), Received):
            pass
        found = _ALINK.decode(_METER.device, event.topic, event.payload)
        assert isinstance(found, ServerMessage)
        return found


@contextlib.asynccontextmanager
async def two_parts(url: str) -> AsyncIterator[TwoParts]:
    """Bring the device on line; it reports both of its versions."""
    mine = _ALINK.credentials(_METER.device, _METER.secret, epoch_ms=NOW)
    async with dialling(urlsplit(url).port or 0) as dialler:
        client = await dialler.new(
            mine.client_id, username=mine.username, password=mine.password,
            keep_alive_s=mine.keep_alive_s,
        )  # fmt: skip
        device = TwoParts(client)
        device.say(VersionReport("1", "1.0"))
        device.say(VersionReport("2", "0.9", "mcu"))
        yield device


async def _shown(one: Account, action: str, **given: str) -> list[dict[str, Any]]:
    """Return the rows of an answer that has one list in its data, their keys in small letters."""
    (rows,) = (await one.make(action, **given)).values()
    return [{key.lower(): value for key, value in row.items()} for row in rows]


async def _versions(one: Account) -> dict[str, str]:
    """Return what each module of the device runs, as the platform knows it."""
    rows = await _shown(one, "ListOTAModuleVersionsByDevice", ProductKey="pk", DeviceName="d1")
    return {row["modulename"]: row["moduleversion"] for row in rows}


@pytest.mark.parametrize("vendor", _VENDORS)
async def test_a_module_takes_an_upgrade_of_its_own(vendor: str) -> None:
    """The push names it, its reports alone count, and what the device runs as a whole stays."""
    async with account(vendor, devices=(_METER,)) as one, two_parts(one.ready["mqtt"]) as device:

        async def knows(versions: dict[str, str]) -> None:
            async def is_so() -> bool:
                return await _versions(one) == versions

            await until(is_so)

        await knows({"default": "1.0", "mcu": "0.9"})
        await one.ask("CreateOTAModule", {"ProductKey": "pk", "ModuleName": "mcu"})
        firmware = await one.make(
            "CreateOTAFirmware", DestVersion="2.0", FirmwareName="f", ProductKey="pk",
            FirmwareUrl=await one.upload(), ModuleName="mcu", NeedToVerify="false",
        )  # fmt: skip
        job = await one.make(
            "CreateOTAStaticUpgradeJob", FirmwareId=firmware["FirmwareId"], ProductKey="pk",
            TargetSelection="ALL", SrcVersion_1="0.9",
        )  # fmt: skip
        push = await device.hear()
        device.say(ProgressReport("3", 50, "writing", "mcu"))
        device.say(VersionReport("4", "2.0"))
        await knows({"default": "2.0", "mcu": "0.9"})
        (under_way,) = await _shown(one, "ListOTATaskByJob", JobId=job["JobId"])
        device.say(VersionReport("5", "2.0", "mcu"))
        await knows({"default": "2.0", "mcu": "2.0"})
        (ended,) = await _shown(one, "ListOTATaskByJob", JobId=job["JobId"])

    assert isinstance(push, UpgradeRequest)
    assert (push.image.version, push.image.module) == ("2.0", "mcu")
    assert (under_way["taskstatus"], under_way["srcversion"]) == ("IN_PROGRESS", "0.9")
    assert (ended["taskstatus"], ended["destversion"]) == ("SUCCEEDED", "2.0")
