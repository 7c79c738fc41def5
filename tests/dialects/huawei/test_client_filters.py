from __future__ import annotations

import pytest

from fleet_sim.dialects.huawei.client_filters import Found, write_filter
from fleet_sim.dialects.huawei.oceanconnect import CATEGORY, OPERATIONS
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import EVERYTHING, AllOf, AnyOf, Comparison, Filter, Operator
from fleet_sim.model.northbound import (
    Call,
    GetJob,
    SearchDevices,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
)


def _is(field: str, *values: str, operator: Operator = Operator.EQUAL) -> Comparison:
    return Comparison(field, operator, values)


_JOB = _is("job_id", "j")
_TASKS = f"{OPERATIONS}/j/subOperations"


@pytest.mark.parametrize(
    ("where", "call", "found"),
    [
        (_JOB, SearchTasks(), Found(_TASKS, (), "j")),
        (
            AllOf((_JOB, _is("status", "queued"))),
            SearchTasks(),
            Found(_TASKS, (("subOperationStatus", "wait"),), "j"),
        ),
        (
            AllOf((_is("status", "pushed", "under_way", operator=Operator.IN), AllOf((_JOB,)))),
            SearchTasks(),
            Found(_TASKS, (("subOperationStatus", "processing"),), "j"),
        ),
        (EVERYTHING, SearchJobs(), Found(OPERATIONS, ())),
        (_is("product_key", "p"), SearchJobs(), Found(OPERATIONS, (("model", "p"),))),
        (
            AllOf((_is("product_key", "p"), _is("version", "v"))),
            SearchFirmware(),
            Found(CATEGORY, (("model", "p"), ("version", "v"))),
        ),
    ],
)
def test_a_filter_becomes_parameters(where: Filter, call: Call, found: Found) -> None:
    """And the job of a search for tasks a part of the path."""
    assert write_filter(where, call) == found


@pytest.mark.parametrize(
    ("where", "call", "sentence"),
    [
        (EVERYTHING, SearchTasks(), "one job at a time"),
        (AllOf((_JOB, _is("device_key", "d"))), SearchTasks(), "no parameter for device_key"),
        (AllOf((_JOB, _is("noSuchField", "d"))), SearchTasks(), "no parameter for noSuchField"),
        (
            AllOf((_JOB, _is("status", "queued", operator=Operator.NOT_EQUAL))),
            SearchTasks(),
            "no parameter for status",
        ),
        (
            AllOf((_JOB, _is("status", "queued", "failed", operator=Operator.IN))),
            SearchTasks(),
            "one value for subOperationStatus",
        ),
        (AllOf((_JOB, _is("status", "odd"))), SearchTasks(), "no status of a task"),
        (
            AllOf((_JOB, _is("status", "failed"), _is("status", "queued"))),
            SearchTasks(),
            "each parameter once",
        ),
        (AnyOf((_JOB,)), SearchTasks(), "no alternatives"),
        (_is("kind", "verify"), SearchJobs(), "no parameter for kind"),
        (EVERYTHING, SearchDevices(), "takes no filter"),
        (EVERYTHING, GetJob("j"), "takes no filter"),
    ],
)
def test_a_filter_without_a_form_is_refused(where: Filter, call: Call, sentence: str) -> None:
    """What came back would be more than was asked for."""
    with pytest.raises(DialectError, match=sentence):
        write_filter(where, call)
