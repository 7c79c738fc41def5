"""A server to play against: feeds a brain, keeps its rows, checks after every move what must hold.

`Server` stands where a driver would: it writes `Keep` rows into plain dictionaries, fires timers in
order, and remembers every message the brain sent. `Server.restart` makes a new brain from the rows
alone, as a restarted process would.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from fleet_sim.backend import rates, requests
from fleet_sim.backend.brain import Brain
from fleet_sim.backend.dispatch import _is_pushable, _may_push
from fleet_sim.backend.events import (
    Answered,
    Called,
    DeviceConnected,
    DeviceGone,
    DropFile,
    Effect,
    Event,
    Forget,
    Journal,
    Keep,
    KeepFile,
    MessageArrived,
    Registered,
    Tell,
    TimeReached,
)
from fleet_sim.backend.state import JobState, cap_of, rate_of
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.filters import AllOf, Comparison, Operator
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.ids import HEX_IDS, IdForms
from fleet_sim.model.messages import (
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionAsked,
    VersionQuery,
    VersionReport,
)
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CreateFirmware,
    CreateJob,
    FirmwareCreated,
    FirmwareOrder,
    JobCreated,
    JobOrder,
    Listed,
    Names,
    Page,
    Scope,
    SearchTasks,
    TaskRow,
    TaskStatus,
)

EPOCH_MS = 1_700_000_000_000  # 2023-11-14 22:13:20 UTC
PRODUCT = "pk"
CONTENT = b"firmware"

CONTRACT = ContractProfile(
    upgrading_starts="first_progress",
    timeout_anchor="upgrading",
    silent_device="waits",
    timeout_s_min=300,
    timeout_s_max=172_800,
    timeout_s=7_200,
    retry_count_min=1,
    retry_count_max=5,
    retry_on=("failed", "timeout"),
    retry_round="per_device",
    foreign_version="fails",
    repush_on_reconnect="while_unanswered",
    between_attempts_status=("queued", "failed"),
    slot_taken_at="push",
    slot_freed_at="attempt_end",
    cap_default=300,
    already_at_target="skip",
    late_success="stick",
    progress_policy="last",
    cancel_shows_as="failed",
    cancel_descs=("user cancel",),
    cancellable=("queued", "pushed"),
    policy_names=("snapshot", "incremental"),
    page_base=1,
    page_size_default=10,
    page_size_max=200,
    busy_device="queue",
    must_have_reported_version=True,
    window_min_s=1_800,
)


def contract(**changes: Any) -> ContractProfile:  # noqa: ANN401 - any parameter
    """Return the contract with some parameters changed."""
    return replace(CONTRACT, **changes)


def device(key: str) -> DeviceId:
    """Return the identity of a device of the one product there is."""
    return DeviceId(PRODUCT, key)


def registration(key: str, **traits: Any) -> Registration:  # noqa: ANN401 - any trait
    """Return a registration with these traits."""
    return Registration(device(key), secret=f"secret of {key}", **traits)


def firmware_order(version: str = "2.0", **more: Any) -> FirmwareOrder:  # noqa: ANN401 - any field
    """Return the order that goes with `CONTENT`."""
    plain: dict[str, Any] = {
        "product_key": PRODUCT,
        "names": Names(f"fw {version}"),
        "version": version,
        "digest": hashlib.sha256(CONTENT).hexdigest(),
        "digest_method": "sha256",
        "file_name": f"{version}.bin",
    }
    return FirmwareOrder(**{**plain, **more})


class Server:
    """A brain and what a driver would hold for it."""

    def __init__(
        self,
        profile: ContractProfile = CONTRACT,
        *planted: str,
        check: bool = True,
        ids: IdForms = HEX_IDS,
    ) -> None:
        self._profile = profile
        self._ids = ids
        self._planted = frozenset(planted)
        self._checks = check and not planted
        self._calls = 0
        self._messages = 0
        self.now_ms = 0
        self.rows: dict[str, dict[str, Mapping[str, Any]]] = {}
        self.files: dict[str, bytes] = {}
        self.told: list[tuple[int, str, ServerMessage | VersionAsked]] = []
        self.journal: list[Journal] = []
        self._rates: dict[str, float] = {}  # of each job the highest it ever had
        self._first_pushes: dict[int, int] = {}  # of each task, by its number, when it left
        self.brain = self._make()

    def _make(self) -> Brain:
        return Brain(
            contract=self._profile,
            planted=self._planted,
            epoch_ms=EPOCH_MS,
            seed=7,
            file_url=lambda firmware_id, file_name: f"http://files/{firmware_id}/{file_name}",
            ids=self._ids,
            products=frozenset({PRODUCT}),
        )

    # --- moves -------------------------------------------------------------------------------

    def do(self, event: Event) -> tuple[Effect, ...]:
        """Feed one event and return what followed, rows included."""
        return self._take(self.brain.handle(event, self.now_ms))

    def restart(self) -> tuple[Effect, ...]:
        """Kill the brain and make a new one from the rows; nobody is connected to it."""
        self.brain = self._make()
        tables = {name: list(table.values()) for name, table in self.rows.items()}
        return self._take(self.brain.restore(tables, self.now_ms))

    def until(self, at_ms: int) -> None:
        """Let time pass, firing every timer at its own instant."""
        while (due := self.brain.next_at_ms) is not None and due <= at_ms:
            self.now_ms = max(self.now_ms, due)
            self.do(TimeReached())
        self.now_ms = at_ms

    def after(self, span_ms: int) -> None:
        """Let this much time pass."""
        self.until(self.now_ms + span_ms)

    def call(self, call: Call) -> Answer:
        """Ask something as an operator."""
        self._calls += 1
        effects = self.do(Called(self._calls, call))
        (answered,) = [effect for effect in effects if isinstance(effect, Answered)]
        assert answered.call_id == self._calls
        return answered.answer

    def upload(self, version: str = "2.0", **more: Any) -> str:  # noqa: ANN401 - any field
        """Upload a firmware and return its id."""
        answer = self.call(CreateFirmware(firmware_order(version, **more), CONTENT))
        assert isinstance(answer, FirmwareCreated), answer
        return answer.firmware_id

    def job(self, version: str = "2.0", *, firmware_id: str = "", **order: Any) -> str:  # noqa: ANN401
        """Create a job, by default for every device, to a version uploaded for it."""
        found = firmware_id or self._firmware_of(version) or self.upload(version)
        plain = {"firmware_id": found, "kind": "upgrade", "scope": Scope()}
        answer = self.call(CreateJob(JobOrder(**{**plain, **order})))
        assert isinstance(answer, JobCreated), answer
        return answer.job_id

    def _firmware_of(self, version: str) -> str | None:
        kept = self.rows.get("firmware", {})
        return next((key for key, row in kept.items() if row["order"]["version"] == version), None)

    def register(self, *keys: str, **traits: Any) -> None:  # noqa: ANN401 - any trait
        """Make devices known."""
        for key in keys:
            self.do(Registered(registration(key, **traits)))

    def connect(self, *keys: str, version: str | None = None) -> None:
        """Connect devices; with a version, they report it."""
        for key in keys:
            self.do(DeviceConnected(device(key)))
            if version is not None:
                self.say(key, VersionReport(self.fresh(), version))

    def gone(self, *keys: str) -> None:
        """End devices' connections."""
        for key in keys:
            self.do(DeviceGone(device(key)))

    def fleet(self, *keys: str, version: str = "1.0") -> None:
        """Register and connect devices that report this version."""
        self.register(*keys)
        self.connect(*keys, version=version)

    def fresh(self) -> str:
        """Return a message id that no device has used."""
        self._messages += 1
        return f"m{self._messages}"

    def say(self, key: str, message: DeviceMessage) -> tuple[ServerMessage | VersionAsked, ...]:
        """Let a device say something and return what this told it."""
        effects = self.do(MessageArrived(device(key), message))
        return tuple(
            effect.message
            for effect in effects
            if isinstance(effect, Tell) and effect.device == device(key)
        )

    def progress(self, key: str, percent: int, desc: str = "", *, module: str = "") -> None:
        """Let a device report progress."""
        self.say(key, ProgressReport(self.fresh(), percent, desc, module))

    def failure(
        self, key: str, code: int = -2, desc: str = "no room", *, module: str = ""
    ) -> FailureReport:
        """Let a device report a failure."""
        report = FailureReport(self.fresh(), FailureCause.DOWNLOAD, desc, code, module)
        self.say(key, report)
        return report

    def version(self, key: str, version: str, *, module: str = "", after: bool = False) -> None:
        """Let a device report its version, or its module's; `after` an upgrade or not."""
        self.say(key, VersionReport(self.fresh(), version, module, after))

    def reply(self, key: str, code: int = 200) -> None:
        """Let a device answer its latest push."""
        self.say(key, UpgradeReply(self.requests(key)[-1].message_id, code))

    def ask(self, key: str, *, module: str = "") -> tuple[ServerMessage | VersionAsked, ...]:
        """Let a device ask for a version."""
        return self.say(key, VersionQuery(self.fresh(), module))

    # --- what one sees -----------------------------------------------------------------------

    def requests(self, key: str) -> list[UpgradeRequest]:
        """Return the upgrade requests a device was sent, oldest first."""
        return [
            message
            for _, who, message in self.told
            if who == key and isinstance(message, UpgradeRequest)
        ]

    def asked(self, key: str) -> int:
        """Return how often a device was asked for its version."""
        return sum(who == key and isinstance(one, VersionAsked) for _, who, one in self.told)

    def pushes(self, key: str) -> int:
        """Return how many upgrade requests a device was sent."""
        return len(self.requests(key))

    def pushed(self) -> list[str]:
        """Return the devices pushed to, in order, repeated ones as often as they were."""
        return [who for _, who, message in self.told if isinstance(message, UpgradeRequest)]

    def rows_of(self, job_id: str) -> list[TaskRow]:
        """Return a job's tasks as an operator sees them."""
        where = AllOf((Comparison("job_id", Operator.EQUAL, (job_id,)),))
        answer = self.call(SearchTasks(where, Page(size=self._profile.page_size_max)))
        assert isinstance(answer, Listed), answer
        return [row for row in answer.rows if isinstance(row, TaskRow)]

    def task(self, job_id: str, key: str) -> TaskRow:
        """Return a device's task in a job as an operator sees it."""
        (row,) = [row for row in self.rows_of(job_id) if row.device_key == key]
        return row

    def status(self, job_id: str, key: str) -> TaskStatus:
        """Return what a task shows."""
        return self.task(job_id, key).status

    # --- what must always hold -----------------------------------------------------------------

    def _take(self, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
        spoken = False
        for effect in effects:
            match effect:
                case Keep(table, key, row):
                    assert not spoken, "a row came after something that may rest on it"
                    assert row["key"] == key
                    self.rows.setdefault(table, {})[key] = row
                case Forget(table, key):
                    assert not spoken
                    self.rows[table].pop(key, None)
                case KeepFile(firmware_id, _, content):
                    self.files[firmware_id] = content
                case DropFile(firmware_id):
                    del self.files[firmware_id]
                case Tell(who, message):
                    spoken = True
                    assert self.brain.stands(who, message)
                    self.told.append((self.now_ms, who.device_key, message))
                case Journal():
                    self.journal.append(effect)
                case Answered():
                    spoken = True
        if self._checks:
            self.check()
            self._check_rates(effects)
        return effects

    def check(self) -> None:
        """Check what must hold after every event of a server without planted bugs."""
        books = self.brain._books
        for known in books.devices.values():
            self._check_lanes([task.job for task in known.active.values()])
        for job in books.jobs.values():
            holding = [task for task in job.tasks if task.has_slot]
            cap = cap_of(job, books.contract, frozenset())
            assert job.slots == len(holding)
            assert cap is None or job.slots <= cap
            assert job.pending == sum(not t.is_final and not t.awaits_round for t in job.tasks)
            has_room = (cap is None or job.slots < cap) and rates.has_room(books, job, self.now_ms)
            for task in job.tasks:
                assert not (task.has_slot and task.is_final)
                is_served = task.device.active.get(job.lane) is task
                assert task.is_active == is_served
                assert (task in task.device.open_tasks) == (not task.is_final)
                assert task.is_active or task.is_waiting or task.due_at_ms is None
                could = _is_pushable(books, task, self.now_ms) and _may_push(
                    books, job, self.now_ms
                )
                has_turn = has_room or (task.has_slot and rates.has_room(books, job, self.now_ms))
                assert not (could and has_turn), f"{task.task_id} was overlooked"

    def _check_lanes(self, running: list[JobState]) -> None:
        """Check that jobs that run on one device at once are for different modules and said so."""
        may = self._profile.modules_side_by_side or all(job.order.side_by_side for job in running)
        assert len({job.module for job in running}) == len(running)
        assert may or len(running) < 2, [job.job_id for job in running]

    def _check_rates(self, effects: tuple[Effect, ...]) -> None:
        """Check that no minute holds more first pushes of a job than its rate.

        Jobs that wait to be asked are left out: a device's own question is answered at once.
        """
        books = self.brain._books
        for effect in effects:
            if isinstance(effect, Tell) and isinstance(effect.message, UpgradeRequest):
                number = requests.task_number(effect.message.message_id)
                self._first_pushes.setdefault(number, self.now_ms)
        for job in books.jobs.values():
            rate = rate_of(job, books.contract, frozenset())
            highest = max(self._rates.get(job.job_id, 0), math.inf if rate is None else rate)
            self._rates[job.job_id] = highest
            at_ms = [self._first_pushes.get(task.number) for task in job.tasks]
            since_ms = self.now_ms - rates.MINUTE_MS
            recent = [one for one in at_ms if one is not None and one > since_ms]
            assert job.order.devices_must_ask or len(recent) <= highest, job.job_id


def statuses(rows: Iterable[TaskRow]) -> dict[str, str]:
    """Return device key to shown status."""
    return {row.device_key: row.status.value for row in rows}
