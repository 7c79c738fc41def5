from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos import payload
from fleet_sim.dialects.wire import DialectError


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
    assert payload.read_object(content) == {"a": "x" * (512 * 1024 - 8)}


@given(content=st.binary(max_size=40))
def test_bytes_of_any_kind_raise_nothing_else(content: bytes) -> None:
    """A decoder given garbage raises its own error or reads an object."""
    try:
        found = payload.read_object(content)
    except DialectError:
        return
    assert isinstance(found, dict)
