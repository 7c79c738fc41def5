"""EnOS with the words that it lacks and other vendors have: parts, questions, blocks, and so on.

What EnOS has no words for goes over two topics of its own, as the fields of a message in Python's
notation. Every job is one by blocks.
"""

from __future__ import annotations

import ast
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import astuple, replace
from typing import Any, Final

from fleet_sim.dialects.downloads import BlockRules
from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.enos.dialect import ENOS
from fleet_sim.dialects.enos.gate import EnosGate
from fleet_sim.dialects.enos.server import EnosServer
from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    Block,
    BlockRequest,
    DeviceMessage,
    ProgressReport,
    ServerMessage,
    UpgradeRequest,
    VersionAsked,
    VersionReport,
)
from fleet_sim.model.northbound import Call, CreateJob

UP: Final = "rich_up"
DOWN: Final = "rich_down"
_KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (VersionReport, ProgressReport, BlockRequest, UpgradeRequest, VersionAsked, Block)
}


def topic_of(device: DeviceId, leaf: str) -> str:
    """Return one of the two topics."""
    return f"/sys/{device.product_key}/{device.device_key}/ota/device/{leaf}"


def _write(device: DeviceId, leaf: str, message: object) -> WireMessage:
    assert not isinstance(message, type)
    written = repr((type(message).__name__, *astuple(message)))  # type: ignore[call-overload]
    return WireMessage(topic_of(device, leaf), written.encode(), 1)


def _read(payload: bytes) -> Any:  # noqa: ANN401 - a message of either side
    kind, *fields = ast.literal_eval(payload.decode())
    if kind == "UpgradeRequest":
        fields[1] = FirmwareImage(*fields[1])
    return _KINDS[kind](*fields)


class RichDevice(EnosDevice):
    """The device's end."""

    def encode(self, device: DeviceId, message: DeviceMessage) -> WireMessage:
        """Write what a device says."""
        if type(message).__name__ in _KINDS:
            return _write(device, UP, message)
        return super().encode(device, message)

    def decode(self, device: DeviceId, topic: str, payload: bytes) -> ServerMessage:
        """Read what the platform says."""
        if topic == topic_of(device, DOWN):
            message: ServerMessage = _read(payload)
            return message
        return super().decode(device, topic, payload)


class RichServer(EnosServer):
    """The platform's end."""

    @property
    def claimed(self) -> tuple[str, ...]:
        """The topic of our own too."""
        return (*super().claimed, topic_of(DeviceId("+", "+"), UP))

    def implicit(self, device: DeviceId) -> tuple[str, ...]:
        """The other topic of our own too."""
        return (*super().implicit(device), topic_of(device, DOWN))

    def may_publish(self, device: DeviceId, topic: str) -> bool:
        """The first of them too."""
        return topic == topic_of(device, UP) or super().may_publish(device, topic)

    def decode(self, topic: str, payload: bytes) -> tuple[DeviceId, DeviceMessage]:
        """Read what a device says."""
        _, _, product_key, device_key, *_, leaf = topic.split("/")
        if leaf == UP:
            return DeviceId(product_key, device_key), _read(payload)
        return super().decode(topic, payload)

    def encode(self, device: DeviceId, message: ServerMessage) -> WireMessage:
        """Write what the platform says."""
        if type(message).__name__ in _KINDS:
            return _write(device, DOWN, message)
        return super().encode(device, message)


class RichGate(EnosGate):
    """The northbound API, whose jobs are all by blocks."""

    def read(self, request: HttpRequest, epoch_ms: int) -> Call | HttpResponse:
        """Read a call."""
        call = super().read(request, epoch_ms)
        if isinstance(call, CreateJob):
            return replace(call, order=replace(call.order, by_blocks=True))
        return call


def firmware_hmac(secret: str, *, method: str, digest: str) -> str:
    """Return the keyed digest of a file, as one of the vendors has it."""
    if method != "sha256":
        return ""
    return hmac.new(secret.encode(), digest.upper().encode(), hashlib.sha256).hexdigest()


RICH: Final[Dialect] = replace(
    ENOS,
    devices=RichDevice(),
    server=RichServer(),
    gate=RichGate,
    firmware_hmac=firmware_hmac,
    block_rules=BlockRules(size_bytes_min=256, size_bytes_max=131_072, not_served=460),
)
