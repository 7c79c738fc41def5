"""The images that a run makes for its jobs: which, and their bytes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from fleet_sim.model.northbound import FirmwareOrder, FirmwareRow, Names
from fleet_sim.scenario.plan import Plan

_NO_FILE = re.compile(r"[/\\]")  # A version may hold these, and a file's name may not.


@dataclass(frozen=True, slots=True)
class Image:
    """One firmware image of one product, wanted by one or more jobs."""

    product_key: str
    version: str
    fleet: str
    size_bytes: int

    @property
    def name(self) -> str:
        """What operators see it called."""
        return f"{self.fleet} {self.version}"

    def is_taken_by(self, row: FirmwareRow) -> bool:
        """Tell whether a backend that has this firmware would refuse ours."""
        return row.order.version == self.version or row.order.names.default == self.name

    def content(self, seed: int) -> bytes:
        """Return its bytes."""
        return image_content(seed, self.product_key, self.version, self.size_bytes)

    def order(self, content: bytes) -> FirmwareOrder:
        """Return what is told of it where it is uploaded."""
        return FirmwareOrder(
            product_key=self.product_key,
            names=Names(self.name),
            version=self.version,
            digest=hashlib.sha256(content).hexdigest(),
            digest_method="sha256",
            file_name=f"{self.fleet}-{_NO_FILE.sub('-', self.version)}.bin",
        )


def image_content(seed: int, product_key: str, version: str, size_bytes: int) -> bytes:
    """Return the bytes of an image: the same for the same key, and not to be compressed."""
    key = f"{seed}\0{product_key}\0{version}".encode()
    return hashlib.shake_256(key).digest(size_bytes)


def named_firmware(plan: Plan) -> dict[tuple[str, str], str]:
    """Return the firmware that jobs name: product key and version to its id."""
    product_of = {fleet.name: fleet.product_key for fleet in plan.fleets}
    return {
        (product_of[job.fleet], job.to_version): job.image.firmware_id
        for job in plan.jobs
        if job.image.firmware_id is not None
    }


def images_of(plan: Plan) -> list[Image]:
    """Return the images to be uploaded, each once, in the order of the jobs that want them."""
    product_of = {fleet.name: fleet.product_key for fleet in plan.fleets}
    named = named_firmware(plan)
    wanted: dict[tuple[str, str], Image] = {}
    for job in plan.jobs:
        key = (product_of[job.fleet], job.to_version)
        if key not in named:
            wanted.setdefault(key, Image(*key, job.fleet, job.image.size_bytes))
    return list(wanted.values())
