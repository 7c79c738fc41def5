from __future__ import annotations

import pytest

from fleet_sim.oracle.cause import cause
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, judged


def failed(*, retries: int = 0, is_foreign: bool = False) -> Log:
    """Return a log whose device failed with code -3 at 5,000."""
    log = Log(is_foreign=is_foreign)
    log.devices("d1")
    log.job(1_000, retries=retries, interval_s=30)
    log.push(2_000, "d1")
    log.progress(5_000, "d1", -3, "bad digest")
    return log


def shown(log: Log, status: str, progress: int | None) -> Log:
    """Let a poll that must show the end show this."""
    log.show("d1", status, progress)
    log.poll(9_000)
    return log


@pytest.mark.parametrize("is_foreign", [False, True])
def test_the_devices_code_holds(*, is_foreign: bool) -> None:
    """Failed, with the very code."""
    outcome = judged(cause, shown(failed(is_foreign=is_foreign), "failed", -3))

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


@pytest.mark.parametrize(
    ("status", "progress"), [("failed", -1), ("failed", None), ("under_way", 50)]
)
def test_another_code_or_none_is_convicted(status: str, progress: int | None) -> None:
    """As if it had timed out, as if it had failed otherwise, as if it had not failed at all."""
    outcome = judged(cause, shown(failed(), status, progress))

    assert outcome.standing is Standing.VIOLATED
    assert [record.t for record in outcome.violations[0].witness.records] == [2_000, 5_000, 9_010]


def test_between_two_attempts_no_code_is_needed() -> None:
    """It may show as queued again; that says nothing either way."""
    outcome = judged(cause, shown(failed(retries=1), "queued", None))

    assert outcome.standing is Standing.NOT_EXERCISED


def test_a_device_that_is_asked_before_its_next_attempt_needs_none() -> None:
    """Its task is in line then, where others would go on showing their failure."""
    log = shown(failed(retries=1), "queued", None)
    words = ("failed",)

    asked = judged(cause, log, between_attempts_status=words, asks_version=True)
    others = judged(cause, log, between_attempts_status=words)

    assert (asked.standing, others.standing) == (Standing.NOT_EXERCISED, Standing.VIOLATED)


def test_the_next_attempt_hides_it() -> None:
    """Pushed again before any read that must show the failure."""
    log = failed(retries=1)
    log.push(6_000, "d1")

    assert judged(cause, shown(log, "pushed", None)).standing is Standing.NOT_EXERCISED


def test_a_later_report_may_cover_it() -> None:
    """Something else arrived before the read."""
    log = failed()
    log.progress(7_000, "d1", 10)

    assert judged(cause, shown(log, "failed", 10)).standing is Standing.NOT_EXERCISED


def test_a_failure_after_the_timeout_does_not_count() -> None:
    """Its attempt was over."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.progress(63_500, "d1", -3)
    log.show("d1", "failed", 0)
    log.poll(70_000)

    assert judged(cause, log).standing is Standing.NOT_EXERCISED


def test_a_code_that_the_dialect_chose_is_any_negative_one() -> None:
    """The device's end names the cause alone, and the server's end is not in the log."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    fields = {"message": "m9", "step": None, "cause": "verify", "request": ""}
    log.add(5_000, "W", "progress_sent", "d1", side="device", fields=fields)
    log.add(5_020, "W", "delivered", "d1", side="device", message="m9")

    assert judged(cause, shown(log, "failed", -3)).standing is Standing.HELD
    log.show("d1", "failed", 40)
    log.poll(8_500)
    assert judged(cause, log).standing is Standing.VIOLATED


def test_a_task_at_work_again_may_be_in_a_lost_attempt() -> None:
    """The next push went with the connection."""
    log = failed(retries=1)
    log.offline(6_000, "d1")

    assert judged(cause, shown(log, "pushed", None)).standing is Standing.INCONCLUSIVE


@pytest.mark.parametrize(
    ("retries", "online_timeout_s", "standing"),
    [(1, 1, Standing.INCONCLUSIVE), (0, 1, Standing.VIOLATED), (1, None, Standing.VIOLATED)],
)
def test_a_device_given_up_before_its_retry_hides_the_code(
    retries: int, online_timeout_s: int | None, standing: Standing
) -> None:
    """That was an attempt as well, and nobody reported a code in it."""
    log = failed(retries=retries)
    log.offline(6_000, "d1")
    shown(log, "failed", None)

    assert judged(cause, log, online_timeout_s=online_timeout_s).standing is standing


def test_a_stopped_job_may_cancel_a_task_that_had_failed() -> None:
    """It waited for its retry, and some servers end with a job all that waits."""
    log = failed(retries=1)
    log.call(7_000, "stop_job")

    assert judged(cause, shown(log, "cancelled", None)).standing is Standing.NOT_EXERCISED


def test_a_message_sent_and_acknowledged_before_the_failure_hides_nothing_from_outside() -> None:
    """Their flights overlap; one connection keeps the order. A reply to a push moves no row."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000)
    request = log.push(2_000, "d1")
    log.add(2_010, "W", "push_replied", "d1", side="device", request=request, code=200)
    log.progress(4_998, "d1", 50)
    log.progress(5_000, "d1", -3, "bad digest")

    assert judged(cause, shown(log, "failed", -3)).standing is Standing.HELD


@pytest.mark.parametrize(
    ("status", "desc", "standing"),
    [
        ("failed", "bad digest", Standing.HELD),
        ("failed", None, Standing.HELD),
        ("failed", "too late", Standing.VIOLATED),
        ("under_way", None, Standing.VIOLATED),
    ],
)
def test_a_vendor_that_shows_no_codes_shows_the_failure(
    status: str, desc: str | None, standing: Standing
) -> None:
    """As one, and not as an attempt that took too long."""
    log = failed()
    log.show("d1", status, None, desc)
    log.poll(9_000)

    outcome = judged(cause, log, shows_progress=False, descs=(("timeout", "too late"),))

    assert (outcome.standing, outcome.n) == (standing, 1)
