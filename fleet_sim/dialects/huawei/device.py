"""The device's end of MQTT: what it says, and how it reads what the platform says.

    VersionReport                   version_report
    VersionReport, after_upgrade    upgrade_progress_report 0, progress 100
    ProgressReport                  upgrade_progress_report 0, progress below 100
    FailureReport                   upgrade_progress_report with a code

No report is answered, none is a request for firmware, and an upgrade event is not replied to: what
other vendors say there, a Huawei device does not.

100 % is the word for "done" here, and a report of it with the old version is read by the platform
as a failure to come. So progress stops at 99, as long as the new version does not run.
"""

from __future__ import annotations

from typing import Any

from fleet_sim.dialects.credentials import Credentials, GatewayOf
from fleet_sim.dialects.huawei import envelope, result_codes
from fleet_sim.dialects.huawei.images import SOFTWARE, UPGRADES, read_image
from fleet_sim.dialects.huawei.names import down_topic, hearer_of, name_of, up_topic
from fleet_sim.dialects.huawei.notices import read_notice
from fleet_sim.dialects.huawei.payload import Fields, read_object
from fleet_sim.dialects.huawei.signature import UNCHECKED, Claim, client_id_of, sign
from fleet_sim.dialects.huawei.times import hour
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

QUERY = "version_query"
VERSION = "version_report"
PROGRESS = "upgrade_progress_report"

KEEP_ALIVE_S = 120  # The SDKs' default.
PERCENT_BEFORE_DONE = 99

VERSION_KEY_OF = {"": "fw_version", SOFTWARE: "sw_version"}  # The device's own comes first.


class HuaweiDevice:
    """The device codec; it keeps no state.

    Args:
        gateway_of: By which gateway's topic a device speaks and hears; None: each by its own.
        sig: Whether the platform is asked to compare the hour with its clock, `0` or `1`.
    """

    def __init__(self, gateway_of: GatewayOf | None = None, *, sig: str = UNCHECKED) -> None:
        self._gateway_of = gateway_of
        self._sig = sig

    def credentials(
        self, device: DeviceId, secret: str, *, epoch_ms: int, activates: bool = False
    ) -> Credentials:
        """Sign a CONNECT.

        Raises:
            DialectError: The device has no secret of its own yet; how one is given is not spoken
                here.
        """
        if activates:
            raise DialectError(f"{device} has no secret, and a Huawei device cannot ask for one")
        claim = Claim(name_of(device), self._sig, hour(epoch_ms))
        return Credentials(
            client_id=client_id_of(claim),
            username=claim.name,
            password=sign(secret, claim.timestamp),
            keep_alive_s=KEEP_ALIVE_S,
        )

    def filters(self, device: DeviceId, *, activates: bool = False) -> tuple[str, ...]:
        """Name the downward topic; on Huawei's platform the SDKs subscribe to nothing at all."""
        del activates
        return (down_topic(self._voice_of(device)),)

    def encode(self, device: DeviceId, message: DeviceMessage) -> WireMessage | None:
        """Write what a device says; None for what Huawei has no words for."""
        said = _said(message)
        if said is None:
            return None
        kind, paras = said
        payload = envelope.write(name_of(device), kind, paras, message.message_id)
        return WireMessage(up_topic(self._voice_of(device)), payload)

    def decode(self, device: DeviceId, topic: str, payload: bytes) -> ServerMessage:
        """Read what the platform says.

        Raises:
            DialectError: No event to this device that is known here.
        """
        if hearer_of(topic) != self._voice_of(device):
            raise DialectError(f"{topic[:120]!r} is no topic of {device}")
        event = envelope.read(read_object(payload), {QUERY, *UPGRADES})
        meant = event.object_name or name_of(self._voice_of(device))
        if meant != name_of(device):
            raise DialectError(f"the event is for {meant[:80]!r}, not for {device}")
        message_id = event.message_id or envelope.digest_of(payload)
        notice = read_notice(event.paras)
        if event.kind == QUERY:
            return VersionAsked(message_id, notice)
        return UpgradeRequest(message_id, read_image(event.kind, event.paras), notice)

    def _voice_of(self, device: DeviceId) -> DeviceId:
        """Return by whose topics a device speaks and hears."""
        return (self._gateway_of(device) if self._gateway_of else None) or device


def _said(message: DeviceMessage) -> tuple[str, Fields] | None:
    """Return the event type and what it says; None: there is none.

    Raises:
        DialectError: It speaks of a module that no device of Huawei has.
    """
    match message:
        case VersionReport(version=version, desc=desc, after_upgrade=True):
            return PROGRESS, _progress(result_codes.SUCCESS, 100, version, desc)
        case VersionReport(version=version, module=module, beside=beside):
            return VERSION, {
                _version_key(name): told for name, told in ((module, version), *beside)
            }
        case ProgressReport(percent=percent, desc=desc, version=version):
            shown = min(percent, PERCENT_BEFORE_DONE)
            return PROGRESS, _progress(result_codes.SUCCESS, shown, version, desc)
        case FailureReport(cause=cause, desc=desc, code=code, version=version):
            number = result_codes.CODE_OF[cause] if code is None else abs(code)
            return PROGRESS, _progress(number, 0, version, desc)
        case _:
            return None


def _version_key(module: str) -> str:
    if module not in VERSION_KEY_OF:
        raise DialectError(f"there is no version of a module {module!r}; known: {SOFTWARE}")
    return VERSION_KEY_OF[module]


def _progress(code: int, percent: int, version: str, desc: str) -> Fields:
    """Write a report; the description is left out where there is none."""
    fields: dict[str, Any] = {"result_code": code, "progress": percent, "version": version}
    return {**fields, "description": desc} if desc else fields
