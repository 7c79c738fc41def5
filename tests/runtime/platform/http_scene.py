"""An HTTP server with platforms that only take note, its files, its log and a client."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import aiohttp

from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.runtime.platform.files import DiskFiles
from fleet_sim.runtime.platform.http_server import HttpServer
from fleet_sim.runtime.platform.platform import Respond
from fleet_sim.runtime.run_log import MemoryLog
from tests.runtime.lone_world import ENOS
from tests.runtime.platforms import WAIT_S

HOST = "127.0.0.1"
CONTENT = bytes(range(256)) * 40
TOKEN = "0" * 40


class Echo:
    """A platform that notes each request, and answers when and what the test says."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []
        self.responds: list[Respond] = []
        self.is_quick = True
        self.answer: HttpResponse | HttpFile = HttpResponse(200, b'{"code":0}')
        self.has_heard = asyncio.Event()

    def http(self, request: HttpRequest, respond: Respond) -> None:
        """Take note."""
        self.requests.append(request)
        self.has_heard.set()
        self.responds.append(respond)
        if self.is_quick:
            respond(self.answer)

    def opens(self, firmware_id: str, token: str) -> bool:
        """Let everybody have any file but one, which has a token."""
        return firmware_id != "locked" or token == TOKEN

    def claims(self, path: str) -> bool:
        """Claim the paths of a device channel."""
        return path.startswith("/topic/")


class Scene:
    """A server, its platform, its log and a client."""

    def __init__(self, folder: Path, session: aiohttp.ClientSession) -> None:
        self.files = DiskFiles(folder)
        self.log = MemoryLog(lambda: 0)
        self.server = HttpServer(self.files, self.log, ENOS.http_refusal)
        self.echo = Echo()
        self.devices = Echo()
        self.session = session

    def url(self, path: str) -> str:
        """Return a path's address."""
        return f"http://{HOST}:{self.server.port}{path}"

    async def get(self, path: str, **options: Any) -> tuple[int, bytes]:  # noqa: ANN401 - of aiohttp
        """Get a path; return status and body."""
        async with self.session.get(self.url(path), **options) as response:
            return response.status, await response.read()

    async def post(self, **options: Any) -> tuple[int, Any]:  # noqa: ANN401 - of aiohttp, JSON
        """Post something to the API; return status and body."""
        async with self.session.post(self.url("/api?a=1&a=2&b=%C3%BC+x"), **options) as response:
            return response.status, await response.json()

    async def raw(self, data: bytes) -> bytes:
        """Send bytes on a connection of their own; return all that comes until it ends."""
        reader, writer = await asyncio.open_connection(HOST, self.server.port)
        writer.write(data)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), WAIT_S)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        return answer

    def sent(self) -> list[tuple[int, int, int]]:
        """Return status, offset and size of every file that was sent, by the log."""
        return [
            (one["status"], one["offset"], one["size"])
            for one in self.log.records
            if one.kind == "file_sent"
        ]
