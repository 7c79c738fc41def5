from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fleet_sim.dialects.alibaba.contract import CONTRACT
from fleet_sim.dialects.rpc import firmware, job_rows, tasks
from fleet_sim.dialects.rpc.casing import without_nulls
from fleet_sim.dialects.rpc.replies import FirmwareInfo, JobInfo, TaskInfo, VersionInfo
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import (
    FirmwareOrder,
    FirmwareRow,
    JobOrder,
    JobRow,
    JobStatus,
    Names,
    ReportedRow,
    Retry,
    Scope,
    TaskRow,
    TaskStatus,
    Trial,
    Window,
)
from tests.dialects.rpc.callers import NOW, PROFILES

_TEXT = st.text(max_size=9)
_KEY = st.text(min_size=1, max_size=9).filter(lambda text: text.lower() != "default")
_INSTANT = st.integers(0, 4_102_444_800_000)
_MINUTES = st.none() | st.integers(1, 1440).map(lambda minutes: minutes * 60)
_TASKS = st.builds(
    TaskRow, _KEY, _KEY, _KEY, _KEY, _TEXT, _TEXT, _KEY, st.sampled_from(list(TaskStatus)),
    st.none() | st.integers(-10, 100), st.none() | _TEXT, _INSTANT, st.none() | _INSTANT,
    firmware_id=_TEXT, timeout_s=_MINUTES,
)  # fmt: skip
# A job whose list was ended reads as any other that was stopped.
_JOBS = st.builds(
    JobRow, _KEY, st.just("pk"),
    st.builds(
        JobOrder, _KEY, st.sampled_from(["upgrade", "verify"]),
        st.builds(Scope, st.just("pk"), st.lists(_KEY, max_size=2).map(tuple)) | st.builds(
            Scope, st.just("pk"), millipercent=st.integers(1, 100_000)),
        names=st.none() | st.builds(Names, _TEXT), devices_must_ask=st.booleans(),
        needs_confirmation=st.booleans(), timeout_s=_MINUTES,
        retry=st.none() | st.builds(Retry, st.sampled_from([1, 2, 5]), st.just(600)),
        window=st.none() | st.builds(Window, _INSTANT, _INSTANT),
        pushes_a_minute=st.integers(10, 10_000), overwrites=st.booleans(), by_blocks=st.booleans(),
        side_by_side=st.booleans(),
        tags=st.lists(st.tuples(_KEY, _KEY), max_size=2).map(tuple),
    ),
    _TEXT, st.just(Names("")),
    st.sampled_from(sorted(set(JobStatus) - {JobStatus.CANCELLED})), _INSTANT,
    updated_epoch_ms=st.none() | _INSTANT, started_epoch_ms=st.none() | _INSTANT,
    ended_epoch_ms=st.none() | _INSTANT,
)  # fmt: skip


def _sent(fields: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = without_nulls(fields)
    return found


@pytest.mark.codec
@given(_TASKS, st.sampled_from(["alibaba", "tuya"]))
def test_a_task_reads_as_it_was_written(row: TaskRow, vendor: str) -> None:
    """At either vendor."""
    fields = tasks.fields(row, PROFILES[vendor], is_whole=True)

    assert TaskInfo.model_validate(_sent(fields)).row() == row


@pytest.mark.codec
@given(_JOBS)
def test_a_job_reads_as_it_was_written(row: JobRow) -> None:
    """Where the vendor shows all of it."""
    fields = job_rows.fields(row, PROFILES["alibaba"], CONTRACT)

    assert JobInfo.model_validate(_sent(fields)).row() == row


def test_the_other_rows_read_as_they_were_written() -> None:
    """A firmware, an unfinished task, and the version of a module."""
    order = FirmwareOrder("pk", Names("n"), "2", "ab", "md5", "x.bin", desc="d", module="MCU",
                          from_versions=("1",), is_patch=True, custom="u")  # fmt: skip
    row = FirmwareRow("f", order, "http://h/x.bin", 5, is_verified=True, created_epoch_ms=NOW,
                      updated_epoch_ms=NOW + 1)  # fmt: skip
    task = TaskRow("t", "j", "pk", "d", "i", "1", "2", TaskStatus.QUEUED, None, None, NOW,
                   module="MCU", firmware_id="f")  # fmt: skip
    reported = ReportedRow("pk", "d", "", "", "1")
    unfinished = tasks.fields(task, PROFILES["tuya"], is_whole=False)

    tried = replace(
        row,
        order=replace(order, needs_verification=True),
        is_verified=False,
        trial=Trial(50, is_over=True),
    )

    for one in (
        row,
        tried,
        replace(tried, trial=Trial(0, is_over=False)),
        replace(tried, trial=None),
    ):
        assert FirmwareInfo.model_validate(_sent(firmware.fields(one, is_whole=True))).row() == one
    assert TaskInfo.model_validate(_sent(unfinished)).row() == task
    assert VersionInfo.model_validate(_sent(tasks.reported_fields(reported))).row() == reported


@pytest.mark.parametrize(
    ("scope", "back"),
    [
        (Scope("pk", total=False, groups=("g",)), Scope("pk", total=False, groups=("g",))),
        (Scope("pk", total=False, device_keys=("a",)), Scope("pk", total=False, device_keys=())),
    ],
)
def test_what_a_job_does_not_show_is_lost(scope: Scope, back: Scope) -> None:
    """The names of its devices."""
    row = JobRow("j", "pk", JobOrder("f", "upgrade", scope), "2", Names(""), JobStatus.STARTED, NOW)
    fields = job_rows.fields(row, PROFILES["tuya"], CONTRACT)

    assert JobInfo.model_validate(_sent(fields)).row().order.scope == back


@pytest.mark.parametrize(
    ("word", "status"),
    [("PLANNED", JobStatus.PLANNED), ("COMPLETE", JobStatus.FINISHED),
     ("COMPLETED", JobStatus.FINISHED), ("CANCELED", JobStatus.STOPPED)],
)  # fmt: skip
def test_the_words_that_pages_and_samples_use(word: str, status: JobStatus) -> None:
    """And both spellings of the kind that verifies."""
    for kind in ("VERIFY_FIRMWARE", "VERFIY_FIRMWARE"):
        row = JobInfo.model_validate(
            {"JobId": "j", "JobStatus": word, "JobType": kind, "FirmwareId": "f", "ProductKey": "p"}
        ).row()
        assert (row.status, row.order.kind) == (status, "verify")


_TASK = {
    "TaskId": "t", "JobId": "j", "ProductKey": "p", "DeviceName": "d", "DestVersion": "2",
    "TaskStatus": "QUEUED", "UtcModified": "2024-09-18T09:45:34.148Z",
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"TaskStatus": "DONE"}, {"Progress": "half"}, {"Progress": "nan"}, {"Progress": "1e999"},
     {"Timeout": "x"}, {"UtcModified": "now"}, {"UtcCreate": "then"}],
)  # fmt: skip
def test_words_and_numbers_that_are_none_are_refused(change: dict[str, str]) -> None:
    """As the vendor's mistake."""
    with pytest.raises(DialectError):
        TaskInfo.model_validate(_TASK | change).row()


@pytest.mark.parametrize("change", [{"TaskId": 3}, {"Progress": 50}, {"JobId": None}])
def test_types_are_strict(change: dict[str, object]) -> None:
    """Every member of a task is a text."""
    with pytest.raises(ValidationError):
        TaskInfo.model_validate(_TASK | change)
