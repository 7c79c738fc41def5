from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.oracle.evidence import FOREVER, Device, Push
from fleet_sim.oracle.tasks import JobLine, Task
from fleet_sim.oracle.timeline import Timeline
from tests.oracle.logs import Log, drawn


def rollout() -> Log:
    """Return a log with two devices and a job with room for one of them."""
    log = Log()
    log.devices("d1", "d2")
    log.job(1_000, cap=1, retries=1)
    log.show("d1", "queued")
    log.show("d2", "queued")
    return log


def only_job(timeline: Timeline) -> JobLine:
    """Return the one job there is."""
    (job,) = timeline.jobs.values()
    return job


def only_task(log: Log) -> Task:
    """Return the one task there is."""
    (task,) = drawn(log).tasks
    return task


def test_a_poll_shows_what_the_last_change_said() -> None:
    """Rows that did not change are not in a poll, yet were seen."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.show("d1", "queued")
    log.poll(2_000)
    log.poll(3_000)
    log.show("d1", "pushed")
    log.poll(4_000)

    task = only_task(log)
    shown = [task.at_poll(number) for number in range(3)]

    assert [one and one.status for one in shown] == ["queued", "queued", "pushed"]
    assert task.since(task.sightings[1], 2_000) == 1_000


def test_a_walk_that_missed_rows_shows_only_those_it_brought() -> None:
    """An unchanged row may be the one that it missed."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.show("d1", "queued")
    log.poll(2_000)
    log.poll(3_000, unique=0)

    assert only_task(log).at_poll(1) is None


def test_the_first_read_after_an_instant_must_be_asked_after_it() -> None:
    """And answered before a push, unless it showed the task as it was before that."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.show("d1", "queued")
    log.poll(2_000)
    log.poll(3_000)

    task = only_task(log)

    def after(at_ms: int, before: Push | None = None) -> int | None:
        shown = task.seen_after(at_ms, before)
        return None if shown is None else shown[0].t0

    push = Push(log.records[-1], 3_010, 3_020, "r1", "2.0")
    assert [after(1_999), after(2_000), after(3_000)] == [2_000, 3_000, None]
    assert after(2_000, push) is None
    assert after(2_000, replace(push, after_poll=1)) == 3_000


def test_slots_are_counted_as_wide_as_they_may_have_been() -> None:
    """From a push to its end, or as long as reads show a task at work."""
    log = rollout()
    log.push(2_000, "d1")
    log.progress(5_000, "d1", -1)
    log.show("d2", "pushed")
    log.poll(20_000)
    log.show("d2", "failed")
    log.poll(30_000)

    job = only_job(drawn(log))

    assert [job.busy_max(0, 1_000), job.busy_max(2_000, 4_000), job.busy_max(25_000, 25_000)] == [
        1,  # d2 was first seen at work, so it may have been all the time
        2,
        1,
    ]
    assert job.busy_max(30_011, 40_000) == 0
    assert not job.has_free_slot_throughout(25_000, 40_000)


def _pushed_job(rate: int | None, *spans: tuple[int, int]) -> JobLine:
    """Return a job that has pushed once within each span, to a device of its own."""
    log = rollout()
    job = replace(only_job(drawn(log)), rate=rate, tasks={}, _pushed=None)
    for number, (lo, hi) in enumerate(spans):
        task = Task(job, Device(f"d{number}", "d"))
        task.pushes.append(Push(log.records[-1], lo, hi, "r", "2.0"))
        job.tasks[f"d{number}"] = task
    return job


@pytest.mark.parametrize(
    ("rate", "lo", "hi", "has_room"),
    [
        (None, 0, 10**6, True),
        (2, 0, 999, True),
        (2, 0, 1_000, True),
        (2, 0, 2_000, False),  # the second may have left at once
        (3, 0, 2_000, True),
        (1, 61_500, 61_500, False),  # the first may have left late
        (2, 61_501, 61_501, True),  # it is a minute old, and the second is not
        (1, 69_001, 99_999, True),  # both are
        (1, 69_001, 100_000, False),
    ],
)
def test_a_rate_has_room_only_if_it_certainly_has_all_the_time(
    rate: int | None, lo: int, hi: int, *, has_room: bool
) -> None:
    """Each push counts for a minute, from as early as to as late as it may have left."""
    job = _pushed_job(rate, (100_000, 100_000), (1_000, 1_500), (2_000, 9_000))

    assert job.has_rate_throughout(lo, hi) is has_room


@given(
    st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 90_000)), max_size=12),
    st.integers(0, 200_000),
    st.integers(0, 90_000),
    st.integers(1, 4),
)
def test_room_in_a_rate_is_what_counting_push_by_push_says(
    pushed: list[tuple[int, int]], lo: int, span_ms: int, rate: int
) -> None:
    """However the spans lie."""
    spans = [(start, start + width) for start, width in pushed]
    hi = lo + span_ms
    touching = sum(first <= hi and last >= lo - 60_000 for first, last in spans)

    assert _pushed_job(rate, *spans).has_rate_throughout(lo, hi) is (touching < rate)


@pytest.mark.parametrize(
    ("window", "lo", "hi", "is_open"),
    [
        (None, 0, 10, True),
        ({"start_ms": 100, "end_ms": 200}, 100, 200, True),
        ({"start_ms": 100, "end_ms": 200}, 50, 150, False),
        ({"start_ms": 100, "end_ms": 200}, 150, 250, False),
        ({"start_ms": 100, "end_ms": 200, "repeat_daily": True}, 86_400_150, 86_400_160, True),
        ({"start_ms": 100, "end_ms": 200, "repeat_daily": True}, 86_400_150, 86_400_260, False),
    ],
)
def test_a_window_is_open_only_if_it_is_all_the_time(
    window: dict[str, object] | None, lo: int, hi: int, *, is_open: bool
) -> None:
    """Once, or every day at the same time."""
    log = Log()
    log.devices("d1")
    log.job(1_000, window=window)

    assert only_job(drawn(log)).is_window_open_throughout(lo, hi) is is_open


def test_a_stopped_job_is_not_running_until_it_certainly_started_again() -> None:
    """From the stop's first possible instant to the start's last."""
    log = rollout()
    log.call(5_000, "stop_job")
    log.call(9_000, "start_job")

    job = only_job(drawn(log))

    assert [
        job.is_started_throughout(0, 4_999),
        job.is_started_throughout(0, 5_000),
        job.is_started_throughout(9_005, 9_500),
        job.is_started_throughout(9_010, 9_500),
    ] == [True, False, False, True]


def test_what_the_first_poll_shows_may_have_come_about_at_any_time() -> None:
    """No poll came before it."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.show("d1", "queued")
    log.poll(2_000)

    task = only_task(log)

    assert task.since(task.sightings[0], 2_000) == 0


def test_questions_that_did_not_bring_the_target_were_turned_down() -> None:
    """Answered, and within the span; the last one comes first."""
    log = Log()
    log.devices("d1")
    log.job(1_000, must_ask=True)
    log.show("d1", "queued")
    log.ask(2_000, "d1")
    log.ask(3_000, "d1", "9.9")
    log.ask(4_000, "d1", is_answered=False)
    log.ask(5_000, "d1", "2.0")
    log.ask(6_000, "d1")

    task = only_task(log)

    assert [ask.lo for ask in task.turned_down(0, FOREVER - 1)] == [6_000, 3_000, 2_000]
    assert [ask.lo for ask in task.turned_down(2_500, 6_005)] == [3_000]


def test_attempts_that_may_be_none_leave_as_many() -> None:
    """The second push may repeat the first, and an operator's retry gives as many again."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=1, timeout_s=10, interval_s=0)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", -3)
    log.push(4_000, "d1")
    task = drawn(log).tasks[0]

    assert [task.has_left(one) for one in task.attempts] == [True, False]

    task.attempts[1].is_certain = False
    assert task.has_left(task.attempts[1])

    log.call(5_000, "retry_tasks", "d1")
    assert all(drawn(log).tasks[0].has_left(one) for one in task.attempts)
