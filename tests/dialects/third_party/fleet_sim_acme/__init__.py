"""Acme: a vendor that took over EnOS' messages and API, and has topics of its own.

    EnOS   /sys/{productKey}/{deviceKey}/ota/device/…
    Acme   /acme/{productKey}/{deviceKey}/ota/device/…

Whatever is the same is EnOS' own; nothing of fleet_sim is changed for it.
"""

from __future__ import annotations

from dataclasses import replace

from fleet_sim.dialects.credentials import Credentials, Identity, Keyring
from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.enos.dialect import ENOS
from fleet_sim.dialects.enos.server import EnosServer
from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import DeviceMessage, ServerMessage

_OURS = "/acme/"
_THEIRS = "/sys/"


def _out(topic: str) -> str:
    """Return what Acme calls a topic, or a filter, of EnOS."""
    return _OURS + topic.removeprefix(_THEIRS) if topic.startswith(_THEIRS) else topic


def _back(topic: str) -> str:
    """Return what EnOS calls a topic of Acme; its own names are no topics here."""
    if topic.startswith(_THEIRS):
        raise DialectError(f"{topic!r} is no topic of Acme")
    return _THEIRS + topic.removeprefix(_OURS) if topic.startswith(_OURS) else topic


def _sent(wire: WireMessage) -> WireMessage:
    return replace(wire, topic=_out(wire.topic))


class AcmeDevice:
    """The device's end of MQTT."""

    def credentials(
        self, device: DeviceId, secret: str, *, epoch_ms: int, activates: bool = False
    ) -> Credentials:
        """Sign a CONNECT as on EnOS."""
        return ENOS.devices.credentials(device, secret, epoch_ms=epoch_ms, activates=activates)

    def filters(self, device: DeviceId, *, activates: bool = False) -> tuple[str, ...]:
        """Name what a device subscribes to on a stock broker."""
        return tuple(_out(one) for one in ENOS.devices.filters(device, activates=activates))

    def encode(self, device: DeviceId, message: DeviceMessage) -> WireMessage:
        """Write what a device says."""
        return _sent(EnosDevice().encode(device, message))

    def decode(self, device: DeviceId, topic: str, payload: bytes) -> ServerMessage:
        """Read what the server says."""
        return ENOS.devices.decode(device, _back(topic), payload)


class AcmeServer:
    """The platform's end of MQTT."""

    claimed = tuple(_out(one) for one in ENOS.server.claimed)
    keeps_sessions = ENOS.server.keeps_sessions
    qos_max = ENOS.server.qos_max

    def identify(
        self, client_id: str, username: str, password: bytes | None, keys: Keyring
    ) -> Identity | int:
        """Check a CONNECT as on EnOS."""
        return ENOS.server.identify(client_id, username, password, keys)

    def implicit(self, device: DeviceId) -> tuple[str, ...]:
        """Name what is delivered without a SUBSCRIBE."""
        return tuple(_out(one) for one in ENOS.server.implicit(device))

    def may_publish(self, device: DeviceId, topic: str) -> bool:
        """Allow the device's own upstream topics."""
        return topic.startswith(_OURS) and ENOS.server.may_publish(device, _back(topic))

    def may_subscribe(self, device: DeviceId, topic_filter: str) -> bool:
        """Allow filters within the device's own topics."""
        is_ours = topic_filter.startswith(_OURS)
        return is_ours and ENOS.server.may_subscribe(device, _back(topic_filter))

    def decode(self, topic: str, payload: bytes) -> tuple[DeviceId, DeviceMessage]:
        """Read what a device says."""
        return ENOS.server.decode(_back(topic), payload)

    def encode(self, device: DeviceId, message: ServerMessage) -> WireMessage:
        """Write what the server says."""
        return _sent(EnosServer().encode(device, message))

    def complain(self, topic: str, error: DialectError) -> WireMessage | None:
        """Write the error reply to a message that was refused."""
        if not topic.startswith(_OURS):
            return None
        complaint = ENOS.server.complain(_back(topic), error)
        return None if complaint is None else _sent(complaint)


ACME = Dialect(
    name="acme",
    about="Acme: EnOS' messages and API, on topics of its own",
    devices=AcmeDevice(),
    server=AcmeServer(),
    operator=ENOS.operator,
    gate=ENOS.gate,
    contract=replace(ENOS.contract, retry_count_max=3),
    org_of=ENOS.org_of,
    operator_key_of=ENOS.operator_key_of,
    http_refusal=ENOS.http_refusal,
    covers={"devices": "MQTT on /acme/ topics", "northbound": "EnOS' own, v2.1"},
)
