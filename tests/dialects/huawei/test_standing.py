from __future__ import annotations

from dataclasses import replace

import pytest

from fleet_sim.dialects.huawei.standing import IS_HALTED, Standing, counters_of, standing_of
from fleet_sim.model.northbound import JobOrder, JobRow, JobStatus, Names, Scope, TaskStatus

_T = TaskStatus


def _row(counts: dict[TaskStatus, int], status: JobStatus = JobStatus.STARTED) -> JobRow:
    order = JobOrder("f", "upgrade", Scope("p"))
    return JobRow("j", "p", order, "v2", Names("n"), status, 0, tuple(counts.items()))


@pytest.mark.parametrize(
    ("counts", "standing"),
    [
        ({}, Standing.SUCCEEDED),
        ({_T.QUEUED: 2}, Standing.WAITING),
        ({_T.UNCONFIRMED: 1, _T.QUEUED: 1}, Standing.WAITING),
        ({_T.QUEUED: 1, _T.SUCCEEDED: 1}, Standing.RUNNING),
        ({_T.PUSHED: 1}, Standing.RUNNING),
        ({_T.UNDER_WAY: 1, _T.FAILED: 1}, Standing.RUNNING),
        ({_T.SUCCEEDED: 2}, Standing.SUCCEEDED),
        ({_T.SUCCEEDED: 1, _T.FAILED: 1}, Standing.PARTLY),
        ({_T.FAILED: 1, _T.CANCELLED: 1}, Standing.FAILED),
        ({_T.SUCCEEDED: 1, _T.CANCELLED: 1}, Standing.PARTLY),
        ({_T.CANCELLED: 2}, Standing.STOPPED),
    ],
)
def test_a_jobs_standing_follows_from_its_tasks(
    counts: dict[TaskStatus, int], standing: Standing
) -> None:
    """While it has not been stopped."""
    assert standing_of(_row(counts)) is standing
    assert standing_of(_row(counts, JobStatus.FINISHED)) is standing


def test_a_stopped_job_is_stopping_while_something_runs() -> None:
    """Whatever waits will not begin."""
    assert standing_of(_row({_T.PUSHED: 1}, JobStatus.STOPPED)) is Standing.STOPPING
    assert standing_of(_row({_T.QUEUED: 1}, JobStatus.STOPPED)) is Standing.STOPPED


@pytest.mark.parametrize(
    ("status", "waits", "runs", "empty"),
    [
        (JobStatus.PLANNED, Standing.WAITING, Standing.RUNNING, Standing.WAITING),
        (JobStatus.STARTED, Standing.WAITING, Standing.RUNNING, Standing.SUCCEEDED),
        (JobStatus.STOPPED, Standing.STOPPED, Standing.STOPPING, Standing.STOPPED),
        (JobStatus.FINISHED, Standing.WAITING, Standing.RUNNING, Standing.SUCCEEDED),
        (JobStatus.CANCELLED, Standing.STOPPED, Standing.STOPPING, Standing.STOPPED),
    ],
)
def test_every_status_of_a_job_has_its_standing(
    status: JobStatus, waits: Standing, runs: Standing, empty: Standing
) -> None:
    """One whose window has yet to open has not been stopped: it waits."""
    assert standing_of(_row({_T.QUEUED: 2}, status)) is waits
    assert standing_of(_row({_T.PUSHED: 1}, status)) is runs
    assert standing_of(_row({}, status)) is empty


@pytest.mark.parametrize(
    ("counts", "due"),
    [
        ({_T.QUEUED: 2}, {_T.QUEUED: 2}),
        ({_T.QUEUED: 2}, {_T.QUEUED: 1}),
        ({_T.FAILED: 2}, {_T.FAILED: 1}),
        ({_T.UNDER_WAY: 2}, {_T.UNDER_WAY: 2}),
        ({_T.SUCCEEDED: 1, _T.FAILED: 1}, {_T.FAILED: 1}),
    ],
)
def test_a_job_runs_while_something_is_to_be_tried_again(
    counts: dict[TaskStatus, int], due: dict[TaskStatus, int]
) -> None:
    """Whatever that shows meanwhile: it has begun, and it has not ended."""
    row = replace(_row(counts), retries_due=tuple(due.items()))

    assert standing_of(row) is Standing.RUNNING
    assert standing_of(replace(row, status=JobStatus.FINISHED)) is Standing.RUNNING


def test_nothing_is_tried_again_in_a_stopped_job() -> None:
    """It does not wait for what will not begin, even where that shows as under way."""
    row = replace(_row({_T.UNDER_WAY: 2}, JobStatus.STOPPED), retries_due=((_T.UNDER_WAY, 2),))

    assert standing_of(row) is Standing.STOPPED
    assert standing_of(replace(row, retries_due=((_T.UNDER_WAY, 1),))) is Standing.STOPPING


def test_no_status_of_a_job_is_without_a_line() -> None:
    """A new one has to say whether it halts."""
    assert set(IS_HALTED) == set(JobStatus)


def test_the_six_counters_add_up_to_the_total() -> None:
    """Timeouts are a column of their own, and no `fail`."""
    counts = dict.fromkeys(TaskStatus, 2)

    counters = counters_of(replace(_row(counts), timeouts=1))

    assert counters == {
        "total": 14, "wait": 4, "processing": 4, "success": 2, "fail": 1, "stop": 2, "timeout": 1,
    }  # fmt: skip
    assert sum(counters.values()) == 2 * counters["total"]
    assert counters_of(replace(_row({_T.FAILED: 1}), timeouts=3))["fail"] == 0
