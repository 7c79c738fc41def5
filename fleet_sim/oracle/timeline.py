"""What a log must mean: the tasks of one dialect, with attempts, sightings and slots.

An oracle is given one `Timeline`. Everything in it is read by one contract profile, since a device
and its jobs speak one dialect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fleet_sim.model.contract import ContractProfile
from fleet_sim.oracle.attempts import Attempt, TaskCalls
from fleet_sim.oracle.evidence import (
    FOREVER,
    Call,
    Device,
    Evidence,
    Job,
    Push,
)
from fleet_sim.oracle.from_outside import reveal
from fleet_sim.oracle.queries import Book, open_book
from fleet_sim.oracle.splitting import Splitter
from fleet_sim.oracle.tasks import ACTIVE, ENDED, MS, JobLine, Task
from fleet_sim.oracle.tolerance import Tolerance


@dataclass(slots=True)
class Timeline:
    """All that happened under one contract.

    Attributes:
        dialect: Whose.
        contract: Its profile.
        tolerance: What is granted.
        evidence: The whole log.
        devices: Those that speak the dialect.
        jobs: By id.
        tasks: Of all jobs, in order of appearance.
        loose: Pushes that no known job explains.
        delta_ms: How long a read may lag behind a write.
        book: The searches.
    """

    dialect: str
    contract: ContractProfile
    tolerance: Tolerance
    evidence: Evidence
    devices: dict[str, Device]
    jobs: dict[str, JobLine]
    tasks: list[Task]
    loose: list[tuple[Device, Push]]
    delta_ms: int
    book: Book

    def due_ms(self, at_ms: int) -> int:
        """Return a deadline, put off to after a server's fault that it falls into."""
        for fault in self.evidence.faults:
            if fault.lo - self.delta_ms <= at_ms <= fault.hi:
                return FOREVER if fault.hi == FOREVER else fault.hi + self.tolerance.start_ms
        return at_ms

    def tasks_of(self, device: Device) -> list[Task]:
        """Return the device's tasks in all jobs."""
        found = (job.tasks.get(device.name) for job in self.jobs.values())
        return [task for task in found if task is not None]

    def attempts(self) -> Iterator[tuple[Task, Attempt]]:
        """Yield every attempt with its task."""
        for task in self.tasks:
            for attempt in task.attempts:
                yield task, attempt


def draw_up(
    evidence: Evidence, dialect: str, contract: ContractProfile, tolerance: Tolerance
) -> Timeline:
    """Draw up the timeline of one dialect's devices and jobs."""
    devices = {name: one for name, one in evidence.devices.items() if one.dialect == dialect}
    fleets = {one.fleet for one in devices.values()}
    products = {one.product for one in devices.values()}
    jobs = {
        job.id: _job_line(job, contract)
        for job in evidence.jobs.values()
        if job.fleet in fleets or (not job.fleet and job.product in products)
    }
    timeline = Timeline(
        dialect=dialect,
        contract=contract,
        tolerance=tolerance,
        evidence=evidence,
        devices=devices,
        jobs=jobs,
        tasks=[],
        loose=[],
        delta_ms=max(tolerance.delta_ms, contract.visibility_s * MS),
        book=open_book(
            evidence.queries,
            jobs=jobs,
            products=products,
            is_only=len(evidence.dialects()) == 1,
            cancelled_is_failed=contract.cancel_shows_as == "failed",
        ),
    )
    _show(timeline)
    for device in devices.values():
        for push in device.pushes:
            _attribute(timeline, device, push)
    timeline.tasks = [task for job in jobs.values() for task in job.tasks.values()]
    for task in timeline.tasks:
        # A push names no job, and what somebody else has ordered may be the same version.
        task.is_ambiguous = task.is_ambiguous or evidence.is_shared(task.device.name)
        _split(timeline, task)
    return timeline


def _job_line(job: Job, contract: ContractProfile) -> JobLine:
    timeout_s = contract.timeout_s if job.timeout_s is None else job.timeout_s
    return JobLine(
        order=job,
        cap=contract.cap_default if job.concurrency is None else job.concurrency,
        timeout_ms=None if timeout_s is None else int(timeout_s * MS),
        interval_ms=job.retry_interval_s * MS,
        attempts_max=1 + job.retry_count,
        rate=contract.pushes_a_minute if job.pushes_a_minute is None else job.pushes_a_minute,
        keeps_slots=contract.slot_freed_at == "task_end",
        is_asked_for=job.must_ask and not contract.pushes_unasked,
    )


def _show(timeline: Timeline) -> None:
    """Make a task of every row that polls showed; rows of devices not in the log have none."""
    for job in timeline.jobs.values():
        for name, shown in job.order.seen.items():
            device = timeline.devices.get(name)
            if device is None:
                continue
            task = job.tasks[name] = Task(job, device, next(iter(shown.values())))
            task.is_ambiguous = len(shown) > 1


# --- which task a push belongs to --------------------------------------------------------------


def _attribute(timeline: Timeline, device: Device, push: Push) -> None:
    """Give a push to the task it belongs to; to the likeliest one of several, marked as unsure."""
    named = push.record.job
    jobs = [job for job in timeline.jobs.values() if _can_be_for(job, push)]
    jobs = [job for job in jobs if job.id == named] or _narrowed(timeline, jobs, device, push)
    if not jobs:
        timeline.loose.append((device, push))
        return
    tasks = [job.tasks.setdefault(device.name, Task(job, device)) for job in jobs]
    push.lo = max(push.lo, min(job.order.create.lo for job in jobs))
    tasks[0].pushes.append(push)
    if len(tasks) > 1 or push.is_choice:
        for task in tasks:
            task.is_ambiguous = True


def _can_be_for(job: JobLine, push: Push) -> bool:
    is_its = push.module in {"", job.order.module} and job.order.to_version == push.version
    return is_its and job.order.create.lo <= push.hi


def _narrowed(timeline: Timeline, jobs: list[JobLine], device: Device, push: Push) -> list[JobLine]:
    """Keep the jobs that explain the push best: each narrower reading is taken if any job fits it.

    First the jobs of its product, then those that name the device, that a later look did not show
    to have no task for it, that are to be asked for (or not, as this was; unless whoever asks is
    offered all), whose task was not over, and certainly was not pushed then. None of these may be
    wrong: who goes by a guess convicts a server of what it did not do.
    """
    for fits in (
        lambda job: job.order.product in {"", device.product},
        lambda job: job.order.names(device.name),
        lambda job: not _is_without(job, device, push.hi + timeline.delta_ms),
        lambda job: timeline.contract.offers_pushed or job.order.must_ask == push.is_offer,
        lambda job: not _is_over(job.tasks.get(device.name), push.lo),
        lambda job: not _is_idle(job, device, push.hi + timeline.delta_ms),
    ):
        jobs = [job for job in jobs if fits(job)] or jobs
    return jobs


def _is_without(job: JobLine, device: Device, pushed_by_ms: int) -> bool:
    """Tell whether a whole look that was asked for after a push showed no task for its device.

    A job that was not looked at since (its order had no answer, the API or the run ended) may be
    what the push was for, though no look ever showed the device.
    """
    looks = job.polls[job.first_poll_after(pushed_by_ms) :]
    return device.name not in job.order.seen and any(poll.is_whole for poll in looks)


def _is_over(task: Task | None, at_ms: int) -> bool:
    if task is None:
        return False
    before = [sighting.status for sighting in task.sightings if sighting.t1 < at_ms]
    later = [sighting.status for sighting in task.sightings[len(before) :]]
    # Some servers show a task as failed between two attempts.
    return bool(before) and before[-1] in ENDED and not ACTIVE.intersection(later)


def _is_idle(job: JobLine, device: Device, pushed_by_ms: int) -> bool:
    """Tell whether the task was not pushed then, as the next read still showed it queued.

    Where it may be tried again, queued can also mean again: an attempt may be over within a poll.
    """
    task = job.tasks.get(device.name)
    shown = None if task is None else task.seen_after(pushed_by_ms)
    if shown is None or shown[1].status != "queued":
        return False
    is_retried = any(call.names(device.key) for call in job.calls("retry_tasks"))
    return job.attempts_max == 1 and not is_retried


# --- attempts ------------------------------------------------------------------------------------


def _split(timeline: Timeline, task: Task) -> None:
    task.calls = _calls(timeline, task)
    if not timeline.evidence.has_server_wire:
        reveal(task, timeline.delta_ms)
    splitter = Splitter(
        contract=timeline.contract,
        tolerance=timeline.tolerance,
        target=task.target,
        timeout_ms=task.job.timeout_ms,
        is_verify=task.job.order.kind == "verify",
        device=task.device,
        calls=task.calls,
        faults=timeline.evidence.faults,
        module=task.job.order.module,
    )
    task.attempts = splitter.split(task.pushes)
    for attempt in task.attempts:
        _look_at(task, attempt, timeline.delta_ms)


def _calls(timeline: Timeline, task: Task) -> TaskCalls:
    key = task.device.key
    cancels = [call for call in task.job.calls("cancel_tasks") if call.names(key)]
    return TaskCalls(
        cancels=[*cancels, *_overwrites(timeline, task)],
        retries=[call for call in task.job.calls("retry_tasks") if call.names(key)],
        stops=task.job.calls("stop_job", "delete_job"),
    )


def _overwrites(timeline: Timeline, task: Task) -> Iterator[Call]:
    """Each newer job that takes devices over may have ended the task; no call tells if it did."""
    if timeline.contract.busy_device != "overwrite":
        return
    mine = task.job.order.create
    for job in timeline.jobs.values():
        newer = job.order.create
        if job is not task.job and newer.hi >= mine.lo and job.order.names(task.device.name):
            yield replace(newer, outcome="unknown")


def _look_at(task: Task, attempt: Attempt, delta_ms: int) -> None:
    """Find what the polls wholly inside an attempt (or after it, before the next) showed of it.

    A poll shows a task as it stood at some instant from `t0` less what a read may lag, to `t1`. One
    that shows it as pushed after it was under way shows a next attempt, whose push was lost.
    """
    first = task.job.first_poll_after(attempt.start.hi + delta_ms)
    last = task.job.polls_before(attempt.next) - 1
    polls = task.job.polls
    was_under_way = False
    for sighting, begins, ends in task.segments():
        lo, hi = max(first, begins), min(last, ends - 1)
        if lo > hi:
            continue
        is_next = was_under_way and sighting.status == "pushed"
        was_under_way = sighting.status == "under_way"
        if sighting.status in ACTIVE and not is_next:
            shown = next((k for k in range(hi, lo - 1, -1) if task.at_poll(k)), None)
            if shown is not None:
                attempt.sighted_ms = max(attempt.sighted_ms, polls[shown].t0 - delta_ms)
            continue
        shown = next((k for k in range(lo, hi + 1) if task.at_poll(k)), None)
        if shown is not None:
            attempt.seen_end = (max(attempt.sighted_ms, attempt.start.lo), polls[shown].t1)
            attempt.seen_as = sighting
            return
