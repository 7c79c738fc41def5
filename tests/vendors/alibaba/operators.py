"""Operators on Alibaba's own SDKs for the northbound API, each in a process of its own.

The SDKs make every call but one: a firmware's file goes to the object storage, which they leave to
others. That form is posted from here.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.vendors.environments import CLASSIC_SDK, NEWER_SDK, Environment, ready_or_skip
from tests.vendors.stranger import Stranger, stranger

_DRIVERS = Path(__file__).parent / "drivers"
CONTENT = b"firmware" * 5_000

Json = Any  # what a JSON text holds


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the vendor's clients.

    Attributes:
        name: What a test is called by.
        environment: Where it is installed.
        driver: What steers it.
        settings: What its driver is told beside address and keys.
        call: What goes with every call.
    """

    name: str
    environment: Environment
    driver: str
    settings: Mapping[str, str] = field(default_factory=dict)
    call: Mapping[str, str] = field(default_factory=dict)


CLASSIC = Kind("classic", CLASSIC_SDK, "classic.py")
NEWER = Kind("newer", NEWER_SDK, "newer.py")
KINDS = (
    CLASSIC,
    Kind("classic by GET", CLASSIC_SDK, "classic.py", call={"method": "GET"}),
    NEWER,
    Kind("newer, signing as before", NEWER_SDK, "newer.py", {"signature": "v2"}),
)


class RefusedError(Exception):
    """What an SDK raised.

    Attributes:
        code: The API's code.
        status: HTTP's, None where the SDK does not say.
    """

    def __init__(self, told: Mapping[str, Json]) -> None:
        super().__init__(told["text"])
        self.code: str = told["code"]
        self.status: int | None = told.get("status")


class Operator:
    """One account's operator."""

    def __init__(self, one: Stranger, kind: Kind) -> None:
        self._one = one
        self._kind = kind

    async def ask(self, action: str, **given: Json) -> Json:
        """Make a call; return the body of its answer.

        Raises:
            RefusedError: The SDK raised.
        """
        await self._one.tell(action=action, given=given, **self._kind.call)
        told = await self._one.hear("answered")
        if "raised" in told:
            raise RefusedError(told["raised"])
        return told["answer"]

    async def upload(self, product: str, **changes: Json) -> Json:
        """Bring a file in and ask for a firmware of it, 2.0; return the answer."""
        data = (await self.ask("GenerateOTAUploadURL", FileSuffix="bin"))["Data"]
        await post(data, data["OSSAccessKeyId"], CONTENT)
        order = {
            "DestVersion": "2.0",
            "FirmwareName": "fw",
            "FirmwareUrl": data["FirmwareUrl"],
            "FirmwareSign": hashlib.md5(CONTENT).hexdigest(),  # noqa: S324 - the vendor's method
            "SignMethod": "MD5",
            "FirmwareSize": len(CONTENT),
            "ProductKey": product,
            "NeedToVerify": False,
        }
        return await self.ask("CreateOTAFirmware", **{**order, **changes})

    async def upload_names(self, *names: str) -> str:
        """Bring a list of devices in; return its address."""
        data = (await self.ask("GenerateDeviceNameListURL"))["Data"]
        await post(data, data["AccessKeyId"], "\n".join(names).encode())
        return str(data["FileUrl"])

    async def order(self, product: str, **changes: Json) -> str:
        """Upload 2.0 and order it for all devices that run 1.0; return the job's id."""
        firmware_id = (await self.upload(product))["Data"]["FirmwareId"]
        order = {
            "FirmwareId": firmware_id,
            "ProductKey": product,
            "TargetSelection": "ALL",
            "SrcVersion": ["1.0"],
        }
        made = await self.ask("CreateOTAStaticUpgradeJob", **{**order, **changes})
        assert made["Success"], made
        return str(made["Data"]["JobId"])

    async def tasks(self, job_id: str, **given: Json) -> list[Mapping[str, Json]]:
        """Return the tasks of a page."""
        answer = await self.ask("ListOTATaskByJob", JobId=job_id, **given)
        assert answer["Success"], answer
        return list(answer["Data"]["SimpleOTATaskInfo"])


async def post(data: Mapping[str, Json], key: str, content: bytes) -> None:
    """Post a file as an address says, by the form of the vendor's object storage."""
    form = aiohttp.FormData()
    form.add_field("key", data["Key"])
    form.add_field("OSSAccessKeyId", key)
    form.add_field("policy", data["Policy"])
    form.add_field("Signature", data["Signature"])
    form.add_field("file", content, filename="2.0.bin")
    async with (
        aiohttp.ClientSession() as session,
        session.post(data["Host"], data=form) as response,
    ):
        assert response.status == 204, await response.text()


@contextlib.asynccontextmanager
async def operating(
    ready: Mapping[str, Json],
    folder: Path,
    kind: Kind = CLASSIC,
    **changes: str,
) -> AsyncIterator[Operator]:
    """Start one with the keys of a running platform.

    Args:
        ready: The platform's ready line.
        folder: Where what it writes to stderr is kept.
        kind: Which of the vendor's clients.
        changes: Other settings than the platform's.
    """
    settings = {
        "host": urlsplit(ready["http"]).netloc,
        "key": ready["app_key"],
        "secret": ready["app_secret"],
        **kind.settings,
        **changes,
    }
    python = ready_or_skip(kind.environment)
    async with stranger(python, _DRIVERS / kind.driver, folder, **settings) as one:
        yield Operator(one, kind)
