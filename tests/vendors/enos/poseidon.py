"""An operator on `enos-poseidon`, in a process of its own: the package is under the GPL."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fleet_sim.dialects.enos.routes import FIRMWARES
from tests.vendors.environments import POSEIDON, ready_or_skip
from tests.vendors.stranger import Stranger, stranger

DRIVER = Path(__file__).parent / "drivers" / "northbound.py"
TOKEN = "/apim-token-service/v2.0/token/get"
BOUNDARY = "----boundary"

Json = Any  # what a JSON text holds


class PoseidonOperator:
    """One organisation's operator."""

    def __init__(self, one: Stranger, ready: Mapping[str, Any]) -> None:
        self._one = one
        self._ready = ready
        self._token = ""

    async def ask(
        self,
        path: str,
        action: str,
        body: str | None = None,
        *,
        method: str | None = None,
        content_type: str | None = None,
        **query: str,
    ) -> Json:
        """Make a call; return what the SDK returns, None where it had an HTTP error."""
        words = urlencode({"action": action, "orgId": self._ready["org"], **query})
        return await self._call(
            url=f"{self._ready['http']}{path}?{words}",
            body=body,
            method=method,
            content_type=content_type,
            token=self._token,
        )

    async def log_in(self) -> Json:
        """Ask for a token as the documentation says; sign by the one that is given from now on."""
        answer = await self._call(url=f"{self._ready['http']}{TOKEN}", logs_in=True)
        if answer["data"] is not None:
            self._token = answer["data"]["accessToken"]
        return answer

    async def upload(self, metadata: Mapping[str, Json], content: str) -> Json:
        """Create a firmware, from text: the SDK cannot send other bytes."""
        return await self.ask(
            FIRMWARES,
            "create",
            multipart(metadata, content),
            content_type=f"multipart/form-data; boundary={BOUNDARY}",
            productKey=self._ready["product_key"],
        )

    async def _call(self, **call: Json) -> Json:
        await self._one.tell(**call)
        return (await self._one.hear("answered"))["answer"]


@contextlib.asynccontextmanager
async def poseidon(ready: Mapping[str, Any], folder: Path) -> AsyncIterator[PoseidonOperator]:
    """Start one with the keys of a running platform.

    Args:
        ready: The platform's ready line.
        folder: Where what it writes to stderr is kept.
    """
    async with stranger(
        ready_or_skip(POSEIDON),
        DRIVER,
        folder,
        app_key=ready["app_key"],
        app_secret=ready["app_secret"],
    ) as one:
        yield PoseidonOperator(one, ready)


def multipart(metadata: Mapping[str, Json], content: str) -> str:
    """Write the two parts of a firmware upload."""
    return "\r\n".join((
        f"--{BOUNDARY}",
        'Content-Disposition: form-data; name="metadata"',
        "",
        json.dumps(metadata),
        f"--{BOUNDARY}",
        'Content-Disposition: form-data; name="file"; filename="2.0.bin"',
        "",
        content,
        f"--{BOUNDARY}--",
        "",
    ))  # fmt: skip


def shape(value: Json) -> Json:
    """Return what a JSON value is made of: the keys in their order, and the type of each value.

    The items of a list count once each kind.
    """
    if isinstance(value, dict):
        return [(key, shape(one)) for key, one in value.items()]
    if isinstance(value, list):
        kinds: list[Json] = []
        for one in map(shape, value):
            if one not in kinds:
                kinds.append(one)
        return ("list", kinds)
    return type(value).__name__
