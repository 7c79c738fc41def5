"""Calls about tasks, and about the versions of modules, at the server's end.

Source: "ListOTATaskByJob", "ListOTAUnfinishedTaskByDevice", "ListOTAModuleVersionsByDevice",
"CancelOTATaskByDevice", "ConfirmOTATask", "ReupgradeOTATask". What ListOTATaskByJob says of a job
that is not there is in none of them; it is refused, as by the other actions that take a JobId,
unless the contract says otherwise. Lists by firmware, which jobs outlive, are empty then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet_sim.dialects.rpc import codes, modules
from fleet_sim.dialects.rpc.asked import (
    Asked,
    device_filter,
    equal,
    page_of,
    together,
)
from fleet_sim.dialects.rpc.codes import miss, refuse
from fleet_sim.dialects.rpc.job_parameters import DEVICES_MAX, MINUTE_S
from fleet_sim.dialects.rpc.profile import Profile
from fleet_sim.dialects.rpc.times import utc_of, utc_or_none
from fleet_sim.model.filters import Comparison, Filter, Operator
from fleet_sim.model.northbound import (
    Call,
    CancelTasks,
    ConfirmTasks,
    Page,
    ReportedRow,
    RetryTasks,
    SearchReported,
    SearchTasks,
    TaskRow,
    TaskStatus,
)

NAMES_MAX = 50  # of ListOTATaskByJob
CONFIRM_MAX = 10
RETRY_MAX = 100  # ours: the page of ReupgradeOTATask names no limit that could be read

WORDS: Mapping[TaskStatus, str] = {
    TaskStatus.UNCONFIRMED: "CONFIRM",
    TaskStatus.QUEUED: "QUEUED",
    TaskStatus.PUSHED: "NOTIFIED",
    TaskStatus.UNDER_WAY: "IN_PROGRESS",
    TaskStatus.SUCCEEDED: "SUCCEEDED",
    TaskStatus.FAILED: "FAILED",
    TaskStatus.CANCELLED: "CANCELED",
}
STATUS_OF: Mapping[str, TaskStatus] = {word: status for status, word in WORDS.items()}
UNFINISHED = (
    TaskStatus.UNCONFIRMED,
    TaskStatus.QUEUED,
    TaskStatus.PUSHED,
    TaskStatus.UNDER_WAY,
)


def search_by_job(asked: Asked) -> Call:
    """Read ListOTATaskByJob; device names put paging aside, for they are fewer than a page."""
    given, most = asked.given, asked.contract.page_size_max
    job_id = given.required("JobId")
    status = given.word("TaskStatus", tuple(WORDS.values()))
    names = given.several("DeviceNames", NAMES_MAX)
    page = page_of(asked, most, is_needed=False)
    _check_reach(asked, page)
    where = together(
        equal("job_id", job_id),
        equal("status", STATUS_OF[status]) if status else None,
        Comparison("device_key", Operator.IN, names) if names else None,
    )
    return SearchTasks(where, Page(asked.contract.page_base, most) if names else page)


def _check_reach(asked: Asked, page: Page) -> None:
    """Refuse pages that end behind the last row that can be reached."""
    most, contract = asked.profile.reach_max, asked.contract
    number = contract.page_base if page.number is None else page.number
    size = contract.page_size_default if page.size is None else page.size
    if most and number * size > most:
        refuse("CurrentPage", f"times PageSize must not be above {most}", codes.BAD_PAGE)


def search_unfinished(asked: Asked) -> Call:
    """Read ListOTAUnfinishedTaskByDevice, which has no paging: a device has few such tasks."""
    known = tuple(WORDS[status] for status in UNFINISHED)
    words = asked.given.several("TaskStatusList", len(known))
    alone = asked.given.word("TaskStatus", known)
    strange = next((word for word in words if word not in known), None)
    if strange is not None:
        refuse("TaskStatusList.N", f"must be one of {', '.join(known)}")
    chosen = tuple(STATUS_OF[word] for word in (words or ((alone,) if alone else known)))
    where = together(
        device_filter(asked),
        Comparison("status", Operator.IN, chosen),
        equal("module", modules.named(asked)) if asked.given.text("ModuleName") else None,
    )
    return SearchTasks(where, Page(asked.contract.page_base, asked.contract.page_size_max))


def search_versions(asked: Asked) -> Call:
    """Read ListOTAModuleVersionsByDevice."""
    where = device_filter(asked)
    return SearchReported(where, page_of(asked, asked.contract.wide_rows_max, is_needed=False))


def cancel_by_device(asked: Asked) -> Call:
    """Read CancelOTATaskByDevice; without a job it is about every job of the firmware."""
    given = asked.given
    return CancelTasks(
        job_id=given.text("JobId"),
        device_keys=given.several("DeviceName", DEVICES_MAX) or miss("DeviceName"),
        firmware_id=given.required("FirmwareId"),
        product_key=given.required("ProductKey"),
    )


def confirm(asked: Asked) -> Call:
    """Read ConfirmOTATask."""
    return ConfirmTasks(asked.given.several("TaskId", CONFIRM_MAX) or miss("TaskId"))


def retry(asked: Asked) -> Call:
    """Read ReupgradeOTATask; without ids it is about all tasks of the job that failed."""
    job_id = asked.given.required("JobId")
    return RetryTasks(job_id, task_ids=asked.given.several("TaskId", RETRY_MAX))


# --- rows --------------------------------------------------------------------------------------


def is_by_job(where: Filter) -> bool:
    """Tell ListOTATaskByJob's search from ListOTAUnfinishedTaskByDevice's."""
    parts = (where,) if isinstance(where, Comparison) else where.parts
    return any(isinstance(part, Comparison) and part.field == "job_id" for part in parts)


def fields(row: TaskRow, profile: Profile, *, is_whole: bool) -> dict[str, Any]:
    """Write a task: for ListOTATaskByJob, or without its progress but with its module.

    The product's name is known to no one here, so the member is left out.
    """
    shared = {
        "DestVersion": row.to_version,
        "DeviceName": row.device_key,
        "FirmwareId": row.firmware_id or None,
        "IotId": row.asset_id or None,
        "JobId": row.job_id,
        "ProductKey": row.product_key,
        "SrcVersion": row.from_version,
        "TaskId": row.task_id,
        "TaskStatus": WORDS[row.status],
        "UtcCreate": utc_or_none(row.created_epoch_ms),
        "UtcModified": utc_of(row.updated_epoch_ms),
    }
    if not is_whole:
        return {**shared, "ModuleName": row.module or modules.DEFAULT}
    minutes = None if row.timeout_s is None else -(-row.timeout_s // MINUTE_S)
    progress = None if row.progress is None else f"{row.progress:.{profile.progress_digits}f}"
    return {
        **shared,
        "Progress": progress,
        "TaskDesc": row.desc,
        "Timeout": None if minutes is None else str(minutes),
    }


def reported_fields(row: ReportedRow) -> dict[str, Any]:
    """Write the version of a module."""
    return {
        "DeviceName": row.device_key,
        "IotId": row.asset_id or None,
        "ModuleName": row.module or modules.DEFAULT,
        "ModuleVersion": row.version,
        "ProductKey": row.product_key,
    }
