from __future__ import annotations

from typing import Any

import pytest

from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.pages import pages
from tests.oracle.logs import Log, judged

MINE = ["job_id", "=", ["j1"]]


def walked(*pages_: list[int], unique: int | None = None, where: list[Any] | None = None) -> Log:
    """Return a log with 5 tasks of a job, walked over in these pages at 20 s."""
    log = Log()
    keys = [f"d{number}" for number in range(5)]
    log.devices(*keys)
    log.job(1_000)
    for key in keys:
        log.show(key, "queued")
    log.poll(5_000)
    rows = sum(page[2] for page in pages_)
    log.poll(
        20_000, pages=list(pages_), unique=rows if unique is None else unique, where=where or MINE
    )
    return log


def test_pages_that_add_up_hold() -> None:
    """Full ones and a short last one; an empty one past the end is right too."""
    for walk in ([[1, 2, 2, 5], [2, 2, 2, 5], [3, 2, 1, 5]], [[1, 5, 5, 5], [2, 5, 0, 5]]):
        outcome = judged(pages, walked(*walk))

        assert (outcome.standing, outcome.n) == (Standing.HELD, 2)


@pytest.mark.parametrize(
    ("walk", "unique", "wrong"),
    [
        ([[1, 2, 3, 5], [2, 2, 2, 5]], None, "page 1 has 3 rows; 2 were asked for"),
        ([[1, 2, 1, 5], [2, 2, 2, 5]], None, "page 1 has only 1 of 2 rows, and more follow"),
        ([[1, 2, 2, 2], [2, 2, 2, 4]], None, "different totals: 2, 4"),
        ([[1, 3, 3, 5], [2, 3, 2, 5]], 4, "show 5 rows, but only 4 different ones"),
        ([[1, 3, 3, 5], [2, 3, 1, 5]], None, "show 4 rows, but name a total of 5"),
        ([[1, 3, 3, 3]], None, "names a total of 3, but 5 rows are known to match"),
    ],
)
def test_pages_that_do_not_add_up_are_convicted(
    walk: list[list[int]], unique: int | None, wrong: str
) -> None:
    """A job's tasks are quiet: their number cannot change."""
    outcome = judged(pages, walked(*walk, unique=unique))

    assert outcome.standing is Standing.VIOLATED
    assert wrong in outcome.violations[0].text


def test_a_total_below_the_scope_is_convicted() -> None:
    """No read ever showed the others, but they were in scope when the job was made."""
    log = Log()
    log.devices(*(f"d{number}" for number in range(5)))
    log.job(1_000)
    log.show("d0", "queued")
    log.show("d1", "queued")
    log.poll(5_000, pages=[[1, 2, 2, 2]])

    assert judged(pages, log).standing is Standing.VIOLATED


def test_a_search_over_a_status_is_a_doubt_at_most() -> None:
    """A row may have moved from one page to the next while it was walked."""
    log = walked([1, 2, 2, 4], [2, 2, 1, 3], where=["all", MINE, ["status", "=", ["queued"]]])

    assert judged(pages, log).standing is Standing.INCONCLUSIVE


def test_a_job_that_was_just_made_is_a_doubt_at_most() -> None:
    """Its tasks may still be appearing."""
    log = Log()
    log.devices("d1", "d2")
    log.job(1_000)
    log.show("d1", "queued")
    log.poll(2_000, pages=[[1, 2, 1, 2]])

    assert judged(pages, log).standing is Standing.INCONCLUSIVE


def test_a_search_that_must_be_refused_is_not_walked() -> None:
    """V41 convicts the answer."""
    log = walked([1, 2, 2, 9], where=["noSuchField", "=", ["1"]])

    assert judged(pages, log).violations == ()


def test_no_search_is_not_exercised() -> None:
    """Nothing was asked."""
    assert judged(pages, Log()).standing is Standing.NOT_EXERCISED


def test_a_narrower_search_is_held_against_the_rows_known_to_match() -> None:
    """Two keys were asked for, both known, and the total says one."""
    where = ["all", MINE, ["device_key", "in", ["d1", "d2"]]]
    log = walked([1, 5, 5, 5])
    log.probe(30_000, where, "j1-d1", pages=[[1, 7, 1, 1]])

    outcome = judged(pages, log)

    assert outcome.standing is Standing.VIOLATED
    assert "names a total of 1, but 2 rows are known to match" in outcome.violations[0].text
