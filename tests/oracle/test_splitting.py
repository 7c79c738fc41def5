from __future__ import annotations

from typing import Any

from fleet_sim.oracle.attempts import Attempt
from fleet_sim.oracle.evidence import FOREVER
from tests.oracle.logs import Log, drawn


def started(**order: Any) -> Log:  # noqa: ANN401
    """Return a log with one device and one job of 60 s a timeout, made at 1,000."""
    log = Log()
    log.devices("d1")
    log.job(1_000, **{"retries": 2, **order})
    return log


def attempts(log: Log, **changes: Any) -> list[Attempt]:  # noqa: ANN401
    """Return the attempts of the log's only task."""
    (task,) = drawn(log, **changes).tasks
    return task.attempts


def starts(log: Log, **changes: Any) -> list[tuple[int, bool]]:  # noqa: ANN401
    """Return when each attempt began, and whether that is certain."""
    return [(one.start.hi, one.is_certain) for one in attempts(log, **changes)]


def test_a_push_after_a_failure_starts_the_next_attempt() -> None:
    """The device ended the first one itself."""
    log = started()
    log.push(2_000, "d1")
    log.progress(5_000, "d1", -3)
    log.push(6_000, "d1")

    assert starts(log) == [(2_000, True), (6_000, True)]


def test_a_push_after_the_timeout_starts_the_next_attempt() -> None:
    """The timer runs from the first progress."""
    log = started()
    log.push(2_000, "d1")
    log.progress(5_000, "d1", 0)
    log.push(65_300, "d1")

    assert starts(log) == [(2_000, True), (65_300, True)]


def test_a_push_after_a_reconnect_repeats_the_unanswered_request() -> None:
    """The contract allows it: it is the same attempt."""
    log = started()
    log.push(2_000, "d1")
    log.offline(3_000, "d1")
    log.online(4_000, "d1")
    log.push(4_005, "d1")

    assert starts(log) == [(2_000, True)]
    assert [len(one.pushes) for one in attempts(log)] == [2]
    assert not attempts(log)[0].strays


def test_a_push_after_a_restart_of_the_server_may_repeat() -> None:
    """A server that was killed cannot know whether its request arrived."""
    log = started()
    log.push(2_000, "d1")
    log.add(3_000, "C", "fault_injected", id="S01")
    log.add(3_500, "C", "fault_healed", id="S01")
    log.push(4_000, "d1")

    assert starts(log) == [(2_000, True)]
    assert not attempts(log)[0].strays


def test_a_second_push_without_a_reconnect_is_a_stray() -> None:
    """Nothing ended the attempt and nothing allows a repetition."""
    log = started()
    log.push(2_000, "d1")
    log.push(4_000, "d1")

    (only,) = attempts(log)
    assert [push.hi for push in only.strays] == [4_000]


def test_an_answered_request_is_not_repeated() -> None:
    """The device had made progress, so a push after its reconnect is a stray."""
    log = started()
    log.push(2_000, "d1")
    log.progress(2_500, "d1", 0)
    log.offline(3_000, "d1")
    log.online(4_000, "d1")
    log.push(4_500, "d1")

    (only,) = attempts(log)
    assert len(only.strays) == 1


def test_always_repeating_contracts_may_repeat_an_answered_request() -> None:
    """Some vendors push again at every reconnect while the task is unfinished."""
    log = started()
    log.push(2_000, "d1")
    log.progress(2_500, "d1", 0)
    log.offline(3_000, "d1")
    log.online(4_000, "d1")
    log.push(4_500, "d1")

    assert not attempts(log, repush_on_reconnect="always")[0].strays
    assert len(attempts(log, repush_on_reconnect="never")[0].strays) == 1


def test_a_push_that_a_timer_or_a_reconnect_explains_proves_nothing() -> None:
    """A silent device whose time was up reconnected: the next attempt, or a late timer."""
    log = started()
    log.push(2_000, "d1")
    log.offline(70_000, "d1")
    log.online(71_000, "d1")
    log.push(71_005, "d1")

    assert starts(log, silent_device="times_out") == [(2_000, True), (71_005, False)]


def test_a_silent_device_that_may_wait_is_pushed_the_same_attempt_again() -> None:
    """Read literally its timer never started, however long ago the push was."""
    log = started()
    log.push(2_000, "d1")
    log.offline(70_000, "d1")
    log.online(71_000, "d1")
    log.push(71_005, "d1")

    assert starts(log) == [(2_000, True)]


def test_an_open_point_alone_makes_a_doubtful_attempt() -> None:
    """A report of the old version may have ended it, for a server that gives up on that."""
    log = started()
    log.push(2_000, "d1")
    log.progress(2_500, "d1", 0)
    log.version(4_000, "d1", "1.0")
    log.push(5_000, "d1")

    found = attempts(log)
    assert [(one.is_certain, one.is_open_point) for one in found] == [(True, False), (False, True)]


def test_an_operators_retry_starts_a_new_attempt() -> None:
    """Whatever the reads say: the call opened the task again."""
    log = started()
    log.push(2_000, "d1")
    log.progress(3_000, "d1", -1)
    log.call(4_000, "retry_tasks", "d1")
    log.push(4_500, "d1")

    assert [one.is_retry_call for one in attempts(log)] == [False, True]


def test_an_operators_retry_starts_one_attempt_and_no_more() -> None:
    """The request is repeated after a reconnect: the call was spent on the push before."""
    log = started(retries=0)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", -1)
    log.call(4_000, "retry_tasks", "d1")
    log.push(4_020, "d1")
    log.offline(5_000, "d1")
    log.online(6_000, "d1")
    log.push(6_005, "d1")

    found = attempts(log)
    assert [(one.is_retry_call, len(one.pushes)) for one in found] == [(False, 1), (True, 2)]


def test_a_retry_that_crossed_the_push_before_may_have_led_to_the_next() -> None:
    """No reconnect explains the next one: it is no stray, but neither certainly an attempt."""
    log = started(retries=0)
    log.push(2_000, "d1")
    log.progress(3_000, "d1", -1)
    log.call(4_000, "retry_tasks", "d1")
    log.push(4_020, "d1")
    log.push(6_005, "d1")

    assert starts(log) == [(2_000, True), (4_020, True), (6_005, False)]
    assert not attempts(log)[1].strays


def test_a_cancel_ends_no_attempt_that_began_while_it_was_under_way() -> None:
    """Cancel and retry were asked for at once, and the retry may have been served last."""
    log = started(retries=0)
    log.push(2_000, "d1")
    log.call(4_000, "cancel_tasks", "d1")
    log.call(4_000, "retry_tasks", "d1")
    log.push(4_020, "d1")
    log.offline(5_000, "d1")
    log.online(6_000, "d1")
    log.push(6_005, "d1")

    found = attempts(log)
    cancels = [[one.is_certain for one in each.ends if one.kind == "cancel"] for each in found]
    assert (cancels[:2], [one.is_certain for one in found]) == (
        [[True], [False]],
        [True, True, False],
    )


def test_network_copies_start_nothing() -> None:
    """The same request id again."""
    log = started()
    log.push(2_000, "d1", "r1")
    log.push(2_300, "d1", "r1")

    assert starts(log) == [(2_000, True)]


def test_a_report_that_arrives_as_the_push_leaves_cannot_refute_it() -> None:
    """The server may have decided on the repetition before the progress came."""
    log = started()
    log.push(2_000, "d1")
    log.offline(3_000, "d1")
    log.online(4_000, "d1")
    log.progress(4_010, "d1", 0)
    log.push(4_050, "d1")

    assert not attempts(log)[0].strays


def test_the_failure_that_ended_an_attempt_does_not_end_the_next() -> None:
    """With no gap between the two the report is still within what the push may have missed."""
    log = started()
    log.push(2_000, "d1")
    log.progress(5_000, "d1", -3)
    log.push(5_001, "d1")

    first, second = attempts(log)
    assert [end.kind for end in first.ends if end.report] == ["failure"]
    assert [end.kind for end in second.ends if end.report] == []


def test_a_crossing_failure_may_end_the_next_attempt() -> None:
    """Meant for the first attempt, it arrives in the second: possible, and not certain."""
    log = started()
    first = log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.push(63_300, "d1")
    log.progress(63_800, "d1", -2, request=first)

    _, second = attempts(log)
    assert [(end.kind, end.is_certain) for end in second.ends] == [
        ("failure", False),
        ("timeout", False),
    ]
    assert second.active_until_ms == 63_800


def test_a_crossing_progress_may_start_the_timer() -> None:
    """No report says on the wire which attempt it is meant for: the earliest and the latest."""
    log = started()
    first = log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.push(63_300, "d1")
    log.progress(63_800, "d1", 50, request=first)
    log.progress(66_000, "d1", 0)

    _, second = attempts(log)
    assert (second.anchor_lo, second.anchor_hi) == (63_800, 66_000)


def test_a_timer_that_a_crossing_progress_started_is_no_open_point() -> None:
    """A push at its end starts the next attempt, without a doubt."""
    log = started()
    first = log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.push(63_300, "d1")
    log.progress(63_800, "d1", 50, request=first)
    log.push(124_000, "d1")

    assert starts(log) == [(2_000, True), (63_300, True), (124_000, True)]


def test_the_timer_may_start_at_the_push() -> None:
    """By contract; or perhaps, for a job that verifies."""
    log = started()
    log.push(2_000, "d1")
    log.progress(5_000, "d1", 0)
    (by_push,) = attempts(log, timeout_anchor="push")
    verify = started(job_kind="verify")
    verify.push(2_000, "d1")
    verify.progress(5_000, "d1", 0)
    (verified,) = attempts(verify)

    assert (by_push.anchor_lo, by_push.anchor_hi) == (1_900, 2_000)
    assert (verified.anchor_lo, verified.anchor_hi) == (1_900, 5_000)


def test_the_timer_may_start_at_the_devices_answer() -> None:
    """Where a reply moves a task to under way."""
    log = started()
    request = log.push(2_000, "d1")
    log.add(2_500, "W", "push_acked", "d1", part=0, side="server", request=request, code=200)

    (only,) = attempts(log, upgrading_starts="ack")
    assert (only.anchor_lo, only.anchor_hi) == (2_500, 2_500)


def test_a_foreign_version_ends_an_attempt_that_is_under_way() -> None:
    """Certainly where the contract says so; possibly anyway."""
    log = started()
    log.push(2_000, "d1")
    log.progress(2_500, "d1", 0)
    log.version(4_000, "d1", "7.7")

    def kinds(**changes: Any) -> list[tuple[str, bool]]:  # noqa: ANN401
        return [(end.kind, end.is_certain) for end in attempts(log, **changes)[0].ends]

    assert kinds()[0] == ("foreign_version", True)
    assert kinds(foreign_version="ignored")[0] == ("foreign_version", False)


def test_the_first_version_ever_told_need_not_be_foreign() -> None:
    """What the device ran when it was pushed to, nobody knows; nor if it came with its progress."""
    log = Log()
    log.boot(0, "d1", "1.0", fleet="f", dialect="enos")
    log.online(50, "d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.progress(2_500, "d1", 0)
    log.version(4_000, "d1", "1.0")
    at_once = started()
    at_once.push(2_000, "d1")
    at_once.progress(2_500, "d1", 0)
    at_once.version(2_500, "d1", "7.7")

    for one in (log, at_once):
        (attempt,) = attempts(one, foreign_version="fails")
        assert [end.kind for end in attempt.ends if end.is_certain] == ["timeout"]


def test_a_retry_without_an_answer_need_not_have_led_to_a_push() -> None:
    """Nobody knows whether it was made; the push may repeat the request, as after any reconnect."""

    def certain(outcome: str) -> int:
        log = started()
        log.push(2_000, "d1")
        log.call(10_000, "retry_tasks", "d1", outcome=outcome)
        log.offline(20_000, "d1")
        log.online(22_000, "d1")
        log.push(22_100, "d1")
        return sum(one.is_certain for one in attempts(log, repush_on_reconnect="always"))

    assert certain("ok") == 2
    assert certain("unknown") == 1


def test_a_push_that_may_only_repeat_leaves_the_older_timer_running() -> None:
    """So nothing told in its attempt certainly came before that was up."""
    log = started()
    log.push(2_000, "d1")
    log.progress(3_000, "d1", 0)
    log.offline(60_000, "d1")
    log.online(62_000, "d1")
    log.push(62_960, "d1")
    log.version(64_000, "d1", "2.0")

    first, second = attempts(log, repush_on_reconnect="always")

    (older,) = (end for end in first.ends if end.kind == "timeout")
    (inherited,) = second.inherited
    assert not second.is_certain
    assert (inherited.hi, inherited.is_certain) == (older.hi, False)
    assert second.told("success") is None


def test_a_stop_of_the_job_may_end_its_attempts() -> None:
    """It should not, but that is an open point."""
    log = started()
    log.push(2_000, "d1")
    log.call(3_000, "stop_job")

    (only,) = attempts(log)
    assert [(end.kind, end.lo, end.hi) for end in only.ends if end.kind == "stop"] == [
        ("stop", 3_000, FOREVER)
    ]


def test_thousands_of_reports_of_the_old_version_are_one() -> None:
    """A device that flaps for a day must not cost a day."""
    log = started()
    log.push(2_000, "d1")
    for t in range(3_000, 30_000, 100):
        log.version(t, "d1", "1.0")

    (only,) = attempts(log)
    assert len([one for one in only.reports if one.kind == "version"]) <= 2


def test_the_report_that_brought_a_push_about_is_of_the_old_version() -> None:
    """It came so shortly before that either may have been first; told again, it ends nothing."""
    log = Log()
    log.boot(0, "d1", "1.0", fleet="f", dialect="enos")
    log.online(50, "d1")
    log.job(1_000)
    log.version(2_000, "d1", "1.0")
    log.push(2_020, "d1")
    log.progress(3_000, "d1", 10)
    log.offline(4_000, "d1")
    log.online(5_000, "d1")
    log.version(5_100, "d1", "1.0")

    (attempt,) = attempts(log, foreign_version="fails")

    assert [end.kind for end in attempt.ends if end.is_certain] == ["timeout"]
    assert attempt.ran == {"1.0"}


def test_who_is_asked_first_tells_the_old_version_before_the_push() -> None:
    """Its answer can end nothing, though it arrived in the same instant; another report could."""
    log = started()
    log.version(2_000, "d1", "1.0")
    log.push(2_000, "d1")
    asks = {"asks_version": True, "upgrading_starts": "push", "timeout_anchor": "push"}

    assert [end.kind for end in attempts(log)[0].ends] == ["old_version", "timeout"]
    assert [end.kind for end in attempts(log, **asks)[0].ends] == ["timeout"]

    log.version(2_010, "d1", "1.0")

    assert [end.kind for end in attempts(log, **asks)[0].ends] == ["old_version", "timeout"]


def test_a_first_word_after_the_whole_time_may_have_come_too_late() -> None:
    """The server had given up on the silent device by then; its next push is no second one."""
    log = started()
    log.push(2_000, "d1")
    log.progress(62_050, "d1", 0)
    log.push(62_060, "d1")

    found = attempts(log, silent_device="times_out")
    assert [(one.is_certain, one.strays) for one in found] == [(True, []), (True, [])]
    ends = [(end.kind, end.is_open_point) for end in attempts(log)[0].ends]
    assert ends == [("timeout", False), ("timeout", True)]


def test_the_devices_own_answer_starts_no_timer_by_itself() -> None:
    """Seen from its end only: it was sent, and perhaps arrived."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.job(1_000)
    request = log.push(2_000, "d1")
    log.add(2_020, "W", "push_replied", "d1", side="device", request=request, code=200)

    (only,) = attempts(log, upgrading_starts="ack")
    assert (only.anchor_lo, only.anchor_hi) == (2_020, FOREVER)
