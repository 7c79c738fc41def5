"""A tiny world for one agent: a server that acknowledges, a file server, a clock that jumps.

Round trips take 10 ms, a download one millisecond a byte. Connections break at given instants.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from heapq import heappop, heappush
from typing import assert_never

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.device.events import (
    Acknowledged,
    BlockReceived,
    Connect,
    Connected,
    ConnectionLost,
    Disconnect,
    DownloadAdvanced,
    DownloadCut,
    DownloadFinished,
    DropDownload,
    Effect,
    Event,
    Note,
    PoweredOn,
    Publish,
    RequestReceived,
    SetTimer,
    StartDownload,
    TimerFired,
)
from fleet_sim.device.personas import bind
from fleet_sim.device.timings import Timings
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    Block,
    BlockRequest,
    DeviceMessage,
    UpgradeReply,
    UpgradeRequest,
)

IMAGE = FirmwareImage(
    version="2.0", url="http://host/2.0.bin", size_bytes=1000, digest="aa", digest_method="md5"
)
OTHER = FirmwareImage(
    version="3.0", url="http://host/3.0.bin", size_bytes=500, digest="cc", digest_method="sha256"
)
CONTENT = bytes(range(250)) * 4
STREAMED = FirmwareImage(
    version="2.0",
    url="",
    size_bytes=len(CONTENT),
    digest=hashlib.md5(CONTENT, usedforsecurity=False).hexdigest(),
    digest_method="md5",
    stream=(7, 1),
)
ROUND_TRIP_MS = 10
FINISHED = DownloadFinished(1, 1000, "aa", "bb")


def device(
    persona: str = "healthy",
    knobs: Mapping[str, object] | None = None,
    timings: Timings | None = None,
) -> DeviceAgent:
    """Return an agent that runs 1.0 and was not powered on yet."""
    return DeviceAgent(
        device=DeviceId("pk", "dk"),
        version="1.0",
        persona=bind(persona, knobs),
        timings=timings or Timings(),
        seed=42,
    )


def push(number: int, image: FirmwareImage = IMAGE) -> RequestReceived:
    """Return the push `r-number`."""
    return RequestReceived(UpgradeRequest(f"r-{number}", image))


def block(asked: BlockRequest) -> Block:
    """Return what a server that knows STREAMED answers."""
    content = CONTENT[asked.offset : asked.offset + asked.size_bytes]
    return Block(asked.message_id, asked.offset, content, len(CONTENT))


def drive(agent: DeviceAgent, *events: Event, now_ms: int = 0) -> tuple[Effect, ...]:
    """Feed events at one instant; return the effects of the last."""
    effects: tuple[Effect, ...] = ()
    for event in events:
        effects = agent.handle(event, now_ms)
    return effects


def online(persona: str = "healthy") -> DeviceAgent:
    """Return a device that is connected and has reported 1.0 as message 1."""
    agent = device(persona)
    drive(agent, PoweredOn(), Connected())
    return agent


class World:
    """Drives one agent through virtual time.

    Attributes:
        heard: `(at_ms, message)` of all that was published.
        noted: `(at_ms, note)`.
        downloads: The `StartDownload`s, in order.
        serve: What comes of a block request, a round trip later; None: nothing.
    """

    def __init__(self, agent: DeviceAgent, *, cuts_at_ms: Iterable[int] = ()) -> None:
        self.agent = agent
        self.now_ms = 0
        self.heard: list[tuple[int, DeviceMessage]] = []
        self.noted: list[tuple[int, Note]] = []
        self.downloads: list[StartDownload] = []
        self.serve: Callable[[BlockRequest], Block | None] = block
        self._heap: list[tuple[int, int, Event | None, int]] = []
        self._order = 0
        self._connection = 0  # events of an older connection are void
        self._transfer: tuple[int, StartDownload] | None = None
        self.at(0, PoweredOn())
        for cut_at_ms in cuts_at_ms:
            self._plan(cut_at_ms, None)

    def at(self, at_ms: int, event: Event) -> None:
        """Plan an event from outside; a push reaches only who is connected then."""
        self._plan(at_ms, event)

    def run(self, until_ms: int) -> None:
        """Let time pass."""
        while self._heap and self._heap[0][0] <= until_ms:
            self.now_ms, _, event, connection = heappop(self._heap)
            if event is None:
                self._break()
            elif not connection or connection == self._connection:
                self._feed(event)
        self.now_ms = until_ms

    def said(self) -> list[DeviceMessage]:
        """Return what was published, without instants."""
        return [message for _, message in self.heard]

    def notes(self, kind: str) -> list[Note]:
        """Return the notes of one kind."""
        return [note for _, note in self.noted if note.kind == kind]

    def _plan(self, at_ms: int, event: Event | None, connection: int = 0) -> None:
        self._order += 1
        heappush(self._heap, (at_ms, self._order, event, connection))

    def _feed(self, event: Event) -> None:
        if isinstance(event, DownloadFinished | DownloadAdvanced):
            if not self._transfer or self._transfer[1].attempt != event.attempt:
                return
            if isinstance(event, DownloadFinished):
                self._transfer = None
        for effect in self.agent.handle(event, self.now_ms):
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Connect():
                self._connection += 1
                self._plan(self.now_ms + ROUND_TRIP_MS, Connected(), self._connection)
            case Disconnect():
                self._connection += 1
                self._cut_transfer()
            case Publish(message):
                assert self.agent.is_online
                self.heard.append((self.now_ms, message))
                if isinstance(message, BlockRequest):
                    self._answer(message)
                elif not isinstance(message, UpgradeReply):
                    acknowledged = Acknowledged(message.message_id)
                    self._plan(self.now_ms + ROUND_TRIP_MS, acknowledged, self._connection)
            case StartDownload():
                self._start(effect)
            case DropDownload():
                self._transfer = None
            case SetTimer(name, at_ms, token):
                self._plan(max(at_ms, self.now_ms), TimerFired(name, token))
            case Note():
                self.noted.append((self.now_ms, effect))
            case _:
                assert_never(effect)

    def _answer(self, asked: BlockRequest) -> None:
        found = self.serve(asked)
        if found is not None:
            self._plan(self.now_ms + ROUND_TRIP_MS, BlockReceived(found), self._connection)

    def _start(self, start: StartDownload) -> None:
        assert self._transfer is None
        self._transfer = (self.now_ms, start)
        self.downloads.append(start)
        for mark in start.notify_at:
            advanced = DownloadAdvanced(start.attempt, mark)
            self._plan(self.now_ms + mark - start.offset, advanced, self._connection)
        digest = start.image.digest if not start.flip_bits else "00"
        size_bytes = start.image.size_bytes
        finished = DownloadFinished(start.attempt, size_bytes, digest, "ff")
        self._plan(self.now_ms + size_bytes - start.offset, finished, self._connection)

    def _break(self) -> None:
        self._connection += 1
        self._cut_transfer()
        self._feed(ConnectionLost("cut"))

    def _cut_transfer(self) -> None:
        if self._transfer is None:
            return
        since_ms, start = self._transfer
        self._transfer = None
        held = start.offset + self.now_ms - since_ms
        self._plan(self.now_ms, DownloadCut(start.attempt, held, "cut"))
