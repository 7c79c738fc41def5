"""V31: a report that comes twice changes nothing the second time."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.oracle.evidence import Report, Sighting
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import JobLine, Task
from fleet_sim.oracle.terminal_sticks import is_final, is_reopened
from fleet_sim.oracle.timeline import Timeline

_SHOWN = ("status", "progress", "desc")  # when a row was touched last is no end state


def idempotent(timeline: Timeline) -> Outcome:
    """Compare what a job shows of a device before an exact copy of a report, and after it.

          report          copy
        ────┼──── poll ─────┼───── δ ───── poll ────▶
                  its tasks had ended      they are the same, and as many

    Only where nothing else can have changed them: the task had ended, nobody tried it again, and
    nothing but copies of the report came from the device meanwhile. The report itself may change a
    failure yet, so it is to have come well before that was read. That a report came twice is seen
    at the server's end of the wire alone.
    """
    tally = Tally("V31")
    for device in timeline.devices.values():
        copies = [one for one in device.reports if one.is_copy and one.is_certain]
        for task in timeline.tasks_of(device) if copies else ():
            # Of several copies between two polls one tells all.
            firsts = {_polls_around(timeline, task.job, one): one for one in reversed(copies)}
            for polls, copy in reversed(firsts.items()):
                _judge(timeline, tally, task, copy, polls)
    return tally.outcome()


def _polls_around(timeline: Timeline, job: JobLine, copy: Report) -> tuple[int, int]:
    """Return the numbers of the last poll before a copy, and of the first that must show it."""
    before = job.polls_answered_before(copy.lo) - 1
    return before, job.first_poll_after(copy.hi + timeline.delta_ms)


def _judge(
    timeline: Timeline, tally: Tally, task: Task, copy: Report, polls: tuple[int, int]
) -> None:
    job, (before, after) = task.job, polls
    if before < 0 or after >= len(job.polls) or not job.polls[after].is_whole:
        return
    ended = task.at_poll(before)
    if ended is None or not is_final(timeline, task, ended):
        return
    since, until = job.polls[before].t0 - timeline.delta_ms, job.polls[after].t1
    if ended.status == "succeeded":  # what brought that about can be read at once
        since = job.polls[before].t0
    if is_reopened(task, ended, until) or _is_drowned(task, copy, since, until):
        return
    had, has = _shown(job, task, before), _shown(job, task, after)
    if job.order.is_open_list and len(has) > len(had):
        return  # a device may join it at any time
    if _words(had) == _words(has):
        tally.held()
        return
    changed = [one for name, one in has.items() if had.get(name) is not one]
    text = (
        f"{task.name} had ended as {ended.status} by {seconds(job.polls[before].t1)}; after a copy "
        f"of its report {copy.message} came at {seconds(copy.lo)}, job {job.id} shows "
        f"{_said(had, has)}"
    )
    tally.broken(text, [ended.record, copy.record, *(one.record for one in changed)])


def _is_drowned(task: Task, copy: Report, lo: int, hi: int) -> bool:
    """Tell whether anything but copies of the report may have come at about the same time."""
    near = task.reports_between(lo, hi)
    return any(
        not one.is_copy or (one.kind, one.message) != (copy.kind, copy.message) for one in near
    )


def _shown(job: JobLine, task: Task, number: int) -> Mapping[str, Sighting]:
    """Return what a poll showed of a device, task id to sighting."""
    found: dict[str, Sighting] = {}
    for task_id, sightings in job.order.seen[task.device.name].items():
        for sighting in sightings:
            if sighting.poll <= number:
                found[task_id] = sighting
    return found


def _words(shown: Mapping[str, Sighting]) -> Mapping[str, tuple[object, ...]]:
    return {
        name: tuple(sighting.row.get(field) for field in _SHOWN) for name, sighting in shown.items()
    }


def _said(had: Mapping[str, Sighting], has: Mapping[str, Sighting]) -> str:
    if len(had) != len(has):
        return f"{len(has)} tasks of it, not {len(had)}"
    before, after = _words(had), _words(has)
    name = next(name for name in before if before[name] != after[name])
    fields = zip(_SHOWN, before[name], after[name], strict=True)
    return ", ".join(
        f"{what} {_told(new)}, not {_told(old)}" for what, old, new in fields if old != new
    )


def _told(value: object) -> str:
    return "nothing" if value is None else str(value)
