"""HTTP out: northbound requests, and firmware files read no faster than a device's link."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

import aiohttp
from yarl import URL

from fleet_sim.dialects.http import HttpRequest, HttpResponse

CALL_TIMEOUT_S = 30.0  # Two of the vendors' own read timeouts; then the answer is unknown.


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
    """Return where a request goes, by a server of this address or one of its own."""
    origin = (request.origin or base_url).rstrip("/")
    return URL(origin + request.path).with_query(list(request.query))


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


def http_session() -> aiohttp.ClientSession:
    """Make one HTTP session for all: no limit of its own, the plan's cap bounds downloads."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    return aiohttp.ClientSession(connector=connector, auto_decompress=False)
