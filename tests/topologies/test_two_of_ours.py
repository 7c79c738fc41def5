"""`serve` in one process, `run --broker --backend` in another: nothing passes by the side door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.topologies.commands import Ran, device_file, embedded, run, serving, verdicts

# Some fail and try again, some lose their connection, some are not meant; a third of the room there
# is. A restart takes longer than two polls lie apart, so that a success before its time is seen.
ERRANDS = """
name: errands
duration: 90s
fleets:
  field:
    devices: 30
    firmware: {"1.1.0": 20%, "1.2.0": 80%}
    network: wifi_good
    personas: {healthy: 70%, bad_digest: {share: 30%, desc_chars: 400}}
    install: 200ms
    reboot: 3s
    connect: {over: 1s}
jobs:
  - at: 4s
    upgrade: field
    to: "1.3.0"
    from: ["1.2.0"]
    image: {size: 16KiB}
    concurrency: 6
    timeout: 5m
    retries: 1
    retry_interval: 4s
events:
  - {at: 15s, disconnect: field, share: 50%, for: 1s}
"""
# Bugs that do not hide one another, and the promise that convicts each.
TOGETHER: tuple[dict[str, str], ...] = (
    {"B01": "V01", "B13": "V15", "B64": "V27", "B67": "V43"},
    {"B10": "V14", "B23": "V28", "B41": "V41", "B65": "V35"},
    {"B15": "V20", "B28": "V16", "B61": "V03"},
)
# What this scenario puts to the test and any machine can see from outside.
SEEN = ("V03", "V14", "V21", "V24", "V25", "V27", "V28", "V34", "V35", "V41", "V43")
APART = {
    "B01": "V01", "B10": "V14", "B13": "V15", "B15": "V20", "B23": "V28", "B28": "V16",
    "B38": "V43", "B41": "V41", "B43": "V41", "B61": "V03", "B64": "V27",
    "B65": "V35", "B66": "V21", "B67": "V43",
}  # fmt: skip


async def faced(folder: Path, *words: str, count: int, plant: tuple[str, ...] = ()) -> Ran:
    """Run a scenario against a `serve` with these bugs, by URL."""
    devices = str(device_file(folder / "devices.csv", count))
    planted = [word for bug in plant for word in ("--plant", bug)]
    async with serving("--auth", "signed", "--devices", devices, *planted) as ready:
        return await run(
            folder, *words, "--device-file", devices,
            "--broker", ready["mqtt"], "--backend", ready["http"], "--org", ready["org"],
            variables={
                "FLEET_SIM_APP_KEY": ready["app_key"], "FLEET_SIM_APP_SECRET": ready["app_secret"]
            },
        )  # fmt: skip


@pytest.fixture
def errands(tmp_path: Path) -> str:
    """Return where the scenario stands."""
    path = tmp_path / "errands.yaml"
    path.write_text(ERRANDS)
    return str(path)


def violated(document: dict[str, Any]) -> set[str]:
    """Return the promises that broke."""
    return {name for name, verdict in verdicts(document).items() if verdict == "violated"}


async def test_happy_path_comes_to_the_same_verdicts(tmp_path: Path) -> None:
    """All but one: that a full cap was kept cannot be seen from outside, and is not claimed."""
    words = ("happy-path", "--devices", "150", "--set", "jobs.0.concurrency=50")

    ran = await faced(tmp_path, *words, count=150)

    assert (ran.code, ran.said) == (0, "")
    assert ran.document["totals"]["updated"] == 150
    inside = embedded(tmp_path, *words)
    assert inside["V01"] == "held"
    assert verdicts(ran.document) == inside | {"V01": "inconclusive"}
    assert "seen from the devices alone" in ran.document["promises"]["V01"]["reason"]


async def test_failures_and_lost_connections_come_to_the_same_verdicts(
    tmp_path: Path, errands: str
) -> None:
    """Retries, codes and texts are seen at the devices and in the rows.

    A gap is seen as well, unless this machine is so busy that messages take a second; then that is
    said, as it is of everything else that crossed on its way.
    """
    ran = await faced(tmp_path, errands, count=30)

    assert ran.code == 0, ran.said
    inside, outside = embedded(tmp_path, errands), verdicts(ran.document)
    assert {name: outside[name] for name in SEEN} == {name: inside[name] for name in SEEN}
    assert {inside[name] for name in (*SEEN, "V15")} == {"held"}
    doubts = {name for name in inside if outside[name] != inside[name]}
    assert {outside[name] for name in doubts} == {"inconclusive"}
    assert all(ran.document["promises"][name]["reason"] for name in doubts)


@pytest.mark.parametrize(
    "plant",
    # One run stands for all in the short lane; the long one has each bug by itself as well.
    [TOGETHER[0], *(pytest.param(plant, marks=pytest.mark.long) for plant in TOGETHER[1:])],
    ids="+".join,
)
async def test_planted_bugs_are_convicted_by_url(
    tmp_path: Path, errands: str, plant: dict[str, str]
) -> None:
    """Each by its own promise."""
    ran = await faced(tmp_path, errands, count=30, plant=tuple(plant))

    assert ran.code == 1
    assert set(plant.values()) <= violated(ran.document)


@pytest.mark.long
@pytest.mark.parametrize("bug", APART)
async def test_a_planted_bug_is_convicted_by_url(tmp_path: Path, errands: str, bug: str) -> None:
    """Alone, in real time; in virtual time tests/planted does so with all there are."""
    ran = await faced(tmp_path, errands, count=30, plant=(bug,))

    assert ran.code == 1
    assert APART[bug] in violated(ran.document)
