"""What an OTA server answers its operators: rows, refusals, and what a call brought about.

The words of `northbound`, which is where everybody but that module takes them from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from fleet_sim.model.orders import FirmwareOrder, JobOrder, JobStatus, Names, TaskStatus


@dataclass(frozen=True, slots=True)
class Trial:
    """How the last job to verify a firmware stands.

    Attributes:
        percent: How many of a hundred of its tasks have succeeded.
        is_over: Whether all of them have ended.
    """

    percent: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class FirmwareRow:
    """A firmware as shown; `trial` is None where there was none, or the vendor does not show it.

    `updated_epoch_ms` is the last change of what is shown, None where the vendor does not show it.
    """

    firmware_id: str
    order: FirmwareOrder
    url: str
    size_bytes: int
    is_verified: bool
    created_epoch_ms: int
    trial: Trial | None = None
    updated_epoch_ms: int | None = None


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as shown.

    Attributes:
        job_id: The server's name for it.
        product_key: Whose devices.
        order: As asked, with the vendor's defaults filled in.
        firmware_version: The target.
        firmware_names: The firmware's names when the job was made.
        status: Where it stands.
        created_epoch_ms: When it was made.
        counts: Its tasks by status, in the order of the statuses, none left out; empty where a
            wire does not show them.
        timeouts: How many of those that failed ended by a timeout.
        retries_due: How many of each status have failed and wait to be tried again, whatever status
            the contract has them show meanwhile; empty where there are none, or it is not shown.
        updated_epoch_ms: The last change of what is shown but the counts; None where not shown.
        started_epoch_ms: When it might push first; None before, and where not shown.
        ended_epoch_ms: When it was stopped, or its last task ended; None before, and where not
            shown.
    """

    job_id: str
    product_key: str
    order: JobOrder
    firmware_version: str
    firmware_names: Names
    status: JobStatus
    created_epoch_ms: int
    counts: tuple[tuple[TaskStatus, int], ...] = ()
    timeouts: int = 0
    retries_due: tuple[tuple[TaskStatus, int], ...] = ()
    updated_epoch_ms: int | None = None
    started_epoch_ms: int | None = None
    ended_epoch_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as shown.

    Attributes:
        task_id: The server's name for it.
        job_id: Its job.
        product_key: Its device, with `device_key`.
        device_key: See `product_key`.
        asset_id: The platform's own name for the device.
        from_version: What the device ran when the task was made.
        to_version: The target.
        status: Where it stands.
        progress: 0 to 100, a negative failure code, or None.
        desc: Free text of the device or the server.
        updated_epoch_ms: The last change.
        created_epoch_ms: When it was made; None where the vendor does not show it.
        started_epoch_ms: When its running, or last, attempt began; None before and where not shown.
        module: Which part of the device it is for; "" is the device as a whole.
        firmware_id: What it is to run; "" where the vendor does not show it.
        timeout_s: Its limit of an attempt, which a later change of the job's leaves as it was; None
            where there is none, or it is not shown.
        is_retry_due: Whether it has failed and waits to be tried again; never where not shown.
    """

    task_id: str
    job_id: str
    product_key: str
    device_key: str
    asset_id: str
    from_version: str
    to_version: str
    status: TaskStatus
    progress: int | None
    desc: str | None
    updated_epoch_ms: int
    created_epoch_ms: int | None = None
    started_epoch_ms: int | None = None
    module: str = ""
    firmware_id: str = ""
    timeout_s: int | None = None
    is_retry_due: bool = False


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device's firmware as shown."""

    product_key: str
    device_key: str
    asset_id: str
    firmware_version: str
    is_upgrading: bool


class Refusal(StrEnum):
    """Why a call was refused; each dialect has a code and a sentence for it."""

    BAD_ARGUMENT = "bad_argument"
    DENIED = "denied"
    NO_SUCH_FIRMWARE = "no_such_firmware"
    NO_SUCH_JOB = "no_such_job"
    VERSION_EXISTS = "version_exists"
    NAME_EXISTS = "name_exists"
    FIRMWARE_BUSY = "firmware_busy"
    FIRMWARE_IN_USE = "firmware_in_use"
    FIRMWARE_UNVERIFIED = "firmware_unverified"
    VERIFY_SCOPE_TOTAL = "verify_scope_total"
    VERIFY_TOO_MANY = "verify_too_many"
    VERIFY_RUNNING = "verify_running"
    VERIFY_DONE = "verify_done"
    JOB_STARTED = "job_started"
    JOB_STOPPED = "job_stopped"
    JOB_NOT_RUNNING = "job_not_running"
    JOB_RUNNING = "job_running"
    TASK_NOT_CANCELLABLE = "task_not_cancellable"
    TASK_NOT_FAILED = "task_not_failed"
    NO_SUCH_PRODUCT = "no_such_product"
    NO_SUCH_DEVICE = "no_such_device"
    NO_SUCH_TASK = "no_such_task"
    NO_SUCH_MODULE = "no_such_module"
    MODULE_EXISTS = "module_exists"
    MODULE_IN_USE = "module_in_use"
    MODULES_TOO_MANY = "modules_too_many"
    THROTTLED = "throttled"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Refused:
    """The call changed nothing, or only a part of what it asked for.

    Attributes:
        reason: Why.
        detail: What was wrong, in one sentence; a name or a number where the vendor's text has one.
        code: The vendor's number or word, filled by a decoder; None on the server side.
        is_partial: Whether the rest of what was asked for was done, filled by a decoder.
    """

    reason: Refusal
    detail: str = ""
    code: int | str | None = None
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class FirmwareCreated:
    """The image is kept under this id."""

    firmware_id: str


@dataclass(frozen=True, slots=True)
class FileFound:
    """The file is kept under this name.

    Attributes:
        firmware_id: Whose file.
        file_name: Its name, where it is kept; "" on the client's side.
        content: Its bytes on the client's side; a server leaves them to what carries its answers.
    """

    firmware_id: str
    file_name: str = ""
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class JobCreated:
    """The job runs under this id."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Done:
    """The call took effect; there is nothing to show."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Reported versions, sorted."""

    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportedRow:
    """A module's version as its device last reported it; module "" is the device as a whole."""

    product_key: str
    device_key: str
    asset_id: str
    module: str
    version: str


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """A part of a product's devices, as somebody named it.

    Attributes:
        product_key: Whose devices.
        module: Its name, which never changes.
        alias: What people call it; "" where nobody said.
        desc: Free text; likewise.
        created_epoch_ms: When it was named.
        updated_epoch_ms: When its alias or its description changed last.
    """

    product_key: str
    module: str
    alias: str
    desc: str
    created_epoch_ms: int
    updated_epoch_ms: int


Row: TypeAlias = FirmwareRow | JobRow | TaskRow | DeviceRow | ReportedRow


@dataclass(frozen=True, slots=True)
class Modules:
    """All modules that a product names, oldest first."""

    rows: tuple[ModuleRow, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One row."""

    row: FirmwareRow | JobRow


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a search.

    Attributes:
        rows: At most `page_size` of them.
        page_number: As asked, or the default.
        page_size: As asked, or the default.
        total: Rows on all pages.
    """

    rows: tuple[Row, ...]
    page_number: int
    page_size: int
    total: int


Answer: TypeAlias = (
    FirmwareCreated | FileFound | JobCreated | Done | Versions | Modules | Shown | Listed | Refused
)
