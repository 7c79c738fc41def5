"""V11: an attempt that outlives its timeout is ended, and in time."""

from __future__ import annotations

from fleet_sim.model.contract import ContractProfile
from fleet_sim.oracle.attempts import Attempt, End, proof_of_start
from fleet_sim.oracle.evidence import FOREVER, Poll, Sighting
from fleet_sim.oracle.open_tasks import may_be_between
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import ACTIVE, Task
from fleet_sim.oracle.timeline import Timeline


def timeout_fires(timeline: Timeline) -> Outcome:
    """Look at every attempt whose timer ran and whose device ended it by nothing.

        u.lo        u.hi            u.lo+T       u.hi+T     +ε         +δ
         ├── timer ──┤                 ├── it fires ─┤  late ┤  unseen  ┤
                                                                        └─ still active: violated

    Shown ended by then, or followed by the next attempt: held. Shown ended by a poll that came so
    much later that the end may have been late: a doubt. A log that ends before: cut off.

    A vendor that has no timeouts, and whose jobs can ask for none, promises nothing.
    """
    tally = Tally("V11")
    if _has_none(timeline.contract) and not any(
        job.timeout_ms is not None for job in timeline.jobs.values()
    ):
        return Outcome("V11", is_promised=False)
    for task, attempt in timeline.attempts():
        timeout_ms = task.job.timeout_ms
        if timeout_ms is not None and attempt.is_certain and attempt.anchor_hi < FOREVER:
            _judge(timeline, tally, task, attempt, timeout_ms)
    return tally.outcome()


def _has_none(contract: ContractProfile) -> bool:
    return (contract.timeout_s, contract.timeout_s_min, contract.timeout_s_max) == (None,) * 3


def _judge(timeline: Timeline, tally: Tally, task: Task, attempt: Attempt, timeout_ms: int) -> None:
    fires_by = timeline.due_ms(attempt.anchor_hi + timeout_ms + timeline.tolerance.epsilon_ms)
    if any(_may_come_first(attempt, end, fires_by) for end in attempt.ends):
        return
    limit = fires_by + timeline.delta_ms
    shown = task.seen_after(limit, attempt.next)
    if attempt.shown_over_ms <= limit + timeline.delta_ms:
        tally.held()
    elif shown is not None and may_be_between(timeline, task, attempt, shown[0].t1):
        return  # it may have ended in time, and waits for its next attempt unchanged
    elif shown is not None and shown[1].status in ACTIVE:
        _still_active(tally, task, attempt, shown)
    elif attempt.shown_over_ms < FOREVER:
        tally.doubtful(
            f"{task.name}: attempt {attempt.number} should have ended by {seconds(fires_by)}; that "
            f"it had is seen only at {seconds(attempt.shown_over_ms)}",
            [attempt.start.record],
        )


def _may_come_first(attempt: Attempt, end: End, fires_by: int) -> bool:
    """Tell whether something else can have ended the attempt, and no read refutes it."""
    is_refuted = end.is_open_point and end.lo <= attempt.sighted_ms
    return end.kind != "timeout" and end.lo <= fires_by and not is_refuted


def _still_active(tally: Tally, task: Task, attempt: Attempt, shown: tuple[Poll, Sighting]) -> None:
    poll, sighting = shown
    text = (
        f"{task.name}: attempt {attempt.number} got under way at {seconds(attempt.anchor_hi)} with "
        f"a timeout of {seconds(task.job.timeout_ms or 0)} and still shows as {sighting.status} at "
        f"{seconds(poll.t0)}"
    )
    records = [*proof_of_start(attempt), sighting.record, poll.record]
    # A task that shows as pushed may be in a next attempt, whose push a broken connection lost.
    if sighting.status == "pushed" and task.device.is_touched(attempt.anchor_hi, poll.t1):
        tally.doubtful(text, records)
    else:
        tally.broken(text, records, task=task)
