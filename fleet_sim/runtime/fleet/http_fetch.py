"""Firmware files over HTTP, read no faster than a device's link."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
from yarl import URL

from fleet_sim.runtime.errors import DownloadError
from fleet_sim.runtime.fleet.download import FetchListener

READ_TIMEOUT_S = 60.0  # A file server that says nothing for a minute has broken the transfer.


class HttpFetch:
    """One transfer of a firmware file; it reads on only when its listener wants more.

    Where the file is has to be found out first, which may take requests of its own. A token is
    shown as `Authorization: Bearer`; a redirection to another host does not take it along.
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
        token: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._listener = listener
        self._is_open = True
        self._tls: ssl.SSLContext | bool = tls if tls is not None else True
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._task = tasks.create_task(self._read(session, find, headers, chunk))

    def close(self) -> None:
        """Break it off."""
        self._is_open = False
        self._task.cancel()

    async def _read(
        self,
        session: aiohttp.ClientSession,
        find: Callable[[], Awaitable[URL]],
        headers: Mapping[str, str],
        chunk: int,
    ) -> None:
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
