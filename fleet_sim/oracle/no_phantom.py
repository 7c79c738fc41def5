"""V35: no device has two tasks in a job, and none has one outside the job's scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleet_sim.oracle.evidence import Sighting
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, some
from fleet_sim.oracle.tasks import JobLine
from fleet_sim.oracle.timeline import Timeline
from fleet_sim.oracle.versions import last_versions


def no_phantom(timeline: Timeline) -> Outcome:
    """Look at every row that polls showed.

    Two task ids for a device in a job break the promise if one poll walked over both. A task made
    anew under another id, the old one gone, is a doubt.
    """
    tally = Tally("V35")
    for job in timeline.jobs.values():
        for name, shown in job.order.seen.items():
            if len(shown) > _tasks_max(timeline, job):
                _twice(tally, job, name, shown)
                continue
            for sightings in shown.values():
                _scope(timeline, tally, job, name, sightings[0])
    return tally.outcome()


def _tasks_max(timeline: Timeline, job: JobLine) -> int:
    """Return how many tasks a device may have had in a job: in an open list, each time it joins."""
    return timeline.contract.open_list_matches_max if job.order.is_open_list else 1


def _twice(tally: Tally, job: JobLine, name: str, shown: Mapping[str, Sequence[Sighting]]) -> None:
    firsts = [sightings[0] for sightings in shown.values()]
    since = max(sighting.poll for sighting in firsts)
    text = f"{name} has {len(shown)} tasks in job {job.id}: {some(sorted(shown))}"
    records = [sighting.record for sighting in firsts]
    if any(poll.is_whole for poll in job.polls[since:]):
        tally.broken(text, records)
    else:
        tally.doubtful(f"{text}, perhaps one after the other", records)


def _scope(timeline: Timeline, tally: Tally, job: JobLine, name: str, sighting: Sighting) -> None:
    order = job.order
    records = [order.create.record, sighting.record]
    if not order.names(name):
        text = f"{name} has a task in job {job.id}, which is not for that device"
        tally.broken(text, records)
        return
    device = timeline.devices.get(name)
    if device is None or order.is_open_list:
        tally.held()
        return
    lo = order.create.lo - timeline.tolerance.epsilon_ms
    running = last_versions(device, lo, order.create.hi, order.module)
    if running and order.from_versions and not running & order.from_versions:
        text = (
            f"{name} has a task in job {job.id}, but when that was made it ran "
            f"{some(sorted(running))}; the job is for {some(sorted(order.from_versions))}"
        )
        tally.broken(text, records)
    elif not running and timeline.contract.must_have_reported_version:
        text = f"{name} has a task in job {job.id}, but the log shows no version of it by then"
        tally.doubtful(text, records)
    else:
        tally.held()
