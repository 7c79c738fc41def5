"""A platform in the test's own process, with a job to take, for devices that are not ours."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from fleet_sim.model.identity import Registration
from fleet_sim.model.northbound import (
    CreateFirmware,
    CreateJob,
    FirmwareCreated,
    FirmwareOrder,
    JobCreated,
    JobOrder,
    Listed,
    Names,
    Scope,
    SearchTasks,
    TaskRow,
    TaskStatus,
)
from tests.runtime.platforms import Caller, calling, running

CONTENT = b"firmware" * 5_000


@dataclass(frozen=True, slots=True)
class Scene:
    """A running platform and its operator.

    Attributes:
        ready: The platform's ready line.
        caller: The operator.
    """

    ready: Mapping[str, Any]
    caller: Caller

    @property
    def url(self) -> str:
        """Where devices come in."""
        return str(self.ready["mqtt"])

    async def order(self, product: str, **changes: Any) -> None:  # noqa: ANN401 - a job's fields
        """Upload 2.0 and order a job for all devices of the product that run 1.0."""
        # MD5 is one of the two methods that EnOS knows.
        digest = hashlib.md5(CONTENT).hexdigest()  # noqa: S324
        order = FirmwareOrder(product, Names("fw"), "2.0", digest, "md5", "fw.bin")
        uploaded = await self.caller.ask(CreateFirmware(order, CONTENT))
        assert isinstance(uploaded, FirmwareCreated)
        job = JobOrder(
            uploaded.firmware_id, "upgrade", Scope(versions=("1.0",)), Names("job"), **changes
        )
        assert isinstance(await self.caller.ask(CreateJob(job)), JobCreated)

    async def task(self) -> TaskRow:
        """Return the one task there is."""
        found = await self.caller.ask(SearchTasks())
        assert isinstance(found, Listed)
        (row,) = found.rows
        assert isinstance(row, TaskRow)
        return row

    async def outcome(self) -> tuple[TaskStatus, int | None, str | None]:
        """Return the status, progress and desc of the one task there is."""
        row = await self.task()
        return row.status, row.progress, row.desc


@contextlib.asynccontextmanager
async def scene(*devices: Registration) -> AsyncIterator[Scene]:
    """Run a platform that knows these devices."""
    async with running(devices=devices) as ready, calling(ready) as caller:
        yield Scene(ready, caller)
