"""The packets of MQTT 3.1.1, both ways: the door to `kinds`, `encoding` and `decoding`."""

from __future__ import annotations

from fleet_sim.mqtt.decoding import Decoder
from fleet_sim.mqtt.encoding import encode, encode_puback, encode_publish
from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.kinds import (
    Connack,
    ConnackCode,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Will,
)

__all__ = [
    "Connack",
    "ConnackCode",
    "Connect",
    "Decoder",
    "Disconnect",
    "MqttError",
    "Packet",
    "Pingreq",
    "Pingresp",
    "Puback",
    "Pubcomp",
    "Publish",
    "Pubrec",
    "Pubrel",
    "Suback",
    "Subscribe",
    "Unsuback",
    "Unsubscribe",
    "Will",
    "encode",
    "encode_puback",
    "encode_publish",
]
