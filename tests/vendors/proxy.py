"""A TCP proxy that a test can cut: how a link fails under a client that is not ours.

client ──► proxy ──► server          `cut` resets every connection; new ones are let in again
             │
             └── `sent`: what each client said, for a look at it afterwards
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

_CHUNK_BYTES = 1 << 16


class Proxy:
    """One that listens on a port of its own.

    Attributes:
        port: Where clients come in.
        sent: The bytes that came from each client, connection by connection, in order of arrival.
    """

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname, place.port
        self._ends: list[asyncio.StreamWriter] = []
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0
        self.sent: list[bytearray] = []

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until both ends are closed."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        said = bytearray()
        self.sent.append(said)
        self._ends.append(writer)
        with contextlib.suppress(OSError):
            beyond, onward = await asyncio.open_connection(self._host, self._port)
            self._ends.append(onward)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_carry(reader, onward, said))
                tasks.create_task(_carry(beyond, writer, None))
        await _closed(writer)

    def cut(self) -> None:
        """Reset every connection, at both ends."""
        ends, self._ends = self._ends, []
        for writer in ends:
            writer.transport.abort()

    async def end(self) -> None:
        """Cut what is open, and wait until it is closed."""
        self.cut()
        await asyncio.gather(*self._open)


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytearray | None
) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_CHUNK_BYTES):
            if said is not None:
                said += data
            writer.write(data)
            await writer.drain()
    await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Close it, also after a reset."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    """Yield a proxy before a server; connections and port are gone with the context.

    Args:
        url: The server's, with host and port; the scheme does not matter.
    """
    proxy = Proxy(url)
    server = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
        await server.wait_closed()
