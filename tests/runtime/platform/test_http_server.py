import asyncio
import contextlib
import errno
import json
import socket
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import cast
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from fleet_sim.dialects.http import HttpFile, HttpResponse
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.platform import http_server
from fleet_sim.runtime.platform.files import DiskFiles
from fleet_sim.runtime.platform.http_channel import HttpWay
from fleet_sim.runtime.platform.http_server import FIRMWARE_PATH, HttpServer
from fleet_sim.runtime.platform.platform import Platform
from fleet_sim.runtime.run_log import MemoryLog
from tests.runtime.lone_world import ENOS
from tests.runtime.platform.http_scene import CONTENT, HOST, TOKEN, Echo, Scene
from tests.runtime.platforms import WAIT_S


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A server with one file, serving."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
        made = Scene(tmp_path, session)
        made.files.keep("f-1", "fw.bin", CONTENT)
        await made.server.start(HOST, 0)
        # All that a server needs of either.
        made.server.serve(cast(Platform, made.echo), cast(HttpWay, made.devices))
        try:
            yield made
        finally:
            await made.server.stop()


# --- files --------------------------------------------------------------------------------------


async def test_a_file_is_served_whole(scene: Scene) -> None:
    """And the log tells the answer: path, status, offset, size."""
    status, body = await scene.get(f"{FIRMWARE_PATH}/f-1/fw.bin")

    assert (status, body) == (200, CONTENT)
    assert scene.sent() == [(200, 0, len(CONTENT))]
    assert scene.log.records[0]["path"] == "/firmware/f-1/fw.bin"


@pytest.mark.parametrize(
    ("code", "status", "retry_after"),
    [(errno.EMFILE, 503, "1"), (errno.ENFILE, 503, "1"), (errno.ENOENT, 404, None)],
)
async def test_a_file_for_which_no_handle_is_left_is_put_off(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, code: int, status: int, retry_after: str | None
) -> None:
    """It is there, so "not found" would be a lie; only a file that has gone meanwhile is a 404."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, "no")

    monkeypatch.setattr(Path, "open", fail)

    async with scene.session.get(scene.url(f"{FIRMWARE_PATH}/f-1/fw.bin")) as response:
        assert (response.status, response.headers.get("Retry-After")) == (status, retry_after)

    monkeypatch.undo()
    assert (await scene.get(f"{FIRMWARE_PATH}/f-1/fw.bin"))[1] == CONTENT


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
        ("Bearer x", 401),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        ("", 401),
    ],
)
async def test_a_file_that_needs_a_token_is_for_who_shows_it(
    scene: Scene, shown: str, status: int
) -> None:
    """A Bearer token, in the header that logins have."""
    scene.files.keep("locked", "fw.bin", CONTENT)
    headers = {"Authorization": shown} if shown else {}

    got, body = await scene.get(f"{FIRMWARE_PATH}/locked/fw.bin", headers=headers)

    assert (got, body == CONTENT) == (status, status == 200)


async def test_a_file_waits_for_its_platform(tmp_path: Path) -> None:
    """Only that can tell who may have it, and a refusal would be the end of a download."""
    files = DiskFiles(tmp_path)
    files.keep("f-1", "fw.bin", CONTENT)
    server = HttpServer(files, MemoryLog(lambda: 0), ENOS.http_refusal)
    await server.start(HOST, 0)

    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:

        async def got() -> bytes:
            async with session.get(server.url_of("f-1", "fw.bin")) as response:
                return await response.read()

        early = tasks.create_task(got())
        # A request of its own, answered later than the first has been read.
        async with session.get(f"http://{HOST}:{server.port}/api") as response:
            assert response.status == 503
        was_done = early.done()
        server.serve(cast(Platform, Echo()))
        content = await asyncio.wait_for(early, WAIT_S)
    await server.stop()

    assert (was_done, content) == (False, CONTENT)


async def test_a_server_stops_though_a_file_waits(tmp_path: Path) -> None:
    """Its platform never came."""
    server = HttpServer(DiskFiles(tmp_path), MemoryLog(lambda: 0), ENOS.http_refusal)
    await server.start(HOST, 0)

    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:

        async def got() -> bool:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(server.url_of("f-1", "fw.bin")):
                    return True
            return False

        early = tasks.create_task(got())
        async with session.get(f"http://{HOST}:{server.port}/api"):
            pass
        await asyncio.wait_for(server.stop(), WAIT_S)

    assert not early.result()


async def test_a_files_address_leads_to_it(scene: Scene) -> None:
    """Whatever its name is made of."""
    scene.files.keep("f-2", "fw 2/\u00fc?.bin", b"other")

    url = scene.server.url_of("f-2", "fw 2/\u00fc?.bin")

    async with scene.session.get(URL(url, encoded=True)) as response:
        assert (response.status, await response.read()) == (200, b"other")


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("0-", 0, None), ("1-", 1, None), ("10239-", 10_239, None), ("100-199", 100, 200),
     ("-7", 10_233, None), ("10000-99999", 10_000, None)],
)  # fmt: skip
async def test_a_range_is_served_from_its_first_byte(
    scene: Scene, wanted: str, first: int, last: int | None
) -> None:
    """With 206; the log tells where it begins and how long it is."""
    status, body = await scene.get(
        f"{FIRMWARE_PATH}/f-1/fw.bin", headers={"Range": f"bytes={wanted}"}
    )

    assert (status, body) == (206, CONTENT[first:last])
    assert scene.sent() == [(206, first, len(body))]


@pytest.mark.parametrize("wanted", ["bytes=10240-", "bytes=99999-", "bytes=5-3"])
async def test_a_range_past_the_end_is_refused(scene: Scene, wanted: str) -> None:
    """With 416, and nothing of the file."""
    status, body = await scene.get(f"{FIRMWARE_PATH}/f-1/fw.bin", headers={"Range": wanted})

    assert status == 416
    assert len(body) < 200


@pytest.mark.parametrize(
    "path",
    ["/firmware/f-1/other.bin", "/firmware/f-2/fw.bin", "/firmware/f-1/%2e%2e%2ff-1%2ffw.bin",
     "/firmware/..%2f..%2fetc/passwd", "/firmware/f-1/%00", "/firmware/f-1/" + "x" * 4_000,
     "/firmware/f-1/%ff%fe", "/firmware/f-1/.fw.bin.part"],
)  # fmt: skip
async def test_what_is_not_there_is_a_404_in_json(scene: Scene, path: str) -> None:
    """Whatever the path tries."""
    status, body = await scene.get(path)

    assert status == 404
    assert json.loads(body)["code"] == 404
    assert [status for status, _, _ in scene.sent()] == [404]


@pytest.mark.parametrize("name", ["with space.bin", "a#b?c%d&e.bin", "ü+ß.bin", "x" * 255, "-.bin"])
async def test_a_file_of_any_name_is_served(scene: Scene, name: str) -> None:
    """Under its name as a URL writes it."""
    scene.files.keep("f-2", name, b"other")

    assert await scene.get(f"{FIRMWARE_PATH}/f-2/{quote(name, safe='')}") == (200, b"other")


async def test_a_stop_does_not_wait_for_who_reads_nothing(scene: Scene, tmp_path: Path) -> None:
    """A download that stalls for ever would else hold it up for a minute."""
    scene.files.keep("f-3", "large.bin", bytes(32 << 20))
    reader, writer = await asyncio.open_connection(HOST, scene.server.port, limit=1)
    writer.write(b"GET /firmware/f-3/large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.wait_for(reader.readexactly(12), WAIT_S)

    await asyncio.wait_for(scene.server.stop(), WAIT_S)

    writer.transport.abort()


# --- calls --------------------------------------------------------------------------------------


async def test_a_call_reaches_the_platform_as_a_value(scene: Scene) -> None:
    """Method, path, query with repetitions, headers and body, decoded."""
    status, body = await scene.post(data=b"\xff\x00raw", headers={"apim-signature": "abc"})

    (request,) = scene.echo.requests
    assert (status, body) == (200, {"code": 0})
    assert (request.method, request.path, request.body) == ("POST", "/api", b"\xff\x00raw")
    assert request.query == (("a", "1"), ("a", "2"), ("b", "ü x"))
    assert request.header("Apim-Signature") == "abc"
    assert request.parts == ()


async def test_a_form_reaches_the_platform_in_parts(scene: Scene) -> None:
    """With the file's name and every byte of it."""
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("metadata", '{"x":1}', content_type="application/json")
    form.add_field("file", CONTENT, filename="fw 1 ü.bin", content_type="application/octet-stream")

    await scene.post(data=form)

    (request,) = scene.echo.requests
    assert [(part.name, part.content, part.file_name) for part in request.parts] == [
        ("metadata", b'{"x":1}', None), ("file", CONTENT, "fw 1 ü.bin"),
    ]  # fmt: skip
    assert request.body == b""


FORM = "multipart/form-data"
NESTED = (
    b'--b\r\nContent-Disposition: form-data; name="file"\r\n'
    b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, b"no boundary was named"),
        (f"{FORM}; boundary=b", b""),
        (f"{FORM}; boundary=b", b"no boundary is in here"),
        (f"{FORM}; boundary=b", b"--b\r\n"),
        (f"{FORM}; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf'),
        (f"{FORM}; boundary=b", b"--b\r\nno header\r\n\r\nx\r\n--b--\r\n"),
        (f"{FORM}; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n"),
        (f"{FORM}; boundary=b", b"--b--\r\n"),
        (f"{FORM}; boundary=b", NESTED),
        (f"{FORM}; boundary={'b' * 300}", b"--b--\r\n"),
        (f"{FORM}; boundary=b", b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--b--\r\n"),
        (f"{FORM}; boundary=b", b"--b\r\nContent-Length: 99\r\n\r\nx\r\n--b--\r\n"),
        (f"{FORM}; boundary=b", b"--b\r\nContent-Length: x\r\n\r\nx\r\n--b--\r\n"),
        (f"{FORM}; boundary=b", b"--b\r\nContent-Encoding: gzip\r\n\r\nx\r\n--b--\r\n"),
        (f"{FORM}; boundary=b", b"--b\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\nx\r\n--b--\r\n"),
        (f"{FORM}; boundary=b", b"\xff" * 1_000),
    ],
)
async def test_what_is_no_form_has_no_parts(scene: Scene, content_type: str, body: bytes) -> None:
    """The gate then says what is missing; nothing in it breaks the server."""
    status, answer = await scene.post(data=body, headers={"Content-Type": content_type})

    assert status in {200, 400}
    assert "code" in answer
    for request in scene.echo.requests:
        assert all(part.file_name is None for part in request.parts)
    assert (await scene.post(data=b"{}"))[0] == 200


@pytest.mark.parametrize("is_form", [True, False])
async def test_a_body_that_is_too_large_is_refused(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, *, is_form: bool
) -> None:
    """With 413, before all of it is in memory."""
    monkeypatch.setattr(http_server, "BODY_BYTES_MAX", 100_000)
    server = HttpServer(scene.files, scene.log, ENOS.http_refusal)
    await server.start(HOST, 0)
    server.serve(cast(Platform, scene.echo))
    form = aiohttp.FormData()
    form.add_field("file", bytes(200_000), filename="fw.bin")
    data = form if is_form else bytes(200_000)

    async with scene.session.post(f"http://{HOST}:{server.port}/api", data=data) as response:
        status, answer = response.status, await response.json()
    await server.stop()

    assert (status, answer["code"]) == (413, 413)
    assert scene.echo.requests == []


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /api HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /api HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"y" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
        b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nxxxx",
        b"\x00" * 1_000,
        b"",
    ],
)
async def test_rubbish_gets_no_further_than_the_server(scene: Scene, data: bytes) -> None:
    """Who asked is at fault, or the connection is closed; the next call is answered."""
    answer = await scene.raw(data)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert scene.echo.requests == []
    assert (await scene.post(data=b"{}"))[0] == 200


async def test_a_body_that_cannot_be_decoded_is_no_fault_of_ours(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered in our form, the connection is closed, and no log tells of it."""
    reader, writer = await asyncio.open_connection(HOST, scene.server.port)
    writer.write(b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n")
    writer.write(b"Content-Length: 4\r\n\r\nabcd")

    answer = await asyncio.wait_for(reader.read(), WAIT_S)

    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == 400
    assert caplog.records == []


async def test_who_went_away_before_the_answer_is_not_missed(scene: Scene) -> None:
    """The platform answers into nothing, and the server lives on."""
    scene.echo.is_quick = False
    _, writer = await asyncio.open_connection(HOST, scene.server.port)
    writer.write(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.wait_for(scene.echo.has_heard.wait(), WAIT_S)
    writer.transport.abort()
    await asyncio.sleep(0)

    scene.echo.responds[0](HttpResponse(200, b"{}"))
    scene.echo.responds[0](HttpResponse(200, b"twice"))
    scene.echo.is_quick = True

    assert (await scene.post(data=b"{}"))[0] == 200


# --- devices ------------------------------------------------------------------------------------


async def test_what_the_device_channel_claims_goes_there(scene: Scene) -> None:
    """Path, query and body as they came; the northbound API hears nothing of it."""
    async with scene.session.post(
        scene.url("/topic/sys/pk/d%C3%BC%201/x?sessionId=1"), data=b"{}"
    ) as response:
        assert (response.status, await response.json()) == (200, {"code": 0})

    assert scene.echo.requests == []
    (request,) = scene.devices.requests
    assert (request.path, request.query, request.body) == (
        "/topic/sys/pk/dü 1/x",
        (("sessionId", "1"),),
        b"{}",
    )


async def test_a_devices_body_is_small(scene: Scene) -> None:
    """A mebibyte is read, more is not; uploads of operators may be far larger."""
    async with scene.session.post(scene.url("/topic/x"), data=BytesIO(bytes(1 << 20))) as response:
        assert response.status == 200
    async with scene.session.post(
        scene.url("/topic/x"), data=BytesIO(bytes((1 << 20) + 1))
    ) as response:
        assert (response.status, (await response.json())["code"]) == (413, 413)
    assert (await scene.post(data=BytesIO(bytes((1 << 20) + 1))))[0] == 200

    assert len(scene.devices.requests) == 1


async def test_an_answer_may_be_a_kept_file(scene: Scene) -> None:
    """With ranges; in the log it has the one address that it has."""
    scene.devices.answer = HttpFile("f-1", "fw.bin")

    async with scene.session.get(
        scene.url("/topic/download"), headers={"Range": "bytes=10000-"}
    ) as response:
        assert (response.status, await response.read()) == (206, CONTENT[10_000:])

    assert scene.sent() == [(206, 10_000, len(CONTENT) - 10_000)]
    assert scene.log.records[0]["path"] == "/firmware/f-1/fw.bin"


async def test_a_file_that_is_not_there_is_not_found(scene: Scene) -> None:
    """It was deleted between the answer and the disk."""
    scene.devices.answer = HttpFile("f-2", "fw.bin")

    async with scene.session.get(scene.url("/topic/download")) as response:
        assert (response.status, (await response.json())["code"]) == (404, 404)


async def test_before_there_is_a_platform_nothing_is_served(tmp_path: Path) -> None:
    """503, in JSON like all else."""
    server = HttpServer(DiskFiles(tmp_path), MemoryLog(lambda: 0), ENOS.http_refusal)
    await server.start(HOST, 0)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{HOST}:{server.port}/api") as response,
    ):
        assert (response.status, (await response.json())["code"]) == (503, 503)
    await server.stop()


async def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    """Which, and what to do."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = HttpServer(DiskFiles(tmp_path), MemoryLog(lambda: 0), ENOS.http_refusal)

        with pytest.raises(TargetError, match=rf"HTTP port {port} cannot be had .* --http-port"):
            await server.start(HOST, port)
        await server.stop()
