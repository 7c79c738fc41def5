"""Attempts that no push shows: ended before one could leave."""

from __future__ import annotations

from fleet_sim.oracle.tasks import Task
from fleet_sim.oracle.timeline import Timeline


def may_be_missed(timeline: Timeline, task: Task, since_ms: int, by_ms: int) -> bool:
    """Tell whether an attempt of the task may have ended from `since_ms` to `by_ms`, unpushed.

    Where devices are waited for, or asked for their version first, one that was not there all along
    may have been given up. One that was may have left its question unanswered, unless no question
    was asked beside those that pushes followed.
    """
    contract = timeline.contract
    if not (contract.asks_version or contract.online_timeout_s is not None):
        return False
    if not task.device.is_online_throughout(since_ms, by_ms):
        return True
    asked = [at_ms for at_ms in task.device.questioned_at_ms if since_ms <= at_ms <= by_ms]
    begun = [one for one in task.attempts if since_ms <= one.start.hi <= by_ms]
    is_untold = not timeline.evidence.has_server_wire or len(asked) > len(begun)
    return contract.asks_version and is_untold
