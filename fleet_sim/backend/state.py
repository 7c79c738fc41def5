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
WAITING = frozenset({TaskStatus.UNCONFIRMED, TaskStatus.QUEUED})


@dataclass(frozen=True, slots=True)
class Heard:
    """A report that a device made a moment ago.

    Attributes:
        message_id: Under which id.
        module: Of which part; "" of the device, or of a part that it left unnamed.
        words: The hash of its words.
        at_ms: When it came.
    """

    message_id: str
    module: str
    words: int
    at_ms: int


@dataclass(slots=True, eq=False)
class DeviceState:
    """A device as the server knows it.

    Attributes:
        registration: Who it is.
        version: The last version it reported of itself as a whole; None before the first report.
        modules: Module to the last version it reported of that part of itself.
        is_connected: Whether it has a connection.
        due_at_ms: Until when a fresh connection is given time to report its version.
        active: Lane to the task whose attempt is running on it. There is one lane, "", unless the
            contract, or a job, lets tasks for different modules run side by side: then one for
            each.
        open_tasks: Its tasks that have not ended, oldest first.
        latest: The task that was pushed last, ended or not.
        connected_at_ms: When its connection began, or its last one.
        progress_at_ms: When it last told of progress on this connection; None: not yet.
        heard: Its last reports on this connection, one for each id, so that copies do nothing.
    """

    registration: Registration
    version: str | None = None
    modules: dict[str, str] = field(default_factory=dict)
    is_connected: bool = False
    due_at_ms: int | None = None
    active: dict[str, TaskState] = field(default_factory=dict)
    open_tasks: list[TaskState] = field(default_factory=list)
    latest: TaskState | None = None
    connected_at_ms: int = 0
    progress_at_ms: int | None = None
    heard: tuple[Heard, ...] = ()
    number: int = 0

    @property
    def device(self) -> DeviceId:
        """Its identity."""
        return self.registration.device

    @property
    def is_reachable(self) -> bool:
        """Whether a push would find it and know what it runs."""
        return self.is_connected and self.due_at_ms is None

    def version_of(self, module: str) -> str | None:
        """Return what it last reported of a module, "" being the whole of it."""
        return self.modules.get(module) if module else self.version

    def running(self, module: str) -> TaskState | None:
        """Return the task for this very module whose attempt is running."""
        return next((task for task in self.active.values() if task.job.module == module), None)

    def serving(self, module: str) -> TaskState | None:
        """Return the running task that a report about a module is about.

        Devices leave the module out where there is no doubt; so one that names none is about the
        only task that is running. With a name, it is about that module's task alone.
        """
        running = list(self.active.values())
        if not module and len(running) == 1:
            return running[0]
        return self.running(module)


@dataclass(slots=True, eq=False)
class FirmwareState:
    """A firmware image that is kept; the file is elsewhere.

    `other_digest` is the file's by the method that the order does not name.
    """

    firmware_id: str
    number: int
    order: FirmwareOrder
    size_bytes: int
    created_at_ms: int
    updated_at_ms: int
    is_verified: bool = False
    other_digest: str = ""


@dataclass(slots=True, eq=False)
class ModuleState:
    """A part of a product's devices that an operator has named."""

    product_key: str
    name: str
    number: int
    alias: str
    desc: str
    created_at_ms: int
    updated_at_ms: int

    @property
    def key(self) -> tuple[str, str]:
        """What it is found by: letters' case tells no two modules of a product apart."""
        return self.product_key, self.name.lower()


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
        updated_at_ms: The last change by an operator.
        status: Started or stopped.
        tasks: All of them, oldest first.
        by_device_key: Device key to task.
        children: Gateway to how many of its children, as they are now, have a task.
        accepts: Tells whether a registered device is named by the scope; versions are apart.
        versions: The source versions; empty means any.
        module: Which part of the devices it is for; "" is the device as a whole.
        sources: The versions that the firmware applies to; empty means any.
        lane: See `DeviceState.active`.
        is_list_over: Whether an operator has ended its open list.
        slots: How many tasks hold a slot.
        pending: How many tasks neither ended nor wait for a retry round.
        ready: A heap of (needs a slot, number, task): tasks for which something has changed. Those
            that kept their slot come first, or they would wait for one another's.
        owed: Tasks whose running attempt must be pushed again once the job may push.
        recent: Number of each task pushed in the last minute to when, in order, where it has a
            rate; of a task that was pushed twice, the last time.
        asked: Number of each task asked for its version in the last minute, and not pushed since,
            to when, in order.
        due_at_ms: The next opening of its window, or the next push that its rate allows, while
            something waits for it.
    """

    job_id: str
    number: int
    order: JobOrder
    product_key: str
    target: str
    firmware_names: Names
    created_at_ms: int
    updated_at_ms: int
    accepts: Callable[[Registration], bool]
    versions: frozenset[str]
    module: str = ""
    sources: frozenset[str] = frozenset()
    lane: str = ""
    is_list_over: bool = False
    status: JobStatus = JobStatus.STARTED
    tasks: list[TaskState] = field(default_factory=list)
    by_device_key: dict[str, TaskState] = field(default_factory=dict)
    children: dict[DeviceId, int] = field(default_factory=dict)
    slots: int = 0
    pending: int = 0
    ready: list[tuple[bool, int, TaskState]] = field(default_factory=list)
    owed: dict[int, TaskState] = field(default_factory=dict)
    recent: dict[int, int] = field(default_factory=dict)
    asked: dict[int, int] = field(default_factory=dict)
    due_at_ms: int | None = None

    @property
    def takes_joiners(self) -> bool:
        """Whether devices that come to match it later get a task."""
        is_open = self.order.open_list and not self.is_list_over
        return is_open and self.status is JobStatus.STARTED

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
        from_version: What the device, or its module, ran when the task was made; "" if unknown.
        created_at_ms: When that was.
        updated_at_ms: The last change of what is shown.
        status: As shown.
        progress: As shown.
        desc: As shown.
        tries_left: Attempts that may still start.
        timeout_s: An attempt's limit; None: none.
        attempt: Attempts started so far.
        pushes: Upgrade requests sent so far, repeated ones included; names the next one.
        pushed_at_ms: When the running attempt started.
        anchor_at_ms: When it got under way.
        asked_at_ms: When the device was asked for its version, as the first step of the attempt;
            None unless its answer is still awaited.
        online_by_ms: By when its device must come on line; None: no need, or it is.
        is_consented: Whether it needs no consent of a person's, or has it.
        awaits_connect: Whether it waits until its device connects anew.
        ran: The version the device ran when the attempt started.
        is_answered: Whether the device has answered the push, as the contract counts it.
        is_between: Whether it waits for another attempt, whatever its status shows.
        awaits_round: Whether it waits until the whole job's first round is over.
        not_before_ms: The earliest start of the next attempt.
        has_slot: Whether it counts against the job's cap.
        why: Why it ended, where no success: `failed`, `timeout`, `cancel`, …
        ended_by: Marks of the failure reports that ended its attempts.
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
    timeout_s: int | None = None
    status: TaskStatus = TaskStatus.QUEUED
    progress: int | None = None
    desc: str | None = None
    attempt: int = 0
    pushes: int = 0
    pushed_at_ms: int | None = None
    anchor_at_ms: int | None = None
    asked_at_ms: int | None = None
    online_by_ms: int | None = None
    is_consented: bool = True
    awaits_connect: bool = False
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
        if self.asked_at_ms is not None:
            return False
        return self.is_between or self.status in WAITING

    @property
    def is_active(self) -> bool:
        """Whether an attempt is running, from its first step on."""
        if self.asked_at_ms is not None:
            return True
        return self.status in ACTIVE and not self.is_between

    @property
    def is_final(self) -> bool:
        """Whether it has ended for good, short of an operator's retry."""
        return not self.is_waiting and not self.is_active

    @property
    def timeout_ms(self) -> int | None:
        """An attempt's limit; None: none."""
        return None if self.timeout_s is None else self.timeout_s * 1000


def is_source(job: JobState, version: str | None) -> bool:
    """Tell whether a device that runs this version is one the job and its firmware are for."""
    return all(not named or version in named for named in (job.versions, job.sources))


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


def rate_of(job: JobState, contract: ContractProfile, planted: frozenset[str]) -> int | None:
    """Return how many attempts of the job may be pushed in a minute; None: any number."""
    if "B53" in planted:
        return None
    asked = job.order.pushes_a_minute
    return contract.pushes_a_minute if asked is None else asked
