"""A backend on strings for a conductor's tests, and a conductor over two clouds of such."""

from __future__ import annotations

from itertools import count
from typing import Any

from fleet_sim.model.northbound import (
    Answer,
    Call,
    CreateFirmware,
    CreateJob,
    Done,
    FirmwareCreated,
    JobCreated,
    Listed,
    Refused,
    SearchTasks,
    TaskRow,
    TaskStatus,
)
from fleet_sim.runtime.cloud import clouds_of
from fleet_sim.runtime.conductor import Conductor
from fleet_sim.runtime.fleet.mount import mount
from fleet_sim.runtime.operator.office import opened
from fleet_sim.scenario.plan import Plan
from tests.runtime.desk import Desk
from tests.runtime.lone_world import LoneWorld
from tests.runtime.plans import TWO_VENDORS, planned


class Backend:
    """One job, whose tasks are as the test says; it pushes to nobody.

    Attributes:
        plan: Whose devices have the tasks.
        status: Of every task.
        desc: The same.
        refusal: The answer to every order; None: the job is taken.
        job_id: The job's.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.status = TaskStatus.QUEUED
        self.desc: str | None = None
        self.refusal: Refused | None = None
        self.job_id = "j-1"

    def __call__(self, call: Call) -> Answer | None:
        """Answer a call."""
        match call:
            case CreateFirmware():
                return FirmwareCreated("f-1")
            case CreateJob():
                return self.refusal or JobCreated(self.job_id)
            case SearchTasks(page=page):
                rows = self._rows()
                return Listed(tuple(rows), page.number or 1, page.size or 10, len(rows))
            case _:
                return Done()

    def _rows(self) -> list[TaskRow]:
        return [
            TaskRow("t-" + one.device.device_key, self.job_id, one.device.product_key,
                    one.device.device_key, "", "1.2.0", "1.3.0", self.status, None, self.desc, 0)
            for one in self.plan.devices
        ]  # fmt: skip


class TwoClouds:
    """A conductor over two clouds, each with a backend of its own; no device gets on line.

    Attributes:
        backends: Dialect to its backend.
        offices: One a cloud.
        over: Counts how often it was over.
    """

    def __init__(self, **nouns: Any) -> None:  # noqa: ANN401 - JSON
        plan = planned(**{**TWO_VENDORS, **nouns})
        self.world = LoneWorld()
        self.world.is_shut = True
        clock, log = self.world.clock, self.world.log
        clouds = clouds_of(plan)
        worlds = {one.dialect.name: self.world for one in clouds}
        rigs = mount(plan.devices, worlds, seed=plan.seed)
        self.conductor = Conductor(plan, rigs, clock, log)
        self.backends = {one.dialect.name: Backend(one.plan) for one in clouds}
        self.over = 0
        self.conductor.on_over = self._count
        numbers = count(1)
        self.offices = [
            opened(
                one,
                Desk(clock, self.backends[one.dialect.name]),
                clock,
                log,
                epoch_ms=0,
                every_ms=1_000,
                activity=clock.now_ms,
                on_poll=self.conductor.look,
                numbers=numbers,
            )
            for one in clouds
        ]
        for name, backend in self.backends.items():
            backend.job_id = f"j-{name}"
        self.conductor.start(self.offices)

    def _count(self) -> None:
        self.over += 1
