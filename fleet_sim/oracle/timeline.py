"""What a log must mean: the tasks of one dialect, with attempts, sightings and slots.

An oracle is given one `Timeline`. Everything in it is read by one contract profile, since a device
and its jobs speak one dialect.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fleet_sim.model.contract import ContractProfile
from fleet_sim.oracle.attempts import Attempt, Splitter, TaskCalls
from fleet_sim.oracle.evidence import (
    FOREVER,
    Call,
    Device,
    Evidence,
    Job,
    Poll,
    Push,
    Report,
    Sighting,
)
from fleet_sim.oracle.queries import Book, open_book
from fleet_sim.oracle.tolerance import Tolerance

ACTIVE = frozenset({"pushed", "under_way"})
ENDED = frozenset({"succeeded", "failed", "cancelled"})
MS = 1_000
_DAY_MS = 86_400_000


@dataclass(slots=True)
class JobLine:
    """A job with its vendor's defaults filled in.

    Attributes:
        order: The job as ordered.
        cap: How many of its tasks may be active at once; None for any number.
        timeout_ms: An attempt's; None for no limit.
        interval_ms: Between two attempts.
        attempts_max: How many a task may have, operators' retries aside.
        tasks: By device, in order of appearance.
        whole_polls: Numbers of the polls that walked over every task.
    """

    order: Job
    cap: int | None
    timeout_ms: int | None
    interval_ms: int
    attempts_max: int
    tasks: dict[str, Task] = field(default_factory=dict)
    _t0s: list[int] = field(default_factory=list)
    _t1s: list[int] = field(default_factory=list)
    _busy: tuple[list[int], list[int]] | None = None

    @property
    def id(self) -> str:
        """The server's id."""
        return self.order.id

    @property
    def polls(self) -> Sequence[Poll]:
        """Every look at its tasks."""
        return self.order.polls

    @property
    def last_poll(self) -> Poll | None:
        """The last look at its tasks."""
        return self.order.polls[-1] if self.order.polls else None

    def calls(self, *names: str) -> list[Call]:
        """Return later calls of these names that may have worked."""
        return [call for call in self.order.calls if call.name in names and call.may_have_worked]

    def is_started_throughout(self, lo: int, hi: int) -> bool:
        """Tell whether the job certainly was neither stopped nor deleted from `lo` to `hi`."""
        stopped_at: int | None = None
        for call in self.calls("stop_job", "start_job", "delete_job"):
            if call.name == "start_job":
                is_back = call.outcome == "ok" and call.hi <= lo
                stopped_at = None if is_back else stopped_at
            elif call.lo <= hi:
                stopped_at = call.lo
        return stopped_at is None

    def is_window_open_throughout(self, lo: int, hi: int) -> bool:
        """Tell whether pushes certainly were allowed from `lo` to `hi`."""
        window = self.order.window
        if window is None:
            return True
        start, end = int(window.get("start_ms") or 0), int(window.get("end_ms") or FOREVER)
        if not window.get("repeat_daily"):
            return start <= lo and hi <= end
        since = (lo - start) % _DAY_MS
        return since + (hi - lo) <= (end - start) % _DAY_MS

    def busy_max(self, lo: int, hi: int) -> int:
        """Return the most tasks that can have been active at once from `lo` to `hi`."""
        if self._busy is None:
            self._busy = _steps([span for task in self.tasks.values() for span in task.busy()])
        at_ms, counts = self._busy
        first, last = bisect_right(at_ms, lo) - 1, bisect_right(at_ms, hi)
        return max(counts[max(first, 0) : last], default=0)

    def has_free_slot_throughout(self, lo: int, hi: int) -> bool:
        """Tell whether the cap certainly had room from `lo` to `hi`."""
        return self.cap is None or self.busy_max(lo, hi) < self.cap

    def first_poll_after(self, at_ms: int) -> int:
        """Return the number of the first poll asked after an instant; `len(polls)` if none."""
        if len(self._t0s) != len(self.polls):
            self._t0s = [poll.t0 for poll in self.polls]
            self._t1s = [poll.t1 for poll in self.polls]
        return bisect_right(self._t0s, at_ms)

    def polls_answered_before(self, at_ms: int) -> int:
        """Return how many polls were answered before an instant."""
        self.first_poll_after(0)
        return bisect_left(self._t1s, at_ms)


@dataclass(slots=True)
class Task:
    """One device in one job.

    Attributes:
        job: Its job.
        device: Its device.
        sightings: What polls showed, each change; empty where none showed it.
        attempts: In order.
        pushes: All of them, in order.
        calls: What operators did to it.
        is_ambiguous: Whether its pushes may belong to another task as well.
        has_copies: Whether a push was seen twice, perhaps a network's doing.
    """

    job: JobLine
    device: Device
    sightings: list[Sighting] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)
    calls: TaskCalls = field(default_factory=TaskCalls)
    is_ambiguous: bool = False

    @property
    def name(self) -> str:
        """The device, by its key."""
        return self.device.key

    @property
    def target(self) -> str:
        """The version it is for."""
        return self.job.order.to_version

    @property
    def has_copies(self) -> bool:
        """Whether a push was seen twice, perhaps a network's doing."""
        return any(push.is_copy for push in self.pushes)

    @property
    def last(self) -> Sighting | None:
        """What the last poll showed."""
        return self.sightings[-1] if self.sightings else None

    def at_poll(self, number: int) -> Sighting | None:
        """Return what this poll showed of the task; None where it did not show it for certain."""
        found = bisect_right(self.sightings, number, key=_poll_of) - 1
        if found < 0:
            return None
        sighting = self.sightings[found]
        is_shown = sighting.poll == number or self.job.polls[number].is_whole
        return sighting if is_shown else None

    def seen_after(self, at_ms: int, before_ms: int = FOREVER) -> tuple[Poll, Sighting] | None:
        """Return the first poll asked after one instant, answered before another, showing it."""
        number = self.job.first_poll_after(at_ms)
        while number < len(self.job.polls) and self.job.polls[number].t1 < before_ms:
            sighting = self.at_poll(number)
            if sighting is not None:
                return self.job.polls[number], sighting
            number += 1
        return None

    def segments(self) -> Iterator[tuple[Sighting, int, int]]:
        """Yield each sighting with the first poll that showed it and the first that did not."""
        ends = [*(sighting.poll for sighting in self.sightings[1:]), len(self.job.polls)]
        for sighting, end in zip(self.sightings, ends, strict=False):
            yield sighting, sighting.poll, end

    def since(self, sighting: Sighting, delta_ms: int) -> int:
        """Return the earliest instant at which what it shows can have come about."""
        for number in range(sighting.poll - 1, -1, -1):
            if self.at_poll(number) is not None:
                return self.job.polls[number].t0 - delta_ms
        return 0

    def busy(self) -> list[tuple[int, int]]:
        """Return when it can have been active: by its attempts, or as polls showed it."""
        spans = [(one.start.lo, one.over_by_ms) for one in self.attempts]
        spans += [(stray.lo, FOREVER) for one in self.attempts for stray in one.strays]
        for sighting, first, end in self.segments():
            if sighting.status in ACTIVE:
                lo = self.job.polls[first - 1].t0 if first else 0
                spans.append((lo, self.job.polls[end].t1 if end < len(self.job.polls) else FOREVER))
        return _merged(spans)

    def reports_between(self, lo: int, hi: int) -> list[Report]:
        """Return the device's reports that can have arrived from `lo` to `hi`."""
        return [one for one in self.device.reports if one.lo <= hi and one.hi >= lo]


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

    @property
    def end_at_ms(self) -> int:
        """The last instant of the log."""
        return self.evidence.end_at_ms

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
    jobs = [job for job in jobs if job.id == named] or _narrowed(jobs, device, push)
    if not jobs:
        timeline.loose.append((device, push))
        return
    tasks = [job.tasks.setdefault(device.name, Task(job, device)) for job in jobs]
    push.lo = max(push.lo, min(job.order.create.lo for job in jobs))
    tasks[0].pushes.append(push)
    if len(tasks) > 1:
        for task in tasks:
            task.is_ambiguous = True


def _can_be_for(job: JobLine, push: Push) -> bool:
    return job.order.to_version == push.version and job.order.create.lo <= push.hi


def _narrowed(jobs: list[JobLine], device: Device, push: Push) -> list[JobLine]:
    """Keep the jobs that explain the push best: each narrower reading is taken if any job fits it.

    First the jobs of its product, then those that name the device, that show a task for it, that
    push at all, whose task was not over, and did not show as queued at once after the push.
    """
    for fits in (
        lambda job: job.order.product in {"", device.product},
        lambda job: job.order.names(device.name),
        lambda job: device.name in job.order.seen,
        lambda job: not job.order.must_ask,
        lambda job: not _is_over(job.tasks.get(device.name), push.lo),
        lambda job: not _is_idle(job.tasks.get(device.name), push),
    ):
        jobs = [job for job in jobs if fits(job)] or jobs
    return jobs


def _is_over(task: Task | None, at_ms: int) -> bool:
    if task is None:
        return False
    before = [sighting for sighting in task.sightings if sighting.t1 < at_ms]
    return bool(before) and before[-1].status in ENDED


def _is_idle(task: Task | None, push: Push) -> bool:
    """Tell whether the first read that was answered after a push still showed the task queued."""
    shown = None if task is None else task.seen_after(push.hi)
    return shown is not None and shown[1].status == "queued"


# --- attempts ------------------------------------------------------------------------------------


def _split(timeline: Timeline, task: Task) -> None:
    task.calls = _calls(task)
    if task.job.order.must_ask:
        return  # such devices ask as often as they like: there is no telling attempts apart
    splitter = Splitter(
        contract=timeline.contract,
        tolerance=timeline.tolerance,
        target=task.target,
        timeout_ms=task.job.timeout_ms,
        is_verify=task.job.order.kind == "verify",
        device=task.device,
        calls=task.calls,
        faults=timeline.evidence.faults,
    )
    task.attempts = splitter.split(task.pushes)
    for attempt in task.attempts:
        _look_at(task, attempt, timeline.delta_ms)


def _calls(task: Task) -> TaskCalls:
    key = task.device.key
    return TaskCalls(
        cancels=[call for call in task.job.calls("cancel_tasks") if call.names(key)],
        retries=[call for call in task.job.calls("retry_tasks") if call.names(key)],
        stops=task.job.calls("stop_job", "delete_job"),
    )


def _look_at(task: Task, attempt: Attempt, delta_ms: int) -> None:
    """Find what the polls wholly inside an attempt (or after it, before the next) showed of it.

    A poll shows a task as it stood at some instant from `t0` less what a read may lag, to `t1`. One
    that shows it as pushed after it was under way shows a next attempt, whose push was lost.
    """
    first = task.job.first_poll_after(attempt.start.hi + delta_ms)
    before = FOREVER if attempt.next is None else attempt.next.lo
    last = task.job.polls_answered_before(before) - 1
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


# --- spans ---------------------------------------------------------------------------------------


def _poll_of(sighting: Sighting) -> int:
    return sighting.poll


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for lo, hi in sorted(spans):
        if merged and lo <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], hi))
        else:
            merged.append((lo, hi))
    return merged


def _steps(spans: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Return the instants at which a number of spans changes, and the number from each on.

    A span still counts at its own end, so that a span that follows at once counts beside it.
    """
    changes: dict[int, int] = {}
    for lo, hi in spans:
        changes[lo] = changes.get(lo, 0) + 1
        changes[hi + 1] = changes.get(hi + 1, 0) - 1
    at_ms, counts, number = [], [], 0
    for instant in sorted(changes):
        number += changes[instant]
        at_ms.append(instant)
        counts.append(number)
    return at_ms, counts
