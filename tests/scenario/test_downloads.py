from dataclasses import replace
from typing import Any

import pytest

from fleet_sim.scenario.downloads import downloads_max
from fleet_sim.scenario.planned import Plan, TargetPlan
from tests.runtime.plans import FLEET, JOB, planned


def two_fleets(*jobs: dict[str, Any]) -> Plan:
    """Return the plan of 6 meters and 6 lamps with jobs that differ from the usual so."""
    return planned(
        fleets={"meters": FLEET, "lamps": FLEET}, jobs=[{**JOB, **changed} for changed in jobs]
    )


@pytest.mark.parametrize(
    ("jobs", "most"),
    [
        ([{"concurrency": 2}], 2),
        ([{"concurrency": 2}, {"upgrade": "lamps", "concurrency": 3}], 5),
        ([{"concurrency": 100}], 6),
        ([{"concurrency": 5}, {"concurrency": 5, "at": "3s"}, {"concurrency": 5, "at": "4s"}], 6),
        ([], 12),
    ],
)
def test_the_caps_bound_the_reference_backend(jobs: list[dict[str, Any]], most: int) -> None:
    """Never more than the fleets of the jobs; without a job nothing is bound."""
    assert downloads_max(two_fleets(*jobs)) == most


@pytest.mark.parametrize(("cap", "most"), [(4, 4), (None, 6)])
def test_a_job_without_a_cap_has_the_vendors(cap: int | None, most: int) -> None:
    """Where the vendor has none either, its whole fleet may download."""
    plan = two_fleets({})
    (dialect,) = plan.contracts
    contract = replace(plan.contracts[dialect], cap_default=cap)

    assert downloads_max(replace(plan, contracts={dialect: contract})) == most


def test_a_backend_by_url_is_not_bound() -> None:
    """Whether it keeps to the cap is what the run is to find out."""
    plan = replace(two_fleets({"concurrency": 2}), target=TargetPlan(backend="http://h:1"))

    assert downloads_max(plan) == 12
