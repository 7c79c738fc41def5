"""The operator of a run: uploads images, orders jobs, cancels, retries and stops.

What it made is cleaned up by `clean_up`. Its writes are recorded as `writes` says, with these
arguments:

    create_firmware  fleet, product, version, size, digest                     ok: firmware
    create_job       fleet, product, firmware, to_version, from_versions,
                     device_keys (null: all), concurrency, timeout_s, retry_count,
                     retry_interval_s, window (null or start_ms, end_ms, repeat_daily),
                     job_kind, policy, must_ask, pushes_a_minute (where it has one)
                                                                                ok: job
    cancel_tasks, retry_tasks   job, device_keys
    stop_job                    job
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, assert_never

from fleet_sim.model.northbound import (
    Call,
    CancelTasks,
    CreateFirmware,
    CreateJob,
    Done,
    FirmwareCreated,
    FirmwareRow,
    JobCreated,
    JobOrder,
    Names,
    Refusal,
    Refused,
    Retry,
    RetryTasks,
    Scope,
    StopJob,
    Window,
)
from fleet_sim.model.record import Source
from fleet_sim.report.run import NorthboundFigures
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.operator.images import Image, images_of, named_firmware
from fleet_sim.runtime.operator.northbound import Northbound, Reply
from fleet_sim.runtime.operator.writes import Writes, refusal_text
from fleet_sim.runtime.run_log import RunLog
from fleet_sim.scenario.plan import EventPlan, JobPlan, Plan

ANSWER_LOOK_MS = 100  # How often an operator who waits for an answer looks.


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job that the backend has accepted."""

    job_id: str
    plan: JobPlan
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class Order:
    """A job that the backend was asked for."""

    plan: JobPlan
    firmware_id: str


class Control:
    """Carries out a plan's jobs and the operator's part of its events.

    Args:
        plan: Which: what concerns one cloud.
        northbound: The session with its backend.
        clock: The run's.
        log: Where writes are recorded.
        epoch_ms: The wall clock at t = 0.
        on_job: Gets each job that the backend accepts.
        known: What the backend says of firmware that jobs name.
        numbers: Of its writes, see `Writes`; None where it is the only one to write.

    Attributes:
        jobs: What the backend has accepted, in order of creation.
        stopped: The ids of those that were stopped.
        uploaded: Firmware id to image, of those that the backend has taken.
        unsure: Images and orders without an answer: what they ask for may be there, or not.
        refusals: One sentence for each write of the plan that was refused or got no answer.
    """

    def __init__(
        self,
        plan: Plan,
        northbound: Northbound,
        clock: Clock,
        log: RunLog,
        *,
        epoch_ms: int,
        on_job: Callable[[OpenJob], None],
        known: Sequence[FirmwareRow] = (),
        numbers: Iterator[int] | None = None,
    ) -> None:
        self._plan = plan
        self._northbound = northbound
        self._writes = Writes(northbound, log, numbers or count(1))
        self._clock = clock
        self._log = log
        self._known = known
        self._epoch_ms = epoch_ms
        self._on_job = on_job
        self._product_of = {fleet.name: fleet.product_key for fleet in plan.fleets}
        self._firmware = named_firmware(plan)
        self._ordered = 0
        self._is_halted = False
        self.jobs: list[OpenJob] = []
        self.stopped: set[str] = set()
        self.uploaded: dict[str, Image] = {}
        self.unsure: list[Image | Order] = []
        self.refusals: list[str] = []

    def start(self) -> None:
        """Upload the images one after another, and see that jobs and events come in time."""
        for row in self._known:
            self._log.add(Source.CONTROL, "firmware_known", fields=_firmware_fields(row))
        self._upload(images_of(self._plan))
        for event in self._plan.events:
            self._clock.call_at(event.at_ms, self._event, event)

    def halt(self) -> None:
        """Upload, order and do nothing more; what is under way is answered still."""
        self._is_halted = True

    def when_answered(self, then: Callable[[], None]) -> None:
        """Call `then` once no write waits for its answer, perhaps at once."""
        self._writes.when_idle(then)

    @property
    def has_open_writes(self) -> bool:
        """Whether a write waits for its answer."""
        return self._writes.open > 0

    @property
    def traffic(self) -> NorthboundFigures:
        """What the session with the backend came to so far."""
        return self._northbound.traffic

    @property
    def is_done(self) -> bool:
        """Whether every job of the plan was ordered, every event happened and was answered."""
        is_ordered = self._ordered >= len(self._plan.jobs)
        is_past = self._clock.now_ms() >= self._last_event_at_ms
        return is_ordered and is_past and not self.has_open_writes

    @property
    def _last_event_at_ms(self) -> int:
        return max((event.at_ms + event.for_ms for event in self._plan.events), default=0)

    # --- images and jobs -------------------------------------------------------------------

    def _upload(self, images: Sequence[Image]) -> None:
        if self._is_halted:
            return
        if not images:
            for job in self._plan.jobs:
                self._clock.call_at(job.at_ms, self._order, job)
            return
        image, *others = images
        content = image.content(self._plan.seed)
        order = image.order(content)
        fields = {"fleet": image.fleet, "product": image.product_key, "version": image.version,
                  "size": image.size_bytes, "digest": order.digest}  # fmt: skip

        def uploaded(reply: Reply) -> None:
            if not reply.is_unsure:
                self.unsure.remove(image)
            if isinstance(answer := reply.answer, FirmwareCreated):
                self._firmware[image.product_key, image.version] = answer.firmware_id
                self.uploaded[answer.firmware_id] = image
            self._upload(others)

        self.unsure.append(image)
        self._write(CreateFirmware(order, content), "create_firmware", fields, uploaded)

    def _order(self, job: JobPlan) -> None:
        if self._is_halted:
            return
        self._ordered += 1
        product_key = self._product_of[job.fleet]
        firmware_id = self._firmware.get((product_key, job.to_version))
        if firmware_id is None:
            self.refusals.append(f"the job for {job.fleet} has no firmware {job.to_version}")
            return
        order = self._job_order(job, product_key, firmware_id)
        asked = Order(job, firmware_id)

        def ordered(reply: Reply) -> None:
            if not reply.is_unsure:
                self.unsure.remove(asked)
            if isinstance(answer := reply.answer, JobCreated):
                opened = OpenJob(answer.job_id, job, self._clock.now_ms())
                self.jobs.append(opened)
                self._on_job(opened)

        self.unsure.append(asked)
        self._write(CreateJob(order), "create_job", _job_fields(job, product_key, order), ordered)

    def _job_order(self, job: JobPlan, product_key: str, firmware_id: str) -> JobOrder:
        window = None
        if job.window is not None:
            window = Window(
                self._epoch_ms + job.window.start_ms, self._epoch_ms + job.window.end_ms
            )
        return JobOrder(
            firmware_id=firmware_id,
            kind="upgrade",
            scope=self._scope(job, product_key),
            names=Names(job_name(self._plan, job)),
            devices_must_ask=job.must_ask,
            timeout_s=job.timeout_s,
            retry=Retry(job.retry_count, job.retry_interval_s) if job.retry_count else None,
            window=window,
            concurrency=job.concurrency,
            open_list=job.open_list,
            pushes_a_minute=job.pushes_a_minute,
        )

    def _scope(self, job: JobPlan, product_key: str) -> Scope:
        """A fleet with a product of its own is the whole of it; else its devices are named."""
        others = [
            fleet for fleet in self._plan.fleets
            if fleet.product_key == product_key and fleet.name != job.fleet
        ]  # fmt: skip
        if not others and self._plan.target.devices is None:
            return Scope(versions=job.from_versions)
        mine = tuple(one.device.device_key for one in self._plan.devices if one.fleet == job.fleet)
        return Scope(versions=job.from_versions, total=False, device_keys=mine)

    # --- events ----------------------------------------------------------------------------

    def _event(self, event: EventPlan) -> None:
        if event.kind == "disconnect" or self._is_halted:
            return  # the fleet's part, or nobody's any more
        latest = next((job for job in reversed(self.jobs) if job.plan.fleet == event.fleet), None)
        if latest is None and self.has_open_writes:
            # The job is being ordered at this very moment: an operator waits for the answer.
            self._clock.call_at(self._clock.now_ms() + ANSWER_LOOK_MS, self._event, event)
            return
        if latest is None:
            self.refusals.append(f"{event.kind}: {event.fleet} has no job yet")
            return
        keys = tuple(device.device_key for device in event.devices)
        call: Call
        match event.kind:
            case "cancel":
                call = CancelTasks(latest.job_id, keys)
            case "retry":
                call = RetryTasks(latest.job_id, keys)
            case "stop":
                call = StopJob(latest.job_id)
            case _:
                assert_never(event.kind)
        name = {"cancel": "cancel_tasks", "retry": "retry_tasks", "stop": "stop_job"}[event.kind]
        fields = {} if event.kind == "stop" else {"device_keys": list(keys)}
        # What the backend answers to an operator's event is what the run is about: no refusal.
        self._writes.send(
            call, name, fields, lambda reply: self._done(call, reply), job=latest.job_id
        )

    def _done(self, call: Call, reply: Reply) -> None:
        if isinstance(call, StopJob) and isinstance(reply.answer, Done):
            self.stopped.add(call.job_id)

    def _write(
        self,
        call: Call,
        name: str,
        fields: Mapping[str, Any],
        then: Callable[[Reply], None],
    ) -> None:
        """Send a write of the plan itself: what comes of it is told, unless it is done."""

        def answered(reply: Reply) -> None:
            if reply.is_unsaid:
                self.refusals.append(f"{name} was not sent: {reply.why}")
            elif reply.answer is None:
                self.refusals.append(f"the backend gave no answer to {name}: {reply.why}")
            elif isinstance(reply.answer, Refused):
                self.refusals.append(_refusal(name, reply.answer))
            then(reply)

        self._writes.send(call, name, fields, answered)


def job_name(plan: Plan, job: JobPlan) -> str:
    """Return what operators see a job called."""
    return f"{plan.name}: {job.fleet} to {job.to_version}"


def _refusal(name: str, refused: Refused) -> str:
    said = f"the backend refused {name} with {refused.code}: {refusal_text(refused)}"
    if refused.reason in {Refusal.VERSION_EXISTS, Refusal.NAME_EXISTS}:
        return f"{said}; to use what it has, name it in the job: image: {{firmware_id: …}}"
    return said


def _firmware_fields(row: FirmwareRow) -> Mapping[str, Any]:
    return {
        "firmware": row.firmware_id,
        "product": row.order.product_key,
        "version": row.order.version,
        "size": row.size_bytes,
        "digest": row.order.digest,
        "digest_method": row.order.digest_method,
    }


def _job_fields(job: JobPlan, product_key: str, order: JobOrder) -> Mapping[str, Any]:
    window = None
    if job.window is not None:
        window = {"start_ms": job.window.start_ms, "end_ms": job.window.end_ms,
                  "repeat_daily": False}  # fmt: skip
    keys = order.scope.device_keys
    return {
        "fleet": job.fleet,
        "product": product_key,
        "firmware": order.firmware_id,
        "to_version": job.to_version,
        "from_versions": list(job.from_versions),
        "device_keys": None if keys is None else list(keys),
        "concurrency": job.concurrency,
        "timeout_s": job.timeout_s,
        "retry_count": job.retry_count,
        "retry_interval_s": job.retry_interval_s,
        "window": window,
        "job_kind": order.kind,
        "policy": "incremental" if job.open_list else "snapshot",
        "must_ask": job.must_ask,
        **({} if job.pushes_a_minute is None else {"pushes_a_minute": job.pushes_a_minute}),
    }
