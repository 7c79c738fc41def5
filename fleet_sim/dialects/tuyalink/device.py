"""The device's end of MQTT: what it says, and how it reads what the platform says."""

from __future__ import annotations

from functools import partial

from fleet_sim.dialects.credentials import Credentials
from fleet_sim.dialects.fields import Fields, read_whole
from fleet_sim.dialects.tuyalink import codes, frames
from fleet_sim.dialects.tuyalink.channels import Channels
from fleet_sim.dialects.tuyalink.images import read_image
from fleet_sim.dialects.tuyalink.names import Names
from fleet_sim.dialects.tuyalink.signature import claim_at, client_id_of, sign, username_of
from fleet_sim.dialects.tuyalink.topics import DOWNSTREAM, Leaf, parse, topic_of
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


class TuyaLinkDevice:
    """The device codec; it keeps no state.

    Args:
        names: How devices are called.
        channels: Which module is which channel.
        firmware_key: What names the firmware of a module at the platform, which matches no task
            without one (seen, not documented); "" lets the product key stand there.
        time_ms: The time in every frame; see `frames`.
    """

    def __init__(
        self,
        *,
        names: Names | None = None,
        channels: Channels | None = None,
        firmware_key: str = "",
        time_ms: int = frames.TIME_MS,
    ) -> None:
        self._names = names or Names()
        self._channels = channels or Channels()
        self._firmware_key = firmware_key
        self._time_ms = time_ms

    def credentials(
        self, device: DeviceId, secret: str, *, epoch_ms: int, activates: bool = False
    ) -> Credentials:
        """Sign a CONNECT with the device's secret.

        No registration by a product's secret is documented: who tries is refused as anybody with a
        wrong secret is.
        """
        del activates
        claim = claim_at(self._names.id_of(device), epoch_ms)
        return Credentials(
            client_id=client_id_of(claim),
            username=username_of(claim),
            password=sign(claim, secret),
        )

    def filters(self, device: DeviceId, *, activates: bool = False) -> tuple[str, ...]:
        """Name the topics of pushes and of answers."""
        del activates
        return tuple(topic_of(self._names.id_of(device), leaf) for leaf in DOWNSTREAM)

    def encode(self, device: DeviceId, message: DeviceMessage) -> WireMessage | None:
        """Write what a device says.

        Of progress the text is lost, and of a query the module: there are no fields for them.
        Nothing is answered, and no file is fetched by blocks: there are no words for it.

        Raises:
            DialectError: A module is no channel.
        """
        write = partial(frames.write, self._names.id_of(device), time_ms=self._time_ms)
        match message:
            case VersionReport(message_id):
                return write(Leaf.REPORT, message_id, self._versions(device, message))
            case ProgressReport(message_id, percent, module=module):
                progress = {"channel": self._channels.number_of(module), "progress": percent}
                return write(Leaf.PROGRESS, message_id, progress)
            case FailureReport(message_id, cause, desc, code, module):
                failure = {
                    "channel": self._channels.number_of(module),
                    "errorCode": codes.error_of(cause, code),
                    "errorMsg": desc,
                }
                return write(Leaf.PROGRESS, message_id, failure)
            case VersionQuery(message_id):
                return write(Leaf.GET, message_id, {})
            case UpgradeReply() | ActivationReply() | BlockRequest():
                return None

    def _versions(self, device: DeviceId, report: VersionReport) -> Fields:
        told = ((report.module, report.version), *report.beside)
        return {
            "bizType": "UPDATE" if report.after_upgrade else "INIT",
            "pid": device.product_key,
            "firmwareKey": self._firmware_key or device.product_key,
            "otaChannel": [
                {"channel": self._channels.number_of(module), "version": version}
                for module, version in told
            ],
        }

    def decode(self, device: DeviceId, topic: str, payload: bytes) -> ServerMessage:
        """Read what the platform says.

        Raises:
            DialectError: No message to this device that is known here. A refused query is one too:
                the platform's code is the error's.
        """
        device_id, leaf = parse(topic)
        if device_id != self._names.id_of(device):
            raise DialectError(f"{topic!r} is no topic of {device}")
        message_id, body = frames.read(payload)
        try:
            return self._read(leaf, message_id, body)
        except DialectError as error:
            raise error.about(message_id) from error

    def _read(self, leaf: Leaf, message_id: str, body: Fields) -> ServerMessage:
        match leaf:
            case Leaf.ISSUE:
                image = read_image(frames.data_of(body), self._channels)
                return UpgradeRequest(message_id, image)
            case Leaf.GET_RESPONSE:
                return self._read_offer(message_id, body)
            case _:
                raise DialectError(f"{leaf.name} goes from devices to the platform, not back")

    def _read_offer(self, message_id: str, body: Fields) -> VersionOffer:
        code = read_whole(body, "code")
        if code != codes.OK:
            text = f"the query was refused with {code} {codes.meaning_of(code)}"
            raise DialectError(text.rstrip(), code=code)
        data = frames.data_of(body)
        return VersionOffer(message_id, (read_image(data, self._channels),) if data else ())
