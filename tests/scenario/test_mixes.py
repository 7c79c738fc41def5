from fractions import Fraction
from typing import Any

import pytest
from pydantic_core import PydanticCustomError, ValidationError

from fleet_sim.scenario.mixes import read_mix


def name_of(name: object, knobs: dict[str, Any]) -> str:
    """Make a part of its name and the knobs it got."""
    return f"{name}{sorted(knobs)}"


def test_a_lone_name_is_all_of_it() -> None:
    """Nobody writes {x: 100%}."""
    assert read_mix("x", name_of) == (("x[]", Fraction(100)),)


def test_shares_may_stand_beside_knobs() -> None:
    """In the order written; a share of nothing is legal."""
    mix = read_mix({"x": "99.5%", "y": {"share": "0.5%", "n": 3}, "z": "0%"}, name_of)

    assert mix == (
        ("x[]", Fraction(199, 2)),
        ("y['n']", Fraction(1, 2)),
        ("z[]", Fraction(0)),
    )


@pytest.mark.parametrize("shares", [("50%", "49.9%"), ("60%", "60%"), ("0%", "0%")])
def test_shares_must_add_up(shares: tuple[str, str]) -> None:
    """To a hundred, exactly: 33.3 three times is a mistake."""
    with pytest.raises((PydanticCustomError, ValidationError), match="shares add up to 100%"):
        read_mix(dict(zip("ab", shares, strict=True)), name_of)


def test_a_wrong_sum_is_told_beside_wrong_names() -> None:
    """The shares can be read whatever is wrong with the names; all is told at once."""

    def refuse(name: object, knobs: dict[str, Any]) -> str:
        raise PydanticCustomError("mistake", "is wrong")

    with pytest.raises(ValidationError) as caught:
        read_mix({"a": "10%", "b": "20%"}, refuse)

    assert [error["loc"] for error in caught.value.errors()] == [("a",), ("b",), ()]


def test_a_wrong_share_is_not_blamed_for_the_sum_too() -> None:
    """One slip, one mistake."""
    with pytest.raises(ValidationError) as caught:
        read_mix({"a": "10", "b": "20%"}, name_of)

    assert [error["loc"] for error in caught.value.errors()] == [("a", "share")]
