"""What an operator orders: firmware, and jobs over many devices; and where those stand.

The words of `northbound`, which is where everybody but that module takes them from.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


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
        millipercent: The share of the devices that match when the job is made, in thousandths of a
            percent: 1 to 100,000, at least one device; None: all.
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
    millipercent: int | None = None


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
        side_by_side: Whether its tasks run beside those of other such jobs for other modules, and
            take a module over from an older job.
        by_blocks: Whether files are fetched over MQTT.
        waits_for_connect: Whether each device's attempt begins when it next comes on line.
        devices_must_exist: Whether it is refused as a whole for a device that nobody knows.
        tags: The job's own, which go to devices with each push, where the vendor's has a place
            for them: Alink's has.
        gateway_extra: The operator's words for gateways, a JSON object or "". With them each
            message for a child tells its gateway of the job; None: it tells nothing of it.
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
    side_by_side: bool = False
    by_blocks: bool = False
    waits_for_connect: bool = False
    devices_must_exist: bool = False
    tags: tuple[tuple[str, str], ...] = ()
    gateway_extra: str | None = None


@dataclass(frozen=True, slots=True)
class FirmwareOrder:
    """A firmware image to be kept by the server; the file itself travels beside it.

    Attributes:
        product_key: Whose devices it is for; "" where its jobs say.
        names: How it is called.
        version: What a device reports that runs it.
        digest: Of the file, in hexadecimal digits.
        digest_method: `md5` or `sha256`.
        file_name: How the file is called.
        desc: Free text for operators.
        needs_verification: Whether it must have been tried before others get it.
        verify_devices_max: How many devices may try it; None: as the server has it.
        verify_successes_min: How many must succeed at that; None likewise.
        tags: For operators to find it by; no vendor's push has a place for them.
        module: Which part of the devices it is for; "" is the device as a whole.
        from_versions: It applies to these alone; empty: to every one.
        is_patch: Whether it is a difference to its one source version. Alink's push says so; where
            a vendor's has no word for it, nothing does.
        custom: Text that goes to devices as it is, where the vendor's push has a place for it:
            Alink's and Huawei's have.
        needs_token: Whether devices fetch its file by a token that their upgrade request brings.
    """

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
    from_versions: tuple[str, ...] = ()
    is_patch: bool = False
    custom: str = ""
    needs_token: bool = False
