"""V36: a job with a frozen list has no task for a device that first matched after it was made."""

from __future__ import annotations

from fleet_sim.oracle.evidence import Sighting
from fleet_sim.oracle.joiners import late_matches
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import JobLine
from fleet_sim.oracle.timeline import Timeline


def snapshot(timeline: Timeline) -> Outcome:
    """Look at every device that came to match a frozen list late: does it ever show a task?

    Convicted is a task that an earlier look at the whole list, after the job was made, did not
    show. One that was there from the first look may be of a device that the server had known
    before this log began, and proves nothing.
    """
    tally = Tally("V36")
    for job in timeline.jobs.values():
        is_frozen = not job.order.is_open_list
        if is_frozen and (timeline.contract.must_have_reported_version or job.order.from_versions):
            _judge(timeline, tally, job)
    return tally.outcome()


def _judge(timeline: Timeline, tally: Tally, job: JobLine) -> None:
    for device, report in late_matches(timeline, job):
        shown = job.order.seen.get(device.name)
        if shown is None:
            poll = job.last_poll
            if poll is not None and poll.is_whole:
                tally.held(int(poll.t0 > report.hi + timeline.delta_ms))
            continue
        sighting = min((one[0] for one in shown.values()), key=lambda one: one.poll)
        if sighting.t1 < report.lo or not _was_missing(timeline, job, sighting):
            continue
        text = (
            f"{device.key} has a task in job {job.id} since {seconds(sighting.t1)}; the job was "
            f"made by {seconds(job.order.create.hi)} with a frozen list, and the device came to "
            f"match it only at {seconds(report.hi)}, with {report.version}"
        )
        tally.broken(text, [job.order.create.record, report.record, sighting.record])


def _was_missing(timeline: Timeline, job: JobLine, sighting: Sighting) -> bool:
    """Tell whether the whole list was seen without the task before, once it was visible."""
    visible = timeline.due_ms(job.order.create.hi + timeline.delta_ms)
    earlier = job.polls[job.first_poll_after(visible) : sighting.poll]
    return any(poll.is_whole for poll in earlier)
