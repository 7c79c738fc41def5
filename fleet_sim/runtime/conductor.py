"""The conductor of one run: starts fleet, operator and observer, and sees when it is over.

    start ──► jobs, events ──► nothing can move, or `duration` ──► settle: last look, probes ──► end

In both worlds; it waits by the clock and by what the observer has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from fleet_sim.device.states import BUSY, UpgradeState
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import TaskRow, TaskStatus
from fleet_sim.model.record import Source
from fleet_sim.network.outages import Outage
from fleet_sim.network.profiles import OutageKind
from fleet_sim.oracle.settled import JobTerms, Sight, can_move, keeps
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.fleet.rig import Rig
from fleet_sim.runtime.operator.control import Control, OpenJob
from fleet_sim.runtime.operator.observer import Observer
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.scenario.plan import EventPlan, Plan

UPGRADING = BUSY | {UpgradeState.REBOOTING}
LOOK_MS = 1_000  # How often a run is looked at besides: one whose jobs were refused has no polls.


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a run stands, for a person to watch.

    Attributes:
        elapsed_ms: Since the start.
        online: Connected devices.
        by_state: Agent state to devices, as the devices themselves know it.
        updated: Devices that run their job's target version; where their fleet has no job, another
            version than they began with.
        by_status: Task status to tasks, as last seen by the observer.
        records: How long the fleet's part of the run log is.
        lag_ms: How late the generator's own work is at the 99th percentile.
        is_held: Whether nothing can move any more, and the run goes on because it was told to.
    """

    elapsed_ms: int
    online: int
    by_state: Mapping[str, int]
    updated: int
    by_status: Mapping[str, int]
    records: int
    lag_ms: int = 0
    is_held: bool = False


class Conductor:
    """One run. `is_over` once the log is complete."""

    def __init__(
        self,
        plan: Plan,
        rigs: Mapping[DeviceId, Rig],
        clock: Clock,
        log: MemoryLog,
        *,
        holds: bool = False,
    ) -> None:
        self._plan = plan
        self._rigs = rigs
        self._clock = clock
        self._log = log
        self._holds = holds
        self._control: Control | None = None
        self._observer: Observer | None = None
        self._is_settling = False
        self.is_over = False
        self.why = ""
        self.on_over: Callable[[], None] = lambda: None
        self.on_tick: Callable[[], None] = lambda: None

    def start(self, control: Control, observer: Observer) -> None:
        """Power on the fleet and let the operator begin."""
        self._control = control
        self._observer = observer
        for dialect, contract in self._plan.contracts.items():
            self._log.add(
                Source.CONTROL, "contract", fields={"dialect": dialect, **asdict(contract)}
            )
        for fleet in self._plan.fleets:
            fields = {"fleet": fleet.name, "dialect": fleet.dialect, "devices": fleet.devices}
            self._log.add(Source.CONTROL, "fleet", fields=fields)
        for rig in self._rigs.values():
            rig.start()
        for number, event in enumerate(self._plan.events):
            if event.kind == "disconnect":
                self._clock.call_at(event.at_ms, self._disconnect, number, event)
        control.start()
        if not self._holds:
            self._clock.call_at(self._plan.duration_ms, self.end, "duration")
        self._clock.call_at(LOOK_MS, self._tick)

    def _tick(self) -> None:
        """Look now and then as well; a run without jobs waits for what its backend does unasked."""
        assert self._control is not None
        if self._plan.jobs and not self._control.jobs:
            self.look()
        self.on_tick()
        if not self._is_settling:
            self._clock.call_at(self._clock.now_ms() + LOOK_MS, self._tick)

    def _disconnect(self, number: int, event: EventPlan) -> None:
        now_ms = self._clock.now_ms()
        fault = f"{event.kind}-{number + 1}"
        devices = [str(device) for device in event.devices]
        self._log.add(Source.CONTROL, "fault_injected", fields={"id": fault, "devices": devices})
        outage = Outage(now_ms, now_ms + event.for_ms, OutageKind.RST)
        for device in event.devices:
            self._rigs[device].line.impose(outage)
        self._clock.call_at(now_ms + event.for_ms, self._healed, fault)

    def _healed(self, fault: str) -> None:
        self._log.add(Source.CONTROL, "fault_healed", fields={"id": fault})

    # --- the end -----------------------------------------------------------------------------

    def look(self) -> None:
        """End the run if nothing can move any more."""
        why = "" if self._is_settling or self._holds else self._rest()
        if why:
            self.end(why)

    def stop(self) -> None:
        """End the run because a person says so: whoever held one that had settled ends it well."""
        self.end((self._rest() if self._holds else "") or "interrupted")

    def _rest(self) -> str:
        """Return why the run may end by itself; "" while something can move."""
        if self._control is None or self._observer is None:
            return ""
        if self._observer.is_blind:
            return "refused"
        if not self._control.is_done or not (self._plan.jobs or self._is_fleet_idle()):
            return ""
        jobs = self._control.jobs
        kept = {device for job in jobs for device in self._kept(job)} if len(jobs) > 1 else ()
        if any(self._moves(job, kept) for job in jobs):
            return ""
        return "refused" if self._control.refusals else "settled"

    def _is_fleet_idle(self) -> bool:
        """Tell whether no device is upgrading, whoever told it to."""
        return not any(rig.agent.state in UPGRADING for rig in self._rigs.values())

    def _moves(self, job: OpenJob, kept: Collection[DeviceId]) -> bool:
        assert self._observer is not None
        if self._observer.last_polled_at_ms(job.job_id) is None:
            return True
        sights = (
            replace(sight, is_gone=True)
            if device in kept and sight.status is TaskStatus.QUEUED
            else sight
            for device, sight in self._sights(job)
        )
        return can_move(self._terms(job), sights, self._clock.now_ms())

    def _kept(self, job: OpenJob) -> Iterator[DeviceId]:
        """Yield the devices that a task of this job keeps for good."""
        terms, now_ms = self._terms(job), self._clock.now_ms()
        return (device for device, sight in self._sights(job) if keeps(terms, sight, now_ms))

    def _sights(self, job: OpenJob) -> Iterator[tuple[DeviceId, Sight]]:
        assert self._observer is not None
        for row in self._observer.open_tasks[job.job_id].values():
            yield self._sight(job, row)
        if not self._retries(job):
            return
        rows, cancelled = self._observer.tasks[job.job_id], self._contract(job).cancel_descs
        for task_id, at_ms in self._observer.failed_at_ms[job.job_id].items():
            if rows[task_id].desc not in cancelled:
                device, sight = self._sight(job, rows[task_id])
                yield device, replace(sight, failed_at_ms=at_ms)

    def _sight(self, job: OpenJob, row: TaskRow) -> tuple[DeviceId, Sight]:
        device = DeviceId(row.product_key, row.device_key)
        rig = self._rigs.get(device)
        if rig is None:
            return device, Sight(row.status, is_gone=True, is_silent=False, pushed_at_ms=0)
        agent = rig.agent
        tries = agent.tries(job.plan.to_version)
        sight = Sight(row.status, agent.is_gone, agent.is_silent, rig.pushed_at_ms, tries=tries)
        return device, sight

    def _retries(self, job: OpenJob) -> int:
        """Return how many attempts may follow a status of failed.

        Our own backend shows the first of the statuses that a contract allows between attempts; of
        somebody else's nobody knows.
        """
        shown = self._contract(job).between_attempts_status
        if self._plan.target.backend is None:
            shown = shown[:1]
        return job.plan.retry_count if "failed" in shown else 0

    def _contract(self, job: OpenJob) -> ContractProfile:
        fleet = next(fleet for fleet in self._plan.fleets if fleet.name == job.plan.fleet)
        return self._plan.contracts[fleet.dialect]

    def _terms(self, job: OpenJob) -> JobTerms:
        contract = self._contract(job)
        timeout_s = contract.timeout_s if job.plan.timeout_s is None else job.plan.timeout_s
        cap = contract.cap_default if job.plan.concurrency is None else job.plan.concurrency
        assert self._control is not None
        return JobTerms(
            cap=cap,
            timeout_ms=None if timeout_s is None else 1000 * timeout_s,
            silent_times_out=contract.silent_device == "times_out",
            is_stopped=job.job_id in self._control.stopped,
            window_end_ms=job.plan.window.end_ms if job.plan.window else None,
            visibility_ms=1000 * contract.visibility_s,
            retries=self._retries(job),
            retry_interval_ms=1000 * job.plan.retry_interval_s,
        )

    def end(self, why: str) -> None:
        """Settle and end: the last look at every job, the probes, the last record."""
        if self._is_settling:
            return
        self._is_settling = True
        self.why = why
        self._log.add(Source.CONTROL, "settle", fields={"why": why})
        assert self._control is not None
        assert self._observer is not None
        self._control.halt()
        bound_ms = 0 if self._holds else self._plan.duration_ms
        self._observer.finish(self._ended, is_probing=why != "interrupted", bound_ms=bound_ms)

    def _ended(self) -> None:
        self._log.add(Source.CONTROL, "end", fields={"why": self.why})
        self._log.end()
        self.is_over = True
        self.on_over()

    # --- for a person to watch ---------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Return how the run stands."""
        by_state: dict[str, int] = {}
        targets = {job.fleet: job.to_version for job in self._plan.jobs}
        online = updated = 0
        for rig in self._rigs.values():
            state = rig.agent.state.value
            by_state[state] = by_state.get(state, 0) + 1
            online += rig.is_online
            target = targets.get(rig.plan.fleet)
            version, before = rig.agent.version, rig.plan.version
            updated += version != before if target is None else version == target
        by_status: dict[str, int] = {}
        if self._observer is not None:
            for rows in self._observer.tasks.values():
                for row in rows.values():
                    by_status[row.status.value] = by_status.get(row.status.value, 0) + 1
        now_ms = self._clock.now_ms()
        return Snapshot(
            now_ms,
            online,
            by_state,
            updated,
            by_status,
            self._log.count,
            is_held=self._holds and not self._is_settling and bool(self._rest()),
        )
