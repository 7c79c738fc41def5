from typing import Any

import pytest
from pydantic import Field
from pydantic_core import ValidationError

from fleet_sim.scenario.keys import Keys


class Inner(Keys):
    """A mapping within a mapping."""

    size: int


class Outer(Keys):
    """One key of each kind of trouble."""

    name: str
    at_ms: int = Field(default=0, alias="at")
    inner: Inner | None = None
    many: dict[str, Inner] = Field(default_factory=dict)


def errors(value: object) -> list[tuple[Any, str]]:
    """Return place and sentence of each mistake."""
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(value)
    return [(error["loc"], error["msg"]) for error in caught.value.errors()]


def test_unknown_and_missing_keys_are_told_together() -> None:
    """Unknown keys first, whatever else is wrong, at every depth."""
    found = errors({"nam": "x", "inner": {"sise": 1}, "many": {"a": {"size": 1, "b": 2}}})

    assert found == [
        (("nam",), 'is no key here; did you mean "name"? (at, inner, many, name)'),
        ((), 'has no "name"; it is needed'),
        (("inner", "sise"), 'is no key here; did you mean "size"? (size)'),
        (("inner",), 'has no "size"; it is needed'),
        (("many", "a", "b"), "is no key here; known are: size"),
    ]


def test_a_fields_own_name_is_no_key_where_it_has_another() -> None:
    """`at` is what people write; `at_ms` is ours."""
    assert errors({"name": "x", "at_ms": 5})[0][0] == ("at_ms",)


def test_what_is_no_mapping_is_told_with_the_keys() -> None:
    """A list or a text where keys are wanted."""
    assert errors([1]) == [((), "is a list; write a mapping with keys (name, at, inner, many)")]
    assert errors({"name": "x", "many": [1]}) == [(("many",), "is a list; write a mapping")]


def test_a_good_mapping_is_a_model() -> None:
    """Frozen, by its aliases."""
    model = Outer.model_validate({"name": "x", "at": 5})

    assert (model.name, model.at_ms) == ("x", 5)
