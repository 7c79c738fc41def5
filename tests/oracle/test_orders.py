from __future__ import annotations

import pytest

from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.orders import refused_orders

ORDER = {"call": "create_job", "no": 2, "fleet": "meters", "to_version": "1.3.0"}


def control(kind: str, **fields: object) -> Record:
    """Return a record of the operator's."""
    return Record(0, 0, Source.CONTROL, kind, fields=fields)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (
            control("api_fail", call="create_job", no=2, code=24404, text="Firmware not found"),
            "refused with 24404: Firmware not found",
        ),
        (
            control("api_fail", call="create_job", no=2, code=None, text="no call for CreateJob"),
            "not sent: no call for CreateJob",
        ),
        (control("api_unknown", call="create_job", no=2, why="timed out"), "no answer: timed out"),
    ],
)
def test_an_order_that_was_not_taken_is_an_expectation_not_met(answer: Record, found: str) -> None:
    """It says what was ordered and what came back, and has no line in the scenario."""
    (result,) = refused_orders([control("api_invoke", **ORDER), answer])

    assert result.text == "the backend takes the job 1.3.0 for meters"
    assert (result.held, result.value, result.line) == (False, found, 0)


def test_orders_that_were_taken_are_not_told() -> None:
    """Nor is what an operator's event was answered: that is what such a run is about."""
    log = [
        control("api_invoke", **ORDER),
        control("api_ok", call="create_job", no=2),
        control("api_invoke", call="cancel_tasks", no=3),
        control("api_fail", call="cancel_tasks", no=3, code=24620, text="only init"),
    ]

    assert list(refused_orders(log)) == []


def test_a_backend_that_shows_no_tasks_is_told_once() -> None:
    """A run that cannot see anything must not pass; a probe that is refused is no such case."""
    refused = Record(5, 0, Source.NORTHBOUND, "refused_query", fields={"code": 99400, "query": "q"})
    probe = Record(6, 0, Source.NORTHBOUND, "refused_query", fields={"code": 1, "probe": True})

    results = list(refused_orders([refused, refused, refused, probe]))

    assert [one.text for one in results] == ["the backend shows the tasks of its jobs"]
    assert results[0].value == "refused with 99400: q"


def test_a_look_that_is_refused_in_passing_is_forgiven() -> None:
    """A server that restarts answers 503 for a moment, and shows its tasks again."""
    refused = Record(5, 0, Source.NORTHBOUND, "refused_query", job="j", fields={"code": 503})
    shown = Record(7, 0, Source.NORTHBOUND, "rows", job="j", fields={"rows": []})

    assert list(refused_orders([refused, refused, refused, shown, refused])) == []
