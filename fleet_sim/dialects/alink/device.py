"""The device's end of MQTT: what it says, and how it reads what the platform says."""

from __future__ import annotations

from fleet_sim.dialects.alink import blocks, codes, envelope, registration
from fleet_sim.dialects.alink.images import module_fields, read_image
from fleet_sim.dialects.alink.message_ids import query_id, read_id, split_query_id
from fleet_sim.dialects.alink.signature import (
    BY_TOKEN,
    OVER_TCP,
    AuthType,
    Claim,
    client_id_of,
    sign,
    signed_id_of,
    username_of,
)
from fleet_sim.dialects.alink.topics import DOWNSTREAM, Topic, parse, topic_of
from fleet_sim.dialects.credentials import Credentials
from fleet_sim.dialects.fields import Fields, read_fields, read_object
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationReply,
    BlockRequest,
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionOffer,
    VersionQuery,
    VersionReport,
)

KEEP_ALIVE_S = 60  # The default of the Link SDK for Python.


class AlinkDevice:
    """The device codec; it keeps no state.

    Args:
        secure_mode: `3` over TCP, `2` over TLS: the codec does not see which it is. No platform is
            known to compare the two.
        method: By which of `hmacmd5`, `hmacsha1`, `hmacsha256` it signs.
        registers_as: What a device shows that has no secret of its own: `REGISTER` where the
            platform knows it, else `REGISTER_UNKNOWN`. What the latter is given is a token, and
            then each of its secrets is one.
    """

    def __init__(
        self,
        *,
        secure_mode: str = OVER_TCP,
        method: str = "hmacsha256",
        registers_as: AuthType = AuthType.REGISTER,
    ) -> None:
        self._secure_mode = secure_mode
        self._method = method
        self._registers_as = registers_as

    def credentials(
        self, device: DeviceId, secret: str, *, epoch_ms: int, activates: bool = False
    ) -> Credentials:
        """Sign a CONNECT with the device's secret, or with its product's where it activates."""
        claim = self._claim(device, str(epoch_ms), activates=activates)
        return Credentials(
            client_id=client_id_of(claim),
            username=username_of(device),
            password=sign(device, claim, secret),
            keep_alive_s=KEEP_ALIVE_S,
        )

    def _claim(self, device: DeviceId, stamp: str, *, activates: bool) -> Claim:
        name = signed_id_of(device)
        if activates:
            auth_type = self._registers_as
            return Claim(name, self._secure_mode, self._method, auth_type=auth_type, random=stamp)
        if self._registers_as is AuthType.REGISTER_UNKNOWN:
            return Claim(name, BY_TOKEN, auth_type=AuthType.TOKEN)
        return Claim(name, self._secure_mode, self._method, stamp)

    def filters(self, device: DeviceId, *, activates: bool = False) -> tuple[str, ...]:
        """Name the push topic and the reply topics, which the platform delivers unasked.

        The secret of a device that activates comes on a topic of all devices; see `registration`.
        """
        del activates
        return tuple(topic_of(device, topic) for topic in DOWNSTREAM)

    def encode(self, device: DeviceId, message: DeviceMessage) -> WireMessage | None:
        """Write what a device says; `step` is a string, negative for a failure.

        Neither a push nor a secret is answered: Alink has no words for it.
        """
        match message:
            case VersionReport(message_id, version, module):
                told = {"version": version, **module_fields(module)}
                return envelope.report(device, Topic.INFORM, message_id, told)
            case ProgressReport(message_id, percent, desc, module):
                params = _progress(percent, desc, module)
                return envelope.report(device, Topic.PROGRESS, message_id, params)
            case FailureReport(message_id, cause, desc, code, module):
                step = codes.STEP_OF[cause] if code is None else code
                params = _progress(step, desc, module)
                return envelope.report(device, Topic.PROGRESS, message_id, params)
            case VersionQuery(query, module):
                message_id, is_older = split_query_id(query)
                topic = Topic.REQUEST if is_older else Topic.GET
                return envelope.query(device, topic, message_id, module_fields(module))
            case BlockRequest():
                topic_text = topic_of(device, Topic.DOWNLOAD)
                return WireMessage(topic_text, blocks.write_request(message))
            case UpgradeReply() | ActivationReply():
                return None

    def decode(self, device: DeviceId, topic: str, payload: bytes) -> ServerMessage:
        """Read what the platform says.

        Raises:
            DialectError: No message to this device that is known here. A refused query is one too:
                the platform's code is the error's.
        """
        if topic in registration.TOPICS:
            return registration.read_info(device, topic, _read_body(payload))
        owner, found = parse(topic)
        if owner != device:
            raise DialectError(f"{topic!r} is no topic of {device}")
        if found is Topic.DOWNLOAD_REPLY:
            return blocks.read_block(payload)
        body = _read_body(payload)
        message_id = read_id(body)
        try:
            return _read(found, message_id, body)
        except DialectError as error:
            raise error.about(message_id) from error


def _progress(step: int, desc: str, module: str) -> Fields:
    return {"step": str(step), "desc": desc, **module_fields(module)}


def _read_body(payload: bytes) -> Fields:
    return read_object(payload, bytes_max=envelope.PAYLOAD_BYTES_MAX)


def _read(topic: Topic, message_id: str, body: Fields) -> ServerMessage:
    match topic:
        case Topic.UPGRADE:
            return UpgradeRequest(message_id, read_image(read_fields(body, "data")))
        case Topic.GET_REPLY:
            return VersionOffer(query_id(message_id, is_older=False), envelope.read_offer(body))
        case Topic.REQUEST if "code" in body:
            return VersionOffer(query_id(message_id, is_older=True), envelope.read_offer(body))
        case _:
            raise DialectError(f"{topic.name} goes from devices to the platform, not back")
