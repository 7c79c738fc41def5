"""A vendor's contract at work: small runs in virtual time, judged.

run = small_run("huawei", {"devices": 4, "personas": "no_ack"}, {"retries": 1})
run.statuses, run.descs, run.kinds("d0"), run.standing("V11")
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleet_sim.model.record import Record
from fleet_sim.oracle.judge import Judgement, judge
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from fleet_sim.runtime.virtual_run import run_virtually
from fleet_sim.scenario.load import load
from fleet_sim.scenario.plan import Plan, plan

FLEET = {"devices": 4, "firmware": "1.0", "network": "ethernet_lab", "connect": {"over": "1s"}}
JOB = {"at": "5s", "upgrade": "field", "to": "2.0", "image": {"size": "16KiB"}}


@dataclass(frozen=True, slots=True)
class SmallRun:
    """What came of a run.

    Attributes:
        plan: What was run.
        records: Its log.
        judgement: What the oracles say of it.
    """

    plan: Plan
    records: tuple[Record, ...]
    judgement: Judgement

    def kinds(self, *kinds: str, side: str = "server") -> list[tuple[int, str, str]]:
        """Return when, what and whose, of the records of these kinds on one side of the wire."""
        return [
            (one.t, one.kind, one.device.rpartition("/")[2])
            for one in self.records
            if one.kind in kinds and one.side == side
        ]

    def shown(self, column: str) -> dict[str, Any]:
        """Return what the northbound showed last of each device, in one column of its rows."""
        return {
            row["device_key"]: row[column]
            for one in self.records
            if one.kind == "rows" and not one["probe"]
            for row in one["rows"]
        }

    def standing(self, promise: str) -> Standing:
        """Return how a promise stands."""
        return self.judgement.promises[promise].standing

    @property
    def violated(self) -> dict[str, str]:
        """Each violated promise, and the sentence of its witness."""
        return {
            name: one.witness.text if one.witness else ""
            for name, one in self.judgement.promises.items()
            if one.standing is Standing.VIOLATED
        }


def small_run(
    dialect: str,
    fleet: Mapping[str, Any] | None = None,
    *jobs: Mapping[str, Any],
    plant: str = "",
    **nouns: Any,  # noqa: ANN401 - JSON
) -> SmallRun:
    """Run a fleet `field` of four, with one job or these, some keys changed."""
    scenario = {
        "name": "small",
        "duration": "1h",
        "seed": 3,
        "fleets": {"field": {**FLEET, **(fleet or {}), "dialect": dialect}},
        "jobs": [{**JOB, **job} for job in jobs or ({},)],
        **nouns,
    }
    planted = {"plant": [plant]} if plant else {}
    made = plan(load(json.dumps(scenario), "small.yaml", flags=planted))
    records = tuple(run_virtually(made).records)
    return SmallRun(made, records, judge(records, made.contracts, tolerance=VIRTUAL_TIME))
