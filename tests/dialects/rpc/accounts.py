"""An account on a running platform of either vendor, asked by calls that are signed by hand."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.runtime.real_time import epoch_ms
from tests.dialects.rpc.callers import signed
from tests.runtime.platforms import running

CONTENT = b"hello"


class Account:
    """An account on a running platform.

    Attributes:
        ready: The platform's ready line.
        holds: What `{name}` stands for in the parameters of a call.
    """

    def __init__(self, ready: Mapping[str, Any], session: aiohttp.ClientSession) -> None:
        self.ready = ready
        self._session = session
        self._asked = 0
        self.holds: dict[str, str] = {"org": ready["org"]}

    async def ask(self, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Make a signed call; return the answer's members, spelled with a capital."""
        self._asked += 1
        pairs = tuple((name, str(value).format(**self.holds)) for name, value in given.items())
        whole = tuple(pair for pair in pairs if pair[1])
        plain = HttpRequest("GET", "/", (("Action", action), *whole))
        key = {"AccessKeyId": self.ready["app_key"]}
        request = signed(plain, nonce=f"n{self._asked}", at_ms=epoch_ms(), other=key)
        async with self._session.get(self.ready["http"], params=request.query) as response:
            body = json.loads(await response.read())
        return {key[:1].upper() + key[1:]: value for key, value in body.items()}

    async def make(self, action: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - of all types
        """Make a call that is right; return its data, spelled with capitals."""
        answer = await self.ask(
            action, {name.replace("_", "."): one for name, one in given.items()}
        )
        assert answer["Success"], (action, answer)
        return {key[:1].upper() + key[1:]: value for key, value in answer["Data"].items()}

    async def upload(self) -> str:
        """Bring a file in; return its address."""
        data = await self.make("GenerateOTAUploadURL")
        form = aiohttp.FormData()
        for name in ("Key", "OSSAccessKeyId", "Policy", "Signature"):
            form.add_field(name, data[name])
        form.add_field("file", CONTENT, filename="x.bin")
        async with self._session.post(data["Host"], data=form) as response:
            assert response.status == 204
        return str(data["FirmwareUrl"])


@contextlib.asynccontextmanager
async def account(vendor: str, **settings: Any) -> AsyncIterator[Account]:  # noqa: ANN401 - of all types
    """Run a platform of a vendor, which takes signed calls only; yield its account.

    Args:
        vendor: `alibaba` or `tuya`.
        settings: The platform's; its secret is that of all calls signed by hand.
    """
    keys = {"app_key": "testid", "app_secret": "testsecret", **settings}
    async with (
        running(dialect=vendor, signed_only=True, **keys) as ready,
        aiohttp.ClientSession() as session,
    ):
        yield Account(ready, session)
