"""The names a scenario may use, each asked of the room that owns it.

One seam: the rest of this room knows no other room's tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TypeVar

from fleet_sim.backend.planted import PLANTED
from fleet_sim.device.personas import PERSONAS, PersonaKind
from fleet_sim.dialects import registry
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ActivationInfo, UpgradeReply, VersionReport
from fleet_sim.network.profiles import PROFILES, LinkProfile
from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.scenario.carried import Speech
from fleet_sim.scenario.errors import did_you_mean

T = TypeVar("T")
DEFAULT_DIALECT = "enos"
DEFAULT_LINK = "ethernet_lab"
DEFAULT_PERSONA = "healthy"

EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "disconnect": "A share of a fleet loses its connection and stays off line for a while.",
        "cancel": "The operator cancels the tasks of a share of a fleet in its latest job.",
        "stop": "The operator stops a fleet's latest job: it pushes nothing new.",
        "retry": "The operator tries the failed tasks of a share of a fleet's latest job again.",
    }
)


def dialects() -> tuple[str, ...]:
    """Return the names of the vendors."""
    return tuple(registry.names())


def dialect_fault(name: str) -> str:
    """Return why a dialect cannot be used: unknown, or of a broken package; "" if it can."""
    if name not in dialects():
        return f"there is no such dialect{did_you_mean(name, dialects())}"
    try:
        registry.get(name)
    except DialectError as error:
        return str(error)
    return ""


def contract(dialect: str) -> ContractProfile:
    """Return what a known vendor promises."""
    return registry.get(dialect).contract


@cache
def speech(dialect: str) -> Speech:
    """Return what a known vendor's messages can say: what its codecs make of one of each kind."""
    found = registry.get(dialect)
    device = DeviceId("speech", "speech")
    report = VersionReport("1", "1.0", after_upgrade=True)
    secret = ActivationInfo("1", "a", "0" * 32)
    wire = _carried(lambda: found.devices.encode(device, report))
    heard = wire and _carried(lambda: found.server.decode(wire.topic, wire.payload)[1])
    reply = _carried(lambda: found.devices.encode(device, UpgradeReply("1")))
    return Speech(
        answers_pushes=reply is not None,
        tells_upgrades=isinstance(heard, VersionReport) and heard.after_upgrade,
        activates=_carried(lambda: found.server.encode(device, secret)) is not None,
    )


def _carried(say: Callable[[], T]) -> T | None:
    """Return what a codec makes of a message; None where it has no words for it."""
    try:
        return say()
    except DialectError:
        return None


def links() -> Mapping[str, LinkProfile]:
    """Return the built-in link profiles by name."""
    return PROFILES


def personas() -> Mapping[str, PersonaKind]:
    """Return the device failure modes by name, `healthy` among them."""
    return PERSONAS


def promises() -> tuple[str, ...]:
    """Return the ids of the promises that have an oracle, like `V11`."""
    return tuple(PROMISES)


def planted() -> Mapping[str, str]:
    """Return the bugs that can be planted in the reference backend: id to one sentence."""
    return PLANTED
