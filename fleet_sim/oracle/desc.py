"""V28: the text shown for a task is its device's own last word, unaltered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fleet_sim.oracle.attempts import Attempt
from fleet_sim.oracle.evidence import Poll, Report, Sighting
from fleet_sim.oracle.open_tasks import may_be_between
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.tasks import Task
from fleet_sim.oracle.timeline import Timeline

_CUT_CHARS_MIN = 32  # a server's own word may begin a device's text by chance; so much cannot
_SHOWN_CHARS = 40  # of a text in a sentence: enough to know it by


@dataclass(frozen=True, slots=True)
class Look:
    """What one poll showed of a task during an attempt."""

    task: Task
    attempt: Attempt
    poll: Poll
    sighting: Sighting


def desc(timeline: Timeline) -> Outcome:
    """Hold each text shown during an attempt against what its device had sent by then.

    Any text that can have been the last one to arrive is right, up to the contract's limit. What a
    server writes of its own once an attempt ended without the device's word (a timeout, a cancel),
    or a task did that was to be tried again, is its own affair, unless it is the beginning of a
    longer text of the device: that is a cut.
    """
    tally = Tally("V28")
    for task, attempt in timeline.attempts():
        words = [one for one in task.device.reports if one.kind == "progress"]
        if not words:
            continue
        for poll, sighting in _looks(timeline, task, attempt):
            _judge(timeline, tally, Look(task, attempt, poll, sighting), words)
    return tally.outcome()


def _looks(timeline: Timeline, task: Task, attempt: Attempt) -> Iterator[tuple[Poll, Sighting]]:
    """Yield the first and the last poll inside an attempt of each thing shown."""
    job = task.job
    first = job.first_poll_after(attempt.start.hi + timeline.delta_ms)
    last = job.polls_before(attempt.next) - 1
    for sighting, begins, ends in task.segments():
        lo, hi = max(first, begins), min(last, ends - 1)
        for number in sorted({lo, hi}) if lo <= hi else ():
            if task.at_poll(number) is not None:
                yield job.polls[number], sighting


def _judge(timeline: Timeline, tally: Tally, look: Look, words: list[Report]) -> None:
    limit = timeline.contract.desc_limit_chars
    shown = look.sighting.desc or ""
    heard = [one for one in look.attempt.reports if _is_heard(one, look.poll)]
    allowed = {_stored(one, limit) for one in _last_words(timeline, look, heard)}
    if not heard or shown in allowed:
        tally.held(int(bool(shown) and bool(heard)))
        return
    cut = _cut_from(shown, words, limit)
    if cut is None and not _is_devices_word(timeline, look):
        return
    wanted = max(allowed) if cut is None else cut.desc or ""
    what = "not" if cut is None else "only the beginning of"
    text = (
        f"{look.task.name} shows {_quoted(shown)} at {seconds(look.poll.t0)}, which is {what} what "
        f"it sent: {_quoted(wanted)}"
    )
    source = heard[-1] if cut is None else cut
    tally.broken(text, [source.record, look.sighting.record], task=look.task)


def _is_heard(report: Report, poll: Poll) -> bool:
    return report.kind == "progress" and report.lo <= poll.t1


def _last_words(timeline: Timeline, look: Look, heard: list[Report]) -> Iterator[Report]:
    """Yield every report that can have been the last one taken, when the poll looked.

    Those that can have arrived since the look may have lagged behind, and the last before them;
    or the last that is no copy, or is meant for this attempt: servers may pass over the others.
    What came after the failure that ended the attempt changes nothing. Where the highest progress
    is shown, any of them.
    """
    ended = look.attempt.told("failure")
    if ended is not None and ended.report is not None:
        yield ended.report
    since = look.poll.t0 - timeline.delta_ms - timeline.tolerance.epsilon_ms
    if timeline.contract.progress_policy == "max":
        since = 0
    yield from (one for one in heard if one.hi >= since)
    settled = [one for one in heard if one.hi < since]
    filters: tuple[Callable[[Report], bool], ...] = (
        lambda _: True,
        lambda one: not one.is_copy,
        look.attempt.belongs,
    )
    for fits in filters:
        yield from [one for one in settled if fits(one)][-1:]


def _is_devices_word(timeline: Timeline, look: Look) -> bool:
    """Tell whether what is shown can only be the device's: it is at work, or said it failed.

    A task that waited for its retry may have come to nothing meanwhile: it was cancelled, its
    device did not come on line, or runs what the job is not for. That shows the server's own words,
    as does one that still shows as at work while it waits. One at work after its device's failure,
    with no text, may be at an attempt whose push was lost on its way.
    """
    has_failed = look.attempt.told("failure") is not None
    if look.sighting.status == "under_way":
        waits = may_be_between(timeline, look.task, look.attempt, look.poll.t1)
        return not waits and (bool(look.sighting.desc) or not has_failed)
    is_over = has_failed and not _may_go_on(timeline, look)
    return look.sighting.status == "failed" and is_over and not _was_called_off(look)


def _may_go_on(timeline: Timeline, look: Look) -> bool:
    """Tell whether the task may have been tried again after its device's failure."""
    is_retried = "failed" in timeline.contract.retry_on or bool(look.task.calls.retries)
    return is_retried and look.task.has_left(look.attempt)


def _was_called_off(look: Look) -> bool:
    calls = [*look.task.calls.cancels, *look.task.calls.stops]
    return any(call.lo <= look.poll.t1 for call in calls)


def _stored(report: Report, limit: int | None) -> str:
    text = report.desc or ""
    return text if limit is None else text[:limit]


def _cut_from(shown: str, words: list[Report], limit: int | None) -> Report | None:
    """Return the report whose text this is the beginning of; a short one may be chance."""
    if (
        len(shown) < _CUT_CHARS_MIN
        or len(shown) == limit
        or any(one.desc == shown for one in words)
    ):
        return None
    return next((one for one in words if (one.desc or "").startswith(shown)), None)


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}… ({len(text)})")
