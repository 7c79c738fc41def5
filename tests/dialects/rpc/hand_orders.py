"""Orders of jobs by hand: how a gate reads one, or by which code it refuses it."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.model.northbound import CreateJob, JobOrder
from tests.dialects.rpc.callers import NOW, asking, called, gate_of, refused

BASE: Mapping[str, object] = {"FirmwareId": "f", "ProductKey": "pk"}
STATIC = "CreateOTAStaticUpgradeJob"
DYNAMIC = "CreateOTADynamicUpgradeJob"
VERIFY = "CreateOTAVerifyJob"


def ordered(action: str, vendor: str = "alibaba", **given: object) -> JobOrder:
    """Return what is read of an order; a static job's is for all devices unless it says whom."""
    found = called(gate_of(vendor).read(asking(action, **_whole(action, given)), NOW))
    assert isinstance(found, CreateJob)
    return found.order


def word_for(action: str, vendor: str = "alibaba", **given: object) -> str:
    """Return the code by which such an order is refused."""
    return refused(gate_of(vendor).read(asking(action, **_whole(action, given)), NOW))[1]


def _whole(action: str, given: Mapping[str, object]) -> dict[str, object]:
    target = {"TargetSelection": "ALL"} if action == STATIC else {}
    return {**BASE, **target, **given}
