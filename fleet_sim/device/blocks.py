"""The download of an image over MQTT: block by block, each asked for by the device.

    ask ──► block ──► ask ──► block ──► … ──► whole
     │ 10 s without it, or refused
     ╰──► ask again, four times in all, then the download has failed

A block of another offset than the one awaited is the late answer to an earlier request, and left
alone. What is held stays when the connection breaks, and the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fleet_sim.device import arriving
from fleet_sim.device.events import DownloadFinished, Effect, Note, Publish, Timer
from fleet_sim.device.holding import Holding
from fleet_sim.device.mind import Mind
from fleet_sim.device.states import UpgradeState
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.messages import Block

_FOUND: Final = 200


def fetch(mind: Mind, stream: tuple[int, int], now_ms: int) -> Iterator[Effect]:
    """Start to ask for blocks, or go on where the last connection ended."""
    attempt = mind.under_way
    if attempt.holding is None:
        attempt.holding = Holding(attempt.image.digest_method, mind.conduct.flip_bits)
    attempt.is_transferring = True
    attempt.block_tries = 0
    yield Note("download_start", {**attempt.noted, "offset": attempt.held_bytes})
    yield from _ask(mind, stream, now_ms)


def pause(mind: Mind, why: str) -> Iterator[Effect]:
    """Stop to ask, as there is no connection to ask on."""
    mind.alarms.drop(Timer.BLOCK)
    attempt = mind.attempt
    if attempt is None or attempt.image.stream is None or not attempt.is_transferring:
        return
    attempt.is_transferring = False
    noted = {"request": attempt.request, "offset": attempt.held_bytes, "why": why}
    yield Note("download_cut", noted)


def on_block(mind: Mind, block: Block, now_ms: int) -> Iterator[Effect]:
    """Take a block, if it is the one awaited, and ask for the next."""
    attempt = mind.attempt
    if mind.state is not UpgradeState.DOWNLOADING or Timer.BLOCK not in mind.alarms:
        return
    assert attempt is not None
    if block.code != _FOUND or not block.content:
        if block.message_id == attempt.block:
            yield from _ask_again(mind, f"the server answered {block.code}", now_ms)
    elif block.offset == attempt.held_bytes:
        yield from _take(mind, block.content, now_ms)


def on_late(mind: Mind, now_ms: int) -> Iterator[Effect]:
    """Ask again for the block that did not come."""
    yield from _ask_again(mind, "no answer", now_ms)


def _take(mind: Mind, content: bytes, now_ms: int) -> Iterator[Effect]:
    attempt = mind.under_way
    image, holding = attempt.image, attempt.holding
    assert holding is not None, f"{mind.who}: a block without a download"
    assert image.stream is not None, f"{mind.who}: a block of a file"
    if holding.size_bytes + len(content) > image.size_bytes:
        yield from _fail(mind, f"the server sent more than the {image.size_bytes} bytes there are")
        return
    holding.take(content)
    attempt.block_tries = 0
    mind.alarms.drop(Timer.BLOCK)
    if holding.size_bytes == image.size_bytes:
        attempt.hold(holding.size_bytes)
        whole = DownloadFinished(attempt.number, holding.size_bytes, holding.digest, holding.sha256)
        yield from arriving.finish(mind, whole, now_ms)
        return
    yield from arriving.advance(mind, holding.size_bytes)
    if mind.state is UpgradeState.DOWNLOADING:
        yield from _ask(mind, image.stream, now_ms)


def _ask_again(mind: Mind, why: str, now_ms: int) -> Iterator[Effect]:
    attempt, stream = mind.under_way, mind.under_way.image.stream
    assert stream is not None, f"{mind.who}: a block of a file"
    if attempt.block_tries >= mind.timings.block_tries_max:
        tries = f"asked {attempt.block_tries} times for the block at {attempt.held_bytes}"
        yield from _fail(mind, f"{tries}: {why}")
    else:
        yield from _ask(mind, stream, now_ms)


def _ask(mind: Mind, stream: tuple[int, int], now_ms: int) -> Iterator[Effect]:
    attempt = mind.under_way
    missing_bytes = attempt.image.size_bytes - attempt.held_bytes
    size_bytes = max(1, min(mind.timings.block_bytes, missing_bytes))  # an empty image has no block
    wanted = mind.post.block(stream, attempt.held_bytes, size_bytes)
    attempt.block = wanted.message_id
    attempt.block_tries += 1
    yield Publish(wanted, attempt.request)
    yield mind.alarms.set(Timer.BLOCK, now_ms + mind.timings.block_wait_ms)


def _fail(mind: Mind, desc: str) -> Iterator[Effect]:
    mind.under_way.is_transferring = False
    mind.alarms.drop(Timer.BLOCK)
    yield from mind.fail(FailureCause.DOWNLOAD, desc)
