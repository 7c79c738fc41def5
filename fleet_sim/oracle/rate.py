"""V49: in every minute, no more first pushes of a job than its rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from fleet_sim.oracle.evidence import Push
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import MINUTE_MS, JobLine, Task
from fleet_sim.oracle.timeline import Timeline

Pushed = tuple[Push, Task]


def rate(timeline: Timeline) -> Outcome:
    """Slide a minute over each job's first pushes; convict where too many certainly lie in one.

        lo ├ p1 ┤ hi   ├ p2 ┤   …   ├ p(rate+1) ┤ hi      hi of the last - lo of the first < 60 s

    A device's own question is answered whenever it is asked, so offers do not count. Seen from the
    devices alone a push may have left long before it arrived: too many arrivals in a minute are
    then a doubt. Put to the test is each push beyond the first `rate` of them.
    """
    tally = Tally("V49")
    rates = {job.id: job.rate for job in timeline.jobs.values()}
    if timeline.contract.pushes_a_minute is None and not any(rates.values()):
        return Outcome("V49", is_promised=False)
    for job in timeline.jobs.values():
        most = rates[job.id]
        if most is not None:
            _judge(timeline, tally, job, most)
    return tally.outcome()


def _judge(timeline: Timeline, tally: Tally, job: JobLine, most: int) -> None:
    pushed = sorted(_first_pushes(job), key=lambda one: one[0].hi)
    crowds = list(_crowds(pushed, most))
    certain = [crowd for crowd in crowds if _certain_span_ms(crowd) < MINUTE_MS]
    tally.held(max(0, len(pushed) - most - len(crowds)))
    for crowd in certain:
        _tell(tally, job, most, crowd)
    if len(certain) == len(crowds):
        return
    if timeline.evidence.has_server_wire:
        tally.held(len(crowds) - len(certain))  # within what a push may take to leave
    elif not certain:
        records = [push.record for push, _ in crowds[0]]
        tally.doubtful(
            f"job {job.id}: {most + 1} first pushes arrived within a minute by "
            f"{seconds(crowds[0][-1][0].hi)}; its rate is {most}, and when they left the evidence "
            "does not say",
            records,
        )


def _tell(tally: Tally, job: JobLine, most: int, crowd: Sequence[Pushed]) -> None:
    last = crowd[-1][0]
    span = seconds(_certain_span_ms(crowd))
    text = (
        f"{seconds(last.hi)}: job {job.id} has pushed {len(crowd)} devices for the first time "
        f"within {span}; its rate is {most} a minute"
    )
    unsure = next((task for _, task in crowd if task.is_ambiguous), crowd[-1][1])
    tally.broken(text, [push.record for push, _ in crowd], task=unsure)


def _first_pushes(job: JobLine) -> Iterator[Pushed]:
    for task in job.tasks.values():
        first = next((push for push in task.pushes if not push.is_copy), None)
        if first is not None and not (first.is_unseen or first.is_offer):
            yield first, task


def _crowds(pushed: Sequence[Pushed], most: int) -> Iterator[Sequence[Pushed]]:
    """Yield each push beyond the rate with those in the minute before it, if there are too many."""
    recent: deque[Pushed] = deque(maxlen=most + 1)
    for one in pushed:
        recent.append(one)
        if len(recent) > most and one[0].hi - recent[0][0].hi < MINUTE_MS:
            yield tuple(recent)


def _certain_span_ms(crowd: Sequence[Pushed]) -> int:
    """Return how long the pushes can have taken at most, from the first to the last."""
    return crowd[-1][0].hi - min(push.lo for push, _ in crowd)
