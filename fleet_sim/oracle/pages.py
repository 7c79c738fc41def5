"""V43: walking all pages shows each row exactly once, and the total is true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fleet_sim.oracle.no_lost_task import is_in_scope
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.queries import Query
from fleet_sim.oracle.tally import Tally
from fleet_sim.oracle.tasks import JobLine
from fleet_sim.oracle.timeline import Timeline

Page = tuple[int, int, int, int]  # number, size, rows, total


def pages(timeline: Timeline) -> Outcome:
    """Judge every walk over pages.

    A search over steady fields of a job that was made a read lag before has a quiet result: the
    number of rows that match cannot change. For any other, what does not add up is a doubt.
    """
    tally = Tally("V43")
    scopes = {job.id: _scope(timeline, job) for job in timeline.jobs.values()}
    for query in timeline.book.searches:
        walked = [_page(page) for page in query.record.get("pages") or ()]
        if query.record.kind != "rows" or not walked or query.strange:
            continue
        wrong = next(_wrong(timeline, query, walked, scopes), "")
        if not wrong:
            tally.held()
        elif _is_quiet(timeline, query):
            tally.broken(f"the search for {query.text}: {wrong}", [query.record])
        else:
            tally.doubtful(f"the search for {query.text}: {wrong}", [query.record])
    return tally.outcome()


def _wrong(
    timeline: Timeline, query: Query, walked: list[Page], scopes: Mapping[str, int]
) -> Iterator[str]:
    """Yield what does not add up, the plainest first."""
    rows = sum(page[2] for page in walked)
    totals = sorted({page[3] for page in walked})
    unique = int(query.record.get("unique", rows))
    for place, (number, size, count, _) in enumerate(walked):
        if count > size:
            yield f"page {number} has {count} rows; {size} were asked for"
        if count < size and any(page[2] for page in walked[place + 1 :]):
            yield f"page {number} has only {count} of {size} rows, and more follow"
    if len(totals) > 1:
        yield f"its pages name different totals: {', '.join(map(str, totals))}"
    if unique != rows:
        yield f"its pages show {rows} rows, but only {unique} different ones"
    if rows != totals[-1]:
        yield f"its pages show {rows} rows, but name a total of {totals[-1]}"
    expected = _expected(timeline, query, scopes)
    if totals[-1] < expected:
        yield f"it names a total of {totals[-1]}, but {expected} rows are known to match"


def _expected(timeline: Timeline, query: Query, scopes: Mapping[str, int]) -> int:
    """Return how many rows certainly match: seen before, or due by a job's scope."""
    lo = query.t0 - timeline.delta_ms
    if query.fields == {"job_id"} and len(query.jobs) == 1:
        (job,) = query.jobs
        return max(timeline.book.known_by(job, lo), scopes.get(job, 0))
    return sum(
        1
        for known in timeline.book.known.get(query.call, {}).values()
        if known.exists_since() <= lo
        and timeline.book.verdict(query, known.versions[-1][2], is_still=False) is True
    )


def _scope(timeline: Timeline, job: JobLine) -> int:
    """Return how many devices certainly had to get a task when the job was made."""
    if job.order.create.outcome != "ok":
        return 0
    return sum(1 for device in timeline.devices.values() if is_in_scope(timeline, job, device))


def _is_quiet(timeline: Timeline, query: Query) -> bool:
    """Tell whether what a search must return certainly did not change."""
    jobs = [timeline.jobs[job] for job in query.jobs if job in timeline.jobs]
    made = all(job.order.create.hi + timeline.delta_ms < query.t0 for job in jobs)
    kept = not any(job.calls("delete_job") or job.order.is_open_list for job in jobs)
    return query.call == "search_tasks" and query.is_steady and bool(jobs) and made and kept


def _page(page: list[int]) -> Page:
    number, size, rows, total = page
    return number, size, rows, total
