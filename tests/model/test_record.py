import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.model.filters import AllOf, AnyOf, Comparison, Filter, Operator
from fleet_sim.model.record import (
    Record,
    Source,
    filter_as_lists,
    filter_from_lists,
    from_line,
    in_order,
    request_of_offer,
    to_line,
)

TEXTS = st.text(st.characters())  # with line ends of every script and halves of surrogate pairs
NAMES = TEXTS.filter(lambda name: name not in {"t", "seq", "src", "kind", "device", "job"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
RECORDS = st.builds(
    Record,
    t=st.integers(0),
    seq=st.integers(0),
    src=st.sampled_from(Source),
    kind=TEXTS,
    device=TEXTS,
    job=TEXTS,
    fields=st.dictionaries(NAMES, JSON, max_size=4),
    part=st.integers(0, 9),
)
VALUES = st.text() | st.integers() | st.booleans()
COMPARISONS = st.builds(
    Comparison,
    st.text().filter(lambda name: name not in {"all", "any"}),
    st.sampled_from(Operator),
    st.lists(VALUES, max_size=3).map(tuple),
)
FILTERS: st.SearchStrategy[Filter] = st.recursive(
    COMPARISONS,
    lambda inner: (
        st.lists(inner, max_size=3)
        .map(tuple)
        .flatmap(lambda parts: st.sampled_from([AllOf(parts), AnyOf(parts)]))
    ),
)


def record(t: int, seq: int, part: int = 0) -> Record:
    """Return a record that matters by its place alone."""
    return Record(t, seq, Source.WIRE, "online", part=part)


@given(RECORDS)
def test_a_record_reads_back_as_it_was_written(one: Record) -> None:
    """Whatever a device says: the line holds it, and is one line."""
    line = to_line(one)

    assert from_line(line, one.part) == one
    assert line.isascii()
    assert line.splitlines() == [line]


def test_keys_have_a_fixed_order_and_empty_ones_are_left_out() -> None:
    """Equal runs have equal bytes, and no byte is spent on nothing."""
    bare = Record(5, 1, Source.CONTROL, "end", fields={"why": "settled"})
    full = Record(5, 2, Source.SERVER, "x", "pk/dk", "j-1", {"b": 1, "a": None})

    assert to_line(bare) == '{"t":5,"seq":1,"src":"C","kind":"end","why":"settled"}'
    assert to_line(full) == (
        '{"t":5,"seq":2,"src":"S","kind":"x","device":"pk/dk","job":"j-1","b":1,"a":null}'
    )


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", '"t"', "null", "{}", '{"t":1,"seq":2,"src":"W"}', '{"t":1,"seq":2,"kind":"x"}',
     '{"t":1,"seq":2,"src":"Q","kind":"x"}', '{"t":"x","seq":2,"src":"W","kind":"x"}',
     '{"t":null,"seq":2,"src":"W","kind":"x"}', '{"t":1,"seq":[],"src":"W","kind":"x"}'],
)  # fmt: skip
def test_what_is_no_record_is_refused(line: str) -> None:
    """Every mistake is a ValueError, so that a reader needs to know no other."""
    with pytest.raises(ValueError):  # noqa: PT011 - json's own message varies
        from_line(line)


def test_a_record_offers_its_fields() -> None:
    """By name, with a default, and the side of the wire."""
    one = Record(0, 0, Source.WIRE, "offline", "pk/dk", fields={"side": "server", "why": "x"})

    assert (one["why"], one.get("why"), one.get("no", 7), one.side) == ("x", "x", 7, "server")
    assert record(0, 0).side == ""
    with pytest.raises(KeyError):
        one["no"]


def test_parts_merge_by_instant_then_part_then_place() -> None:
    """Concurrent records of two parts keep each part's own order."""
    first = [record(1, 0), record(5, 1), record(5, 2)]
    second = [record(0, 0, 1), record(5, 1, 1), record(9, 2, 1)]

    merged = in_order([second, first])

    assert [(one.t, one.part, one.seq) for one in merged] == [
        (0, 1, 0), (1, 0, 0), (5, 0, 1), (5, 0, 2), (5, 1, 1), (9, 1, 2),
    ]  # fmt: skip


@given(FILTERS)
def test_a_filter_survives_the_log(where: Filter) -> None:
    """As lists, through JSON, and back."""
    lists: list[Any] = json.loads(json.dumps(filter_as_lists(where)))

    assert filter_from_lists(lists) == where


def test_a_filter_is_readable_in_the_log() -> None:
    """The form that the log's documentation promises."""
    where = AllOf((Comparison("job_id", Operator.EQUAL, ("j",)), AnyOf(())))

    assert filter_as_lists(where) == ["all", ["job_id", "=", ["j"]], ["any"]]


def test_an_offer_is_no_push() -> None:
    """Servers number their requests in digits, and so do devices."""
    assert request_of_offer("7") == "offer 7"
