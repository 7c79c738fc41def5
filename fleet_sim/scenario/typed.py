"""Knobs checked against a frozen dataclass of another room: link profiles, contract profiles.

Their types are the only list of knobs there is, so a new field is a new knob at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from math import isfinite
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic_core import InitErrorDetails, PydanticCustomError

from fleet_sim.scenario.errors import did_you_mean
from fleet_sim.scenario.kinds import (
    detail,
    mistake,
    one_of,
    raise_all,
    read_bool,
    read_count,
    read_text,
    shown,
)

KNOB_MAX = 10**9  # Thirty years in seconds; anything above is a slip of the finger.
_PERCENT_MAX = 100


def read_knobs(
    value: object,
    kind: type,
    *,
    without: frozenset[str] = frozenset(),
    beside: tuple[str, ...] = (),
    lowest: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the knobs a mapping sets, each of its field's type; all mistakes are raised at once.

    Args:
        value: A mapping of field names to values.
        kind: A dataclass.
        without: Fields that may not be set.
        beside: Other keys that stand there, for the hint about an unknown one.
        lowest: Field to the least whole number that means anything there; 0 where it is not named.
    """
    if not isinstance(value, dict):
        raise mistake(f"is {shown(value)}; write a mapping of knobs to values")
    hints = get_type_hints(kind)
    names = [knob.name for knob in fields(kind) if knob.name not in without]
    found: list[InitErrorDetails] = []
    knobs: dict[str, Any] = {}
    for name, raw in value.items():
        if name not in names:
            text = f"is no knob here{did_you_mean(name, [*beside, *names])}"
            found.append(detail(mistake(text, at_key=True), name))
            continue
        try:
            knobs[str(name)] = _read(hints[name], raw, str(name), lowest.get(name, 0))
        except PydanticCustomError as error:
            found.append(detail(error, name))
    raise_all(found)
    return knobs


def _read(hint: Any, value: object, name: str, least: int = 0) -> Any:  # noqa: ANN401 - as the hint says
    """Return the value as the field's type; a hint not listed here is our own slip."""
    arguments = get_args(hint)
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        inner = [part for part in arguments if part is not NoneType]
        assert len(inner) == 1, f"{name} has a type that no scenario can write"
        is_none = value is None and NoneType in arguments
        return None if is_none else _read(inner[0], value, name, least)
    if origin is Literal:
        return _read_choice(arguments, value)
    if origin is tuple:
        return _read_tuple(arguments, value, name, least)
    if hint is bool:
        return read_bool(value)
    if hint is int:
        highest = _PERCENT_MAX if name.endswith("_percent") else KNOB_MAX
        return read_count(value, lowest=least, highest=highest)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(one_of(value, [one.value for one in hint]))
    if hint is float:
        return _read_number(value, name)
    assert hint is str, f"{name} has a type that no scenario can write"
    return read_text(value)


def _read_choice(choices: tuple[Any, ...], value: object) -> Any:  # noqa: ANN401 - one of them
    if all(isinstance(choice, str) for choice in choices):
        return one_of(value, choices)
    if isinstance(value, bool) or value not in choices:
        raise mistake(f"is {shown(value)}; it is one of {', '.join(map(str, choices))}")
    return next(choice for choice in choices if choice == value)


def _read_tuple(
    arguments: tuple[Any, ...], value: object, name: str, least: int
) -> tuple[Any, ...]:
    """Return a list's entries; a lone value counts as a list of one."""
    entries = value if isinstance(value, list) else [value]
    is_open = arguments[-1] is Ellipsis
    if not is_open and len(entries) != len(arguments):
        raise mistake(f"has {len(entries)} entries; it needs {len(arguments)}")
    hints = [arguments[0]] * len(entries) if is_open else list(arguments)
    return tuple(
        _read(hint, entry, name, least) for hint, entry in zip(hints, entries, strict=True)
    )


def _read_number(value: object, name: str) -> float:
    highest = _PERCENT_MAX if name.endswith("_percent") else KNOB_MAX
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise mistake(f"is {shown(value)}; write a number from 0 to {highest:,}")
    if not isfinite(value) or not 0 <= value <= highest:
        raise mistake(f"is {shown(value)}; it goes from 0 to {highest:,}")
    return float(value)
