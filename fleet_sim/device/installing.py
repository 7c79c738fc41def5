"""From the last byte to the new version: install, say 100 %, reboot, and run it."""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.device import connecting
from fleet_sim.device.events import Connect, Effect, Note, Timer
from fleet_sim.device.mind import Mind
from fleet_sim.device.states import UpgradeState


def on_installed(mind: Mind, now_ms: int) -> Iterator[Effect]:
    """Say 100 %, and wait a while until the server has it."""
    mind.move(UpgradeState.FINISHING)
    yield mind.alarms.set(Timer.FLUSH, now_ms + mind.timings.flush_ms)
    yield from mind.report_progress(100)
    mind.is_mute = not mind.conduct.reports_version
    yield from mind.note_mute()


def reboot(mind: Mind, now_ms: int) -> Iterator[Effect]:
    """Go down; not every device comes up again."""
    mind.alarms.drop(Timer.FLUSH)
    yield from connecting.go_offline(mind, "reboot")
    if not mind.conduct.returns:
        mind.move(UpgradeState.GONE)
        yield Note("gone", {"why": "did not return from its reboot"})
        return
    mind.move(UpgradeState.REBOOTING)
    yield mind.alarms.set(Timer.REBOOT, now_ms + mind.timings.reboot_ms)


def on_booted(mind: Mind) -> Iterator[Effect]:
    """Run the new image; the boot loader puts it in place on the way, hence `flash` here."""
    attempt = mind.under_way
    mind.run(attempt.image)
    mind.post.upgraded(attempt.image.module)
    # The version report says more than a 100 that was lost; only who keeps it still owes that.
    if not mind.is_mute:
        mind.post.forget()
    mind.move(UpgradeState.QUIET if mind.is_mute else UpgradeState.IDLE)
    yield Note("flash", attempt.noted)
    yield Note("boot", {"version": mind.version})
    yield Connect()
