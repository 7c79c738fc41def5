from __future__ import annotations

from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.dialects.enos.dialect import ENOS


def test_the_factories_make_both_ends_of_the_northbound_api() -> None:
    """By the arguments that the interface names; what one writes the other reads."""
    gate = ENOS.gate("o1", {}, signed_only=False, contract=ENOS.contract, default_product="pk1")
    operator = ENOS.operator("o1", "", "")

    assert ENOS.contract is CONTRACT
    assert not operator.needs_login(0)
    assert gate is not ENOS.gate("o1", {}, signed_only=False, contract=ENOS.contract)
