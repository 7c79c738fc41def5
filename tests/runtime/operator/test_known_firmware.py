from dataclasses import replace

import pytest

from fleet_sim.model.northbound import (
    Answer,
    Call,
    FirmwareRow,
    GetFirmware,
    Listed,
    Names,
    Refusal,
    Refused,
    SearchFirmware,
    Shown,
)
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.operator.images import Image
from fleet_sim.runtime.operator.known_firmware import find, look_over
from fleet_sim.runtime.virtual_time import VirtualClock
from fleet_sim.scenario.plan import ImagePlan, Plan
from tests.runtime.desk import PromptDesk
from tests.runtime.plans import JOB, planned

UPLOADS = planned()
PRODUCT = UPLOADS.fleets[0].product_key
IMAGE = Image(PRODUCT, "1.3.0", "meters", 32_768)


def row(firmware_id: str = "theirs", *, version: str = "1.3.0", name: str = "x",
        product: str = PRODUCT) -> FirmwareRow:  # fmt: skip
    """Return a firmware as the backend shows it."""
    order = replace(IMAGE.order(b"abc"), version=version, names=Names(name), product_key=product)
    return FirmwareRow(firmware_id, order, "http://h/x", 3, is_verified=True, created_epoch_ms=0)


def naming(count: int = 1) -> Plan:
    """Return a plan whose jobs name a firmware."""
    plan = planned(jobs=[JOB] * count)
    jobs = tuple(replace(job, image=ImagePlan(firmware_id="theirs")) for job in plan.jobs)
    return replace(plan, jobs=jobs)


class Backend(PromptDesk):
    """A backend that has some firmware."""

    def __init__(self, *rows: FirmwareRow) -> None:
        super().__init__(VirtualClock(), self._reply)
        self.rows = rows

    def _reply(self, call: Call) -> Answer | None:
        match call:
            case GetFirmware(firmware_id):
                shown = (Shown(one) for one in self.rows if one.firmware_id == firmware_id)
                return next(shown, Refused(Refusal.NO_SUCH_FIRMWARE, "", 24404))
            case SearchFirmware():
                return Listed(self.rows, 1, 50, len(self.rows))
            case _:
                return None


async def test_what_is_named_is_read_once() -> None:
    """However many jobs name it; nothing is uploaded, so nothing is searched."""
    backend = Backend(row())

    assert await look_over(backend, naming(2)) == (row(),)
    assert backend.calls == [GetFirmware("theirs")]


async def test_firmware_without_a_product_is_for_all() -> None:
    """Newer platforms have such."""
    assert await look_over(Backend(row(product="")), naming()) == (row(product=""),)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ((), ("the backend has no firmware theirs, which the job for meters names (24404); "
             "write the id of one it has")),
        ((row(version="1.4.0"),), ("firmware theirs is version 1.4.0, but the job for meters "
             'upgrades to 1.3.0; write to: "1.4.0", or the id of another firmware')),
        ((row(product="other"),), (
            "firmware theirs is for product other, but the devices of meters "
            f"are of {PRODUCT}; write the id of a firmware for {PRODUCT}"
        )),
    ],
)  # fmt: skip
async def test_a_firmware_that_is_not_what_the_job_means_is_told(
    rows: tuple[FirmwareRow, ...], sentence: str
) -> None:
    """Before any device connects."""
    with pytest.raises(TargetError) as told:
        await look_over(Backend(*rows), naming())

    assert str(told.value) == sentence


@pytest.mark.parametrize(
    ("answer", "why"),
    [(None, "no answer came"), (Refused(Refusal.DENIED, "not yours", 99403), "99403 not yours")],
)
async def test_a_firmware_that_is_not_shown_is_told_with_the_reason(
    answer: Answer | None, why: str
) -> None:
    """Nobody could tell what would be upgraded to."""
    with pytest.raises(TargetError, match=f"does not show firmware theirs, .*: {why}"):
        await look_over(PromptDesk(VirtualClock(), lambda _: answer), naming())


@pytest.mark.parametrize(
    ("there", "sentence"),
    [
        (row(), (f"the backend already has version 1.3.0 of product {PRODUCT}, as theirs; to use "
                "it, write image: {firmware_id: theirs} in the job")),
        (row(version="9", name="meters 1.3.0"),
         (f'the backend already has a firmware called "meters 1.3.0" of product {PRODUCT}, as '
         'theirs; to use it, write image: {firmware_id: theirs} in the job and to: "9"')),
    ],
)  # fmt: skip
async def test_what_would_be_uploaded_and_is_there_already_is_told(
    there: FirmwareRow, sentence: str
) -> None:
    """With the id by which it can be named instead."""
    with pytest.raises(TargetError) as told:
        await look_over(Backend(row(version="1"), there), UPLOADS)

    assert str(told.value) == sentence


async def test_what_is_new_goes_by() -> None:
    """So does a backend that shows nothing: the upload will tell."""
    assert await look_over(Backend(row(version="1")), UPLOADS) == ()
    assert await look_over(PromptDesk(VirtualClock(), lambda _: None), UPLOADS) == ()


async def test_an_image_for_several_products_is_not_searched_for() -> None:
    """None of them is meant."""
    backend = Backend(row())

    assert await find(backend, UPLOADS, replace(IMAGE, product_key="")) is None
    assert await find(backend, UPLOADS, IMAGE) == row()
    assert len(backend.asked) == 1
