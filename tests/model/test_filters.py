from collections.abc import Mapping

import pytest

from fleet_sim.model.filters import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Comparison,
    Filter,
    Operator,
    Value,
    matches,
)

ROW: Mapping[str, Value] = {"status": "failed", "progress": 40, "is_upgrading": True}

FAILED = Comparison("status", Operator.EQUAL, ("failed",))
QUEUED = Comparison("status", Operator.EQUAL, ("queued",))


@pytest.mark.parametrize(
    ("where", "is_match"),
    [
        (FAILED, True),
        (QUEUED, False),
        (Comparison("status", Operator.NOT_EQUAL, ("failed",)), False),
        (Comparison("status", Operator.NOT_EQUAL, ("queued",)), True),
        (Comparison("status", Operator.IN, ("queued", "failed")), True),
        (Comparison("status", Operator.IN, ("queued", "pushed")), False),
        (Comparison("status", Operator.IN, ()), False),
        (Comparison("status", Operator.LIKE, ("ail",)), True),
        (Comparison("status", Operator.LIKE, ("f%d",)), False),
        (Comparison("progress", Operator.EQUAL, (40,)), True),
        (Comparison("progress", Operator.LIKE, ("4",)), True),
        (Comparison("is_upgrading", Operator.EQUAL, (True,)), True),
        (Comparison("is_upgrading", Operator.EQUAL, (False,)), False),
    ],
)
def test_each_operator_means_what_it_says(where: Filter, *, is_match: bool) -> None:
    """`like` contains and knows no wildcards; `in` nothing matches nothing."""
    assert matches(where, ROW.get) is is_match


@pytest.mark.parametrize("operator", [one for one in Operator if one != Operator.NOT_EQUAL])
def test_a_missing_value_matches_nothing_but_unequal(operator: Operator) -> None:
    """A task without a desc is not found by any desc, and is unlike every one."""
    assert not matches(Comparison("desc", operator, ("",)), ROW.get)
    assert matches(Comparison("desc", Operator.NOT_EQUAL, ("",)), ROW.get)


@pytest.mark.parametrize(
    ("where", "is_match"),
    [
        (EVERYTHING, True),
        (AnyOf(()), False),
        (AllOf((FAILED, FAILED)), True),
        (AllOf((FAILED, QUEUED)), False),
        (AnyOf((QUEUED, FAILED)), True),
        (AnyOf((QUEUED, QUEUED)), False),
        (AllOf((FAILED, AnyOf((QUEUED, FAILED)))), True),
        (AnyOf((AllOf((FAILED, QUEUED)), QUEUED)), False),
    ],
)
def test_parts_join_as_named(where: Filter, *, is_match: bool) -> None:
    """All of nothing is everything, any of nothing is nothing."""
    assert matches(where, ROW.get) is is_match
