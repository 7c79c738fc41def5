"""An operator on `huaweicloudsdkiotda`, in a process of its own, at a platform of ours.

What the SDK has no call for, putting a file into the object storage, is done beside it.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from fleet_sim.dialects.huawei.admin import OBJECTS_PATH
from fleet_sim.dialects.huawei.oc_tokens import LOGIN_PATH
from tests.vendors.environments import IOTDA, ready_or_skip
from tests.vendors.stranger import Event, Stranger, stranger

DRIVER = Path(__file__).parent / "drivers" / "northbound.py"
CONTENT = b"firmware" * 5_000
BUCKET, KEY = "fw-bucket", "dir/fw.bin"

Json = Any  # what a JSON text holds


class IotdaOperator:
    """An operator of one project.

    Attributes:
        ready: The platform's ready line; its product is that of the packages.
    """

    def __init__(self, one: Stranger, ready: Mapping[str, Any]) -> None:
        self._one = one
        self.ready = ready

    async def ask(self, call: str, *, spoils: str | None = None, **request: Json) -> Event:
        """Make a call; return what came of it, as the driver tells."""
        await self._one.tell(call=call, request=request, spoils=spoils)
        return await self._one.hear("answered")

    async def make(self, call: str, **request: Json) -> Mapping[str, Json]:
        """Make a call that goes well; return what the SDK read."""
        event = await self.ask(call, **request)
        assert event["outcome"] == "taken", event
        return dict(event["read"])

    async def pack(self, version: str = "2.0", **changes: Json) -> str:
        """Create a package of the file in the storage; return its id."""
        made = await self.make("create_ota_package", body=self.package(version, **changes))
        return str(made["package_id"])

    def package(self, version: str = "2.0", **changes: Json) -> dict[str, Json]:
        """Return the body that creates a package."""
        return {
            "package_type": "firmwarePackage",
            "product_id": self.ready["product_key"],
            "version": version,
            "file_location": {"obs_location": place()},
            **changes,
        }


def place(**changes: Json) -> dict[str, Json]:
    """Return where the file stands."""
    return {
        "region_name": "cn-north-4",
        "bucket_name": BUCKET,
        "object_key": KEY,
        "sign_method": "SHA256",
        "sign": hashlib.sha256(CONTENT).hexdigest(),
        **changes,
    }


def task(package_id: str, *targets: str, **changes: Json) -> dict[str, Json]:
    """Return the body that creates a batch task; what is changed to None is left out."""
    body = {
        "task_name": "task_1",
        "task_type": "firmwareUpgrade",
        "targets": list(targets),
        "document": {"package_ids": [package_id]},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


async def put_file(ready: Mapping[str, Any]) -> None:
    """Put the file into the object storage, with the token of an OceanConnect login."""
    form = {"appId": ready["app_key"], "secret": ready["app_secret"]}
    async with aiohttp.ClientSession(ready["http"]) as session:
        async with session.post(LOGIN_PATH, data=form) as answer:
            headers = {"X-Auth-Token": (await answer.json(content_type=None))["accessToken"]}
        path = f"{OBJECTS_PATH}{BUCKET}/{KEY}"
        async with session.put(path, data=CONTENT, headers=headers) as answer:
            assert answer.status == 200, await answer.text()


@contextlib.asynccontextmanager
async def iotda(
    ready: Mapping[str, Any],
    folder: Path,
    **settings: Any,  # noqa: ANN401 - JSON
) -> AsyncIterator[IotdaOperator]:
    """Start one with the keys of a running platform, and the file in its storage.

    Args:
        ready: The platform's ready line.
        folder: Where what it writes to stderr is kept.
        settings: As `drivers/northbound.py` tells.
    """
    await put_file(ready)
    mine = {
        "url": ready["http"],
        "access_key": ready["app_key"],
        "secret": ready["app_secret"],
        "project": ready["org"],
        **settings,
    }
    async with stranger(ready_or_skip(IOTDA), DRIVER, folder, **mine) as one:
        yield IotdaOperator(one, ready)
