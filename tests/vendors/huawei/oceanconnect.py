"""An operator on OceanConnect's northbound, as its SDKs put their requests on the wire.

Source: SDKs for PHP, Python and Java, whose sources differ in this: the one for Python begins each
query with an `&`. All of them send `Content-Type: application/json` with every call, a GET too, and
leave out of queries and bodies what is null.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from fleet_sim.dialects.huawei.admin import PACKAGES_PATH
from fleet_sim.dialects.huawei.oc_codes import INVALID_TOKEN
from fleet_sim.dialects.huawei.oc_tokens import LOGIN_PATH
from fleet_sim.dialects.huawei.oceanconnect import OPERATIONS

Json = Any  # what a JSON text holds
Said = tuple[int, Json]


class OceanOperator:
    """One application.

    Attributes:
        ready: The platform's ready line; its product is that of the packages.
        headers: What each call carries.
        renews: Log in again where a token is worthless, as it is once another login of the same
            application was made: a simulated fleet at the same platform makes one.
    """

    def __init__(self, session: aiohttp.ClientSession, ready: Mapping[str, Any]) -> None:
        self._session = session
        self.ready = ready
        self.headers: dict[str, str] = {"Content-Type": "application/json"}
        self.renews = True

    async def log_in(self) -> Json:
        """Get a token by a form, and carry it from now on; return the answer."""
        form = {"appId": self.ready["app_key"], "secret": self.ready["app_secret"]}
        status, answer = await self.send("POST", LOGIN_PATH, data=form, headers={})
        assert status == 200, answer
        self.headers["app_key"] = self.ready["app_key"]
        self.headers["Authorization"] = f"Bearer {answer['accessToken']}"
        return answer

    async def ask(self, method: str, path: str, body: Json = None, **query: str) -> Said:
        """Make a call; return the status and the answer's JSON, None for no body."""
        words = "".join(f"&{name}={quote(value)}" for name, value in query.items())
        given = body if isinstance(body, bytes) else json.dumps(body).encode()
        data = None if body is None else given
        target = f"{path}?{words}" if words else path
        said = await self.send(method, target, data=data, headers=self.headers)
        if self.renews and _is_dead_token(said):
            await self.log_in()
            said = await self.send(method, target, data=data, headers=self.headers)
        return said

    async def send(self, method: str, path: str, **options: Any) -> Said:  # noqa: ANN401 - aiohttp's
        """Send anything; the path goes out as it is."""
        url = URL(f"{self.ready['http']}{path}", encoded=True)
        async with self._session.request(method, url, **options) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def upload(self, content: bytes, version: str = "2.0", **fields: str) -> str:
        """Upload a package by the way that is ours; return its id."""
        form = aiohttp.FormData()
        package = {"model": self.ready["product_key"], "version": version, **fields}
        form.add_field("package", json.dumps(package), content_type="application/json")
        form.add_field("file", content, filename="fw.bin")
        mine = {name: self.headers[name] for name in ("app_key", "Authorization")}
        status, made = await self.send("POST", PACKAGES_PATH, data=form, headers=mine)
        assert status == 201, made
        return str(made["fileId"])

    async def order(self, file_id: str, *devices: str, **policy: Json) -> str:
        """Create a firmware task, with a policy if there is any; return its id."""
        body: dict[str, Json] = {"fileId": file_id, "targets": {"devices": list(devices)}}
        body |= {"policy": policy} if policy else {}
        status, made = await self.ask("POST", f"{OPERATIONS}/firmwareUpgrade", body)
        assert status == 200, made
        return str(made["operationId"])


def _is_dead_token(said: Said) -> bool:
    return said[1] is not None and said[1].get("error_code") == INVALID_TOKEN.code


@contextlib.asynccontextmanager
async def ocean(ready: Mapping[str, Any]) -> AsyncIterator[OceanOperator]:
    """Yield an operator that has logged in."""
    async with aiohttp.ClientSession() as session:
        one = OceanOperator(session, ready)
        await one.log_in()
        yield one
