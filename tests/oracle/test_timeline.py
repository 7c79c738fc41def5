from __future__ import annotations

import pytest

from fleet_sim.model.record import CLOSED_BY_BROKER
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


def test_defaults_come_from_the_contract() -> None:
    """An order that names no cap and no timeout has the vendor's."""
    log = Log()
    log.devices("d1")
    log.job(1_000, cap=None, timeout_s=None)

    job = only_job(drawn(log))

    assert (job.cap, job.timeout_ms, job.attempts_max) == (300, 7_200_000, 1)


def test_devices_and_jobs_of_another_dialect_are_not_in_it() -> None:
    """Each timeline is read by one contract."""
    log = Log()
    log.devices("d1")
    log.boot(0, "d2", "1.0", fleet="g", dialect="tuya")
    log.job(1_000, job="j1")
    log.job(1_000, job="j2", fleet="g", product="q")

    timeline = drawn(log)

    assert (list(timeline.devices), list(timeline.jobs)) == (["p/d1"], ["j1"])


def test_a_push_belongs_to_the_job_for_its_version_and_device() -> None:
    """A push carries no job: it is found by what it asks of whom."""
    log = rollout()
    log.job(1_100, job="j2", to="3.0")
    log.push(2_000, "d1", version="3.0")

    timeline = drawn(log)

    assert [task.device.key for task in timeline.jobs["j2"].tasks.values()] == ["d1"]
    assert not timeline.jobs["j1"].tasks


def test_a_push_of_a_version_that_no_job_names_is_loose() -> None:
    """Somebody else's job, perhaps."""
    log = rollout()
    log.push(2_000, "d1", version="9.9")

    assert [push.version for _, push in drawn(log).loose] == ["9.9"]


def test_a_push_before_its_job_is_loose() -> None:
    """A job that is not yet ordered explains nothing."""
    log = rollout()
    log.push(500, "d1")

    assert len(drawn(log).loose) == 1


def test_two_jobs_that_explain_a_push_equally_make_it_ambiguous() -> None:
    """Both tasks are marked, so that nothing is convicted on either."""
    log = rollout()
    log.job(1_100, job="j2")
    log.push(2_000, "d1")

    assert [task.is_ambiguous for task in drawn(log).tasks] == [True, True]


def test_a_task_that_was_over_does_not_explain_a_push() -> None:
    """The other job of the same version does."""
    log = rollout()
    log.show("d1", "succeeded")
    log.poll(4_000)
    log.job(5_000, job="j2")
    log.show("d1", "queued", job="j2")
    log.poll(6_000, job="j2")
    log.push(8_000, "d1")

    timeline = drawn(log)

    assert len(timeline.jobs["j2"].tasks["p/d1"].pushes) == 1
    assert not any(task.is_ambiguous for task in timeline.tasks)


def test_an_offer_starts_an_attempt_and_asking_again_repeats_it() -> None:
    """However often, connected or not: the server says what it said."""
    log = Log()
    log.devices("d1")
    log.job(1_000, must_ask=True)
    log.ask(500, "d1")
    log.ask(2_000, "d1", "2.0")
    log.progress(3_000, "d1", 0)
    log.ask(4_000, "d1", "2.0")

    task = only_task(log)

    assert [push.is_offer for push in task.pushes] == [True, True]
    (attempt,) = task.attempts
    assert (attempt.start.lo, attempt.start.hi) == (2_000, 2_010)
    assert (attempt.is_certain, attempt.strays) == (True, [])
    assert attempt.anchor_hi == 3_000


def test_an_offer_after_the_end_starts_the_next_attempt() -> None:
    """As a push would."""
    log = Log()
    log.devices("d1")
    log.job(1_000, must_ask=True, retries=1)
    log.ask(2_000, "d1", "2.0")
    log.progress(3_000, "d1", -3)
    log.ask(4_000, "d1", "2.0")

    assert [attempt.is_certain for attempt in only_task(log).attempts] == [True, True]


def test_an_offer_is_of_the_job_to_be_asked_for() -> None:
    """And a push of the other, if both are for this version."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.job(1_100, job="j2", must_ask=True)
    log.show("d1", "queued")
    log.show("d1", "queued", job="j2")
    log.poll(1_500)
    log.poll(1_500, job="j2")
    log.push(2_000, "d1")
    log.ask(9_000, "d1", "2.0")

    timeline = drawn(log)

    tasks = [job.tasks["p/d1"] for job in timeline.jobs.values()]
    assert [[push.is_offer for push in task.pushes] for task in tasks] == [[False], [True]]
    assert not any(task.is_ambiguous for task in timeline.tasks)


def test_an_offer_of_several_versions_begins_nothing_for_certain() -> None:
    """The device may take any of them, and says of none that it has."""
    log = Log()
    log.devices("d1")
    log.job(1_000, must_ask=True)
    log.job(1_100, job="j2", to="3.0", must_ask=True)
    log.ask(2_000, "d1", "2.0", "3.0")

    tasks = drawn(log).tasks

    assert [task.is_ambiguous for task in tasks] == [True, True]
    assert [one.is_certain for task in tasks for one in task.attempts] == [False, False]


def test_where_vendors_count_from_the_reply_an_offer_counts_from_progress() -> None:
    """No reply is sent to an offer."""
    log = Log()
    log.devices("d1")
    log.job(1_000, must_ask=True)
    log.ask(2_000, "d1", "2.0")
    log.progress(3_000, "d1", 0)

    (task,) = drawn(log, upgrading_starts="ack").tasks

    assert task.attempts[0].anchor_hi == 3_000


def test_a_job_that_also_pushes_is_not_only_asked_for() -> None:
    """The contract says which it is."""
    log = Log()
    log.devices("d1")
    log.job(1_000, must_ask=True)

    assert drawn(log).jobs["j1"].is_asked_for
    assert not drawn(log, pushes_unasked=True).jobs["j1"].is_asked_for


def test_deadlines_that_fall_into_a_servers_fault_are_put_off() -> None:
    """A server that is down ends nothing; once it is back it has the start allowance."""
    log = rollout()
    log.add(10_000, "C", "fault_injected", id="S01")
    log.add(20_000, "C", "fault_healed", id="S01")

    timeline = drawn(log)

    assert [timeline.due_ms(7_000), timeline.due_ms(9_000), timeline.due_ms(20_001)] == [
        7_000,
        50_000,
        20_001,
    ]


def test_a_task_shown_as_pushed_after_it_was_under_way_is_in_its_next_attempt() -> None:
    """Its push was lost on the way; the attempt before had ended by then."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=1)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.show("d1", "under_way", 0)
    log.poll(10_000)
    log.show("d1", "pushed")
    log.poll(70_000)

    (attempt,) = only_task(log).attempts
    assert attempt.seen_end == (8_000, 70_010)


def test_a_job_of_somebody_else_makes_the_pushes_of_its_devices_ambiguous() -> None:
    """It may be to the same version, and a push names no job; one that may be there, likewise."""
    log = Log()
    log.devices("d1", "d2", "d3")
    log.add(0, "C", "kept_by_others", devices=["p/d1"], untold=["p/d3"])
    log.job(1_000)
    for name in ("d1", "d2", "d3"):
        log.show(name, "queued")
    log.poll(2_000)

    tasks = drawn(log).tasks

    assert [task.device.name for task in tasks if task.is_ambiguous] == ["p/d1", "p/d3"]


def test_a_device_that_another_client_takes_over_is_convicted_of_nothing() -> None:
    """The broker ends one of two connections under one id; who spoke in its name is not known."""
    log = Log(is_foreign=True)
    log.devices("d1", "d2", "d3")
    for key, times, why in (
        ("d1", 2, CLOSED_BY_BROKER),
        ("d2", 1, CLOSED_BY_BROKER),
        ("d3", 2, ""),
    ):
        for at in range(200, 200 + 100 * times, 100):
            log.offline(at, key, why)
            log.online(at + 50, key)
    log.job(1_000)
    for key in ("d1", "d2", "d3"):
        log.show(key, "queued")
    log.poll(2_000)

    unsure = [task.device.key for task in drawn(log).tasks if task.is_ambiguous]

    assert unsure == ["d1"]


def test_a_platform_of_ours_tells_take_overs_itself() -> None:
    """Its own end of the wire shows what reached it."""
    log = Log()
    log.devices("d1")
    for at in (200, 300):
        log.offline(at, "d1", CLOSED_BY_BROKER)
        log.online(at + 50, "d1")
    log.job(1_000)
    log.show("d1", "queued")
    log.poll(2_000)
    log.push(3_000, "d1")

    assert not only_task(log).is_ambiguous


@pytest.mark.parametrize(("retries", "is_unsure"), [(0, False), (1, True)])
def test_queued_after_a_push_tells_that_it_was_another_jobs_only_without_retries(
    *, retries: int, is_unsure: bool
) -> None:
    """A device that fails within a poll waits for its retry by the next one."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000, retries=1)
    log.job(1_100, job="j2", retries=retries)
    log.show("d1", "queued")
    log.show("d1", "queued", job="j2")
    log.poll(1_500)
    log.poll(1_500, job="j2")
    log.push(2_000, "d1")
    log.show("d1", "under_way")
    log.poll(9_000)
    log.poll(9_000, job="j2")

    assert [task.is_ambiguous for task in drawn(log).tasks] == [is_unsure, is_unsure]


def test_queued_after_a_push_tells_nothing_once_an_operator_asked_for_a_retry() -> None:
    """That is a try, too."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000, retries=1)
    log.job(1_100, job="j2")
    log.call(1_200, "retry_tasks", "d1", job="j2")
    log.show("d1", "queued", job="j2")
    log.show("d1", "queued")
    log.push(2_000, "d1")
    log.poll(3_000)
    log.poll(3_000, job="j2")

    assert all(task.is_ambiguous for task in drawn(log).tasks)


def test_a_task_that_showed_as_failed_between_two_attempts_was_not_over() -> None:
    """Some servers show it so; the push behind it may be its next attempt."""
    log = rollout()
    log.show("d1", "failed")
    log.poll(4_000)
    log.job(5_000, job="j2")
    log.show("d1", "queued", job="j2")
    log.poll(6_000, job="j2")
    log.push(8_000, "d1")
    log.show("d1", "under_way")
    log.poll(9_000)

    tasks = [task for task in drawn(log).tasks if task.device.key == "d1"]

    assert [task.is_ambiguous for task in tasks] == [True, True]


def two_jobs_one_read() -> Log:
    """Return a log with two jobs to one version, of which only the first was ever looked at."""
    log = rollout()
    log.poll(2_000)
    log.job(3_000, job="j2")
    log.push(4_000, "d1")
    return log


@pytest.mark.parametrize("is_read", [False, True])
def test_a_job_that_nobody_looked_at_since_a_push_may_be_what_it_was_for(*, is_read: bool) -> None:
    """Its order got no answer, the API died, or the log ends; a later look would tell."""
    log = two_jobs_one_read()
    if is_read:
        log.poll(9_000, job="j2")
    log.poll(9_500)

    tasks = [task for task in drawn(log).tasks if task.device.key == "d1"]

    assert [task.is_ambiguous for task in tasks] == ([False] if is_read else [True, True])


def test_a_look_that_was_asked_for_before_a_push_tells_nothing_of_it() -> None:
    """The task may have come since."""
    log = two_jobs_one_read()
    log.poll(3_500, job="j2")
    log.poll(9_500)

    tasks = [task for task in drawn(log).tasks if task.device.key == "d1"]

    assert [task.is_ambiguous for task in tasks] == [True, True]


def test_two_rows_for_a_device_make_its_task_ambiguous() -> None:
    """V35 convicts that; the others cannot know which is meant."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.show("d1", "queued", task="a")
    log.show("d1", "queued", task="b")
    log.poll(2_000)

    assert only_task(log).is_ambiguous


def test_rows_of_devices_that_are_not_in_the_log_make_no_task() -> None:
    """Somebody else's devices take part in a foreign job."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.show("d9", "queued")
    log.poll(2_000)

    assert drawn(log).tasks == []
