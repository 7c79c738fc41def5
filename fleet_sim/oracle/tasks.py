"""Jobs and tasks of a timeline: orders with their defaults, attempts, sightings, slots."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fleet_sim.oracle.attempts import Attempt, TaskCalls
from fleet_sim.oracle.evidence import FOREVER, Ask, Call, Device, Job, Poll, Push, Report, Sighting

ACTIVE = frozenset({"pushed", "under_way"})
ENDED = frozenset({"succeeded", "failed", "cancelled"})
MS = 1_000
MINUTE_MS = 60_000
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
        rate: How many of its tasks may be pushed in a minute; None for any number.
        keeps_slots: Whether a task keeps its slot between two attempts.
        is_asked_for: Whether its tasks wait for their devices to ask.
        tasks: By device, in order of appearance.
    """

    order: Job
    cap: int | None
    timeout_ms: int | None
    interval_ms: int
    attempts_max: int
    rate: int | None = None
    keeps_slots: bool = False
    is_asked_for: bool = False
    tasks: dict[str, Task] = field(default_factory=dict)
    _t0s: list[int] = field(default_factory=list)
    _t1s: list[int] = field(default_factory=list)
    _busy: tuple[list[int], list[int]] | None = None
    _pushed: tuple[list[int], list[int]] | None = None

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
            spans = (
                task.kept() if self.keeps_slots else task.busy() for task in self.tasks.values()
            )
            self._busy = _steps([span for one in spans for span in one])
        at_ms, counts = self._busy
        first, last = bisect_right(at_ms, lo) - 1, bisect_right(at_ms, hi)
        return max(counts[max(first, 0) : last], default=0)

    def has_free_slot_throughout(self, lo: int, hi: int) -> bool:
        """Tell whether the cap certainly had room from `lo` to `hi`."""
        return self.cap is None or self.busy_max(lo, hi) < self.cap

    def has_rate_throughout(self, lo: int, hi: int) -> bool:
        """Tell whether its rate certainly had room for another push from `lo` to `hi`."""
        if self.rate is None:
            return True
        if self._pushed is None:
            pushes = [push for task in self.tasks.values() for push in task.pushes]
            self._pushed = sorted(push.lo for push in pushes), sorted(push.hi for push in pushes)
        los, his = self._pushed
        # All that can have left by then, without those that certainly left more than a minute ago.
        return bisect_right(los, hi) - bisect_left(his, lo - MINUTE_MS) < self.rate

    def first_poll_after(self, at_ms: int) -> int:
        """Return the number of the first poll asked after an instant; `len(polls)` if none."""
        if len(self._t0s) != len(self.polls):
            self._t0s = [poll.t0 for poll in self.polls]
            self._t1s = [poll.t1 for poll in self.polls]
        return bisect_right(self._t0s, at_ms)

    def polls_before(self, push: Push | None) -> int:
        """Return how many polls certainly showed tasks as they were before a push."""
        if push is None:
            return len(self.polls)
        return max(self.polls_answered_before(push.lo), push.after_poll + 1)

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

    def has_left(self, attempt: Attempt) -> bool:
        """Tell whether attempts may be left after this one: its job's, or an operator's retry."""
        began = sum(one.is_certain for one in self.attempts[: attempt.number])
        return began < self.job.attempts_max * (1 + len(self.calls.retries))

    def at_poll(self, number: int) -> Sighting | None:
        """Return what this poll showed of the task; None where it did not show it for certain."""
        found = bisect_right(self.sightings, number, key=_poll_of) - 1
        if found < 0:
            return None
        sighting = self.sightings[found]
        is_shown = sighting.poll == number or self.job.polls[number].is_whole
        return sighting if is_shown else None

    def seen_after(self, at_ms: int, before: Push | None = None) -> tuple[Poll, Sighting] | None:
        """Return the first poll that shows it, asked after an instant and not after a push."""
        number = self.job.first_poll_after(at_ms)
        while number < self.job.polls_before(before):
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

    def kept(self) -> list[tuple[int, int]]:
        """Return from when to when it can have kept a slot, if it keeps that between attempts."""
        busy = self.busy()
        status = self.last.status if self.last else ""
        may_go_on = status == "failed" and len(self.attempts) < self.job.attempts_max
        is_over = status in ENDED and not may_go_on
        return [(busy[0][0], busy[-1][1] if is_over else FOREVER)] if busy else []

    def turned_down(self, lo: int, hi: int) -> Iterator[Ask]:
        """Yield each question, asked and answered from `lo` to `hi`, that did not bring the target.

        The last one first.
        """
        for ask in reversed(self.device.asks):
            is_within = lo <= ask.lo and ask.hi <= hi
            if is_within and ask.offered is not None and self.target not in ask.offered:
                yield ask

    def reports_between(self, lo: int, hi: int) -> list[Report]:
        """Return the device's reports that can have arrived from `lo` to `hi`."""
        return [one for one in self.device.reports if one.lo <= hi and one.hi >= lo]


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
