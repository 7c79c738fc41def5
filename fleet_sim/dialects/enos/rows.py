"""The rows of the northbound API, both ways: FirmwareInfo, JobInfo, TaskInfo, DeviceFirmware.

Not everything survives the way out and back, because the wire has no place for it: a cancelled task
reads as failed (its desc says why), a finished job as started, and defaults that an order left open
stand filled in.

Source: "V2.1 Get Firmware File", "V2.1 Get OTA Job", "V2.1 Search OTA Task", "V2.1 Search Device
Upgrade" and their samples. In the task table the meanings of fromVersion and toVersion are swapped;
the sample has them right: from the old one, to the target.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from pydantic import Field

from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.dialects.enos.job_body import (
    RetryBody,
    ScheduleBody,
    ScopeBody,
    policy_of,
    retry_fields,
    scope_fields,
    scope_of,
    window_fields,
)
from fleet_sim.dialects.enos.searches import JOB_WORDS, TASK_WORDS
from fleet_sim.dialects.enos.shapes import I18n, Shape, Whole, i18n_of
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import (
    DeviceRow,
    FirmwareOrder,
    FirmwareRow,
    JobOrder,
    JobRow,
    JobStatus,
    Names,
    ReportedRow,
    Retry,
    Row,
    TaskRow,
    TaskStatus,
    Window,
)

_TASK_STATUSES = {
    "init": TaskStatus.QUEUED,
    "published": TaskStatus.PUSHED,
    "upgrading": TaskStatus.UNDER_WAY,
    "succeeded": TaskStatus.SUCCEEDED,
    "failed": TaskStatus.FAILED,
}
_JOB_STATUSES = {"started": JobStatus.STARTED, "stopped": JobStatus.STOPPED}


def row_fields(row: Row, org: str, contract: ContractProfile) -> dict[str, Any]:
    """Write a row, every documented key in the documented order."""
    match row:
        case TaskRow():
            return _task_fields(row, org, contract)
        case DeviceRow():
            return _device_fields(row, org)
        case JobRow():
            return _job_fields(row, org, contract)
        case FirmwareRow():
            return _firmware_fields(row, org)
        case ReportedRow():
            raise AssertionError("EnOS has no search that lists modules")


def _task_fields(row: TaskRow, org: str, contract: ContractProfile) -> dict[str, Any]:
    desc = row.desc
    if row.status is TaskStatus.CANCELLED and not desc and contract.cancel_descs:
        desc = contract.cancel_descs[0]
    return {
        "taskId": row.task_id,
        "orgId": org,
        "assetId": row.asset_id,
        "productKey": row.product_key,
        "deviceKey": row.device_key,
        "jobId": row.job_id,
        "fromVersion": row.from_version,
        "toVersion": row.to_version,
        "progress": row.progress,
        "desc": desc,
        "status": TASK_WORDS[row.status],
        "updateTime": row.updated_epoch_ms,
    }


def _device_fields(row: DeviceRow, org: str) -> dict[str, Any]:
    return {
        "orgId": org,
        "assetId": row.asset_id,
        "productKey": row.product_key,
        "deviceKey": row.device_key,
        "firmwareVersion": row.firmware_version,
        "isUpgrading": row.is_upgrading,
    }


def _firmware_fields(row: FirmwareRow, org: str) -> dict[str, Any]:
    order = row.order
    return {
        "orgId": org,
        "firmwareId": row.firmware_id,
        "productKey": order.product_key or None,
        "name": i18n_of(order.names),
        "version": order.version,
        "desc": order.desc or None,
        "signMethod": order.digest_method,
        "sign": order.digest,
        "fileUrl": row.url,
        "fileSize": row.size_bytes,
        "enableVerification": order.needs_verification,
        "isVerified": row.is_verified,
        "createTime": row.created_epoch_ms,
        "firmwareTags": dict(order.tags),
        "maxAllowedForVerification": order.verify_devices_max,
        "minSuccessForVerified": order.verify_successes_min,
    }


def _job_fields(row: JobRow, org: str, contract: ContractProfile) -> dict[str, Any]:
    """Write a job with its defaults filled in; a verify job has no policies."""
    order = row.order
    is_upgrade = order.kind == "upgrade"
    concurrency = contract.cap_default if order.concurrency is None else order.concurrency
    return {
        "orgId": org,
        "productKey": row.product_key or None,
        "jobId": row.job_id,
        "name": i18n_of(order.names),
        "firmwareId": order.firmware_id,
        "firmwareVersion": row.firmware_version,
        "firmwareName": i18n_of(row.firmware_names),
        "type": order.kind,
        "enableUpgradeRequest": order.devices_must_ask,
        "upgradePolicy": policy_of(order, contract) if is_upgrade else None,
        "upgradeScope": scope_fields(order.scope),
        "upgradeTimeout": contract.timeout_s if order.timeout_s is None else order.timeout_s,
        "retryPolicy": retry_fields(order.retry),
        "schedulePolicy": window_fields(order.window),
        "maximumConcurrency": concurrency if is_upgrade else None,
        "status": JOB_WORDS[row.status],
        "createTime": row.created_epoch_ms,
    }


# --- and back --------------------------------------------------------------------------------


class TaskInfo(Shape):
    """A task as shown."""

    task_id: str
    asset_id: str | None = None
    product_key: str
    device_key: str
    job_id: str
    from_version: str | None = None
    to_version: str
    progress: int | None = None
    desc: str | None = None
    status: str
    update_time: int

    def row(self) -> TaskRow:
        """Return the neutral row."""
        return TaskRow(
            task_id=self.task_id,
            job_id=self.job_id,
            product_key=self.product_key,
            device_key=self.device_key,
            asset_id=self.asset_id or "",
            from_version=self.from_version or "",
            to_version=self.to_version,
            status=_status(self.status, _TASK_STATUSES),
            progress=self.progress,
            desc=self.desc,
            updated_epoch_ms=self.update_time,
        )


class DeviceInfo(Shape):
    """`DeviceFirmware`; a device that has reported nothing has no version."""

    asset_id: str | None = None
    product_key: str
    device_key: str
    firmware_version: str | None = None
    is_upgrading: bool

    def row(self) -> DeviceRow:
        """Return the neutral row."""
        return DeviceRow(
            product_key=self.product_key,
            device_key=self.device_key,
            asset_id=self.asset_id or "",
            firmware_version=self.firmware_version or "",
            is_upgrading=self.is_upgrading,
        )


class FirmwareInfo(Shape):
    """A firmware as shown; `fileSize` is a string in the table and a number in the sample."""

    firmware_id: str
    product_key: str | None = None
    name: I18n
    version: str
    desc: str | None = None
    sign_method: str
    sign: str
    file_url: str
    file_size: Whole
    enable_verification: bool
    is_verified: bool | None = None
    create_time: int
    firmware_tags: dict[str, str] | None = None
    max_allowed_for_verification: int | None = None
    min_success_for_verified: int | None = None

    def row(self) -> FirmwareRow:
        """Return the neutral row; the file's name is the last level of its URL, unescaped."""
        order = FirmwareOrder(
            product_key=self.product_key or "",
            names=self.name.names(),
            version=self.version,
            digest=self.sign.lower(),
            digest_method=self.sign_method,
            file_name=unquote(self.file_url.rpartition("/")[2]),
            desc=self.desc or "",
            needs_verification=self.enable_verification,
            verify_devices_max=self.max_allowed_for_verification,
            verify_successes_min=self.min_success_for_verified,
            tags=tuple(sorted((self.firmware_tags or {}).items())),
        )
        return FirmwareRow(
            firmware_id=self.firmware_id,
            order=order,
            url=self.file_url,
            size_bytes=self.file_size,
            is_verified=bool(self.is_verified),
            created_epoch_ms=self.create_time,
        )


class JobInfo(Shape):
    """A job as shown; the policies are null in old jobs and in the page's own sample."""

    product_key: str | None = None
    job_id: str
    name: I18n | None = None
    firmware_id: str
    firmware_version: str | None = None
    firmware_name: I18n | None = None
    type: str = Field(pattern="^(upgrade|verify)$")
    enable_upgrade_request: bool | None = None
    upgrade_policy: str | None = None
    upgrade_scope: ScopeBody
    upgrade_timeout: Whole | None = None
    retry_policy: RetryBody | None = None
    schedule_policy: ScheduleBody | None = None
    maximum_concurrency: Whole | None = None
    status: str
    create_time: int

    def row(self) -> JobRow:
        """Return the neutral row."""
        firmware_name = self.firmware_name
        return JobRow(
            job_id=self.job_id,
            product_key=self.product_key or "",
            order=self._order(),
            firmware_version=self.firmware_version or "",
            firmware_names=Names("") if firmware_name is None else firmware_name.names(),
            status=_status(self.status, _JOB_STATUSES),
            created_epoch_ms=self.create_time,
        )

    def _order(self) -> JobOrder:
        _, open_word = CONTRACT.policy_names or ("", "incremental")
        return JobOrder(
            firmware_id=self.firmware_id,
            kind="verify" if self.type == "verify" else "upgrade",
            scope=scope_of(self.upgrade_scope),
            names=None if self.name is None else self.name.names(),
            open_list=self.upgrade_policy == open_word,
            devices_must_ask=bool(self.enable_upgrade_request),
            timeout_s=self.upgrade_timeout,
            retry=_retry(self.retry_policy),
            window=_window(self.schedule_policy),
            concurrency=self.maximum_concurrency,
        )


def _retry(policy: RetryBody | None) -> Retry | None:
    if policy is None or not policy.enable_retry:
        return None
    return Retry(count=policy.retry_count or 0, interval_s=policy.retry_interval or 0)


def _window(policy: ScheduleBody | None) -> Window | None:
    return None if policy is None else policy.window()


def _status(word: str, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - one of two enums
    if word not in known:
        raise DialectError(f"the status {word!r} is none of {', '.join(known)}")
    return known[word]
