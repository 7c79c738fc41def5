from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos import payload
from fleet_sim.dialects.wire import DialectError
from tests.dialects.enos.strategies import TEXTS


def _code(content: bytes) -> int | None:
    with pytest.raises(DialectError) as caught:
        payload.read_object(content)
    return caught.value.code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", 1251),
        (b" \r\n\t", 1251),
        (b"{", 1220),
        (b"[]", 1220),
        (b"null", 1220),
        (b'"text"', 1220),
        (b"7", 1220),
        (b"{}{}", 1220),
        (b'{"a":NaN}', 1220),
        (b'{"a":-Infinity}', 1220),
        (b'{"a":"\xff"}', 1220),
        (b'{"a":"\xe4\xb8', 1220),
        (b'{"a":' + b"[" * 200_000, 1220),
        (b"\xef\xbb\xbf{}", 1220),
        (b'{"a":"' + b"x" * 524_288 + b'"}', 1008),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_payloads_that_are_no_object_get_the_platforms_number(content: bytes, code: int) -> None:
    """1251 empty, 1008 above 512 KB, 1220 everything else, however deep it is nested."""
    assert _code(content) == code


def test_a_payload_of_the_largest_size_is_read() -> None:
    """The limit itself is allowed."""
    content = b'{"a":"' + b"x" * (512 * 1024 - 8) + b'"}'

    assert len(content) == 512 * 1024
    assert len(payload.read_text(payload.read_object(content), "a")) == 512 * 1024 - 8


@pytest.mark.parametrize("text", ["1.10", "1.0", "2", "1e3", "-0", "9" * 5000])
def test_a_number_keeps_its_text(text: str) -> None:
    """Version 1.10 is not 1.1, though the official sample sends it as a number."""
    fields = payload.read_object(f'{{"version":{text}}}'.encode())

    assert payload.read_text(fields, "version") == text


@given(content=st.binary(max_size=40))
def test_bytes_of_any_kind_raise_nothing_else(content: bytes) -> None:
    """A decoder given garbage raises its own error or reads an object."""
    try:
        found = payload.read_object(content)
    except DialectError:
        return
    assert isinstance(found, dict)


@given(text=TEXTS)
def test_texts_survive_the_wire(text: str) -> None:
    """Byte-exact: quotes, controls, right-to-left marks, anything but NUL."""
    fields = payload.read_object(payload.write_object({"desc": text}))

    assert payload.read_string(fields, "desc", default="") == text


@pytest.mark.parametrize("text", [r"\u0000", r"a\ud800", r"\udfff\ud800"])
def test_texts_that_cannot_be_stored_are_refused(text: str) -> None:
    """JSON has an escape for them, UTF-8 and PostgreSQL have no bytes."""
    fields = payload.read_object(f'{{"desc":"{text}"}}'.encode())

    with pytest.raises(DialectError, match="NUL or half"):
        payload.read_string(fields, "desc", default="")


def test_a_pair_of_surrogates_is_one_character() -> None:
    """The escaped form of an emoji is as good as its bytes."""
    fields = payload.read_object(rb'{"desc":"\ud83d\ude00"}')

    assert payload.read_string(fields, "desc", default="") == "\N{GRINNING FACE}"


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
        payload.read_text(payload.read_object(content), "name")


def test_defaults_stand_for_what_is_missing_and_for_nothing_else() -> None:
    """Null counts as missing; a wrong type never does."""
    fields = payload.read_object(b'{"null":null,"number":5}')

    assert payload.read_text(fields, "absent", default="d") == "d"
    assert payload.read_string(fields, "null", default="d") == "d"
    with pytest.raises(DialectError, match="number is a number, not a string"):
        payload.read_string(fields, "number", default="d")


@pytest.mark.parametrize(("text", "value"), [("35", 35), ('"35"', 35), ('"-0"', 0), ("-4", -4)])
def test_whole_numbers_come_bare_or_quoted(text: str, value: int) -> None:
    """`step` is a string in the pages; a number is accepted too."""
    assert payload.read_whole(payload.read_object(f'{{"n":{text}}}'.encode()), "n") == value


@pytest.mark.parametrize(
    "text", ['"abc"', '""', "33.3", "1e9", '" 5"', '"+5"', '"٣"', '"0x1"', "9" * 19, "true", "null"]
)
def test_other_numbers_are_refused(text: str) -> None:
    """No fraction, no exponent, no other script's digits, nothing beyond 64 bits."""
    fields = payload.read_object(f'{{"n":{text}}}'.encode())

    with pytest.raises(DialectError, match="n is"):
        payload.read_whole(fields, "n")


@pytest.mark.parametrize("text", ["null", "[]", '"a"', "5"])
def test_an_object_inside_is_an_object(text: str) -> None:
    """`params` of another type is the sender's mistake."""
    with pytest.raises(DialectError, match="params is"):
        payload.read_fields(payload.read_object(f'{{"params":{text}}}'.encode()), "params")


def test_a_list_inside_holds_objects() -> None:
    """And nothing else."""
    fields = payload.read_object(b'{"params":[{"a":true}],"none":[]}')

    assert payload.read_list(fields, "params") == [{"a": True}]
    assert payload.read_list(fields, "none") == []


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
    """The sender's mistake, with the number for it."""
    with pytest.raises(DialectError, match=told) as caught:
        payload.read_list(payload.read_object(f'{{"params":{text}}}'.encode()), "params")

    assert caught.value.code == 1220
