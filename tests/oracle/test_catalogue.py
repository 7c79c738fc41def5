from __future__ import annotations

import pytest

from fleet_sim.oracle.catalogue import PROMISES, Promise
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, drawn


def test_promises_stand_in_order_under_their_ids() -> None:
    """As the failure-modes file numbers them."""
    assert list(PROMISES) == sorted(PROMISES)
    assert all(promise.id == name for name, promise in PROMISES.items())


@pytest.mark.parametrize("promise", PROMISES.values(), ids=list(PROMISES))
def test_an_oracle_is_named_by_its_promise(promise: Promise) -> None:
    """One promise a file, and the file's name says which."""
    assert promise.judge.__name__ == promise.name
    assert promise.judge.__module__ == f"fleet_sim.oracle.{promise.name}"


@pytest.mark.parametrize("promise", PROMISES.values(), ids=list(PROMISES))
def test_a_statement_is_one_sentence(promise: Promise) -> None:
    """Short enough for a table."""
    assert promise.statement.endswith(".")
    assert promise.statement.count(". ") == 0
    assert len(promise.statement) < 90


@pytest.mark.parametrize("promise", PROMISES.values(), ids=list(PROMISES))
def test_an_empty_log_exercises_nothing(promise: Promise) -> None:
    """No oracle stumbles over a log in which nothing happened."""
    outcome = promise.judge(drawn(Log(), pushes_a_minute=10))

    assert (outcome.promise, outcome.standing, outcome.n) == (
        promise.id,
        Standing.NOT_EXERCISED,
        0,
    )
