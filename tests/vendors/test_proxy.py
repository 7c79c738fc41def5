from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.vendors.proxy import proxied


@contextlib.asynccontextmanager
async def shouting() -> AsyncIterator[str]:
    """Run a server that returns every line in capitals; yield its URL."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(line.upper())
        await closed(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def said(port: int, *lines: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection and check that each line comes back in capitals."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for line in lines:
        writer.write(line)
        assert await reader.readline() == line.upper()
    return reader, writer


async def closed(*writers: asyncio.StreamWriter) -> None:
    """Close connections, and wait until they are."""
    for writer in writers:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_bytes_pass_both_ways_and_are_kept() -> None:
    """As if nothing stood between; what each client said can be looked at."""
    async with shouting() as url, proxied(url) as proxy:
        _, one = await said(proxy.port, b"a\n", b"b\n")
        _, two = await said(proxy.port, b"c\n")
        await closed(one, two)

    assert [bytes(data) for data in proxy.sent] == [b"a\nb\n", b"c\n"]


async def test_a_cut_ends_what_is_open_and_nothing_else() -> None:
    """The client sees a reset, or an end, at once; the next connection passes."""
    async with shouting() as url, proxied(url) as proxy:
        reader, writer = await said(proxy.port, b"a\n")
        proxy.cut()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        _, later = await said(proxy.port, b"b\n")
        await closed(writer, later)


async def test_a_server_that_is_gone_is_a_closed_connection() -> None:
    """The proxy itself stays."""
    async with shouting() as url:
        pass
    async with proxied(url) as proxy:
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            assert await reader.read() == b""
            await closed(writer)


async def test_afterwards_its_port_is_closed() -> None:
    """Nothing is left behind."""
    async with shouting() as url, proxied(url) as proxy:
        pass

    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", proxy.port)
