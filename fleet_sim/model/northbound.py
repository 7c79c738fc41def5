"""What operators ask of an OTA server, and what it answers, in no vendor's dialect.

Calls and answers are values: a dialect decodes an HTTP request to a call and encodes the answer
(server side), or encodes a call and decodes the answer (client side). Nothing here is checked
against a vendor's ranges; that is the dialect's part (shapes) and the backend's (rules).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from fleet_sim.model.answers import (
    Answer,
    DeviceRow,
    Done,
    FileFound,
    FirmwareCreated,
    FirmwareRow,
    JobCreated,
    JobRow,
    Listed,
    ModuleRow,
    Modules,
    Refusal,
    Refused,
    ReportedRow,
    Row,
    Shown,
    TaskRow,
    Trial,
    Versions,
)
from fleet_sim.model.filters import EVERYTHING, Filter
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.orders import (
    FirmwareOrder,
    JobOrder,
    JobStatus,
    Names,
    Retry,
    Scope,
    TaskStatus,
    Window,
)

# Orders and answers are this module's words too; they stand apart for its length only.
__all__ = [
    "Answer",
    "Call",
    "CancelJob",
    "CancelTasks",
    "ConfirmTasks",
    "CreateFirmware",
    "CreateJob",
    "CreateModule",
    "DeleteFirmware",
    "DeleteJob",
    "DeleteModule",
    "DeviceRow",
    "Done",
    "FetchFile",
    "FileFound",
    "FirmwareCreated",
    "FirmwareOrder",
    "FirmwareRow",
    "GetFirmware",
    "GetJob",
    "JobCreated",
    "JobOrder",
    "JobRow",
    "JobStatus",
    "ListModules",
    "ListVersions",
    "Listed",
    "ModuleRow",
    "Modules",
    "Names",
    "Page",
    "Refusal",
    "Refused",
    "ReportedRow",
    "Retry",
    "RetryTasks",
    "Row",
    "Scope",
    "SearchDevices",
    "SearchFirmware",
    "SearchJobs",
    "SearchReported",
    "SearchTasks",
    "Shown",
    "StartJob",
    "StopJob",
    "TaskRow",
    "TaskStatus",
    "Trial",
    "UpdateFirmware",
    "UpdateJob",
    "UpdateModule",
    "Versions",
    "Window",
    "plain",
]


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a result are wanted: `number` from the vendor's base, `size` rows.

    None means the vendor's default.
    """

    number: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class CreateFirmware:
    """Keep this image. `content` is the file's bytes."""

    order: FirmwareOrder
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class GetFirmware:
    """Show one firmware."""

    firmware_id: str


@dataclass(frozen=True, slots=True)
class SearchFirmware:
    """List firmware."""

    where: Filter = EVERYTHING
    page: Page = Page()


@dataclass(frozen=True, slots=True)
class DeleteFirmware:
    """Forget a firmware."""

    firmware_id: str


@dataclass(frozen=True, slots=True)
class FetchFile:
    """Send the file of a firmware, as a device would get it.

    Attributes:
        firmware_id: Whose file.
        device: On whose behalf; None where `asset_id` says it.
        asset_id: The same by the platform's own name for the device; "" where `device` says it.
    """

    firmware_id: str
    device: DeviceId | None = None
    asset_id: str = ""


@dataclass(frozen=True, slots=True)
class ListVersions:
    """List the versions that devices of the product have reported."""

    product_key: str


@dataclass(frozen=True, slots=True)
class SearchDevices:
    """List devices with their firmware version and whether they are upgrading."""

    where: Filter = EVERYTHING
    page: Page = Page()


@dataclass(frozen=True, slots=True)
class CreateJob:
    """Start a job."""

    order: JobOrder


@dataclass(frozen=True, slots=True)
class GetJob:
    """Show one job."""

    job_id: str


@dataclass(frozen=True, slots=True)
class SearchJobs:
    """List jobs, newest first."""

    where: Filter = EVERYTHING
    page: Page = Page()


@dataclass(frozen=True, slots=True)
class StartJob:
    """Start a stopped job again."""

    job_id: str


@dataclass(frozen=True, slots=True)
class StopJob:
    """Stop a job: it pushes nothing new."""

    job_id: str


@dataclass(frozen=True, slots=True)
class DeleteJob:
    """Forget a stopped job and its tasks."""

    job_id: str


@dataclass(frozen=True, slots=True)
class SearchTasks:
    """List tasks."""

    where: Filter = EVERYTHING
    page: Page = Page()


@dataclass(frozen=True, slots=True)
class CancelTasks:
    """Cancel the tasks of these devices in one job.

    Attributes:
        job_id: Which; "" means every job of the firmware.
        device_keys: Whose tasks.
        firmware_id: The job's firmware, where the vendor asks for it or no job is named; else "".
        product_key: The devices' product, likewise.
    """

    job_id: str
    device_keys: tuple[str, ...]
    firmware_id: str = ""
    product_key: str = ""


@dataclass(frozen=True, slots=True)
class RetryTasks:
    """Try failed tasks of one job again: those named by device or by id; neither: all of them."""

    job_id: str
    device_keys: tuple[str, ...] = ()
    task_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfirmTasks:
    """Consent to tasks that wait for it."""

    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Cancel a job's tasks that stand so, and with `ends_list` let no device join any more.

    With `is_planned`, all of them as well, provided that the job's window has not opened yet.
    """

    job_id: str
    statuses: tuple[TaskStatus, ...] = ()
    ends_list: bool = False
    is_planned: bool = False


@dataclass(frozen=True, slots=True)
class UpdateJob:
    """Change a running job; None leaves as it is."""

    job_id: str
    pushes_a_minute: int | None = None
    timeout_s: int | None = None
    versions: tuple[str, ...] | None = None
    tags: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class UpdateFirmware:
    """Rename a firmware, or describe it anew; None leaves as it is."""

    firmware_id: str
    names: Names | None = None
    desc: str | None = None
    custom: str | None = None


@dataclass(frozen=True, slots=True)
class SearchReported:
    """List what each module of one device, or of a product's devices, last reported."""

    where: Filter = EVERYTHING
    page: Page = Page()


@dataclass(frozen=True, slots=True)
class CreateModule:
    """Name a part of a product's devices, which firmware may then be for."""

    product_key: str
    module: str
    alias: str = ""
    desc: str = ""


@dataclass(frozen=True, slots=True)
class UpdateModule:
    """Give a module another alias or description; None leaves as it is."""

    product_key: str
    module: str
    alias: str | None = None
    desc: str | None = None


@dataclass(frozen=True, slots=True)
class DeleteModule:
    """Forget a module that no firmware is for."""

    product_key: str
    module: str


@dataclass(frozen=True, slots=True)
class ListModules:
    """List the modules of a product."""

    product_key: str


Call: TypeAlias = (
    ConfirmTasks
    | CancelJob
    | UpdateJob
    | UpdateFirmware
    | SearchReported
    | CreateModule
    | UpdateModule
    | DeleteModule
    | ListModules
    | CreateFirmware
    | GetFirmware
    | SearchFirmware
    | DeleteFirmware
    | FetchFile
    | ListVersions
    | SearchDevices
    | CreateJob
    | GetJob
    | SearchJobs
    | StartJob
    | StopJob
    | DeleteJob
    | SearchTasks
    | CancelTasks
    | RetryTasks
)


def plain(mapping: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Freeze a mapping as the sorted pairs these values carry."""
    return tuple(sorted(mapping.items()))
