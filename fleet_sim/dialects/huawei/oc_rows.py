"""Operations and sub-operations as OceanConnect shows them, both ways.

A task uses `failed` where a subtask uses `fail`. What `extendPara` and `extendInfo` hold is in no
page: here it is the target's version, and for a subtask the version before, too. No progress is
shown anywhere.

What does not survive the way out and back: pushed reads as under way, unconfirmed as queued, and a
name is not kept at all.

Source: "Querying an Upgrade Task List", "Querying the Result of a Specified Upgrade Task",
"Querying Details About Subtasks of a Specified Upgrade Task".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet_sim.dialects.huawei.names import device_of, name_of
from fleet_sim.dialects.huawei.operations import (
    FIRMWARE_UPGRADE,
    OPERATE_TYPE,
    policy_fields,
    read_policy,
    read_scope,
    target_fields,
)
from fleet_sim.dialects.huawei.packages import DEFAULTS, instant
from fleet_sim.dialects.huawei.payload import Fields, read_fields, read_text, read_whole
from fleet_sim.dialects.huawei.standing import OPERATION_WORDS, Standing, counters_of, standing_of
from fleet_sim.dialects.huawei.times import stamp, stamp_of
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import JobOrder, JobRow, JobStatus, Names, TaskRow, TaskStatus

SUBTASK_WORDS: Mapping[TaskStatus, str] = {
    TaskStatus.UNCONFIRMED: "wait",
    TaskStatus.QUEUED: "wait",
    TaskStatus.PUSHED: "processing",
    TaskStatus.UNDER_WAY: "processing",
    TaskStatus.SUCCEEDED: "success",
    TaskStatus.FAILED: "fail",
    TaskStatus.CANCELLED: "stop",
}
STATUS_OF: Mapping[str, TaskStatus] = {word: status for status, word in SUBTASK_WORDS.items()}
TIMEOUT_WORD = "timeout"  # Counted apart; whether a subtask's status can be it is in no page.

FINAL = frozenset({TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELLED})

_COUNTERS: Mapping[str, TaskStatus] = {
    "wait": TaskStatus.QUEUED,
    "processing": TaskStatus.UNDER_WAY,
    "success": TaskStatus.SUCCEEDED,
    "fail": TaskStatus.FAILED,
    "stop": TaskStatus.CANCELLED,
}
_STOPPED = "stop"
_FINISHED = frozenset({"success", "failed"})


def kind_of(row: JobRow) -> str:
    """Return whether a job upgrades firmware or software, in the words of its operator."""
    return dict(row.order.tags).get(OPERATE_TYPE, FIRMWARE_UPGRADE)


def operation_fields(row: JobRow) -> dict[str, Any]:
    """Write a job. When one ended is not known, so `stopTime` is null."""
    standing = standing_of(row)
    window = row.order.window
    created = row.created_epoch_ms
    starts = created if window is None else max(window.start_epoch_ms, created)
    return {
        "operationId": row.job_id,
        "createTime": stamp(created),
        "startTime": None if standing is Standing.WAITING else stamp(starts),
        "stopTime": None,
        "operateType": kind_of(row),
        "targets": _targets(row),
        "policy": policy_fields(row.order),
        "status": OPERATION_WORDS[standing],
        "staResult": counters_of(row),
        "extendPara": {"fileVersion": row.firmware_version},
    }


def _targets(row: JobRow) -> dict[str, Any]:
    """Write who a job is for; what the older generation has no form for reads as everybody."""
    try:
        return target_fields(row.order.scope, row.product_key, row.order.tags)
    except DialectError:
        return {"deviceGroups": [row.product_key], "model": row.product_key}


def read_operation(fields: Fields) -> JobRow:
    """Read a job. A timeout counts as a failure again.

    Raises:
        DialectError: A field is missing or of another type.
    """
    status = read_text(fields, "status")
    if status not in OPERATION_WORDS.values():
        raise DialectError(f"the status {status[:40]!r} is none of an operation")
    scope = read_scope(read_fields(fields, "targets"))
    retry, window, waits = read_policy(read_fields(fields, "policy"))
    kind = read_text(fields, "operateType", default=FIRMWARE_UPGRADE)
    order = JobOrder("", "upgrade", scope, retry=retry, window=window, waits_for_connect=waits,
                     tags=((OPERATE_TYPE, kind),))  # fmt: skip
    version = read_text(read_fields(fields, "extendPara"), "fileVersion", default="")
    return JobRow(
        job_id=read_text(fields, "operationId"),
        product_key=scope.product_key,
        order=order,
        firmware_version=version,
        firmware_names=Names(version),
        status=_job_status(status),
        created_epoch_ms=instant(fields, "createTime") or 0,
        counts=_read_counts(read_fields(fields, "staResult")),
        timeouts=read_whole(read_fields(fields, "staResult"), "timeout", default=0),
    )


def _job_status(word: str) -> JobStatus:
    if word == _STOPPED:
        return JobStatus.STOPPED
    return JobStatus.FINISHED if word in _FINISHED else JobStatus.STARTED


def _read_counts(counters: Fields) -> tuple[tuple[TaskStatus, int], ...]:
    counts = {status: read_whole(counters, name, default=0) for name, status in _COUNTERS.items()}
    counts[TaskStatus.FAILED] += read_whole(counters, "timeout", default=0)
    return tuple((status, number) for status, number in counts.items() if number)


def suboperation_fields(row: TaskRow, kind: str) -> dict[str, Any]:
    """Write a task of a job of this kind."""
    return {
        "subOperationId": row.task_id,
        "createTime": stamp_of(row.created_epoch_ms),
        "startTime": stamp_of(row.started_epoch_ms),
        "stopTime": stamp(row.updated_epoch_ms) if row.status in FINAL else None,
        "operateType": kind,
        "deviceId": name_of(DeviceId(row.product_key, row.device_key)),
        "status": SUBTASK_WORDS[row.status],
        "detailInfo": row.desc or "",
        "extendInfo": {"fileVersion": row.to_version, "sourceVersion": row.from_version},
    }


def read_suboperation(fields: Fields, job_id: str) -> TaskRow:
    """Read a task.

    Raises:
        DialectError: A field is missing or of another type.
    """
    word = read_text(fields, "status")
    status = TaskStatus.FAILED if word == TIMEOUT_WORD else STATUS_OF.get(word)
    if status is None:
        raise DialectError(f"the status {word[:40]!r} is none of a subtask")
    device = device_of(read_text(fields, "deviceId"))
    extend = read_fields(fields, "extendInfo")
    created, started, stopped = (
        instant(fields, name) for name in ("createTime", "startTime", "stopTime")
    )
    return TaskRow(
        task_id=read_text(fields, "subOperationId"),
        job_id=job_id,
        product_key=device.product_key,
        device_key=device.device_key,
        asset_id="",
        from_version=read_text(extend, "sourceVersion", default=""),
        to_version=read_text(extend, "fileVersion", default=""),
        status=status,
        progress=None,
        desc=read_text(fields, "detailInfo", default="") or None,
        updated_epoch_ms=next((one for one in (stopped, started, created) if one is not None), 0),
        created_epoch_ms=created,
        started_epoch_ms=started,
    )


def is_meant(row: JobRow, traits: Mapping[str, str]) -> bool:
    """Tell whether a job is for devices of this type, model and maker; "" stands for any."""
    known = {**DEFAULTS, **dict(row.order.tags), "model": row.product_key}
    return all(known.get(name) == value for name, value in traits.items() if value)
