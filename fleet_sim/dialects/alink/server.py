"""The platform's end of MQTT: who connects, who may say what where, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from fleet_sim.dialects.alink import admission, blocks, codes, envelope, registration
from fleet_sim.dialects.alink.images import image_fields, module_of
from fleet_sim.dialects.alink.message_ids import query_id, read_id, split_query_id
from fleet_sim.dialects.alink.signature import METHOD_DEFAULT, AuthType
from fleet_sim.dialects.alink.topics import (
    DOWNSTREAM,
    REPLY_TO,
    UPSTREAM,
    Topic,
    filter_of,
    is_own,
    parse,
    topic_of,
)
from fleet_sim.dialects.credentials import Identity, Keyring
from fleet_sim.dialects.fields import (
    Fields,
    read_fields,
    read_object,
    read_string,
    read_text,
    read_whole,
)
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
    UpgradeRequest,
    VersionAsked,
    VersionOffer,
    VersionQuery,
    VersionReport,
)

_PERCENT_MAX = 100


class AlinkServer:
    """The server codec; it keeps no state.

    Args:
        method_default: By what a CONNECT is signed that names no method (recalled, not re-read).
        no_task_code: The code of an answer that brings no task (inferred: 200, with empty data).
        registers: Which of the two registrations is open. A secret is told in two ways, and
            nothing reminds this codec which of them a device has asked for.
    """

    # The platform pushes again to whoever comes back, from what it knows.
    keeps_sessions: Final = False
    qos_max: Final = 1  # The pages exclude QoS 2.

    def __init__(
        self,
        *,
        method_default: str = METHOD_DEFAULT,
        no_task_code: int = codes.OK,
        registers: AuthType = AuthType.REGISTER,
    ) -> None:
        self._method_default = method_default
        self._no_task_code = no_task_code
        self._registers = registers

    @property
    def claimed(self) -> tuple[str, ...]:
        """Everything a device may say about OTA."""
        return tuple(filter_of(topic) for topic in UPSTREAM)

    # --- who may do what -------------------------------------------------------------------

    def identify(
        self, client_id: str, username: str, password: bytes | None, keys: Keyring
    ) -> Identity | int:
        """Check a CONNECT against the device's own secret or token, or against its product's."""
        return admission.identify(
            client_id,
            username,
            password,
            keys,
            method_default=self._method_default,
            registers=self._registers,
        )

    def implicit(self, device: DeviceId) -> tuple[str, ...]:
        """Name the push topic and the reply topics: no SDK of the present subscribes to them."""
        return tuple(topic_of(device, topic) for topic in DOWNSTREAM)

    def may_publish(self, device: DeviceId, topic: str) -> bool:
        """Allow the device's own topics, but of those above only what leads upstream.

        Were it let onto its own push topic, it could send itself an upgrade.
        """
        return is_own(device, topic) and topic not in self.implicit(device)

    def may_subscribe(self, device: DeviceId, topic_filter: str) -> bool:
        """Allow what lies within the device's own topics."""
        return is_own(device, topic_filter)

    # --- what devices say ------------------------------------------------------------------

    def decode(self, topic: str, payload: bytes) -> tuple[DeviceId, DeviceMessage]:
        """Read what a device says, and who it is by its topic.

        Raises:
            DialectError: 400 for what is no request, 460 for one with wrong parameters. Without a
                code for another's topic, and for an answer of our own on the older query topic.
        """
        device, found = parse(topic)
        try:
            body = _read_body(found, payload)
            message_id = read_id(body)
        except DialectError as error:
            raise error.about(code=codes.BAD_REQUEST) from error
        if found not in UPSTREAM or (found is Topic.REQUEST and "code" in body):
            text = f"{found.name} goes from the platform to devices, not back"
            raise DialectError(text, message_id=message_id)
        try:
            return device, _READERS[found](message_id, body)
        except DialectError as error:
            raise error.about(message_id, code=codes.BAD_PARAMETERS) from error

    # --- what the platform says ------------------------------------------------------------

    def encode(self, device: DeviceId, message: ServerMessage) -> WireMessage | None:
        """Write what the platform says to a device.

        No report is answered, and no version is asked for: Alink has no words for it.
        """
        match message:
            case UpgradeRequest(message_id, image):
                return envelope.push(device, message_id, image)
            case VersionOffer():
                return self._offer(device, message)
            case Block():
                topic = topic_of(device, Topic.DOWNLOAD_REPLY)
                return WireMessage(topic, blocks.write_block(message))
            case ActivationInfo():
                return registration.write_info(device, message, self._registers)
            case ReportReply() | VersionAsked():
                return None

    def _offer(self, device: DeviceId, offer: VersionOffer) -> WireMessage:
        """Write the answer to a query: one task at most, on the topic that fits the question."""
        message_id, is_older = split_query_id(offer.message_id)
        topic = topic_of(device, REPLY_TO[Topic.REQUEST if is_older else Topic.GET])
        if not offer.images:
            return envelope.reply(topic, message_id, {}, self._no_task_code)
        return envelope.reply(topic, message_id, image_fields(offer.images[0]), codes.OK)

    def complain(self, topic: str, error: DialectError) -> WireMessage | None:
        """Write the error reply to a question; reports and foreign topics get none."""
        try:
            device, found = parse(topic)
        except DialectError:
            return None
        if found not in REPLY_TO or error.code is None:
            return None
        where = topic_of(device, REPLY_TO[found])
        message_id = error.message_id or ""
        if found is Topic.DOWNLOAD:
            return WireMessage(where, blocks.write_block(Block(message_id, 0, b"", 0, error.code)))
        code = codes.OLDER_TOPIC_FAILED if found is Topic.REQUEST else error.code
        return envelope.reply(where, message_id, {}, code, str(error))


def _read_body(topic: Topic, payload: bytes) -> Fields:
    """Read a payload; a block's request as the C SDK writes it, if it has to be."""
    try:
        return read_object(payload, bytes_max=envelope.PAYLOAD_BYTES_MAX)
    except DialectError:
        if topic is not Topic.DOWNLOAD or len(payload) > envelope.PAYLOAD_BYTES_MAX:
            raise
    mended = blocks.without_spare_commas(payload)
    return read_object(mended, bytes_max=envelope.PAYLOAD_BYTES_MAX)


def _read_version(message_id: str, body: Fields) -> VersionReport:
    params = read_fields(body, "params")
    version = read_text(params, "version")
    if not version:
        raise DialectError("version is empty")
    return VersionReport(message_id, version, module_of(params))


def _read_progress(message_id: str, body: Fields) -> ProgressReport | FailureReport:
    """Read `step`: 0 to 100 is progress, anything below a failure, anything above a mistake.

    The pages begin at 1; that 0 is progress, and that numbers are as good as strings, is inferred.
    """
    params = read_fields(body, "params")
    step, module = read_whole(params, "step"), module_of(params)
    desc = read_string(params, "desc", default="")
    if step < 0:
        return FailureReport(message_id, codes.cause_of(step), desc, step, module)
    if step > _PERCENT_MAX:
        raise DialectError(f"step is {step}, above {_PERCENT_MAX}")
    return ProgressReport(message_id, step, desc, module)


def _read_query(message_id: str, body: Fields) -> VersionQuery:
    params = read_fields(body, "params", default={})
    return VersionQuery(query_id(message_id, is_older=False), module_of(params))


def _read_older_query(message_id: str, body: Fields) -> VersionQuery:
    """Read the older form, whose `version` says what the device runs and is not needed."""
    params = read_fields(body, "params", default={})
    return VersionQuery(query_id(message_id, is_older=True), module_of(params))


_READERS: Mapping[Topic, Callable[[str, Fields], DeviceMessage]] = {
    Topic.INFORM: _read_version,
    Topic.PROGRESS: _read_progress,
    Topic.GET: _read_query,
    Topic.REQUEST: _read_older_query,
    Topic.DOWNLOAD: blocks.read_request,
}
