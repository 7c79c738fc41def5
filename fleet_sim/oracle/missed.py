"""Attempts that no push shows: ended before one could leave."""

from __future__ import annotations

from fleet_sim.oracle.tasks import MS, Task
from fleet_sim.oracle.timeline import Timeline


def may_be_missed(timeline: Timeline, task: Task, since_ms: int, by_ms: int) -> bool:
    """Tell whether an attempt of the task may have ended from `since_ms` to `by_ms`, unpushed.

    Where devices are waited for, one that was away for so long may have been given up; where they
    are asked for their version first, one may have left a question unanswered.
    """
    return _may_be_given_up(timeline, task, since_ms, by_ms) or _may_be_unanswered(
        timeline, task, since_ms, by_ms
    )


def _may_be_given_up(timeline: Timeline, task: Task, since_ms: int, by_ms: int) -> bool:
    span_s = timeline.contract.online_timeout_s
    if span_s is None:
        return False
    away_ms = task.device.absence_ms_max(since_ms, by_ms)
    return away_ms >= span_s * MS - timeline.tolerance.epsilon_ms


def _may_be_unanswered(timeline: Timeline, task: Task, since_ms: int, by_ms: int) -> bool:
    """Count the questions old enough to be given up, and the attempts that followed one.

    Questions are seen at the server's end of the wire alone. Where no time for an answer is stated,
    one may be given up at once.
    """
    contract = timeline.contract
    if not contract.asks_version:
        return False
    span_ms = (contract.version_answer_timeout_s or 0) * MS - timeline.tolerance.epsilon_ms
    if not timeline.evidence.has_server_wire:
        return by_ms - since_ms >= span_ms
    last_ms = by_ms - span_ms
    asked = [one for one in task.device.questioned_at_ms if since_ms <= one <= last_ms]
    begun = [one for one in task.attempts if since_ms <= one.start.hi <= by_ms]
    return len(asked) > len(begun)
