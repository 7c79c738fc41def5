from __future__ import annotations

import pytest

from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.tally import Tally, in_log_order, seconds, some
from tests.oracle.logs import Log, drawn


def test_a_witness_is_in_the_order_of_the_log_and_names_each_record_once() -> None:
    """However an oracle collected its records."""
    log = Log()
    late, early = log.boot(20, "d1", "1"), log.boot(10, "d1", "1")

    assert in_log_order([late, early, late]) == (early, late)


def test_what_speaks_against_an_ambiguous_task_is_a_doubt() -> None:
    """Another task may explain its pushes, so nothing is certain."""
    log = Log()
    log.devices("d1")
    log.job(at=1_000)
    log.push(2_000, "d1")
    (task,) = drawn(log).tasks
    tally = Tally("V01")

    task.is_ambiguous = True
    tally.broken("it broke", [], task=task)

    assert tally.outcome().standing is Standing.INCONCLUSIVE


@pytest.mark.parametrize(("ms", "text"), [(0, "0 s"), (1_500, "1.5 s"), (60_000, "60 s")])
def test_instants_are_written_in_seconds(ms: int, text: str) -> None:
    """Whole milliseconds, without trailing zeros."""
    assert seconds(ms) == text


def test_long_lists_are_cut() -> None:
    """A reader gets the first names and how many more there are."""
    assert some(["a", "b", "c"], 2) == "a, b and 1 more"
    assert some(["a", "b"], 2) == "a, b"
