"""What the backend remembers: devices, firmware, jobs, tasks. Plain records, changed in place.

Each of devices, jobs and tasks has at most one timer, `due_at_ms`; see `timers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.northbound import (
    FirmwareOrder,
    JobOrder,
    JobStatus,
    Names,
    TaskStatus,
)

ACTIVE = frozenset({TaskStatus.PUSHED, TaskStatus.UNDER_WAY})


@dataclass(slots=True, eq=False)
class DeviceState:
    """A device as the server knows it.

    Attributes:
        registration: Who it is.
        version: The last version it reported; None before the first report.
        is_connected: Whether it has a connection.
        due_at_ms: Until when a fresh connection is given time to report its version.
        active: The task whose attempt is running on it.
        open_tasks: Its tasks that have not ended, oldest first.
        latest: The task whose attempt ran last, ended or not.
        heard: Fingerprints of its last reports on this connection, so that copies do nothing.
    """

    registration: Registration
    version: str | None = None
    is_connected: bool = False
    due_at_ms: int | None = None
    active: TaskState | None = None
    open_tasks: list[TaskState] = field(default_factory=list)
    latest: TaskState | None = None
    heard: tuple[int, ...] = ()
    number: int = 0

    @property
    def device(self) -> DeviceId:
        """Its identity."""
        return self.registration.device

    @property
    def is_reachable(self) -> bool:
        """Whether a push would find it and know what it runs."""
        return self.is_connected and self.due_at_ms is None


@dataclass(slots=True, eq=False)
class FirmwareState:
    """A firmware image that is kept; the file is elsewhere."""

    firmware_id: str
    number: int
    order: FirmwareOrder
    size_bytes: int
    created_at_ms: int
    is_verified: bool = False


@dataclass(slots=True, eq=False)
class JobState:
    """A job and what is derived from its order.

    Attributes:
        job_id: Its name.
        number: Its place in the order of creation.
        order: As asked, with the vendor's defaults filled in.
        product_key: Whose devices.
        target: The version to reach.
        firmware_names: The firmware's names when the job was made.
        created_at_ms: When.
        status: Started or stopped.
        tasks: All of them, oldest first.
        by_device_key: Device key to task.
        accepts: Tells whether a registered device is named by the scope; versions are apart.
        versions: The source versions; empty means any.
        slots: How many tasks hold a slot.
        pending: How many tasks neither ended nor wait for a retry round.
        ready: A heap of (needs a slot, number, task): tasks for which something has changed. Those
            that kept their slot come first, or they would wait for one another's.
        owed: Tasks whose running attempt must be pushed again once the job may push.
        due_at_ms: The next opening of its window, while something waits for it.
    """

    job_id: str
    number: int
    order: JobOrder
    product_key: str
    target: str
    firmware_names: Names
    created_at_ms: int
    accepts: Callable[[Registration], bool]
    versions: frozenset[str]
    status: JobStatus = JobStatus.STARTED
    tasks: list[TaskState] = field(default_factory=list)
    by_device_key: dict[str, TaskState] = field(default_factory=dict)
    slots: int = 0
    pending: int = 0
    ready: list[tuple[bool, int, TaskState]] = field(default_factory=list)
    owed: dict[int, TaskState] = field(default_factory=dict)
    due_at_ms: int | None = None

    @property
    def timeout_ms(self) -> int | None:
        """An attempt's limit; None: none."""
        return None if self.order.timeout_s is None else self.order.timeout_s * 1000

    @property
    def gap_ms(self) -> int:
        """How long after an attempt's end the next may start."""
        return self.order.retry.interval_s * 1000 if self.order.retry else 0


@dataclass(slots=True, eq=False)
class TaskState:
    """One device in one job.

    Attributes:
        task_id: Its name.
        number: Its place in the order of creation, over all jobs.
        job: Its job.
        device: Its device.
        from_version: What the device ran when the task was made; "" if unknown.
        created_at_ms: When that was.
        updated_at_ms: The last change of what is shown.
        status: As shown.
        progress: As shown.
        desc: As shown.
        tries_left: Attempts that may still start.
        attempt: Attempts started so far.
        pushes: Upgrade requests sent so far, repeated ones included; names the next one.
        pushed_at_ms: When the running attempt started.
        anchor_at_ms: When it got under way.
        ran: The version the device ran when the attempt started.
        is_answered: Whether the device has answered the push, as the contract counts it.
        is_between: Whether it waits for another attempt, whatever its status shows.
        awaits_round: Whether it waits until the whole job's first round is over.
        not_before_ms: The earliest start of the next attempt.
        has_slot: Whether it counts against the job's cap.
        why: Why it ended, where no success: `failed`, `timeout`, `cancel`, …
        ended_by: Ids of the reports that ended its attempts.
        is_ready: Whether it stands in its job's `ready`.
        due_at_ms: The running attempt's deadline, or the end of the retry gap.
    """

    task_id: str
    number: int
    job: JobState
    device: DeviceState
    from_version: str
    created_at_ms: int
    updated_at_ms: int
    tries_left: int
    status: TaskStatus = TaskStatus.QUEUED
    progress: int | None = None
    desc: str | None = None
    attempt: int = 0
    pushes: int = 0
    pushed_at_ms: int | None = None
    anchor_at_ms: int | None = None
    ran: str = ""
    is_answered: bool = False
    is_between: bool = False
    awaits_round: bool = False
    not_before_ms: int = 0
    has_slot: bool = False
    why: str = ""
    ended_by: tuple[str, ...] = ()
    is_ready: bool = False
    due_at_ms: int | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether an attempt may still start and none is running."""
        return self.is_between or self.status is TaskStatus.QUEUED

    @property
    def is_active(self) -> bool:
        """Whether an attempt is running."""
        return self.status in ACTIVE and not self.is_between

    @property
    def is_final(self) -> bool:
        """Whether it has ended for good, short of an operator's retry."""
        return not self.is_waiting and not self.is_active


def tries_of(order: JobOrder, planted: frozenset[str]) -> int:
    """Return how many attempts a task of this job may have."""
    if order.retry is None or not order.retry.count:
        return 1
    wrong = ("B10" in planted) - ("B11" in planted)
    return 1 + order.retry.count + wrong


def cap_of(job: JobState, contract: ContractProfile, planted: frozenset[str]) -> int | None:
    """Return how many tasks of the job may hold a slot; None: all of them."""
    cap = job.order.concurrency if job.order.concurrency is not None else contract.cap_default
    return cap if cap is None else cap + ("B01" in planted)
