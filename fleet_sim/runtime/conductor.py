"""The conductor of one run: starts the fleet and each cloud's operator, and sees when it is over.

    start ──► jobs, events ──► nothing can move, or `duration` ──► settle: last look, probes ──► end

In both worlds; it waits by the clock and by what the observers have seen. Clouds know nothing of
one another, so a run rests when each of them does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
from fleet_sim.runtime.operator.control import OpenJob
from fleet_sim.runtime.operator.office import Office
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.scenario.expect import expectation_told
from fleet_sim.scenario.plan import EventPlan, Plan
from fleet_sim.scenario.plants import barren

UPGRADING = BUSY | {UpgradeState.REBOOTING}
SEEN_WITHIN_MS = 5_000  # What a copy changed is visible by then, and looked at once more.
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
        by_status: Task status to tasks, as last seen by the observers.
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
        self._last_connects: dict[str, int] = {}
        for one in plan.devices:
            since = self._last_connects.get(one.fleet, 0)
            self._last_connects[one.fleet] = max(since, one.connect_at_ms)
        self._offices: Sequence[Office] = ()
        self._unfinished = 0
        self._is_settling = False
        self.is_over = False
        self.why = ""
        self.on_over: Callable[[], None] = lambda: None
        self.on_tick: Callable[[], None] = lambda: None

    def start(self, offices: Sequence[Office]) -> None:
        """Power on the fleet and let the operators begin, one a cloud."""
        self._offices = offices
        for dialect, contract in self._plan.contracts.items():
            self._log.add(
                Source.CONTROL, "contract", fields={"dialect": dialect, **asdict(contract)}
            )
        for fleet in self._plan.fleets:
            fields = {"fleet": fleet.name, "dialect": fleet.dialect, "devices": fleet.devices}
            self._log.add(Source.CONTROL, "fleet", fields=fields)
        expected = [expectation_told(one) for one in self._plan.expectations]
        self._log.add(Source.CONTROL, "expect", fields={"expectations": expected})
        for sentence in barren(self._plan):
            self._log.add(Source.CONTROL, "plants_nothing", fields={"why": sentence})
        for rig in self._rigs.values():
            rig.start()
        for number, event in enumerate(self._plan.events):
            if event.kind == "disconnect":
                self._clock.call_at(event.at_ms, self._disconnect, number, event)
        for office in offices:
            office.control.start()
        if not self._holds:
            self._clock.call_at(self._plan.duration_ms, self.end, "duration")
        self._clock.call_at(LOOK_MS, self._tick)

    def _tick(self) -> None:
        """Look now and then as well; a run without jobs waits for what its backend does unasked."""
        if any(office.cloud.plan.jobs and not office.control.jobs for office in self._offices):
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
        ends = {self._end_of(office) for office in self._offices}
        if not ends or "" in ends:
            return ""
        return "refused" if "refused" in ends else "settled"

    def _end_of(self, office: Office) -> str:
        """Return why one cloud rests; "" while something can move there."""
        control = office.control
        if office.observer.is_blind:
            return "refused"
        if not control.is_done or not (office.cloud.plan.jobs or self._is_idle(office)):
            return ""
        is_one_of_many = len(control.jobs) > 1
        kept = (
            {one for job in control.jobs for one in self._kept(office, job)}
            if is_one_of_many
            else ()
        )
        if any(self._moves(office, job, kept) for job in control.jobs) or self._is_said_again(
            office
        ):
            return ""
        return "refused" if control.refusals else "settled"

    def _is_said_again(self, office: Office) -> bool:
        """Tell whether a copy of a report is yet to come, or what it changed yet to be seen."""
        rigs = [self._rigs[one.device] for one in office.cloud.plan.devices]
        by_ms = max((rig.agent.repeats_by_ms for rig in rigs), default=0)
        return bool(by_ms) and self._clock.now_ms() <= by_ms + SEEN_WITHIN_MS

    def _is_idle(self, office: Office) -> bool:
        """Tell whether no device of a cloud is upgrading, whoever told it to."""
        rigs = (self._rigs[one.device] for one in office.cloud.plan.devices)
        return not any(rig.agent.state in UPGRADING for rig in rigs)

    def _moves(self, office: Office, job: OpenJob, kept: Collection[DeviceId]) -> bool:
        if office.observer.last_polled_at_ms(job.job_id) is None:
            return True
        sights = (
            replace(sight, is_gone=True, is_kept=not sight.is_gone)
            if device in kept and sight.status is TaskStatus.QUEUED
            else sight
            for device, sight in self._sights(office, job)
        )
        return can_move(self._terms(office, job), sights, self._clock.now_ms())

    def _kept(self, office: Office, job: OpenJob) -> Iterator[DeviceId]:
        """Yield the devices that a task of this job keeps for good."""
        terms, now_ms = self._terms(office, job), self._clock.now_ms()
        sights = self._sights(office, job)
        return (device for device, sight in sights if keeps(terms, sight, now_ms))

    def _sights(self, office: Office, job: OpenJob) -> Iterator[tuple[DeviceId, Sight]]:
        observer, contract = office.observer, office.cloud.contract
        for row in observer.open_tasks[job.job_id].values():
            yield self._sight(job, row)
        if not self._retries(contract, job):
            return
        rows = observer.tasks[job.job_id]
        for task_id, at_ms in observer.failed_at_ms[job.job_id].items():
            if rows[task_id].desc not in contract.cancel_descs:
                device, sight = self._sight(job, rows[task_id])
                yield device, replace(sight, failed_at_ms=at_ms)

    def _sight(self, job: OpenJob, row: TaskRow) -> tuple[DeviceId, Sight]:
        device = DeviceId(row.product_key, row.device_key)
        rig = self._rigs.get(device)
        if rig is None:
            return device, Sight(
                row.status, is_gone=True, is_silent=False, pushed_at_ms=0, is_kept=True
            )
        agent = rig.agent
        tries = agent.tries(job.plan.to_version)
        sight = Sight(row.status, agent.is_gone, agent.is_silent, agent.pushed_at_ms, tries=tries)
        return device, sight

    def _retries(self, contract: ContractProfile, job: OpenJob) -> int:
        """Return how many attempts may follow a status of failed.

        Our own backend shows the first of the statuses that a contract allows between attempts; of
        somebody else's nobody knows.
        """
        shown = contract.between_attempts_status
        if self._plan.target.backend is None:
            shown = shown[:1]
        return job.plan.retry_count if "failed" in shown else 0

    def _terms(self, office: Office, job: OpenJob) -> JobTerms:
        contract = office.cloud.contract
        online_s = contract.online_timeout_s
        timeout_s = contract.timeout_s if job.plan.timeout_s is None else job.plan.timeout_s
        cap = contract.cap_default if job.plan.concurrency is None else job.plan.concurrency
        return JobTerms(
            cap=cap,
            timeout_ms=None if timeout_s is None else 1000 * timeout_s,
            silent_times_out=contract.silent_device == "times_out",
            is_stopped=job.job_id in office.control.stopped,
            window_end_ms=job.plan.window.end_ms if job.plan.window else None,
            visibility_ms=1000 * contract.visibility_s,
            retries=self._retries(contract, job),
            retry_interval_ms=1000 * job.plan.retry_interval_s,
            online_timeout_ms=None if online_s is None else 1000 * online_s,
            joined_by_ms=self._last_connects[job.plan.fleet] if job.plan.open_list else None,
        )

    def end(self, why: str) -> None:
        """Settle and end: the last look at every job, the probes, the last record."""
        if self._is_settling:
            return
        self._is_settling = True
        self.why = why
        self._log.add(Source.CONTROL, "settle", fields={"why": why})
        bound_ms = 0 if self._holds else self._plan.duration_ms
        self._unfinished = len(self._offices)
        for office in self._offices:
            office.control.halt()
        for office in self._offices:
            office.observer.finish(
                self._finished, is_probing=why != "interrupted", bound_ms=bound_ms
            )

    def _finished(self) -> None:
        """Take note that one cloud has had its last look; that of the last one ends the run."""
        self._unfinished -= 1
        if self._unfinished:
            return
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
        for rows in (rows for one in self._offices for rows in one.observer.tasks.values()):
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
