"""The platform's end of MQTT: who connects, who may say what where, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from fleet_sim.dialects.credentials import BAD_CREDENTIALS, NOT_AUTHORIZED, Identity, Keyring
from fleet_sim.dialects.fields import (
    Fields,
    read_count,
    read_list,
    read_string,
    read_text,
    read_whole,
)
from fleet_sim.dialects.tuyalink import codes, frames
from fleet_sim.dialects.tuyalink.channels import MAIN, Channels
from fleet_sim.dialects.tuyalink.images import image_fields
from fleet_sim.dialects.tuyalink.names import Names
from fleet_sim.dialects.tuyalink.signature import client_id_of, is_signed, read_username
from fleet_sim.dialects.tuyalink.topics import (
    DOWNSTREAM,
    UPSTREAM,
    Leaf,
    filter_of,
    is_below,
    parse,
    topic_of,
)
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.firmware import FirmwareImage
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
_AFTER_UPGRADE = {"INIT": False, "UPDATE": True}


class TuyaLinkServer:
    """The server codec; it keeps no state.

    Args:
        names: How devices are called.
        channels: Which module is which channel.
        upgrade_type: What a push says of itself: 0 a reminder, 1 silent, 2 forced, 3 by hand (seen,
            not documented). What a device makes of it is its own business.
        delivers_unasked: Whether a connected device hears pushes without a SUBSCRIBE. Nobody says
            so of this platform; nobody denies it either, and it does no harm to who subscribes.
        time_ms: The time in every frame; see `frames`.
    """

    # An order that was taken back meanwhile must not reach the device later.
    keeps_sessions: Final = False
    qos_max: Final = 1  # What the Java demo goes up to; no page names a limit.

    def __init__(
        self,
        *,
        names: Names | None = None,
        channels: Channels | None = None,
        upgrade_type: int = 0,
        delivers_unasked: bool = True,
        time_ms: int = frames.TIME_MS,
    ) -> None:
        self._names = names or Names()
        self._channels = channels or Channels()
        self._upgrade_type = upgrade_type
        self._delivers_unasked = delivers_unasked
        self._time_ms = time_ms

    @property
    def claimed(self) -> tuple[str, ...]:
        """Everything a device may say about OTA."""
        return tuple(filter_of(leaf) for leaf in UPSTREAM)

    # --- who may do what -------------------------------------------------------------------

    def identify(
        self, client_id: str, username: str, password: bytes | None, keys: Keyring
    ) -> Identity | int:
        """Check a CONNECT against the device's secret; which code refuses it is not documented."""
        try:
            claim = read_username(username)
            device = self._names.device_of(claim.device_id)
        except DialectError:
            return BAD_CREDENTIALS
        secret = keys.secret_of(device)
        if not secret or keys.gateway_of(device) is not None:
            return NOT_AUTHORIZED
        if client_id != client_id_of(claim) or password is None:
            return BAD_CREDENTIALS
        return Identity(device) if is_signed(claim, secret, password) else BAD_CREDENTIALS

    def implicit(self, device: DeviceId) -> tuple[str, ...]:
        """Name what is delivered unasked, if anything is."""
        return self._downstream(device) if self._delivers_unasked else ()

    def _downstream(self, device: DeviceId) -> tuple[str, ...]:
        return tuple(topic_of(self._names.id_of(device), leaf) for leaf in DOWNSTREAM)

    def may_publish(self, device: DeviceId, topic: str) -> bool:
        """Allow the device's own topics, but of those above only what leads upstream."""
        return self._is_own(device, topic) and topic not in self._downstream(device)

    def may_subscribe(self, device: DeviceId, topic_filter: str) -> bool:
        """Allow what lies within the device's own topics."""
        return self._is_own(device, topic_filter)

    def _is_own(self, device: DeviceId, topic_or_filter: str) -> bool:
        return self._names.is_fit(device) and is_below(self._names.id_of(device), topic_or_filter)

    # --- what devices say ------------------------------------------------------------------

    def decode(self, topic: str, payload: bytes) -> tuple[DeviceId, DeviceMessage]:
        """Read what a device says, and who it is by its topic.

        Raises:
            DialectError: 1003 for what is no frame, 1002 for a frame with wrong data; without a
                code for another's topic.
        """
        device_id, leaf = parse(topic)
        device = self._names.device_of(device_id)
        message_id, body = frames.read(payload)
        if leaf not in _READERS:
            text = f"{leaf.name} goes from the platform to devices, not back"
            raise DialectError(text, message_id=message_id)
        try:
            data = frames.data_of(body)
            return device, _READERS[leaf](self._channels, message_id, data)
        except DialectError as error:
            raise error.about(message_id, code=codes.INVALID_PARAMETER) from error

    # --- what the platform says ------------------------------------------------------------

    def encode(self, device: DeviceId, message: ServerMessage) -> WireMessage | None:
        """Write what the platform says to a device; there are no words for all the rest.

        Raises:
            DialectError: The module of an image is no channel.
        """
        write = partial(frames.write, self._names.id_of(device), time_ms=self._time_ms)
        match message:
            case UpgradeRequest(message_id, image):
                return write(Leaf.ISSUE, message_id, self._image_fields(image))
            case VersionOffer(message_id, images):
                data = self._image_fields(images[0]) if images else {}
                return write(Leaf.GET_RESPONSE, message_id, data, code=codes.OK)
            case ReportReply() | ActivationInfo() | VersionAsked() | Block():
                return None

    def _image_fields(self, image: FirmwareImage) -> Fields:
        return image_fields(image, self._channels, upgrade_type=self._upgrade_type)

    def complain(self, topic: str, error: DialectError) -> WireMessage | None:
        """Write the error response to a query; reports and foreign topics get none."""
        try:
            device_id, leaf = parse(topic)
        except DialectError:
            return None
        if leaf is not Leaf.GET or error.code is None:
            return None
        message_id, time_ms = error.message_id or "", self._time_ms
        return frames.write(
            device_id, Leaf.GET_RESPONSE, message_id, {}, time_ms=time_ms, code=error.code
        )


def _read_versions(channels: Channels, message_id: str, data: Fields) -> VersionReport:
    """Read a report of one channel or several: the main one first, the others as they stand.

    Of a channel that stands there twice the first counts; one with an empty version tells nothing.
    """
    biz_type = read_string(data, "bizType")
    if biz_type not in _AFTER_UPGRADE:
        raise DialectError(f"bizType is {biz_type[:40]!r}; known: {', '.join(_AFTER_UPGRADE)}")
    told = read_list(data, "otaChannel")
    if not told:
        raise DialectError("otaChannel is empty")
    versions: dict[str, str] = {}
    for each in told:
        module, version = channels.module_of(each), read_text(each, "version")
        if version:
            versions.setdefault(module, version)
    if not versions:
        raise DialectError("version is empty")
    main = channels.name_of(MAIN)
    (module, version), *others = sorted(versions.items(), key=lambda each: each[0] != main)
    after = _AFTER_UPGRADE[biz_type]
    return VersionReport(message_id, version, module, after, beside=tuple(others))


def _read_progress(
    channels: Channels, message_id: str, data: Fields
) -> ProgressReport | FailureReport:
    """Read an error number other than 0 as a failure, and the rest as progress."""
    module = channels.module_of(data)
    error = read_count(data, "errorCode", default=0)
    if error:
        desc = read_string(data, "errorMsg", default="")
        return FailureReport(message_id, codes.cause_of(error), desc, codes.code_of(error), module)
    percent = read_whole(data, "progress")
    if not 0 <= percent <= _PERCENT_MAX:
        raise DialectError(f"progress is {percent}, not 0 to {_PERCENT_MAX}")
    return ProgressReport(message_id, percent, module=module)


def _read_query(channels: Channels, message_id: str, data: Fields) -> VersionQuery:
    del channels, data
    return VersionQuery(message_id)


_READERS: Mapping[Leaf, Callable[[Channels, str, Fields], DeviceMessage]] = {
    Leaf.REPORT: _read_versions,
    Leaf.PROGRESS: _read_progress,
    Leaf.GET: _read_query,
}
