"""Payloads: JSON read strictly, with the text of each number kept.

The official samples send a version as a JSON number and a code as a string, so `1.10` must not
become 1.1 on its way. Numbers are therefore read as `Number`, their own text.

Whatever is wrong with a payload is a `DialectError` with the vendor's number; no value of another
type, no NaN, no unpaired surrogate and no nesting without end gets past this module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from fleet_sim.dialects.enos import codes
from fleet_sim.dialects.fields import is_storable
from fleet_sim.dialects.wire import DialectError

PAYLOAD_BYTES_MAX = 512 * 1024  # the platform's limit, and a constant of the SDKs

Fields: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was written."""

    text: str


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)


def read_object(payload: bytes) -> Fields:
    """Read a payload that must be a JSON object.

    Raises:
        DialectError: 1008 too large, 1251 empty, 1220 anything else.
    """
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise DialectError(
            f"the payload has {len(payload)} bytes; at most {PAYLOAD_BYTES_MAX} are allowed",
            code=codes.PAYLOAD_TOO_LARGE,
        )
    if not payload.strip():
        raise DialectError("the payload is empty", code=codes.PAYLOAD_EMPTY)
    try:
        found = _DECODER.decode(payload.decode())
    except (ValueError, RecursionError) as error:
        raise wrong(f"the payload is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise wrong(f"the payload is {_kind(found)}, not an object")
    return found


def write_object(fields: Fields) -> bytes:
    """Write a payload: UTF-8, no blanks, keys in the order given."""
    return _ENCODER.encode(fields).encode()


def wrong(text: str, message_id: str | None = None) -> DialectError:
    """Make the error for a payload of the wrong shape."""
    return DialectError(text, code=codes.PAYLOAD_NOT_JSON, message_id=message_id)


def read_text(fields: Fields, name: str, *, default: str | None = None) -> str:
    """Return a string; a number counts as its own text.

    Raises:
        DialectError: It is missing (or null) and has no default, or is of another type.
    """
    value = fields.get(name)
    if value is None and default is not None:
        return default
    if isinstance(value, Number):
        return value.text
    return _clean(value, name)


def read_string(fields: Fields, name: str, *, default: str) -> str:
    """Return a string that a number cannot stand for.

    Raises:
        DialectError: It is of another type.
    """
    value = fields.get(name)
    return default if value is None else _clean(value, name)


def _clean(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise wrong(
            f"{name} is missing" if value is None else f"{name} is {_kind(value)}, not a string"
        )
    if not is_storable(value):
        raise wrong(f"{name} holds a NUL or half of a surrogate pair")
    return value


def read_whole(fields: Fields, name: str) -> int:
    """Return a whole number, written as a number or as a string.

    Raises:
        DialectError: It is missing or no whole number.
    """
    text = read_text(fields, name)
    if not _WHOLE.fullmatch(text):
        raise wrong(f"{name} is {text[:40]!r}, not a whole number")
    return int(text)


def read_fields(fields: Fields, name: str) -> Fields:
    """Return an object inside the object.

    Raises:
        DialectError: It is missing or of another type.
    """
    value = fields.get(name)
    if not isinstance(value, dict):
        raise wrong(
            f"{name} is missing" if value is None else f"{name} is {_kind(value)}, not an object"
        )
    return value


def read_list(fields: Fields, name: str) -> list[Fields]:
    """Return a list of objects inside the object.

    Raises:
        DialectError: It is missing or of another type, or an entry of it is.
    """
    value = fields.get(name)
    if not isinstance(value, list):
        raise wrong(
            f"{name} is missing" if value is None else f"{name} is {_kind(value)}, not a list"
        )
    for entry in value:
        if not isinstance(entry, dict):
            raise wrong(f"{name} holds {_kind(entry)}, not an object")
    return value


_KINDS = {str: "a string", Number: "a number", bool: "a boolean", list: "a list", dict: "an object"}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "null")
