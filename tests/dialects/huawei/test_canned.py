from __future__ import annotations

import json

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.huawei.oceanconnect import OPERATIONS
from fleet_sim.model.northbound import (
    CreateFirmware,
    CreateJob,
    Done,
    FirmwareCreated,
    GetFirmware,
    GetJob,
    JobCreated,
    Listed,
    Page,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    Shown,
    StopJob,
)
from tests.dialects.huawei.canned import FIRMWARE, JOB, TASKS, Canned


def test_a_kind_of_call_has_one_answer() -> None:
    """Rows are all on the first page."""
    canned = Canned()

    for call, answer in (
        (GetJob("any"), Shown(JOB)),
        (GetFirmware("any"), Shown(FIRMWARE)),
        (SearchJobs(), Listed((JOB,), 0, 10, 1)),
        (SearchFirmware(page=Page(0, 5)), Listed((FIRMWARE,), 0, 5, 1)),
        (SearchTasks(page=Page(1, 5)), Listed((), 1, 5, 3)),
        (CreateJob(JOB.order), JobCreated("j")),
        (CreateFirmware(FIRMWARE.order, b""), FirmwareCreated("f")),
        (StopJob("any"), Done()),
    ):
        assert canned.answer(call) == answer
    assert len(canned.calls) == 8


def test_a_conversation_is_held_to_its_end() -> None:
    """What was asked on the way can be looked up."""
    canned = Canned()

    response = canned.ask(HttpRequest("GET", f"{OPERATIONS}/j/subOperations"))

    assert json.loads(response.body)["totalCount"] == len(TASKS)
    assert [type(call) for call in canned.calls] == [GetJob, SearchTasks]
