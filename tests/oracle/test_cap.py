from __future__ import annotations

import pytest

from fleet_sim.oracle.cap import cap
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.tolerance import REAL_TIME
from tests.oracle.logs import Log, instants, judged


def rollout(*, is_foreign: bool = False, retries: int = 0, must_ask: bool = False) -> Log:
    """Return a log with three devices and a job with room for two."""
    log = Log(is_foreign=is_foreign)
    log.devices("d1", "d2", "d3")
    log.job(1_000, cap=2, retries=retries, must_ask=must_ask)
    return log


def test_a_push_after_an_end_keeps_the_cap() -> None:
    """The third device is asked once one of two has reported the new version."""
    log = rollout()
    log.push(2_000, "d1")
    log.push(2_000, "d2")
    log.version(5_000, "d1", "2.0")
    log.push(5_000, "d3")

    outcome = judged(cap, log)

    assert (outcome.standing, outcome.n) == (Standing.HELD, 3)


@pytest.mark.parametrize("is_foreign", [False, True])
def test_one_device_too_many_is_convicted(*, is_foreign: bool) -> None:
    """Three were asked and none had ended: the three pushes prove it, from either end."""
    log = rollout(is_foreign=is_foreign)
    for t, key in ((2_000, "d1"), (2_100, "d2"), (2_200, "d3")):
        log.push(t, key)

    outcome = judged(cap, log)

    late = 10 if is_foreign else 0
    assert (outcome.standing, outcome.n) == (Standing.VIOLATED, 3)
    assert instants(outcome) == [2_000 + late, 2_100 + late, 2_200 + late]
    assert "3 devices under way; its cap is 2" in outcome.violations[0].text
    assert "d1, d2, d3" in outcome.violations[0].witness.text


def test_a_foreign_log_whose_flights_overlap_is_inconclusive() -> None:
    """The end was sent before the third push and acknowledged after it."""
    log = rollout(is_foreign=True)
    log.push(2_000, "d1")
    log.push(2_000, "d2")
    log.version(5_000, "d1", "2.0")
    log.push(4_985, "d3")

    assert judged(cap, log).standing is Standing.INCONCLUSIVE


def test_equal_instants_are_no_overlap() -> None:
    """A push in the millisecond of an end came after it, or may have."""
    log = rollout()
    log.push(2_000, "d1")
    log.push(2_000, "d2")
    log.push(5_000, "d3")
    log.progress(5_000, "d2", -3)

    assert judged(cap, log).standing is Standing.HELD


def test_an_attempt_that_timed_out_frees_its_slot() -> None:
    """The timer ran from the first progress."""
    log = rollout()
    for key in ("d1", "d2"):
        log.push(2_000, key)
        log.progress(3_000, key, 0)
    log.push(63_000, "d3")

    assert judged(cap, log).standing is Standing.HELD


def test_an_attempt_whose_time_was_not_up_keeps_its_slot() -> None:
    """A third device a second before that is one too many."""
    log = rollout()
    for key in ("d1", "d2"):
        log.push(2_000, key)
        log.progress(3_000, key, 0)
    log.push(62_000, "d3")

    assert judged(cap, log).standing is Standing.VIOLATED


def test_a_silent_device_keeps_its_slot_if_reads_show_it() -> None:
    """It may wait for ever, so its slot is never free; reads at a later instant prove it."""
    log = rollout()
    log.push(2_000, "d1")
    log.push(2_000, "d2")
    for key in ("d1", "d2"):
        log.show(key, "pushed")
    log.poll(90_000)
    log.push(80_000, "d3")

    outcome = judged(cap, log)

    assert outcome.standing is Standing.VIOLATED


def test_a_silent_device_may_have_been_given_up() -> None:
    """Without reads after its time a server may have been kinder than its contract."""
    log = rollout()
    log.push(2_000, "d1")
    log.push(2_000, "d2")
    log.push(80_000, "d3")

    assert judged(cap, log).standing is Standing.INCONCLUSIVE


def test_retries_count_like_first_attempts() -> None:
    """A server that forgets them runs three at once."""
    log = rollout(retries=2)
    log.push(2_000, "d1")
    log.push(2_000, "d2")
    log.progress(3_000, "d1", -3)
    log.push(3_010, "d3")
    log.push(3_020, "d1")

    outcome = judged(cap, log)

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [2_000, 3_010, 3_020])


def test_a_cancel_may_free_a_slot_as_soon_as_it_was_asked() -> None:
    """Its answer came later than the push that used the slot."""
    log = rollout()
    log.push(2_000, "d1")
    log.push(2_000, "d2")
    log.call(4_000, "cancel_tasks", "d1")
    log.push(4_005, "d3")

    assert judged(cap, log).standing is not Standing.VIOLATED


def test_an_end_for_no_reason_is_not_this_promises_affair() -> None:
    """Reads show it ended early; V13 convicts that, and the slot was free for the server."""
    log = rollout()
    for key in ("d1", "d2"):
        log.push(2_000, key)
        log.progress(3_000, key, 0)
        log.show(key, "failed")
    log.poll(10_000)
    log.push(20_000, "d3")

    assert judged(cap, log).standing is not Standing.VIOLATED


def test_a_bricked_device_times_out_and_frees_its_slot() -> None:
    """It spoke, went to restart and never came back."""
    log = rollout()
    for key in ("d1", "d2"):
        log.push(2_000, key)
        log.progress(3_000, key, 0)
        log.offline(4_000, key)
    log.push(63_050, "d3")

    assert judged(cap, log, REAL_TIME).standing is Standing.HELD


def test_a_slot_may_be_taken_only_once_under_way() -> None:
    """By contract: two that were asked and one under way are one."""
    log = rollout()
    for key in ("d1", "d2", "d3"):
        log.push(2_000, key)
    log.progress(3_000, "d1", 0)

    assert judged(cap, log, slot_taken_at="upgrading").standing is Standing.HELD


def test_a_slot_may_be_kept_until_the_task_ends() -> None:
    """By contract: a device between two attempts still counts."""
    log = rollout(retries=1)
    log.push(2_000, "d1")
    log.push(2_000, "d2")
    log.progress(3_000, "d1", -3)
    log.push(4_000, "d3")
    log.push(9_000, "d1")

    assert judged(cap, log).standing is Standing.VIOLATED  # at 9.0 s, by any contract
    kept = judged(cap, log, slot_freed_at="task_end")
    assert kept.violations[0].text.startswith("4 s")


def test_tasks_that_cannot_be_told_apart_are_a_doubt() -> None:
    """Two jobs for one version: the third push may be the other job's."""
    log = rollout()
    log.job(1_100, job="j2", cap=2)
    for key in ("d1", "d2", "d3"):
        log.push(2_000, key)

    assert judged(cap, log).standing is Standing.INCONCLUSIVE


def test_a_silent_devices_slot_is_free_once_its_time_is_up() -> None:
    """Its first word came a moment too late; the third device was asked in between."""
    log = rollout()
    for key in ("d1", "d2"):
        log.push(2_000, key)
        log.progress(62_500, key, 0)
    log.push(62_010, "d3")

    assert judged(cap, log, silent_device="times_out").standing is Standing.HELD


def test_a_full_cap_seen_from_outside_is_inconclusive() -> None:
    """One ends and the next begins: whether they overlapped, the devices alone cannot show."""
    log = rollout(is_foreign=True)
    log.push(2_000, "d1")
    log.push(2_000, "d2")
    log.version(5_000, "d1", "2.0")
    log.push(6_000, "d3")

    (doubt,) = judged(cap, log).doubts

    assert "may have had 3 devices under way; its cap is 2" in doubt.text
    assert "seen from the devices alone" in doubt.text


def test_a_cap_with_room_to_spare_holds_from_outside() -> None:
    """However wide the stretches are, there are never more than two of them."""
    log = rollout(is_foreign=True)
    log.push(2_000, "d1")
    log.push(3_000, "d2")

    assert judged(cap, log).standing is Standing.HELD


def test_offers_take_slots_as_pushes_do() -> None:
    """Three were offered it and none had ended; what was not offered takes none."""
    log = rollout(must_ask=True)
    log.ask(2_000, "d1", "2.0")
    log.ask(2_100, "d2", "2.0")
    log.ask(2_200, "d3")
    kept = judged(cap, log)

    log.ask(2_300, "d3", "2.0")

    assert (kept.standing, kept.n) == (Standing.HELD, 2)
    assert instants(judged(cap, log)) == [2_010, 2_110, 2_310]


def test_a_vendor_without_caps_promises_none() -> None:
    """A job that has one all the same is held to it."""
    log = Log()
    log.devices("d1")
    log.job(1_000, cap=None)
    log.push(2_000, "d1")
    ordered = rollout()
    for t, key in ((2_000, "d1"), (2_100, "d2"), (2_200, "d3")):
        ordered.push(t, key)

    assert judged(cap, log, cap_default=None).standing is Standing.NOT_PROMISED
    assert judged(cap, ordered, cap_default=None).standing is Standing.VIOLATED
