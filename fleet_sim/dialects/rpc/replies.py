"""From the API's answers to neutral ones, at the client's end: strict shapes, in PascalCase.

Not everything survives the way out and back, because the API has no place for it: an order's names
of devices, and whether a stopped job was stopped or had its list ended.

Source: as in `answers`; the misspelt kind of verify jobs in `job_rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from fleet_sim.dialects.rpc import firmware, modules, tasks
from fleet_sim.dialects.rpc.job_parameters import ENDLESS_EPOCH_MS, JOIN_LATER, MINUTE_S, OVERWRITE
from fleet_sim.dialects.rpc.times import read_minute, read_utc
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import (
    FirmwareOrder,
    FirmwareRow,
    JobOrder,
    JobRow,
    JobStatus,
    ModuleRow,
    Names,
    ReportedRow,
    Retry,
    Scope,
    TaskRow,
    Trial,
    Window,
)

_JOB_STATUSES: Mapping[str, JobStatus] = {
    "PLANNED": JobStatus.PLANNED,
    "IN_PROGRESS": JobStatus.STARTED,
    "COMPLETED": JobStatus.FINISHED,
    "COMPLETE": JobStatus.FINISHED,
    "CANCELED": JobStatus.STOPPED,
}
_VERIFY = frozenset({"VERIFY_FIRMWARE", "VERFIY_FIRMWARE"})


class Shape(BaseModel):
    """A JSON object of the API; unknown members are left alone."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="ignore", alias_generator=to_pascal, validate_by_name=True
    )


class TaskInfo(Shape):
    """`SimpleOTATaskInfo`, of either list."""

    task_id: str
    job_id: str
    firmware_id: str | None = None
    product_key: str
    device_name: str
    iot_id: str | None = None
    src_version: str | None = None
    dest_version: str
    task_status: str
    task_desc: str | None = None
    progress: str | None = None
    timeout: str | None = None
    module_name: str | None = None
    utc_create: str | None = None
    utc_modified: str

    def row(self) -> TaskRow:
        """Return the neutral row."""
        return TaskRow(
            task_id=self.task_id,
            job_id=self.job_id,
            product_key=self.product_key,
            device_key=self.device_name,
            asset_id=self.iot_id or "",
            from_version=self.src_version or "",
            to_version=self.dest_version,
            status=_known(tasks.STATUS_OF, self.task_status),
            progress=_number(self.progress),
            desc=self.task_desc,
            updated_epoch_ms=read_utc(self.utc_modified),
            created_epoch_ms=_instant(self.utc_create),
            module=modules.neutral(self.module_name or ""),
            firmware_id=self.firmware_id or "",
            timeout_s=_seconds(_number(self.timeout)),
        )


class VersionInfo(Shape):
    """`SimpleOTAModuleInfo`: the version of a module."""

    device_name: str
    iot_id: str | None = None
    module_name: str | None = None
    module_version: str
    product_key: str

    def row(self) -> ReportedRow:
        """Return the neutral row."""
        return ReportedRow(
            product_key=self.product_key,
            device_key=self.device_name,
            asset_id=self.iot_id or "",
            module=modules.neutral(self.module_name or ""),
            version=self.module_version,
        )


class ModuleInfo(Shape):
    """`OtaModuleDTO`: a module of a product."""

    module_name: str
    product_key: str
    alias_name: str | None = None
    desc: str | None = None
    gmt_create: str | None = None
    gmt_modified: str | None = None

    def row(self) -> ModuleRow:
        """Return the neutral row; an instant that is not shown is 0."""
        created, changed = self.gmt_create, self.gmt_modified
        return ModuleRow(
            product_key=self.product_key,
            module=modules.neutral(self.module_name),
            alias=self.alias_name or "",
            desc=self.desc or "",
            created_epoch_ms=read_minute(created) if created else 0,
            updated_epoch_ms=read_minute(changed) if changed else 0,
        )


class FirmwareInfo(Shape):
    """`FirmwareInfo`, and `SimpleFirmwareInfo`, which has no address."""

    firmware_id: str
    firmware_name: str
    firmware_desc: str | None = None
    firmware_sign: str | None = None
    firmware_size: int | None = None
    firmware_url: str | None = None
    dest_version: str
    src_version: str | None = None
    module_name: str | None = None
    product_key: str | None = None
    sign_method: str | None = None
    status: int | None = None
    type: int | None = None
    udi: str | None = None
    verify_progress: int | None = None
    utc_create: str | None = None
    utc_modified: str | None = None

    def row(self) -> FirmwareRow:
        """Return the neutral row; of a verified one it is not shown that it had to be."""
        is_patch = self.type == firmware.DIFFERENCE
        order = FirmwareOrder(
            product_key=self.product_key or "",
            names=Names(self.firmware_name),
            version=self.dest_version,
            digest=(self.firmware_sign or "").lower(),
            digest_method=(self.sign_method or "").lower(),
            file_name=(self.firmware_url or "").partition("?")[0].rpartition("/")[2],
            desc=self.firmware_desc or "",
            module=modules.neutral(self.module_name or ""),
            from_versions=(self.src_version,) if is_patch and self.src_version else (),
            is_patch=is_patch,
            custom=self.udi or "",
            needs_verification=self.status is not None
            and self.status not in {firmware.VERIFY_NO_NEED, firmware.VERIFIED},
        )
        return FirmwareRow(
            firmware_id=self.firmware_id,
            order=order,
            url=self.firmware_url or "",
            size_bytes=self.firmware_size or 0,
            is_verified=self.status == firmware.VERIFIED,
            created_epoch_ms=_instant(self.utc_create) or 0,
            trial=self._trial(),
            updated_epoch_ms=_instant(self.utc_modified),
        )

    def _trial(self) -> Trial | None:
        if self.status not in {firmware.VERIFYING, firmware.VERIFY_FAILED}:
            return None
        return Trial(self.verify_progress or 0, self.status == firmware.VERIFY_FAILED)


class Sources(Shape):
    """`SrcVersions`."""

    src_version: list[str] = []


class Tag(Shape):
    """One tag of a job."""

    key: str
    value: str


class Tags(Shape):
    """`Tags`."""

    ota_tag_dto: list[Tag] = Field(default=[], alias="OtaTagDTO")


class JobInfo(Shape):
    """A job, whole or of a list, where most of it is left out."""

    job_id: str
    job_status: str
    job_type: str
    firmware_id: str
    product_key: str
    dest_version: str | None = None
    name: str | None = None
    target_selection: str | None = None
    selection_type: str | None = None
    dynamic_mode: int | None = None
    gray_percent: str | None = None
    group_id: str | None = None
    src_versions: Sources | None = None
    need_push: bool | None = None
    need_confirm: bool | None = None
    retry_count: int | None = None
    retry_interval: int | None = None
    timeout_in_minutes: int | None = None
    maximum_per_minute: int | None = None
    overwrite_mode: int | None = None
    multi_module_mode: bool | None = None
    download_protocol: str | None = None
    tags: Tags | None = None
    utc_schedule_time: str | None = None
    utc_schedule_finish_time: str | None = None
    utc_create: str | None = None
    utc_modified: str | None = None
    utc_start_time: str | None = None
    utc_end_time: str | None = None

    def row(self) -> JobRow:
        """Return the neutral row."""
        return JobRow(
            job_id=self.job_id,
            product_key=self.product_key,
            order=self._order(),
            firmware_version=self.dest_version or "",
            firmware_names=Names(""),
            status=_known(_JOB_STATUSES, self.job_status),
            created_epoch_ms=_instant(self.utc_create) or 0,
            updated_epoch_ms=_instant(self.utc_modified),
            started_epoch_ms=_instant(self.utc_start_time),
            ended_epoch_ms=_instant(self.utc_end_time),
        )

    def _order(self) -> JobOrder:
        return JobOrder(
            firmware_id=self.firmware_id,
            kind="verify" if self.job_type in _VERIFY else "upgrade",
            scope=self._scope(),
            names=None if self.name is None else Names(self.name),
            open_list=self.selection_type == "DYNAMIC",
            skips_present=self.dynamic_mode == JOIN_LATER,
            devices_must_ask=self.need_push is False,
            needs_confirmation=self.need_confirm is True,
            timeout_s=_seconds(self.timeout_in_minutes),
            retry=self._retry(),
            window=self._window(),
            pushes_a_minute=self.maximum_per_minute,
            overwrites=self.overwrite_mode == OVERWRITE,
            side_by_side=self.multi_module_mode is True,
            by_blocks=self.download_protocol == "MQTT",
            tags=tuple((tag.key, tag.value) for tag in self.tags.ota_tag_dto) if self.tags else (),
        )

    def _scope(self) -> Scope:
        is_specific = self.target_selection == "SPECIFIC"
        share = self.gray_percent if self.target_selection == "GRAY" else None
        return Scope(
            product_key=self.product_key,
            versions=tuple(self.src_versions.src_version) if self.src_versions else (),
            total=not is_specific and self.group_id is None,
            device_keys=() if is_specific else None,
            groups=None if self.group_id is None else (self.group_id,),
            millipercent=None if share is None else round(_decimal(share) * 1_000),
        )

    def _retry(self) -> Retry | None:
        if self.retry_count is None or self.retry_interval is None:
            return None
        return Retry(count=self.retry_count, interval_s=self.retry_interval * MINUTE_S)

    def _window(self) -> Window | None:
        start_ms = _instant(self.utc_schedule_time)
        if start_ms is None:
            return None
        end_ms = _instant(self.utc_schedule_finish_time)
        return Window(start_ms, ENDLESS_EPOCH_MS if end_ms is None else end_ms)


def _known(known: Mapping[str, Any], word: str) -> Any:  # noqa: ANN401 - one of two enums
    if word not in known:
        raise DialectError(f"the status {word[:40]!r} is none of {', '.join(known)}")
    return known[word]


def _instant(text: str | None) -> int | None:
    return None if not text else read_utc(text)


def _number(text: str | None) -> int | None:
    """Read a number that comes as a text, such as `50` or `50.00`."""
    return None if not text else int(_decimal(text))


def _decimal(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise DialectError(f"{text[:40]!r} is no number") from error
    if not -1e12 < value < 1e12:  # noqa: PLR2004 - beyond all progress, minutes and shares
        raise DialectError(f"{text[:40]!r} is out of every range")
    return value


def _seconds(minutes: int | None) -> int | None:
    return None if minutes is None else minutes * MINUTE_S
