import asyncio

import pytest
from yarl import URL

from fleet_sim.runtime.errors import DownloadError
from fleet_sim.runtime.fleet import http_fetch
from tests.runtime.http_site import CHUNK, CONTENT, Reader, client, site
from tests.runtime.platforms import WAIT_S


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


@pytest.mark.parametrize(("token", "shown"), [("", ""), ("t-1", "Bearer t-1")])
async def test_a_token_is_shown(token: str, shown: str) -> None:
    """Beside the range; nothing where there is none."""
    reader = Reader()

    async with site() as here, client() as there:
        there.fetch(here.url("/file"), reader, offset=1, token=token)
        await asyncio.wait_for(reader.is_over.wait(), WAIT_S)

    assert (here.authorizations, here.ranges) == ([shown], ["bytes=1-"])


async def test_a_token_is_not_shown_to_another_host() -> None:
    """To which the file server leads on: the token is the platform's."""
    reader = Reader()

    async with site() as here, client() as there:
        there.fetch(here.url("/elsewhere"), reader, token="t-1")
        await asyncio.wait_for(reader.is_over.wait(), WAIT_S)

    assert reader.status == 200
    assert here.authorizations == ["Bearer t-1", ""]


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
    monkeypatch.setattr(http_fetch, "READ_TIMEOUT_S", 0.05)
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
