from __future__ import annotations

from fleet_sim.oracle.attempts import Attempt, proof_of_start
from tests.oracle.logs import Log, drawn


def started() -> Log:
    """Return a log with one device and one job of 60 s a timeout, made at 1,000."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=2)
    return log


def attempts(log: Log) -> list[Attempt]:
    """Return the attempts of the log's only task."""
    (task,) = drawn(log).tasks
    return task.attempts


def test_reads_refute_open_points_only() -> None:
    """Shown at work after the old version's report: it had not ended there. A timer is firm."""
    log = started()
    log.push(2_000, "d1")
    log.progress(2_500, "d1", 0)
    log.version(4_000, "d1", "1.0")
    log.show("d1", "under_way", 0)
    log.poll(30_000)

    (only,) = attempts(log)
    assert only.active_until_ms == 30_000 - 2_000
    log.poll(90_000)
    (only,) = attempts(log)
    assert only.active_until_ms == 62_500 - 100


def test_an_attempt_is_shown_over_by_a_read_or_by_the_next() -> None:
    """Whichever comes first."""
    log = started()
    log.push(2_000, "d1")
    log.progress(5_000, "d1", -3)
    log.show("d1", "queued")
    log.poll(8_000)
    log.push(20_000, "d1")

    first, _ = attempts(log)
    assert (first.shown_over_ms, first.over_by_ms) == (8_010, 5_000)


def test_the_proof_of_a_start_is_its_push_and_what_started_its_timer() -> None:
    """Two records say when an attempt's time began to run."""
    log = started()
    log.push(2_000, "d1")
    log.progress(5_000, "d1", 0)

    (only,) = attempts(log)
    assert [record.t for record in proof_of_start(only)] == [2_000, 5_000]


def test_what_alone_can_have_ended_it_ended_it() -> None:
    """A crossing failure is not certain to count; once the task shows as over, it did."""
    log = started()
    first = log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.push(63_300, "d1")
    log.progress(63_800, "d1", -2, request=first)
    log.show("d1", "failed", -2)
    log.poll(70_000)

    assert attempts(log)[1].over_by_ms == 63_800


def test_a_report_tells_an_end_only_if_nothing_else_can_have_come_first() -> None:
    """The timer may have fired a moment before the success arrived."""
    log = started()
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.version(62_950, "d1", "2.0")
    early = started()
    early.push(2_000, "d1")
    early.progress(3_000, "d1", 0)
    early.version(60_000, "d1", "2.0")

    assert attempts(log)[0].told("success") is None
    assert attempts(early)[0].told("success") is not None
    assert attempts(early)[0].told("failure") is None


def test_a_report_of_the_old_version_before_it_leaves_an_end_open() -> None:
    """Unless a read in between shows that the server did not give up on that."""
    log = started()
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.version(4_000, "d1", "1.0")
    log.version(20_000, "d1", "2.0")

    assert attempts(log)[0].told("success") is None
    log.show("d1", "under_way", 0)
    log.poll(10_000)
    assert attempts(log)[0].told("success") is not None


def test_an_end_that_nothing_explains_is_not_counted_as_activity() -> None:
    """Seen over at 10 s with 50 s to go: active no longer than reads show it."""
    log = started()
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.show("d1", "under_way", 0)
    log.poll(7_000)
    log.show("d1", "failed")
    log.poll(10_000)

    assert attempts(log)[0].active_until_ms == 5_000


def test_a_timer_is_read_the_kinder_way_where_two_readings_fit() -> None:
    """A server cannot tell which attempt a report is meant for, so the earlier start is likely."""
    log = started()
    first = log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.push(63_300, "d1")
    log.progress(63_800, "d1", 50, request=first)
    log.progress(66_000, "d1", 50)

    second = attempts(log)[1]
    assert (second.likely_over_ms, second.over_by_ms) == (123_800, 126_000)
