"""Dynamic activation: a device that has only its product's secret is given one of its own.

    device    CONNECT, securemode 3, signed with the product's secret
    platform  /ext/session/{device}/thing/activate/info
              {"id", "version", "method": "thing.activate.info",
               "params": {"assetId", "productKey", "deviceKey", "deviceSecret"}}
    device    /ext/session/{device}/thing/activate/info_reply   {"id", "code", "data", "message"}

From its next connection on the device signs with that secret (securemode 2).

What is not documented, and how it is decided here
- Whether a device has to be registered beforehand: it need not be.
- Whether a device that activates again gets the same secret: it does; the parameter `reactivation`
  of the contract makes it a new one. The Python SDK does activate again, on every reconnect of the
  connection that has activated.
- The CONNACK code where the product allows no dynamic activation (770 in the tables): 5.
- Whether the reply matters: it does not.
- Securemode 4, a channel through which another system speaks for all devices of a product, is
  refused: it belongs to no device, and nothing about upgrades is said over it.

Source: "Establishing Connection with EnOS Cloud using the MQTT Protocol" (2.0.9), "Connecting to
EnOS" (3.0); device SDK for Python 0.1.1, `message/downstream/activate`.
"""

from __future__ import annotations

from fleet_sim.dialects.enos import codes, envelope
from fleet_sim.dialects.enos.topics import fill, filter_of, reply_topic, template_of
from fleet_sim.dialects.fields import read_fields, read_text, write_object
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ActivationInfo, ActivationReply

INFO = "/ext/session/{device}/thing/activate/info"
INFO_REPLY = reply_topic(INFO)

CLAIMED = filter_of(INFO_REPLY)


def write_info(device: DeviceId, info: ActivationInfo) -> WireMessage:
    """Write what a device is given."""
    body = {
        "id": info.message_id,
        "version": "1.0",
        "method": "thing.activate.info",
        "params": {
            "assetId": info.asset_id,
            "productKey": device.product_key,
            "deviceKey": device.device_key,
            "deviceSecret": info.secret,
        },
    }
    return WireMessage(fill(INFO, device), write_object(body))


def read_info(device: DeviceId, topic: str, payload: bytes) -> ActivationInfo:
    """Read what this device is given.

    Raises:
        DialectError: On another topic, or for another device, or without a secret.
    """
    if topic != fill(INFO, device):
        raise DialectError(f"{topic!r} brings no secret to {device}")
    message_id, body = envelope.read(payload)
    params = read_fields(body, "params")
    told = DeviceId(read_text(params, "productKey"), read_text(params, "deviceKey"))
    secret = read_text(params, "deviceSecret")
    if told != device or not secret:
        text = "params hold another device's secret, or none"
        raise DialectError(text, message_id=message_id)
    return ActivationInfo(message_id, read_text(params, "assetId", default=""), secret)


def write_reply(device: DeviceId, reply: ActivationReply) -> WireMessage:
    """Write that a device keeps its secret."""
    topic = fill(INFO_REPLY, device)
    return envelope.reply(topic, reply.message_id, reply.code, text=reply.text)


def read_reply(topic: str, payload: bytes) -> tuple[DeviceId, ActivationReply]:
    """Read what a device says to its secret, and which device.

    Raises:
        DialectError: On another topic, or not well formed; with the message's id if it was read.
    """
    found = template_of(topic)
    if found is None or found[1] != INFO_REPLY:
        raise DialectError(f"{topic!r} answers no activation")
    message_id, body = envelope.read(payload)
    try:
        return found[0], ActivationReply(message_id, *envelope.read_outcome(body))
    except DialectError as error:
        raise error.about(message_id, code=codes.PAYLOAD_NOT_JSON) from error
