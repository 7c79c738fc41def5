"""Small plans, made as a user's are: from a scenario's text."""

from __future__ import annotations

import json
from typing import Any, Final

from fleet_sim.network.profiles import LinkProfile
from fleet_sim.scenario.load import load
from fleet_sim.scenario.plan import Plan, plan

FLEET: Final[dict[str, Any]] = {
    "devices": 6,
    "firmware": "1.2.0",
    "network": "ethernet_lab",
    "connect": {"over": "500ms"},
}
JOB: Final[dict[str, Any]] = {
    "at": "2s",
    "upgrade": "meters",
    "to": "1.3.0",
    "image": {"size": "32KiB"},
    "timeout": "5m",
}
# Two fleets of two vendors (see the fixtures `acme`); one of the second's devices fails.
TWO_VENDORS: Final[dict[str, Any]] = {
    "fleets": {
        "meters": FLEET,
        "gauges": FLEET
        | {"devices": 4, "dialect": "acme", "personas": {"healthy": "75%", "bad_digest": "25%"}},
    },
    "jobs": [JOB, JOB | {"upgrade": "gauges"}],
}
# A link of round numbers: 5 ms each way, 1,000 bytes a millisecond, nothing by chance.
PLAIN: Final = LinkProfile(name="plain", rtt_ms=10, jitter_ms=0, down_kbps=8000, up_kbps=8000)


def planned(seed: int | None = None, **nouns: Any) -> Plan:  # noqa: ANN401 - JSON
    """Return the plan of six healthy meters and one job, some nouns of the scenario changed."""
    scenario = {
        "name": "small",
        "duration": "10m",
        "seed": 7,
        "fleets": {"meters": FLEET},
        "jobs": [JOB],
        **nouns,
    }
    return plan(load(json.dumps(scenario), "small.yaml"), seed=seed)
