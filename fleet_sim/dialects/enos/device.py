"""The device's end of MQTT: what it says, and how it reads what the platform says."""

from __future__ import annotations

import hashlib
from typing import assert_never

from fleet_sim.dialects.credentials import Credentials
from fleet_sim.dialects.enos import activation, codes, envelope
from fleet_sim.dialects.enos.signature import (
    PRODUCT_SECRET,
    STATIC_SECRET,
    Claim,
    client_id_of,
    sign,
    username_of,
)
from fleet_sim.dialects.enos.topics import DOWNSTREAM, SESSION, Leaf, fill, parse, topic_of
from fleet_sim.dialects.fields import Fields, read_fields
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationReply,
    BlockRequest,
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ReportReply,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionOffer,
    VersionQuery,
    VersionReport,
)

_SIGNED_ID_MAX = 64  # "MQTT-based Device Connection": any id of at most so many characters.


class EnosDevice:
    """The device codec; it keeps no state."""

    def credentials(
        self, device: DeviceId, secret: str, *, epoch_ms: int, activates: bool = False
    ) -> Credentials:
        """Sign a CONNECT with the device secret (securemode 2, SHA-256), or the product's (3).

        Any client id may be signed, the username alone says who connects. The SDKs take the device
        key, which is unique within its product only; on a broker that is not the vendor's, the
        device of another product under the same key would be thrown out. So both keys stand in it.
        """
        claim = Claim(
            signed_id=_signed_id(device),
            secure_mode=PRODUCT_SECRET if activates else STATIC_SECRET,
            method="sha256",
            timestamp=str(epoch_ms),
        )
        return Credentials(
            client_id=client_id_of(claim),
            username=username_of(device),
            password=sign(device, claim, secret),
        )

    def filters(self, device: DeviceId, *, activates: bool = False) -> tuple[str, ...]:
        """Name the push topic and the reply topics, which the platform delivers unasked.

        A device that activates also asks for its secret, as the page has it; the SDKs do not.
        """
        ota = tuple(topic_of(device, leaf) for leaf in DOWNSTREAM)
        return (*ota, fill(activation.INFO, device)) if activates else ota

    def encode(self, device: DeviceId, message: DeviceMessage) -> WireMessage:
        """Write what a device says; `step` is a string, negative for a failure.

        Raises:
            DialectError: It asks for a block, which EnOS has no words for.
        """
        match message:
            case VersionReport(message_id, version):
                return envelope.request(device, Leaf.INFORM, message_id, {"version": version})
            case ProgressReport(message_id, percent, desc):
                return envelope.request(device, Leaf.PROGRESS, message_id, _step(percent, desc))
            case FailureReport(message_id, cause, desc, code):
                step = codes.STEP_OF[cause] if code is None else code
                return envelope.request(device, Leaf.PROGRESS, message_id, _step(step, desc))
            case VersionQuery(message_id):
                return envelope.request(device, Leaf.GETVERSION, message_id, {})
            case UpgradeReply(message_id, code, text):
                topic = topic_of(device, Leaf.UPGRADE_REPLY)
                return envelope.reply(topic, message_id, code, text=text)
            case ActivationReply():
                return activation.write_reply(device, message)
            case BlockRequest():
                raise DialectError("EnOS has no download over MQTT")
            case _:
                assert_never(message)

    def decode(self, device: DeviceId, topic: str, payload: bytes) -> ServerMessage:
        """Read what the platform says.

        Replies to progress and failure reports share a topic and read as `to=ProgressReport`.

        Raises:
            DialectError: No message to this device that is known here. A refused getversion is one
                too: the platform's code is the error's.
        """
        if topic.startswith(SESSION):
            return activation.read_info(device, topic, payload)
        owner, leaf = parse(topic)
        if owner != device:
            raise DialectError(f"{topic!r} is no topic of {device}")
        message_id, body = envelope.read(payload)
        try:
            return _read(leaf, message_id, body)
        except DialectError as error:
            raise error.about(message_id) from error


def _signed_id(device: DeviceId) -> str:
    """Name a device uniquely among all products.

    A bar would end the id early, a dot leave open where one key ends, and above 64 characters the
    platform refuses it; where the keys are not fit as they are, their digest is.
    """
    name = f"{device.device_key}.{device.product_key}"
    is_plain = "|" not in name and "." not in device.product_key
    if is_plain and len(name) <= _SIGNED_ID_MAX:
        return name
    return hashlib.sha256(f"{device.product_key}/{device.device_key}".encode()).hexdigest()


def _step(step: int, desc: str) -> Fields:
    return {"step": str(step), "desc": desc}


def _read(leaf: Leaf, message_id: str, body: Fields) -> ServerMessage:
    match leaf:
        case Leaf.UPGRADE:
            return UpgradeRequest(message_id, envelope.read_image(read_fields(body, "params")))
        case Leaf.INFORM_REPLY:
            return ReportReply(message_id, VersionReport, *envelope.read_outcome(body))
        case Leaf.PROGRESS_REPLY:
            return ReportReply(message_id, ProgressReport, *envelope.read_outcome(body))
        case Leaf.GETVERSION_REPLY:
            return _read_offer(message_id, body)
        case _:
            raise DialectError(f"{leaf.value!r} goes from devices to the platform, not back")


def _read_offer(message_id: str, body: Fields) -> VersionOffer:
    """Read a getversion_reply, whose `data` is a list of images; {}, "" and null mean none."""
    code, text = envelope.read_outcome(body)
    if code != envelope.SUCCESS:
        raise DialectError(f"getversion was refused with {code} {text}".rstrip(), code=code)
    data = body.get("data") or []
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise DialectError("data is no list of objects")
    return VersionOffer(message_id, tuple(envelope.read_image(item) for item in data))
