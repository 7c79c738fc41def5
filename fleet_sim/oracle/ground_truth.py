"""V21: what the server shows in the end is what the devices run."""

from __future__ import annotations

from fleet_sim.model.record import Record
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import Task
from fleet_sim.oracle.timeline import Timeline


def ground_truth(timeline: Timeline) -> Outcome:
    """After settling, hold each task's last status against the truth its device recorded.

    Succeeded: the device ran the target at some time since it was first pushed (what it did later
    was its own act). Ran the target through the task and said so in time: succeeded.
    """
    tally = Tally("V21")
    settled_ms = timeline.evidence.settled_at_ms
    for task in timeline.tasks:
        if task.job.order.module:
            continue  # what a device boots is itself, and no module of it
        poll = task.job.last_poll
        if settled_ms is None or poll is None or poll.t1 < settled_ms or not task.device.boots:
            continue
        last = task.at_poll(len(task.job.polls) - 1)
        if last is None:
            continue
        if last.status == "succeeded":
            _ran(timeline, tally, task, last.record, poll.t1)
        else:
            _said_so(timeline, tally, task, last.status, last.record)
    return tally.outcome()


def _ran(timeline: Timeline, tally: Tally, task: Task, shown: Record, by_ms: int) -> None:
    since = min((push.lo for push in task.pushes), default=task.job.order.create.lo)
    contract = timeline.contract
    may_be_unpushed = (
        contract.already_at_target == "instant_success" or contract.target_before_push == "succeeds"
    )
    if not task.pushes and may_be_unpushed:
        since = 0  # told by its last report; what it has flashed since, the server cannot know
    boots = [boot for boot in task.device.boots if boot.t <= by_ms]
    before = [boot for boot in boots if boot.t < since][-1:]
    ran = [*before, *(boot for boot in boots if boot.t >= since)]
    if any(boot.get("version") == task.target for boot in ran):
        tally.held()
        return
    running = ran[-1].get("version") if ran else "nothing"
    text = f"{task.name} shows as succeeded, but it never ran {task.target}: it runs {running}"
    tally.broken(text, [*ran[-1:], shown], task=task)


def _said_so(timeline: Timeline, tally: Tally, task: Task, status: str, shown: Record) -> None:
    poll = task.job.last_poll
    for attempt in task.attempts:
        end = attempt.told("success")
        if end is None or end.report is None or poll is None:
            continue
        visible = timeline.due_ms(end.hi + timeline.tolerance.epsilon_ms + timeline.delta_ms)
        boots = [
            boot
            for boot in task.device.boots
            if attempt.start.lo <= boot.t <= end.hi and boot.get("version") == task.target
        ]
        if boots and poll.t0 > visible:
            text = (
                f"{task.name} runs {task.target} since {seconds(boots[0].t)} and said so at "
                f"{seconds(end.hi)}, during its attempt, but shows as {status} in the end"
            )
            tally.broken(text, [boots[0], end.report.record, shown], task=task)
            return
    tally.held()
