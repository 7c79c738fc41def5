"""TuyaLink as one value: devices of its own, jobs by the other Tuya's API."""

from __future__ import annotations

from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.tuya.ids import IDS
from fleet_sim.dialects.tuya.northbound import (
    gate,
    http_refusal,
    operator,
    operator_key_of,
    org_of,
)
from fleet_sim.dialects.tuyalink.contract import CONTRACT
from fleet_sim.dialects.tuyalink.device import TuyaLinkDevice
from fleet_sim.dialects.tuyalink.server import TuyaLinkServer
from fleet_sim.dialects.tuyalink.signature import firmware_hmac

TUYALINK = Dialect(
    name="tuyalink",
    about="TuyaLink: devices over MQTT (tylink/…), their jobs by Tuya's RPC API",
    devices=TuyaLinkDevice(),
    server=TuyaLinkServer(),
    operator=operator,
    gate=gate,
    contract=CONTRACT,
    org_of=org_of,
    operator_key_of=operator_key_of,
    http_refusal=http_refusal,
    firmware_hmac=firmware_hmac,
    ids=IDS,
    covers={
        "devices": "MQTT with the device's secret: report, issue, progress, get; channels; HMACs",
        "northbound": "that of `tuya`: this platform's own knows no batches",
    },
)
