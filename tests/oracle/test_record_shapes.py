from typing import Any

import pytest

from fleet_sim.model.record import Record, Source, excerpt
from fleet_sim.oracle.record_shapes import BY_KIND, NEEDED, SHAPES, misfit

# One value that fits and one that does not, by the words of each shape.
EXAMPLES: dict[str, tuple[Any, Any]] = {
    "a text": ("1.0", 1),
    "a whole number": (7, True),
    "true or false": (True, 1),
    "a list of texts": (["a"], ["a", 1]),
    "a whole number or null": (None, 1.5),
    "a whole number, a text or null": ("iot.ota.TaskNotCancelable", 1.5),
    "a list of texts or null": (None, "a"),
    "a list of [number, size, rows, total]": ([[1, 10, 3, 3]], [[1, 10, 3]]),
    "a list of text, line and flag": (
        [{"text": "promises hold", "line": 7, "flag": ""}],
        [{"text": "promises hold", "line": "7", "flag": ""}],
    ),
    "a list of rows": (
        [{"task_id": "t", "progress": None, "created_epoch_ms": 5, "timeout_s": 60}],
        [{"created_epoch_ms": "noon"}],
    ),
    "a filter as nested lists": (["job_id", "=", ["j"]], ["job_id", "?", ["j"]]),
    "start_ms, end_ms and repeat_daily, or null": (
        {"start_ms": 1, "end_ms": None, "repeat_daily": False},
        {"start_ms": 1, "end_ms": None, "repeat_daily": 0},
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_each_field_takes_its_own_shape_and_tells_of_another(name: str) -> None:
    """The sentence holds the field, what stands there, and what would be right."""
    words, _ = SHAPES[name]
    good, bad = EXAMPLES[words]

    found = [misfit(Record(0, 0, Source.WIRE, "any", fields={name: one})) for one in (good, bad)]

    assert found == ["", f"{name} is {excerpt(bad)}; {words} would be right"]


@pytest.mark.parametrize(("source", "kind"), NEEDED)
def test_what_cannot_be_left_out_is_told(source: Source, kind: str) -> None:
    """The first that is missing, by name."""
    assert misfit(Record(0, 0, source, kind)) == (
        f"a record of the kind {kind} needs {NEEDED[source, kind][0]}, which is missing"
    )


def test_names_that_nobody_knows_are_free() -> None:
    """A later version may write more than this one reads."""
    assert misfit(Record(0, 0, Source.DEVICE, "boot", fields={"mood": {"good": 1}})) == ""


@pytest.mark.parametrize("place", BY_KIND)
def test_a_field_that_means_another_thing_in_one_kind_has_its_own_shape(
    place: tuple[Source, str, str],
) -> None:
    """There only."""
    source, kind, name = place
    (good, bad), usual = EXAMPLES[BY_KIND[place][0]], EXAMPLES[SHAPES[name][0]][0]
    needed = dict.fromkeys(NEEDED.get((source, kind), ()), "enos")

    found = [
        misfit(Record(0, 0, source, kind, fields={**needed, name: one}))
        for one in (good, bad, usual)
    ]

    words = BY_KIND[place][0]
    assert found == [
        "",
        *(f"{name} is {excerpt(one)}; {words} would be right" for one in (bad, usual)),
    ]


@pytest.mark.parametrize("kind", ["unread", "some later kind"])
def test_what_is_seen_of_a_backend_need_not_be_a_search(kind: str) -> None:
    """Only what names its call is held against those there are."""
    record = Record(0, 0, Source.NORTHBOUND, kind, job="j1", fields={"why": "no answer"})

    assert misfit(record) == ""
    assert "search_tasks would be right" in misfit(
        Record(0, 0, Source.NORTHBOUND, kind, fields={"why": "no answer", "call": "fetch"})
    )
