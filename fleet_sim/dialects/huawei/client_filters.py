"""Which neutral filters OceanConnect has a form for: the resource they ask, and its parameters.

    tasks of one job            /operations/{job_id}/subOperations    subOperationStatus
    jobs                        /operations                           model
    firmware                    /category                             model, version

A comparison that has no parameter is refused, not passed over: what came back would be more than
was asked for.

Source: "Querying an Upgrade Task List" and its siblings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fleet_sim.dialects.huawei.oc_rows import SUBTASK_WORDS
from fleet_sim.dialects.huawei.oceanconnect import CATEGORY, OPERATIONS
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import AllOf, Comparison, Filter, Operator
from fleet_sim.model.northbound import Call, SearchFirmware, SearchJobs, SearchTasks, TaskStatus

_PARAMETERS: Mapping[type, Mapping[str, str]] = {
    SearchTasks: {"status": "subOperationStatus"},
    SearchJobs: {"product_key": "model"},
    SearchFirmware: {"product_key": "model", "version": "version"},
}
_PATHS: Mapping[type, str] = {SearchJobs: OPERATIONS, SearchFirmware: CATEGORY}


@dataclass(frozen=True, slots=True)
class Found:
    """Where a search is made.

    Attributes:
        path: The resource.
        query: Its parameters.
        job_id: The job whose tasks are asked for, "" in other searches.
    """

    path: str
    query: tuple[tuple[str, str], ...]
    job_id: str = ""


def write_filter(where: Filter, call: Call) -> Found:
    """Write a filter.

    Raises:
        DialectError: There is no form for it, or the call is no search.
    """
    parameters = _PARAMETERS.get(type(call))
    if parameters is None:
        raise DialectError(f"{type(call).__name__} takes no filter")
    comparisons = _comparisons(where)
    job_id = ""
    if isinstance(call, SearchTasks):
        job_id, comparisons = _one_job(comparisons)
    query = tuple(_parameter(one, parameters) for one in comparisons)
    if len({name for name, _ in query}) < len(query):
        raise DialectError("OceanConnect takes each parameter once")
    if job_id:
        return Found(f"{OPERATIONS}/{job_id}/subOperations", query, job_id)
    return Found(_PATHS[type(call)], query)


def _comparisons(where: Filter) -> tuple[Comparison, ...]:
    """Return the comparisons that all have to hold."""
    match where:
        case Comparison():
            return (where,)
        case AllOf(parts):
            return tuple(one for part in parts for one in _comparisons(part))
        case _:
            raise DialectError("OceanConnect takes no alternatives")


def _one_job(comparisons: tuple[Comparison, ...]) -> tuple[str, tuple[Comparison, ...]]:
    for one in comparisons:
        if one.field == "job_id" and one.operator is Operator.EQUAL:
            rest = tuple(other for other in comparisons if other is not one)
            return str(one.values[0]), rest
    raise DialectError("OceanConnect shows the tasks of one job at a time")


def _parameter(comparison: Comparison, parameters: Mapping[str, str]) -> tuple[str, str]:
    name = parameters.get(comparison.field)
    if name is None or comparison.operator not in {Operator.EQUAL, Operator.IN}:
        raise DialectError(f"OceanConnect has no parameter for {comparison.field} here")
    words = {_word(comparison.field, str(value)) for value in comparison.values}
    if len(words) != 1:
        raise DialectError(f"OceanConnect takes one value for {name}")
    return name, words.pop()


def _word(field: str, value: str) -> str:
    if field != "status":
        return value
    if value not in set(TaskStatus):
        raise DialectError(f"{value!r} is no status of a task")
    return SUBTASK_WORDS[TaskStatus(value)]
