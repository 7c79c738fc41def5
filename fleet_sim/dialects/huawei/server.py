"""The platform's end of MQTT: who connects, who may say what where, and what it means.

A report of result 0 is read without a look at the upgrade that it belongs to:

    progress absent or 100    the upgrade is over, and the device runs `version`
    progress 0 to 99          it goes on

Such an end names no module: one upgrade runs at a time, so it is of the latest, firmware or
software. Whether its version is the target's is the backend's to say. (An end with the old version
is what the Java SDK's sample reports before its reboot, and comments in the SDKs call a failure:
[U].)
"""

from __future__ import annotations

from collections.abc import Callable

from fleet_sim.dialects.credentials import (
    BAD_CLIENT_ID,
    BAD_CREDENTIALS,
    NOT_AUTHORIZED,
    GatewayOf,
    Identity,
    Keyring,
)
from fleet_sim.dialects.huawei import envelope, result_codes
from fleet_sim.dialects.huawei.device import PROGRESS, QUERY, VERSION, VERSION_KEY_OF
from fleet_sim.dialects.huawei.images import event_of, image_fields
from fleet_sim.dialects.huawei.names import (
    UP_FILTER,
    device_of,
    down_topic,
    is_addressable,
    is_own,
    name_of,
    speaker_of,
)
from fleet_sim.dialects.huawei.notices import notice_fields
from fleet_sim.dialects.huawei.payload import Fields, read_object, read_text, read_whole
from fleet_sim.dialects.huawei.signature import WINDOW_MS, is_signed, is_timely, read_client_id
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ServerMessage,
    UpgradeRequest,
    VersionAsked,
    VersionReport,
)

_PERCENT_MAX = 100


class HuaweiServer:
    """The server codec; it keeps no state.

    Args:
        gateway_of: Which gateway alone speaks for a device; None: a device that speaks for another
            is refused.
        clock: Tells the wall clock in ms, so that hours of sig 1 can be checked; None: they are
            not.
        window_ms: How far such an hour may be off; in no page, so it is a choice.
        implicit_qos: The QoS at which the platform speaks to a device that has not subscribed.
        knows_all_codes: Whether a result code that no page lists is taken as the device's own; the
            platform's list of errors has an "invalid result_code", its SDKs allow them.
    """

    def __init__(
        self,
        gateway_of: GatewayOf | None = None,
        *,
        clock: Callable[[], int] | None = None,
        window_ms: int = WINDOW_MS,
        implicit_qos: int = 0,
        knows_all_codes: bool = True,
    ) -> None:
        self._gateway_of = gateway_of
        self._clock = clock
        self._window_ms = window_ms
        self._implicit_qos = implicit_qos
        self._knows_all_codes = knows_all_codes

    @property
    def claimed(self) -> tuple[str, ...]:
        """Everything a device says in events."""
        return (UP_FILTER,)

    @property
    def keeps_sessions(self) -> bool:
        """Not: the SDKs ask for a clean session, and nothing is said of queues."""
        return False

    @property
    def qos_max(self) -> int:
        """What the SDKs publish at."""
        return 1

    def identify(
        self, client_id: str, username: str, password: bytes | None, keys: Keyring
    ) -> Identity | int:
        """Check a CONNECT; with sig 1 first the hour, then the password."""
        try:
            claim = read_client_id(client_id)
            device = device_of(claim.name)
        except DialectError:
            return BAD_CLIENT_ID
        if username != claim.name or password is None:
            return BAD_CREDENTIALS
        secret = keys.secret_of(device) if is_addressable(device) else None
        if not secret or keys.gateway_of(device) is not None:
            return NOT_AUTHORIZED
        if self._clock is not None and not is_timely(claim, self._clock(), self._window_ms):
            return BAD_CREDENTIALS
        return Identity(device) if is_signed(claim, secret, password) else BAD_CREDENTIALS

    def implicit(self, device: DeviceId) -> tuple[str, ...]:
        """Name the topic of events, which the SDKs never subscribe to."""
        return (down_topic(device),)

    def may_publish(self, device: DeviceId, topic: str) -> bool:
        """Allow the device's own topics, but not the one on which the platform speaks."""
        return is_own(device, topic) and topic != down_topic(device)

    def may_subscribe(self, device: DeviceId, topic_filter: str) -> bool:
        """Allow filters, with wildcards or without, below the device's own id."""
        return is_own(device, topic_filter)

    def decode(self, topic: str, payload: bytes) -> tuple[DeviceId, DeviceMessage]:
        """Read what a device says.

        Raises:
            DialectError: Not one of the vendor's events of `$ota`, or of a device that does not
                speak by this topic.
        """
        speaker = speaker_of(topic)
        event = envelope.read(read_object(payload), {VERSION, PROGRESS})
        device = self._meant(speaker, event.object_name)
        try:
            if event.kind == VERSION:
                return device, _read_version(event.message_id, event.paras)
            return device, self._read_progress(event.message_id, event.paras)
        except DialectError as error:
            raise error.about(event.message_id) from error

    def encode(self, device: DeviceId, message: ServerMessage) -> WireMessage | None:
        """Write what the platform says to a device; None for what Huawei's never says.

        It answers no report and offers nothing unasked.

        Raises:
            DialectError: The image is for a module that there is no event for.
        """
        said = _said(message)
        if said is None:
            return None
        payload = envelope.write(name_of(device), *said, message.message_id)
        return WireMessage(down_topic(self._voice_of(device)), payload, self._implicit_qos)

    def complain(self, topic: str, error: DialectError) -> WireMessage | None:
        """Say nothing: no report is ever answered."""
        del topic, error
        return None

    def _meant(self, speaker: DeviceId, name: str) -> DeviceId:
        """Return whom an event is about: the topic's own device, or a child of it.

        Raises:
            DialectError: It is nobody, or nobody that this device may speak for.
        """
        device = device_of(name) if name else speaker
        voice = self._voice_of(device)
        if voice == speaker:
            return device
        if device == speaker:
            raise DialectError(f"{speaker} speaks by its gateway, {voice}, alone")
        raise DialectError(f"{speaker} may not speak for {name[:80]!r}")

    def _voice_of(self, device: DeviceId) -> DeviceId:
        """Return by whose topics a device speaks and hears."""
        return (self._gateway_of(device) if self._gateway_of else None) or device

    def _read_progress(
        self, message_id: str, paras: Fields
    ) -> VersionReport | ProgressReport | FailureReport:
        code = read_whole(paras, "result_code")
        percent = read_whole(paras, "progress", default=_PERCENT_MAX)
        version = read_text(paras, "version", default="")
        desc = read_text(paras, "description", default="")
        if not self._knows_all_codes and code not in result_codes.DOCUMENTED:
            raise DialectError(f"result_code is {code}, which no page lists")
        if not 0 <= percent <= _PERCENT_MAX:
            raise DialectError(f"progress is {percent}, not 0 to {_PERCENT_MAX}")
        if code != result_codes.SUCCESS:
            cause = result_codes.cause_of(code)
            # Huawei counts its failures upwards, the neutral words downwards.
            return FailureReport(message_id, cause, desc, -abs(code), version=version)
        if percent < _PERCENT_MAX:
            return ProgressReport(message_id, percent, desc, version=version)
        if not version:
            raise DialectError("version is missing in the report of an end")
        return VersionReport(message_id, version, after_upgrade=True, of_latest=True, desc=desc)


def _said(message: ServerMessage) -> tuple[str, Fields] | None:
    """Return the event type and what it says; None: there is none."""
    match message:
        case VersionAsked(notice=notice):
            return QUERY, notice_fields(notice)
        case UpgradeRequest(image=image, notice=notice):
            return event_of(image), {**image_fields(image), **notice_fields(notice)}
        case _:
            return None


def _read_version(message_id: str, paras: Fields) -> VersionReport:
    """Read a version report; SDKs send both versions, and the firmware's is the device's."""
    told = ((module, read_text(paras, key, default="")) for module, key in VERSION_KEY_OF.items())
    versions = [(module, version) for module, version in told if version]
    if not versions:
        raise DialectError("the report has neither fw_version nor sw_version")
    (module, version), *others = versions
    return VersionReport(message_id, version, module, beside=tuple(others))
