from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from fleet_sim.dialects.http import HttpResponse
from fleet_sim.dialects.huawei.client import HuaweiOperator
from fleet_sim.dialects.huawei.oc_rows import suboperation_fields
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.northbound import (
    Answer,
    Call,
    ConfirmTasks,
    Done,
    GetJob,
    Page,
    Refused,
    RetryTasks,
    SearchTasks,
    TaskRow,
    TaskStatus,
)
from tests.dialects.huawei import shelf
from tests.dialects.huawei.scene import ORG, Scene
from tests.dialects.huawei.shelf import NOW

_TASK = TaskRow("t", "j", "p1", "d1", "", "v1", "v2", TaskStatus.QUEUED, None, None, NOW, NOW)


def _shown(row: TaskRow) -> tuple[Call, HttpResponse]:
    """Return a search for a job's tasks, and its answer with this one."""
    fields = suboperation_fields(row, "firmware_upgrade")
    page = {"data": [fields], "pageNo": 0, "pageSize": 1, "totalCount": 1}
    call = SearchTasks(Comparison("job_id", Operator.EQUAL, (row.job_id,)), Page(0, 1))
    return call, HttpResponse(200, json.dumps(page).encode())


def _asking(scene: Scene) -> Callable[[Call], Answer]:
    operator = HuaweiOperator(ORG, "", "")

    def ask(call: Call) -> Answer:
        request = operator.request(call, NOW)
        return operator.answer(call, shelf.ask(scene.gate, scene.shelf, request))

    return ask


def test_tasks_are_named_by_their_ids_once_they_were_met() -> None:
    """Consent and another try; neither across jobs, nor for what no list has shown."""
    scene = Scene()
    ask = _asking(scene)
    job_id = scene.ordered("p1_d1", "p1_d2")
    ask(GetJob(job_id))
    first, second = scene.shelf.tasks
    with pytest.raises(DialectError, match="list it first"):
        ask(ConfirmTasks((first,)))
    scene.shelf.set_status(first, TaskStatus.UNCONFIRMED)
    scene.shelf.set_status(second, TaskStatus.FAILED)
    ask(SearchTasks(Comparison("job_id", Operator.EQUAL, (job_id,)), Page(0, 9)))

    confirmed, again = (ask(ConfirmTasks((first,))) for _ in range(2))
    retried = ask(RetryTasks(job_id, task_ids=(second,)))

    assert (confirmed, retried) == (Done(), Done())
    assert isinstance(again, Refused)
    assert {task.status for task in scene.shelf.tasks.values()} == {TaskStatus.QUEUED}
    with pytest.raises(DialectError, match="not of the job 'other'"):
        ask(RetryTasks("other", task_ids=(second,)))
    with pytest.raises(DialectError, match="names no task"):
        ask(ConfirmTasks(()))


def test_tasks_of_two_jobs_are_two_calls() -> None:
    """A call of v5 is of one; and a task that has succeeded can no longer be named."""
    operator = HuaweiOperator(ORG, "", "")
    rows = [replace(_TASK, task_id=f"t{number}", job_id=f"j{number}") for number in (1, 2)]
    for row in rows:
        operator.answer(*_shown(row))

    with pytest.raises(DialectError, match="of several jobs"):
        operator.request(ConfirmTasks(("t1", "t2")), NOW)
    operator.answer(*_shown(replace(rows[0], status=TaskStatus.UNDER_WAY)))  # or between two tries
    operator.request(RetryTasks("j1", task_ids=("t1",)), NOW)
    operator.answer(*_shown(replace(rows[0], status=TaskStatus.SUCCEEDED)))
    with pytest.raises(DialectError, match="'t1' is not known"):
        operator.request(ConfirmTasks(("t1",)), NOW)


def test_all_that_can_be_is_tried_again() -> None:
    """A retry that names nobody."""
    scene = Scene()
    ask = _asking(scene)
    job_id = scene.ordered("p1_d1", "p1_d2")
    ask(GetJob(job_id))
    scene.shelf.set_status(next(iter(scene.shelf.tasks)), TaskStatus.FAILED)

    assert ask(RetryTasks(job_id)) == Done()
    assert {task.status for task in scene.shelf.tasks.values()} == {TaskStatus.QUEUED}
