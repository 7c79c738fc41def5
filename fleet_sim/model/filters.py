"""The neutral filter: what a vendor's query language means.

A dialect parses its own language to this and the backend evaluates it, so no query language is
known twice. Field names are those of the rows in `northbound` (`TaskRow.to_version` is
`to_version`), whatever the vendor calls them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Value: TypeAlias = "str | int | bool"


class Operator(StrEnum):
    """How a field is compared."""

    EQUAL = "="
    NOT_EQUAL = "!="
    IN = "in"
    LIKE = "like"  # contains, no wildcards


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field against one value, or against several with `IN`."""

    field: str
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; no parts: everything matches."""

    parts: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Filter, ...]


Filter: TypeAlias = "Comparison | AllOf | AnyOf"
EVERYTHING = AllOf()


def matches(where: Filter, value_of: Callable[[str], Value | None]) -> bool:
    """Tell whether a row satisfies the filter.

    Args:
        where: The filter.
        value_of: Field name to the row's value, None where it has none (which only `!=` matches).
    """
    match where:
        case AllOf(parts):
            return all(matches(part, value_of) for part in parts)
        case AnyOf(parts):
            return any(matches(part, value_of) for part in parts)
        case Comparison(field, operator, values):
            return _compare(value_of(field), operator, values)


def _compare(value: Value | None, operator: Operator, values: tuple[Value, ...]) -> bool:
    match operator:
        case Operator.EQUAL | Operator.IN:
            return value is not None and value in values
        case Operator.NOT_EQUAL:
            return value not in values
        case Operator.LIKE:
            return value is not None and any(str(part) in str(value) for part in values)
