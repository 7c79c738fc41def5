"""A run in virtual time: fleet, platform and operator in one process, on one heap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fleet_sim.backend.brain import Brain
from fleet_sim.dialects import registry
from fleet_sim.model.chance import identifier
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.record import Record, Source
from fleet_sim.mqtt.broker import BrokerLimits
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from fleet_sim.runtime.abort import AbortWatch
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.conductor import Conductor, Snapshot
from fleet_sim.runtime.fleet.download import Fetch, FetchListener, Owner
from fleet_sim.runtime.fleet.keep_alive import PingWheel
from fleet_sim.runtime.fleet.line import Ear
from fleet_sim.runtime.fleet.mount import mount, registrations
from fleet_sim.runtime.memory import (
    MemoryCarrier,
    MemoryCommitter,
    MemoryFiles,
    MemoryNetwork,
)
from fleet_sim.runtime.operator.control import Control
from fleet_sim.runtime.operator.northbound import Northbound
from fleet_sim.runtime.operator.observer import Observer
from fleet_sim.runtime.platform.account import operator_of_run
from fleet_sim.runtime.platform.embedded_broker import EmbeddedBroker
from fleet_sim.runtime.platform.platform import Platform, Settings
from fleet_sim.runtime.platform.storage import MemoryStore
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.runtime.virtual_time import VirtualClock
from fleet_sim.scenario.plan import Plan

EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z: a run in virtual time has no today.
COMMIT_WINDOW_MS = 20  # What a disk's flush takes; shorter only makes more transactions.
OBSERVE_MS_MIN = 2_000  # A simulated operator needs no finer look: the wire is exact.
STEPS_A_LOOK = 20_000  # A fraction of a second of work; more often nobody could read it.
# What moves a task from outside; the server's own journal tells of the rest.
MOVING_KINDS = frozenset({"progress_received", "api_ok"})


@dataclass(frozen=True, slots=True)
class VirtualRun:
    """What a run in virtual time leaves.

    Attributes:
        records: The run log, in order.
        sha256: The digest of the log as it would stand uncompressed in a file.
        why: Why it ended.
        refusals: What the backend would not do, one sentence each.
    """

    records: list[Record]
    sha256: str
    why: str
    refusals: tuple[str, ...]


class VirtualWorld:
    """Everything a run needs, in memory."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.clock: Clock = VirtualClock()
        self.log = MemoryLog(self.clock.now_ms)
        self.epoch_ms = EPOCH_MS
        self.subscribes = False
        self.product_secret = ""
        self.login = None
        self.pings = PingWheel(self.clock)
        self._files = MemoryFiles(self.clock, self.log)
        self._store = MemoryStore()
        self._scanned = 0
        self._moves = 0
        dialect = registry.get(plan.fleets[0].dialect)
        self._org = dialect.org_of(identifier(plan.seed, "operator", "org", digits=32))
        self._app_key, self._app_secret = operator_of_run(dialect, plan.seed)
        self.platform = self._platform()
        self.embedded = EmbeddedBroker(self.platform, dialect.server, self.clock, BrokerLimits())
        self._network = MemoryNetwork(self.embedded, self.clock)

    def _platform(self) -> Platform:
        plan = self.plan
        dialect = registry.get(plan.fleets[0].dialect)
        contract = plan.contracts[dialect.name]
        brain = Brain(
            contract=contract,
            planted=frozenset(plan.target.plant),
            epoch_ms=EPOCH_MS,
            seed=plan.seed,
            file_url=MemoryFiles.url,
        )
        gate = dialect.gate(
            self._org,
            {self._app_key: self._app_secret},
            signed_only=True,
            contract=contract,
            seed=plan.seed,
            default_product=plan.fleets[0].product_key,
        )
        return Platform(
            dialect=dialect,
            brain=brain,
            gate=gate,
            clock=self.clock,
            log=self.log,
            committer=MemoryCommitter(self._store),
            files=self._files,
            settings=Settings(EPOCH_MS, COMMIT_WINDOW_MS),
        )

    def dial(self, ear: Ear, number: int) -> None:
        """Open a connection to the broker."""
        self._network.dial(ear, number)

    def fetch(
        self, owner: Owner, image: FirmwareImage, offset: int, chunk: int, listener: FetchListener
    ) -> Fetch:
        """Read a file from this byte on; this platform's are free for all."""
        del owner
        return self._files.fetch(image.url, offset, chunk, listener)

    def run(
        self, on_snapshot: Callable[[Snapshot], None], should_stop: Callable[[], bool]
    ) -> VirtualRun:
        """Carry the plan out from its first instant to its last, or until it is told to stop."""
        plan, clock, log = self.plan, self.clock, self.log
        assert isinstance(clock, VirtualClock)
        dialect = registry.get(plan.fleets[0].dialect)
        contract = plan.contracts[dialect.name]
        self.platform.register(registrations(plan.devices))
        conductor = Conductor(plan, mount(plan.devices, self, seed=plan.seed), clock, log)
        operator = dialect.operator(self._org, self._app_key, self._app_secret)
        northbound = Northbound(
            operator, MemoryCarrier(self.platform, self._files, clock), clock, epoch_ms=EPOCH_MS
        )
        observer = Observer(
            northbound,
            clock,
            log,
            every_ms=max(OBSERVE_MS_MIN, plan.observe_every_ms),
            page_size=contract.page_size_max,
            page_base=contract.page_base,
            activity=self._activity,
            on_poll=conductor.look,
        )
        control = Control(plan, northbound, clock, log, epoch_ms=EPOCH_MS, on_job=observer.watch)
        watch = AbortWatch(plan, VIRTUAL_TIME)
        if watch.is_needed:
            conductor.on_tick = lambda: self._perhaps_abort(watch, conductor)
        conductor.start(control, observer)
        while not conductor.is_over:
            self._steps(clock, conductor)
            on_snapshot(conductor.snapshot())
            if should_stop():
                conductor.end("interrupted")
        self._store.close()
        return VirtualRun(log.records, log.sha256(), conductor.why, tuple(control.refusals))

    def _perhaps_abort(self, watch: AbortWatch, conductor: Conductor) -> None:
        now_ms = self.clock.now_ms()
        if watch.is_due(now_ms) and watch.fails(self.log.records, now_ms):
            conductor.end("aborted")

    def _activity(self) -> int:
        """Count what can have changed a task: what its device said, and what the server did."""
        fresh = self.log.records[self._scanned :]
        self._scanned += len(fresh)
        self._moves += sum(one.src == Source.SERVER or one.kind in MOVING_KINDS for one in fresh)
        return self._moves

    @staticmethod
    def _steps(clock: VirtualClock, conductor: Conductor) -> None:
        for _ in range(STEPS_A_LOOK):
            clock.step()
            if conductor.is_over:
                return


def run_virtually(
    plan: Plan,
    on_snapshot: Callable[[Snapshot], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> VirtualRun:
    """Carry a plan out in virtual time.

    Args:
        plan: What.
        on_snapshot: Is told now and then how the run stands.
        should_stop: Is asked as often whether to end it early, in good order.
    """
    return VirtualWorld(plan).run(on_snapshot, should_stop)
