"""An image's bytes as they arrive, whichever way: progress on the way, and the check at the end."""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.device.events import DownloadFinished, DropDownload, Effect, Note, Timer
from fleet_sim.device.mind import Mind
from fleet_sim.device.states import UpgradeState
from fleet_sim.model.failure import FailureCause


def advance(mind: Mind, size_bytes: int) -> Iterator[Effect]:
    """Hold so many bytes in all; report progress where a step is reached."""
    attempt, stop = mind.under_way, mind.conduct.stop_percent
    attempt.hold(max(size_bytes, attempt.held_bytes))
    if stop is not None and attempt.has_reached(stop):
        yield from get_stuck(mind, stop)
        return
    percent = attempt.percent_due(mind.timings.progress_step_percent)
    if percent is not None:
        yield from mind.report_progress(percent)


def finish(mind: Mind, event: DownloadFinished, now_ms: int) -> Iterator[Effect]:
    """Hold the whole image: check it, then install it."""
    attempt = mind.under_way
    attempt.is_transferring = False
    yield Note("download_end", {**attempt.noted, "size": event.size_bytes, "sha256": event.sha256})
    if mind.conduct.stop_percent is not None:
        # A small image comes whole, without a mark on its way.
        yield from get_stuck(mind, mind.conduct.stop_percent)
    elif wrong := _wrong(mind, event):
        yield from mind.fail(FailureCause.VERIFY, wrong)
    else:
        mind.move(UpgradeState.INSTALLING)
        yield mind.alarms.set(Timer.INSTALL, now_ms + mind.timings.install_ms)


def get_stuck(mind: Mind, percent: int) -> Iterator[Effect]:
    """Stop at a percentage, and say nothing more."""
    attempt = mind.under_way
    yield from mind.report_progress(percent)
    mind.alarms.drop(Timer.BLOCK)
    if attempt.is_transferring:
        attempt.is_transferring = False
        if attempt.image.stream is None:
            yield DropDownload(attempt.number)
    yield from mind.fall_silent(f"stuck at {percent} %")


def _wrong(mind: Mind, event: DownloadFinished) -> str:
    """Say which of the image's digests are not those of the bytes; "" for none.

    A digest that the request does not name is not checked, nor is a keyed one without its key.
    """
    image = mind.under_way.image
    if image.digest and event.digest.lower() != image.digest.lower():
        return f"{image.digest_method} is {event.digest}, not {image.digest}"
    if image.hmac and mind.hmac_of is not None:
        found = mind.hmac_of(event.sha256)
        if found.lower() != image.hmac.lower():
            return f"hmac is {found}, not {image.hmac}"
    return ""
