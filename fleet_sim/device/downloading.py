"""The download of an image: from its first byte to its digest, over as many transfers as it takes.

Progress is the share of the bytes, in steps. A transfer that breaks goes on where it broke; one
that gets nowhere on a standing connection is given up after a while.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.device.events import (
    DownloadAdvanced,
    DownloadCut,
    DownloadFinished,
    DownloadRefused,
    DropDownload,
    Effect,
    Note,
    Timer,
)
from fleet_sim.device.mind import Mind
from fleet_sim.device.states import UpgradeState
from fleet_sim.model.failure import FailureCause


def resume(mind: Mind) -> Iterator[Effect]:
    """Start the download, or go on with one that broke."""
    is_waiting = mind.state is UpgradeState.DOWNLOADING and mind.is_online
    if is_waiting and not mind.under_way.is_transferring:
        mind.alarms.drop(Timer.DOWNLOAD)
        step = mind.timings.progress_step_percent
        yield from mind.under_way.start_download(step_percent=step, conduct=mind.conduct)


def on_download(
    mind: Mind,
    event: DownloadAdvanced | DownloadFinished | DownloadCut | DownloadRefused,
    now_ms: int,
) -> Iterator[Effect]:
    """Take news of a transfer."""
    # The answer to a download that was given up; a newer one may be under way.
    if mind.state is not UpgradeState.DOWNLOADING or event.attempt != mind.under_way.number:
        return
    match event:
        case DownloadAdvanced(size_bytes=size_bytes):
            yield from _on_advanced(mind, size_bytes)
        case DownloadFinished():
            yield from _on_finished(mind, event, now_ms)
        case DownloadCut():
            yield from _on_cut(mind, event, now_ms)
        case DownloadRefused(status=status):
            mind.under_way.is_transferring = False
            desc = f"the file server answered {status}"
            yield from mind.fail(FailureCause.DOWNLOAD, desc)


def get_stuck(mind: Mind, percent: int) -> Iterator[Effect]:
    """Stop at a percentage, and say nothing more."""
    attempt = mind.under_way
    yield from mind.report_progress(percent)
    if attempt.is_transferring:
        attempt.is_transferring = False
        yield DropDownload(attempt.number)
    yield from mind.fall_silent(f"stuck at {percent} %")


def _on_advanced(mind: Mind, size_bytes: int) -> Iterator[Effect]:
    attempt, stop = mind.under_way, mind.conduct.stop_percent
    attempt.hold(max(size_bytes, attempt.held_bytes))
    if stop is not None and attempt.has_reached(stop):
        yield from get_stuck(mind, stop)
        return
    percent = attempt.percent_due(mind.timings.progress_step_percent)
    if percent is not None:
        yield from mind.report_progress(percent)


def _on_finished(mind: Mind, event: DownloadFinished, now_ms: int) -> Iterator[Effect]:
    attempt, image = mind.under_way, mind.under_way.image
    attempt.is_transferring = False
    noted = {"version": image.version, "request": attempt.request}
    yield Note("download_end", {**noted, "size": event.size_bytes, "sha256": event.sha256})
    if mind.conduct.stop_percent is not None:
        # A small image comes whole, without a mark on its way.
        yield from get_stuck(mind, mind.conduct.stop_percent)
    elif event.digest.lower() != image.digest.lower():
        desc = f"{image.digest_method} is {event.digest}, not {image.digest}"
        yield from mind.fail(FailureCause.VERIFY, desc)
    else:
        mind.move(UpgradeState.INSTALLING)
        yield mind.alarms.set(Timer.INSTALL, now_ms + mind.timings.install_ms)


def _on_cut(mind: Mind, event: DownloadCut, now_ms: int) -> Iterator[Effect]:
    attempt = mind.under_way
    attempt.is_transferring = False
    attempt.hold(event.size_bytes)
    noted = {"request": attempt.request, "offset": attempt.held_bytes, "why": event.why}
    yield Note("download_cut", noted)
    if not mind.is_online:
        return  # the next connection goes on with it
    attempt.cuts += 1
    if attempt.cuts < mind.timings.download_tries_max:
        yield mind.set_later(Timer.DOWNLOAD, attempt.cuts - 1, now_ms)
        return
    yield DropDownload(attempt.number)
    desc = f"the download broke {attempt.cuts} times: {event.why}"
    yield from mind.fail(FailureCause.DOWNLOAD, desc)
