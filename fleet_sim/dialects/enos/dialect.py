"""EnOS as one value."""

from __future__ import annotations

from fleet_sim.dialects.enos.client import EnosOperator
from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.enos.gate import EnosGate, http_refusal
from fleet_sim.dialects.enos.gateways import EnosGateways
from fleet_sim.dialects.enos.http_channel import EnosHttpChannel
from fleet_sim.dialects.enos.http_channel_device import EnosHttpDevice
from fleet_sim.dialects.enos.http_channel_wire import file_uri
from fleet_sim.dialects.enos.names import operator_key_of, org_of
from fleet_sim.dialects.enos.server import EnosServer
from fleet_sim.dialects.http_channel import HttpChannel
from fleet_sim.dialects.interface import Dialect

ENOS = Dialect(
    name="enos",
    about="Envision EnOS: MQTT with device or product secrets, connect-service API v2.1",
    devices=EnosDevice(),
    server=EnosServer(),
    operator=EnosOperator,
    gate=EnosGate,
    contract=CONTRACT,
    org_of=org_of,
    operator_key_of=operator_key_of,
    http_refusal=http_refusal,
    http=HttpChannel(EnosHttpDevice(), EnosHttpChannel, file_uri),
    gateways=EnosGateways(),
    covers={
        "devices": "MQTT with the device's or the product's secret; activation; pushed and asked",
        "gateways": "sub-devices by their gateway's connection: topology, login, reports, pushes",
        "http": "the HTTP device channel; `enos-connect://` and relative file addresses",
        "northbound": "v2.1 with access tokens: firmware, jobs, tasks, searches, files",
    },
)
