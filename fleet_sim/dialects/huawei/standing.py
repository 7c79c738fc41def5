"""What a job's tasks come to, taken together: the word that both generations show for a job."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from fleet_sim.model.northbound import JobRow, JobStatus, TaskStatus

WAITING = (TaskStatus.UNCONFIRMED, TaskStatus.QUEUED)
RUNNING = (TaskStatus.PUSHED, TaskStatus.UNDER_WAY)


class Standing(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"  # nothing has begun
    RUNNING = "running"
    STOPPING = "stopping"  # it was stopped, and something is still under way
    STOPPED = "stopped"
    SUCCEEDED = "succeeded"
    PARTLY = "partly"  # all has ended, and some of it well
    FAILED = "failed"


# The older generation has no word for half a success.
OPERATION_WORDS: Mapping[Standing, str] = {
    Standing.WAITING: "wait",
    Standing.RUNNING: "processing",
    Standing.STOPPING: "processing",
    Standing.STOPPED: "stop",
    Standing.SUCCEEDED: "success",
    Standing.PARTLY: "failed",
    Standing.FAILED: "failed",
}
BATCH_WORDS: Mapping[Standing, str] = {
    Standing.WAITING: "Waitting",
    Standing.RUNNING: "Processing",
    Standing.STOPPING: "Stopping",
    Standing.STOPPED: "Stopped",
    Standing.SUCCEEDED: "Success",
    Standing.PARTLY: "PartialSuccess",
    Standing.FAILED: "Fail",
}

# Whether what waits in a job of this status will never begin.
IS_HALTED: Mapping[JobStatus, bool] = {
    JobStatus.PLANNED: False,
    JobStatus.STARTED: False,
    JobStatus.STOPPED: True,
    JobStatus.FINISHED: False,
    JobStatus.CANCELLED: True,
}


def standing_of(row: JobRow) -> Standing:
    """Return where a job stands, by its own status and its counts.

    Without tasks all went well, unless its window has yet to open. What waits to be tried again is
    neither untouched nor at its end, whatever it shows; in a job that halts it will not be.
    """
    counts, due = dict(row.counts), dict(row.retries_due)
    running = _sum(counts, RUNNING) - _sum(due, RUNNING)
    if IS_HALTED[row.status]:
        return Standing.STOPPING if running else Standing.STOPPED
    if row.status is JobStatus.PLANNED and not sum(counts.values()):
        return Standing.WAITING
    if running or due or _sum(counts, WAITING):
        is_untouched = not due and sum(counts.values()) == _sum(counts, WAITING)
        return Standing.WAITING if is_untouched else Standing.RUNNING
    return _end_of(counts)


def _end_of(counts: Mapping[TaskStatus, int]) -> Standing:
    """Return how it ended. That targets were stopped one by one has no word of its own ([U]).

    Beside others that succeeded, they are what can still be tried again, as failed ones are.
    """
    failed, stopped = (counts.get(one, 0) for one in (TaskStatus.FAILED, TaskStatus.CANCELLED))
    if not (failed or stopped):
        return Standing.SUCCEEDED
    if counts.get(TaskStatus.SUCCEEDED, 0):
        return Standing.PARTLY
    return Standing.FAILED if failed else Standing.STOPPED


def counters_of(row: JobRow) -> dict[str, int]:
    """Return the counters of an operation; those that ran out of time are no `fail`.

    What waits to be tried again counts as what its subtask shows: the contract says which that is.
    """
    counts = dict(row.counts)
    return {
        "total": sum(counts.values()),
        "wait": _sum(counts, WAITING),
        "processing": _sum(counts, RUNNING),
        "success": counts.get(TaskStatus.SUCCEEDED, 0),
        "fail": max(0, counts.get(TaskStatus.FAILED, 0) - row.timeouts),
        "stop": counts.get(TaskStatus.CANCELLED, 0),
        "timeout": min(row.timeouts, counts.get(TaskStatus.FAILED, 0)),
    }


def _sum(counts: Mapping[TaskStatus, int], which: tuple[TaskStatus, ...]) -> int:
    return sum(counts.get(one, 0) for one in which)
