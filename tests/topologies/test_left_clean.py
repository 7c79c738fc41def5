"""What a run leaves at somebody else's backend, however it ends; and how a held run ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fleet_sim.model.northbound import (
    CreateFirmware,
    CreateJob,
    FirmwareCreated,
    FirmwareRow,
    JobOrder,
    JobRow,
    Listed,
    Page,
    Scope,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    TaskRow,
)
from fleet_sim.runtime.operator.images import Image
from tests.runtime.platforms import Caller, calling
from tests.topologies.commands import Ran, device_file, ended, run, standing, started

DEVICES = 5
LOOK_S = 0.05  # A backend that is asked without a pause has no time for its devices.
# 16 bytes a millisecond: an image of 32 KiB takes two seconds.
SLOW = """
name: slow
duration: 60s
networks:
  slow: {like: ethernet_lab, down_kbps: 128}
fleets:
  field: {devices: 5, firmware: "1.2.0", network: slow, install: 100ms, reboot: 100ms,
          connect: {over: 200ms}}
jobs:
  - {at: 1s, upgrade: field, to: "1.3.0", image: {size: 32KiB}, concurrency: 2}
"""
# Ten seconds and more: longer than a person waits who has pressed Ctrl-C.
ENDLESS = SLOW.replace("32KiB", "2MiB")
NO_JOBS = SLOW.split("jobs:", maxsplit=1)[0] + "jobs: []\n"


@dataclass(frozen=True, slots=True)
class Place:
    """A served platform, its operator, and how to run at it."""

    folder: Path
    ready: Mapping[str, Any]
    caller: Caller
    words: tuple[str, ...]
    variables: Mapping[str, str]

    def scenario(self, text: str) -> str:
        """Keep a scenario, and return where."""
        path = self.folder / "scenario.yaml"
        path.write_text(text)
        return str(path)

    async def run(self, scenario: str, *words: str) -> Ran:
        """Run a scenario to its end."""
        words = (self.scenario(scenario), *self.words, *words)
        return await run(self.folder, *words, variables=self.variables)

    @contextlib.asynccontextmanager
    async def started(
        self, scenario: str, *words: str
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """Start a run that shows itself in plain lines."""
        runs = ("--runs", str(self.folder / "runs"), "--ui", "plain")
        words = ("run", self.scenario(scenario), *self.words, *runs, *words)
        async with started(words, **self.variables) as process:
            yield process

    async def listed(self, call: SearchFirmware | SearchJobs | SearchTasks) -> list[Any]:
        """Return what a search shows."""
        answer = await self.caller.ask(call)
        assert isinstance(answer, Listed)
        return list(answer.rows)

    async def statuses(self) -> list[str]:
        """Return every task's status."""
        rows = await self.listed(SearchTasks(page=Page(1, 50)))
        return [row.status.value for row in rows if isinstance(row, TaskRow)]

    async def left(self) -> tuple[list[str], list[str]]:
        """Return the versions of the firmware, and the jobs' statuses."""
        firmware = await self.listed(SearchFirmware())
        jobs = await self.listed(SearchJobs())
        return (
            [row.order.version for row in firmware if isinstance(row, FirmwareRow)],
            [row.status.value for row in jobs if isinstance(row, JobRow)],
        )

    async def has(self, status: str, count: int = 1) -> None:
        """Wait until so many tasks show so."""
        async with asyncio.timeout(60):
            while (await self.statuses()).count(status) < count:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(LOOK_S)

    async def upload(self, version: str) -> str:
        """Keep a firmware at the backend, as its operator would; return its id."""
        content = b"theirs"
        image = Image("pk", version, "theirs", len(content))
        answer = await self.caller.ask(CreateFirmware(image.order(content), content))
        assert isinstance(answer, FirmwareCreated)
        return answer.firmware_id


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A platform, and an operator beside the run's."""
    devices = str(device_file(tmp_path / "devices.csv", DEVICES))
    async with standing(devices, signed_only=True) as ready, calling(ready) as caller:
        words = ("--device-file", devices, "--broker", ready["mqtt"], "--backend", ready["http"],
                 "--org", ready["org"])  # fmt: skip
        keys = {name: ready[name.removeprefix("FLEET_SIM_").lower()]
                for name in ("FLEET_SIM_APP_KEY", "FLEET_SIM_APP_SECRET")}  # fmt: skip
        yield Place(tmp_path, ready, caller, words, keys)


async def line_with(process: asyncio.subprocess.Process, *words: str) -> str:
    """Wait for a line on stderr that holds all of these."""
    assert process.stderr is not None
    async with asyncio.timeout(60):
        async for line in process.stderr:
            if all(word in line.decode() for word in words):
                return line.decode()
    raise AssertionError(f"no line holds {words}")


async def test_a_run_that_ends_by_itself_leaves_a_stopped_job_and_no_image(place: Place) -> None:
    """And says nothing of it."""
    ran = await place.run(SLOW)

    assert (ran.code, ran.said) == (0, "")
    assert await place.left() == ([], ["stopped"])
    assert await place.statuses() == ["succeeded"] * DEVICES


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_run_that_is_interrupted_in_its_midst_leaves_the_same(
    place: Place, number: signal.Signals
) -> None:
    """Who waits is cancelled, who is under way comes to its end, and the report is written."""
    async with place.started(SLOW) as process:
        await place.has("under_way")
        process.send_signal(number)
        ran = await ended(process)

    assert ran.code == 130
    assert "left behind" not in ran.said
    assert await place.left() == ([], ["stopped"])
    assert set(await place.statuses()) == {"succeeded", "failed"}
    document = json.loads((place.folder / "runs/latest/run.json").read_text())
    assert (document["verdict"], document["exit_code"]) == ("aborted", 130)


@pytest.mark.long
async def test_what_cannot_be_taken_back_is_named(place: Place) -> None:
    """Devices that take longer keep the image; in a bounded time that is said in one line."""
    async with place.started(ENDLESS) as process:
        await place.has("under_way", 2)
        process.send_signal(signal.SIGINT)
        ran = await ended(process)

    [firmware] = await place.listed(SearchFirmware())
    [line] = [line for line in ran.said.splitlines() if "left behind" in line]
    assert ran.code == 130
    assert line == (
        f"fleet-sim: left behind at the backend: firmware {firmware.firmware_id} (field 1.3.0) is "
        "still there: 24604 Firmware cannot be deleted, for a device of our job may still need it"
    )
    assert await place.left() == (["1.3.0"], ["stopped"])


async def test_a_second_interrupt_ends_at_once_and_names_all(place: Place) -> None:
    """Nothing is taken back, nothing judged; the log is kept."""
    async with place.started(ENDLESS) as process:
        await place.has("under_way", 2)
        process.send_signal(signal.SIGINT)
        await line_with(process, "once more ends it at once")
        process.send_signal(signal.SIGINT)
        ran = await ended(process)

    [firmware] = await place.listed(SearchFirmware())
    [job] = await place.listed(SearchJobs())
    assert ran.code == 130
    assert f"left behind at the backend: job {job.job_id} still runs" in ran.said
    assert f"firmware {firmware.firmware_id} (field 1.3.0) is still there" in ran.said
    assert "ended at once, and not judged; fleet-sim judge " in ran.said
    assert not (place.folder / "runs/latest/run.json").exists()
    assert list((place.folder / "runs/latest").glob("events-*"))


# --- held ---------------------------------------------------------------------------------------


async def test_a_held_run_ends_well_once_it_has_settled(place: Place) -> None:
    """Ctrl-C is its ordinary end: judged to the last probe, and cleaned up after."""
    async with place.started(SLOW, "--hold") as process:
        await line_with(process, "held until Ctrl-C")
        process.send_signal(signal.SIGINT)
        ran = await ended(process)

    assert ran.code == 0, ran.said
    document = json.loads((place.folder / "runs/latest/run.json").read_text())
    assert (document["verdict"], document["totals"]["updated"]) == ("passed", DEVICES)
    assert document["promises"]["V41"]["verdict"] == "held"
    assert await place.left() == ([], ["stopped"])


async def test_a_held_run_without_jobs_takes_what_the_backend_pushes(place: Place) -> None:
    """Somebody else orders the upgrade; it counts, and that job is left alone."""
    async with place.started(NO_JOBS, "--hold") as process:
        await line_with(process, f"{DEVICES} of {DEVICES} online", "held until Ctrl-C")
        order = JobOrder(firmware_id=await place.upload("2.0"), kind="upgrade",
                         scope=Scope(versions=("1.2.0",)))  # fmt: skip
        await place.caller.ask(CreateJob(order))
        await line_with(process, f"updated {DEVICES},", "held until Ctrl-C")
        process.send_signal(signal.SIGINT)
        ran = await ended(process)

    assert ran.code == 0, ran.said
    document = json.loads((place.folder / "runs/latest/run.json").read_text())
    assert document["totals"]["updated"] == DEVICES
    assert {one["verdict"] for one in document["promises"].values()} <= {
        "held",
        "not_exercised",
        "not_promised",
    }
    assert await place.left() == (["2.0"], ["started"])


# --- firmware that is there ---------------------------------------------------------------------


def naming(firmware_id: str) -> str:
    """Return the scenario with a firmware of the backend's."""
    return SLOW.replace("{size: 32KiB}", f"{{firmware_id: {firmware_id}}}")


async def test_a_firmware_of_the_backends_is_used_and_stays(place: Place) -> None:
    """It is somebody's; its job is ours."""
    firmware_id = await place.upload("1.3.0")

    ran = await place.run(naming(firmware_id))

    assert (ran.code, ran.document["totals"]["updated"]) == (0, DEVICES)
    assert await place.left() == (["1.3.0"], ["stopped"])


async def test_a_firmware_that_is_not_there_is_one_sentence(place: Place) -> None:
    """Before any job is ordered."""
    ran = await place.run(naming("f-0"))

    assert (ran.code, ran.shown) == (3, "")
    assert ran.sentence == (
        "the backend has no firmware f-0, which the job for field names (24404); write the id of "
        "one it has"
    )
    assert await place.left() == ([], [])


async def test_a_firmware_of_another_version_is_one_sentence(place: Place) -> None:
    """What would be upgraded to is not what the scenario expects."""
    firmware_id = await place.upload("1.4.0")

    ran = await place.run(naming(firmware_id))

    assert (ran.code, await place.left()) == (3, (["1.4.0"], []))
    assert 'write to: "1.4.0"' in ran.sentence


async def test_an_image_that_the_backend_has_already_is_one_sentence(place: Place) -> None:
    """With the id by which to name it."""
    firmware_id = await place.upload("1.3.0")

    ran = await place.run(SLOW)

    assert (ran.code, await place.left()) == (3, (["1.3.0"], []))
    assert f"write image: {{firmware_id: {firmware_id}}} in the job" in ran.sentence
