"""Blocks: what is served, what is refused, and the way through the platform in both worlds."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.device.personas import bind
from fleet_sim.device.timings import Timings
from fleet_sim.dialects import registry
from fleet_sim.dialects.downloads import BlockRules
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import Block, BlockRequest
from fleet_sim.model.northbound import (
    CreateFirmware,
    CreateJob,
    FirmwareCreated,
    FirmwareOrder,
    JobOrder,
    Names,
    Scope,
)
from fleet_sim.model.record import Source
from fleet_sim.runtime.cloud import clouds_of
from fleet_sim.runtime.fleet.mount import mount
from fleet_sim.runtime.fleet.rig import Rig
from fleet_sim.runtime.http_client import http_session
from fleet_sim.runtime.platform.blocks import Piece, block_for
from fleet_sim.runtime.real_time import RealClock
from fleet_sim.runtime.real_world import RealWorld
from fleet_sim.runtime.run_log import FileLog
from fleet_sim.runtime.target.target import embedded
from fleet_sim.runtime.tasks import Tasks
from fleet_sim.runtime.virtual_run import run_virtually
from fleet_sim.scenario.plan import DevicePlan
from tests.runtime.plans import PLAIN, planned
from tests.runtime.platforms import WAIT_S, calling, running
from tests.runtime.rich_dialect import RICH

METER = Registration(DeviceId("meters00", "m 1"), "s3cret")
CONTENT = bytes(range(250)) * 4
FILE = ("f-1", "fw.bin")
RULES = BlockRules(size_bytes_min=200, size_bytes_max=5000, not_served=77)


class Shelf:
    """One file of a thousand bytes."""

    def read(self, firmware_id: str, file_name: str, offset: int, size_bytes: int) -> Piece | None:
        """Read from it."""
        if (firmware_id, file_name) != FILE:
            return None
        return Piece(CONTENT[offset : offset + size_bytes], len(CONTENT))


def asked(offset: int, size_bytes: int) -> BlockRequest:
    """Return a request for these bytes."""
    return BlockRequest("7", (1, 1), offset, size_bytes)


@pytest.mark.parametrize(
    ("offset", "size_bytes", "got"),
    [(0, 200, 200), (0, 256, 256), (0, 1000, 1000), (0, RULES.size_bytes_max, 1000),
     (744, 256, 256), (900, 256, 100), (999, 1, 1), (900, 100, 100)],
)  # fmt: skip
def test_a_block_is_what_was_asked_for_or_what_is_left(
    offset: int, size_bytes: int, got: int
) -> None:
    """The last may be shorter than wished, and than any other may be."""
    block = block_for(asked(offset, size_bytes), FILE, Shelf(), RULES)

    assert block == Block("7", offset, CONTENT[offset : offset + got], 1000)


@pytest.mark.parametrize(
    ("offset", "size_bytes"),
    [(-1, 256), (1000, 256), (5000, 1), (0, 0), (0, -5), (0, RULES.size_bytes_min - 1),
     (0, RULES.size_bytes_max + 1), (-256, 256)],
)  # fmt: skip
def test_a_block_that_may_not_be_had_is_refused(offset: int, size_bytes: int) -> None:
    """Outside of the file, or of a size that the vendor does not serve."""
    block = block_for(asked(offset, size_bytes), FILE, Shelf(), RULES)

    assert block == Block("7", offset, b"", code=RULES.not_served)


@pytest.mark.parametrize("file", [None, ("f-2", "fw.bin")])
def test_a_block_of_no_file_is_refused(file: tuple[str, str] | None) -> None:
    """A stream that nobody knows, and a file that is gone since."""
    assert block_for(asked(0, 256), file, Shelf(), RULES).code == RULES.not_served


@given(offset=st.integers(), size_bytes=st.integers())
def test_any_request_is_answered(offset: int, size_bytes: int) -> None:
    """With bytes of the file or a refusal, never longer than may be."""
    block = block_for(asked(offset, size_bytes), FILE, Shelf(), RULES)

    assert bool(block.content) == (block.code == 200)
    assert len(block.content) <= max(0, size_bytes)
    if block.content:
        assert block.content == CONTENT[offset : offset + len(block.content)]


def test_a_fleet_fetches_its_image_in_blocks_in_virtual_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the order to the last version report; nobody asks the file server."""
    monkeypatch.setattr(registry, "_DIALECTS", {"enos": RICH})
    plan = planned()

    run = run_virtually(plan)

    assert (run.why, run.refusals) == ("settled", ())
    versions = {one.device: one["version"] for one in run.records if one.kind == "boot"}
    assert versions == {str(one.device): "1.3.0" for one in plan.devices}
    assert not [one for one in run.records if one.kind == "file_sent"]
    blocks = [one for one in run.records if one.src == Source.WIRE and one.kind == "block_sent"]
    assert {one["code"] for one in blocks} == {200}
    assert sum(one["size"] for one in blocks) == 6 * (32 << 10)


def test_a_vendor_without_blocks_answers_no_request_for_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its devices do not ask; one that does is not told anything in another vendor's words."""
    monkeypatch.setattr(registry, "_DIALECTS", {"enos": replace(RICH, block_rules=None)})

    run = run_virtually(planned())

    kinds = {one.kind for one in run.records}
    assert "block_request_received" in kinds
    assert "block_sent" not in kinds


class Watched(FileLog):
    """A log that can be waited for."""

    __slots__ = ("_grew",)

    def __init__(self, path: Path, now_ms: Callable[[], int]) -> None:
        super().__init__(path, now_ms, 0, keep=True)
        self._grew = asyncio.Event()

    def add(self, *args: Any, **fields: Any) -> None:  # noqa: ANN401 - as of any log
        """Append a record."""
        super().add(*args, **fields)
        self._grew.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what a record comes with."""
        while not holds():
            await asyncio.wait_for(self._grew.wait(), WAIT_S)
            self._grew.clear()


@contextlib.asynccontextmanager
async def mounted(ready: Mapping[str, Any], log_file: Path) -> AsyncIterator[tuple[Rig, Watched]]:
    """Mount a device that takes no time to install on a running platform; it is on line."""
    plan = DevicePlan(
        device=METER.device,
        secret=METER.secret,
        fleet="meters",
        dialect="enos",
        version="1.0",
        link=PLAIN,
        persona=bind("healthy"),
        timings=Timings(install_ms=0, reboot_ms=0, block_bytes=300),
        connect_at_ms=0,
    )
    (cloud,) = clouds_of(planned())
    clock = RealClock()
    log = Watched(log_file, clock.now_ms)
    async with http_session() as session, Tasks() as tasks:
        world = RealWorld(
            clock=clock,
            log=log,
            target=embedded(ready),
            session=session,
            tasks=tasks,
            cloud=cloud,
        )
        rig = mount([plan], {"enos": world}, seed=1)[METER.device]
        rig.start()
        try:
            await log.until(lambda: any(one.kind == "delivered" for one in log.records))
            yield rig, log
        finally:
            rig.leave()
            world.stop()
            clock.close()
            log.close()


async def test_a_device_fetches_its_image_in_blocks_in_real_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Over real sockets, from a real platform's disk; nobody asks the file server."""
    monkeypatch.setattr(registry, "_DIALECTS", {"enos": RICH})
    digest = hashlib.sha256(CONTENT).hexdigest()
    image = FirmwareOrder("meters00", Names("fw"), "2.0", digest, "sha256", "fw.bin")

    async with (
        running(devices=[METER]) as ready,
        calling(ready) as caller,
        mounted(ready, tmp_path / "log") as (rig, log),
    ):
        uploaded = await caller.ask(CreateFirmware(image, CONTENT))
        assert isinstance(uploaded, FirmwareCreated)
        order = JobOrder(uploaded.firmware_id, "upgrade", Scope(), Names("job"), timeout_s=300)
        await caller.ask(CreateJob(order))
        await log.until(lambda: rig.agent.version == "2.0")

    asked = [one["offset"] for one in log.records if one.kind == "block_request_sent"]
    assert asked == [0, 300, 600, 900]
    (end,) = (one for one in log.records if one.kind == "download_end")
    assert (end["size"], end["sha256"]) == (1000, digest)
    assert "download_cut" not in {one.kind for one in log.records}
