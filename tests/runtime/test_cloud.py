from __future__ import annotations

import pytest

from fleet_sim.runtime.cloud import clouds_of
from fleet_sim.scenario.plan import of_dialect
from tests.runtime.plans import TWO_VENDORS, planned


def test_a_run_of_one_vendor_is_one_cloud() -> None:
    """It has the whole plan and the run's own seed."""
    plan = planned()

    (cloud,) = clouds_of(plan)

    assert (cloud.dialect.name, cloud.part, cloud.seed) == ("enos", 1, plan.seed)
    assert cloud.plan == plan
    assert cloud.contract == plan.contracts["enos"]


@pytest.mark.usefixtures("acme")
def test_each_vendor_has_a_cloud_in_the_order_of_its_first_fleet() -> None:
    """With its share of the plan, a part of the log and a seed of its own."""
    plan = planned(**TWO_VENDORS)

    first, second = clouds_of(plan)

    assert (first.dialect.name, second.dialect.name) == ("enos", "acme")
    assert (first.part, second.part) == (1, 2)
    assert first.plan == of_dialect(plan, "enos")
    assert second.plan == of_dialect(plan, "acme")
    assert second.contract.retry_count_max == 3
    assert first.seed == plan.seed
    assert 0 <= second.seed < 2**63
    assert second.seed != first.seed


@pytest.mark.usefixtures("acme")
def test_a_clouds_seed_is_the_runs_and_the_dialects() -> None:
    """The same for the same, and no other cloud's."""
    seeds = [clouds_of(planned(seed=seed, **TWO_VENDORS))[1].seed for seed in (1, 1, 2)]

    assert seeds[0] == seeds[1]
    assert seeds[1] != seeds[2]
