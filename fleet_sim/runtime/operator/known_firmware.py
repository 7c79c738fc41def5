"""What a backend has already: told before the run begins, where it stands in the run's way."""

from __future__ import annotations

from collections.abc import Sequence

from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.northbound import (
    FirmwareRow,
    GetFirmware,
    Refusal,
    Refused,
    SearchFirmware,
    Shown,
)
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.operator.asking import ask, found
from fleet_sim.runtime.operator.images import Image, images_of
from fleet_sim.runtime.operator.northbound import Northbound, Reply
from fleet_sim.runtime.operator.writes import refusal_text
from fleet_sim.scenario.plan import JobPlan, Plan


async def look_over(northbound: Northbound, plan: Plan) -> Sequence[FirmwareRow]:
    """See that the firmware which jobs name is what they mean, and that ours would be new.

    Returns:
        What the backend says of each firmware that a job names, each once.

    Raises:
        TargetError: One is not there, or of another version or product; or what would be uploaded
            is there already.
    """
    rows: dict[str, FirmwareRow] = {}
    for job in plan.jobs:
        wanted = job.image.firmware_id
        if wanted is None:
            continue
        if wanted not in rows:
            rows[wanted] = _shown(await ask(northbound, GetFirmware(wanted)), job)
        _check(rows[wanted], plan, job)
    for image in images_of(plan):
        there = await find(northbound, plan, image)
        if there is not None:
            raise TargetError(_taken(image, there))
    return tuple(rows.values())


async def find(northbound: Northbound, plan: Plan, image: Image) -> FirmwareRow | None:
    """Return the backend's firmware of an image's product with its version or its name, if any."""
    if not image.product_key:
        return None  # several products: none of them is meant, and the upload will tell
    where = Comparison("product_key", Operator.EQUAL, (image.product_key,))
    page_base = plan.contracts[plan.fleets[0].dialect].page_base
    async for row in found(northbound, SearchFirmware, where, page_base=page_base):
        if isinstance(row, FirmwareRow) and image.is_taken_by(row):
            return row
    return None


def _shown(reply: Reply, job: JobPlan) -> FirmwareRow:
    named = f"firmware {job.image.firmware_id}, which the job for {job.fleet} names"
    match reply.answer:
        case Shown(FirmwareRow() as row):
            return row
        case Refused(reason=Refusal.NO_SUCH_FIRMWARE, code=code):
            raise TargetError(f"the backend has no {named} ({code}); write the id of one it has")
        case Refused() as refused:
            why = f"{refused.code} {refusal_text(refused)}"
        case _:
            why = reply.why or "no such answer was expected"
    raise TargetError(f"the backend does not show {named}: {why}")


def _check(row: FirmwareRow, plan: Plan, job: JobPlan) -> None:
    version, product = row.order.version, row.order.product_key
    if version != job.to_version:
        raise TargetError(
            f"firmware {row.firmware_id} is version {version}, but the job for {job.fleet} "
            f'upgrades to {job.to_version}; write to: "{version}", or the id of another firmware'
        )
    wanted = next(fleet.product_key for fleet in plan.fleets if fleet.name == job.fleet)
    if product and wanted and product != wanted:
        raise TargetError(
            f"firmware {row.firmware_id} is for product {product}, but the devices of {job.fleet} "
            f"are of {wanted}; write the id of a firmware for {wanted}"
        )


def _taken(image: Image, row: FirmwareRow) -> str:
    is_same = row.order.version == image.version
    what = f"version {image.version}" if is_same else f'a firmware called "{image.name}"'
    hint = f"to use it, write image: {{firmware_id: {row.firmware_id}}} in the job"
    if not is_same:
        hint += f' and to: "{row.order.version}"'
    return (
        f"the backend already has {what} of product {image.product_key}, as {row.firmware_id}; "
        f"{hint}"
    )
