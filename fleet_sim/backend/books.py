"""The books: everything the server knows, and what one event has changed in it.

Handlers change the states and say `keep`; whatever changed leaves once, as one row, before
everything else the event led to. So a reader of the effects may hold later ones back until the
rows are durable, and nothing said aloud is ever lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fleet_sim.backend import rows
from fleet_sim.backend.events import Effect, Forget, Journal, Keep, Tell
from fleet_sim.backend.state import (
    DeviceState,
    FirmwareState,
    JobState,
    ModuleState,
    TaskState,
)
from fleet_sim.backend.timers import Timers
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.ids import HEX_IDS, IdForms, IdKind
from fleet_sim.model.messages import ServerMessage, VersionAsked


@dataclass(slots=True)
class Books:
    """The server's memory.

    Attributes:
        contract: What it promises.
        planted: The bugs it carries on purpose.
        epoch_ms: The wall clock at the start of the run.
        seed: For names.
        file_url: Firmware id and file name to the address devices are given.
        ids: How names look.
        products: Those that are known although they may have no devices yet.
        devices: By identity.
        modules: By product and name, in small letters, in order of creation.
        firmware: By id, in order of creation.
        jobs: By id, in order of creation.
        tasks: By id, in order of creation.
        counters: How many of each kind have been named.
        timers: All deadlines.
        stirred: Jobs that may now be able to push, by number.
        sorted_devices: All devices by identity, made anew after one was added.
    """

    contract: ContractProfile
    planted: frozenset[str]
    epoch_ms: int
    seed: int
    file_url: Callable[[str, str], str]
    ids: IdForms = HEX_IDS
    products: frozenset[str] = frozenset()
    devices: dict[DeviceId, DeviceState] = field(default_factory=dict)
    modules: dict[tuple[str, str], ModuleState] = field(default_factory=dict)
    firmware: dict[str, FirmwareState] = field(default_factory=dict)
    jobs: dict[str, JobState] = field(default_factory=dict)
    tasks: dict[str, TaskState] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    timers: Timers = field(default_factory=Timers)
    stirred: dict[int, JobState] = field(default_factory=dict)
    sorted_devices: list[DeviceState] | None = None
    _changed: dict[tuple[str, str], tuple[rows.Kept | int, bool]] = field(default_factory=dict)
    _files: list[Effect] = field(default_factory=list)
    _spoken: list[Effect] = field(default_factory=list)

    # --- what one event leads to -----------------------------------------------------------

    def keep(self, kept: rows.Kept, *, urgent: bool = True) -> None:
        """Write this down when the event is done; urgent once is urgent."""
        name = rows.name_of(kept)
        before = self._changed.get(name)
        self._changed[name] = (kept, urgent or (before is not None and before[1]))

    def forget(self, kept: rows.Kept) -> None:
        """Strike this out when the event is done."""
        name = rows.name_of(kept)
        self._changed.pop(name, None)
        self._files.append(Forget(*name))

    def file(self, effect: Effect) -> None:
        """Do this with a file before anything is said."""
        self._files.append(effect)

    def say(self, effect: Effect) -> None:
        """Say this once everything before it is written down."""
        self._spoken.append(effect)

    def tell(self, device: DeviceState, message: ServerMessage | VersionAsked) -> None:
        """Send a device something."""
        self._spoken.append(Tell(device.device, message))

    def journal(self, kind: str, task: TaskState | None = None, **fields: Any) -> None:  # noqa: ANN401 - JSON
        """Add a line to the server's own story."""
        device = str(task.device.device) if task else ""
        self._spoken.append(Journal(kind, device, task.job.job_id if task else "", fields))

    def settle(self) -> tuple[Effect, ...]:
        """Return everything the event led to, rows and files first, and begin a new page."""
        kept = [
            Keep(table, key, {"key": key, **self._row(what)}, urgent)
            for (table, key), (what, urgent) in self._changed.items()
        ]
        effects = (*self._files, *kept, *self._spoken)
        self._changed.clear()
        self._files.clear()
        self._spoken.clear()
        return effects

    # --- names -------------------------------------------------------------------------------

    def number(self, kind: str) -> int:
        """Return the next number of this kind, from 1; none is ever given twice."""
        value = self.counters.get(kind, 0) + 1
        self.counters[kind] = value
        self._changed["counters", kind] = (value, True)
        return value

    def name(self, kind: IdKind, number: int) -> str:
        """Return the id that goes with a number, in the vendor's form."""
        return self.ids.of(kind).write(number, seed=self.seed, kind=kind)

    def _row(self, kept: rows.Kept | int) -> dict[str, Any]:
        return {"value": kept} if isinstance(kept, int) else rows.to_row(kept, self.epoch_ms)
