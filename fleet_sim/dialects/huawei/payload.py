"""JSON of both generations: read strictly, with no exception but `DialectError`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from fleet_sim.dialects.fields import is_storable, read_json, refuse_constant
from fleet_sim.dialects.wire import DialectError

PAYLOAD_BYTES_MAX = 1024 * 1024  # Ours: the largest message is in no page that we know.

Fields: TypeAlias = "Mapping[str, Any]"


_DIGITS_MAX = 1000  # Ours; no number in any page has more than twenty.


def _read_int(text: str) -> int:
    if len(text) > _DIGITS_MAX:
        raise DialectError(
            f"the payload is no JSON: a number in it has {len(text)} digits; at most {_DIGITS_MAX} "
            "are allowed"
        )
    return int(text)


_DECODER = json.JSONDecoder(parse_int=_read_int, parse_constant=refuse_constant)
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def read_object(payload: bytes) -> Fields:
    """Read a payload that must be a JSON object.

    Raises:
        DialectError: It is too large, no JSON, or something else than an object.
    """
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise DialectError(f"the payload has more than {PAYLOAD_BYTES_MAX} bytes")
    found = read_json(payload, _DECODER)
    if not isinstance(found, dict):
        raise DialectError("the payload is no JSON object")
    return found


def write_object(fields: Fields) -> bytes:
    """Write an object: UTF-8, no blanks, keys in the order given."""
    return _ENCODER.encode(fields).encode(errors="replace")


def read_text(fields: Fields, name: str, *, default: str | None = None) -> str:
    """Return a string.

    Raises:
        DialectError: It is missing (or null) and has no default, or is something else.
    """
    value = fields.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise DialectError(f"{name} is {'missing' if value is None else 'no string'}")
    if not is_storable(value):
        raise DialectError(f"{name} holds a NUL or half of a surrogate pair")
    return value


def read_whole(fields: Fields, name: str, *, default: int | None = None) -> int:
    """Return a whole number.

    Raises:
        DialectError: It is missing (or null) and has no default, or is something else.
    """
    value = fields.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise DialectError(f"{name} is {'missing' if value is None else 'no whole number'}")
    if not -(2**63) <= value < 2**63:
        raise DialectError(f"{name} is beyond every integer")
    return value


def read_fields(fields: Fields, name: str) -> Fields:
    """Return an object inside the object; a missing one is empty.

    Raises:
        DialectError: It is something else.
    """
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DialectError(f"{name} is no object")
    return value
