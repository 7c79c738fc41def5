"""The platform's HTTP on one port: northbound API, firmware files, its vendor's device channel."""

from __future__ import annotations

import asyncio
import errno
import logging
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from fleet_sim.dialects.http import HttpFile, HttpPart, HttpRequest, HttpResponse
from fleet_sim.model.record import Source
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.platform.files import DiskFiles
from fleet_sim.runtime.platform.http_channel import HttpWay
from fleet_sim.runtime.platform.platform import Platform
from fleet_sim.runtime.run_log import RunLog

BODY_BYTES_MAX = 110 << 20  # The vendors take firmware of 100 MB; the rest is for its envelope.
DEVICE_BODY_BYTES_MAX = 1 << 20  # Messages of devices are far smaller; MQTT has the same limit.
FIRMWARE_PATH = "/firmware"
STOP_S = 1.0  # A stop waits no longer for who is still being answered, slow readers most of all.

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

RETRY_AFTER_S = "1"  # Handles come back as soon as somebody's file has been sent.
_NO_HANDLES = frozenset({errno.EMFILE, errno.ENFILE})


class HttpServer:
    """Serves a platform over aiohttp.

    Args:
        files: What is served to anybody who has a file's address, and its token if it needs one.
        log: Is told of each file that was sent.
        refuse: From a status and its reason to the answer where HTTP itself refuses.
    """

    def __init__(
        self, files: DiskFiles, log: RunLog, refuse: Callable[[int, str], HttpResponse]
    ) -> None:
        self._files = files
        self._log = log
        self._refuse = refuse
        self._platform: Platform | None = None
        self._is_serving = asyncio.Event()
        self._way: HttpWay | None = None
        self._app = web.Application(client_max_size=BODY_BYTES_MAX, middlewares=[self._refusing])
        self._app.router.add_get(f"{FIRMWARE_PATH}/{{firmware}}/{{name}}", self._file)
        self._app.router.add_route("*", "/{path:.*}", self._call)
        self._app.on_response_prepare.append(self._note_file)
        self._runner = web.AppRunner(
            self._app,
            access_log=None,
            handle_signals=False,
            logger=_log(),
            shutdown_timeout=STOP_S,
        )
        self.port = 0
        self._host = ""

    def url_of(self, firmware_id: str, file_name: str) -> str:
        """Return where anybody can fetch a kept file, once the server listens."""
        path = f"{FIRMWARE_PATH}/{firmware_id}/{quote(file_name, safe='')}"
        return f"http://{self._host}:{self.port}{path}"

    async def start(self, host: str, port: int) -> None:
        """Listen.

        Raises:
            TargetError: The port cannot be had.
        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=4096)
        try:
            await site.start()
        except OSError as error:
            raise TargetError(
                f"HTTP port {port} cannot be had on {host}: {error.strerror}; choose another with "
                "--http-port, or 0"
            ) from error
        self._host, self.port = host, self._runner.addresses[0][1]

    def serve(self, platform: Platform, way: HttpWay | None = None) -> None:
        """Answer calls with this platform from now on, and devices by this way of it."""
        self._platform = platform
        self._way = way
        self._is_serving.set()

    async def stop(self) -> None:
        """Close every connection."""
        await self._runner.cleanup()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        firmware_id, name = request.match_info["firmware"], request.match_info["name"]
        # Not 503: to a device whose download a restart has cut, any refusal is the last word.
        await self._is_serving.wait()
        assert self._platform is not None
        if not self._platform.opens(firmware_id, _bearer(request)):
            raise web.HTTPUnauthorized
        return self._kept(HttpFile(firmware_id, name))

    def _kept(self, file: HttpFile) -> web.FileResponse:
        path = self._files.path(file.firmware_id, file.file_name)
        if path is None:
            raise web.HTTPNotFound
        return _Kept(path, file)

    async def _note_file(self, request: web.Request, response: web.StreamResponse) -> None:
        if isinstance(response, _Kept):
            path = response.address
        elif request.path.startswith(f"{FIRMWARE_PATH}/"):
            path = request.path
        else:
            return
        sent = response.headers.get("Content-Range", "").partition(" ")[2]
        first = sent.partition("-")[0]
        fields = {"side": "server", "path": path, "status": response.status,
                  "offset": int(first) if first.isdigit() else 0,
                  "size": response.content_length or 0}  # fmt: skip
        self._log.add(Source.WIRE, "file_sent", fields=fields)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        platform, way = self._platform, self._way
        if platform is None:
            raise web.HTTPServiceUnavailable
        is_device = way is not None and way.claims(request.path)
        small = request.clone(client_max_size=DEVICE_BODY_BYTES_MAX) if is_device else request
        value = await _as_value(small)
        answered: asyncio.Future[HttpResponse | HttpFile]
        answered = asyncio.get_running_loop().create_future()

        def respond(response: HttpResponse | HttpFile) -> None:
            if not answered.done():  # the caller may have gone away
                answered.set_result(response)

        if way is not None and is_device:
            way.http(value, respond)
        else:
            platform.http(value, respond)
        response = await answered
        if isinstance(response, HttpFile):
            return self._kept(response)
        return _response(response)

    @web.middleware
    async def _refusing(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Put aiohttp's own refusals into the form of all other answers."""
        try:
            return await handler(request)
        except web.HTTPException as error:
            return _response(self._refuse(error.status, error.reason))
        except web.RequestPayloadError as error:
            why = " ".join(str(error).removeprefix("400, message:").split())
            return _response(self._refuse(web.HTTPBadRequest.status_code, why))


def _bearer(request: web.Request) -> str:
    """Return the token that a request shows, "" for none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class _Kept(web.FileResponse):
    """A firmware file; the log names it by one address, whichever it was asked for by."""

    def __init__(self, path: Path, file: HttpFile) -> None:
        super().__init__(path, headers={"Content-Type": "application/octet-stream"})
        self.address = f"{FIRMWARE_PATH}/{file.firmware_id}/{file.file_name}"

    def set_status(self, status: int, reason: str | None = None) -> None:
        """Take a status; one for want of file handles says so, as the file is there.

        aiohttp makes a 404 of every file that cannot be opened, while it handles the error.
        """
        error = sys.exc_info()[1]
        if isinstance(error, OSError) and error.errno in _NO_HANDLES:
            super().set_status(web.HTTPServiceUnavailable.status_code)
            self.headers["Retry-After"] = RETRY_AFTER_S
            return
        super().set_status(status, reason)


# Not HTTP, a body that is not what its headers say, or nobody there any more.
_THEIR_FAULTS = (HttpProcessingError, web.RequestPayloadError, ConnectionError)


class _OwnFaults(logging.Filter):
    """Let our own faults through, and not those of whoever is at the other end."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line of the server's log is worth a person's time."""
        kind = record.exc_info[0] if record.exc_info else None
        return kind is None or not issubclass(kind, _THEIR_FAULTS)


def _log() -> logging.Logger:
    log = logging.getLogger("fleet_sim.http")
    if not log.filters:
        log.addFilter(_OwnFaults())
    return log


def _response(answer: HttpResponse) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))


async def _as_value(request: web.Request) -> HttpRequest:
    parts: tuple[HttpPart, ...] = ()
    body = b""
    if request.content_type == "multipart/form-data":
        parts = await _parts(request)
    else:
        body = await request.read()
    return HttpRequest(
        method=request.method,
        path=request.path,
        query=tuple(request.query.items()),
        headers=tuple(request.headers.items()),
        body=body,
        parts=parts,
    )


async def _parts(request: web.Request) -> tuple[HttpPart, ...]:
    """Read a form; what is no form has no parts, which the gate then refuses."""
    found: list[HttpPart] = []
    read = 0
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                return ()  # a form within a form
            content = bytes(await part.read())
            read += len(content)
            if read > BODY_BYTES_MAX:
                raise web.HTTPRequestEntityTooLarge(BODY_BYTES_MAX, read)
            found.append(HttpPart(part.name or "", content, part.filename))
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError):
        return ()
    return tuple(found)
