from __future__ import annotations

from fleet_sim.model.northbound import TaskStatus
from fleet_sim.oracle.outcome import Standing
from tests.dialects.small_runs import small_run


def test_a_small_run_shows_what_came_of_four_devices() -> None:
    """What went over the wire, what the northbound showed, and how the promises stand."""
    run = small_run("enos", {"devices": 2})

    assert run.shown("status") == dict.fromkeys(
        ("field-00001", "field-00002"), TaskStatus.SUCCEEDED
    )
    assert [who for _, _, who in run.kinds("push_sent")] == ["field-00001", "field-00002"]
    assert run.standing("V01") is Standing.HELD
    assert run.violated == {}


def test_a_small_run_can_carry_a_bug() -> None:
    """Which then is in the judgement."""
    run = small_run("enos", {}, {"concurrency": 2}, plant="B01")

    assert list(run.violated) == ["V01"]
