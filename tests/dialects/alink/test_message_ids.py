from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.alink.message_ids import query_id, read_id, split_query_id, write_id
from fleet_sim.dialects.fields import read_object
from fleet_sim.dialects.wire import DialectError
from tests.dialects.alink.strategies import IDS


def _read(value: object) -> str:
    return read_id(read_object(json.dumps({"id": value}).encode(), bytes_max=1000))


@pytest.mark.parametrize(
    ("on_the_wire", "neutral"),
    [
        ("19", "19"),
        (19, "#19"),
        (-1, "#-1"),
        (1626969597470, "#1626969597470"),
        ("#19", "=#19"),
        ("=#19", "==#19"),
        ("#007", "#007"),
        ("@19", "@19"),
        ("", ""),
        (None, ""),
    ],
)
def test_the_neutral_id_tells_how_it_stood_on_the_wire(on_the_wire: object, neutral: str) -> None:
    """A number has a mark, and a string that looks like one has another."""
    assert _read(on_the_wire) == neutral
    assert write_id(neutral) == (on_the_wire or "")


@given(st.integers(-(10**18) + 1, 10**18 - 1) | IDS)
def test_every_id_is_echoed_in_kind(value: object) -> None:
    """As a number or as a string, whatever stands in it."""
    written = write_id(_read(value))

    assert (type(written), written) == (type(value), value)


@given(IDS)
def test_every_neutral_id_comes_back(message_id: str) -> None:
    """The law of the round trip."""
    assert _read(write_id(message_id)) == message_id


def test_an_id_that_is_missing_is_empty() -> None:
    """Answers have one all the same."""
    assert read_id({}) == ""


@pytest.mark.parametrize("value", [1.5, 10**18, True, [], {}, "\x00"])
def test_other_ids_are_refused(value: object) -> None:
    """They could not be echoed."""
    with pytest.raises(DialectError, match="id "):
        _read(value)


@pytest.mark.parametrize(
    ("message_id", "is_older", "query"),
    [("19", False, "19"), ("19", True, "@19"), ("@19", False, "=@19"), ("#5", True, "@#5")],
)
def test_a_query_tells_its_topic(message_id: str, is_older: bool, query: str) -> None:
    """The answer has to stand on the topic that fits."""
    assert query_id(message_id, is_older=is_older) == query
    assert split_query_id(query) == (message_id, is_older)


@given(message_id=IDS, is_older=st.booleans())
def test_every_query_comes_back(message_id: str, is_older: bool) -> None:
    """On its own topic, under its own id."""
    assert split_query_id(query_id(message_id, is_older=is_older)) == (message_id, is_older)


@given(IDS)
def test_every_neutral_query_comes_back(query: str) -> None:
    """The law of the round trip, the other way about."""
    message_id, is_older = split_query_id(query)

    assert query_id(message_id, is_older=is_older) == query
