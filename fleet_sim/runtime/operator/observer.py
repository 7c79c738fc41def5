"""The observer: reads the northbound as an operator would, and records what it saw and when.

It polls each open job page by page, at most ten pages a second over all jobs, so a large job is
seen less often and its intervals are wider. A poll's record holds the rows that changed since the
last one. Probes, at the end, ask for known rows by every field, to see whether the search finds
them and nothing else.

The last look at each job is what several promises are judged by, so it is repeated where it shows
nothing. All that follows the end of the run is bounded, however long the API makes us wait:

    finish ── last look at each job ── probes ──► over       at the latest `_closing_ms` after
              │ no answer: 1 s, 2 s, 4 s later              the run's upper bound
              └─ given up: the record `unread`
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from fleet_sim.model.filters import AllOf, Comparison, Filter
from fleet_sim.model.northbound import (
    Listed,
    Page,
    Refusal,
    Refused,
    SearchDevices,
    SearchTasks,
    TaskRow,
    TaskStatus,
)
from fleet_sim.model.record import Source, filter_as_lists
from fleet_sim.oracle.orders import REFUSED_LOOKS_MAX
from fleet_sim.oracle.settled import FINAL
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.operator.control import OpenJob
from fleet_sim.runtime.operator.northbound import Northbound, Reply
from fleet_sim.runtime.operator.phases import MOVES, Phase
from fleet_sim.runtime.operator.probes import of_job, probes
from fleet_sim.runtime.run_log import RunLog

# What the order of a job's tasks has told already.
_TOLD = frozenset({"firmware_id", "timeout_s"})
# What only some vendors show, and a record has only where it is shown.
_IF_SHOWN = frozenset({"created_epoch_ms", "started_epoch_ms", "module"})

PAGE_GAP_MS = 100  # Ten pages a second: what a polite operator's tool asks of a vendor's API.
PAGES_MAX = 10_000  # A backend whose pages never end is not followed for ever.
SILENCE_MS = 5_000  # A backend silent for so long is not asked again once the run is over.
LOOK_TRIES_MAX = 4  # One last look at a job: a proxy that loses an answer rarely loses four.
LOOK_AGAIN_MS = 1_000  # Before the second; doubled each time.
CLOSING_MS = 15_000  # A job's last look and probes; unhurried, they take about half of that.
PROBE_PAGE_ROWS = 7  # Divides no probe's result evenly, so that the last page is a short one.

Search = SearchTasks | SearchDevices


@dataclass(slots=True)
class _Walk:
    """One search, page by page."""

    search: type[Search]
    where: Filter
    page_size: int
    then: Callable[[_Walk], None]
    is_probe: bool = False
    is_last: bool = False
    tries: int = 1
    why: str = ""
    t0_ms: int = -1
    t1_ms: int = 0
    rows: list[Any] = field(default_factory=list)
    pages: list[list[int]] = field(default_factory=list)
    refusal: Refused | None = None


class Observer:
    """Polls the jobs it is told of.

    A job is polled again only when `activity` has changed since its last poll: in virtual time,
    where every cause is recorded, nothing else can have changed.

    Attributes:
        tasks: Job id to task id to the row last seen, in the order first seen.
        open_tasks: The same, only rows in no final status.
        failed_at_ms: Job id to task id to when the row was first seen as failed, while it is.
    """

    def __init__(
        self,
        northbound: Northbound,
        clock: Clock,
        log: RunLog,
        *,
        every_ms: int,
        page_size: int,
        page_base: int,
        activity: Callable[[], int],
        on_poll: Callable[[], None],
    ) -> None:
        self._northbound = northbound
        self._clock = clock
        self._log = log
        self._every_ms = every_ms
        self._page_size = page_size
        self._page_base = page_base
        self._activity = activity
        self._seen: dict[str, int] = {}
        self._on_poll = on_poll
        self._queue: deque[_Walk] = deque()
        self._walk: _Walk | None = None
        self._jobs: dict[str, OpenJob] = {}
        self._polled_at_ms: dict[str, int] = {}
        self._phase = Phase.POLLING
        self._refused_polls = 0
        self._then: Callable[[], None] = lambda: None
        self.tasks: dict[str, dict[str, TaskRow]] = {}
        self.open_tasks: dict[str, dict[str, TaskRow]] = {}
        self.failed_at_ms: dict[str, dict[str, int]] = {}

    def watch(self, job: OpenJob) -> None:
        """Poll this job from now on."""
        self._jobs[job.job_id] = job
        self.tasks[job.job_id] = {}
        self.open_tasks[job.job_id] = {}
        self.failed_at_ms[job.job_id] = {}
        self._poll(job.job_id)

    @property
    def is_blind(self) -> bool:
        """Whether the backend refuses to show its tasks, so that there is nothing to wait for."""
        return self._refused_polls >= REFUSED_LOOKS_MAX

    def last_polled_at_ms(self, job_id: str) -> int | None:
        """Return when the last whole poll of the job began."""
        return self._polled_at_ms.get(job_id)

    def finish(self, then: Callable[[], None], *, is_probing: bool, bound_ms: int = 0) -> None:
        """Stop polling; look once more at every job, perhaps probe the searches; call `then`.

        Args:
            then: Is called once, when all that is done or its time is up.
            is_probing: Whether to probe, and to repeat a last look that shows nothing.
            bound_ms: The run's upper bound; what follows it is bounded from there, or from now.
        """
        self._move(Phase.CLOSING if is_probing else Phase.HURRIED)
        self._then = then
        self._queue.clear()
        for job_id in self._jobs:
            walk = _Walk(SearchTasks, of_job(job_id), self._page_size, self._polled, is_last=True)
            self._enqueue(walk)
        self._enqueue_end(self._probe if is_probing else self._finish)
        until_ms = max(bound_ms, self._clock.now_ms()) + self._closing_ms
        self._clock.call_at(until_ms, self._cut_short)

    @property
    def _closing_ms(self) -> int:
        """How long the last looks and the probes may take: so much a job, and twice its pages."""
        pages = sum(-(-len(tasks) // self._page_size) for tasks in self.tasks.values())
        return CLOSING_MS * max(1, len(self._jobs)) + 2 * PAGE_GAP_MS * pages

    def _move(self, phase: Phase) -> None:
        assert phase in MOVES[self._phase], f"{self._phase} does not lead to {phase}"
        self._phase = phase

    def _finish(self) -> None:
        if self._phase is not Phase.FINISHED:
            self._move(Phase.FINISHED)
            self._then()

    def _cut_short(self) -> None:
        """End what is still going on; whoever answers later answers nobody."""
        if self._phase is Phase.FINISHED:
            return
        walk, self._walk = self._walk, None
        for one in (walk, *self._queue):
            if one is not None and one.is_last:
                one.why = one.why or "its time was up before an answer came"
                self._note_unread(one)
        self._queue.clear()
        self._finish()

    # --- polls -----------------------------------------------------------------------------

    def _poll(self, job_id: str) -> None:
        if self._phase is not Phase.POLLING:
            return
        activity = self._activity()
        if self._seen.get(job_id) == activity:
            self._clock.call_at(self._clock.now_ms() + self._every_ms, self._poll, job_id)
            self._on_poll()
            return
        self._seen[job_id] = activity
        self._enqueue(_Walk(SearchTasks, of_job(job_id), self._page_size, self._polled))

    def _polled(self, walk: _Walk) -> None:
        job_id = str(walk.where.values[0]) if isinstance(walk.where, Comparison) else ""
        if walk.refusal is None and walk.pages:
            known = self.tasks[job_id]
            changed = [row for row in walk.rows if known.get(row.task_id) != row]
            self._learn(job_id, changed)
            self._record(walk, changed, job_id)
            self._polled_at_ms[job_id] = walk.t0_ms
            self._refused_polls = 0
        elif walk.refusal is not None:
            self._note_refusal(walk, job_id)
            self._refused_polls += 1
        if walk.is_last and (walk.refusal is not None or not walk.pages):
            self._note_unread(walk)
        if self._phase is Phase.POLLING:
            next_at_ms = max(self._clock.now_ms() + PAGE_GAP_MS, walk.t0_ms + self._every_ms)
            self._clock.call_at(next_at_ms, self._poll, job_id)
            self._on_poll()

    def _learn(self, job_id: str, changed: Sequence[TaskRow]) -> None:
        known, still_open = self.tasks[job_id], self.open_tasks[job_id]
        failed_at_ms = self.failed_at_ms[job_id]
        for row in changed:
            if row.status is TaskStatus.FAILED:
                failed_at_ms.setdefault(row.task_id, self._clock.now_ms())
            else:
                failed_at_ms.pop(row.task_id, None)
            known[row.task_id] = row
            if row.status in FINAL:
                still_open.pop(row.task_id, None)
            else:
                still_open[row.task_id] = row

    # --- probes ----------------------------------------------------------------------------

    def _probe(self) -> None:
        for job_id, tasks in ({} if self._phase is Phase.GIVEN_UP else self.tasks).items():
            for where in probes(job_id, list(tasks.values())):
                self._enqueue(
                    _Walk(SearchTasks, where, PROBE_PAGE_ROWS, self._probed, is_probe=True)
                )
        self._enqueue_end(self._finish)

    def _probed(self, walk: _Walk) -> None:
        if walk.refusal is not None:
            self._note_refusal(walk, "")
        elif walk.pages:
            self._record(walk, walk.rows, "")

    def _note_refusal(self, walk: _Walk, job_id: str) -> None:
        code = None if walk.refusal is None else walk.refusal.code
        refused = {**_query(walk, self._northbound), "code": code}
        self._log.add(Source.NORTHBOUND, "refused_query", job=job_id, fields=refused)

    def _note_unread(self, walk: _Walk) -> None:
        """Take note that the last look at a job showed nothing, and why."""
        assert isinstance(walk.where, Comparison)
        fields = {"why": walk.why or "no answer came"}
        job_id = str(walk.where.values[0])
        self._log.add(Source.NORTHBOUND, "unread", job=job_id, fields=fields)

    def _record(self, walk: _Walk, rows: Sequence[TaskRow], job_id: str) -> None:
        found = {
            **_query(walk, self._northbound),
            "rows": [_as_fields(row) for row in rows],
            "pages": walk.pages,
            "unique": len({row.task_id for row in walk.rows}),
        }
        self._log.add(Source.NORTHBOUND, "rows", job=job_id, fields=found)

    # --- walks, one at a time ----------------------------------------------------------------

    def _enqueue_end(self, then: Callable[[], None]) -> None:
        """Call `then` once all that was enqueued before has been walked."""
        end = _Walk(SearchTasks, AllOf(), 0, lambda _: then())
        self._enqueue(end)

    def _enqueue(self, walk: _Walk) -> None:
        self._queue.append(walk)
        if self._walk is None:
            self._next_walk()

    def _next_walk(self) -> None:
        while self._queue:
            walk = self._queue.popleft()
            if walk.page_size:
                self._walk = walk
                self._next_page(walk)
                return
            walk.then(walk)  # a mere mark; see `_enqueue_end`
            if self._walk is not None:
                return

    def _next_page(self, walk: _Walk) -> None:
        if walk is not self._walk:
            return  # cut short meanwhile, as below
        number = self._page_base + len(walk.pages)
        self._northbound.ask(
            walk.search(walk.where, Page(number, walk.page_size)),
            lambda reply: self._paged(walk, number, reply),
        )

    def _paged(self, walk: _Walk, number: int, reply: Reply) -> None:
        if walk is not self._walk:
            return
        if walk.t0_ms < 0:
            walk.t0_ms = reply.sent_at_ms
        walk.t1_ms = reply.answered_at_ms
        is_last = True
        match reply.answer:
            case Listed(rows, _, _, total):
                walk.rows.extend(rows)
                walk.pages.append([number, walk.page_size, len(rows), total])
                seen = len(walk.pages) * walk.page_size
                is_last = seen >= total or not rows or len(walk.pages) >= PAGES_MAX
            case Refused():
                walk.refusal = reply.answer
                walk.why = f"refused with {reply.answer.code} {reply.answer.detail}".rstrip()
            case _:
                walk.why = reply.why
                walk.pages.clear()  # a walk with a hole shows nothing for certain
                is_silent = reply.answered_at_ms - reply.sent_at_ms >= SILENCE_MS
                if is_silent and self._phase is not Phase.POLLING:
                    self._give_up()
        after_ms = self._clock.now_ms() + max(PAGE_GAP_MS, self._northbound.pace.gap_ms)
        if is_last:
            self._clock.call_at(after_ms, self._walked, walk)
        else:
            self._clock.call_at(after_ms, self._next_page, walk)

    def _give_up(self) -> None:
        """Ask nothing more: each silence would last as long, and there may be dozens."""
        self._move(Phase.GIVEN_UP)
        for walk in self._queue:
            if walk.is_last:
                walk.why = "not asked, as the backend had fallen silent"
                self._note_unread(walk)
        self._queue = deque(walk for walk in self._queue if not walk.page_size)

    def _is_to_repeat(self, walk: _Walk) -> bool:
        """Tell whether a last look that showed nothing may show something in a moment."""
        is_vain = not walk.pages or walk.refusal is not None
        is_passing = walk.refusal is None or walk.refusal.reason is Refusal.INTERNAL
        is_worth_it = walk.tries < LOOK_TRIES_MAX and self._phase is Phase.CLOSING
        return walk.is_last and is_vain and is_passing and is_worth_it

    def _repeat(self, walk: _Walk) -> None:
        walk.tries += 1
        walk.t0_ms, walk.refusal = -1, None
        walk.rows.clear()
        walk.pages.clear()
        self._next_page(walk)

    def _walked(self, walk: _Walk) -> None:
        if walk is not self._walk:
            return
        if self._is_to_repeat(walk):
            again_ms = LOOK_AGAIN_MS << (walk.tries - 1)
            self._clock.call_at(self._clock.now_ms() + again_ms, self._repeat, walk)
            return
        self._walk = None
        walk.then(walk)
        if self._walk is None:
            self._next_walk()


def _query(walk: _Walk, northbound: Northbound) -> dict[str, Any]:
    search = walk.search(walk.where, Page())
    return {
        "call": "search_tasks" if walk.search is SearchTasks else "search_devices",
        "query": northbound.text_of(walk.where, search),
        "where": filter_as_lists(walk.where),
        "probe": walk.is_probe,
        "t0": walk.t0_ms,
        "t1": walk.t1_ms,
    }


def _as_fields(row: TaskRow) -> dict[str, Any]:
    shown = {one.name: getattr(row, one.name) for one in fields(row) if one.name not in _TOLD}
    return {
        name: value
        for name, value in shown.items()
        if name not in _IF_SHOWN or value not in {None, ""}
    }
