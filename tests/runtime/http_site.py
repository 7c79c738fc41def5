"""A small HTTP server, and what a client of ours hears from it."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from yarl import URL

from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.runtime.fleet.http_fetch import HttpFetch
from fleet_sim.runtime.http_client import HttpCarrier
from tests.runtime.platforms import WAIT_S

CONTENT = bytes(range(256)) * 400
CHUNK = 10_000


class Site:
    """A small server: `/file` serves ranges, `/echo` notes what came, `/never` does not answer.

    `/elsewhere` leads to the file under another name of this host.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, list[tuple[str, str]], dict[str, str], bytes]] = []
        self.ranges: list[str] = []
        self.authorizations: list[str] = []
        self.has_seen = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/echo", self._echo)
        app.router.add_get("/file", self._file)
        app.router.add_get("/elsewhere", self._elsewhere)
        app.router.add_get("/half", self._half)
        app.router.add_get("/never", self._never)
        self.server = TestServer(app, port=unused_port())

    def url(self, path: str = "") -> str:
        """Return a path's address."""
        return str(self.server.make_url("/")).rstrip("/") + path

    async def _echo(self, request: web.Request) -> web.Response:
        body = await request.read()
        query = list(request.query.items())
        self.seen.append((request.method, request.path, query, dict(request.headers), body))
        return web.Response(status=418, body=b"short", headers={"X-Kind": "teapot"})

    async def _file(self, request: web.Request) -> web.Response:
        wanted = request.headers.get("Range", "")
        self.ranges.append(wanted)
        self.authorizations.append(request.headers.get("Authorization", ""))
        if not wanted:
            return web.Response(body=CONTENT)
        first = int(wanted.removeprefix("bytes=").removesuffix("-"))
        return web.Response(status=206, body=CONTENT[first:])

    async def _elsewhere(self, request: web.Request) -> web.Response:
        self.authorizations.append(request.headers.get("Authorization", ""))
        raise web.HTTPFound(f"http://localhost:{request.url.port}/file")

    async def _half(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(CONTENT))})
        await response.prepare(request)
        await response.write(CONTENT[: len(CONTENT) // 2])
        assert request.transport is not None
        request.transport.abort()
        return response

    async def _never(self, _: web.Request) -> web.Response:
        self.has_seen.set()
        await asyncio.Event().wait()
        raise AssertionError


@contextlib.asynccontextmanager
async def site(tls: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    """Run the small server."""
    made = Site()
    await made.server.start_server(ssl=tls)
    try:
        yield made
    finally:
        await made.server.close()


class Reader:
    """Hears a transfer; wants more at once, unless it was told to be slow."""

    def __init__(self, *, is_slow: bool = False) -> None:
        self.status = 0
        self.chunks: list[bytes] = []
        self.why: str | None = None
        self.more: Callable[[], None] = lambda: None
        self._is_slow = is_slow
        self.has_begun = asyncio.Event()
        self.is_over = asyncio.Event()

    def on_response(self, status: int) -> None:
        """Take note."""
        self.status = status

    def on_chunk(self, chunk: bytes | memoryview, then: Callable[[], None]) -> None:
        """Take it."""
        self.chunks.append(bytes(chunk))
        self.more = then
        self.has_begun.set()
        if not self._is_slow:
            then()

    def on_end(self, why: str) -> None:
        """Take note."""
        self.why = why
        self.is_over.set()


class Client:
    """A session, its tasks, and what came of its requests."""

    def __init__(self, session: aiohttp.ClientSession, tasks: asyncio.TaskGroup) -> None:
        self.session = session
        self.tasks = tasks

    async def send(
        self, url: str, request: HttpRequest, tls: ssl.SSLContext | None = None
    ) -> tuple[HttpResponse | None, str]:
        """Carry a request, and wait for what comes of it."""
        came: asyncio.Future[tuple[HttpResponse | None, str]] = asyncio.Future()
        carrier = HttpCarrier(self.session, url, self.tasks, tls=tls)
        carrier.send(request, lambda response, why: came.set_result((response, why)))
        return await asyncio.wait_for(came, WAIT_S)

    def fetch(self, url: str, reader: Reader, *, offset: int = 0, **options: Any) -> HttpFetch:  # noqa: ANN401
        """Begin a transfer."""

        async def find() -> URL:
            return URL(url)

        return self.fetch_from(find, reader, offset=offset, **options)

    def fetch_from(
        self,
        find: Callable[[], Awaitable[URL]],
        reader: Reader,
        *,
        offset: int = 0,
        **options: Any,  # noqa: ANN401 - of HttpFetch
    ) -> HttpFetch:
        """Begin a transfer from where the test says."""
        return HttpFetch(
            self.session, self.tasks, find, reader, offset=offset, chunk=CHUNK, **options
        )


@contextlib.asynccontextmanager
async def client() -> AsyncIterator[Client]:
    """Make a client."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as tasks:
        yield Client(session, tasks)


# --- requests -----------------------------------------------------------------------------------
