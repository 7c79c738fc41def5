"""The body that creates a batch task, and what a task shows: IoTDA v5.

What is asked for and has no neutral word is kept as a tag of the job: `app_id`, `task_mode`,
`task_ext_info`. In a task of mode GATEWAY that object goes to gateways as well, see `notices`.
`schedule_time` becomes a window without an end. Between two tries a task reads
FailWaitRetry; after an operator's retry, Waitting ([U]). Removed is never shown: no target leaves a
task here.

A task takes one package. Up to ten are documented, each for source versions of its own; that is not
spoken here ([U] how they are told apart at a device that has reported nothing).

Source: "Create a Batch Task", "Query a Batch Task"; SDK for Python 3.1.219.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fleet_sim.dialects.huawei import v5_codes
from fleet_sim.dialects.huawei.names import device_of, name_of
from fleet_sim.dialects.huawei.notices import read_extra
from fleet_sim.dialects.huawei.operations import (
    FIRMWARE_UPGRADE,
    OPERATE_TYPE,
    SECOND_MS,
    SOFTWARE_UPGRADE,
)
from fleet_sim.dialects.huawei.payload import (
    Fields,
    read_fields,
    read_object,
    read_text,
    read_whole,
)
from fleet_sim.dialects.huawei.standing import BATCH_WORDS, RUNNING, WAITING, standing_of
from fleet_sim.dialects.huawei.talk import refuse
from fleet_sim.dialects.huawei.times import read_stamp, stamp
from fleet_sim.dialects.huawei.v5_values import DEVICE, NAME_36, TASK_NAME, Form, read_value
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import (
    JobOrder,
    JobRow,
    Names,
    Retry,
    Scope,
    TaskRow,
    TaskStatus,
    Window,
)

TARGETS_MAX = 30_000
PACKAGES_MAX = 10
EXT_CHARS_MAX = 512
RETRY_MINUTES_MAX = 1_440
SCHEDULE_MS_MAX = 7 * 86_400_000
_NEVER_MS = 253_402_300_799_000  # A schedule has a beginning and no end.

KIND_OF: Mapping[str, str] = {
    "firmwareUpgrade": FIRMWARE_UPGRADE,
    "softwareUpgrade": SOFTWARE_UPGRADE,
}
_TYPE_OF = {kind: name for name, kind in KIND_OF.items()}
_GATEWAY = "GATEWAY"

DETAIL_WORDS: Mapping[TaskStatus, str] = {
    TaskStatus.UNCONFIRMED: "Waitting",
    TaskStatus.QUEUED: "Waitting",
    TaskStatus.PUSHED: "Processing",
    TaskStatus.UNDER_WAY: "Processing",
    TaskStatus.SUCCEEDED: "Success",
    TaskStatus.FAILED: "Fail",
    TaskStatus.CANCELLED: "Stopped",
}
RETRY_DUE = "FailWaitRetry"
DETAIL_STATUSES = frozenset({*DETAIL_WORDS.values(), RETRY_DUE, "Removed"})
TASK_STATUSES = frozenset({*BATCH_WORDS.values(), "Initializing"})


def read_order(body: bytes, contract: ContractProfile, epoch_ms: int) -> JobOrder:
    """Read the body.

    Args:
        body: JSON.
        contract: The range of retries; that of their gaps is v5's own.
        epoch_ms: The wall clock.

    Raises:
        ApiError: Something is missing, of another type or outside its range.
    """
    try:
        fields = read_object(body)
        policy = read_fields(fields, "task_policy")
        extra = _ext_info(fields)
        return JobOrder(
            firmware_id=_package(read_fields(fields, "document")),
            kind="upgrade",
            scope=_scope(fields),
            names=Names(read_value(fields, "task_name", TASK_NAME)),
            needs_confirmation=_flag(fields, "need_confirm"),
            retry=_retry(policy, contract),
            window=_window(policy, epoch_ms),
            tags=_tags(fields, extra),
            gateway_extra=extra if fields.get("task_mode") == _GATEWAY else None,
        )
    except DialectError as error:
        refuse(v5_codes.BAD_INPUT, f"{error}.")


def _flag(fields: Fields, name: str) -> bool:
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise DialectError(f"{name} is no boolean")
    return bool(value)


def _package(document: Fields) -> str:
    """Return the one package; a query page calls the list `package_id`."""
    given = document.get("package_ids", document.get("package_id"))
    ids = [given] if isinstance(given, str) else given
    if not isinstance(ids, list) or not 1 <= len(ids) <= PACKAGES_MAX:
        raise DialectError(f"document.package_ids is no list of 1 to {PACKAGES_MAX} ids")
    if len(ids) > 1:
        raise DialectError("document.package_ids names several packages, and one is taken here")
    return read_value({"package_id": ids[0]}, "package_id", NAME_36)


def _scope(fields: Fields) -> Scope:
    """Return whom it is for: `targets` go before `targets_filter`."""
    names = _list(fields.get("targets"), "targets", DEVICE)
    if names:
        return scope_of(names)
    groups = _list(read_fields(fields, "targets_filter").get("group_ids"), "group_ids", DEVICE)
    if not groups:
        raise DialectError("there are neither targets nor group_ids in targets_filter")
    return Scope(total=False, groups=groups)


def scope_of(names: tuple[str, ...]) -> Scope:
    """Return the scope of these devices.

    Raises:
        DialectError: One is no device id, or they are of several products.
    """
    devices = [device_of(name) for name in names]
    if len({device.product_key for device in devices}) > 1:
        raise DialectError("targets are of several products, and a package is of one")
    keys = tuple(device.device_key for device in devices)
    return Scope(devices[0].product_key, total=False, device_keys=keys)


def _list(given: object, name: str, form: Form) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > TARGETS_MAX:
        raise DialectError(f"{name} is no list of at most {TARGETS_MAX} ids")
    return tuple(dict.fromkeys(read_value({name: one}, name, form) for one in given))


def _retry(policy: Fields, contract: ContractProfile) -> Retry | None:
    count = read_whole(policy, "retry_count", default=0)
    minutes = read_whole(policy, "retry_interval", default=0)
    if ("retry_count" in policy) != ("retry_interval" in policy):
        raise DialectError("retry_count and retry_interval need one another")
    least, most = contract.retry_count_min, contract.retry_count_max
    if count and not least <= count <= most:
        raise DialectError(f"retry_count is neither 0 nor {least} to {most}")
    if not 0 <= minutes <= RETRY_MINUTES_MAX:
        raise DialectError(f"retry_interval is not 0 to {RETRY_MINUTES_MAX} minutes")
    return Retry(count, minutes * 60) if count else None


def _window(policy: Fields, epoch_ms: int) -> Window | None:
    text = read_text(policy, "schedule_time", default="")
    if not text:
        return None
    start = read_stamp(text)
    if not start - SCHEDULE_MS_MAX <= epoch_ms < start + SECOND_MS:
        raise DialectError("schedule_time is not within the next 7 days")
    return Window(start, _NEVER_MS)


def _tags(fields: Fields, extra: str) -> tuple[tuple[str, str], ...]:
    task_type = read_text(fields, "task_type")
    if task_type not in KIND_OF:
        raise DialectError(f"task_type is {task_type[:40]!r}; known: {', '.join(KIND_OF)}")
    mode = read_text(fields, "task_mode", default="")
    if mode not in {"", _GATEWAY}:
        raise DialectError(f"task_mode is not {_GATEWAY}")
    found = {
        OPERATE_TYPE: KIND_OF[task_type],
        "task_mode": mode,
        "app_id": read_value(fields, "app_id", NAME_36, default=""),
        "task_ext_info": extra,
    }
    return tuple(sorted((name, value) for name, value in found.items() if value))


def _ext_info(fields: Fields) -> str:
    text = read_extra(fields)
    if len(text) > EXT_CHARS_MAX:
        raise DialectError(f"task_ext_info has more than {EXT_CHARS_MAX} characters")
    return text


# --- out -------------------------------------------------------------------------------------


def status_of(row: JobRow) -> str:
    """Return a job's status in the words of v5."""
    return BATCH_WORDS[standing_of(row)]


def task_fields(row: JobRow, status: str | None = None) -> dict[str, Any]:
    """Write a job, in another status than its own where one is given."""
    order, tags = row.order, dict(row.order.tags)
    shown = {
        "task_id": row.job_id,
        "task_name": order.names.default if order.names else "",
        "task_type": _TYPE_OF[tags.get(OPERATE_TYPE, FIRMWARE_UPGRADE)],
        "task_mode": tags.get("task_mode"),
        "need_confirm": order.needs_confirmation,
        "task_ext_info": json.loads(tags["task_ext_info"]) if "task_ext_info" in tags else None,
        **_target_fields(row),
        "document": {"package_ids": [order.firmware_id]},
        "task_policy": _policy_fields(order),
        "status": status or status_of(row),
        "status_desc": "",
        "task_progress": progress_fields(dict(row.counts), dict(row.retries_due)),
        "create_time": stamp(row.created_epoch_ms),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _target_fields(row: JobRow) -> dict[str, Any]:
    scope = row.order.scope
    if scope.device_keys is not None:
        names = [name_of(DeviceId(row.product_key, key)) for key in scope.device_keys]
        return {"targets": names}
    return {"targets_filter": {"group_ids": list(scope.groups or (row.product_key,))}}


def _policy_fields(order: JobOrder) -> dict[str, Any] | None:
    fields: dict[str, Any] = {}
    if order.window is not None:
        fields["schedule_time"] = stamp(order.window.start_epoch_ms)
    if order.retry is not None:
        fields |= {
            "retry_count": order.retry.count,
            "retry_interval": order.retry.interval_s // 60,
        }
    return fields or None


def progress_fields(
    counts: Mapping[TaskStatus, int], retries_due: Mapping[TaskStatus, int]
) -> dict[str, int]:
    """Write how many tasks stand where; those that wait to be tried again are counted apart."""
    found = {one: counts.get(one, 0) - retries_due.get(one, 0) for one in TaskStatus}
    return {
        "total": sum(counts.values()),
        "processing": sum(found[one] for one in RUNNING),
        "success": found[TaskStatus.SUCCEEDED],
        "fail": found[TaskStatus.FAILED],
        "waitting": sum(found[one] for one in WAITING),
        "fail_wait_retry": sum(retries_due.values()),
        "stopped": found[TaskStatus.CANCELLED],
        "removed": 0,
    }


def target_of(row: TaskRow) -> str:
    """Return a task's device id."""
    return name_of(DeviceId(row.product_key, row.device_key))


def detail_status(row: TaskRow) -> str:
    """Return a task's status in the words of v5."""
    return RETRY_DUE if row.is_retry_due else DETAIL_WORDS[row.status]


def detail_fields(row: TaskRow) -> dict[str, Any]:
    """Write a task; what its failure's number is, no page says."""
    fields: dict[str, Any] = {
        "target": target_of(row),
        "status": detail_status(row),
        "output": row.desc or "",
    }
    if row.status is TaskStatus.FAILED and not row.is_retry_due:
        fields["error"] = {"error_code": "", "error_msg": row.desc or ""}
    return fields
