"""From timelines to the numbers of a run, for all devices or one fleet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from fleet_sim.oracle.evidence import Device, Presence
from fleet_sim.oracle.metrics import SHARES, Measures, Totals
from fleet_sim.oracle.no_lost_task import is_in_scope
from fleet_sim.oracle.open_tasks import Wait, reason_for
from fleet_sim.oracle.tasks import ENDED, JobLine, Task
from fleet_sim.oracle.timeline import Timeline

_REBOOT = "reboot"  # why a device goes off line for its own upgrade


@dataclass(slots=True)
class _Sheet:
    """The numbers of one fleet in the making."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SHARES, 0))
    samples: dict[str, list[int]] = field(default_factory=dict)
    devices: int = 0

    def add(self, metric: str, value: int) -> None:
        self.samples.setdefault(metric, []).append(value)

    def pad(self, devices: int) -> None:
        """Count those that were not yet switched on when the log ended: no job is for them."""
        missing = max(0, devices - self.devices)
        self.devices += missing
        self.counts["waiting"] += missing

    def take(self, other: _Sheet) -> None:
        self.devices += other.devices
        for name, number in other.counts.items():
            self.counts[name] += number
        for name, values in other.samples.items():
            self.samples.setdefault(name, []).extend(values)

    def close(self) -> Measures:
        samples = {name: sorted(values) for name, values in self.samples.items()}
        return Measures(Totals(self.devices, **self.counts), samples)


def measure(timelines: Iterable[Timeline]) -> Mapping[str | None, Measures]:
    """Return the measures of every fleet by name, and of all devices under None.

    The fleets stand in the order in which the log names them.
    """
    sheets: dict[str, _Sheet] = {}
    named: dict[str, None] = {}
    for timeline in timelines:
        named |= dict.fromkeys(timeline.evidence.fleets)
        for device in timeline.devices.values():
            sheet = sheets.setdefault(device.fleet, _Sheet())
            sheet.devices += 1
            sheet.counts[_place(timeline, device)] += 1
            _sample(timeline, device, sheet)
        for fleet, (dialect, devices) in timeline.evidence.fleets.items():
            if dialect == timeline.dialect:
                sheets.setdefault(fleet, _Sheet()).pad(devices)
    everything = _Sheet()
    for sheet in sheets.values():
        everything.take(sheet)
    order = [name for name in {**named, **dict.fromkeys(sheets)} if name in sheets]
    found: dict[str | None, Measures] = {name: sheets[name].close() for name in order}
    found[None] = everything.close()
    return found


def _place(timeline: Timeline, device: Device) -> str:
    """Return the first of updated, failed, waiting and stuck that fits."""
    job, task = _latest(timeline, device)
    if device.boots and device.boots[-1].get("version") in _targets(device, job):
        return "updated"
    if job is None:
        return "waiting"
    if task is None:
        return "stuck" if is_in_scope(timeline, job, device) else "waiting"
    status = task.last.status if task.last else ""
    if status in {"failed", "cancelled"}:
        return "failed"
    is_open = reason_for(timeline, task).wait in {Wait.STATED, Wait.TIMER, Wait.UNCLEAR}
    return "waiting" if is_open else "stuck"


def _targets(device: Device, job: JobLine | None) -> set[str]:
    """Return the versions any of which is the device's target.

    That of the job which counts for it; without one, what its backend pushed it last of its own
    accord, or all that was in that offer.
    """
    if job is not None:
        return {job.order.to_version}
    last = device.pushes[-1].request if device.pushes else ""
    return {push.version for push in device.pushes if push.request == last}


def _latest(timeline: Timeline, device: Device) -> tuple[JobLine | None, Task | None]:
    """Return the job that counts for a device, and its task there.

    Of several jobs: the newest whose task is open, else the one that pushed it last, else the
    newest that names it.
    """
    tasks = timeline.tasks_of(device)
    still_open = [task for task in tasks if task.last is None or task.last.status not in ENDED]
    pushed = [task for task in tasks if task.pushes]
    task = None
    if still_open:
        task = still_open[-1]
    elif pushed:
        task = max(pushed, key=lambda one: one.pushes[-1].hi)
    elif tasks:
        task = tasks[-1]
    if task is not None:
        return task.job, task
    jobs = (
        job
        for job in timeline.jobs.values()
        if job.order.names(device.name) and job.order.fleet in {"", device.fleet}
    )
    return max(jobs, key=lambda job: job.order.create.lo, default=None), None


def _sample(timeline: Timeline, device: Device, sheet: _Sheet) -> None:
    tasks = timeline.tasks_of(device)
    sheet.add("retries", sum(max(0, len(task.attempts) - 1) for task in tasks))
    sheet.add("downloads", device.downloads)
    lost = [one for one in device.reports if one.kind != "ack" and not one.is_certain]
    sheet.add("lost_reports", len(lost))
    job, _ = _latest(timeline, device)
    spans = (_took_ms(device, version) for version in sorted(_targets(device, job)))
    took_ms = next((span for span in spans if span is not None), None)
    if took_ms is not None:
        sheet.add("time_to_update", took_ms)
    seen = device.presence.get("device") or device.presence.get("server")
    if seen is not None:
        for away_ms in _outages(seen):
            sheet.add("reconnect", away_ms)


def _took_ms(device: Device, version: str) -> int | None:
    """Return how long it took from the first push of a version to its report."""
    first = next((push for push in device.pushes if push.version == version), None)
    if first is None:
        return None
    for report in device.reports:
        if report.kind == "version" and report.version == version and report.hi >= first.lo:
            return max(0, (report.hi if report.is_certain else report.lo) - first.hi)
    return None


def _outages(seen: Presence) -> Iterable[int]:
    changes = zip(seen.at_ms, seen.is_online, seen.why, strict=True)
    for (lost_at, was_online, why), (back_at, is_online, _) in pairwise(changes):
        if not was_online and is_online and why != _REBOOT:
            yield back_at - lost_at
