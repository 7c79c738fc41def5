"""Alibaba Cloud's IoT Platform as one value."""

from __future__ import annotations

from fleet_sim.dialects.alibaba.contract import CONTRACT
from fleet_sim.dialects.alibaba.ids import IDS
from fleet_sim.dialects.alibaba.northbound import (
    gate,
    http_refusal,
    operator,
    operator_key_of,
    org_of,
)
from fleet_sim.dialects.alink.admission import KEEP_ALIVE
from fleet_sim.dialects.alink.blocks import BLOCK_RULES
from fleet_sim.dialects.alink.device import AlinkDevice
from fleet_sim.dialects.alink.server import AlinkServer
from fleet_sim.dialects.interface import Dialect

ALIBABA = Dialect(
    name="alibaba",
    about="Alibaba Cloud IoT Platform: Alink devices over MQTT, RPC API 2018-01-20",
    devices=AlinkDevice(),
    server=AlinkServer(),
    operator=operator,
    gate=gate,
    contract=CONTRACT,
    org_of=org_of,
    operator_key_of=operator_key_of,
    http_refusal=http_refusal,
    keep_alive=KEEP_ALIVE,
    block_rules=BLOCK_RULES,
    ids=IDS,
    covers={
        "devices": "Alink over MQTT: all sign methods, registration, modules, blocks over MQTT",
        "northbound": "RPC 2018-01-20, HMAC-SHA1 and ACS3: modules, static and dynamic jobs",
    },
)
