"""A device that asks for its upgrades: when it does, and which of the offered images it takes.

It asks after its version report on each connection, and every so often while it is on line, as long
as it is not at an upgrade. Before there is anything for it the answer is an empty offer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fleet_sim.device.attempt import Attempt
from fleet_sim.device.events import Effect, Timer
from fleet_sim.device.mind import Mind
from fleet_sim.device.states import BUSY, UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.firmware import FirmwareImage


def ask(mind: Mind, now_ms: int) -> Iterator[Effect]:
    """Ask what there is to upgrade to, unless it is at it or keeps silent; and so on.

    One question for the device, then one for each of its parts.
    """
    is_quiet = mind.state is UpgradeState.QUIET
    hush_ms = hushed_until_ms(mind.timings, mind.attempt if is_quiet else None)
    if not (mind.state in BUSY or now_ms < hush_ms):
        for module in ("", *(name for name, _ in mind.modules)):
            yield from mind.post.query(module)
    if mind.timings.request_every_ms:
        wait_ms = mind.timings.ask_wait_ms(mind.chance(Timer.ASK))
        yield mind.alarms.set(Timer.ASK, hush_ms if now_ms < hush_ms else now_ms + wait_ms)


def choose(
    images: Sequence[FirmwareImage], runs: Callable[[FirmwareImage], bool]
) -> FirmwareImage | None:
    """Choose from what a device was offered, None if that was nothing.

    The first that is news. Offered only what runs already, that: the server does not know that it
    runs, and is told so as after a push.

    Args:
        images: What.
        runs: Whether the device runs an image already.
    """
    return next((image for image in images if not runs(image)), next(iter(images), None))


def hushed_until_ms(timings: Timings, silent_in: Attempt | None) -> int:
    """Return until when a device does not ask because it fell silent; 0 for any other.

    Args:
        timings: Its own.
        silent_in: The attempt in which it fell silent, None if it did not.
    """
    return 0 if silent_in is None else silent_in.began_at_ms + timings.request_hush_ms
