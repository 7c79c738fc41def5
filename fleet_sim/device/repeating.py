"""Reports that are sent again unaltered, as by a client whose broker's word was lost.

Only the last thing said is said again: a newer report takes the older one's place, and a connection
that ends takes all of it along.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.device.events import Effect, Publish, Timer
from fleet_sim.device.mind import Mind
from fleet_sim.model.messages import FailureReport, ProgressReport, VersionReport

_REPORTS = (FailureReport, ProgressReport, VersionReport)


def with_copies(mind: Mind, effects: tuple[Effect, ...], now_ms: int) -> tuple[Effect, ...]:
    """Have the last report among what is to be done said again later."""
    said = [
        one for one in effects if isinstance(one, Publish) and isinstance(one.message, _REPORTS)
    ]
    if not said:
        return effects
    mind.repeats = (said[-1], mind.conduct.copies)
    mind.repeats_by_ms = now_ms + mind.conduct.copies * mind.conduct.copy_after_ms
    return (*effects, mind.alarms.set(Timer.REPEAT, now_ms + mind.conduct.copy_after_ms))


def again(mind: Mind, now_ms: int) -> Iterator[Effect]:
    """Say it once more, and await the next time if there is to be one."""
    if mind.repeats is None or not mind.is_online:
        return
    said, left = mind.repeats
    yield said
    mind.repeats = (said, left - 1) if left > 1 else None
    if left > 1:
        yield mind.alarms.set(Timer.REPEAT, now_ms + mind.conduct.copy_after_ms)
