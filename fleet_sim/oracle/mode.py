"""V06: a device that has to ask is pushed nothing; one that has not gets nothing by asking.

job to be asked for    asks ─▶ is offered     right, and so is a push that answers a question
                               is pushed      wrong: its last question had its answer
job that pushes        asks ─▶ is offered     wrong: when to tell it is not for devices to say
"""

from __future__ import annotations

from fleet_sim.model.record import Record
from fleet_sim.oracle.evidence import FOREVER, Push
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import ENDED, Task
from fleet_sim.oracle.timeline import Timeline


def mode(timeline: Timeline) -> Outcome:
    """Look at each attempt of a job to be asked for, and at each question beside one that pushes.

    What repeats a running attempt's request is no attempt. Where the contract has jobs to be asked
    for pushed as well, only the second half is promised; where it has pushed upgrades offered as
    well, only the first. Where no job is to be asked for, neither is.
    """
    tally, contract = Tally("V06"), timeline.contract
    if not contract.devices_may_ask:
        return Outcome("V06", is_promised=False)
    for task in timeline.tasks:
        if not task.job.order.must_ask:
            if not contract.offers_pushed:
                _pushed_only(tally, task)
        elif not contract.pushes_unasked:
            _asked_for(tally, task)
    return tally.outcome()


def _asked_for(tally: Tally, task: Task) -> None:
    since = 0
    for attempt in task.attempts:
        push = attempt.start
        if push.is_unseen:
            continue
        if push.is_offer or _is_answer(task, push, since):
            tally.held()
        else:
            text = (
                f"{seconds(push.hi)}: {task.name} was pushed {push.version} and had not asked; the "
                f"devices of job {task.job.id} have to"
            )
            records = [task.job.order.create.record, *_last_answer(task, push), push.record]
            tally.broken(text, records, task=task)
        since = push.hi


def _is_answer(task: Task, push: Push, since: int) -> bool:
    """Tell whether a push can answer a question asked since then: one that had no other answer."""
    return any(since <= ask.lo <= push.hi and ask.hi >= push.lo for ask in task.device.asks)


def _last_answer(task: Task, push: Push) -> list[Record]:
    offers = (ask.offer for ask in task.device.asks if ask.hi < push.lo)
    return [offer for offer in offers if offer is not None][-1:]


def _pushed_only(tally: Tally, task: Task) -> None:
    for push in task.pushes:
        if push.is_offer and not push.is_unseen:
            text = (
                f"{seconds(push.hi)}: {task.name} asked and was offered {push.version} by job "
                f"{task.job.id}, which pushes and is not to be asked for"
            )
            tally.broken(text, [task.job.order.create.record, push.record], task=task)
    over_ms = next((one.t1 for one in task.sightings if one.status in ENDED), FOREVER - 1)
    tally.held(sum(1 for _ in task.turned_down(task.job.order.create.hi, over_ms)))
