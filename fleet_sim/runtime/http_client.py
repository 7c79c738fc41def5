"""HTTP out: northbound requests, and firmware files read no faster than a device's link."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import aiohttp
from yarl import URL

from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.runtime.download import FetchListener
from fleet_sim.runtime.errors import DownloadError

CALL_TIMEOUT_S = 30.0  # Two of the vendors' own read timeouts; then the answer is unknown.
READ_TIMEOUT_S = 60.0  # A file server that says nothing for a minute has broken the transfer.


class HttpCarrier:
    """Carries northbound requests to a server by URL."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, tasks: asyncio.TaskGroup,
        *, tls: ssl.SSLContext | None,
    ) -> None:  # fmt: skip
        self._session = session
        self._base_url = base_url
        self._tasks = tasks
        self._tls = tls

    def send(self, request: HttpRequest, then: Callable[[HttpResponse | None, str], None]) -> None:
        """Send it in a task of its own."""
        self._tasks.create_task(self._send(request, then))

    async def _send(
        self, request: HttpRequest, then: Callable[[HttpResponse | None, str], None]
    ) -> None:
        response: HttpResponse | None = None
        why = ""
        try:
            response = await exchange(self._session, self._base_url, request, tls=self._tls)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            why = str(error) or type(error).__name__
        then(response, why)


def url_of(base_url: str, request: HttpRequest) -> URL:
    """Return where a request goes at a server of this address."""
    return URL(base_url.rstrip("/") + request.path).with_query(list(request.query))


async def exchange(
    session: aiohttp.ClientSession,
    base_url: str,
    request: HttpRequest,
    *,
    tls: ssl.SSLContext | None,
) -> HttpResponse:
    """Send a request and return the answer.

    Raises:
        aiohttp.ClientError: There is none; TimeoutError and OSError likewise.
    """
    body: aiohttp.FormData | bytes | None = request.body or None
    if request.parts:
        body = aiohttp.FormData(quote_fields=False)  # a file name arrives as it is
        for part in request.parts:
            is_file = part.file_name is not None
            body.add_field(
                part.name,
                part.content if is_file else part.content.decode(),
                filename=part.file_name,
                content_type=part.content_type,
            )
    async with session.request(
        request.method,
        url_of(base_url, request),
        headers=list(request.headers),
        data=body,
        ssl=tls if tls is not None else True,
        timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT_S),
    ) as response:
        content = await response.read()
        headers = tuple(response.headers.items())
        return HttpResponse(response.status, content, headers)


class HttpFetch:
    """One transfer of a firmware file; it reads on only when its listener wants more.

    Where the file is has to be found out first, which may take requests of its own.
    """

    __slots__ = ("_is_open", "_listener", "_task", "_tls")

    def __init__(
        self,
        session: aiohttp.ClientSession,
        tasks: asyncio.TaskGroup,
        find: Callable[[], Awaitable[URL]],
        listener: FetchListener,
        *,
        offset: int,
        chunk: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._listener = listener
        self._is_open = True
        self._tls: ssl.SSLContext | bool = tls if tls is not None else True
        self._task = tasks.create_task(self._read(session, find, offset, chunk))

    def close(self) -> None:
        """Break it off."""
        self._is_open = False
        self._task.cancel()

    async def _read(
        self,
        session: aiohttp.ClientSession,
        find: Callable[[], Awaitable[URL]],
        offset: int,
        chunk: int,
    ) -> None:
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        why = ""
        try:
            async with session.get(
                await find(),
                headers=headers,
                ssl=self._tls,
                timeout=aiohttp.ClientTimeout(sock_read=READ_TIMEOUT_S),
            ) as response:
                self._listener.on_response(response.status)
                await self._pass_on(response, chunk)
        except (TimeoutError, aiohttp.ClientError, OSError, DownloadError) as error:
            why = str(error) or type(error).__name__
        if self._is_open:
            self._is_open = False
            self._listener.on_end(why)

    async def _pass_on(self, response: aiohttp.ClientResponse, chunk: int) -> None:
        loop = asyncio.get_running_loop()
        async for data in response.content.iter_chunked(chunk):
            if not self._is_open:
                return
            wanted: asyncio.Future[None] = loop.create_future()

            def more(wanted: asyncio.Future[None] = wanted) -> None:
                if not wanted.done():
                    wanted.set_result(None)

            self._listener.on_chunk(data, more)
            await wanted
