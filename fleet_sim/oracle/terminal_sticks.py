"""V24: once a task's end is final, every later read shows it."""

from __future__ import annotations

from fleet_sim.oracle.evidence import Poll, Sighting
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import Task
from fleet_sim.oracle.timeline import Timeline


def terminal_sticks(timeline: Timeline) -> Outcome:
    """From a read that shows a final end on, look for later reads that show something else.

    A read may lag, so one within the visibility of the first proves nothing. An operator's retry
    opens a failed task again, and where the contract heals, a late success may replace a failure.
    """
    tally = Tally("V24")
    for task in timeline.tasks:
        for place, sighting in enumerate(task.sightings):
            if is_final(timeline, task, sighting):
                _judge(timeline, tally, task, place, sighting)
                break
    return tally.outcome()


def is_final(timeline: Timeline, task: Task, sighting: Sighting) -> bool:
    """Tell whether what a read showed was certainly the task's last word, retries by hand aside.

    Success and cancellation are. A failure is if the task had been cancelled by then, or its last
    allowed attempt had certainly begun by then: between two attempts a task may show as failed.
    """
    match sighting.status:
        case "succeeded" | "cancelled":
            return True
        case "failed":
            is_cancelled = any(
                call.outcome == "ok" and call.hi <= sighting.t0 for call in task.calls.cancels
            )
            return is_cancelled or not may_retry(timeline, task, sighting)
        case _:
            return False


def may_retry(timeline: Timeline, task: Task, sighting: Sighting) -> bool:
    """Tell whether the task may have had attempts left when a read showed it."""
    allowed = task.job.attempts_max * (1 + len(task.calls.retries))
    surely = sighting.t0 - timeline.delta_ms
    begun = [one for one in task.attempts if one.is_certain and one.start.hi < surely]
    return len(begun) < allowed


def lasting(timeline: Timeline, task: Task, place: int, since_ms: int) -> Poll | None:
    """Return a poll that showed this sighting too late to be a mere lag behind an instant."""
    end = len(task.job.polls)
    if place + 1 < len(task.sightings):
        end = task.sightings[place + 1].poll
    for number in range(end - 1, task.sightings[place].poll - 1, -1):
        poll = task.job.polls[number]
        if poll.t0 <= since_ms + timeline.delta_ms:
            return None
        if task.at_poll(number) is not None:
            return poll
    return None


def is_reopened(task: Task, since: Sighting, until_ms: int) -> bool:
    """Tell whether an operator's retry can have come between a read and a later instant."""
    lo = task.job.polls[since.poll - 1].t0 if since.poll else 0
    return any(call.hi >= lo and call.lo <= until_ms for call in task.calls.retries)


def _judge(timeline: Timeline, tally: Tally, task: Task, place: int, final: Sighting) -> None:
    for later in range(place + 1, len(task.sightings)):
        other = task.sightings[later]
        if _is_same(timeline, final.status, other.status) or is_reopened(task, final, other.t1):
            continue
        poll = lasting(timeline, task, later, final.t1)
        if poll is not None:
            text = (
                f"{task.name} had ended as {final.status} at {seconds(final.t1)}, but shows as "
                f"{other.status} at {seconds(poll.t1)}"
            )
            tally.broken(text, [final.record, other.record], task=task)
            return
    last = task.job.polls[-1]
    tally.held(int(last.t0 > final.t1 + timeline.delta_ms))


def _is_same(timeline: Timeline, before: str, after: str) -> bool:
    if before == after:
        return True
    heals = timeline.contract.late_success == "heal"
    return (before == "failed" and after == "succeeded" and heals) or (
        {before, after} == {"failed", "cancelled"} and timeline.contract.cancel_shows_as == "failed"
    )
