"""V25: a task moves only along the states that its vendor documents.

    (unconfirmed ──▶)
    queued ──▶ pushed ──▶ under way ──▶ succeeded, failed, cancelled
      ▲          ▲            │              │
      └──────────┴── a further attempt ──────┘   (not from succeeded or cancelled)

Reads are samples, so any number of steps may lie between two of them. What a path cannot do is
leave a final state, or go back without a further attempt.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.oracle.evidence import Sighting
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import ACTIVE, Task
from fleet_sim.oracle.terminal_sticks import is_reopened, lasting, may_retry
from fleet_sim.oracle.timeline import Timeline

STEPS: Mapping[str, int] = {"unconfirmed": -1, "queued": 0, "pushed": 1, "under_way": 2}
ENDS: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})


def legal_moves(timeline: Timeline) -> Outcome:
    """Check every change of status that reads showed."""
    tally = Tally("V25")
    for task in timeline.tasks:
        for place in range(1, len(task.sightings)):
            before, after = task.sightings[place - 1], task.sightings[place]
            if before.status == after.status:
                continue
            wrong = _wrong(timeline, task, before, after)
            _tell(timeline, tally, task, place, wrong or _unpushed(timeline, task, before, after))
    return tally.outcome()


def _tell(timeline: Timeline, tally: Tally, task: Task, place: int, wrong: str) -> None:
    before, after = task.sightings[place - 1], task.sightings[place]
    if not wrong:
        tally.held()
        return
    text = (
        f"{task.name} went from {before.status} (seen at {seconds(before.t1)}) to {after.status} "
        f"(seen at {seconds(after.t1)}): {wrong}"
    )
    records = [before.record, after.record]
    if lasting(timeline, task, place, before.t1) is None:
        return  # within the visibility: perhaps only an older copy of the row
    has_left = after.status == "queued" and task.device.is_touched(before.t0, after.t1)
    if before.status == "pushed" and has_left:
        tally.doubtful(f"{text}, unless it takes a request back whose device went away", records)
    else:
        tally.broken(text, records, task=task)


def _is_onward(before: str, after: str) -> bool:
    """Tell whether one attempt can do it: pushed to under way."""
    return before in ACTIVE and STEPS[after] > STEPS[before]


def _wrong(timeline: Timeline, task: Task, before: Sighting, after: Sighting) -> str:
    """Say what is wrong with a move, "" if it is on a path."""
    if after.status not in STEPS and after.status not in ENDS:
        return "no such status is documented"
    if is_reopened(task, before, after.t1):
        return ""
    contract = timeline.contract
    match before.status:
        case "succeeded" | "cancelled":
            same = {before.status, after.status} == {"failed", "cancelled"}
            return "" if same else "that state is final"
        case "failed":
            heals = contract.late_success == "heal" and after.status == "succeeded"
            if heals or after.status == "cancelled" or may_retry(timeline, task, before):
                return ""
            return "that state is final, since no attempt is left"
        case _:
            return _wrong_way_back(timeline, task, before, after)


def _wrong_way_back(timeline: Timeline, task: Task, before: Sighting, after: Sighting) -> str:
    is_back = after.status in STEPS and STEPS[after.status] < STEPS[before.status]
    if not is_back:
        return ""
    if after.status == "unconfirmed":
        return "somebody had consented"
    if not may_retry(timeline, task, before):
        return "it goes back, and no attempt is left"
    if after.status == "queued" and "queued" not in timeline.contract.seen_between_attempts:
        return "between two attempts a task does not show as queued"
    return ""


def _unpushed(timeline: Timeline, task: Task, before: Sighting, after: Sighting) -> str:
    """Say so if an attempt shows that was never pushed, where every push is in the log."""
    is_start = after.status in ACTIVE and not _is_onward(before.status, after.status)
    if not is_start or not timeline.evidence.has_server_wire:
        return ""
    since = task.since(after, timeline.delta_ms)
    if task.device.is_touched(since, after.t1) or task.is_ambiguous:
        return ""  # the push may have been lost with the connection
    is_pushed = any(push.lo <= after.t1 and push.hi >= since for push in task.pushes)
    return "" if is_pushed else "no attempt was pushed between the two"
