"""V14: a failing device gets exactly the attempts that its job allows."""

from __future__ import annotations

from fleet_sim.oracle.attempts import RETRY_WORDS, Attempt, End
from fleet_sim.oracle.evidence import FOREVER
from fleet_sim.oracle.missed import may_be_missed
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally
from fleet_sim.oracle.tasks import ACTIVE, Task
from fleet_sim.oracle.timeline import Timeline
from fleet_sim.oracle.versions import last_versions


def retry_count(timeline: Timeline) -> Outcome:
    """Count each task's attempts, at the top and at the bottom.

    Too many: more attempts than 1 + retries that certainly were attempts of their own, where each
    operator's retry allows as many again. Too few: the task ended as failed, every attempt had
    ended in a way that is tried again, and nothing stood in the way of the next: the device was on
    line all along (where it has to ask: asked, and was not offered it), the job was running, its
    window open, a slot free.
    """
    tally = Tally("V14")
    for task in timeline.tasks:
        if task.attempts:
            _judge(timeline, tally, task)
    return tally.outcome()


def _judge(timeline: Timeline, tally: Tally, task: Task) -> None:
    certain = [attempt for attempt in task.attempts if attempt.is_certain]
    most = task.job.attempts_max
    allowed = most * (1 + len(task.calls.retries))
    if len(certain) > allowed:
        text = (
            f"{task.name} had {len(certain)} attempts; its job allows "
            f"{allowed} (1 and {task.job.order.retry_count} retries)"
        )
        tally.broken(text, [attempt.start.record for attempt in certain], task=task)
        return
    if len(task.attempts) >= most or task.calls.retries:
        tally.held(int(len(task.attempts) > 1))
        return
    _too_few(timeline, tally, task)


def _too_few(timeline: Timeline, tally: Tally, task: Task) -> None:
    """Judge a task with attempts left: it may be done, or cancelled, or not at its end yet."""
    last = task.last
    ends = [_retriable(timeline, attempt) for attempt in task.attempts]
    if last is None or last.status != "failed" or task.calls.cancels or not all(ends):
        return
    final = ends[-1]
    assert final is not None
    due = final.hi + task.job.interval_ms
    by: int | None = due + timeline.tolerance.start_ms + timeline.delta_ms
    if task.job.is_asked_for:
        by = _asked_in_vain_by(task, due + timeline.tolerance.epsilon_ms)
    poll = task.job.last_poll
    if by is None or poll is None or poll.t0 <= by or timeline.due_ms(due) != due:
        return
    text = (
        f"{task.name} ended as failed after {len(task.attempts)} attempts; its job allows "
        f"{task.job.attempts_max}, and nothing stood in the way of the next"
    )
    records = [*(attempt.start.record for attempt in task.attempts), last.record]
    until = by
    if timeline.contract.retry_round == "after_whole_task":
        until = max(by, last.t1)  # its round may have opened at any time up to its end
    if not _is_reachable(task, due, until) or not _is_wanted(task, until):
        return
    is_hidden = _may_be_hidden(timeline, task, until)
    if is_hidden or task.has_copies or task.device.is_touched(task.attempts[0].start.lo, due):
        tally.doubtful(f"{text}, unless {_unless(is_hidden=is_hidden)}", records)
    else:
        tally.broken(text, records, task=task)


def _may_be_hidden(timeline: Timeline, task: Task, by_ms: int) -> bool:
    """Tell whether there may have been, or still be to come, an attempt that no push shows.

    It may have ended before its push left, as a read may show, or as `missed` says. Where retries
    wait for the others' turns, the log does not say when the last of those was over: unless a task
    that shows as failed has ended.
    """
    contract = timeline.contract
    if _showed_before_push(task):
        return True
    is_over = "failed" not in contract.between_attempts_status
    if contract.retry_round != "per_device" and not is_over:
        return True
    return may_be_missed(timeline, task, task.job.order.create.lo, by_ms)


def _showed_before_push(task: Task) -> bool:
    """Tell whether a read showed the task as begun before the first push that the log has."""
    first_ms = task.attempts[0].start.lo
    return any(
        one.status in ACTIVE and task.job.polls[one.poll].t1 < first_ms for one in task.sightings
    )


def _unless(*, is_hidden: bool) -> str:
    return "another came to nothing unseen" if is_hidden else "a push was lost on its way"


def _retriable(timeline: Timeline, attempt: Attempt) -> End | None:
    """Return what ended an attempt if it certainly did and is tried again, else None."""
    first = attempt.certain_end
    if first is None or RETRY_WORDS.get(first.kind) not in timeline.contract.retry_on:
        return None
    others = (end for end in attempt.ends if end.kind not in RETRY_WORDS and end.lo <= first.hi)
    return None if any(end.kind != "old_version" for end in others) else first


def _asked_in_vain_by(task: Task, since_ms: int) -> int | None:
    """Return when a device that has to ask last did so in vain; None if it did not."""
    ask = next(task.turned_down(since_ms, FOREVER - 1), None)
    return None if ask is None else ask.hi


def _is_reachable(task: Task, lo: int, hi: int) -> bool:
    job = task.job
    return (
        (job.is_asked_for or task.device.is_online_throughout(lo, hi))
        and task.device.gone is None
        and job.is_started_throughout(0, hi)
        and job.is_window_open_throughout(lo, hi)
        and job.has_free_slot_throughout(lo, hi)
        and job.has_rate_throughout(lo, hi)
    )


def _is_wanted(task: Task, at_ms: int) -> bool:
    """Tell whether the device certainly still needs the target, and is still in scope."""
    running = last_versions(task.device, at_ms, at_ms, task.job.order.module)
    sources = task.job.order.from_versions
    return task.target not in running and (not sources or running <= sources)
