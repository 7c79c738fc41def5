from __future__ import annotations

from itertools import count

import pytest

from fleet_sim.model.northbound import (
    Answer,
    Call,
    CreateFirmware,
    CreateJob,
    FirmwareCreated,
    JobCreated,
    Listed,
    Refusal,
    Refused,
    SearchTasks,
)
from fleet_sim.report.run import NorthboundFigures
from fleet_sim.runtime.cloud import clouds_of
from fleet_sim.runtime.operator.office import Office, opened, refusals, traffic
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.runtime.virtual_time import VirtualClock
from tests.runtime.desk import Desk, run
from tests.runtime.plans import TWO_VENDORS, planned

pytestmark = pytest.mark.usefixtures("acme")


class Scene:
    """Two offices at two clouds; the second one's backend refuses every job."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.log = MemoryLog(self.clock.now_ms)
        numbers = count(1)
        self.desks = [
            Desk(self.clock, lambda call: _answer(call, "e")),
            Desk(self.clock, lambda call: _answer(call, None)),
        ]
        clouds = clouds_of(planned(**TWO_VENDORS))
        self.offices: list[Office] = [
            opened(
                cloud,
                desk,
                self.clock,
                self.log,
                epoch_ms=0,
                every_ms=1_000,
                activity=self.clock.now_ms,
                on_poll=lambda: None,
                numbers=numbers,
            )
            for cloud, desk in zip(clouds, self.desks, strict=True)
        ]
        for office in self.offices:
            office.control.start()
        run(self.clock, 10_000)


def _answer(call: Call, name: str | None) -> Answer:
    match call:
        case CreateFirmware():
            return FirmwareCreated(f"f-{name}")
        case CreateJob() if name is not None:
            return JobCreated(f"j-{name}")
        case SearchTasks():
            return Listed((), 1, 200, 0)
        case _:
            return Refused(Refusal.INTERNAL, "out of order", 500)


def test_an_office_orders_what_is_its_clouds() -> None:
    """And looks at it: nobody asks a vendor for another one's devices."""
    scene = Scene()

    ordered = [
        [call.order.firmware_id for call in desk.calls if isinstance(call, CreateJob)]
        for desk in scene.desks
    ]

    assert ordered == [["f-e"], ["f-None"]]
    assert [job.job_id for job in scene.offices[0].control.jobs] == ["j-e"]
    assert list(scene.offices[0].observer.tasks) == ["j-e"]
    assert scene.offices[1].control.jobs == []


def test_pages_are_as_large_as_the_vendor_allows() -> None:
    """And numbered from where it begins."""
    scene = Scene()

    search = next(call for call in scene.desks[0].calls if isinstance(call, SearchTasks))

    contract = scene.offices[0].cloud.contract
    assert (search.page.number, search.page.size) == (contract.page_base, contract.page_size_max)


def test_no_two_writes_of_a_run_have_one_number() -> None:
    """Or the answer of one cloud would be taken for that of another."""
    scene = Scene()

    sent = [(one["call"], one["no"]) for one in scene.log.records if one.kind == "api_invoke"]
    ended = {one["no"]: one.kind for one in scene.log.records if one.kind.startswith("api_")}

    assert sorted(no for _, no in sent) == [1, 2, 3, 4]
    assert sorted(call for call, _ in sent) == ["create_firmware"] * 2 + ["create_job"] * 2
    assert sorted(ended.values()) == ["api_fail", "api_ok", "api_ok", "api_ok"]


def test_refusals_say_whose_they_are_among_several() -> None:
    """With one cloud there is nobody else."""
    scene = Scene()

    sentence = "the backend refused create_job with 500: out of order"
    assert refusals(scene.offices) == (f"acme: {sentence}",)
    assert refusals(scene.offices[1:]) == (sentence,)


def test_traffic_is_that_of_all_sessions() -> None:
    """Each counts its own."""
    scene = Scene()
    scene.desks[0].traffic = NorthboundFigures(requests=7, throttled=1, failed=2)
    scene.desks[1].traffic = NorthboundFigures(requests=3, throttled=0, failed=1)

    assert traffic(scene.offices) == NorthboundFigures(requests=10, throttled=1, failed=3)
