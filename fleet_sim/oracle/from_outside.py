"""What a log without the server's end tells of pushes: reads say when they left, and of lost ones.

    reads      queued ────── pushed ──────── queued ────── pushed
                      a ══ b                        a ══ b            the server pushed in between
    device                 ─── received                               the first one
                                                                      the second is lost, or late

A task that a read shows at work, and the read before it did not, was pushed between the two. If its
device received the push later, it left by the second read all the same, as one connection keeps the
order of messages. If the device received none, the push was lost with a connection, or is still
under way; it stands among the task's pushes as one that only reads show.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.oracle.evidence import Push, Sighting
from fleet_sim.oracle.tasks import ACTIVE, Task


def narrow(task: Task, delta_ms: int) -> None:
    """Let a push that only its device saw have left after the last read that showed it queued.

    That holds if the row then moved on, while the connection stood, and no later push of the task
    can have been what moved it. A row that stays queued after the push arrived is past that
    attempt: the push was under way for longer than its timeout.
    """
    queued = [_last_queued(task, push, delta_ms) for push in task.pushes]
    for place, (push, number) in enumerate(zip(task.pushes, queued, strict=True)):
        if number is None or number in queued[place + 1 :]:
            continue
        since = task.job.polls[number].t0 - delta_ms
        if not task.device.is_touched(since, push.hi):
            push.lo, push.after_poll = max(push.lo, since), number


def _last_queued(task: Task, push: Push, delta_ms: int) -> int | None:
    """Return the last poll before a push arrived that showed the task queued, and about to move."""
    polls = task.job.polls
    last = task.job.polls_answered_before(push.hi) - 1
    found = None
    for sighting, begins, ends in task.segments():
        if sighting.status == "queued" and begins <= last:
            stays = ends == len(polls) or polls[ends - 1].t0 - delta_ms > push.hi
            found = None if stays else min(last, ends - 1)
    return found if found is not None and task.at_poll(found) is not None else None


def reveal(task: Task, delta_ms: int) -> None:
    """Let pushes have left by the reads that show them, and add those that only reads show.

    Of several tasks that a push may belong to, none is looked at: it may have moved either.
    """
    if task.is_ambiguous:
        return
    received = [push for push in task.pushes if not push.is_copy]
    place = 0
    for sighting in _starts(task):
        since = max(task.since(sighting, delta_ms), task.job.order.create.lo)
        while place < len(received) and received[place].record.t <= since:
            place += 1
        if place == len(received) or received[place].lo > sighting.t1:
            task.pushes.append(_unseen(task, sighting, since))
            continue
        push = received[place]
        if not task.device.is_touched(since, push.record.t):
            push.hi = max(push.lo, min(push.hi, sighting.t1))
        place += 1
    task.pushes.sort(key=lambda push: push.record.t)
    for before, after in zip(task.pushes[-2::-1], task.pushes[:0:-1], strict=True):
        before.hi = max(before.lo, min(before.hi, after.hi))


def _starts(task: Task) -> Iterator[Sighting]:
    """Yield each sighting of a task at work that the one before it cannot have led to unpushed."""
    before = ""
    for sighting in task.sightings:
        goes_on = before in ACTIVE and (before, sighting.status) != ("under_way", "pushed")
        if sighting.status in ACTIVE and not goes_on:
            yield sighting
        before = sighting.status


def _unseen(task: Task, sighting: Sighting, since: int) -> Push:
    push = Push(sighting.record, min(since, sighting.t1), sighting.t1, "", task.target)
    push.is_unseen, push.is_offer = True, task.job.is_asked_for
    push.after_poll = next((k for k in range(sighting.poll - 1, -1, -1) if task.at_poll(k)), -1)
    return push
