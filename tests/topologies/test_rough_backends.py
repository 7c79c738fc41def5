"""Backends that throttle, break, cut, forget and dawdle: the run goes on, and blames nobody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fleet_sim.model.northbound import Listed, SearchFirmware, SearchJobs
from tests.runtime.platforms import calling
from tests.topologies.commands import Ran, device_file, run, standing, verdicts
from tests.topologies.rough import Manner, Manners, Rough, rough

DEVICES = 40
WORDS = ("happy-path", "--devices", str(DEVICES))
ROUND = (
    Manner.THROTTLED, Manner.BROKEN, Manner.PUT_OFF, Manner.CUT, Manner.FORGOTTEN, Manner.HALVED,
    Manner.LATE,
)  # fmt: skip


async def faced(folder: Path, manners: Manners) -> tuple[Ran, Rough, dict[str, int]]:
    """Run the happy path against a platform behind a rough proxy; count what is left there."""
    devices = str(device_file(folder / "devices.csv", DEVICES))
    async with (
        standing(devices, signed_only=True) as ready,
        rough(ready["http"], manners) as (url, proxy),
    ):
        ran = await run(
            folder, *WORDS, "--device-file", devices,
            "--broker", ready["mqtt"], "--backend", url, "--org", ready["org"],
            variables={
                "FLEET_SIM_APP_KEY": ready["app_key"], "FLEET_SIM_APP_SECRET": ready["app_secret"]
            },
        )  # fmt: skip
        return ran, proxy, await _left(ready)


async def _left(ready: Mapping[str, Any]) -> dict[str, int]:
    async with calling(ready) as caller:
        images, jobs = await caller.ask(SearchFirmware()), await caller.ask(SearchJobs())
    assert isinstance(images, Listed)
    assert isinstance(jobs, Listed)
    return {"images": images.total, "jobs": jobs.total}


def rude(action: str, before: int) -> Manner | None:
    """Put off the first login and the first creation; spoil a look in each manner there is."""
    if action in {"token", "create"}:
        return Manner.THROTTLED if not before else None
    if action == "searchTask" and before % 2 and before // 2 < len(ROUND):
        return ROUND[before // 2]
    return None


@pytest.mark.long
async def test_a_rude_backend_is_borne_with(tmp_path: Path) -> None:
    """All is done once, nothing is held against it, and the trouble is counted."""
    ran, proxy, left = await faced(tmp_path, rude)

    assert ran.code == 0, ran.said
    assert ran.document["totals"]["updated"] == DEVICES
    assert "violated" not in verdicts(ran.document).values()
    assert left == {"images": 0, "jobs": 1}
    assert set(proxy.done) == set(ROUND)
    northbound = ran.document["northbound"]
    assert northbound["requests"] == sum(proxy.seen.values())
    throttled = proxy.done[Manner.THROTTLED] + proxy.done[Manner.PUT_OFF]
    assert northbound["throttled"] == throttled
    lost = (Manner.BROKEN, Manner.CUT, Manner.HALVED)
    assert northbound["failed"] == sum(proxy.done[manner] for manner in lost)


async def test_an_order_without_an_answer_is_never_given_again(tmp_path: Path) -> None:
    """It was taken; that nobody said so is what the run came to."""
    ran, proxy, left = await faced(tmp_path, _cut_the_order)

    assert ran.code == 1
    assert proxy.seen["create"] == 2  # the image, and one job
    assert left["jobs"] == 1
    first = ran.document["expectations"][0]
    assert (first["text"], first["held"]) == ("the backend takes the job 1.3.0 for meters", False)
    assert first["value"].startswith("no answer")
    assert "violated" not in verdicts(ran.document).values()


def _cut_the_order(action: str, before: int) -> Manner | None:
    """Cut the second creation, which is the job's; the first is the image's."""
    return Manner.CUT if (action, before) == ("create", 1) else None


async def test_a_backend_that_only_breaks_ends_the_run_in_words(tmp_path: Path) -> None:
    """Nobody is let in by a page of HTML: one sentence, before any device connects."""
    ran, proxy, left = await faced(tmp_path, lambda *_: Manner.BROKEN)

    assert (ran.code, ran.shown) == (3, "")
    assert "502" in ran.sentence
    assert left == {"images": 0, "jobs": 0}
    assert set(proxy.seen) == {"token"}
