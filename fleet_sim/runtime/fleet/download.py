"""One device's image on its way: real bytes, shaped by the link as they are read.

The source is asked for the next chunk only when the last one has passed the link, so a slow link
pushes back on the server's socket as a slow device would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from fleet_sim.device.events import (
    DownloadAdvanced,
    DownloadCut,
    DownloadFinished,
    DownloadRefused,
    Event,
    StartDownload,
)
from fleet_sim.device.holding import Holding
from fleet_sim.dialects.interface import Dialect
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.fleet.line import Line

# One read of a socket; more would let a fast reader run ahead of its link.
CHUNK_BYTES_MAX = 16_384
CHUNK_BYTES_MIN = 1_460  # One segment.
# A slow link hands over at least so often, so that progress and cuts are fine-grained.
CHUNK_MS = 250

_OK = 200
_PARTIAL = 206


class Fetch(Protocol):
    """A transfer under way."""

    def close(self) -> None:
        """Break it off; the listener hears nothing more."""


class FetchListener(Protocol):
    """Who receives a transfer."""

    def on_response(self, status: int) -> None:
        """Take the answer's status: 206 when the transfer starts at the offset asked for."""

    def on_chunk(self, chunk: bytes | memoryview, then: Callable[[], None]) -> None:
        """Take some bytes, never none, and call `then` when the next ones are wanted."""

    def on_end(self, why: str) -> None:
        """Take the end; `why` is empty when the server had nothing more to send."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose download it is: some files are only for a device that logs in."""

    device: DeviceId
    secret: str = field(repr=False)
    dialect: Dialect


class FileWorld(Protocol):
    """What a download needs of the world it is in."""

    @property
    def clock(self) -> Clock:
        """The run's clock."""

    def fetch(
        self, owner: Owner, image: FirmwareImage, offset: int, chunk: int, listener: FetchListener
    ) -> Fetch:
        """Read an image's file from this byte on, at most `chunk` bytes at a time.

        Where the image has a token, the request shows it.
        """


def chunk_bytes(down_kbps: float) -> int:
    """Return how much to read at once on a link of this speed."""
    return int(min(CHUNK_BYTES_MAX, max(CHUNK_BYTES_MIN, down_kbps * CHUNK_MS / 8)))


class Download:
    """The bytes that a device holds of one image, over as many transfers as it takes."""

    __slots__ = (
        "_arrives_at_ms", "_chunk", "_feed", "_fetch", "_holding", "_is_under_way", "_line",
        "_notify_at", "_number", "_order", "_owner", "_world", "attempt", "size_bytes",
    )  # fmt: skip

    def __init__(
        self,
        order: StartDownload,
        world: FileWorld,
        line: Line,
        feed: Callable[[Event], None],
        *,
        owner: Owner,
        chunk: int,
    ) -> None:
        self._owner = owner
        self._world = world
        self._line = line
        self._feed = feed
        self._chunk = chunk
        self._fetch: Fetch | None = None
        self._is_under_way = False
        self._arrives_at_ms = 0
        self._number = 0  # Names the transfer; what belongs to an older one is dropped.
        self._order = order
        self._begin(order)

    def _begin(self, order: StartDownload) -> None:
        self.attempt = order.attempt
        self.size_bytes = order.image.size_bytes
        self._holding = Holding(order.image.digest_method, order.flip_bits)

    @property
    def held_bytes(self) -> int:
        """How many bytes have arrived."""
        return self._holding.size_bytes

    def start(self, order: StartDownload, at_ms: int) -> None:
        """Ask the server for the bytes from the order's offset on, once a connection is open."""
        if order.attempt != self.attempt or order.offset != self.held_bytes:
            self._begin(order)
        self._order = order
        self._notify_at = tuple(at for at in order.notify_at if at > self.held_bytes)
        self._number += 1
        self._is_under_way = True
        self._arrives_at_ms = at_ms
        self._world.clock.call_at(at_ms, self._request, self._number)

    def _request(self, number: int) -> None:
        if number == self._number:
            listener = _Transfer(self, number)
            self._fetch = self._world.fetch(
                self._owner, self._order.image, self.held_bytes, self._chunk, listener
            )

    def cut(self, why: str) -> None:
        """The transfer broke, if one was under way: keep what is held and tell the agent."""
        if self._is_under_way:
            self.close()
            self._feed(DownloadCut(self.attempt, self.held_bytes, why))

    def close(self) -> None:
        """Break off the transfer under way, if any; nobody is told."""
        self._number += 1
        self._is_under_way = False
        if self._fetch is not None:
            self._fetch.close()
            self._fetch = None

    def on_response(self, number: int, status: int) -> None:
        """Take the answer's status."""
        if number != self._number or status == _PARTIAL:
            return
        if status == _OK:
            self._forget()
            return
        self.close()
        self._feed(DownloadRefused(self.attempt, status))

    def _forget(self) -> None:
        """The server sends from the first byte, asked or not: what is held is of no use."""
        if self.held_bytes:
            self._begin(self._order)

    def on_chunk(self, number: int, chunk: bytes | memoryview, then: Callable[[], None]) -> None:
        """Take bytes from the socket; they reach the device once the link has passed them."""
        if number == self._number:
            clock, link = self._world.clock, self._line.link
            now_ms = clock.now_ms()
            self._arrives_at_ms = link.down(len(chunk), now_ms)
            clock.call_at(self._arrives_at_ms, self._arrive, number, chunk)
            # The next bytes enter the link as soon as these have left its far end free, as TCP
            # keeps a window under way; waiting for their arrival would cost half a round trip each.
            clock.call_at(link.down_free_at_ms(now_ms), self._want_more, number, then)

    def _want_more(self, number: int, then: Callable[[], None]) -> None:
        if number == self._number and not self._line.is_deaf:
            then()

    def _arrive(self, number: int, chunk: bytes | memoryview) -> None:
        if number != self._number or self._line.is_deaf:
            return  # on a half-open link the transfer stalls, until the device gives all up
        self._holding.take(chunk)
        self._notify()
        if number == self._number and self.held_bytes >= self.size_bytes:
            self._finish()

    def _notify(self) -> None:
        passed = [at for at in self._notify_at if at <= self.held_bytes]
        if passed:
            self._notify_at = self._notify_at[len(passed) :]
            self._feed(DownloadAdvanced(self.attempt, self.held_bytes))

    def _finish(self) -> None:
        self.close()
        held = self._holding
        self._feed(DownloadFinished(self.attempt, held.size_bytes, held.digest, held.sha256))

    def on_end(self, number: int, why: str) -> None:
        """Take the end of a transfer; its last bytes may still be on the link."""
        self._world.clock.call_at(self._arrives_at_ms, self._ended, number, why)

    def _ended(self, number: int, why: str) -> None:
        if number == self._number and not self._line.is_deaf:
            self.cut(why or "the server closed early")


class _Transfer:
    """One transfer's ear: what comes after it was given up is not heard."""

    __slots__ = ("_download", "_number")

    def __init__(self, download: Download, number: int) -> None:
        self._download = download
        self._number = number

    def on_response(self, status: int) -> None:
        self._download.on_response(self._number, status)

    def on_chunk(self, chunk: bytes | memoryview, then: Callable[[], None]) -> None:
        self._download.on_chunk(self._number, chunk, then)

    def on_end(self, why: str) -> None:
        self._download.on_end(self._number, why)
