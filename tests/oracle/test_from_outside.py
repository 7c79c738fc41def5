from __future__ import annotations

from fleet_sim.oracle.evidence import Push
from fleet_sim.oracle.tasks import Task
from tests.oracle.logs import Log, drawn


def foreign(*polls: tuple[int, str]) -> Log:
    """Return a log of a foreign server, with what polls showed of its only task."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000, retries=1)
    for t, status in polls:
        log.show("d1", status)
        log.poll(t)
    return log


def only_task(log: Log) -> Task:
    """Return the one task there is."""
    (task,) = drawn(log).tasks
    return task


def span(push: Push) -> tuple[int, int, bool]:
    """Return when a push can have left, and whether only a read shows it."""
    return push.lo, push.hi, push.is_unseen


# --- how late it left at the latest, how early at the earliest ------------------------------------


def test_a_push_left_after_the_task_was_seen_queued() -> None:
    """A read a moment before its arrival narrows when it can have left, if the row then moved."""
    log = foreign((2_000, "queued"), (30_000, "queued"), (32_000, "pushed"))
    log.push(31_000, "d1")

    assert [span(one) for one in only_task(log).pushes] == [(28_000, 31_010, False)]


def test_a_task_that_stays_queued_is_past_the_push_that_arrives() -> None:
    """It was under way for longer than its timeout: it left by the read that showed it pushed."""
    log = foreign((2_000, "pushed"), (30_000, "queued"), (40_000, "queued"))
    log.push(31_000, "d1")

    assert [span(one) for one in only_task(log).pushes] == [(1_000, 2_010, False)]


def test_each_read_that_shows_a_start_has_a_push_of_its_own() -> None:
    """Two starts, two pushes that arrive together: the first is the older one."""
    log = foreign((2_000, "pushed"), (30_000, "queued"), (32_500, "pushed"))
    log.push(31_000, "d1")
    log.push(32_000, "d1")

    pushes = only_task(log).pushes
    assert [span(one) for one in pushes] == [(1_000, 2_010, False), (28_000, 32_010, False)]


def test_what_had_arrived_by_a_read_that_shows_it_waiting_did_not_leave_after_that() -> None:
    """A whole attempt went by between two reads; what moved the task later is on its way."""
    log = foreign((2_000, "queued"), (33_000, "queued"), (60_000, "pushed"))
    log.push(31_500, "d1")
    log.progress(32_000, "d1", -3)
    log.push(60_020, "d1")

    first, second = only_task(log).pushes
    assert (first.after_poll, first.lo < 31_000, second.record.t) == (-1, True, 60_030)


def test_what_was_received_before_a_late_push_left_before_it() -> None:
    """One connection keeps the order, so a repetition is no younger than what follows it."""
    log = foreign((1_500, "queued"), (32_500, "pushed"))
    log.push(32_000, "d1")
    log.push(40_000, "d1")

    first, second = only_task(log).pushes
    assert (first.hi, second.hi) == (32_010, 40_010)


# --- pushes that no device received ---------------------------------------------------------------


def test_a_start_without_a_push_was_pushed_all_the_same() -> None:
    """The push was lost with the connection, and the task shows it."""
    log = foreign((2_000, "queued"), (4_000, "pushed"))
    log.offline(3_000, "d1")

    assert [span(one) for one in only_task(log).pushes] == [(1_000, 4_010, True)]


def test_a_lost_push_and_its_repetition_are_two() -> None:
    """The one that arrives can only have left once its device had asked to be let in again."""
    log = foreign((2_000, "queued"), (4_000, "pushed"), (9_000, "under_way"))
    log.offline(3_000, "d1")
    log.online(8_000, "d1", since=7_500)
    log.push(8_100, "d1")

    pushes = only_task(log).pushes
    assert [span(one) for one in pushes] == [(1_000, 4_010, True), (7_400, 8_110, False)]
    assert [len(one.pushes) for one in only_task(log).attempts] == [2]


def test_a_push_that_may_be_the_one_a_read_shows_is_not_counted_twice() -> None:
    """It left after the connection began and by the read, or is a repetition: nobody can tell."""
    log = foreign((2_000, "queued"), (9_000, "pushed"))
    log.offline(3_000, "d1")
    log.online(8_000, "d1", since=7_500)
    log.push(9_500, "d1")

    assert [span(one) for one in only_task(log).pushes] == [(7_400, 9_510, False)]


def test_a_row_that_goes_on_under_way_shows_no_further_start() -> None:
    """Pushed, then under way, is one attempt; under way, then pushed, is the next."""
    log = foreign((2_000, "pushed"), (4_000, "under_way"), (6_000, "pushed"))
    log.push(1_500, "d1")

    pushes = only_task(log).pushes
    assert [span(one) for one in pushes] == [(1_000, 1_510, False), (2_000, 6_010, True)]


def test_an_unseen_push_inside_an_attempt_accuses_nobody() -> None:
    """A read that lags behind may have shown the task as queued once more."""
    log = foreign((2_000, "pushed"), (4_000, "queued"), (6_000, "pushed"))
    log.push(1_500, "d1")

    (attempt,) = only_task(log).attempts
    assert len(attempt.pushes) == 2
    assert attempt.strays == []


def test_pushes_that_may_belong_to_another_job_are_left_as_they_are() -> None:
    """Either task may have been moved by them."""
    log = foreign((2_000, "pushed"))
    log.job(1_000, job="j2")
    log.push(5_000, "d1")

    assert all(not push.is_unseen for task in drawn(log).tasks for push in task.pushes)


def test_with_the_servers_end_in_the_log_reads_add_nothing() -> None:
    """Every push stands there by its own record."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.show("d1", "pushed")
    log.poll(2_000)

    assert drawn(log).tasks[0].pushes == []
