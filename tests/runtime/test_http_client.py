import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from yarl import URL

from fleet_sim.dialects.http import HttpPart, HttpRequest, HttpResponse
from fleet_sim.runtime import http_client
from fleet_sim.runtime.errors import DownloadError
from fleet_sim.runtime.http_client import HttpCarrier, HttpFetch
from tests.runtime.platforms import WAIT_S

CONTENT = bytes(range(256)) * 400
CHUNK = 10_000


class Site:
    """A small server: `/file` serves ranges, `/echo` notes what came, `/never` does not answer."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, list[tuple[str, str]], dict[str, str], bytes]] = []
        self.ranges: list[str] = []
        self.has_seen = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/echo", self._echo)
        app.router.add_get("/file", self._file)
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
        if not wanted:
            return web.Response(body=CONTENT)
        first = int(wanted.removeprefix("bytes=").removesuffix("-"))
        return web.Response(status=206, body=CONTENT[first:])

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


async def test_a_request_arrives_as_it_is() -> None:
    """Query in its order, repeated and odd names, headers, and every byte of the body."""
    query = (("action", "create"), ("b", "1"), ("a", "ü &=+#"), ("b", "2"), ("empty", ""))
    request = HttpRequest("POST", "/echo", query, (("apim-signature", "abc"),), b"\x00\xffbody")

    async with site() as here, client() as there:
        await there.send(here.url(), request)

    ((method, path, seen_query, headers, body),) = here.seen
    assert (method, path, body) == ("POST", "/echo", b"\x00\xffbody")
    assert tuple(seen_query) == query
    assert headers["apim-signature"] == "abc"


async def test_an_answer_comes_back_as_it_is() -> None:
    """Whatever its status."""
    async with site() as here, client() as there:
        response, why = await there.send(f"{here.url()}/", HttpRequest("GET", "/echo"))

    assert response is not None
    assert (response.status, response.body, why) == (418, b"short", "")
    assert ("X-Kind", "teapot") in response.headers


async def test_a_form_is_sent_in_parts() -> None:
    """A file keeps its name and its bytes; another part has no file name."""
    parts = (
        HttpPart("metadata", b'{"a":1}', content_type="application/json"),
        HttpPart("file", b"\x00\xff\r\n--", file_name="fw 1.bin"),
    )

    async with site() as here, client() as there:
        await there.send(here.url(), HttpRequest("POST", "/echo", parts=parts))

    ((_, _, _, headers, body),) = here.seen
    assert headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="file"; filename="fw 1.bin"' in body
    assert b"\r\n\r\n\x00\xff\r\n--\r\n" in body
    metadata = body.partition(b'{"a":1}')[0]
    assert b'name="metadata"' in metadata
    assert b"filename" not in metadata


async def test_nobody_there_is_no_answer() -> None:
    """With the reason."""
    async with client() as there:
        response, why = await there.send(
            f"http://127.0.0.1:{unused_port()}", HttpRequest("GET", "/echo")
        )

    assert response is None
    assert "127.0.0.1" in why


async def test_an_answer_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The call may have taken effect; the reason is never empty."""
    monkeypatch.setattr(http_client, "CALL_TIMEOUT_S", 0.05)

    async with site() as here, client() as there:
        response, why = await there.send(here.url(), HttpRequest("GET", "/never"))

    assert response is None
    assert why


def authority(name: str = "127.0.0.1") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server of this name shows, and what a client that trusts it has."""
    issuer = trustme.CA()
    server, own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    issuer.issue_cert(name).configure_cert(server)
    issuer.configure_trust(own)
    return server, own


async def test_a_server_is_checked_against_the_given_authority() -> None:
    """A call and a file alike; without the authority there is no answer."""
    server_tls, own_tls = authority()
    trusting, doubting = Reader(), Reader()

    async with site(server_tls) as here, client() as there:
        trusted, _ = await there.send(here.url(), HttpRequest("GET", "/echo"), own_tls)
        doubted, why = await there.send(here.url(), HttpRequest("GET", "/echo"))
        there.fetch(here.url("/file"), trusting, tls=own_tls)
        there.fetch(here.url("/file"), doubting)
        for reader in (trusting, doubting):
            await asyncio.wait_for(reader.is_over.wait(), WAIT_S)

    assert trusted is not None
    assert doubted is None
    assert "certificate" in why.lower()
    assert b"".join(trusting.chunks) == CONTENT
    assert "certificate" in (doubting.why or "").lower()


# --- transfers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("offset", "wanted"), [(0, ""), (1, "bytes=1-"), (60_000, "bytes=60000-")])
async def test_a_file_is_read_from_an_offset_in_pieces(offset: int, wanted: str) -> None:
    """A range is asked for only where it is needed; no piece is longer than wished, or empty."""
    reader = Reader()

    async with site() as here, client() as there:
        there.fetch(here.url("/file"), reader, offset=offset)
        await asyncio.wait_for(reader.is_over.wait(), WAIT_S)

    assert (reader.status, reader.why) == (206 if offset else 200, "")
    assert b"".join(reader.chunks) == CONTENT[offset:]
    assert here.ranges == [wanted]
    assert all(0 < len(chunk) <= CHUNK for chunk in reader.chunks)


async def test_nothing_is_read_on_until_it_is_wanted() -> None:
    """A slow link pushes back on the server's socket."""
    reader = Reader(is_slow=True)

    async with site() as here, client() as there:
        fetch = there.fetch(here.url("/file"), reader)
        await asyncio.wait_for(reader.has_begun.wait(), WAIT_S)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(reader.chunks) == 1
        reader.has_begun.clear()
        reader.more()
        await asyncio.wait_for(reader.has_begun.wait(), WAIT_S)
        fetch.close()

    assert len(reader.chunks) == 2
    assert reader.why is None


async def test_a_transfer_that_is_closed_says_nothing_more() -> None:
    """Before its answer, and after it; wanting more later does no harm."""
    unanswered, begun = Reader(), Reader(is_slow=True)

    async with site() as here, client() as there:
        first = there.fetch(here.url("/never"), unanswered)
        second = there.fetch(here.url("/file"), begun)
        await asyncio.wait_for(here.has_seen.wait(), WAIT_S)
        await asyncio.wait_for(begun.has_begun.wait(), WAIT_S)
        first.close()
        second.close()
        begun.more()

    assert (unanswered.status, unanswered.why) == (0, None)
    assert (len(begun.chunks), begun.why) == (1, None)


async def test_a_transfer_that_breaks_ends_with_its_reason() -> None:
    """What came before is kept."""
    reader = Reader()

    async with site() as here, client() as there:
        there.fetch(here.url("/half"), reader)
        await asyncio.wait_for(reader.is_over.wait(), WAIT_S)

    assert reader.status == 200
    assert reader.why
    assert CONTENT.startswith(b"".join(reader.chunks))
    assert len(b"".join(reader.chunks)) < len(CONTENT)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/file", "ftp://127.0.0.1/file", "nonsense"])
async def test_an_address_that_leads_nowhere_ends_with_its_reason(url: str) -> None:
    """A backend may push whatever it likes."""
    reader = Reader()

    async with client() as there:
        there.fetch(url, reader)
        await asyncio.wait_for(reader.is_over.wait(), WAIT_S)

    assert reader.status == 0
    assert reader.why


async def test_a_file_server_that_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transfer has broken, though nobody said so."""
    monkeypatch.setattr(http_client, "READ_TIMEOUT_S", 0.05)
    reader = Reader()

    async with site() as here, client() as there:
        there.fetch(here.url("/never"), reader)
        await asyncio.wait_for(reader.is_over.wait(), WAIT_S)

    assert reader.why


async def test_a_file_that_is_nowhere_ends_the_transfer() -> None:
    """With the sentence that says why; no connection is opened."""
    reader = Reader()

    async def find() -> URL:
        raise DownloadError("no way is known to a file at 'gopher://h/f'")

    async with client() as there:
        there.fetch_from(find, reader)
        await asyncio.wait_for(reader.is_over.wait(), WAIT_S)

    assert (reader.status, reader.why) == (0, "no way is known to a file at 'gopher://h/f'")


async def test_a_transfer_given_up_while_its_place_is_looked_for_is_not_heard() -> None:
    """Its listener hears nothing more."""
    reader = Reader()
    is_asked = asyncio.Event()

    async def find() -> URL:
        is_asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with client() as there:
        fetch = there.fetch_from(find, reader)
        await asyncio.wait_for(is_asked.wait(), WAIT_S)
        fetch.close()

    assert (reader.status, reader.why) == (0, None)
