"""Scenarios on which the clean backend was once held guilty, and is not any more."""

from __future__ import annotations

import pytest

from fleet_sim.oracle.judge import judge
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from fleet_sim.runtime.virtual_run import run_virtually
from fleet_sim.scenario.load import load
from fleet_sim.scenario.plan import plan
from tests.planted.grounds import from_outside

# The round of retries opens when the last device has come on line; by then the others are away for
# so long that they are given up. That is an attempt, with neither a question nor a push.
GIVEN_UP = """
name: given-up
duration: 2h
contract: {online_timeout_s: 300}
fleets:
  field:
    devices: 4
    dialect: huawei
    firmware: "1.0"
    connect: {over: 2s}
    personas: {bad_digest: 75%, offline_at_push: {share: 25%, until_s: 300}}
  other: {devices: 1, dialect: huawei, firmware: "1.0"}
jobs:
  - {at: 5s, upgrade: field, to: "2.0", image: {size: 16KiB}, retries: 2}
  - {at: 50m, upgrade: other, to: "2.0", image: {size: 16KiB}}
events:
  - {at: 100s, disconnect: field, for: 20m}
"""

# Each device is away as its job begins, and is given up before it was ever pushed to.
MISSED_FIRST = """
name: missed-first
duration: 2h
contract: {online_timeout_s: 30}
fleets:
  field: {devices: 6, firmware: "1.0", connect: {over: 2s}, personas: bad_digest}
  other: {devices: 1, firmware: "1.0"}
jobs:
  - at: 6s
    upgrade: field
    to: "2.0"
    image: {size: 16KiB}
    timeout: 5m
    retries: 5
    retry_interval: 10s
  - {at: 40m, upgrade: other, to: "2.0", image: {size: 16KiB}}
events:
  - {at: 4s, disconnect: field, for: 60s}
"""

# Each device fails, is cut off, and is given up before its retry: it told no code of that.
MISSED_LAST = """
name: missed-last
duration: 2h
contract: {online_timeout_s: 30}
fleets:
  field: {devices: 6, firmware: "1.0", connect: {over: 2s}, personas: bad_digest}
  other: {devices: 1, firmware: "1.0"}
jobs:
  - at: 6s
    upgrade: field
    to: "2.0"
    image: {size: 16KiB}
    timeout: 5m
    retries: 1
    retry_interval: 10s
  - {at: 40m, upgrade: other, to: "3.0", image: {size: 16KiB}}
events:
  - {at: 15s, disconnect: field, for: 200s}
"""

# While a failed device waits for its retry, another job brings it to what the first is not for.
UPDATED_IN_THE_GAP = """
name: updated-in-the-gap
duration: 1h
fleets:
  field:
    devices: 2
    firmware: "1.0"
    connect: {over: 2s}
    personas: {bad_digest: {share: 100%, attempts: 1}}
jobs:
  - at: 5s
    upgrade: field
    to: "2.0"
    from: ["1.0"]
    image: {size: 16KiB}
    timeout: 5m
    retries: 2
    retry_interval: 2m
  - {at: 40s, upgrade: field, to: "3.0", image: {size: 16KiB}, timeout: 5m, retries: 2}
"""


@pytest.mark.parametrize(
    "scenario",
    [GIVEN_UP, MISSED_FIRST, MISSED_LAST, UPDATED_IN_THE_GAP],
    ids=lambda text: text.split()[1],
)
def test_the_clean_backend_is_acquitted_of_what_once_convicted_it(scenario: str) -> None:
    """From within and from outside."""
    made = plan(load(scenario, "scenario.yaml"))

    records = run_virtually(made).records

    for seen in (records, from_outside(records)):
        promises = judge(seen, made.contracts, tolerance=VIRTUAL_TIME).promises
        guilty = [name for name, one in promises.items() if one.standing is Standing.VIOLATED]
        assert guilty == []
