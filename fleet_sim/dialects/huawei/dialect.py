"""Huawei as one value."""

from __future__ import annotations

from fleet_sim.dialects.credentials import BAD_CLIENT_ID, KeepAliveRange
from fleet_sim.dialects.huawei.client import HuaweiOperator
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.device import HuaweiDevice
from fleet_sim.dialects.huawei.gate import HuaweiGate, http_refusal
from fleet_sim.dialects.huawei.gateways import HuaweiGateways
from fleet_sim.dialects.huawei.names import application_key_of, project_of
from fleet_sim.dialects.huawei.server import HuaweiServer
from fleet_sim.dialects.interface import Dialect

HUAWEI = Dialect(
    name="huawei",
    about="Huawei: IoTDA devices over MQTT, OceanConnect and IoTDA v5 northbound",
    devices=HuaweiDevice(),
    server=HuaweiServer(),
    operator=HuaweiOperator,
    gate=HuaweiGate,
    contract=CONTRACT,
    org_of=project_of,
    operator_key_of=application_key_of,
    http_refusal=http_refusal,
    gateways=HuaweiGateways(),
    server_of=HuaweiServer,
    # The range is the SDKs'; that it is refused, and how, is in "Device Connection Authentication".
    keep_alive=KeepAliveRange(30, 1200, BAD_CLIENT_ID),
    covers={
        "devices": "IoTDA over MQTT: version query, upgrades v1 and v2, all result codes",
        "gateways": "children by their gateway: status, reports, pushes, task_mode GATEWAY",
        "northbound": "OceanConnect: packages, tasks, queryUpgradeTaskList; IoTDA v5 at the gate",
    },
)
