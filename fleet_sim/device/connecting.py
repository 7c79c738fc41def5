"""Power and connection: how a device comes on line, loses it, and goes off of its own accord.

A connection that breaks ends nothing: bytes held stay, and the next one goes on with what was under
way. The waits between attempts to connect double.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.device import asking, blocks, downloading
from fleet_sim.device.events import Connect, Disconnect, DropDownload, Effect, Note, Timer
from fleet_sim.device.mind import Mind
from fleet_sim.device.states import UpgradeState


def on_power(mind: Mind) -> Iterator[Effect]:
    """Boot, having lost all that was not written down.

    Gone stays gone, and a device that is rebooting has its power cut already.
    """
    if mind.state in {UpgradeState.GONE, UpgradeState.REBOOTING}:
        return
    if mind.is_online:
        yield from go_offline(mind, "power")
    if mind.state is UpgradeState.DOWNLOADING:
        yield DropDownload(mind.under_way.number)
    mind.alarms.clear()
    mind.post.forget()
    mind.move(UpgradeState.IDLE)
    yield Note("boot", {"version": mind.version})
    yield Connect()


def on_connected(mind: Mind, now_ms: int) -> Iterator[Effect]:
    """Say what runs, what was lost on the way, and go on with what was under way."""
    if mind.state is UpgradeState.REBOOTING:
        return  # too late: it went down before the answer came
    mind.post.is_online = True
    mind.failures = 0
    mind.alarms.drop(Timer.RECONNECT)
    yield from mind.report_versions()
    yield from mind.post.again()
    if mind.timings.request_on_connect:
        yield from asking.ask(mind, now_ms)
    yield from downloading.resume(mind, now_ms)
    if mind.conduct.up_ms is not None:
        yield mind.alarms.set(Timer.FLAP, now_ms + mind.conduct.up_ms)


def on_lost(mind: Mind, why: str, now_ms: int) -> Iterator[Effect]:
    """Wait, and try again."""
    # Told twice, or told of a connection that the device closed itself.
    if mind.state is UpgradeState.REBOOTING or Timer.RECONNECT in mind.alarms:
        return
    mind.post.is_online = False
    mind.alarms.drop(Timer.FLAP, Timer.ASK, Timer.REPEAT)
    if mind.state is UpgradeState.DOWNLOADING:
        mind.under_way.cuts = 0  # the link's fault, whichever of the two was told first
    yield from blocks.pause(mind, why)
    yield mind.set_later(Timer.RECONNECT, mind.failures, now_ms)
    mind.failures += 1


def go_offline(mind: Mind, why: str) -> Iterator[Effect]:
    """End the connection; nothing awaited from it comes any more."""
    mind.post.is_online = False
    mind.alarms.drop(Timer.RECONNECT, Timer.FLAP, Timer.ASK, Timer.REPEAT)
    yield from blocks.pause(mind, why)
    yield Disconnect(why)


def stay_away(mind: Mind, why: str, until_ms: int) -> Iterator[Effect]:
    """Go off line and be back at an instant."""
    yield from go_offline(mind, why)
    yield mind.alarms.set(Timer.RECONNECT, until_ms)
