"""The OTA agent of one device: events in, effects out.

The course of an upgrade that goes well, with what the server hears:

    push ──► reply 200, progress 0 ──► download (25, 50, 75) ──► check ──► install (100)
         ──► off line, reboot ──► new connection, version report

Progress during the download is the share of the bytes, in steps; 100 is said once the image is
installed. The device reboots when the server has the 100, or a little later when it never answers.
A connection that breaks ends nothing: bytes held stay, the download goes on from there, and the
last report that the server did not acknowledge is sent again under its own id.

How a device misbehaves stands in its `Conduct`, which the agent consults where the fields say. Any
event may come in any state, late ones included; what does not fit is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from fleet_sim.device.conduct import Persona
from fleet_sim.device.events import (
    Acknowledged,
    Connect,
    Connected,
    ConnectionLost,
    Disconnect,
    DownloadAdvanced,
    DownloadCut,
    DownloadFinished,
    DownloadRefused,
    DropDownload,
    Effect,
    Event,
    Note,
    OfferReceived,
    PoweredOn,
    Publish,
    ReplyReceived,
    RequestReceived,
    SetTimer,
    StartDownload,
    Timer,
    TimerFired,
)
from fleet_sim.device.states import MOVES, UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.chance import draw
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    FailureReport,
    ProgressReport,
    UpgradeReply,
    UpgradeRequest,
    VersionOffer,
    VersionQuery,
    VersionReport,
)

# HTTP's "conflict": the vendors name no code for a busy device, only that 200 is consent.
BUSY_CODE = 409

_BUSY = frozenset({UpgradeState.DOWNLOADING, UpgradeState.INSTALLING, UpgradeState.FINISHING})


class DeviceAgent:
    """One device's mind; it owns its upgrade and its message ids, and never touches the world.

    Args:
        device: Who it is.
        version: What it runs at first.
        persona: How it misbehaves.
        timings: How long things take it.
        seed: The run's.
    """

    __slots__ = (
        "_attempt",
        "_conduct",
        "_cuts",
        "_failures",
        "_held",
        "_image",
        "_is_mute",
        "_is_online",
        "_is_transferring",
        "_messages",
        "_pending",
        "_percent",
        "_persona",
        "_request",
        "_seed",
        "_state",
        "_timings",
        "_token",
        "_tokens",
        "_tries",
        "_version",
        "_version_message",
        "_who",
    )

    def __init__(
        self, *, device: DeviceId, version: str, persona: Persona, timings: Timings, seed: int
    ) -> None:
        self._who = str(device)
        self._version = version
        self._persona = persona
        self._timings = timings
        self._seed = seed
        self._state = UpgradeState.OFF
        self._is_online = False
        self._failures = 0  # to connect, in a row
        self._messages = 0  # ids given out; never reset, so they stay unique over reboots
        self._version_message = ""  # the id of the last version report
        self._token = 0
        self._tokens: dict[Timer, int] = {}  # the timers awaited, and their tokens
        self._request = ""  # the id of the push under way, or of the last
        self._image: FirmwareImage | None = None  # what it asked for
        self._attempt = 0  # over the life of the device; names the download
        self._tries = 0  # attempts at this version; what personas count
        self._conduct = persona.conduct(1, seed=seed, who=self._who, index=1)
        self._is_mute = False  # keeps its version to itself
        self._pending: ProgressReport | FailureReport | None = None  # not acknowledged yet
        self._percent = 0  # last reported
        self._is_transferring = False
        self._held = 0  # bytes, as far as known
        self._cuts = 0  # in a row without a new byte

    def __repr__(self) -> str:
        link = "on line" if self._is_online else "off line"
        return f"<DeviceAgent {self._who} {self._version} {self._state} {link} #{self._attempt}>"

    @property
    def state(self) -> UpgradeState:
        """Where it stands in its upgrade."""
        return self._state

    @property
    def version(self) -> str:
        """What it runs."""
        return self._version

    @property
    def is_online(self) -> bool:
        """Whether it believes that its connection stands."""
        return self._is_online

    @property
    def is_gone(self) -> bool:
        """Whether it will never be heard of again."""
        return self._state is UpgradeState.GONE

    def handle(self, event: Event, now_ms: int) -> tuple[Effect, ...]:  # noqa: C901 - a case an event
        """Take one event, move at most one state, and say what to do next.

        Args:
            event: What happened.
            now_ms: When, in whole milliseconds since the start of the run.

        Returns:
            Effects to carry out in this order; never raises, whatever the event and the state.
        """
        if isinstance(event, PoweredOn):
            return tuple(self._on_power())
        if self._state in {UpgradeState.OFF, UpgradeState.GONE}:
            return ()
        match event:
            case Connected():
                return tuple(self._on_connected(now_ms))
            case ConnectionLost():
                return tuple(self._on_lost(now_ms))
            case RequestReceived(request):
                return tuple(self._on_request(request))
            case OfferReceived(offer):
                return tuple(self._on_offer(offer))
            case ReplyReceived(reply):
                return tuple(self._on_acknowledged(reply.message_id, now_ms))
            case Acknowledged(message_id):
                return tuple(self._on_acknowledged(message_id, now_ms))
            case DownloadAdvanced() | DownloadFinished() | DownloadCut() | DownloadRefused():
                return tuple(self._on_download(event, now_ms))
            case TimerFired(name, token):
                return tuple(self._on_timer(name, token, now_ms))
            case _:
                assert_never(event)

    # Power and connection

    def _on_power(self) -> Iterator[Effect]:
        # Gone stays gone, and a device that is rebooting has its power cut already.
        if self._state in {UpgradeState.GONE, UpgradeState.REBOOTING}:
            return
        if self._is_online:
            yield from self._go_offline("power")
        if self._state is UpgradeState.DOWNLOADING:
            yield DropDownload(self._attempt)
        self._tokens.clear()
        self._pending = None
        self._is_transferring = False
        self._move(UpgradeState.IDLE)
        yield Note("boot", {"version": self._version})
        yield Connect()

    def _on_connected(self, now_ms: int) -> Iterator[Effect]:
        if self._state is UpgradeState.REBOOTING:
            return
        self._is_online = True
        self._failures = 0
        self._tokens.pop(Timer.RECONNECT, None)
        if not self._is_mute:
            yield self._report_version()
        if self._pending is not None:
            yield Publish(self._pending, self._request)
        if self._timings.request_on_connect:
            yield from self._ask(now_ms)
        if self._state is UpgradeState.DOWNLOADING and not self._is_transferring:
            yield from self._start_download()
        if self._conduct.up_ms is not None:
            yield self._set(Timer.FLAP, now_ms + self._conduct.up_ms)

    def _on_lost(self, now_ms: int) -> Iterator[Effect]:
        if self._state is UpgradeState.REBOOTING or Timer.RECONNECT in self._tokens:
            return
        self._is_online = False
        self._tokens.pop(Timer.FLAP, None)
        chance = draw(self._seed, self._who, "reconnect", self._token)
        wait_ms = self._timings.backoff_ms(self._failures, chance)
        self._failures += 1
        yield self._set(Timer.RECONNECT, now_ms + wait_ms)

    def _go_offline(self, why: str) -> Iterator[Effect]:
        self._is_online = False
        self._tokens.pop(Timer.RECONNECT, None)
        self._tokens.pop(Timer.FLAP, None)
        yield Disconnect(why)

    def _stay_away(self, why: str, until_ms: int) -> Iterator[Effect]:
        yield from self._go_offline(why)
        yield self._set(Timer.RECONNECT, until_ms)

    # Pushes and offers

    def _on_request(self, request: UpgradeRequest) -> Iterator[Effect]:
        """Answer a push.

        Off line, it is too late to answer, and the server pushes again. Busy with another image:
        no. Busy with the same: it is the same order under a new id. Quiet, and a copy of the push
        that silenced us: still quiet. Else a new attempt.
        """
        if not self._is_online:
            return
        if self._state in _BUSY:
            yield from self._on_push_while_busy(request)
        elif self._state is not UpgradeState.QUIET or request.message_id != self._request:
            self._adopt(request.message_id, request.image)
            if not self._conduct.answers_push:
                yield from self._fall_silent("does not answer the push")
                return
            yield Publish(UpgradeReply(request.message_id), request.message_id)
            yield from self._begin(request.image)

    def _on_push_while_busy(self, request: UpgradeRequest) -> Iterator[Effect]:
        if not self._is_same(request.image):
            text = f"busy with {self._image.version}" if self._image else "busy"
            yield Publish(UpgradeReply(request.message_id, BUSY_CODE, text), request.message_id)
            return
        is_copy = request.message_id == self._request
        self._request = request.message_id
        yield Publish(UpgradeReply(request.message_id), request.message_id)
        if not is_copy:
            yield from self._report_progress(self._percent)

    def _on_offer(self, offer: VersionOffer) -> Iterator[Effect]:
        """Take the first offered image that is news; nothing tells the server but the progress."""
        is_copy = offer.message_id == self._request
        if not self._is_online or self._state in _BUSY or is_copy:
            return
        image = next((image for image in offer.images if image.version != self._version), None)
        if image is None:
            return
        self._adopt(offer.message_id, image)
        if not self._conduct.answers_push:
            yield from self._fall_silent("does not act on the offer")
            return
        yield from self._begin(image)

    def _ask(self, now_ms: int) -> Iterator[Effect]:
        if self._is_online and self._state in {UpgradeState.IDLE, UpgradeState.QUIET}:
            yield Publish(VersionQuery(self._next_id()))
        if self._timings.request_every_ms:
            yield self._set(Timer.ASK, now_ms + self._timings.request_every_ms)

    def _adopt(self, request: str, image: FirmwareImage) -> None:
        is_same_version = self._image is not None and self._image.version == image.version
        self._tries = self._tries + 1 if is_same_version else 1
        self._attempt += 1
        self._request = request
        self._image = image
        self._conduct = self._persona.conduct(
            self._tries, seed=self._seed, who=self._who, index=self._attempt
        )
        self._is_mute = False
        self._pending = None
        self._percent = self._held = self._cuts = 0
        self._is_transferring = False

    def _begin(self, image: FirmwareImage) -> Iterator[Effect]:
        if self._conduct.silent_after_reply:
            yield from self._fall_silent("answered the push, then nothing")
        elif image.version == self._version:
            yield from self._upgrade_to_itself()
        elif self._conduct.stop_percent == 0:
            yield from self._report_progress(0)
            yield from self._fall_silent("stuck at 0 %")
        else:
            self._move(UpgradeState.DOWNLOADING)
            yield from self._report_progress(0)
            yield from self._start_download()

    def _upgrade_to_itself(self) -> Iterator[Effect]:
        """Say again what it runs; nothing is downloaded for that."""
        if self._conduct.reports_version:
            self._move(UpgradeState.IDLE)
            yield self._report_version()
            return
        yield from self._report_progress(100)
        self._is_mute = True
        yield from self._fall_silent("100 %, but no version report")

    # Download

    def _start_download(self) -> Iterator[Effect]:
        image = self._image
        assert image is not None
        self._is_transferring = True
        self._tokens.pop(Timer.DOWNLOAD, None)
        # All bytes held and yet no end: the last is fetched again, as no range starts at the end.
        offset = max(0, min(self._held, image.size_bytes - 1))
        yield Note(
            "download_start",
            {"version": image.version, "request": self._request, "offset": offset},
        )
        marks = self._marks(image.size_bytes, offset)
        yield StartDownload(image, self._attempt, offset, marks, self._conduct.flip_bits)

    def _marks(self, size_bytes: int, offset: int) -> tuple[int, ...]:
        step, stop = self._timings.progress_step_percent, self._conduct.stop_percent
        percents = set(range(step, 100 if stop is None else stop, step))
        if stop is not None:
            percents.add(stop)
        marks = {-(-size_bytes * percent // 100) for percent in percents}
        return tuple(sorted(mark for mark in marks if offset < mark < size_bytes))

    def _on_download(
        self,
        event: DownloadAdvanced | DownloadFinished | DownloadCut | DownloadRefused,
        now_ms: int,
    ) -> Iterator[Effect]:
        # The answer to a download that was given up; a newer one may be under way.
        if self._state is not UpgradeState.DOWNLOADING or event.attempt != self._attempt:
            return
        match event:
            case DownloadAdvanced(size_bytes=size_bytes):
                yield from self._on_advanced(size_bytes)
            case DownloadFinished():
                yield from self._on_finished(event, now_ms)
            case DownloadCut():
                yield from self._on_cut(event, now_ms)
            case DownloadRefused(status=status):
                self._is_transferring = False
                desc = f"the file server answered {status}"
                yield from self._fail(FailureCause.DOWNLOAD, desc)

    def _on_advanced(self, size_bytes: int) -> Iterator[Effect]:
        assert self._image is not None
        total = self._image.size_bytes
        self._hold(size_bytes)
        stop = self._conduct.stop_percent
        if stop is not None and size_bytes * 100 >= stop * total:
            yield from self._get_stuck(stop)
            return
        if size_bytes >= total:
            return  # the end is about to be told
        step = self._timings.progress_step_percent
        percent = size_bytes * 100 // total // step * step
        if percent > self._percent:
            yield from self._report_progress(percent)

    def _on_finished(self, event: DownloadFinished, now_ms: int) -> Iterator[Effect]:
        assert self._image is not None
        self._is_transferring = False
        yield Note(
            "download_end",
            {
                "version": self._image.version,
                "request": self._request,
                "size": event.size_bytes,
                "sha256": event.sha256,
            },
        )
        # A small image may come whole, without a mark on its way.
        if self._conduct.stop_percent is not None:
            yield from self._get_stuck(self._conduct.stop_percent)
        elif event.digest != self._image.digest.lower():
            desc = f"{self._image.digest_method} is {event.digest}, not {self._image.digest}"
            yield from self._fail(FailureCause.VERIFY, desc)
        else:
            self._move(UpgradeState.INSTALLING)
            yield self._set(Timer.INSTALL, now_ms + self._timings.install_ms)

    def _on_cut(self, event: DownloadCut, now_ms: int) -> Iterator[Effect]:
        self._is_transferring = False
        self._hold(event.size_bytes)
        self._held = max(0, event.size_bytes)
        yield Note(
            "download_cut", {"request": self._request, "offset": self._held, "why": event.why}
        )
        if not self._is_online:
            return  # goes on with the next connection
        self._cuts += 1
        if self._cuts >= self._timings.download_tries_max:
            yield DropDownload(self._attempt)
            desc = f"the download broke {self._cuts} times: {event.why}"
            yield from self._fail(FailureCause.DOWNLOAD, desc)
            return
        chance = draw(self._seed, self._who, "download", self._token)
        wait_ms = self._timings.backoff_ms(self._cuts - 1, chance)
        yield self._set(Timer.DOWNLOAD, now_ms + wait_ms)

    def _hold(self, size_bytes: int) -> None:
        if size_bytes > self._held:
            self._held = size_bytes
            self._cuts = 0

    def _get_stuck(self, percent: int) -> Iterator[Effect]:
        yield from self._report_progress(percent)
        if self._is_transferring:
            yield DropDownload(self._attempt)
            self._is_transferring = False
        yield from self._fall_silent(f"stuck at {percent} %")

    def _fail(self, cause: FailureCause, desc: str) -> Iterator[Effect]:
        self._move(UpgradeState.IDLE)
        yield Note("upgrade_failed", {"request": self._request, "cause": cause.value, "desc": desc})
        self._pending = FailureReport(self._next_id(), cause, desc)
        if self._is_online:
            yield Publish(self._pending, self._request)

    def _fall_silent(self, why: str) -> Iterator[Effect]:
        self._move(UpgradeState.QUIET)
        yield Note("silent", {"request": self._request, "why": why})

    # Install and reboot

    def _on_installed(self, now_ms: int) -> Iterator[Effect]:
        self._move(UpgradeState.FINISHING)
        yield self._set(Timer.FLUSH, now_ms + self._timings.flush_ms)
        yield from self._report_progress(100)
        if not self._conduct.reports_version:
            self._is_mute = True
            yield Note("silent", {"request": self._request, "why": "100 %, but no version report"})

    def _reboot(self, now_ms: int) -> Iterator[Effect]:
        yield from self._go_offline("reboot")
        if not self._conduct.returns:
            self._move(UpgradeState.GONE)
            yield Note("gone", {"why": "did not return from its reboot"})
            return
        self._move(UpgradeState.REBOOTING)
        yield self._set(Timer.REBOOT, now_ms + self._timings.reboot_ms)

    def _on_booted(self) -> Iterator[Effect]:
        """Run the new image; the boot loader puts it in place on the way, hence `flash` here."""
        assert self._image is not None
        self._version = self._image.version
        # The version report says more than a 100 that was lost; only who keeps it still owes that.
        if not self._is_mute:
            self._pending = None
        self._move(UpgradeState.QUIET if self._is_mute else UpgradeState.IDLE)
        yield Note("flash", {"version": self._version, "request": self._request})
        yield Note("boot", {"version": self._version})
        yield Connect()

    # Answers and timers

    def _on_acknowledged(self, message_id: str, now_ms: int) -> Iterator[Effect]:
        if self._pending is not None and self._pending.message_id == message_id:
            self._pending = None
            if self._state is UpgradeState.FINISHING:
                yield from self._reboot(now_ms)
        elif message_id == self._version_message and self._is_leaving(now_ms):
            assert self._conduct.away_until_ms is not None
            yield from self._stay_away("away", self._conduct.away_until_ms)

    def _is_leaving(self, now_ms: int) -> bool:
        until_ms = self._conduct.away_until_ms
        is_free = self._is_online and self._state is UpgradeState.IDLE
        return is_free and until_ms is not None and now_ms < until_ms

    def _on_timer(self, name: Timer, token: int, now_ms: int) -> Iterator[Effect]:  # noqa: C901
        if self._tokens.get(name) != token:
            return  # set anew since, or no longer awaited
        del self._tokens[name]
        match name:
            case Timer.RECONNECT:
                yield Connect()
            case Timer.DOWNLOAD:
                if self._is_online and self._is_cut():
                    yield from self._start_download()
            case Timer.INSTALL:
                yield from self._on_installed(now_ms)
            case Timer.FLUSH:
                if self._state is UpgradeState.FINISHING:
                    yield from self._reboot(now_ms)
            case Timer.REBOOT:
                yield from self._on_booted()
            case Timer.FLAP:
                yield from self._stay_away("flap", now_ms + self._conduct.down_ms)
            case Timer.ASK:
                if self._is_online:
                    yield from self._ask(now_ms)
            case _:
                assert_never(name)

    def _is_cut(self) -> bool:
        return self._state is UpgradeState.DOWNLOADING and not self._is_transferring

    # Small things

    def _move(self, state: UpgradeState) -> None:
        assert state in MOVES[self._state], f"{self._who}: no move {self._state} → {state}"
        self._state = state

    def _is_same(self, image: FirmwareImage) -> bool:
        mine = self._image
        return mine is not None and (mine.version, mine.digest) == (image.version, image.digest)

    def _set(self, name: Timer, at_ms: int) -> SetTimer:
        self._token += 1
        self._tokens[name] = self._token
        return SetTimer(name, at_ms, self._token)

    def _next_id(self) -> str:
        self._messages += 1
        return str(self._messages)

    def _report_version(self) -> Publish:
        self._version_message = self._next_id()
        return Publish(VersionReport(self._version_message, self._version))

    def _report_progress(self, percent: int) -> Iterator[Effect]:
        """Say how far it is; off line, the next connection will."""
        self._percent = percent
        self._pending = ProgressReport(self._next_id(), percent)
        if self._is_online:
            yield Publish(self._pending, self._request)
