from __future__ import annotations

import pytest

from fleet_sim.oracle.desc import desc
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, judged

LONG = "x" * 300


def at_work(*texts: str, retries: int = 0) -> Log:
    """Return a log whose device sent these, 5 s apart from 3,000 on."""
    log = Log()
    log.devices("d1")
    log.job(1_000, retries=retries, interval_s=5)
    log.push(2_000, "d1")
    for number, text in enumerate(texts):
        log.progress(3_000 + 5_000 * number, "d1", number, text)
    return log


def shown(log: Log, text: str | None, status: str = "under_way", at: int = 30_000) -> Log:
    """Let a poll show this text."""
    log.show("d1", status, 1, text)
    log.poll(at)
    return log


@pytest.mark.parametrize("text", ["downloading", "%s'; --", "ⓧ\u202eabc", LONG])
def test_the_devices_last_word_holds(text: str) -> None:
    """Whatever it says, byte for byte."""
    outcome = judged(desc, shown(at_work("first", text), text))

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


@pytest.mark.parametrize("text", ["other", "first", "", None, LONG[:255]])
def test_anything_else_is_convicted(text: str | None) -> None:
    """A text of the server's own, an older one, none, a part."""
    outcome = judged(desc, shown(at_work("first", LONG), text))

    assert outcome.standing is Standing.VIOLATED
    assert [record.t for record in outcome.violations[0].witness.records] == [8_000, 30_010]


def test_a_stated_limit_may_cut() -> None:
    """What is stored of it is what the contract says."""
    log = shown(at_work(LONG), LONG[:255])

    assert judged(desc, log, desc_limit_chars=255).standing is Standing.HELD
    assert judged(desc, log, desc_limit_chars=256).standing is Standing.VIOLATED


def test_a_read_that_lags_may_show_the_word_before() -> None:
    """The last word arrived less than the visibility ago."""
    log = shown(at_work("first", "second"), "first", at=9_500)

    assert judged(desc, log).standing is Standing.HELD


def test_a_failures_text_holds_after_its_end() -> None:
    """What arrived later changes nothing."""
    log = at_work("downloading")
    log.progress(8_000, "d1", -3, "bad digest")
    log.progress(20_000, "d1", 10, "again")

    assert judged(desc, shown(log, "bad digest", "failed")).standing is Standing.HELD


@pytest.mark.parametrize(
    ("retries", "retry_on", "standing"),
    [
        (1, ("failed",), Standing.NOT_EXERCISED),
        (1, ("timeout",), Standing.VIOLATED),
        (0, ("failed",), Standing.VIOLATED),
    ],
)
def test_a_task_may_come_to_nothing_before_its_retry(
    retries: int, retry_on: tuple[str, ...], standing: Standing
) -> None:
    """Its device did not come on line, or ran what the job is not for: the server's own words."""
    log = at_work("downloading", retries=retries)
    log.progress(8_000, "d1", -3, "bad digest")

    outcome = judged(desc, shown(log, "gave it up", "failed"), retry_on=retry_on)

    assert outcome.standing is standing


@pytest.mark.parametrize(
    ("between", "retries", "standing"),
    [
        (("unchanged",), 1, Standing.NOT_EXERCISED),
        (("queued",), 1, Standing.VIOLATED),
        (("unchanged",), 0, Standing.VIOLATED),
    ],
)
@pytest.mark.parametrize("is_timeout", [False, True])
def test_a_task_that_waits_unchanged_shows_why(
    between: tuple[str, ...], retries: int, standing: Standing, *, is_timeout: bool
) -> None:
    """It looks as if it were at work, and says how its attempt ended."""
    log = at_work("downloading", retries=retries)
    if not is_timeout:
        log.progress(8_000, "d1", -3, "bad digest")
    shown(log, "its time is up", at=70_000)

    assert judged(desc, log, between_attempts_status=between).standing is standing


def test_the_last_attempts_failure_is_the_tasks_own() -> None:
    """Nothing can come after it, but an operator's retry."""
    log = at_work("downloading", retries=1)
    log.progress(8_000, "d1", -3, "bad digest")
    log.push(14_000, "d1")
    log.progress(18_000, "d1", -3, "bad digest")
    shown(log, "other", "failed")

    assert judged(desc, log).standing is Standing.VIOLATED

    log.call(20_000, "retry_tasks", "d1")

    assert judged(desc, log).standing is Standing.NOT_EXERCISED


def test_an_attempt_whose_push_was_lost_shows_no_text_yet() -> None:
    """The device failed and its link went down, so nobody saw the next push."""
    log = at_work("downloading")
    log.progress(8_000, "d1", -3, "bad digest")

    assert judged(desc, shown(log, None)).standing is Standing.NOT_EXERCISED
    assert judged(desc, shown(log, "other")).standing is Standing.VIOLATED


def test_a_servers_own_word_ends_a_timeout() -> None:
    """The device did not end it, so the server may say what happened."""
    log = shown(at_work("downloading"), "timeout", "failed", at=70_000)

    assert judged(desc, log).standing is Standing.NOT_EXERCISED


def test_a_cut_is_a_cut_in_any_state() -> None:
    """The beginning of a long text is no word of the server's own."""
    log = shown(at_work(LONG), LONG[:255], "failed", at=70_000)

    outcome = judged(desc, log)

    assert outcome.standing is Standing.VIOLATED
    assert "only the beginning of" in outcome.violations[0].text


def test_a_short_word_of_the_servers_may_begin_a_text_of_the_devices() -> None:
    """By chance: both speak of a timeout."""
    log = shown(at_work("timeout while downloading"), "timeout", "failed", at=70_000)

    assert judged(desc, log).standing is Standing.NOT_EXERCISED


def test_a_copy_of_an_older_report_may_be_passed_over_or_not() -> None:
    """QoS 1 delivered the first once more, after the second."""
    log = at_work()
    log.progress(3_000, "d1", 1, "first", message="m7")
    log.progress(8_000, "d1", 2, "second")
    again = {"side": "server", "message": "m7", "step": 1, "desc": "first"}
    log.add(9_000, "W", "progress_received", "d1", part=0, fields=again)

    for text in ("first", "second"):
        assert judged(desc, shown(log, text)).standing is Standing.HELD


def test_a_crossing_report_may_be_passed_over_or_not() -> None:
    """It was meant for the attempt before."""
    log = at_work("one")
    log.push(70_000, "d1")
    log.progress(70_500, "d1", 1, "two")
    log.progress(70_800, "d1", 2, "late", request="r1")

    for at, text in ((80_000, "two"), (90_000, "late")):
        assert judged(desc, shown(log, text, at=at)).violations == ()


def test_the_highest_progress_may_keep_its_text() -> None:
    """By contract the highest is shown, so any word may be the one."""
    log = shown(at_work("first", "second"), "first")

    assert judged(desc, log, progress_policy="max").standing is Standing.HELD


def test_nothing_said_is_not_exercised() -> None:
    """A device that sends no text shows none."""
    assert judged(desc, shown(at_work(), None)).standing is Standing.NOT_EXERCISED
    assert judged(desc, shown(at_work(""), None)).standing is Standing.NOT_EXERCISED


@pytest.mark.parametrize("call", [("cancel_tasks", "d1"), ("stop_job",)])
def test_a_cancel_or_a_stop_may_replace_the_text_of_a_failure(call: tuple[str, ...]) -> None:
    """The task waited for its retry as an operator ended it."""
    log = at_work("downloading")
    log.progress(8_000, "d1", -3, "bad digest")
    log.call(9_000, *call)

    assert judged(desc, shown(log, "user cancel", "failed")).violations == ()


def test_a_failure_after_a_push_that_may_have_repeated_tells_nothing() -> None:
    """The push came as the time was up: the attempt may have been over when its device failed."""
    log = at_work("downloading")
    log.offline(60_000, "d1")
    log.online(62_000, "d1")
    log.push(62_960, "d1")
    log.progress(64_000, "d1", -3, "no room")
    log.show("d1", "failed", None, "timeout")
    log.poll(70_000)

    outcome = judged(desc, log, repush_on_reconnect="always")

    assert outcome.violations == ()
