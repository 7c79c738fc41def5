"""Runs in real time that take seconds: their plans, and what they left."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleet_sim.model.record import Record
from fleet_sim.runtime.real_run import RealOptions, RealRun, run_really
from fleet_sim.scenario.plan import Plan
from tests.runtime.plans import FLEET, JOB, planned

BRISK_ALIKE = {"connect": {"over": "200ms"}, "install": "100ms", "reboot": "200ms"}
BRISK = FLEET | BRISK_ALIKE
# On an idle machine all devices have reported after 0.2 s, beside nine busy loops after 0.25 s.
SOON = JOB | {"at": "2s"}
# 16 bytes a millisecond: the image of 32 KiB takes about two seconds.
SLOW: Mapping[str, dict[str, Any]] = {"slow": {"like": "ethernet_lab", "down_kbps": 128}}
# One fleet that succeeds and one that fails at once: no timeout has to be waited for.
MIXED: Mapping[str, Any] = {
    "fleets": {"meters": BRISK, "gauges": BRISK | {"devices": 2, "personas": "bad_digest"}},
    "jobs": [SOON, SOON | {"upgrade": "gauges"}],
}


def brisk(**nouns: Any) -> Plan:  # noqa: ANN401 - JSON
    """Return a plan that takes a few seconds."""
    return planned(**{"duration": "60s", "fleets": {"meters": BRISK}, "jobs": [SOON], **nouns})


def statuses(records: list[Record]) -> dict[str, str]:
    """Return each device key's last status as the northbound showed it."""
    return {
        row["device_key"]: row["status"]
        for one in records
        if one.kind == "rows" and not one["probe"]
        for row in one["rows"]
    }


def of(run: RealRun, *kinds: str) -> list[Record]:
    """Return the records of these kinds."""
    return [one for one in run.records if one.kind in kinds]


async def carried_out(plan: Plan, folder: Path, **options: Any) -> RealRun:  # noqa: ANN401
    """Carry a plan out, within a time that only a failing test takes."""
    return await asyncio.wait_for(run_really(plan, RealOptions(folder=folder, **options)), 90)
