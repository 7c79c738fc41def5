"""The dialects side by side: what one scenario comes to with each, as rows of a table.

`python -m tests.clouds.side_by_side` writes the tables of `docs/dialects.md`: that of virtual time,
whose every repetition is the same, and that of real time.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fleet_sim.cli.main import outcome
from tests.topologies.commands import run

OURS = ("enos", "tuya", "alibaba", "tuyalink", "huawei")
# All devices are on line long before the job begins, on a machine that is busy as well.
SOON = ("--set", "fleets.meters.connect.over=1s", "--set", "jobs.0.at=5s")
# What a vendor's jobs have no words for, and so no promise.
NOT_PROMISED = {
    "enos": {"V49"},
    "tuya": {"V01", "V37", "V49"},
    "alibaba": {"V01"},
    "tuyalink": {"V01", "V37", "V49"},
    "huawei": {"V01", "V06", "V15", "V37", "V49"},
}
WAIT_S = 600.0  # The largest takes half a minute on an idle machine.
# Scenario and flags to the time that its table shows.
RUNS: Mapping[tuple[str, ...], str] = {
    ("flaky-field", "--virtual"): "run_ms",
    ("happy-path",): "wall_ms",
}

_MS = 1_000
_NAMED = ("inconclusive", "not_promised", "not_exercised")
_TOTALS = ("devices", "updated", "failed", "waiting")
_HEAD = ("dialect", "verdict", *_TOTALS, "held", *(one.replace("_", " ") for one in _NAMED), "time")


def ran(
    capsys: pytest.CaptureFixture[str], folder: Path, *words: str
) -> tuple[int, dict[str, Any]]:
    """Run a bundled scenario in this process; return the exit code and `run.json`."""
    code = outcome(["run", *words, "--ui", "json", "--runs", str(folder)])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, document


def head() -> str:
    """Return the head of a table and the line below it."""
    return f"{_line(_HEAD)}\n{_line(['---'] * len(_HEAD))}"


def row(dialect: str, document: Mapping[str, Any], clock: str) -> str:
    """Return what a run came to, as one row of a table.

    Args:
        dialect: Whose.
        document: Its `run.json`.
        clock: Which of its `timing` to show.
    """
    totals, standings = document["totals"], verdicts_by(document)
    cells = (
        f"`{dialect}`",
        document["verdict"],
        *(f"{totals[name]:,}" for name in _TOTALS),
        str(len(standings.get("held", ()))),
        *(" ".join(standings.get(name, ())) or "none" for name in _NAMED),
        f"{document['timing'][clock] / _MS:.0f} s",
    )
    return _line(cells)


def verdicts_by(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the promises of a run by how they stand."""
    found: dict[str, list[str]] = {}
    for name, promise in document["promises"].items():
        found.setdefault(promise["verdict"], []).append(name)
    return found


async def table(words: tuple[str, ...], folder: Path) -> str:
    """Run a scenario with each dialect, one after the other, and return the table.

    Raises:
        AssertionError: A run ended otherwise than with exit code 0.
    """
    rows = [head()]
    for dialect in OURS:
        found = await run(folder, *words, "--dialect", dialect, wait_s=WAIT_S)
        assert found.code == 0, f"{dialect}: exit code {found.code}: {found.said}"
        rows.append(row(dialect, found.document, RUNS[words]))
    return "\n".join(rows)


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"


async def _all() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for words in RUNS:
            made = await table(words, Path(folder))
            sys.stdout.write(f"run {' '.join(words)} --dialect D\n\n{made}\n\n")


if __name__ == "__main__":
    asyncio.run(_all())
