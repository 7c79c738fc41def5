"""What a device does when it is asked to upgrade, by a push or by an offer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fleet_sim.device import arriving, downloading
from fleet_sim.device.asking import choose
from fleet_sim.device.attempt import Attempt
from fleet_sim.device.events import Effect, Publish
from fleet_sim.device.mind import Mind
from fleet_sim.device.states import BUSY, UpgradeState
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import UpgradeReply, UpgradeRequest, VersionOffer
from fleet_sim.model.record import request_of_offer

# HTTP's "conflict": the vendors name no code for a busy device, only that 200 is consent.
BUSY_CODE: Final = 409


def on_request(mind: Mind, request: UpgradeRequest, now_ms: int) -> Iterator[Effect]:
    """Answer a push.

    Off line, it is too late to answer, and the server pushes again. Busy with another image:
    no. Busy with the same: it is the same order under a new id. Quiet, and a copy of the push
    that silenced us: still quiet. Else a new attempt.
    """
    _note_push(mind, now_ms)
    if not mind.is_online:
        return
    if mind.state in BUSY:
        yield from _on_push_while_busy(mind, request, mind.under_way)
    elif not (mind.state is UpgradeState.QUIET and _is_copy(mind, request.message_id)):
        _adopt(mind, request.message_id, request.image, now_ms)
        if not mind.conduct.answers_push:
            yield from mind.fall_silent("does not answer the push")
            return
        yield Publish(UpgradeReply(request.message_id), request.message_id)
        yield from _begin(mind, request.image, now_ms)


def on_offer(mind: Mind, offer: VersionOffer, now_ms: int) -> Iterator[Effect]:
    """Take an offered image; nothing tells the server but the progress."""
    if offer.images:
        _note_push(mind, now_ms)
    request = request_of_offer(offer.message_id)
    if not mind.is_online or mind.state in BUSY or _is_copy(mind, request):
        return
    image = choose(offer.images, mind.runs)
    if image is None:
        return
    _adopt(mind, request, image, now_ms)
    if not mind.conduct.answers_push:
        yield from mind.fall_silent("does not act on the offer")
        return
    yield from _begin(mind, image, now_ms)


def on_question(mind: Mind) -> Iterator[Effect]:
    """Say what runs, at once and in whatever state, because the server asks before it pushes.

    A device that keeps its version to itself: the question opens the next attempt, and how that one
    is going to go says whether it is answered. Asked in the attempt itself, it is not.
    """
    if mind.is_mute:
        if not _speaks_next_time(mind):
            return
        mind.is_mute = False
        mind.move(UpgradeState.IDLE)
    for module, version in (("", mind.version), *mind.modules):
        yield from mind.post.answer(version, module)


def _speaks_next_time(mind: Mind) -> bool:
    last = mind.under_way
    if mind.state is not UpgradeState.QUIET or not mind.is_online:
        return False
    index = last.number + 1
    following = mind.persona.conduct(last.tries + 1, seed=mind.seed, who=mind.who, index=index)
    return following.reports_version


def _note_push(mind: Mind, now_ms: int) -> None:
    """Note when it was asked; repetitions to a device that keeps silent do not count."""
    if mind.state is not UpgradeState.QUIET:
        mind.pushed_at_ms = now_ms


def _on_push_while_busy(mind: Mind, request: UpgradeRequest, attempt: Attempt) -> Iterator[Effect]:
    if not attempt.is_for(request.image):
        text = f"busy with {attempt.image.version}"
        refusal = UpgradeReply(request.message_id, BUSY_CODE, text)
        yield Publish(refusal, request.message_id)
        return
    is_copy = _is_copy(mind, request.message_id)
    attempt.request = request.message_id
    yield Publish(UpgradeReply(request.message_id), request.message_id)
    if not is_copy:
        yield from mind.report_progress(attempt.percent)
        yield from mind.note_mute()


def _is_copy(mind: Mind, request: str) -> bool:
    return mind.attempt is not None and mind.attempt.request == request


def _adopt(mind: Mind, request: str, image: FirmwareImage, now_ms: int) -> None:
    last = mind.attempt
    number = last.number + 1 if last else 1
    is_again = last is not None and last.is_of(image.module, image.version)
    tries = last.tries + 1 if last is not None and is_again else 1
    mind.attempt = Attempt(
        number=number, tries=tries, request=request, image=image, began_at_ms=now_ms
    )
    mind.conduct = mind.persona.conduct(tries, seed=mind.seed, who=mind.who, index=number)
    mind.is_mute = False
    mind.post.forget()


def _begin(mind: Mind, image: FirmwareImage, now_ms: int) -> Iterator[Effect]:
    if mind.conduct.silent_after_reply:
        yield from mind.fall_silent("answered the push, then nothing")
    elif mind.runs(image):
        yield from _upgrade_to_itself(mind)
    elif mind.conduct.stop_percent == 0:
        yield from arriving.get_stuck(mind, 0)
    else:
        mind.move(UpgradeState.DOWNLOADING)
        yield from mind.report_progress(0)
        yield from downloading.resume(mind, now_ms)


def _upgrade_to_itself(mind: Mind) -> Iterator[Effect]:
    """Say again what it runs; nothing is downloaded for that."""
    if mind.conduct.reports_version:
        mind.move(UpgradeState.IDLE)
        image = mind.under_way.image
        mind.post.upgraded(image.module)
        yield from mind.post.version(image.version, image.module)
        return
    mind.is_mute = True
    mind.move(UpgradeState.QUIET)
    yield from mind.report_progress(100)
    yield from mind.note_mute()
