"""The operator of a run: uploads images, orders jobs, cancels and stops, and records each write.

A write is two records: `api_invoke`, and `api_ok`, `api_fail` or `api_unknown` with the same `no`.
A write without an answer is never sent again: it may have taken effect.

    create_firmware  fleet, product, version, size, digest                     ok: firmware
    create_job       fleet, product, firmware, to_version, from_versions,
                     device_keys (null: all), concurrency, timeout_s, retry_count,
                     retry_interval_s, window (null or start_ms, end_ms, repeat_daily),
                     job_kind, policy, must_ask                                 ok: job
    cancel_tasks, retry_tasks   job, device_keys
    stop_job, delete_firmware   job; firmware
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelTasks,
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    Done,
    FirmwareCreated,
    FirmwareOrder,
    JobCreated,
    JobOrder,
    Names,
    Refused,
    Retry,
    RetryTasks,
    Scope,
    StopJob,
    Window,
)
from fleet_sim.model.record import Source
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.northbound import Northbound, Reply, Traffic
from fleet_sim.runtime.run_log import RunLog
from fleet_sim.scenario.plan import EventPlan, JobPlan, Plan

ANSWER_LOOK_MS = 100  # How often an operator who waits for an answer looks.
CLEAN_UP_MS = 5_000  # A backend that does not answer must not keep a finished run from ending.


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job that the backend has accepted."""

    job_id: str
    plan: JobPlan
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class _Image:
    """One firmware image of one product, wanted by one or more jobs."""

    product_key: str
    version: str
    fleet: str
    size_bytes: int


def image_content(seed: int, product_key: str, version: str, size_bytes: int) -> bytes:
    """Return the bytes of an image: the same for the same key, and not to be compressed."""
    key = f"{seed}\0{product_key}\0{version}".encode()
    return hashlib.shake_256(key).digest(size_bytes)


class Control:
    """Carries out a plan's jobs and the operator's part of its events.

    Attributes:
        jobs: What the backend has accepted, in order of creation.
        stopped: The ids of those that were stopped.
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
    ) -> None:
        self._plan = plan
        self._northbound = northbound
        self._clock = clock
        self._log = log
        self._epoch_ms = epoch_ms
        self._on_job = on_job
        self._product_of = {fleet.name: fleet.product_key for fleet in plan.fleets}
        self._firmware: dict[tuple[str, str], str] = {}
        self._no = 0
        self._open_writes = 0
        self._ordered = 0
        self.jobs: list[OpenJob] = []
        self.stopped: set[str] = set()
        self.refusals: list[str] = []

    def start(self) -> None:
        """Upload the images one after another, and see that jobs and events come in time."""
        for job in self._plan.jobs:
            if job.image.firmware_id is not None:
                key = (self._product_of[job.fleet], job.to_version)
                self._firmware[key] = job.image.firmware_id
        self._upload(self._images())
        for event in self._plan.events:
            self._clock.call_at(event.at_ms, self._event, event)

    @property
    def traffic(self) -> Traffic:
        """What the session with the backend came to so far."""
        return self._northbound.traffic

    @property
    def is_done(self) -> bool:
        """Whether every job of the plan was ordered, every event happened and was answered."""
        is_ordered = self._ordered >= len(self._plan.jobs)
        is_past = self._clock.now_ms() >= self._last_event_at_ms
        return is_ordered and is_past and not self._open_writes

    @property
    def _last_event_at_ms(self) -> int:
        return max((event.at_ms + event.for_ms for event in self._plan.events), default=0)

    # --- images and jobs -------------------------------------------------------------------

    def _images(self) -> list[_Image]:
        wanted: dict[tuple[str, str], _Image] = {}
        for job in self._plan.jobs:
            key = (self._product_of[job.fleet], job.to_version)
            if key not in self._firmware:
                image = _Image(*key, job.fleet, job.image.size_bytes)
                wanted.setdefault(key, image)
        return list(wanted.values())

    def _upload(self, images: Sequence[_Image]) -> None:
        if not images:
            for job in self._plan.jobs:
                self._clock.call_at(job.at_ms, self._order, job)
            return
        image, *others = images
        content = image_content(self._plan.seed, image.product_key, image.version, image.size_bytes)
        digest = hashlib.sha256(content).hexdigest()
        order = FirmwareOrder(
            product_key=image.product_key,
            names=Names(f"{image.fleet} {image.version}"),
            version=image.version,
            digest=digest,
            digest_method="sha256",
            file_name=f"{image.fleet}-{image.version}.bin",
        )
        fields = {"fleet": image.fleet, "product": image.product_key, "version": image.version,
                  "size": image.size_bytes, "digest": digest}  # fmt: skip

        def uploaded(answer: Answer | None) -> None:
            if isinstance(answer, FirmwareCreated):
                self._firmware[image.product_key, image.version] = answer.firmware_id
            self._upload(others)

        self._write(CreateFirmware(order, content), "create_firmware", fields, uploaded)

    def _order(self, job: JobPlan) -> None:
        self._ordered += 1
        product_key = self._product_of[job.fleet]
        firmware_id = self._firmware.get((product_key, job.to_version))
        if firmware_id is None:
            self.refusals.append(f"the job for {job.fleet} has no firmware {job.to_version}")
            return
        order = self._job_order(job, product_key, firmware_id)

        def ordered(answer: Answer | None) -> None:
            if isinstance(answer, JobCreated):
                opened = OpenJob(answer.job_id, job, self._clock.now_ms())
                self.jobs.append(opened)
                self._on_job(opened)

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
            names=Names(f"{self._plan.name}: {job.fleet} to {job.to_version}"),
            devices_must_ask=job.must_ask,
            timeout_s=job.timeout_s,
            retry=Retry(job.retry_count, job.retry_interval_s) if job.retry_count else None,
            window=window,
            concurrency=job.concurrency,
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
        if event.kind == "disconnect":
            return  # the fleet's part
        latest = next((job for job in reversed(self.jobs) if job.plan.fleet == event.fleet), None)
        if latest is None and self._open_writes:
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
        self._write(call, name, fields, lambda _: None, job=latest.job_id, is_event=True)

    # --- the end ---------------------------------------------------------------------------

    def clean_up(self, then: Callable[[], None]) -> None:
        """Stop our jobs and remove our images, as far as the backend answers in time."""
        ours = {
            key: firmware for key, firmware in self._firmware.items()
            if not any(job.image.firmware_id == firmware for job in self._plan.jobs)
        }  # fmt: skip
        writes: list[tuple[Call, str, dict[str, Any], str]] = [
            (StopJob(job.job_id), "stop_job", {}, job.job_id) for job in self.jobs
        ]
        writes += [
            (DeleteFirmware(firmware), "delete_firmware", {"firmware": firmware}, "")
            for firmware in ours.values()
        ]
        self._clean(writes, then)

    def _clean(
        self, writes: Sequence[tuple[Call, str, dict[str, Any], str]], then: Callable[[], None]
    ) -> None:
        if not writes:
            then()
            return
        (call, name, fields, job), *others = writes
        self._write(call, name, fields, lambda _: self._clean(others, then), job=job, is_event=True)

    # --- writes ----------------------------------------------------------------------------

    def _write(
        self,
        call: Call,
        name: str,
        fields: Mapping[str, Any],
        then: Callable[[Answer | None], None],
        *,
        job: str = "",
        is_event: bool = False,
    ) -> None:
        self._no += 1
        self._open_writes += 1
        no = self._no
        self._record("api_invoke", name, no, job, fields)

        def answered(reply: Reply) -> None:
            self._open_writes -= 1
            self._came_of(reply, name, no, job, is_event=is_event)
            then(reply.answer)

        self._northbound.ask(call, answered)

    def _came_of(self, reply: Reply, name: str, no: int, job: str, *, is_event: bool) -> None:
        match reply.answer:
            case None:
                self._record("api_unknown", name, no, job, {"why": reply.why})
                if not is_event:
                    self.refusals.append(f"the backend gave no answer to {name}: {reply.why}")
            case Refused(reason, detail, code):
                self._record(
                    "api_fail", name, no, job, {"code": code, "text": detail or reason.value}
                )
                if not is_event:
                    text = f"the backend refused {name} with {code}: {detail or reason.value}"
                    self.refusals.append(text)
            case JobCreated(job_id):
                self._record("api_ok", name, no, job_id, {})
            case Done() if name == "stop_job":
                self.stopped.add(job)
                self._record("api_ok", name, no, job, {})
            case FirmwareCreated(firmware_id):
                self._record("api_ok", name, no, job, {"firmware": firmware_id})
            case _:
                self._record("api_ok", name, no, job, {})

    def _record(self, kind: str, name: str, no: int, job: str, fields: Mapping[str, Any]) -> None:
        self._log.add(Source.CONTROL, kind, job=job, fields={"call": name, "no": no, **fields})


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
        "policy": "snapshot",
        "must_ask": job.must_ask,
    }
