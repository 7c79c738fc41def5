from __future__ import annotations

from typing import Any

from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.timeout_fires import timeout_fires
from tests.oracle.logs import Log, instants, judged


def under_way() -> Log:
    """Return a log whose only device was pushed at 2,000 and spoke at 3,000; 60 s a timeout."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=1)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.show("d1", "under_way", 0)
    log.poll(5_000)
    return log


def test_an_attempt_that_ended_in_time_holds() -> None:
    """A poll a second after the deadline shows it failed."""
    log = under_way()
    log.poll(62_000)
    log.show("d1", "failed")
    log.poll(64_000)

    outcome = judged(timeout_fires, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


def test_an_attempt_that_outlives_its_timeout_is_convicted() -> None:
    """Its push, the progress that started its timer, and a read long after the deadline."""
    log = under_way()
    log.poll(70_000)

    outcome = judged(timeout_fires, log)

    assert (outcome.standing, instants(outcome)) == (
        Standing.VIOLATED,
        [2_000, 3_000, 5_010, 70_010],
    )


def test_later_progress_does_not_start_the_timer_again() -> None:
    """A server that restarts it ends the attempt too late."""
    log = under_way()
    log.progress(40_000, "d1", 50)
    log.show("d1", "under_way", 50)
    log.poll(41_000)
    log.poll(90_000)

    assert judged(timeout_fires, log).standing is Standing.VIOLATED


def test_a_read_within_the_visibility_proves_nothing() -> None:
    """Asked 2 s after the deadline, it may show the state before it; the log then ends."""
    log = under_way()
    log.poll(65_000)

    assert judged(timeout_fires, log).standing is Standing.NOT_EXERCISED


def test_an_end_seen_much_too_late_is_a_doubt() -> None:
    """Polls were too coarse: it ended in time, or half a minute late."""
    log = under_way()
    log.show("d1", "failed")
    log.poll(95_000)

    assert judged(timeout_fires, log).standing is Standing.INCONCLUSIVE


def test_the_next_attempt_shows_that_the_last_had_ended() -> None:
    """No read fell in between, but the retry came at once."""
    log = under_way()
    log.push(63_050, "d1")
    log.show("d1", "pushed")
    log.poll(95_000)

    assert judged(timeout_fires, log).standing is Standing.HELD


def test_a_device_that_ended_it_is_none_of_its_affair() -> None:
    """It reported a failure before its time was up."""
    log = under_way()
    log.progress(20_000, "d1", -2)
    log.poll(90_000)

    assert judged(timeout_fires, log).standing is Standing.NOT_EXERCISED


def test_a_silent_device_has_no_timer() -> None:
    """Nothing started it; V12 looks after that."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.show("d1", "pushed")
    log.poll(90_000)

    assert judged(timeout_fires, log).standing is Standing.NOT_EXERCISED


def test_a_flapping_device_is_judged_if_reads_show_that_it_went_on() -> None:
    """Its old version might have ended the attempt, but a later read shows it at work."""
    log = under_way()
    log.offline(10_000, "d1")
    log.online(11_000, "d1")
    log.version(11_100, "d1", "1.0")
    log.poll(20_000)
    log.poll(70_000)

    assert judged(timeout_fires, log).standing is Standing.VIOLATED


def test_a_task_shown_as_pushed_again_may_be_in_a_lost_attempt() -> None:
    """Its timer fired, and the next push went with the connection: held, as the row went back."""
    log = under_way()
    log.offline(62_900, "d1")
    log.show("d1", "pushed")
    log.poll(64_000)
    log.poll(90_000)

    assert judged(timeout_fires, log).standing is Standing.HELD


def test_a_row_that_only_ever_showed_pushed_is_a_doubt_after_a_lost_connection() -> None:
    """It may be of this attempt or of the next."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=1)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.offline(62_900, "d1")
    log.show("d1", "pushed")
    log.poll(90_000)

    assert judged(timeout_fires, log).standing is Standing.INCONCLUSIVE


def test_a_server_that_was_down_has_time_to_come_back() -> None:
    """Killed over the deadline; it ends the attempt when it is up again."""
    log = under_way()
    log.add(60_000, "C", "fault_injected", id="S01")
    log.add(80_000, "C", "fault_healed", id="S01")
    log.poll(81_000)

    assert judged(timeout_fires, log).standing is Standing.NOT_EXERCISED


def test_a_job_without_a_limit_is_not_exercised() -> None:
    """Some vendors have no default timeout."""
    log = Log()
    log.devices("d1")
    log.job(1_000, timeout_s=None)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.show("d1", "under_way", 0)
    log.poll(90_000_000)

    assert judged(timeout_fires, log, timeout_s=None).standing is Standing.NOT_EXERCISED


def test_a_foreign_log_is_judged_by_flights() -> None:
    """The timer started when the progress had arrived at the latest."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.show("d1", "under_way", 0)
    log.poll(4_000)
    log.poll(65_105)
    on_time = judged(timeout_fires, log)
    log.poll(65_111)

    assert on_time.standing is Standing.NOT_EXERCISED
    assert judged(timeout_fires, log).standing is Standing.VIOLATED


def test_a_vendor_without_timeouts_promises_none() -> None:
    """A job that has one all the same is held to it."""
    none: dict[str, Any] = dict.fromkeys(("timeout_s", "timeout_s_min", "timeout_s_max"))
    log, ordered = Log(), under_way()
    log.devices("d1")
    log.job(1_000, timeout_s=None)
    ordered.poll(70_000)

    assert judged(timeout_fires, log, **none).standing is Standing.NOT_PROMISED
    assert judged(timeout_fires, ordered, **none).standing is Standing.VIOLATED
