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

from fleet_sim.device.alarms import Alarms
from fleet_sim.device.asking import choose, hushed_until_ms
from fleet_sim.device.attempt import Attempt
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
    Timer,
    TimerFired,
)
from fleet_sim.device.post import Post
from fleet_sim.device.states import BUSY, MOVES, UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.chance import draw
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import UpgradeReply, UpgradeRequest, VersionOffer
from fleet_sim.model.record import request_of_offer

# HTTP's "conflict": the vendors name no code for a busy device, only that 200 is consent.
BUSY_CODE = 409


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
        "_alarms",
        "_attempt",
        "_conduct",
        "_failures",
        "_is_mute",
        "_persona",
        "_post",
        "_seed",
        "_state",
        "_timings",
        "_version",
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
        self._post = Post()
        self._attempt: Attempt | None = None
        self._conduct = persona.conduct(1, seed=seed, who=self._who, index=1)
        self._is_mute = False  # keeps its version to itself
        self._failures = 0  # to connect, in a row
        self._alarms = Alarms()

    def __repr__(self) -> str:
        link = "on line" if self.is_online else "off line"
        return f"<DeviceAgent {self._who} {self._version} {self._state} {link}>"

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
        return self._post.is_online

    @property
    def is_silent(self) -> bool:
        """Whether it took a push and will say no more of it."""
        return self._state is UpgradeState.QUIET

    @property
    def is_gone(self) -> bool:
        """Whether it will never be heard of again."""
        return self._state is UpgradeState.GONE

    def tries(self, version: str) -> int:
        """Return how many attempts in a row it has begun at this version, to the present one."""
        if self._attempt is None or self._attempt.image.version != version:
            return 0
        return self._attempt.tries

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
                return tuple(self._on_request(request, now_ms))
            case OfferReceived(offer):
                return tuple(self._on_offer(offer, now_ms))
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
        if self.is_online:
            yield from self._go_offline("power")
        if self._state is UpgradeState.DOWNLOADING:
            yield DropDownload(self._under_way.number)
        self._alarms.clear()
        self._post.forget()
        self._move(UpgradeState.IDLE)
        yield Note("boot", {"version": self._version})
        yield Connect()

    def _on_connected(self, now_ms: int) -> Iterator[Effect]:
        if self._state is UpgradeState.REBOOTING:
            return  # too late: it went down before the answer came
        self._post.is_online = True
        self._failures = 0
        self._alarms.drop(Timer.RECONNECT)
        if not self._is_mute:
            yield from self._post.version(self._version)
        yield from self._post.again()
        if self._timings.request_on_connect:
            yield from self._ask(now_ms)
        yield from self._resume()
        if self._conduct.up_ms is not None:
            yield self._alarms.set(Timer.FLAP, now_ms + self._conduct.up_ms)

    def _on_lost(self, now_ms: int) -> Iterator[Effect]:
        # Told twice, or told of a connection that the device closed itself.
        if self._state is UpgradeState.REBOOTING or Timer.RECONNECT in self._alarms:
            return
        self._post.is_online = False
        self._alarms.drop(Timer.FLAP, Timer.ASK)
        if self._state is UpgradeState.DOWNLOADING:
            self._under_way.cuts = 0  # the link's fault, whichever of the two was told first
        yield self._set_later(Timer.RECONNECT, self._failures, now_ms)
        self._failures += 1

    def _go_offline(self, why: str) -> Iterator[Effect]:
        self._post.is_online = False
        self._alarms.drop(Timer.RECONNECT, Timer.FLAP, Timer.ASK)
        yield Disconnect(why)

    def _stay_away(self, why: str, until_ms: int) -> Iterator[Effect]:
        yield from self._go_offline(why)
        yield self._alarms.set(Timer.RECONNECT, until_ms)

    # Pushes and offers

    def _on_request(self, request: UpgradeRequest, now_ms: int) -> Iterator[Effect]:
        """Answer a push.

        Off line, it is too late to answer, and the server pushes again. Busy with another image:
        no. Busy with the same: it is the same order under a new id. Quiet, and a copy of the push
        that silenced us: still quiet. Else a new attempt.
        """
        if not self.is_online:
            return
        if self._state in BUSY:
            yield from self._on_push_while_busy(request, self._under_way)
        elif not (self._state is UpgradeState.QUIET and self._is_copy(request.message_id)):
            self._adopt(request.message_id, request.image, now_ms)
            if not self._conduct.answers_push:
                yield from self._fall_silent("does not answer the push")
                return
            yield Publish(UpgradeReply(request.message_id), request.message_id)
            yield from self._begin(request.image)

    def _on_push_while_busy(self, request: UpgradeRequest, attempt: Attempt) -> Iterator[Effect]:
        if not attempt.is_for(request.image):
            text = f"busy with {attempt.image.version}"
            refusal = UpgradeReply(request.message_id, BUSY_CODE, text)
            yield Publish(refusal, request.message_id)
            return
        is_copy = self._is_copy(request.message_id)
        attempt.request = request.message_id
        yield Publish(UpgradeReply(request.message_id), request.message_id)
        if not is_copy:
            yield from self._report_progress(attempt.percent)
            yield from self._note_mute()

    def _on_offer(self, offer: VersionOffer, now_ms: int) -> Iterator[Effect]:
        """Take an offered image; nothing tells the server but the progress."""
        request = request_of_offer(offer.message_id)
        if not self.is_online or self._state in BUSY or self._is_copy(request):
            return
        image = choose(offer.images, self._version)
        if image is None:
            return
        self._adopt(request, image, now_ms)
        if not self._conduct.answers_push:
            yield from self._fall_silent("does not act on the offer")
            return
        yield from self._begin(image)

    def _ask(self, now_ms: int) -> Iterator[Effect]:
        """Ask what there is to upgrade to, unless it is at it or keeps silent; and so on."""
        is_quiet = self._state is UpgradeState.QUIET
        hush_ms = hushed_until_ms(self._timings, self._attempt if is_quiet else None)
        if not (self._state in BUSY or now_ms < hush_ms):
            yield from self._post.query()
        if self._timings.request_every_ms:
            wait_ms = self._timings.ask_wait_ms(self._chance(Timer.ASK))
            yield self._alarms.set(Timer.ASK, hush_ms if now_ms < hush_ms else now_ms + wait_ms)

    def _is_copy(self, request: str) -> bool:
        return self._attempt is not None and self._attempt.request == request

    def _adopt(self, request: str, image: FirmwareImage, now_ms: int) -> None:
        last = self._attempt
        number = last.number + 1 if last else 1
        tries = last.tries + 1 if last and last.image.version == image.version else 1
        self._attempt = Attempt(
            number=number, tries=tries, request=request, image=image, began_at_ms=now_ms
        )
        self._conduct = self._persona.conduct(tries, seed=self._seed, who=self._who, index=number)
        self._is_mute = False
        self._post.forget()

    def _begin(self, image: FirmwareImage) -> Iterator[Effect]:
        if self._conduct.silent_after_reply:
            yield from self._fall_silent("answered the push, then nothing")
        elif image.version == self._version:
            yield from self._upgrade_to_itself()
        elif self._conduct.stop_percent == 0:
            yield from self._get_stuck(0)
        else:
            self._move(UpgradeState.DOWNLOADING)
            yield from self._report_progress(0)
            yield from self._resume()

    def _upgrade_to_itself(self) -> Iterator[Effect]:
        """Say again what it runs; nothing is downloaded for that."""
        if self._conduct.reports_version:
            self._move(UpgradeState.IDLE)
            yield from self._post.version(self._version)
            return
        self._is_mute = True
        self._move(UpgradeState.QUIET)
        yield from self._report_progress(100)
        yield from self._note_mute()

    # Download

    def _resume(self) -> Iterator[Effect]:
        """Start the download, or go on with one that broke."""
        is_waiting = self._state is UpgradeState.DOWNLOADING and self.is_online
        if is_waiting and not self._under_way.is_transferring:
            self._alarms.drop(Timer.DOWNLOAD)
            step = self._timings.progress_step_percent
            yield from self._under_way.start_download(step_percent=step, conduct=self._conduct)

    def _on_download(
        self,
        event: DownloadAdvanced | DownloadFinished | DownloadCut | DownloadRefused,
        now_ms: int,
    ) -> Iterator[Effect]:
        # The answer to a download that was given up; a newer one may be under way.
        if self._state is not UpgradeState.DOWNLOADING or event.attempt != self._under_way.number:
            return
        match event:
            case DownloadAdvanced(size_bytes=size_bytes):
                yield from self._on_advanced(size_bytes)
            case DownloadFinished():
                yield from self._on_finished(event, now_ms)
            case DownloadCut():
                yield from self._on_cut(event, now_ms)
            case DownloadRefused(status=status):
                self._under_way.is_transferring = False
                desc = f"the file server answered {status}"
                yield from self._fail(FailureCause.DOWNLOAD, desc)

    def _on_advanced(self, size_bytes: int) -> Iterator[Effect]:
        attempt, stop = self._under_way, self._conduct.stop_percent
        attempt.hold(max(size_bytes, attempt.held_bytes))
        if stop is not None and attempt.has_reached(stop):
            yield from self._get_stuck(stop)
            return
        percent = attempt.percent_due(self._timings.progress_step_percent)
        if percent is not None:
            yield from self._report_progress(percent)

    def _on_finished(self, event: DownloadFinished, now_ms: int) -> Iterator[Effect]:
        attempt, image = self._under_way, self._under_way.image
        attempt.is_transferring = False
        noted = {"version": image.version, "request": attempt.request}
        yield Note("download_end", {**noted, "size": event.size_bytes, "sha256": event.sha256})
        if self._conduct.stop_percent is not None:
            # A small image comes whole, without a mark on its way.
            yield from self._get_stuck(self._conduct.stop_percent)
        elif event.digest.lower() != image.digest.lower():
            desc = f"{image.digest_method} is {event.digest}, not {image.digest}"
            yield from self._fail(FailureCause.VERIFY, desc)
        else:
            self._move(UpgradeState.INSTALLING)
            yield self._alarms.set(Timer.INSTALL, now_ms + self._timings.install_ms)

    def _on_cut(self, event: DownloadCut, now_ms: int) -> Iterator[Effect]:
        attempt = self._under_way
        attempt.is_transferring = False
        attempt.hold(event.size_bytes)
        noted = {"request": attempt.request, "offset": attempt.held_bytes, "why": event.why}
        yield Note("download_cut", noted)
        if not self.is_online:
            return  # the next connection goes on with it
        attempt.cuts += 1
        if attempt.cuts < self._timings.download_tries_max:
            yield self._set_later(Timer.DOWNLOAD, attempt.cuts - 1, now_ms)
            return
        yield DropDownload(attempt.number)
        desc = f"the download broke {attempt.cuts} times: {event.why}"
        yield from self._fail(FailureCause.DOWNLOAD, desc)

    def _get_stuck(self, percent: int) -> Iterator[Effect]:
        attempt = self._under_way
        yield from self._report_progress(percent)
        if attempt.is_transferring:
            attempt.is_transferring = False
            yield DropDownload(attempt.number)
        yield from self._fall_silent(f"stuck at {percent} %")

    def _fail(self, cause: FailureCause, desc: str) -> Iterator[Effect]:
        request = self._under_way.request
        desc = self._conduct.worded(desc)
        self._move(UpgradeState.IDLE)
        yield Note("upgrade_failed", {"request": request, "cause": cause.value, "desc": desc})
        yield from self._post.failure(cause, desc, request)

    def _fall_silent(self, why: str) -> Iterator[Effect]:
        self._move(UpgradeState.QUIET)
        yield Note("silent", {"request": self._under_way.request, "why": why})

    def _note_mute(self) -> Iterator[Effect]:
        if self._is_mute:
            noted = {"request": self._under_way.request, "why": "100 %, but no version report"}
            yield Note("silent", noted)

    # Install and reboot

    def _on_installed(self, now_ms: int) -> Iterator[Effect]:
        self._move(UpgradeState.FINISHING)
        yield self._alarms.set(Timer.FLUSH, now_ms + self._timings.flush_ms)
        yield from self._report_progress(100)
        self._is_mute = not self._conduct.reports_version
        yield from self._note_mute()

    def _reboot(self, now_ms: int) -> Iterator[Effect]:
        self._alarms.drop(Timer.FLUSH)
        yield from self._go_offline("reboot")
        if not self._conduct.returns:
            self._move(UpgradeState.GONE)
            yield Note("gone", {"why": "did not return from its reboot"})
            return
        self._move(UpgradeState.REBOOTING)
        yield self._alarms.set(Timer.REBOOT, now_ms + self._timings.reboot_ms)

    def _on_booted(self) -> Iterator[Effect]:
        """Run the new image; the boot loader puts it in place on the way, hence `flash` here."""
        attempt = self._under_way
        self._version = attempt.image.version
        # The version report says more than a 100 that was lost; only who keeps it still owes that.
        if not self._is_mute:
            self._post.forget()
        self._move(UpgradeState.QUIET if self._is_mute else UpgradeState.IDLE)
        yield Note("flash", {"version": self._version, "request": attempt.request})
        yield Note("boot", {"version": self._version})
        yield Connect()

    # Answers and timers

    def _on_acknowledged(self, message_id: str, now_ms: int) -> Iterator[Effect]:
        if self._post.take_receipt(message_id):
            if self._state is UpgradeState.FINISHING:
                yield from self._reboot(now_ms)
            return
        until_ms = self._conduct.away_until_ms
        # Away is for the time between the first version report and the first push.
        is_first = self._attempt is None and self._post.is_version_report(message_id)
        if until_ms is not None and now_ms < until_ms and is_first and self.is_online:
            yield from self._stay_away("away", until_ms)

    def _on_timer(self, name: Timer, token: int, now_ms: int) -> Iterator[Effect]:
        if not self._alarms.take(name, token):
            return
        match name:
            case Timer.RECONNECT:
                yield Connect()
            case Timer.DOWNLOAD:
                yield from self._resume()
            case Timer.INSTALL:
                yield from self._on_installed(now_ms)
            case Timer.FLUSH:
                yield from self._reboot(now_ms)
            case Timer.REBOOT:
                yield from self._on_booted()
            case Timer.FLAP:
                yield from self._stay_away("flap", now_ms + self._conduct.down_ms)
            case Timer.ASK:
                yield from self._ask(now_ms)
            case _:
                assert_never(name)

    # Small things

    @property
    def _under_way(self) -> Attempt:
        assert self._attempt is not None, f"{self._who}: {self._state} without an attempt"
        return self._attempt

    def _move(self, state: UpgradeState) -> None:
        assert state in MOVES[self._state], f"{self._who}: no move {self._state} → {state}"
        self._state = state

    def _set_later(self, name: Timer, failures: int, now_ms: int) -> Effect:
        wait_ms = self._timings.backoff_ms(failures, self._chance(name))
        return self._alarms.set(name, now_ms + wait_ms)

    def _chance(self, name: Timer) -> float:
        return draw(self._seed, self._who, name, self._alarms.count)

    def _report_progress(self, percent: int) -> Iterator[Effect]:
        """Say how far it is; off line, the next connection will."""
        self._under_way.percent = percent
        yield from self._post.progress(percent, self._under_way.request)
