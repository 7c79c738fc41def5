from dataclasses import replace

import pytest

from fleet_sim.model.northbound import TaskStatus
from fleet_sim.oracle.settled import JobTerms, Sight, can_move

WAITS = JobTerms(cap=None, timeout_ms=10_000, silent_times_out=False)
FINAL = (TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELLED)


def sight(
    status: TaskStatus, *, gone: bool = False, silent: bool = False, pushed_at_ms: int | None = None
) -> Sight:
    """Return one task as seen."""
    return Sight(status, gone, silent, pushed_at_ms)


QUEUED = sight(TaskStatus.QUEUED)
GONE = sight(TaskStatus.PUSHED, gone=True, pushed_at_ms=1_000)
SILENT = sight(TaskStatus.PUSHED, silent=True, pushed_at_ms=1_000)
FINDING_DUE_MS = JobTerms(cap=None, timeout_ms=None, silent_times_out=False).finding_due_ms
DUE_MS = 1_000 + 10_000 + FINDING_DUE_MS


@pytest.mark.parametrize("status", FINAL)
def test_nothing_moves_once_every_task_is_final(status: TaskStatus) -> None:
    """Nor does a job without tasks."""
    assert not can_move(WAITS, [sight(status), sight(status, gone=True)], 0)
    assert not can_move(WAITS, [], 0)


@pytest.mark.parametrize(
    "one",
    [
        QUEUED,
        sight(TaskStatus.QUEUED, silent=True),
        sight(TaskStatus.PUSHED, pushed_at_ms=1_000),
        sight(TaskStatus.UNDER_WAY, pushed_at_ms=1_000),
        sight(TaskStatus.UNDER_WAY, gone=True, pushed_at_ms=1_000),
        sight(TaskStatus.UNDER_WAY, silent=True, pushed_at_ms=1_000),
    ],
)
def test_an_open_task_moves_while_somebody_can_move_it(one: Sight) -> None:
    """Its device will speak, or its timer is armed, for however long."""
    assert can_move(WAITS, [sight(TaskStatus.SUCCEEDED), one], 10**9)


@pytest.mark.parametrize("one", [GONE, SILENT])
def test_a_push_that_nobody_answers_is_waited_for_until_its_finding_is_due(one: Sight) -> None:
    """The timeout and the allowances after the push."""
    assert can_move(WAITS, [one], DUE_MS - 1)
    assert not can_move(WAITS, [one], DUE_MS)


@pytest.mark.parametrize("one", [GONE, SILENT])
def test_a_push_that_nobody_answers_moves_where_the_silent_time_out(one: Sight) -> None:
    """The contract ends it, some day."""
    terms = JobTerms(cap=None, timeout_ms=10_000, silent_times_out=True)

    assert can_move(terms, [one], 10**9)


def test_without_a_timeout_nothing_is_ever_due() -> None:
    """Nor where the device was never seen to have the push."""
    endless = JobTerms(cap=None, timeout_ms=None, silent_times_out=False)
    unseen = sight(TaskStatus.PUSHED, gone=True)

    assert not can_move(endless, [GONE], 0)
    assert not can_move(WAITS, [unseen], 0)


def test_a_queued_task_of_a_device_that_is_gone_stays() -> None:
    """Nobody will ever take its push."""
    assert not can_move(WAITS, [sight(TaskStatus.QUEUED, gone=True)], 0)


PATIENT = replace(WAITS, online_timeout_ms=90_000_000)
AWAY = sight(TaskStatus.QUEUED, gone=True)


@pytest.mark.parametrize(
    ("terms", "one", "moves"),
    [
        (PATIENT, AWAY, True),
        (replace(PATIENT, cap=0), AWAY, True),
        (replace(PATIENT, window_end_ms=4_000), AWAY, True),
        (WAITS, AWAY, False),
        (replace(PATIENT, is_stopped=True), AWAY, False),
        (PATIENT, replace(AWAY, is_kept=True), False),
        (PATIENT, sight(TaskStatus.UNCONFIRMED, gone=True), False),
    ],
)
def test_a_queued_task_whose_device_is_given_up_in_time_moves(
    terms: JobTerms, one: Sight, *, moves: bool
) -> None:
    """It needs no slot and no window for that, but a job that may push, and a device away."""
    assert can_move(terms, [one], 5_000) is moves


@pytest.mark.parametrize(("cap", "moves"), [(None, True), (3, True), (2, False), (1, False)])
def test_a_queued_task_needs_a_slot_that_is_not_kept_for_ever(
    cap: int | None, *, moves: bool
) -> None:
    """Two silent attempts keep two slots."""
    terms = JobTerms(cap=cap, timeout_ms=10_000, silent_times_out=False)

    assert can_move(terms, [SILENT, GONE, QUEUED], DUE_MS) is moves


def test_a_stopped_job_pushes_nothing_more() -> None:
    """What is queued stays, what is under way goes on."""
    stopped = JobTerms(cap=None, timeout_ms=10_000, silent_times_out=False, is_stopped=True)

    assert not can_move(stopped, [QUEUED], 0)
    assert can_move(stopped, [QUEUED, sight(TaskStatus.UNDER_WAY)], 0)


def test_a_window_that_is_over_lets_nothing_start() -> None:
    """Its end belongs to it."""
    terms = JobTerms(cap=None, timeout_ms=None, silent_times_out=False, window_end_ms=5_000)

    assert can_move(terms, [QUEUED], 5_000)
    assert not can_move(terms, [QUEUED], 5_001)


AGAIN = JobTerms(cap=None, timeout_ms=10_000, silent_times_out=True, retries=2,
                 retry_interval_ms=20_000)  # fmt: skip
FAILED = Sight(TaskStatus.FAILED, is_gone=False, is_silent=False, pushed_at_ms=1_000,
               failed_at_ms=5_000, tries=1)  # fmt: skip
AGAIN_DUE_MS = 5_000 + 20_000 + FINDING_DUE_MS


def test_what_may_fail_between_two_attempts_moves_until_the_next_is_overdue() -> None:
    """The retry interval and the allowances after it was first shown so."""
    assert can_move(AGAIN, [sight(TaskStatus.SUCCEEDED), FAILED], AGAIN_DUE_MS - 1)
    assert not can_move(AGAIN, [FAILED], AGAIN_DUE_MS)


@pytest.mark.parametrize(("tries", "moves"), [(0, True), (2, True), (3, False), (4, False)])
def test_a_failed_task_is_final_once_its_attempts_are_used_up(tries: int, *, moves: bool) -> None:
    """The first and two more, as the device counts them."""
    assert can_move(AGAIN, [replace(FAILED, tries=tries)], 6_000) is moves


@pytest.mark.parametrize(
    ("terms", "one"),
    [
        (replace(AGAIN, retries=0), FAILED),
        (replace(AGAIN, is_stopped=True), FAILED),
        (replace(AGAIN, window_end_ms=5_999), FAILED),
        (AGAIN, replace(FAILED, is_gone=True)),
        (AGAIN, replace(FAILED, failed_at_ms=None)),
        (AGAIN, replace(FAILED, status=TaskStatus.CANCELLED)),
        (AGAIN, replace(FAILED, status=TaskStatus.SUCCEEDED)),
    ],
)
def test_a_failed_task_that_nobody_will_try_again_is_final(terms: JobTerms, one: Sight) -> None:
    """No retries, none any more, no device, or not failed in that sense."""
    assert not can_move(terms, [one], 6_000)


def test_an_open_list_moves_until_its_last_device_has_had_time_to_join() -> None:
    """From its first connection; unless the job is stopped, or its window over."""
    terms = JobTerms(cap=None, timeout_ms=None, silent_times_out=False, joined_by_ms=60_000)
    due_ms = 60_000 + FINDING_DUE_MS
    done = [sight(TaskStatus.SUCCEEDED)]

    assert can_move(terms, done, due_ms - 1)
    assert not can_move(terms, done, due_ms)
    assert not can_move(replace(terms, is_stopped=True), done, 5_000)
    assert not can_move(replace(terms, window_end_ms=4_000), done, 5_000)
    assert not can_move(replace(terms, joined_by_ms=None), done, 5_000)
