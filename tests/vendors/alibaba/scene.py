"""A platform in the test's own process, with an operator that is the vendor's own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet_sim.model.identity import DeviceId, Registration
from tests.runtime.platforms import running
from tests.vendors.alibaba.link_kit import link_kit_device
from tests.vendors.alibaba.operators import Json, Operator, operating
from tests.vendors.enos.beside import until
from tests.vendors.stranger import Stranger

PRODUCT = "a1meters000"
METER = Registration(DeviceId(PRODUCT, "kit-1"), "s3cret")
# So that a job whose tasks have all ended shows as COMPLETED, whatever the vendor's contract says.
_COMPLETES = {"job_completes": "all_ended"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A running platform and its operator.

    Attributes:
        ready: The platform's ready line.
        operator: On the vendor's SDK.
    """

    ready: Mapping[str, Any]
    operator: Operator

    @property
    def url(self) -> str:
        """Where devices come in."""
        return str(self.ready["mqtt"])

    async def runs(self, version: str, module: str = "default", of: Registration = METER) -> None:
        """Wait until the platform knows that a device runs a version: it answers no report."""
        who = {"ProductKey": of.device.product_key, "DeviceName": of.device.device_key}

        async def is_so() -> bool:
            answer = await self.operator.ask("ListOTAModuleVersionsByDevice", **who)
            rows = answer["Data"]["SimpleOTAModuleInfo"]
            return (module, version) in {(row["ModuleName"], row["ModuleVersion"]) for row in rows}

        await until(is_so)

    async def has_heard(self, one: Stranger) -> None:
        """Wait until the platform has taken in all that a device said: nothing else tells."""
        await one.tell(do="report", module="last", version="9")
        await self.runs("9", "last")

    async def task(self, job_id: str) -> Mapping[str, Json]:
        """Return the one task there is."""
        (row,) = await self.operator.tasks(job_id)
        return row

    async def outcome(self, job_id: str) -> tuple[str, str, str]:
        """Return the job's status, and status and desc of its one task."""
        row = await self.task(job_id)
        job = await self.operator.ask("QueryOTAJob", JobId=job_id)
        return job["Data"]["JobStatus"], row["TaskStatus"], row.get("TaskDesc", "")

    async def shows(self, job_id: str, status: str) -> None:
        """Wait until the one task there is shows a status: the platform answers no progress."""

        async def is_so() -> bool:
            return bool((await self.task(job_id))["TaskStatus"] == status)

        await until(is_so)


@contextlib.asynccontextmanager
async def scene(folder: Path, *devices: Registration) -> AsyncIterator[Scene]:
    """Run a platform that knows these devices."""
    async with (
        running(dialect="alibaba", devices=devices, contract=_COMPLETES) as ready,
        operating(ready, folder) as operator,
    ):
        yield Scene(ready, operator)


@contextlib.asynccontextmanager
async def meter(
    here: Scene,
    folder: Path,
    *,
    url: str = "",
    **settings: Any,  # noqa: ANN401 - JSON
) -> AsyncIterator[Stranger]:
    """Start the device and bring it on line with 1.0.

    Args:
        here: Where.
        folder: See `link_kit_device`.
        url: Where it comes in, if not at the platform itself.
        settings: As `drivers/device.py` tells.
    """
    async with link_kit_device(
        url or here.url, METER.device, folder, device_secret=METER.secret, **settings
    ) as one:
        await one.tell(do="connect")
        await one.hear("connected")
        await here.runs("1.0", settings.get("module", "default"))
        yield one
