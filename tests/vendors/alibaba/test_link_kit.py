"""The vendor's Link SDK as a device of the platform, which the vendor's operator looks at.

The SDK's own slips, seen here: `ota_report_version` says OTA_PUB_FAILED of what it has sent, as it
compares paho's answer with a number; an answer that brings no task it calls invalid, and tells
nobody; and a CONNECT that is refused is tried again for ever, without a word.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.mqtt.decoding import Decoder
from fleet_sim.mqtt.packets import Connect, Publish, Subscribe
from tests.vendors.alibaba.link_kit import link_kit_device
from tests.vendors.alibaba.operators import CONTENT
from tests.vendors.alibaba.scene import METER, PRODUCT, meter, scene
from tests.vendors.enos.beside import until
from tests.vendors.proxy import proxied
from tests.vendors.stranger import Stranger

pytestmark = pytest.mark.timeout(600)  # The first test of a machine makes the environments.

DONE = ("COMPLETED", "SUCCEEDED", "restarting")


def packets(sent: bytes, kind: type[Any]) -> list[Any]:
    """Return the packets of a kind in what a client sent."""
    return [packet for packet in Decoder(1 << 20).feed(sent) if isinstance(packet, kind)]


def told(one: Stranger, event: str, *fields: str) -> list[tuple[Any, ...]]:
    """Return these fields of all events of a name."""
    found = [each for each in one.heard if each["event"] == event]
    return [tuple(each[name] for name in fields) for each in found]


async def test_a_push_is_carried_out(tmp_path: Path) -> None:
    """It comes unasked and unsubscribed; the device comes back, and its new version is success."""
    async with (
        scene(tmp_path, METER) as here,
        proxied(here.url) as proxy,
        meter(here, tmp_path, url=f"mqtt://127.0.0.1:{proxy.port}") as one,
    ):
        job = await here.operator.order(PRODUCT)
        await one.hear("upgraded", version="2.0")
        await here.runs("2.0")

        assert await here.outcome(job) == DONE
        assert (await here.task(job))["Progress"] == "100.00"
    before, after = (bytes(sent) for sent in proxy.sent)
    assert told(one, "offered", "by", "version", "size", "module") == [
        ("push", "2.0", len(CONTENT), "default")
    ]
    assert told(one, "fetched", "code") == [("SUCCESS",)]
    assert packets(before + after, Subscribe) == []
    assert [packet.topic.split("/")[3] for packet in packets(before, Publish)] == [
        "inform", "progress", "progress"
    ]  # fmt: skip
    assert [packet.topic.split("/")[3] for packet in packets(after, Publish)] == ["inform"]


async def test_it_signs_as_its_vendor_says(tmp_path: Path) -> None:
    """By HMAC-SHA1 over a client id that tells of plain TCP; a letter more, and it is nobody."""
    async with scene(tmp_path, METER) as here, proxied(here.url) as proxy:
        url = f"mqtt://127.0.0.1:{proxy.port}"
        async with meter(here, tmp_path, url=url):
            (mine,) = packets(bytes(proxy.sent[0]), Connect)
        async with link_kit_device(url, METER.device, tmp_path, device_secret="other") as stranger:
            await stranger.tell(do="connect")

            async def tries_again() -> bool:
                return len(proxy.sent) > 2  # as it does when it is refused

            await until(tries_again)

    assert mine.username == f"kit-1&{PRODUCT}"
    assert re.fullmatch(
        rf"{PRODUCT}&kit-1\|securemode=3,signmethod=hmacsha1,ext=1,_ss=1,lan=Python,_v=1\.2\.13,"
        r"timestamp=[0-9]+\|",
        mine.client_id,
    )
    assert told(stranger, "connected") == []


async def test_a_device_that_must_ask_is_not_pushed(tmp_path: Path) -> None:
    """It asks in vain, then for the one task there is, and carries it out as if it were pushed."""
    async with scene(tmp_path, METER) as here, meter(here, tmp_path) as one:
        await one.tell(do="ask")
        await here.has_heard(one)
        job = await here.operator.order(PRODUCT, NeedPush=False)
        before = (await here.task(job))["TaskStatus"]
        await one.tell(do="ask")
        await one.hear("upgraded", version="2.0")
        await here.runs("2.0")

        assert await here.outcome(job) == DONE
    assert before == "QUEUED"
    assert told(one, "offered", "by", "version") == [("answer", "2.0")]


async def test_without_consent_nothing_is_to_be_had(tmp_path: Path) -> None:
    """Neither by push nor by request; with it, the push comes."""
    async with scene(tmp_path, METER) as here, meter(here, tmp_path) as one:
        job = await here.operator.order(PRODUCT, NeedConfirm=True)
        await one.tell(do="ask")
        await here.has_heard(one)
        before = await here.task(job)
        await here.operator.ask("ConfirmOTATask", TaskId=[before["TaskId"]])
        await one.hear("upgraded", version="2.0")
        await here.runs("2.0")

        assert await here.outcome(job) == DONE
    assert before["TaskStatus"] == "CONFIRM"
    assert told(one, "offered", "by") == [("push",)]


async def test_a_module_is_upgraded_by_its_own_name(tmp_path: Path) -> None:
    """Its version, its progress and its push all name it; what runs besides it stays as it is."""
    async with (
        scene(tmp_path, METER) as here,
        meter(here, tmp_path, module="mcu", hold_at="fetched") as one,
    ):
        await one.tell(do="report", module="default", version="1.1")
        await here.runs("1.1")
        named = {"ProductKey": PRODUCT, "ModuleName": "mcu"}
        assert (await here.operator.ask("CreateOTAModule", **named))["Success"]
        made = await here.operator.upload(PRODUCT, ModuleName="mcu")
        ordered = await here.operator.ask(
            "CreateOTAStaticUpgradeJob", FirmwareId=made["Data"]["FirmwareId"],
            ProductKey=PRODUCT, TargetSelection="ALL", SrcVersion=["1.0"],
        )  # fmt: skip
        job = ordered["Data"]["JobId"]
        await one.hear("held")
        await here.shows(job, "IN_PROGRESS")
        await one.tell(do="go")
        await here.runs("2.0", "mcu")
        await here.runs("1.1")

        assert await here.outcome(job) == DONE
    assert told(one, "offered", "by", "module") == [("push", "mcu")]


async def test_what_goes_with_a_push_reaches_the_device(tmp_path: Path) -> None:
    """The package's own text, and the tags of the job, as the SDK hands them to its user."""
    async with scene(tmp_path, METER) as here, meter(here, tmp_path) as one:
        made = await here.operator.upload(PRODUCT, Udi='{"note":"x"}')
        ordered = await here.operator.ask(
            "CreateOTAStaticUpgradeJob", FirmwareId=made["Data"]["FirmwareId"],
            ProductKey=PRODUCT, TargetSelection="ALL", Tag=[{"Key": "shift", "Value": "night"}],
        )  # fmt: skip
        assert ordered["Success"], ordered
        await one.hear("upgraded", version="2.0")

    ((extra,),) = told(one, "offered", "extra")
    assert ast.literal_eval(extra) == {"shift": "night", "_package_udi": '{"note":"x"}'}


async def test_a_damaged_image_is_tried_again(tmp_path: Path) -> None:
    """The SDK finds the wrong digest; the retry policy pushes again, and all is well."""
    async with scene(tmp_path, METER) as here, meter(here, tmp_path, corrupt=[1]) as one:
        job = await here.operator.order(PRODUCT, RetryInterval=0, RetryCount=1)
        failed = await one.hear("gave_up")
        await one.hear("upgraded", attempt=2)
        await here.runs("2.0")

        assert await here.outcome(job) == DONE
    assert failed["step"] == -3
    assert told(one, "fetched", "code") == [("OTA_DIGEST_MISMATCH",), ("SUCCESS",)]
    assert told(one, "offered", "by") == [("push",), ("push",)]


async def test_a_job_without_retries_ends_with_the_devices_words(tmp_path: Path) -> None:
    """Its desc is what the device said of it."""
    async with scene(tmp_path, METER) as here, meter(here, tmp_path, corrupt=[1]) as one:
        job = await here.operator.order(PRODUCT)
        await one.hear("gave_up")
        await here.shows(job, "FAILED")

        assert await here.outcome(job) == ("COMPLETED", "FAILED", "OTA_DIGEST_MISMATCH")
    assert told(one, "offered", "by") == [("push",)]


@pytest.mark.parametrize(
    ("hold_at", "status"), [("offered", "NOTIFIED"), ("fetched", "IN_PROGRESS")]
)
async def test_a_cut_in_mid_upgrade_is_survived(hold_at: str, status: str, tmp_path: Path) -> None:
    """The SDK reconnects by itself and is pushed to again, progress or none, as documented."""
    async with scene(tmp_path, METER) as here, proxied(here.url) as proxy:
        url = f"mqtt://127.0.0.1:{proxy.port}"
        async with meter(here, tmp_path, url=url, hold_at=hold_at) as one:
            job = await here.operator.order(PRODUCT)
            await one.hear("held")
            await here.shows(job, status)
            proxy.cut()
            await one.hear("connected")
            await one.hear("offered", by="push")
            await here.shows(job, status)
            await one.tell(do="go")
            await one.hear("upgraded", attempt=1)
            await here.runs("2.0")

            assert await here.outcome(job) == DONE


async def test_a_device_is_registered_by_its_products_secret(tmp_path: Path) -> None:
    """Nobody knew it: it is told a secret of its own, and comes by that from then on."""
    async with scene(tmp_path) as here:
        device = DeviceId(here.ready["product_key"], "new-1")
        product_secret = here.ready["product_secret"]
        async with link_kit_device(
            here.url, device, tmp_path, product_secret=product_secret
        ) as one:
            await one.tell(do="connect")
            given = await one.hear("registered")
            await one.tell(do="connect")
            await one.hear("connected")
            await here.runs("1.0", of=Registration(device, given["secret"]))
            job = await here.operator.order(device.product_key)
            await one.hear("upgraded", version="2.0")
            await here.runs("2.0", of=Registration(device, given["secret"]))

            assert await here.outcome(job) == DONE
    assert given["code"] == 0
    assert given["secret"] not in {"", product_secret}
