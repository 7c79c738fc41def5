from __future__ import annotations

from typing import Any

import pytest

from fleet_sim.oracle.idempotent import idempotent
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, instants, judged

SAME: dict[str, Any] = {"status": "succeeded", "progress": 100, "desc": None}


def told_twice(
    after: dict[str, Any] | None = None,
    *,
    is_foreign: bool = False,
    **order: Any,  # noqa: ANN401 - what a job may be ordered with
) -> Log:
    """Return a log whose device succeeds at 5,000 and says so again, unaltered, at 20,000.

    Its row is seen as ended at 10,000 and, as `after` says, at 30,000.
    """
    log = Log(is_foreign=is_foreign)
    log.devices("d1")
    log.job(1_000, **order)
    log.push(2_000, "d1")
    log.version(5_000, "d1", "2.0", message="m-7")
    log.show("d1", **SAME)
    log.poll(10_000)
    log.version(20_000, "d1", "2.0", message="m-7")
    log.show("d1", **{**SAME, **(after or {})})
    log.poll(30_000)
    return log


def test_a_copy_that_changes_nothing_holds() -> None:
    """One copy of one report, after the end of its device's only task."""
    outcome = judged(idempotent, told_twice())

    assert (outcome.standing, outcome.n) == (Standing.HELD, 1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"status": "failed"}, "shows status failed, not succeeded"),
        ({"progress": 0}, "shows progress 0, not 100"),
        ({"desc": "again"}, "shows desc again, not nothing"),
    ],
)
def test_a_copy_that_changes_the_row_is_convicted(changed: dict[str, Any], said: str) -> None:
    """The read before it, the copy, and the read after it prove it."""
    outcome = judged(idempotent, told_twice(changed))

    assert (outcome.standing, instants(outcome)) == (Standing.VIOLATED, [10_010, 20_000, 30_010])
    assert said in outcome.violations[0].text


def test_a_copy_that_counts_a_task_again_is_convicted() -> None:
    """Two rows of one device, where there was one."""
    log = told_twice()
    log.show("d1", **SAME, task="another")
    log.poll(31_000)
    log.records = [one for one in log.records if one.t != 30_010]

    outcome = judged(idempotent, log)

    assert outcome.standing is Standing.VIOLATED
    assert "shows 2 tasks of it, not 1" in outcome.violations[0].text


def test_when_a_row_was_touched_last_is_no_end_state() -> None:
    """Nobody is told a wrong outcome by it."""
    assert judged(idempotent, told_twice({"updated_epoch_ms": 9})).standing is Standing.HELD


def test_a_device_may_join_an_open_list_at_any_time() -> None:
    """A task more need be none of the copy's doing there."""
    log = told_twice(policy="incremental")
    log.show("d1", **SAME, task="another")
    log.poll(31_000)
    log.records = [one for one in log.records if one.t != 30_010]

    assert judged(idempotent, log).standing is Standing.NOT_EXERCISED


def test_another_report_at_the_same_time_may_have_done_it() -> None:
    """What changed the row then cannot be told."""
    log = told_twice({"status": "failed"})
    log.version(25_000, "d1", "1.0")

    assert judged(idempotent, log).standing is Standing.NOT_EXERCISED


def test_the_report_itself_may_have_changed_the_row() -> None:
    """A late success heals where that is promised: it came between the read and its copy."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.progress(4_000, "d1", -1)
    log.show("d1", "failed")
    log.poll(10_000)
    log.version(15_000, "d1", "2.0", message="m-7")
    log.version(18_000, "d1", "2.0", message="m-7")
    log.show("d1", **SAME)
    log.poll(30_000)

    assert judged(idempotent, log, late_success="heal").standing is Standing.NOT_EXERCISED


def test_several_copies_between_two_reads_are_judged_as_one() -> None:
    """What they changed, one of them did."""
    log = told_twice({"status": "failed"})
    log.version(21_000, "d1", "2.0", message="m-7")
    log.version(22_000, "d1", "2.0", message="m-7")

    outcome = judged(idempotent, log)

    assert (len(outcome.violations), instants(outcome)) == (1, [10_010, 20_000, 30_010])


def test_the_same_words_under_another_id_are_no_copy() -> None:
    """A device reports its version anew with each connection."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.push(2_000, "d1")
    log.version(5_000, "d1", "2.0")
    log.show("d1", **SAME)
    log.poll(10_000)
    log.version(20_000, "d1", "2.0")
    log.poll(30_000)

    assert judged(idempotent, log).standing is Standing.NOT_EXERCISED


def test_an_operators_retry_may_have_changed_the_row() -> None:
    """It opens the task again."""
    log = told_twice({"status": "queued"})
    log.call(22_000, "retry_tasks", "d1")

    assert judged(idempotent, log).standing is Standing.NOT_EXERCISED


def test_a_task_that_goes_on_may_change_beside_a_copy() -> None:
    """Its time may be up, or its next attempt begin."""
    log = told_twice()
    log.records = [one for one in log.records if one.kind != "rows"]
    log.show("d1", "under_way")
    log.poll(15_000)
    log.show("d1", "failed")
    log.poll(32_000)

    assert judged(idempotent, log).standing is Standing.NOT_EXERCISED


def test_from_outside_nobody_sees_that_a_report_came_twice() -> None:
    """It left once, as far as the device's end tells."""
    assert judged(idempotent, told_twice(is_foreign=True)).standing is Standing.NOT_EXERCISED
