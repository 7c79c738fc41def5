from __future__ import annotations

from fleet_sim.dialects import registry
from fleet_sim.dialects.tuyalink.contract import CONTRACT
from fleet_sim.dialects.tuyalink.dialect import TUYALINK
from fleet_sim.model.northbound import GetFirmware

_NOW = 1_767_225_600_000


def test_the_factories_make_both_ends_of_the_northbound_api() -> None:
    """By the arguments that the interface names; what one writes the other reads."""
    org, secret = (
        TUYALINK.org_of("0123456789abcdef" * 2),
        TUYALINK.operator_key_of("fedcba9876543210" * 2),
    )
    gate = TUYALINK.gate(org, {"K": secret}, signed_only=True, contract=TUYALINK.contract)
    call = GetFirmware("f1")

    assert TUYALINK.contract is CONTRACT
    assert gate.read(TUYALINK.operator(org, "K", secret).request(call, _NOW), _NOW) == call


def test_the_registry_has_it() -> None:
    """With a word for people on each side that it covers."""
    assert registry.get("tuyalink") is TUYALINK
    assert TUYALINK.covers.keys() == {"devices", "northbound"}
