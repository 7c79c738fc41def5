"""A run in virtual time: fleet, platforms and operators in one process, on one heap."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from fleet_sim.runtime.abort import AbortWatch
from fleet_sim.runtime.cloud import clouds_of
from fleet_sim.runtime.conductor import Conductor, Snapshot
from fleet_sim.runtime.fleet.mount import mount
from fleet_sim.runtime.operator.office import refusals
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.runtime.virtual_time import VirtualClock
from fleet_sim.runtime.virtual_world import VirtualWorld
from fleet_sim.scenario.plan import Plan

STEPS_A_LOOK = 20_000  # A fraction of a second of work; more often nobody could read it.
# Objects made before the collector looks, and looks of each of its generations before the next. A
# log only grows and nothing in it is garbage: by the usual 700, 10, 10 each device's records would
# be walked through again and again, for a twelfth of the run's time.
GROWING_HEAP = (20_000, 20, 50)
# What moves a task from outside; the server's own journal tells of the rest.
MOVING_KINDS = frozenset({"progress_received", "api_ok"})


@dataclass(frozen=True, slots=True)
class VirtualRun:
    """What a run in virtual time leaves.

    Attributes:
        records: The run log, in order.
        sha256: The digest of the log as it would stand uncompressed in a file.
        why: Why it ended.
        refusals: What the backends would not do, one sentence each.
    """

    records: list[Record]
    sha256: str
    why: str
    refusals: tuple[str, ...]


def run_virtually(
    plan: Plan,
    on_snapshot: Callable[[Snapshot], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> VirtualRun:
    """Carry a plan out in virtual time, from its first instant to its last.

    Args:
        plan: What.
        on_snapshot: Is told now and then how the run stands.
        should_stop: Is asked as often whether to end it early, in good order.
    """
    clock = VirtualClock()
    log = MemoryLog(clock.now_ms)
    worlds = {one.dialect.name: VirtualWorld(one, clock, log) for one in clouds_of(plan)}
    for world in worlds.values():
        world.register()
    conductor = Conductor(plan, mount(plan.devices, worlds, seed=plan.seed), clock, log)
    activity, numbers = _Activity(log), count(1)
    offices = [
        world.office(activity=activity.count, on_poll=conductor.look, numbers=numbers)
        for world in worlds.values()
    ]
    watch = AbortWatch(plan, VIRTUAL_TIME)
    if watch.is_needed:
        conductor.on_tick = lambda: _perhaps_abort(watch, conductor, clock, log)
    conductor.start(offices)
    with _growing_heap():
        while not conductor.is_over:
            _steps(clock, conductor)
            on_snapshot(conductor.snapshot())
            if should_stop():
                conductor.end("interrupted")
    for world in worlds.values():
        world.close()
    return VirtualRun(log.records, log.sha256(), conductor.why, refusals(offices))


@contextlib.contextmanager
def _growing_heap() -> Iterator[None]:
    """Let the collector look seldom; afterwards as often as before."""
    before = gc.get_threshold()
    gc.set_threshold(*GROWING_HEAP)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _Activity:
    """Counts what can have changed a task: what its device said, and what a server did."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        self._scanned = 0
        self._moves = 0

    def count(self) -> int:
        """Return how much there was so far, over all clouds."""
        fresh = self._log.records[self._scanned :]
        self._scanned += len(fresh)
        self._moves += sum(one.src == Source.SERVER or one.kind in MOVING_KINDS for one in fresh)
        return self._moves


def _perhaps_abort(
    watch: AbortWatch, conductor: Conductor, clock: VirtualClock, log: MemoryLog
) -> None:
    now_ms = clock.now_ms()
    if watch.is_due(now_ms) and watch.fails(log.records, now_ms):
        conductor.end("aborted")


def _steps(clock: VirtualClock, conductor: Conductor) -> None:
    for _ in range(STEPS_A_LOOK):
        clock.step()
        if conductor.is_over:
            return
