"""The world in memory that one cloud's devices are mounted on: its broker, platform and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fleet_sim.backend.brain import Brain
from fleet_sim.model.chance import identifier
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.cloud import Cloud
from fleet_sim.runtime.fleet.download import Fetch, FetchListener, Owner
from fleet_sim.runtime.fleet.keep_alive import PingWheel
from fleet_sim.runtime.fleet.line import Ear
from fleet_sim.runtime.fleet.mount import registrations
from fleet_sim.runtime.memory import (
    MemoryCarrier,
    MemoryCommitter,
    MemoryFiles,
    MemoryNetwork,
)
from fleet_sim.runtime.operator.northbound import Northbound
from fleet_sim.runtime.operator.office import Office, opened
from fleet_sim.runtime.platform.account import operator_of_run
from fleet_sim.runtime.platform.embedded_broker import EmbeddedBroker, limits_of
from fleet_sim.runtime.platform.platform import Platform, Settings
from fleet_sim.runtime.platform.storage import MemoryStore
from fleet_sim.runtime.run_log import MemoryLog

EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z: a run in virtual time has no today.
COMMIT_WINDOW_MS = 20  # What a disk's flush takes; shorter only makes more transactions.
OBSERVE_MS_MIN = 2_000  # A simulated operator needs no finer look: the wire is exact.


class VirtualWorld:
    """Everything that one cloud's share of a run needs; the clock and the log are the run's."""

    def __init__(self, cloud: Cloud, clock: Clock, log: MemoryLog) -> None:
        self.cloud = cloud
        self.clock = clock
        self.log = log
        self.epoch_ms = EPOCH_MS
        self.subscribes = False
        self.product_secret = ""
        self.login = None
        self.pings = PingWheel(clock)
        self._files = MemoryFiles(clock, log)
        self._store = MemoryStore()
        dialect = cloud.dialect
        self._org = dialect.org_of(identifier(cloud.seed, "operator", "org", digits=32))
        self._app_key, self._app_secret = operator_of_run(dialect, cloud.seed)
        self.platform = self._platform()
        self.embedded = EmbeddedBroker(self.platform, clock, limits_of(dialect))
        self._network = MemoryNetwork(self.embedded, clock)

    def _platform(self) -> Platform:
        cloud = self.cloud
        brain = Brain(
            contract=cloud.contract,
            planted=frozenset(cloud.plan.target.plant),
            epoch_ms=EPOCH_MS,
            seed=cloud.seed,
            file_url=MemoryFiles.url,
            ids=cloud.dialect.ids,
            products=frozenset(fleet.product_key for fleet in cloud.plan.fleets),
        )
        gate = cloud.dialect.gate(
            self._org,
            {self._app_key: self._app_secret},
            signed_only=True,
            contract=cloud.contract,
            seed=cloud.seed,
            default_product=cloud.plan.fleets[0].product_key,
        )
        return Platform(
            dialect=cloud.dialect,
            brain=brain,
            gate=gate,
            clock=self.clock,
            log=self.log,
            committer=MemoryCommitter(self._store, self._files),
            files=self._files,
            settings=Settings(EPOCH_MS, COMMIT_WINDOW_MS),
        )

    def register(self) -> None:
        """Make the cloud's devices known to its platform."""
        self.platform.register(registrations(self.cloud.plan.devices))

    def dial(self, ear: Ear, number: int) -> None:
        """Open a connection to the broker."""
        self._network.dial(ear, number)

    def fetch(
        self, owner: Owner, image: FirmwareImage, offset: int, chunk: int, listener: FetchListener
    ) -> Fetch:
        """Read a file from this byte on, if the image's token opens it, whoever shows that."""
        del owner
        may = self.platform.opens(MemoryFiles.firmware_at(image.url), image.token)
        return self._files.fetch(image.url, offset, chunk, listener, may=may)

    def office(
        self,
        *,
        activity: Callable[[], int],
        on_poll: Callable[[], None],
        numbers: Iterator[int],
    ) -> Office:
        """Open the operator's office at the platform; see `operator.office`."""
        operator = self.cloud.dialect.operator(self._org, self._app_key, self._app_secret)
        carrier = MemoryCarrier(self.platform, self._files, self.clock)
        return opened(
            self.cloud,
            Northbound(operator, carrier, self.clock, epoch_ms=EPOCH_MS),
            self.clock,
            self.log,
            epoch_ms=EPOCH_MS,
            every_ms=max(OBSERVE_MS_MIN, self.cloud.plan.observe_every_ms),
            activity=activity,
            on_poll=on_poll,
            numbers=numbers,
        )

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()
