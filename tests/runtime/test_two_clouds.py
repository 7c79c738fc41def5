from __future__ import annotations

import pytest

from fleet_sim.model.northbound import Refusal, Refused, TaskStatus
from tests.runtime.plans import JOB
from tests.runtime.two_clouds import TwoClouds

pytestmark = pytest.mark.usefixtures("acme")


def test_a_run_of_several_clouds_rests_when_each_of_them_does() -> None:
    """One that has settled waits for the others; then every one is looked at once more."""
    scene = TwoClouds()
    scene.backends["enos"].status = TaskStatus.SUCCEEDED
    scene.world.run(60_000)

    assert scene.over == 0

    scene.backends["acme"].status = TaskStatus.SUCCEEDED
    scene.world.run(90_000)

    assert (scene.over, scene.conductor.why) == (1, "settled")
    assert [one["why"] for one in scene.world.records("end")] == ["settled"]
    probed = {str(one["where"]) for one in scene.world.records("rows") if one["probe"]}
    assert all(any(name in where for where in probed) for name in ("j-enos", "j-acme"))
    assert scene.conductor.snapshot().by_status == {"succeeded": 10}


def test_the_log_begins_with_the_contract_of_each_vendor() -> None:
    """And with every fleet, so that a folder alone is enough to judge a run by."""
    scene = TwoClouds()

    assert [one["dialect"] for one in scene.world.records("contract")] == ["enos", "acme"]
    assert [(one["fleet"], one["dialect"]) for one in scene.world.records("fleet")] == [
        ("meters", "enos"),
        ("gauges", "acme"),
    ]


def test_a_cloud_that_refuses_does_not_end_the_others() -> None:
    """The run goes on to their end, and is then told as refused."""
    scene = TwoClouds()
    scene.backends["acme"].refusal = Refused(Refusal.INTERNAL, "no", 500)
    scene.world.run(60_000)

    assert scene.over == 0

    scene.backends["enos"].status = TaskStatus.SUCCEEDED
    scene.world.run(90_000)

    assert (scene.over, scene.conductor.why) == (1, "refused")


def test_a_cloud_without_a_job_waits_for_nobody_elses() -> None:
    """Its devices are idle, so the run ends with the job of the other one."""
    scene = TwoClouds(jobs=[JOB])
    scene.backends["enos"].status = TaskStatus.SUCCEEDED
    scene.world.run(60_000)

    assert (scene.over, scene.conductor.why) == (1, "settled")
