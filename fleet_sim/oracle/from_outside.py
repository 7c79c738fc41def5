"""What a log without the server's end tells of pushes: reads say when they left, and of lost ones.

    reads      queued ────── pushed ──────── queued ────── pushed
                      a ══ b                        a ══ b            the server pushed in between
    device                 ─── received                               the first one
                                                                      the second is lost, or late

A task that a read shows at work, and the read before it did not, was pushed between the two. If its
device received the push later, it left by the second read all the same, as one connection keeps the
order of messages. If the device received none, the push was lost with a connection, or is still
under way; it stands among the task's pushes as one that only reads show. A server that shows what
is not so may never have sent it, so the attempt that it begins convicts nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fleet_sim.oracle.evidence import Push, Sighting
from fleet_sim.oracle.tasks import ACTIVE, ENDED, Task

_FINAL = frozenset({"succeeded", "cancelled"})


def reveal(task: Task, delta_ms: int) -> None:
    """Say of a task's pushes when they left by what reads show, and add those only reads show.

    Each start that reads show has a push of its own, and pushes arrive in the order in which they
    left: the first one received since the task was last seen waiting is what moved it, or is older.
    The last of those that had arrived by the read that shows the start, or that first one where
    none had, is what moved it, or is younger: an attempt too short to be seen was not received
    later still. Of tasks that share pushes none is looked at: a push may have moved either.
    """
    if task.is_ambiguous:
        return
    received = [push for push in task.pushes if not push.is_copy]
    place = 0
    for sighting in _starts(task):
        since = max(task.since(sighting, delta_ms), task.job.order.create.lo)
        while place < len(received) and received[place].record.t <= since:
            place += 1
        if not _may_explain(received[place:], sighting):
            if sighting.status in ACTIVE:
                task.pushes.append(_unseen(task, sighting, since))
            continue
        _bound(task, received[place:], sighting, since)
        place += 1
    for before, after in zip(received[-2::-1], received[:0:-1], strict=True):
        before.hi = max(before.lo, min(before.hi, after.hi))
    task.pushes.sort(key=lambda push: push.hi)


def _may_explain(received: Sequence[Push], sighting: Sighting) -> bool:
    """Tell whether the first push may have led to a sighting, or come before what did.

    A task at work was pushed; one that is over may not have been, unless a push had arrived.
    """
    if not received:
        return False
    first, *_ = received
    return (first.lo if sighting.status in ACTIVE else first.record.t) <= sighting.t1


def _bound(task: Task, received: Sequence[Push], sighting: Sighting, since: int) -> None:
    """Bound when pushes left by one start; a broken connection may have lost the one behind it."""
    first, *_ = received
    arrived = [push for push in received if push.record.t <= sighting.t1]
    last = arrived[-1] if arrived else first
    waiting = _last_before(task, sighting)
    # One that had arrived as the task was seen waiting belongs to an attempt that was over by then,
    # unless that read lagged: it says nothing of when it left.
    is_later = waiting < 0 or task.job.polls[waiting].t0 <= last.record.t
    if is_later and not task.device.is_touched(since, last.record.t):
        last.lo = max(last.lo, since)
        last.after_poll = waiting
    if not task.device.is_touched(since, first.record.t):
        first.hi = max(first.lo, min(first.hi, sighting.t1))


def _starts(task: Task) -> Iterator[Sighting]:
    """Yield each sighting that the one before it cannot have led to without a push.

    At work, or over since it was queued; the latter may also be without a push. A task that leaves
    a final state breaks a promise of its own; that it was pushed, nobody knows.
    """
    before = ""
    for sighting in task.sightings:
        goes_on = before in ACTIVE and (before, sighting.status) != ("under_way", "pushed")
        is_start = sighting.status in ACTIVE and not goes_on and before not in _FINAL
        if is_start or (before == "queued" and sighting.status in ENDED):
            yield sighting
        before = sighting.status


def _unseen(task: Task, sighting: Sighting, since: int) -> Push:
    push = Push(sighting.record, min(since, sighting.t1), sighting.t1, "", task.target)
    push.is_unseen, push.is_offer = True, task.job.is_asked_for
    push.after_poll = _last_before(task, sighting)
    return push


def _last_before(task: Task, sighting: Sighting) -> int:
    """Return the last poll before a sighting that showed the task for certain; -1 for none."""
    return next((one for one in range(sighting.poll - 1, -1, -1) if task.at_poll(one)), -1)
