from fleet_sim.model.filters import AllOf, Comparison, Filter
from fleet_sim.model.northbound import TaskStatus
from fleet_sim.runtime.operator.probes import probes
from tests.runtime.operator.watching import matches_row, row


def test_probes_ask_for_every_field_and_for_what_is_not_there() -> None:
    """Each is a search whose right answer is known."""
    rows = [
        row(1, status=TaskStatus.FAILED, desc="timeout"),
        row(2, from_version="1.1.0", status=TaskStatus.SUCCEEDED),
    ]

    asked = probes("j-1", rows)

    found = [[one for one in rows if matches_row(where, one)] for where in asked[:-1]]
    assert [len(one) for one in found] == [2, 1, 0, 1, 1, 2, 1, 1, 2, 2, 0, 1]
    fields = {part.field for where in asked for part in _comparisons(where)}
    assert fields == {
        "job_id", "device_key", "status", "from_version", "to_version", "desc", "noSuchField",
    }  # fmt: skip
    assert any("noSuchField" in str(where) for where in asked[-1:])


def _comparisons(where: Filter) -> list[Comparison]:
    if isinstance(where, Comparison):
        return [where]
    return [one for part in where.parts for one in _comparisons(part)]


def test_probes_are_few_however_large_the_job() -> None:
    """Ten devices from all over it, and at most two texts."""
    rows = [row(number, desc=f"text {number}") for number in range(5_000)]

    asked = probes("j-1", rows)

    assert len(asked) == 12
    assert isinstance(asked[0], AllOf)
    keys = _comparisons(asked[0])[1].values
    assert keys == tuple(f"meters-{number:05}" for number in range(0, 5_000, 500))


def test_a_job_without_tasks_is_not_probed() -> None:
    """Nothing is known to ask for."""
    assert probes("j-1", []) == []
