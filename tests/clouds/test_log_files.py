"""The files of a run's log, which several processes write, on sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.log_reader import read_log
from fleet_sim.runtime.run_log import part_path
from tests.runtime.brisk import MIXED, brisk, carried_out


@pytest.mark.parametrize("part", [0, 1])
async def test_a_log_that_cannot_be_written_ends_the_run(tmp_path: Path, part: int) -> None:
    """In a sentence, whichever process it was: the rest of the log would tell lies."""
    part_path(tmp_path, part).symlink_to("/dev/full")

    with pytest.raises(TargetError) as caught:
        await carried_out(brisk(**MIXED), tmp_path)

    said = str(caught.value)
    why = f"{part_path(tmp_path, part)} cannot be written: no space left on device; "
    assert said.endswith(f"{why}--runs names another folder")
    # The platform may come to its first write before it is ready, or after.
    assert said.startswith(
        ("the reference platform cannot start: ", "the reference platform ended with an error: ")
        if part
        else why
    )


async def test_the_log_counts_its_parts(tmp_path: Path) -> None:
    """So that one of them can be missed."""
    await carried_out(brisk(**MIXED), tmp_path)
    part_path(tmp_path, 1).unlink()

    with pytest.raises(ValueError, match=r"lacks events-001\.jsonl\.gz, one of the 2 parts"):
        read_log(tmp_path)
