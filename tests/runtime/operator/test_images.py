import hashlib
import zlib
from dataclasses import replace

import pytest

from fleet_sim.model.northbound import FirmwareRow, Names
from fleet_sim.runtime.operator.images import Image, image_content, images_of, named_firmware
from fleet_sim.scenario.plan import ImagePlan
from tests.runtime.plans import FLEET, JOB, planned

IMAGE = Image("pk", "1.3.0", "meters", 1_000)


def test_an_image_is_the_same_for_the_same_key_and_cannot_be_compressed() -> None:
    """Each part of the key counts."""
    content = image_content(7, "pk", "1.3.0", 10_000)

    assert content == image_content(7, "pk", "1.3.0", 10_000)
    assert len({content, image_content(8, "pk", "1.3.0", 10_000),
                image_content(7, "px", "1.3.0", 10_000),
                image_content(7, "pk", "1.3.1", 10_000)}) == 4  # fmt: skip
    assert len(zlib.compress(content)) >= 10_000


def test_an_image_is_told_with_its_digest() -> None:
    """Under the fleet's name and the version."""
    content = IMAGE.content(7)
    order = IMAGE.order(content)

    assert content == image_content(7, "pk", "1.3.0", 1_000)
    assert order.digest == hashlib.sha256(content).hexdigest()
    assert (order.names.default, order.version, order.file_name) == (
        "meters 1.3.0", "1.3.0", "meters-1.3.0.bin",
    )  # fmt: skip


def test_a_version_that_cannot_be_in_a_files_name_is_carried_all_the_same() -> None:
    """Only the file is called otherwise."""
    order = replace(IMAGE, version="r1/b2\\c").order(b"x")

    assert (order.version, order.file_name) == ("r1/b2\\c", "meters-r1-b2-c.bin")


@pytest.mark.parametrize(
    ("name", "version", "is_taken"),
    [("x", "1.3.0", True), ("meters 1.3.0", "9", True), ("x", "9", False)],
)
def test_an_image_is_taken_by_its_version_or_its_name(
    name: str, version: str, *, is_taken: bool
) -> None:
    """Both are unique within a product."""
    order = replace(IMAGE.order(b"x"), names=Names(name), version=version)
    row = FirmwareRow("f", order, "", 1, is_verified=True, created_epoch_ms=0)

    assert IMAGE.is_taken_by(row) is is_taken


def test_jobs_for_one_version_of_a_product_share_an_image() -> None:
    """What a job names is not made."""
    fleets = {"meters": FLEET, "gauges": FLEET}
    gauges = JOB | {"upgrade": "gauges"}
    plan = planned(fleets=fleets, jobs=[JOB, gauges, JOB | {"at": "9s"}])
    meters, others = (fleet.product_key for fleet in plan.fleets)

    assert named_firmware(plan) == {}
    assert images_of(plan) == [
        Image(meters, "1.3.0", "meters", 32_768), Image(others, "1.3.0", "gauges", 32_768),
    ]  # fmt: skip
    jobs = (replace(plan.jobs[0], image=ImagePlan(firmware_id="theirs")), *plan.jobs[1:])
    named = replace(plan, jobs=jobs)
    assert named_firmware(named) == {(meters, "1.3.0"): "theirs"}
    assert images_of(named) == [Image(others, "1.3.0", "gauges", 32_768)]
