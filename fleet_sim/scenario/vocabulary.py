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
from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.filters import AllOf, Comparison, Filter, Operator
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ActivationInfo, ProgressReport, UpgradeReply, VersionReport
from fleet_sim.model.northbound import SearchTasks
from fleet_sim.network.profiles import PROFILES, LinkProfile
from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.scenario.carried import Speech
from fleet_sim.scenario.errors import did_you_mean

T = TypeVar("T")
DEFAULT_DIALECT = "enos"
DEFAULT_LINK = "ethernet_lab"
DEFAULT_PERSONA = "healthy"

_DEVICE = DeviceId("speech", "speech")
_DONE_PERCENT = 100
_OF_A_JOB = Comparison("job_id", Operator.EQUAL, ("1",))
_BY_DEVICES = AllOf((_OF_A_JOB, Comparison("device_key", Operator.IN, ("1", "2"))))
_BY_ANY_FIELD = AllOf((_OF_A_JOB, Comparison("noSuchField", Operator.EQUAL, ("1",))))

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
    secret = ActivationInfo("1", "a", "0" * 32)
    done = _heard(found, ProgressReport("1", _DONE_PERCENT, version="1"))
    report = _heard(found, VersionReport("1", "1.0", after_upgrade=True))
    reply = _carried(lambda: found.devices.encode(_DEVICE, UpgradeReply("1")))
    return Speech(
        answers_pushes=reply is not None,
        tells_upgrades=isinstance(report, VersionReport) and report.after_upgrade,
        activates=_carried(lambda: found.server.encode(_DEVICE, secret)) is not None,
        tells_100_percent=isinstance(done, ProgressReport) and done.percent == _DONE_PERCENT,
        searches_devices=_searches(found, _BY_DEVICES),
        searches_any_field=_searches(found, _BY_ANY_FIELD),
    )


def _heard(dialect: Dialect, said: VersionReport | ProgressReport) -> object:
    """Return what a server reads of what a device has said; None where there are no words."""
    wire = _carried(lambda: dialect.devices.encode(_DEVICE, said))
    return wire and _carried(lambda: dialect.server.decode(wire.topic, wire.payload)[1])


def _searches(dialect: Dialect, where: Filter) -> bool:
    """Tell whether the vendor's API has a form for this search of tasks."""
    operator, search = dialect.operator("", "", ""), SearchTasks(where)
    return _carried(lambda: operator.expression(where, search)) is not None


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
