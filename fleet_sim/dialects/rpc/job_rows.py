"""Jobs as the API shows them, at the server's end.

Left out, because no neutral row has them: a group's name and a job's description. Of the instants,
the pages name UtcStartTime and UtcEndTime and say no more: taken as when the job might first push,
and when it was cancelled or its last task ended; and each of those is a change (UtcModified), too.

Source: "QueryOTAJob", "ListOTAJobByFirmware", "ListOTAJobByDevice"; members and their types from
the official SDK. A job to verify is `VERIFY_FIRMWARE`; the English texts of Alibaba's SDK swap two
letters of it, which clients are to accept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet_sim.dialects.rpc.job_parameters import (
    ENDLESS_EPOCH_MS,
    JOIN_ALL,
    JOIN_LATER,
    KEEP,
    MINUTE_S,
    OVERWRITE,
)
from fleet_sim.dialects.rpc.profile import Profile
from fleet_sim.dialects.rpc.times import utc_of, utc_or_none
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import JobOrder, JobRow, Scope

# By the neutral word's text, so that a finer word of the backend's finds its own.
STATUS_WORDS: Mapping[str, str] = {
    "planned": "PLANNED",
    "started": "IN_PROGRESS",
    "stopped": "CANCELED",
    "cancelled": "CANCELED",
    "finished": "COMPLETED",
}
KIND_WORDS: Mapping[str, str] = {"upgrade": "UPGRADE_FIRMWARE", "verify": "VERIFY_FIRMWARE"}


def fields(row: JobRow, profile: Profile, contract: ContractProfile) -> dict[str, Any]:
    """Write a job for QueryOTAJob; a rate that was not asked for is the contract's."""
    order = row.order
    timeout_s, retry = order.timeout_s, order.retry
    group = next(iter(order.scope.groups or ()), None)
    whole = {
        **_shared(row),
        "DestVersion": row.firmware_version,
        "DownloadProtocol": "MQTT" if order.by_blocks else "HTTPS",
        "GrayPercent": percent_of(order.scope),
        "GroupId": group,
        "Name": None if order.names is None else order.names.default,
        "NeedConfirm": order.needs_confirmation,
        "NeedPush": not order.devices_must_ask,
        "RetryCount": None if retry is None else retry.count,
        "RetryInterval": None if retry is None else retry.interval_s // MINUTE_S,
        "SrcVersions": {"SrcVersion": list(order.scope.versions)},
        "TimeoutInMinutes": None if timeout_s is None else -(-timeout_s // MINUTE_S),
    }
    extras = _extras(order, contract) if profile.takes_job_extras else {}
    return {**whole, **extras, **_selection(order, profile)}


def brief_fields(row: JobRow, profile: Profile) -> dict[str, Any]:
    """Write a job for a list."""
    tags = {"Tags": _tags(row.order)} if profile.takes_job_extras else {}
    return {**_shared(row), **tags, **_selection(row.order, profile)}


def target_of(order: JobOrder) -> str | None:
    """Return the word for how the devices were chosen; None: by joining."""
    scope = order.scope
    if order.open_list:
        return None
    if scope.millipercent is not None:
        return "GRAY"
    if scope.groups is not None:
        return "GROUP"
    return "ALL" if scope.total else "SPECIFIC"


def percent_of(scope: Scope) -> str | None:
    """Write the share of a gray job as a percentage, without needless digits."""
    if scope.millipercent is None:
        return None
    whole, rest = divmod(scope.millipercent, 1_000)
    return f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)


def _shared(row: JobRow) -> dict[str, Any]:
    return {
        "FirmwareId": row.order.firmware_id,
        "JobId": row.job_id,
        "JobStatus": STATUS_WORDS[row.status.value],
        "JobType": KIND_WORDS[row.order.kind],
        "ProductKey": row.product_key,
        "TargetSelection": target_of(row.order),
        "UtcCreate": utc_of(row.created_epoch_ms),
        "UtcEndTime": utc_or_none(row.ended_epoch_ms),
        "UtcModified": utc_or_none(row.updated_epoch_ms),
        "UtcStartTime": utc_or_none(row.started_epoch_ms),
    }


def _extras(order: JobOrder, contract: ContractProfile) -> dict[str, Any]:
    window = order.window
    has_end = window is not None and window.end_epoch_ms < ENDLESS_EPOCH_MS
    return {
        "MaximumPerMinute": order.pushes_a_minute or contract.pushes_a_minute,
        "MultiModuleMode": order.side_by_side,
        "OverwriteMode": OVERWRITE if order.overwrites else KEEP,
        "Tags": _tags(order),
        "UtcScheduleTime": None if window is None else utc_of(window.start_epoch_ms),
        "UtcScheduleFinishTime": utc_of(window.end_epoch_ms) if window and has_end else None,
    }


def _selection(order: JobOrder, profile: Profile) -> dict[str, Any]:
    if not profile.has_dynamic_jobs:
        return {}
    if not order.open_list:
        return {"SelectionType": "STATIC"}
    mode = JOIN_LATER if order.skips_present else JOIN_ALL
    return {"SelectionType": "DYNAMIC", "DynamicMode": mode}


def _tags(order: JobOrder) -> dict[str, Any]:
    return {"OtaTagDTO": [{"Key": key, "Value": value} for key, value in order.tags]}
