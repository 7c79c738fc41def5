from dataclasses import FrozenInstanceError

import pytest

from fleet_sim.scenario.plan import plan
from fleet_sim.scenario.planned import TargetPlan
from tests.scenario.writing import loaded


def test_a_plan_cannot_be_changed() -> None:
    """What was printed before the run is what ran."""
    made = plan(loaded())

    with pytest.raises(FrozenInstanceError):
        made.seed = 7  # type: ignore[misc]


def test_no_target_is_the_embedded_platform() -> None:
    """Nothing is set, nothing is planted."""
    assert TargetPlan() == TargetPlan(broker=None, backend=None, plant=())
