"""Tuya's successor to Alibaba's platform as one value."""

from __future__ import annotations

from fleet_sim.dialects.alink.admission import KEEP_ALIVE
from fleet_sim.dialects.alink.blocks import BLOCK_RULES
from fleet_sim.dialects.alink.device import AlinkDevice
from fleet_sim.dialects.alink.server import AlinkServer
from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.tuya.contract import CONTRACT
from fleet_sim.dialects.tuya.ids import IDS
from fleet_sim.dialects.tuya.northbound import (
    gate,
    http_refusal,
    operator,
    operator_key_of,
    org_of,
)

TUYA = Dialect(
    name="tuya",
    about="Tuya private cloud: Alink devices over MQTT, the RPC API with ListOTATaskByJob",
    devices=AlinkDevice(),
    server=AlinkServer(),
    operator=operator,
    gate=gate,
    contract=CONTRACT,
    org_of=org_of,
    operator_key_of=operator_key_of,
    http_refusal=http_refusal,
    keep_alive=KEEP_ALIVE,
    block_rules=BLOCK_RULES,  # no job of its own is by blocks, so each request is refused
    ids=IDS,
    covers={
        "devices": "Alink over MQTT: all sign methods, registration, modules, HTTPS",
        "northbound": "RPC in camelCase, HMAC-SHA1: modules, static and verify jobs, consent",
    },
)
