from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.huawei import payload
from fleet_sim.dialects.wire import DialectError


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no JSON: nothing is in it"),
        (b"[]", "no JSON object"),
        (b"null", "no JSON object"),
        (b"{", "no JSON from line 1, column 2 on"),
        (b'{"a":-Infinity}', "no JSON: -Infinity is in it"),
        (b'{"a":"\xff"}', "no JSON: byte 7 is no UTF-8"),
        (b"[" * 100_000, "no JSON: it is nested too deeply"),
        (b'{"a":' + b"7" * 1001 + b"}", "no JSON: a number in it has 1001 digits; at most 1000"),
        (b" " * (1024 * 1024 + 1), "more than"),
    ],
)
def test_what_is_no_object_is_refused(content: bytes, sentence: str) -> None:
    """One sentence says what it is instead."""
    with pytest.raises(DialectError, match=sentence):
        payload.read_object(content)


@given(content=st.binary(max_size=60))
def test_bytes_of_any_kind_raise_nothing_else(content: bytes) -> None:
    """They are an object or a `DialectError`."""
    try:
        assert isinstance(payload.read_object(content), dict)
    except DialectError as error:
        assert str(error)  # noqa: PT017 - nearly all are refused


def test_fields_of_the_right_type_are_read() -> None:
    """Null counts as absent where there is a default."""
    fields = {"text": "a", "number": 7, "object": {"b": 1}, "none": None}

    assert payload.read_text(fields, "text") == "a"
    assert payload.read_text(fields, "none", default="d") == "d"
    assert payload.read_whole(fields, "number") == 7
    assert payload.read_whole(fields, "none", default=3) == 3
    assert payload.read_fields(fields, "object") == {"b": 1}
    assert payload.read_fields(fields, "none") == {}


@pytest.mark.parametrize("value", [None, 1, True, [], {}, "a\0b", "\ud800"])
def test_what_is_no_text_is_refused(value: object) -> None:
    """So is one that cannot be kept."""
    with pytest.raises(DialectError):
        payload.read_text({"a": value}, "a")


@pytest.mark.parametrize("value", [None, "1", True, 1.0, 2**63, []])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    """A boolean is none, nor is a number that no integer holds."""
    with pytest.raises(DialectError):
        payload.read_whole({"a": value}, "a")


@pytest.mark.parametrize("value", [1, "a", [], True])
def test_what_is_no_object_inside_is_refused(value: object) -> None:
    """Only null stands for an absent one."""
    with pytest.raises(DialectError, match="no object"):
        payload.read_fields({"a": value}, "a")


def test_half_of_a_surrogate_pair_can_be_written() -> None:
    """As a question mark: bytes must leave, whatever a peer has brought in."""
    assert payload.write_object({"a": "\ud800é"}) == '{"a":"?é"}'.encode()
