import asyncio
import ssl

import pytest
import trustme
from aiohttp.test_utils import unused_port

from fleet_sim.dialects.http import HttpPart, HttpRequest
from fleet_sim.runtime import http_client
from fleet_sim.runtime.http_client import http_session
from tests.runtime.http_site import CONTENT, Reader, client, site
from tests.runtime.platforms import WAIT_S


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


def test_a_request_may_go_to_an_origin_of_its_own() -> None:
    """The file of an upload, to wherever the backend said."""
    here = HttpRequest("GET", "/a", (("b", "c d"),))
    there = HttpRequest("GET", "/a", origin="https://files.invalid:9")

    assert str(http_client.url_of("http://h:1/", here)) == "http://h:1/a?b=c+d"
    assert str(http_client.url_of("http://h:1/", there)) == "https://files.invalid:9/a"


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


async def test_downloads_are_bounded_by_the_plan_alone() -> None:
    """The session opens as many connections as devices ask for, and keeps none for another."""
    async with http_session() as session:
        assert session.connector is not None
        assert session.connector.limit == 0
        assert session.connector.force_close
