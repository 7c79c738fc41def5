"""The platform's end of MQTT: who connects, who may say what where, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, assert_never

from fleet_sim.dialects.credentials import BAD_CREDENTIALS, NOT_AUTHORIZED, Identity, Keyring
from fleet_sim.dialects.enos import activation, codes, envelope
from fleet_sim.dialects.enos.gateways import REPLY_TEMPLATES
from fleet_sim.dialects.enos.signature import (
    PRODUCT_SECRET,
    STATIC_SECRET,
    Claim,
    is_signed,
    read_client_id,
    read_username,
)
from fleet_sim.dialects.enos.topics import (
    DOWNSTREAM,
    REPLY_TO,
    SESSION,
    UPSTREAM,
    Leaf,
    is_addressable,
    is_own,
    parse,
    template_of,
    topic_of,
)
from fleet_sim.dialects.fields import Fields, read_fields, read_string, read_text, read_whole
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationInfo,
    Block,
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ReportReply,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionAsked,
    VersionOffer,
    VersionQuery,
    VersionReport,
)

# What leads from the platform to devices besides the OTA topics: no device may speak there.
_DOWNSTREAM = REPLY_TEMPLATES | {activation.INFO}

_PERCENT_MAX = 100


class EnosServer:
    """The server codec; it keeps no state."""

    # What such a platform does with `cleansession=false` is not documented. It pushes again from
    # what it knows, and the SDKs all ask for a clean session: an order that was taken back
    # meanwhile must not reach the device later.
    keeps_sessions: Final = False
    qos_max: Final = 1  # What the SDKs go up to: they refuse QoS 2 themselves.

    @property
    def claimed(self) -> tuple[str, ...]:
        """Everything a device may say about OTA, and that it keeps the secret it was given."""
        return (*(f"/sys/+/+/ota/device/{leaf.value}" for leaf in UPSTREAM), activation.CLAIMED)

    def identify(
        self, client_id: str, username: str, password: bytes | None, keys: Keyring
    ) -> Identity | int:
        """Check a CONNECT against the device's own secret, or against its product's.

        Which of the two CONNACK codes EnOS gives is not documented; its SDKs treat all alike. A
        device that comes by a gateway alone is refused here, whatever it signs with. So is the
        fourth securemode; see `activation`.
        """
        try:
            device = read_username(username)
            claim = read_client_id(client_id)
        except DialectError:
            return BAD_CREDENTIALS
        secret = _secret(device, claim, keys) if is_addressable(device) else None
        if not secret or keys.gateway_of(device) is not None:
            return NOT_AUTHORIZED
        if claim.secure_mode not in {STATIC_SECRET, PRODUCT_SECRET} or password is None:
            return BAD_CREDENTIALS
        if not is_signed(device, claim, secret, password):
            return BAD_CREDENTIALS
        return Identity(device, activates=claim.secure_mode == PRODUCT_SECRET)

    def implicit(self, device: DeviceId) -> tuple[str, ...]:
        """Name the push topic and all reply topics: the SDKs count on getting them unasked.

        What is sent to one connection straight, such as its activation, needs no name here.
        """
        return tuple(topic_of(device, leaf) for leaf in DOWNSTREAM)

    def may_publish(self, device: DeviceId, topic: str) -> bool:
        """Allow the device's own topics, but of those that we speak on only what leads upstream.

        Were it let onto its own push topic, it could send itself an upgrade.
        """
        if not is_own(device, topic):
            return False
        ota = topic_of(device, Leaf.INFORM).removesuffix(Leaf.INFORM.value)
        if topic.startswith(ota):  # first: nearly every message is one
            return topic.removeprefix(ota) in UPSTREAM
        found = template_of(topic)
        return found is None or found[1] not in _DOWNSTREAM

    def may_subscribe(self, device: DeviceId, topic_filter: str) -> bool:
        """Allow filters, with wildcards or without, below the device's own keys."""
        return is_own(device, topic_filter)

    def decode(self, topic: str, payload: bytes) -> tuple[DeviceId, DeviceMessage]:
        """Read what a device says, by its topic; `method` and `version` are never looked at.

        Raises:
            DialectError: With the platform's code, and with the message's id once that was read.
                Without a code for a message of our own.
        """
        if topic.startswith(SESSION):
            return activation.read_reply(topic, payload)
        device, leaf = parse(topic)
        message_id, body = envelope.read(payload)
        if leaf not in _READERS:
            text = f"{leaf.value!r} goes from the platform to devices, not back"
            raise DialectError(text, message_id=message_id)
        try:
            return device, _READERS[leaf](message_id, body)
        except DialectError as error:
            raise error.about(message_id, code=codes.PAYLOAD_NOT_JSON) from error

    def encode(self, device: DeviceId, message: ServerMessage) -> WireMessage:
        """Write what the platform says to a device.

        Raises:
            DialectError: It asks for a version or hands over a block: EnOS has no words for either.
        """
        match message:
            case UpgradeRequest(message_id, image):
                params = envelope.image_fields(image)
                return envelope.request(device, Leaf.UPGRADE, message_id, params)
            case ReportReply(message_id, to, code, text):
                leaf = Leaf.INFORM_REPLY if to is VersionReport else Leaf.PROGRESS_REPLY
                return envelope.reply(topic_of(device, leaf), message_id, code, text=text)
            case VersionOffer(message_id, images):
                topic = topic_of(device, Leaf.GETVERSION_REPLY)
                data = [envelope.image_fields(image) for image in images]
                return envelope.reply(topic, message_id, data=data)
            case ActivationInfo():
                return activation.write_info(device, message)
            case VersionAsked() | Block():
                raise DialectError(f"EnOS has no words for {type(message).__name__}")
            case _:
                assert_never(message)

    def complain(self, topic: str, error: DialectError) -> WireMessage | None:
        """Write the error reply to a request; replies of devices and foreign topics get none.

        An id that could not be read is answered as "": the Python SDK needs a string there.
        """
        try:
            device, leaf = parse(topic)
        except DialectError:
            return None
        if leaf not in REPLY_TO or error.code is None:
            return None
        topic = topic_of(device, REPLY_TO[leaf])
        return envelope.reply(topic, error.message_id or "", error.code, text=str(error))


def _secret(device: DeviceId, claim: Claim, keys: Keyring) -> str | None:
    """Return what a CONNECT of this securemode has to be signed with; None: it cannot be."""
    if claim.secure_mode == PRODUCT_SECRET:
        return keys.product_secret_of(device.product_key)
    return keys.secret_of(device)


def _read_version(message_id: str, body: Fields) -> VersionReport:
    version = read_text(read_fields(body, "params"), "version")
    if not version:
        raise DialectError("params.version is empty")
    return VersionReport(message_id, version)


def _read_progress(message_id: str, body: Fields) -> ProgressReport | FailureReport:
    """Read `step`: 0 to 100 is progress, anything below a failure, anything above a mistake."""
    params = read_fields(body, "params")
    step = read_whole(params, "step")
    desc = read_string(params, "desc", default="")
    if step < 0:
        return FailureReport(message_id, codes.cause_of(step), desc, step)
    if step > _PERCENT_MAX:
        raise DialectError(f"params.step is {step}, above {_PERCENT_MAX}")
    return ProgressReport(message_id, step, desc)


def _read_query(message_id: str, body: Fields) -> VersionQuery:
    del body
    return VersionQuery(message_id)


def _read_reply(message_id: str, body: Fields) -> UpgradeReply:
    return UpgradeReply(message_id, *envelope.read_outcome(body))


_READERS: Mapping[Leaf, Callable[[str, Fields], DeviceMessage]] = {
    Leaf.INFORM: _read_version,
    Leaf.PROGRESS: _read_progress,
    Leaf.GETVERSION: _read_query,
    Leaf.UPGRADE_REPLY: _read_reply,
}
