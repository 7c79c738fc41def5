"""The envelopes of Alink, and who reads what from them.

    request   {"id", "version": "1.0", "params": {…}, "method"}
    reply     {"id", "code": 200, "data": {…}}
    push      {"code": "1000", "data": {…}, "id", "message": "success"}

The SDKs send `id` and `params` alone, and that is enough.
"""

from __future__ import annotations

from fleet_sim.dialects.alink import codes
from fleet_sim.dialects.alink.images import image_fields, read_image
from fleet_sim.dialects.alink.message_ids import write_id
from fleet_sim.dialects.alink.topics import Topic, topic_of
from fleet_sim.dialects.fields import (
    Fields,
    read_fields,
    read_string,
    read_whole,
    write_object,
)
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId

# Recalled, not read: that MQTT on the platform ends here. The pages name no limit for these topics.
PAYLOAD_BYTES_MAX = 256 * 1024

_PUSHED = "1000"  # one page has this string, another the number 200; no SDK reads it


def report(device: DeviceId, topic: Topic, message_id: str, params: Fields) -> WireMessage:
    """Write what a device says and gets no answer to."""
    body = {"id": write_id(message_id), "params": params}
    return WireMessage(topic_of(device, topic), write_object(body))


def query(device: DeviceId, topic: Topic, message_id: str, params: Fields) -> WireMessage:
    """Write what a device asks."""
    body = {
        "id": write_id(message_id),
        "version": "1.0",
        "params": params,
        "method": "thing.ota.firmware.get",
    }
    return WireMessage(topic_of(device, topic), write_object(body))


def push(device: DeviceId, message_id: str, image: FirmwareImage) -> WireMessage:
    """Write an upgrade request."""
    body = {
        "code": _PUSHED,
        "data": image_fields(image),
        "id": write_id(message_id),
        "message": "success",
    }
    return WireMessage(topic_of(device, Topic.UPGRADE), write_object(body))


def reply(topic: str, message_id: str, data: Fields, code: int, text: str = "") -> WireMessage:
    """Write an answer; without a text it has no `message`."""
    body = {"id": write_id(message_id), "code": code, "data": data}
    if text:
        body["message"] = text
    return WireMessage(topic, write_object(body))


def read_offer(body: Fields) -> tuple[FirmwareImage, ...]:
    """Read the answer to a query; no task is `data` that is empty, null or absent.

    Raises:
        DialectError: The query was refused, with the platform's code; or a field is wrong.
    """
    code = read_whole(body, "code")
    if code != codes.OK:
        text = read_string(body, "message", default="") or codes.meaning_of(code)
        raise DialectError(f"the query was refused with {code} {text}".rstrip(), code=code)
    data = read_fields(body, "data", default={})
    return (read_image(data),) if data else ()
