from __future__ import annotations

from fleet_sim.oracle.no_endless import no_endless
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, judged

TIMES_OUT = "times_out"


def silent_devices(*, cap: int = 3) -> Log:
    """Return a log of three devices that take the push at 2,000 and say nothing; 10 s a timeout."""
    log = Log()
    log.devices("d1", "d2", "d3", "d4")
    log.job(1_000, cap=cap, timeout_s=10)
    for key in ("d1", "d2", "d3"):
        log.push(2_000, key)
        log.show(key, "pushed")
    log.show("d4", "queued")
    log.poll(3_000)
    return log


def test_an_attempt_that_ended_holds() -> None:
    """It succeeded."""
    log = Log()
    log.devices("d1")
    log.job(1_000, timeout_s=10)
    log.push(2_000, "d1")
    log.version(4_000, "d1", "2.0")
    log.show("d1", "succeeded", 100)
    log.poll(8_000)

    outcome = judged(no_endless, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


def test_silent_devices_that_may_wait_are_one_finding() -> None:
    """All of them together, with the slots they keep, in words for people."""
    log = silent_devices()
    log.poll(60_000)

    outcome = judged(no_endless, log)

    (finding,) = outcome.findings
    assert outcome.violations == ()
    assert finding.text.startswith(
        "3 devices were asked to upgrade and never said a word: d1, d2, d3."
    )
    assert (
        "3 of the 3 places that job j1 has for devices at work are taken for ever" in finding.text
    )
    assert "while 1 more wait for a place" in finding.text
    assert len(finding.witness.records) == 4


def test_the_findings_of_several_jobs_are_one() -> None:
    """It is one hole in the contract, however many jobs fall into it."""
    log = silent_devices()
    log.devices("e1")
    log.job(1_500, job="j2", to="3.0", cap=5, timeout_s=10)
    log.push(2_500, "e1", version="3.0")
    log.show("e1", "pushed", job="j2")
    log.poll(60_000)
    log.poll(61_000, job="j2")

    (finding,) = judged(no_endless, log).findings

    assert "3 of the 3 places that job j1" in finding.text
    assert "1 of the 5 places that job j2" in finding.text


def test_one_silent_device_is_told_in_the_singular() -> None:
    """Grammar is part of being understood."""
    log = Log()
    log.devices("d1")
    log.job(1_000, cap=None, timeout_s=10)
    log.push(2_000, "d1")
    log.show("d1", "pushed")
    log.poll(60_000)

    (finding,) = judged(no_endless, log, cap_default=None).findings

    assert finding.text.startswith("1 device was asked")
    assert "1 tasks of job j1 stay open for ever" in finding.text


def test_devices_that_were_silent_for_less_time_are_announced() -> None:
    """Their timeout has passed too, if not yet for so long."""
    log = silent_devices()
    log.push(30_000, "d4")
    log.show("d4", "pushed")
    log.poll(60_000)

    (finding,) = judged(no_endless, log).findings

    assert finding.text.endswith("1 more are on the way there.")


def test_silent_devices_that_must_time_out_are_violations() -> None:
    """By a contract that says so, each for itself."""
    log = silent_devices()
    log.poll(60_000)

    outcome = judged(no_endless, log, silent_device=TIMES_OUT)

    assert (outcome.standing, len(outcome.violations)) == (Standing.VIOLATED, 3)
    assert [record.t for record in outcome.violations[0].witness.records] == [2_000, 3_010, 60_010]


def test_a_finding_is_not_due_before_the_start_allowance() -> None:
    """Timeout and 30 s and what a read may lag, counted from the push."""
    log = silent_devices()
    log.poll(44_000)

    outcome = judged(no_endless, log)

    assert (outcome.findings, outcome.standing) == ((), Standing.NOT_EXERCISED)


def test_a_device_that_spoke_in_the_end_is_no_finding() -> None:
    """It slept, woke up and is at work."""
    log = silent_devices()
    log.poll(50_000)
    for key in ("d1", "d2", "d3"):
        log.progress(51_000, key, 0)
        log.show(key, "under_way", 0)
    log.poll(52_000)

    outcome = judged(no_endless, log)

    assert (outcome.findings, outcome.violations) == ((), ())


def test_a_late_start_of_the_timer_gives_that_much_longer() -> None:
    """A device that slept spoke long after its push; its time runs from there."""
    log = Log()
    log.devices("d1")
    log.job(1_000, timeout_s=10)
    log.push(2_000, "d1")
    log.progress(40_000, "d1", 0)
    log.show("d1", "under_way", 0)
    log.poll(45_000)

    assert judged(no_endless, log).standing is Standing.NOT_EXERCISED
    log.poll(85_000)
    assert judged(no_endless, log).standing is Standing.VIOLATED


def test_a_flapping_silent_device_is_the_same_finding() -> None:
    """It is pushed again at each reconnect and still says nothing: one attempt, one finding."""
    log = silent_devices()
    for t in (20_000, 40_000, 60_000):
        log.offline(t - 2_000, "d1")
        log.online(t - 10, "d1")
        log.push(t, "d1")
    log.poll(90_000)

    outcome = judged(no_endless, log)

    assert (outcome.violations, outcome.doubts) == ((), ())
    assert "3 devices were asked" in outcome.findings[0].text


def test_a_lost_push_of_the_next_attempt_is_a_doubt() -> None:
    """The row shows as pushed, but perhaps it is a later attempt that the link swallowed."""
    log = silent_devices()
    log.offline(12_000, "d1")
    log.poll(60_000)

    outcome = judged(no_endless, log, silent_device=TIMES_OUT)

    assert (len(outcome.violations), len(outcome.doubts)) == (2, 1)


def test_without_reads_nothing_shows() -> None:
    """A foreign backend that is not polled keeps its secrets."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000, timeout_s=10)
    log.push(2_000, "d1")
    log.end(90_000)

    assert judged(no_endless, log).standing is Standing.NOT_EXERCISED
