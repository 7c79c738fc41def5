from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import pytest
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from fleet_sim.scenario.typed import read_knobs


class Colour(StrEnum):
    """An enumeration, as a link profile has one."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Knobs:
    """One field of every type that profiles have."""

    word: str = ""
    whole: int = 0
    broken: float = 0.0
    loss_percent: float = 0.0
    flag: bool = False
    maybe: int | None = None
    choice: Literal["up", "down"] = "up"
    base: Literal[0, 1] = 0
    many: tuple[str, ...] = ()
    pair: tuple[str, str] | None = None
    colour: Colour = Colour.RED


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("word", "x", "x"),
        ("whole", 3, 3),
        ("broken", 3, 3.0),
        ("loss_percent", 100, 100.0),
        ("flag", True, True),
        ("maybe", None, None),
        ("maybe", 3, 3),
        ("choice", "down", "down"),
        ("base", 1, 1),
        ("many", ["a", "b"], ("a", "b")),
        ("many", "a", ("a",)),
        ("many", [], ()),
        ("pair", ["a", "b"], ("a", "b")),
        ("pair", None, None),
        ("colour", "blue", Colour.BLUE),
    ],
)
def test_each_type_is_read(name: str, raw: object, value: object) -> None:
    """A knob's type is its field's."""
    assert read_knobs({name: raw}, Knobs) == {name: value}


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("word", 3),
        ("word", None),
        ("whole", 1.5),
        ("whole", -1),
        ("whole", True),
        ("whole", 10**10),
        ("broken", "1"),
        ("broken", float("nan")),
        ("broken", -0.1),
        ("loss_percent", 101),
        ("flag", "yes"),
        ("flag", 1),
        ("maybe", "x"),
        ("choice", "left"),
        ("choice", None),
        ("base", 2),
        ("base", True),
        ("many", [1]),
        ("pair", ["a"]),
        ("colour", "green"),
        ("colours", "red"),
    ],
)
def test_each_types_slips_are_told_at_the_knob(name: str, raw: object) -> None:
    """One knob, one mistake."""
    with pytest.raises(ValidationError) as caught:
        read_knobs({name: raw}, Knobs)

    assert [error["loc"] for error in caught.value.errors()] == [(name,)]


def test_what_is_no_mapping_is_one_mistake() -> None:
    """There are no knobs in it."""
    with pytest.raises(PydanticCustomError, match="write a mapping of knobs"):
        read_knobs([1], Knobs)


def test_some_fields_may_be_kept_back() -> None:
    """A link's name is its key's business."""
    with pytest.raises(ValidationError, match="is no knob here"):
        read_knobs({"word": "x"}, Knobs, without=frozenset({"word"}))


def test_an_unreadable_type_is_our_own_slip() -> None:
    """A field of another type must be taught here before anyone can write it."""

    @dataclass
    class Odd:
        thing: dict[str, Any]

    with pytest.raises(AssertionError):
        read_knobs({"thing": {}}, Odd)
