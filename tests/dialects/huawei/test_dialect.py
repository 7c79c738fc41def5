from __future__ import annotations

from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.dialect import HUAWEI
from fleet_sim.dialects.huawei.gateways import HuaweiGateways
from fleet_sim.dialects.huawei.server import HuaweiServer


def test_the_dialect_names_its_parts() -> None:
    """It makes both ends of the northbound, has no way but MQTT, and gateways there."""
    operator = HUAWEI.operator("o", "K", "S")
    gate = HUAWEI.gate("o", {"K": "S"}, signed_only=True, contract=CONTRACT)
    login = operator.login(1_772_325_540_000)

    assert HUAWEI.name == "huawei"
    assert login is not None
    assert getattr(gate.read(login, 1_772_325_540_000), "status", None) == 200
    assert HUAWEI.http is None
    assert isinstance(HUAWEI.gateways, HuaweiGateways)
    assert HUAWEI.server_of is HuaweiServer
