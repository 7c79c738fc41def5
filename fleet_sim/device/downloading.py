"""The download of an image over HTTP, in as many transfers as it takes.

A transfer that breaks goes on where it broke; one that gets nowhere on a standing connection is
given up after a while. Images that come over MQTT stand in `blocks`.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.device import arriving, blocks
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


def resume(mind: Mind, now_ms: int) -> Iterator[Effect]:
    """Start the download, or go on with one that broke."""
    is_waiting = mind.state is UpgradeState.DOWNLOADING and mind.is_online
    if not is_waiting or mind.under_way.is_transferring:
        return
    if mind.under_way.image.stream is not None:
        yield from blocks.fetch(mind, mind.under_way.image.stream, now_ms)
    else:
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
            yield from arriving.advance(mind, size_bytes)
        case DownloadFinished():
            yield from arriving.finish(mind, event, now_ms)
        case DownloadCut():
            yield from _on_cut(mind, event, now_ms)
        case DownloadRefused(status=status):
            mind.under_way.is_transferring = False
            desc = f"the file server answered {status}"
            yield from mind.fail(FailureCause.DOWNLOAD, desc)


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
