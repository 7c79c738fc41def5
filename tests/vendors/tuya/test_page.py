"""The page's own request to a Tuya platform, with a device on the SDK that Tuya tells to use.

Tuya's migration page sends devices to Alibaba's Link SDK; so one takes the firmware of the page's
answer, and fails with the page's words.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import aiohttp
import pytest
from yarl import URL

from fleet_sim.dialects.rpc.times import timestamp_of
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.runtime.real_time import epoch_ms
from tests.dialects.rpc.accounts import Account, account
from tests.vendors.alibaba.link_kit import link_kit_device
from tests.vendors.enos.beside import until
from tests.vendors.tuya.page import ANSWER, KEY, MAYBE, OF_ITS_DAY, REQUEST

pytestmark = pytest.mark.timeout(600)  # The first test of a machine makes the environment.

SECRET = "testsecret"
ROW = json.loads(ANSWER)["data"]["simpleOTATaskInfo"][0]
DEVICE = Registration(
    DeviceId(ROW["productKey"], ROW["deviceName"]), "s3cret", asset_id=ROW["iotId"]
)


def request_of_today(url: str, job_id: str, at_ms: int) -> str:
    """Return the page's request to another host, with what is of its day replaced.

    Signed by hand, as the page on signatures says: it is the platform that is looked at.
    """
    query = dict(parse_qsl(urlsplit(REQUEST).query))
    query |= {"Timestamp": timestamp_of(at_ms), "JobId": job_id}
    del query["Signature"]
    pairs = "&".join(f"{quote(name)}={quote(query[name], safe='')}" for name in sorted(query))
    text = f"GET&%2F&{quote(pairs, safe='')}"
    digest = hmac.new(f"{SECRET}&".encode(), text.encode(), hashlib.sha1).digest()
    query["Signature"] = base64.b64encode(digest).decode()
    return f"{url}/?{urlencode(query, quote_via=quote)}"


def kinds(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the keys and types that a JSON value is made of; each list by its first item."""
    if isinstance(value, dict):
        return {name: kinds(one) for name, one in value.items()}
    if isinstance(value, list):
        return [kinds(one) for one in value[:1]]
    return type(value).__name__


async def job_of_the_page(one: Account) -> str:
    """Order the firmware of the page's answer; return the job's id."""
    made = await one.make(
        "CreateOTAFirmware", DestVersion=ROW["destVersion"], FirmwareName="fw",
        FirmwareUrl=await one.upload(), ProductKey=ROW["productKey"], NeedToVerify="false",
    )  # fmt: skip
    ordered = await one.make(
        "CreateOTAStaticUpgradeJob", FirmwareId=made["FirmwareId"], ProductKey=ROW["productKey"],
        TargetSelection="ALL", TimeoutInMinutes=ROW["timeout"],
    )  # fmt: skip
    return str(ordered["JobId"])


async def has_come(one: Account) -> bool:
    """Tell whether the platform knows what the device runs."""
    who = {"ProductKey": DEVICE.device.product_key, "DeviceName": DEVICE.device.device_key}
    answer = await one.ask("ListOTAModuleVersionsByDevice", who)
    return bool(answer["Data"]["simpleOTAModuleInfo"])


async def asked(url: str) -> Any:  # noqa: ANN401 - JSON
    """Return what a plain HTTP client is answered."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(URL(url, encoded=True)) as response,
    ):
        assert response.status == 200
        return await response.json()


async def test_the_pages_request_is_answered_as_on_the_page(tmp_path: Path) -> None:
    """Equal in shape, types and, where the account is the page's, in values."""
    async with (
        account("tuya", app_key=KEY, devices=(DEVICE,)) as one,
        link_kit_device(
            one.ready["mqtt"], DEVICE.device, tmp_path, device_secret=DEVICE.secret,
            version=ROW["srcVersion"], hold_at="offered",
        ) as device,
    ):  # fmt: skip
        await device.tell(do="connect")
        await until(lambda: has_come(one))
        job_id = await job_of_the_page(one)
        await device.hear("held")
        await device.tell(do="say", step="-1", desc=ROW["taskDesc"])

        async def has_failed() -> bool:
            rows = (await one.ask("ListOTATaskByJob", {"JobId": job_id}))["Data"]
            return bool(rows["simpleOTATaskInfo"][0]["taskStatus"] == "FAILED")

        await until(has_failed)
        answer = await asked(request_of_today(one.ready["http"], job_id, epoch_ms()))

    (row,) = answer["data"]["simpleOTATaskInfo"]
    for name in MAYBE:
        row.pop(name, None)
    assert kinds(answer) == kinds(json.loads(ANSWER))
    same = set(ROW) - {"firmwareId", "jobId", "taskId", "utcCreate", "utcModified"}
    assert {name: row[name] for name in same} == {name: ROW[name] for name in same}
    assert row["jobId"] == job_id
    for name in ("utcCreate", "utcModified"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row[name])
    paging = ("code", "success", "currentPage", "pageSize", "pageCount", "total")
    assert [answer[name] for name in paging] == [json.loads(ANSWER)[name] for name in paging]


async def test_the_request_as_printed_has_expired() -> None:
    """Its key is known and its instant is read; that comes before its signature and its job."""
    async with account("tuya", app_key=KEY) as one:
        answer = await asked(f"{one.ready['http']}/?{urlsplit(REQUEST).query}")

    assert answer.keys() == {"requestId", "success", "code", "errorMessage"}
    assert (answer["success"], answer["code"]) == (False, "InvalidTimeStamp.Expired")


def test_the_request_is_the_pages_but_for_its_day() -> None:
    """Name by name."""
    before = dict(parse_qsl(urlsplit(REQUEST).query))
    after = dict(parse_qsl(urlsplit(request_of_today("http://h", "7", 0)).query))

    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == [*OF_ITS_DAY]
