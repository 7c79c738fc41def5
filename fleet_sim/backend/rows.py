"""States to rows and back: what the store keeps, as JSON values.

    devices    key product_key/device_key   version, modules, registration
    modules    key product_key/name         number, product_key, name, alias, desc,
                                            created_epoch_ms, updated_epoch_ms
    firmware   key firmware_id              number, size_bytes, created_epoch_ms, is_verified, order
    jobs       key job_id                   number, product_key, target, status, created_epoch_ms,
                                            firmware_names, order, module, sources, lane,
                                            is_list_over
    tasks      key task_id                  see `_task_row`
    counters   key kind                     value

Every row also holds its own `key`. Instants stand in rows only as wall clock milliseconds
(`…_epoch_ms`), so a row means the same to a server that was started with another zero. What can be
derived from other rows is not in them. A row of an older store may lack what was added since.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from fleet_sim.backend.scope import compile_scope
from fleet_sim.backend.state import (
    DeviceState,
    FirmwareState,
    JobState,
    ModuleState,
    TaskState,
)
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.northbound import (
    FirmwareOrder,
    JobOrder,
    JobStatus,
    Names,
    TaskStatus,
)

Row = Mapping[str, Any]
Kept: TypeAlias = DeviceState | ModuleState | FirmwareState | JobState | TaskState

_REGISTRATION = TypeAdapter(Registration)
_FIRMWARE_ORDER = TypeAdapter(FirmwareOrder)
_JOB_ORDER = TypeAdapter(JobOrder)
_NAMES = TypeAdapter(Names)


def name_of(kept: Kept) -> tuple[str, str]:
    """Return the table and the key under which a state is kept."""
    match kept:
        case TaskState():
            return "tasks", kept.task_id
        case DeviceState():
            return "devices", str(kept.device)
        case JobState():
            return "jobs", kept.job_id
        case FirmwareState():
            return "firmware", kept.firmware_id
        case ModuleState():
            return "modules", "/".join(kept.key)


def to_row(kept: Kept, epoch_ms: int) -> dict[str, Any]:
    """Return the row of a state; `epoch_ms` is the wall clock at instant 0."""
    match kept:
        case TaskState():
            return _task_row(kept, epoch_ms)
        case DeviceState():
            registration = _REGISTRATION.dump_python(kept.registration, mode="json")
            return {
                "version": kept.version,
                "modules": dict(kept.modules),
                "registration": registration,
            }
        case JobState():
            return _job_row(kept, epoch_ms)
        case FirmwareState():
            return {
                "number": kept.number,
                "size_bytes": kept.size_bytes,
                "created_epoch_ms": kept.created_at_ms + epoch_ms,
                "updated_epoch_ms": kept.updated_at_ms + epoch_ms,
                "is_verified": kept.is_verified,
                "other_digest": kept.other_digest,
                "order": _FIRMWARE_ORDER.dump_python(kept.order, mode="json"),
            }
        case ModuleState():
            return {
                "number": kept.number,
                "product_key": kept.product_key,
                "name": kept.name,
                "alias": kept.alias,
                "desc": kept.desc,
                "created_epoch_ms": kept.created_at_ms + epoch_ms,
                "updated_epoch_ms": kept.updated_at_ms + epoch_ms,
            }


def _job_row(job: JobState, epoch_ms: int) -> dict[str, Any]:
    return {
        "number": job.number,
        "product_key": job.product_key,
        "target": job.target,
        "status": job.status.value,
        "created_epoch_ms": job.created_at_ms + epoch_ms,
        "updated_epoch_ms": job.updated_at_ms + epoch_ms,
        "firmware_names": _NAMES.dump_python(job.firmware_names, mode="json"),
        "order": _JOB_ORDER.dump_python(job.order, mode="json"),
        "module": job.module,
        "sources": sorted(job.sources),
        "lane": job.lane,
        "is_list_over": job.is_list_over,
    }


def _task_row(task: TaskState, epoch_ms: int) -> dict[str, Any]:
    return {
        "number": task.number,
        "job_id": task.job.job_id,
        "device": str(task.device.device),
        "from_version": task.from_version,
        "status": task.status.value,
        "progress": task.progress,
        "desc": task.desc,
        "tries_left": task.tries_left,
        "timeout_s": task.timeout_s,
        "is_consented": task.is_consented,
        "awaits_connect": task.awaits_connect,
        "attempt": task.attempt,
        "pushes": task.pushes,
        "ran": task.ran,
        "is_answered": task.is_answered,
        "is_between": task.is_between,
        "awaits_round": task.awaits_round,
        "has_slot": task.has_slot,
        "why": task.why,
        "ended_by": list(task.ended_by),
        "created_epoch_ms": task.created_at_ms + epoch_ms,
        "updated_epoch_ms": task.updated_at_ms + epoch_ms,
        "pushed_epoch_ms": _shift(task.pushed_at_ms, epoch_ms),
        "anchor_epoch_ms": _shift(task.anchor_at_ms, epoch_ms),
        "asked_epoch_ms": _shift(task.asked_at_ms, epoch_ms),
        "online_by_epoch_ms": _shift(task.online_by_ms, epoch_ms),
        "not_before_epoch_ms": task.not_before_ms + epoch_ms,
    }


def device_from(row: Row) -> DeviceState:
    """Read a device; it is not connected."""
    registration = _REGISTRATION.validate_python(row["registration"])
    return DeviceState(registration, version=row["version"], modules=dict(row.get("modules", {})))


def module_from(row: Row, epoch_ms: int) -> ModuleState:
    """Read a module."""
    return ModuleState(
        product_key=row["product_key"],
        name=row["name"],
        number=row["number"],
        alias=row["alias"],
        desc=row["desc"],
        created_at_ms=row["created_epoch_ms"] - epoch_ms,
        updated_at_ms=row["updated_epoch_ms"] - epoch_ms,
    )


def firmware_from(key: str, row: Row, epoch_ms: int) -> FirmwareState:
    """Read a firmware."""
    return FirmwareState(
        firmware_id=key,
        number=row["number"],
        order=_FIRMWARE_ORDER.validate_python(row["order"]),
        size_bytes=row["size_bytes"],
        created_at_ms=row["created_epoch_ms"] - epoch_ms,
        updated_at_ms=_updated_at_ms(row, epoch_ms),
        is_verified=row["is_verified"],
        other_digest=row.get("other_digest", ""),
    )


def job_from(key: str, row: Row, epoch_ms: int) -> JobState:
    """Read a job, still without its tasks."""
    order = _JOB_ORDER.validate_python(row["order"])
    return JobState(
        job_id=key,
        number=row["number"],
        order=order,
        product_key=row["product_key"],
        target=row["target"],
        firmware_names=_NAMES.validate_python(row["firmware_names"]),
        created_at_ms=row["created_epoch_ms"] - epoch_ms,
        updated_at_ms=_updated_at_ms(row, epoch_ms),
        accepts=compile_scope(order.scope, row["product_key"]),
        versions=frozenset(order.scope.versions),
        status=JobStatus(row["status"]),
        module=row.get("module", ""),
        sources=frozenset(row.get("sources", ())),
        lane=row.get("lane", ""),
        is_list_over=row.get("is_list_over", False),
    )


def task_from(
    key: str,
    row: Row,
    epoch_ms: int,
    *,
    jobs: Mapping[str, JobState],
    devices: Mapping[DeviceId, DeviceState],
) -> TaskState:
    """Read a task.

    Raises:
        KeyError: Its job or its device has not been read before it.
    """
    job, status = jobs[row["job_id"]], TaskStatus(row["status"])
    return TaskState(
        task_id=key,
        number=row["number"],
        job=job,
        device=devices[DeviceId.parse(row["device"])],
        from_version=row["from_version"],
        created_at_ms=row["created_epoch_ms"] - epoch_ms,
        updated_at_ms=row["updated_epoch_ms"] - epoch_ms,
        tries_left=row["tries_left"],
        timeout_s=row.get("timeout_s", job.order.timeout_s),
        status=status,
        progress=row["progress"],
        desc=row["desc"],
        attempt=row["attempt"],
        pushes=row["pushes"],
        pushed_at_ms=_shift(row["pushed_epoch_ms"], -epoch_ms),
        anchor_at_ms=_shift(row["anchor_epoch_ms"], -epoch_ms),
        asked_at_ms=_shift(row.get("asked_epoch_ms"), -epoch_ms),
        online_by_ms=_shift(row.get("online_by_epoch_ms"), -epoch_ms),
        is_consented=row.get("is_consented", status is not TaskStatus.UNCONFIRMED),
        awaits_connect=row.get("awaits_connect", False),
        ran=row["ran"],
        is_answered=row["is_answered"],
        is_between=row["is_between"],
        awaits_round=row["awaits_round"],
        not_before_ms=row["not_before_epoch_ms"] - epoch_ms,
        has_slot=row["has_slot"],
        why=row["why"],
        ended_by=tuple(row["ended_by"]),
    )


def _updated_at_ms(row: Row, epoch_ms: int) -> int:
    """Read the last change of a row whose older form did not know of it."""
    found: int = row.get("updated_epoch_ms", row["created_epoch_ms"])
    return found - epoch_ms


def _shift(at_ms: int | None, by_ms: int) -> int | None:
    return None if at_ms is None else at_ms + by_ms
