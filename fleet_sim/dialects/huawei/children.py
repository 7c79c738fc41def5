"""A gateway tells which of its children are on line: `$sub_device_manager`.

    paras {"device_statuses": [{"device_id", "status": "ONLINE" | "OFFLINE"}, …]}

It travels on the gateway's own topic of events, beside `$ota`, so a platform has to look into a
message to know whose part it is. What children say otherwise is in `device` and `server`: their
messages go by the gateway's topics and name them.

Source: device SDKs for Python and Java.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.dialects.huawei import envelope
from fleet_sim.dialects.huawei.names import device_of, name_of, speaker_of, up_topic
from fleet_sim.dialects.huawei.payload import read_object, read_text
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId

SERVICE = "$sub_device_manager"
STATUS = "sub_device_update_status"

_WORD_OF = {True: "ONLINE", False: "OFFLINE"}
_IS_ONLINE = {word: is_online for is_online, word in _WORD_OF.items()}


def write_status(
    gateway: DeviceId, children: Mapping[DeviceId, bool], message_id: str
) -> WireMessage:
    """Write which children are on line from now on, and which are not."""
    statuses = [
        {"device_id": name_of(child), "status": _WORD_OF[is_online]}
        for child, is_online in children.items()
    ]
    paras = {"device_statuses": statuses}
    payload = envelope.write(name_of(gateway), STATUS, paras, message_id, service=SERVICE)
    return WireMessage(up_topic(gateway), payload)


def read_status(topic: str, payload: bytes) -> tuple[DeviceId, Mapping[DeviceId, bool]]:
    """Read a gateway and its children; of a child named twice, the later status counts.

    Raises:
        DialectError: It is no such message, or not well formed.
    """
    gateway = speaker_of(topic)
    event = envelope.read(read_object(payload), {STATUS}, service=SERVICE)
    statuses = event.paras.get("device_statuses")
    if not isinstance(statuses, list) or not all(isinstance(one, dict) for one in statuses):
        raise DialectError("device_statuses is no list of objects")
    found: dict[DeviceId, bool] = {}
    for one in statuses:
        word = read_text(one, "status")
        if word not in _IS_ONLINE:
            raise DialectError(f"status is {word[:40]!r}, neither ONLINE nor OFFLINE")
        found[device_of(read_text(one, "device_id"))] = _IS_ONLINE[word]
    return gateway, found
