"""What operators ask of an OTA server, and what it answers, in no vendor's dialect.

Calls and answers are values: a dialect decodes an HTTP request to a call and encodes the answer
(server side), or encodes a call and decodes the answer (client side). Nothing here is checked
against a vendor's ranges; that is the dialect's part (shapes) and the backend's (rules).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from fleet_sim.model.filters import EVERYTHING, Filter
from fleet_sim.model.identity import DeviceId


class TaskStatus(StrEnum):
    """Where a task stands, as shown to operators."""

    UNCONFIRMED = "unconfirmed"  # it waits for a person's consent
    QUEUED = "queued"
    PUSHED = "pushed"
    UNDER_WAY = "under_way"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobStatus(StrEnum):
    """Where a job stands."""

    PLANNED = "planned"  # its window has yet to open
    STARTED = "started"
    STOPPED = "stopped"
    FINISHED = "finished"
    CANCELLED = "cancelled"  # its open list was ended; tasks that it has go on


@dataclass(frozen=True, slots=True)
class Names:
    """A display name: its default, and locale to text (`en_US`, …), which may be empty."""

    default: str
    by_locale: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a result are wanted: `number` from the vendor's base, `size` rows.

    None means the vendor's default.
    """

    number: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which devices a job is for: every one of the product, or those one selector names.

    Attributes:
        product_key: The product, where the firmware names none; else empty.
        versions: The source versions; empty means any.
        total: Every device of the product. Then all selectors are None.
        device_keys: These devices.
        attributes: Attribute name to accepted values; all attributes must match.
        tags: Tag name to accepted values; all tags must match.
        trees: Asset tree id to nodes (with all below them); no nodes: the whole tree.
        groups: Device group ids.
        asset_ids: These assets.
        permille: So many of a thousand of the devices that match when the job is made, at least
            one; None: all.
    """

    product_key: str = ""
    versions: tuple[str, ...] = ()
    total: bool = True
    device_keys: tuple[str, ...] | None = None
    attributes: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    tags: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    trees: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    groups: tuple[str, ...] | None = None
    asset_ids: tuple[str, ...] | None = None
    permille: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """When pushes are allowed.

    Attributes:
        start_epoch_ms: First instant, wall clock.
        end_epoch_ms: Last instant.
        repeat_daily: Only the times of day count, every day.
        utc_offset_minutes: The zone of those times of day.
    """

    start_epoch_ms: int
    end_epoch_ms: int
    repeat_daily: bool = False
    utc_offset_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Retry:
    """Try a task again `count` times, `interval_s` seconds after it ended."""

    count: int
    interval_s: int


@dataclass(frozen=True, slots=True)
class JobOrder:
    """The order over many devices. None means the vendor's default.

    Attributes:
        firmware_id: What they are to run.
        kind: For use, or to try the image on a few.
        scope: Which of them.
        names: How the job is called.
        open_list: Whether later devices join (dynamic); False: frozen at creation (snapshot).
        skips_present: Of an open list: whether only devices join that report a version later.
        devices_must_ask: Whether nothing is pushed to devices that do not ask.
        needs_confirmation: Whether each task waits for a person's consent.
        timeout_s: An attempt's limit.
        retry: Whether and how it is tried again.
        window: When pushes are allowed.
        concurrency: How many attempts may run at a time.
        pushes_a_minute: How many pushes may leave in a minute.
        overwrites: Whether it takes devices over from an older job.
        by_blocks: Whether files are fetched over MQTT.
        waits_for_connect: Whether each device's attempt begins when it next comes on line.
        tags: The job's own, which are handed on to devices.
    """

    firmware_id: str
    kind: Literal["upgrade", "verify"]
    scope: Scope
    names: Names | None = None
    open_list: bool = False
    skips_present: bool = False
    devices_must_ask: bool = False
    needs_confirmation: bool = False
    timeout_s: int | None = None
    retry: Retry | None = None
    window: Window | None = None
    concurrency: int | None = None
    pushes_a_minute: int | None = None
    overwrites: bool = False
    by_blocks: bool = False
    waits_for_connect: bool = False
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FirmwareOrder:
    """A firmware image to be kept by the server; the file itself travels beside it."""

    product_key: str
    names: Names
    version: str
    digest: str
    digest_method: str
    file_name: str
    desc: str = ""
    needs_verification: bool = False
    verify_devices_max: int | None = None
    verify_successes_min: int | None = None
    tags: tuple[tuple[str, str], ...] = ()
    module: str = ""
    from_versions: tuple[str, ...] = ()  # it applies to these alone; empty: to every one
    is_patch: bool = False  # a difference to the one source version, no whole image
    custom: str = ""  # handed on to devices as it is


# --- calls -----------------------------------------------------------------------------------


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
    """Cancel the tasks of these devices in one job."""

    job_id: str
    device_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RetryTasks:
    """Try failed tasks of one job again."""

    job_id: str
    device_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfirmTasks:
    """Consent to tasks that wait for it."""

    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Cancel a job's tasks that stand so, and with `ends_list` let no device join any more."""

    job_id: str
    statuses: tuple[TaskStatus, ...] = ()
    ends_list: bool = False


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


Call: TypeAlias = (
    ConfirmTasks
    | CancelJob
    | UpdateJob
    | UpdateFirmware
    | SearchReported
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


# --- rows and answers ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FirmwareRow:
    """A firmware as shown."""

    firmware_id: str
    order: FirmwareOrder
    url: str
    size_bytes: int
    is_verified: bool
    created_epoch_ms: int


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
    JOB_STARTED = "job_started"
    JOB_STOPPED = "job_stopped"
    JOB_NOT_RUNNING = "job_not_running"
    JOB_RUNNING = "job_running"
    TASK_NOT_CANCELLABLE = "task_not_cancellable"
    TASK_NOT_FAILED = "task_not_failed"
    NO_SUCH_DEVICE = "no_such_device"
    NO_SUCH_TASK = "no_such_task"
    THROTTLED = "throttled"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Refused:
    """The call changed nothing.

    Attributes:
        reason: Why.
        detail: What was wrong, in one sentence; a name or a number where the vendor's text has one.
        code: The vendor's number, filled by a decoder; None on the server side.
    """

    reason: Refusal
    detail: str = ""
    code: int | None = None


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


Row: TypeAlias = FirmwareRow | JobRow | TaskRow | DeviceRow | ReportedRow


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
    FirmwareCreated | FileFound | JobCreated | Done | Versions | Shown | Listed | Refused
)


def plain(mapping: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Freeze a mapping as the sorted pairs these values carry."""
    return tuple(sorted(mapping.items()))
