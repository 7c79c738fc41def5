"""JSON from devices, read strictly: one sentence for whatever is wrong with it.

Devices send versions as numbers and numbers as strings. Numbers are therefore read as `Number`,
their own text, so that `1.10` does not become 1.1 on its way. No value of another type, no NaN, no
unpaired surrogate and no nesting without end gets past this module.

Every reader raises `DialectError` and nothing else, without a code: vendors number mistakes each in
their own way, and each adds its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from fleet_sim.dialects.wire import DialectError

Fields: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was written."""

    text: str


def refuse_constant(name: str) -> NoReturn:
    """Refuse what Python takes for a number of JSON and nobody else does: a `parse_constant`."""
    raise DialectError(f"the payload is no JSON: {name} is in it")


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=refuse_constant)
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)


def read_object(payload: bytes, *, bytes_max: int) -> Fields:
    """Read a payload that must be a JSON object.

    Raises:
        DialectError: It is longer than `bytes_max`, no JSON, or something else than an object.
    """
    if len(payload) > bytes_max:
        raise DialectError(f"the payload has {len(payload)} bytes; at most {bytes_max} are allowed")
    found = read_json(payload, _DECODER)
    if not isinstance(found, dict):
        raise DialectError(f"the payload is {_kind(found)}, not an object")
    return found


def read_json(payload: bytes, decoder: json.JSONDecoder) -> object:
    """Read a payload of any kind.

    Raises:
        DialectError: It is no JSON; or the decoder's own readers of numbers raise one.
    """
    try:
        return decoder.decode(payload.decode())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise DialectError(f"the payload is no JSON{_why(error)}") from error


def _why(error: UnicodeDecodeError | json.JSONDecodeError | RecursionError) -> str:
    """Say what is wrong in words of ours: Python's are about Python."""
    match error:
        case UnicodeDecodeError():
            return f": byte {error.start + 1} is no UTF-8"
        case RecursionError():
            return ": it is nested too deeply"
        case json.JSONDecodeError(doc=""):
            return ": nothing is in it"
        case json.JSONDecodeError():
            return f" from line {error.lineno}, column {error.colno} on"


def write_object(fields: Fields) -> bytes:
    """Write a payload: UTF-8, no blanks, keys in the order given."""
    return _ENCODER.encode(fields).encode()


def read_text(fields: Fields, name: str, *, default: str | None = None) -> str:
    """Return a string; a number counts as its own text.

    Raises:
        DialectError: It is missing (or null) and has no default, or is of another type.
    """
    value = fields.get(name)
    return value.text if isinstance(value, Number) else read_string(fields, name, default=default)


def read_string(fields: Fields, name: str, *, default: str | None = None) -> str:
    """Return a string that a number cannot stand for.

    Raises:
        DialectError: It is missing (or null) and has no default, or is of another type.
    """
    value = fields.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise _wrong(value, name, "a string")
    if not is_storable(value):
        raise DialectError(f"{name} holds a NUL or half of a surrogate pair")
    return value


def is_storable(text: str) -> bool:
    """Tell whether a text can be sent and kept.

    JSON lets two things through that others do not: half of a surrogate pair, which UTF-8 has no
    bytes for, and NUL, which PostgreSQL does not store.
    """
    return "\x00" not in text and (
        text.isascii() or not any("\ud800" <= mark <= "\udfff" for mark in text)
    )


def read_whole(fields: Fields, name: str, *, default: int | None = None) -> int:
    """Return a whole number of at most 18 digits, written as a number or as a string.

    Raises:
        DialectError: It is missing (or null) and has no default, or is no whole number.
    """
    if fields.get(name) is None and default is not None:
        return default
    text = read_text(fields, name)
    if not _WHOLE.fullmatch(text):
        raise DialectError(f"{name} is {text[:40]!r}, not a whole number")
    return int(text)


def read_count(fields: Fields, name: str, *, default: int | None = None) -> int:
    """Return a whole number that is not below 0.

    Raises:
        DialectError: It is missing (or null) and has no default, or is something else.
    """
    number = read_whole(fields, name, default=default)
    if number < 0:
        raise DialectError(f"{name} is {number}, less than nothing")
    return number


def read_fields(fields: Fields, name: str, *, default: Fields | None = None) -> Fields:
    """Return an object inside the object.

    Raises:
        DialectError: It is missing (or null) and has no default, or is of another type.
    """
    value = fields.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, dict):
        raise _wrong(value, name, "an object")
    return value


def read_list(fields: Fields, name: str) -> list[Fields]:
    """Return a list of objects inside the object.

    Raises:
        DialectError: It is missing or of another type, or an entry of it is.
    """
    value = fields.get(name)
    if not isinstance(value, list):
        raise _wrong(value, name, "a list")
    for entry in value:
        if not isinstance(entry, dict):
            raise DialectError(f"{name} holds {_kind(entry)}, not an object")
    return value


_KINDS = {str: "a string", Number: "a number", bool: "a boolean", list: "a list", dict: "an object"}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "null")


def _wrong(value: object, name: str, wanted: str) -> DialectError:
    found = "missing" if value is None else f"{_kind(value)}, not {wanted}"
    return DialectError(f"{name} is {found}")
