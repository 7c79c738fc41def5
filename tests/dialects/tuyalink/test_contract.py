from __future__ import annotations

import dataclasses

from fleet_sim.backend.reports import GRACE_MS
from fleet_sim.dialects.tuya.contract import CONTRACT as TUYA
from fleet_sim.dialects.tuyalink import contract
from fleet_sim.dialects.tuyalink.contract import CONTRACT
from fleet_sim.model.northbound import TaskStatus
from tests.backend.playbook import Server
from tests.dialects.contract_source import parameters_named
from tests.dialects.small_runs import small_run


def test_its_jobs_are_tuyas_and_its_devices_their_own() -> None:
    """What a page on Alink says of devices is not said of these."""
    differing = {
        one.name for one in dataclasses.fields(CONTRACT)
        if getattr(CONTRACT, one.name) != getattr(TUYA, one.name)
    }  # fmt: skip

    assert differing == {"connect_wait_s"}
    assert parameters_named(contract) == {
        "connect_wait_s",
        "old_version_after_upgrade",
        "reactivation",
    }


def test_an_upgrade_that_ends_with_the_old_version_goes_on() -> None:
    """Not said, so a choice: the other one is that it fails."""
    default, strict = (
        Server(dataclasses.replace(CONTRACT, old_version_after_upgrade=choice))
        for choice in ("ignored", "fails")
    )
    found = []
    for server in (default, strict):
        server.fleet("a")
        job_id = server.job()
        server.progress("a", 50)
        server.version("a", "1.0", after=True)
        found.append(server.status(job_id, "a"))

    assert CONTRACT.old_version_after_upgrade == "ignored"
    assert found == [TaskStatus.UNDER_WAY, TaskStatus.FAILED]


def test_a_device_that_comes_back_is_given_our_own_time_to_report() -> None:
    """How long is in no page; then it is pushed to again."""
    quiet = {"devices": 1, "personas": {"silent_success": {"share": "100%", "attempts": 1}}}

    run = small_run("tuyalink", quiet)

    back_at_ms = [t for t, _, _ in run.kinds("online")][1]
    again_at_ms = [t for t, _, _ in run.kinds("push_sent")][1]
    assert GRACE_MS <= again_at_ms - back_at_ms < GRACE_MS + 100
    assert run.violated == {}
