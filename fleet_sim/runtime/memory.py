"""The world in memory: connections, HTTP, files and a store without sockets, threads or disks.

Everything is synchronous work on one clock; what a peer does is done in a turn of its own, so no
caller ever finds itself called back in the midst of its work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fleet_sim.backend.events import Durable
from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.model.record import Source
from fleet_sim.mqtt.broker import Connection
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.fleet.download import Fetch, FetchListener
from fleet_sim.runtime.fleet.line import Ear
from fleet_sim.runtime.platform.blocks import Piece
from fleet_sim.runtime.platform.commits import kept_by
from fleet_sim.runtime.platform.embedded_broker import EmbeddedBroker
from fleet_sim.runtime.platform.platform import Platform
from fleet_sim.runtime.platform.storage import MemoryStore
from fleet_sim.runtime.run_log import RunLog

HTTP_MS = 1  # One way, between an operator and a platform in the same data centre.
BASE_URL = "http://platform.invalid"  # A name that can never be resolved (RFC 2606).


class MemoryCommitter:
    """Writes to the store in memory, with the same statements as to a file."""

    def __init__(self, store: MemoryStore, files: MemoryFiles) -> None:
        self._store = store
        self._files = files

    def commit(self, changes: Sequence[Durable], then: Callable[[], None]) -> None:
        """Write these changes, files first, the rows in one transaction, and call `then`."""
        self._store.apply(kept_by(self._files, changes))
        then()


class MemoryFiles:
    """Firmware files in memory, and transfers of them."""

    def __init__(self, clock: Clock, log: RunLog) -> None:
        self._clock = clock
        self._log = log
        self._content: dict[str, bytes] = {}

    def keep(self, firmware_id: str, file_name: str, content: bytes) -> None:
        """Keep a file."""
        self._content[self.url(firmware_id, file_name)] = content

    def whole(self, firmware_id: str, file_name: str) -> bytes | None:
        """Return a kept file, None where there is none."""
        return self._content.get(self.url(firmware_id, file_name))

    def read(self, firmware_id: str, file_name: str, offset: int, size_bytes: int) -> Piece | None:
        """Read some bytes of a kept file, fewer at its end, none behind it; None: no such file."""
        content = self.whole(firmware_id, file_name)
        if content is None:
            return None
        return Piece(content[offset : offset + size_bytes], len(content))

    def drop(self, firmware_id: str, file_name: str) -> None:
        """Forget a file."""
        self._content.pop(self.url(firmware_id, file_name), None)

    @staticmethod
    def url(firmware_id: str, file_name: str) -> str:
        """Return where a file is served."""
        return f"{BASE_URL}/firmware/{firmware_id}/{file_name}"

    @staticmethod
    def firmware_at(url: str) -> str:
        """Return whose file stands there, by the address alone."""
        return url.removeprefix(f"{BASE_URL}/firmware/").partition("/")[0]

    def fetch(
        self, url: str, offset: int, chunk: int, listener: FetchListener, *, may: bool = True
    ) -> Fetch:
        """Serve a file from this byte on; 404 where there is none, 416 past its end.

        To a reader who may not have it: 401.
        """
        content = self._content.get(url)
        if not may:
            status, body = 401, memoryview(b"")
        elif content is None:
            status, body = 404, memoryview(b"")
        elif offset >= len(content):
            status, body = 416, memoryview(b"")
        else:
            status, body = (206 if offset else 200), memoryview(content)[offset:]
        path = url.removeprefix(BASE_URL)
        fields = {"side": "server", "path": path, "status": status, "offset": offset,
                  "size": len(body)}  # fmt: skip
        self._log.add(Source.WIRE, "file_sent", fields=fields)
        transfer = _MemoryFetch(self._clock, body, chunk, listener)
        self._clock.call_at(self._clock.now_ms(), transfer.begin, status)
        return transfer


class _MemoryFetch:
    """One transfer."""

    __slots__ = ("_at", "_body", "_chunk", "_clock", "_is_open", "_listener")

    def __init__(self, clock: Clock, body: memoryview, chunk: int, listener: FetchListener) -> None:
        self._clock = clock
        self._body = body
        self._chunk = chunk
        self._listener = listener
        self._at = 0
        self._is_open = True

    def begin(self, status: int) -> None:
        if self._is_open:
            self._listener.on_response(status)
        self._send()

    def _send(self) -> None:
        if not self._is_open:
            return
        chunk = self._body[self._at : self._at + self._chunk]
        self._at += len(chunk)
        if chunk:
            self._listener.on_chunk(chunk, self._send)
        else:
            self._listener.on_end("")

    def close(self) -> None:
        """Break it off."""
        self._is_open = False


class MemoryCarrier:
    """Carries northbound requests to a platform in memory."""

    def __init__(self, platform: Platform, files: MemoryFiles, clock: Clock) -> None:
        self._platform = platform
        self._files = files
        self._clock = clock

    def send(self, request: HttpRequest, then: Callable[[HttpResponse | None, str], None]) -> None:
        """Deliver the request, and its answer, a moment later."""
        self._clock.call_at(self._clock.now_ms() + HTTP_MS, self._arrive, request, then)

    def _arrive(
        self, request: HttpRequest, then: Callable[[HttpResponse | None, str], None]
    ) -> None:
        def respond(answer: HttpResponse | HttpFile) -> None:
            whole = self._served(answer) if isinstance(answer, HttpFile) else answer
            self._clock.call_at(self._clock.now_ms() + HTTP_MS, then, whole, "")

        self._platform.http(request, respond)

    def _served(self, file: HttpFile) -> HttpResponse:
        content = self._files.whole(file.firmware_id, file.file_name)
        status, body = (404, b"") if content is None else (200, content)
        return HttpResponse(status, body, (("Content-Type", "application/octet-stream"),))


class MemoryNetwork:
    """Connections between rigs and a platform's broker."""

    def __init__(self, embedded: EmbeddedBroker, clock: Clock) -> None:
        self._embedded = embedded
        self._clock = clock
        self._lines: dict[Connection, tuple[Ear, int]] = {}
        self._is_flushing = False
        embedded.broker.on_wake(self._wake)

    def dial(self, ear: Ear, number: int) -> None:
        """Open a connection; the link's round trip lies behind the caller already."""
        connection = self._embedded.broker.open(self._clock.now_ms(), ear.who)
        self._lines[connection] = (ear, number)
        ear.on_open(number, _MemoryTransport(self, connection))

    def write(self, connection: Connection, data: bytes) -> None:
        """Bring bytes to the broker."""
        if connection in self._lines:
            broker = self._embedded.broker
            events = broker.receive(connection, data, self._clock.now_ms())
            self._embedded.on_events(events)

    def abort(self, connection: Connection) -> None:
        """Tell the broker that the connection is gone."""
        if self._lines.pop(connection, None) is not None:
            events = self._embedded.broker.lost(connection, self._clock.now_ms())
            self._embedded.on_events(events)

    def _wake(self) -> None:
        """Bring what the broker has to say to the rigs, in a turn of its own."""
        if not self._is_flushing:
            self._is_flushing = True
            self._clock.call_at(self._clock.now_ms(), self._flush)

    def _flush(self) -> None:
        self._is_flushing = False
        for connection in self._embedded.broker.take_dirty():
            data = connection.take_output()
            found = self._lines.get(connection)
            if found is None:
                continue
            ear, number = found
            if data:
                ear.on_bytes(number, data)
            if connection.is_closing:
                self.abort(connection)
                ear.on_closed(number, connection.why)


class _MemoryTransport:
    """The device's end of a connection in memory."""

    __slots__ = ("_connection", "_network")

    def __init__(self, network: MemoryNetwork, connection: Connection) -> None:
        self._network = network
        self._connection = connection

    def write(self, data: bytes) -> None:
        """Send these bytes."""
        self._network.write(self._connection, data)

    def close(self) -> None:
        """End the connection: what was written is with the broker already."""
        self._network.abort(self._connection)

    def abort(self) -> None:
        """Drop the connection."""
        self._network.abort(self._connection)
