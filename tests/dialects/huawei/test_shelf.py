from __future__ import annotations

import pytest

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.gate import HuaweiGate
from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.northbound import (
    CreateFirmware,
    CreateJob,
    Done,
    FirmwareOrder,
    JobOrder,
    Listed,
    ListVersions,
    Names,
    Page,
    Refusal,
    Refused,
    RetryTasks,
    Scope,
    SearchTasks,
    TaskStatus,
)
from tests.dialects.huawei.shelf import Shelf, ask

_ORDER = FirmwareOrder("p1", Names("n"), "v2", "d", "sha256", "f.bin")


def _shelf() -> Shelf:
    shelf = Shelf()
    shelf.answer(CreateFirmware(_ORDER, b"x"))
    shelf.answer(CreateJob(JobOrder(next(iter(shelf.firmware)), "upgrade", Scope("p1"))))
    return shelf


def test_what_is_made_is_found_page_by_page() -> None:
    """A job for everybody has two tasks."""
    shelf = _shelf()
    job_id = next(iter(shelf.jobs))

    second = shelf.answer(SearchTasks(Comparison("job_id", Operator.EQUAL, (job_id,)), Page(1, 1)))

    assert isinstance(second, Listed)
    assert (len(second.rows), second.total) == (1, 2)


def test_a_move_needs_its_beginning() -> None:
    """Only failed tasks are tried again."""
    shelf = _shelf()
    (job_id,), (task_id, _) = shelf.jobs, shelf.tasks
    retry = RetryTasks(job_id, ("d1",))

    before = shelf.answer(retry)
    shelf.set_status(task_id, TaskStatus.FAILED)
    after = shelf.answer(retry)

    assert (before, after) == (Refused(Refusal.TASK_NOT_FAILED), Done())
    assert shelf.tasks[task_id].status is TaskStatus.QUEUED


def test_what_the_shelf_does_not_know_is_a_mistake_of_the_test() -> None:
    """It would be a silent pass otherwise."""
    with pytest.raises(AssertionError, match="ListVersions"):
        Shelf().answer(ListVersions("p1"))


def test_a_conversation_is_held_to_its_end() -> None:
    """A list of operations takes one call a page."""
    shelf = _shelf()
    gate = HuaweiGate("o", {}, signed_only=False, contract=CONTRACT)

    response = ask(gate, shelf, HttpRequest("GET", "/iodm/northbound/v1.5.0/operations"))

    assert response.status == 200
    assert len(shelf.calls) == 3
