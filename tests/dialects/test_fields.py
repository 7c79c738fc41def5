from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.fields import (
    Fields,
    Number,
    is_storable,
    read_fields,
    read_list,
    read_object,
    read_string,
    read_text,
    read_whole,
    write_object,
)
from fleet_sim.dialects.wire import DialectError


def _read(payload: bytes) -> Fields:
    return read_object(payload, bytes_max=1000)


def test_numbers_keep_their_text() -> None:
    """A version of 1.10 is not one of 1.1."""
    assert read_text(_read(b'{"version":1.10}'), "version") == "1.10"


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"{", "no JSON"),
        (b'{"a":NaN}', "no JSON"),
        (b"[" * 900, "no JSON"),
        (b"7", "a number, not an object"),
        (b"null", "null, not an object"),
        (b"[]", "a list, not an object"),
        (b'"' + b"x" * 1000 + b'"', "at most 1000 are allowed"),
    ],
)
def test_what_is_no_object_is_refused(payload: bytes, sentence: str) -> None:
    """One sentence says what it is instead; it has no code, for those are the vendors'."""
    with pytest.raises(DialectError, match=sentence) as caught:
        _read(payload)

    assert caught.value.code is None


@pytest.mark.parametrize(
    ("reader", "value", "expected"),
    [
        (read_text, "a", "a"),
        (read_text, 7, "7"),
        (read_string, "a", "a"),
        (read_whole, 7, 7),
        (read_whole, "-7", -7),
        (read_fields, {"b": True}, {"b": True}),
        (read_list, [{}], [{}]),
    ],
)
def test_values_of_the_right_type_are_read(
    reader: Callable[[Fields, str], object], value: object, expected: object
) -> None:
    """A string may stand for a number, and a number for text."""
    fields = _read(json.dumps({"a": value}).encode())

    assert reader(fields, "a") == expected


@pytest.mark.parametrize(
    ("reader", "value", "sentence"),
    [
        (read_text, None, "a is missing"),
        (read_text, True, "a is a boolean, not a string"),
        (read_text, "\ud800", "half of a surrogate pair"),
        (read_text, "\x00", "NUL"),
        (read_string, 7, "a is a number, not a string"),
        (read_whole, "7.0", "not a whole number"),
        (read_whole, 1e9, "not a whole number"),
        (read_whole, "9" * 19, "not a whole number"),
        (read_whole, "", "not a whole number"),
        (read_fields, [], "a is a list, not an object"),
        (read_list, {}, "a is an object, not a list"),
        (read_list, [7], "a holds a number, not an object"),
        (read_list, None, "a is missing"),
    ],
)
def test_values_of_another_type_are_refused(
    reader: Callable[[Fields, str], object], value: object, sentence: str
) -> None:
    """One sentence, with the name of the field."""
    fields = _read(json.dumps({"a": value}).encode())

    with pytest.raises(DialectError, match=sentence):
        reader(fields, "a")


@pytest.mark.parametrize("fields", [{}, {"a": None}])
def test_what_is_absent_or_null_takes_its_default(fields: dict[str, Any]) -> None:
    """Where there is one."""
    assert read_text(fields, "a", default="x") == "x"
    assert read_string(fields, "a", default="") == ""
    assert read_whole(fields, "a", default=3) == 3
    assert read_fields(fields, "a", default={}) == {}


def test_a_number_remembers_nothing_but_its_text() -> None:
    """So it equals another of the same text alone."""
    assert _read(b'{"a":1e3}') == {"a": Number("1e3")}


@pytest.mark.parametrize("text", ["\x00", "a\ud800", "\udfff"])
def test_some_text_cannot_be_kept(text: str) -> None:
    """Though JSON lets it through."""
    assert not is_storable(text)


@given(
    st.dictionaries(st.text("abc"), st.text(st.characters(exclude_categories=["Cs"])), max_size=3)
)
def test_what_is_written_can_be_read(fields: dict[str, str]) -> None:
    """Objects of text come back as they were."""
    assert _read(write_object(fields)) == fields
