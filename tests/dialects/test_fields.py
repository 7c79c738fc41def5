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
    read_count,
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
    return read_object(payload, bytes_max=100_000)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (b"", "is no JSON: nothing is in it"),
        (b"\xff", "is no JSON: byte 1 is no UTF-8"),
        (b'{"a":\n}', "is no JSON from line 2, column 1 on"),
        (b'{"a":NaN}', "is no JSON: NaN is in it"),
        (b"[" * 99_000, "is no JSON: it is nested too deeply"),
        (b"7", "a number, not an object"),
        (b"null", "null, not an object"),
        (b"[]", "a list, not an object"),
        (b'"' + b"x" * 100_000 + b'"', "at most 100000 are allowed"),
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


@pytest.mark.parametrize("text", ["1.10", "1.0", "2", "1e3", "-0", "9" * 900])
def test_a_number_keeps_its_text(text: str) -> None:
    """Version 1.10 is not 1.1, though the official sample sends it as a number."""
    fields = _read(f'{{"version":{text}}}'.encode())

    assert read_text(fields, "version") == text


@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_texts_survive_the_wire(text: str) -> None:
    """Byte-exact: quotes, controls, right-to-left marks, anything but NUL."""
    fields = _read(write_object({"desc": text}))

    assert read_string(fields, "desc", default="") == text


def test_a_pair_of_surrogates_is_one_character() -> None:
    """The escaped form of an emoji is as good as its bytes."""
    fields = _read(rb'{"desc":"\ud83d\ude00"}')

    assert read_string(fields, "desc", default="") == "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{}", "name is missing"),
        (b'{"name":null}', "name is missing"),
        (b'{"name":true}', "name is a boolean, not a string"),
        (b'{"name":[]}', "name is a list, not a string"),
        (b'{"name":{}}', "name is an object, not a string"),
    ],
)
def test_a_field_of_another_type_is_named(content: bytes, sentence: str) -> None:
    """One sentence says which field, what it is and what it should be."""
    with pytest.raises(DialectError, match=sentence):
        read_text(_read(content), "name")


def test_defaults_stand_for_what_is_missing_and_for_nothing_else() -> None:
    """Null counts as missing; a wrong type never does."""
    fields = _read(b'{"null":null,"number":5}')

    assert read_text(fields, "absent", default="d") == "d"
    assert read_string(fields, "null", default="d") == "d"
    with pytest.raises(DialectError, match="number is a number, not a string"):
        read_string(fields, "number", default="d")


@pytest.mark.parametrize(("text", "value"), [("35", 35), ('"35"', 35), ('"-0"', 0), ("-4", -4)])
def test_whole_numbers_come_bare_or_quoted(text: str, value: int) -> None:
    """`step` is a string in the pages; a number is accepted too."""
    assert read_whole(_read(f'{{"n":{text}}}'.encode()), "n") == value


@pytest.mark.parametrize(
    "text", ['"abc"', '""', "33.3", "1e9", '" 5"', '"+5"', '"٣"', '"0x1"', "9" * 19, "true", "null"]
)
def test_other_numbers_are_refused(text: str) -> None:
    """No fraction, no exponent, no other script's digits, nothing beyond 64 bits."""
    fields = _read(f'{{"n":{text}}}'.encode())

    with pytest.raises(DialectError, match="n is"):
        read_whole(fields, "n")


@pytest.mark.parametrize("text", ["null", "[]", '"a"', "5"])
def test_an_object_inside_is_an_object(text: str) -> None:
    """`params` of another type is the sender's mistake."""
    with pytest.raises(DialectError, match="params is"):
        read_fields(_read(f'{{"params":{text}}}'.encode()), "params")


def test_a_list_inside_holds_objects() -> None:
    """And nothing else."""
    fields = _read(b'{"params":[{"a":true}],"none":[]}')

    assert read_list(fields, "params") == [{"a": True}]
    assert read_list(fields, "none") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("null", "params is missing"),
        ("{}", "params is an object"),
        ('"a"', "params is a string"),
        ("[5]", "params holds a number"),
        ("[{},null]", "params holds null"),
    ],
)
def test_a_list_of_anything_else_is_refused(text: str, told: str) -> None:
    """The sender's mistake; whose number it has is its vendor's to say."""
    with pytest.raises(DialectError, match=told) as caught:
        read_list(_read(f'{{"params":{text}}}'.encode()), "params")

    assert caught.value.code is None


@pytest.mark.parametrize(("text", "value"), [("0", 0), ('"7"', 7), ("null", 3), ('"-0"', 0)])
def test_a_count_is_a_whole_number(text: str, value: int) -> None:
    """Or what stands for it where it is absent."""
    assert read_count(_read(f'{{"n":{text}}}'.encode()), "n", default=3) == value


def test_a_count_below_nothing_is_refused() -> None:
    """No size is."""
    with pytest.raises(DialectError, match="n is -1, less than nothing"):
        read_count(_read(b'{"n":"-1"}'), "n")
