from __future__ import annotations

from fleet_sim.dialects.tuya import contract
from tests.dialects.contract_source import ALL, parameters_named


def test_what_a_contract_takes_over_from_another_is_not_its_own() -> None:
    """Tuya's is Alibaba's, but for what it names."""
    named = parameters_named(contract)

    assert {"policy_names", "window_min_s"} <= named < ALL
    assert "retry_on" not in named
