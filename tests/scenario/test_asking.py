from __future__ import annotations

from dataclasses import replace

import pytest

from fleet_sim.device.timings import Timings
from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.asking import ask_every_ms, asks, with_asking
from fleet_sim.scenario.plan import ImagePlan, JobPlan, Plan, plan
from tests.scenario.writing import loaded

CONTRACT = vocabulary.contract("enos")
PUSHED = JobPlan(at_ms=0, fleet="a", to_version="2", image=ImagePlan(size_bytes=1))
ASKED = replace(PUSHED, must_ask=True, timeout_s=300)


def asking(*jobs: JobPlan, duration_ms: int = 600_000) -> Timings:
    """Return the timings of fleet `a`, whose devices install for 7 s, under these jobs."""
    own = Timings(install_ms=7000)
    return with_asking(own, jobs, "a", duration_ms=duration_ms, contract=CONTRACT)


def planned(jobs: str) -> Plan:
    """Plan two fleets of two."""
    fleets = 'a: {devices: 2, firmware: "1"}, b: {devices: 2, firmware: "1"}'
    return plan(loaded(f"fleets: {{{fleets}}}\njobs: [{jobs}]"))


def test_devices_ask_only_where_a_job_of_theirs_waits_for_it() -> None:
    """Where all is pushed nobody asks, which keeps a log short."""
    assert asking() == Timings(install_ms=7000)
    assert asking(PUSHED) == Timings(install_ms=7000)
    assert asking(PUSHED, replace(ASKED, fleet="b")) == Timings(install_ms=7000)
    assert asks((PUSHED, ASKED), "a")


def test_they_ask_on_connecting_and_about_once_a_minute() -> None:
    """The fleet's other timings stay."""
    assert asking(ASKED) == Timings(
        install_ms=7000,
        request_on_connect=True,
        request_every_ms=60_000,
        request_hush_ms=315_000,
    )


@pytest.mark.parametrize(
    ("duration_ms", "every_ms"),
    [(60_000, 60_000), (3_600_000, 60_000), (86_400_000, 1_440_000)],
)
def test_in_a_long_run_they_ask_less_often(duration_ms: int, every_ms: int) -> None:
    """Sixty times at most, so that a day costs no more than an hour."""
    assert ask_every_ms(duration_ms) == every_ms


def test_a_silence_lasts_until_the_longest_timeout() -> None:
    """Of all the fleet's jobs; without one of its own a job has the vendor's."""
    assert asking(ASKED, replace(PUSHED, timeout_s=900)).request_hush_ms == 915_000
    assert asking(ASKED, PUSHED).request_hush_ms == 7_215_000


def test_where_nothing_times_out_a_silence_lasts_for_the_run() -> None:
    """Nothing would end the attempt but the device."""
    endless = replace(CONTRACT, timeout_s=None)
    job = replace(ASKED, timeout_s=None)

    timings = with_asking(Timings(), [job], "a", duration_ms=600_000, contract=endless)

    assert timings.request_hush_ms == 600_000


def test_a_plan_gives_the_fleet_its_asking() -> None:
    """One timings object for a fleet, not one a device."""
    made = planned('{at: 30s, upgrade: a, to: "2", ask: true}, {at: 30s, upgrade: b, to: "2"}')

    every = [device.timings.request_every_ms for device in made.devices]
    assert every == [60_000, 60_000, 0, 0]
    assert made.devices[0].timings is made.devices[1].timings
