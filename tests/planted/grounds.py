"""Small scenarios on which planted bugs show, and on which the clean backend must be acquitted.

Each ground is one YAML text. Timeouts are short by contract override, so that a run in virtual
time takes a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.judge import Judgement, judge
from fleet_sim.oracle.tolerance import VIRTUAL_TIME as EXACT
from fleet_sim.runtime.virtual_run import run_virtually
from fleet_sim.scenario.load import load
from fleet_sim.scenario.plan import plan
from tests.planted.vendor_grounds import ALIBABA, HUAWEI, RATED, ROUNDS

# Everything at once: bad links, every persona, retries with a gap, an outage, a cancel.
MIXED = """
name: mixed
duration: 20m
contract: {timeout_s_min: 10}
fleets:
  field:
    devices: 60
    firmware: {"1.1.0": 50%, "1.2.0": 50%}
    network: {wifi_good: 60%, regular_3g: 30%, tunnel: 10%}
    personas:
      healthy: 54%
      brick: 4%
      bad_digest: {share: 8%, desc_chars: 400}
      stuck_at_n: {share: 8%, n: 50, attempts: 1}
      silent_success: {share: 6%, attempts: 1}
      offline_at_push: {share: 8%, until_s: 40}
      no_ack: 2%
      ack_then_silent: 2%
      flap: {share: 8%, up_s: 6, down_s: 3}
    connect: {over: 3s}
jobs:
  - at: 5s
    upgrade: field
    to: "1.3.0"
    image: {size: 48KiB}
    concurrency: 12
    timeout: 30s
    retries: 2
    retry_interval: 7s
events:
  - {at: 5500ms, cancel: field, share: 10%}
  - {at: 12s, disconnect: field, share: 40%, for: 8s}
"""

# Two jobs for one fleet, one behind the other: the second finds devices busy, at the first's
# target, or on versions that it does not name.
TWO_JOBS = """
name: two-jobs
duration: 20m
contract: {timeout_s_min: 10}
fleets:
  field:
    devices: 40
    firmware: {"1.1.0": 30%, "1.2.0": 50%, "1.3.0": 20%}
    network: {wifi_good: 50%, regular_3g: 50%}
    personas: {healthy: 80%, flap: {share: 20%, up_s: 5, down_s: 3}}
    connect: {over: 3s}
jobs:
  - {at: 5s, upgrade: field, to: "1.3.0", image: {size: 48KiB}, concurrency: 10, timeout: 1m}
  - at: 7s
    upgrade: field
    to: "1.4.0"
    from: ["1.2.0"]
    image: {size: 32KiB}
    concurrency: 15
    timeout: 1m
"""

# Devices that take the push and say nothing, under a contract that lets them time out.
SILENT = """
name: silent
duration: 20m
contract: {timeout_s_min: 10, silent_device: times_out}
fleets:
  field:
    devices: 30
    firmware: "1.2.0"
    network: wifi_good
    personas: {healthy: 70%, no_ack: 10%, ack_then_silent: 20%}
    connect: {over: 2s}
jobs:
  - at: 4s
    upgrade: field
    to: "1.3.0"
    image: {size: 32KiB}
    concurrency: 8
    timeout: 15s
    retries: 1
"""

# Links so slow that attempts time out under way: progress and version reports come late.
LATE = """
name: late
duration: 20m
contract: {timeout_s_min: 10}
fleets:
  field:
    devices: 30
    firmware: "1.2.0"
    network: {nb_iot: 70%, regular_3g: 30%}
    connect: {over: 3s}
jobs:
  - at: 20s
    upgrade: field
    to: "1.3.0"
    image: {size: 160KiB}
    concurrency: 20
    timeout: 15s
    retries: 1
    retry_interval: 5s
"""

# Links so slow that a silent device's time is up before its first word arrives.
TARDY = """
name: tardy
duration: 20m
contract: {timeout_s_min: 5, silent_device: times_out}
fleets:
  field:
    devices: 25
    firmware: "1.2.0"
    network: {nb_iot_deep: 60%, rural_2g: 40%}
    connect: {over: 3s}
jobs:
  - at: 1m
    upgrade: field
    to: "1.3.0"
    image: {size: 4KiB}
    concurrency: 5
    timeout: 10s
    retries: 3
    retry_interval: 30s
"""

# A newer job takes the devices from the older one, in the midst of its attempts and between them.
OVERWRITTEN = """
name: overwritten
duration: 20m
contract: {timeout_s_min: 5, busy_device: overwrite}
fleets:
  field:
    devices: 30
    firmware: {"1.1.0": 50%, "1.2.0": 50%}
    network: {wifi_good: 60%, regular_3g: 40%}
    personas: {healthy: 50%, bad_digest: 30%, ack_then_silent: 20%}
    connect: {over: 2s}
jobs:
  - at: 4s
    upgrade: field
    to: "1.3.0"
    image: {size: 128KiB}
    concurrency: 10
    timeout: 20s
    retries: 2
    retry_interval: 3s
  - {at: 7s, upgrade: field, to: "1.4.0", image: {size: 16KiB}, timeout: 10s, retries: 1}
"""

# Devices that are still at a timed-out upgrade when the next job asks: what they say of the one,
# the server can only take for the other.
BUSY = """
name: busy
duration: 20m
contract: {timeout_s_min: 5, silent_device: times_out}
fleets:
  field:
    devices: 20
    firmware: "1.2.0"
    network: wifi_good
    personas: {healthy: 40%, brick: 60%}
    install: 58s
    connect: {over: 2s}
jobs:
  - {at: 4s, upgrade: field, to: "1.3.0", image: {size: 16KiB}, timeout: 10s}
  - {at: 20s, upgrade: field, to: "1.4.0", image: {size: 16KiB}, timeout: 1m}
  - {at: 115s, upgrade: field, to: "1.5.0", image: {size: 16KiB}, timeout: 1m}
"""

# Tasks that keep their slots while they wait for a retry, long after the last device is done.
KEPT_SLOTS = """
name: kept-slots
duration: 4m
contract: {timeout_s_min: 5, slot_freed_at: task_end}
fleets:
  field:
    devices: 20
    firmware: "1.2.0"
    network: wifi_good
    personas: {healthy: 50%, bad_digest: 50%}
    connect: {over: 2s}
jobs:
  - at: 4s
    upgrade: field
    to: "1.3.0"
    image: {size: 16KiB}
    concurrency: 2
    timeout: 10s
    retries: 2
    retry_interval: 10m
"""

# Everything at once again, with devices that ask: what they are offered is all they get.
ASKED = """
name: asked
duration: 20m
contract: {timeout_s_min: 10}
fleets:
  field:
    devices: 50
    firmware: {"1.1.0": 50%, "1.2.0": 50%}
    network: {wifi_good: 60%, regular_3g: 30%, tunnel: 10%}
    personas:
      healthy: 50%
      brick: 4%
      bad_digest: {share: 12%, desc_chars: 400}
      stuck_at_n: {share: 8%, n: 50, attempts: 1}
      silent_success: {share: 6%, attempts: 1}
      offline_at_push: {share: 8%, until_s: 40}
      no_ack: {share: 4%, attempts: 1}
      flap: {share: 8%, up_s: 16, down_s: 3}
    connect: {over: 3s}
jobs:
  - at: 5s
    upgrade: field
    to: "1.3.0"
    ask: true
    image: {size: 48KiB}
    concurrency: 6
    timeout: 30s
    retries: 2
    retry_interval: 75s
events:
  - {at: 30s, cancel: field, share: 10%}
  - {at: 70s, disconnect: field, share: 40%, for: 8s}
"""

# A job that pushes and one to be asked for, for the same devices; asking brings the second only.
BOTH_WAYS = """
name: both-ways
duration: 20m
contract: {timeout_s_min: 10, silent_device: times_out}
fleets:
  field:
    devices: 30
    firmware: {"1.1.0": 30%, "1.2.0": 70%}
    network: {wifi_good: 50%, regular_3g: 50%}
    personas:
      healthy: 40%
      bad_digest: {share: 5%, desc_chars: 40}
      stuck_at_n: {share: 5%, n: 25}
      offline_at_push: {share: 20%, until_s: 20}
      ack_then_silent: {share: 10%, attempts: 1}
      no_ack: {share: 10%, attempts: 2}
      flap: {share: 10%, up_s: 5, down_s: 3}
    connect: {over: 3s}
jobs:
  - {at: 5s, upgrade: field, to: "1.3.0", image: {size: 48KiB}, concurrency: 10, timeout: 40s}
  - at: 7s
    upgrade: field
    to: "1.4.0"
    ask: true
    image: {size: 32KiB}
    concurrency: 6
    timeout: 20s
    retries: 1
    retry_interval: 5s
"""

# Two jobs while devices still connect: those that come later are for the open list alone.
JOINERS = """
name: joiners
duration: 10m
contract: {timeout_s_min: 10, connect_wait_s: 2}
fleets:
  early:
    devices: 30
    firmware: {"1.1.0": 50%, "1.2.0": 50%}
    network: {wifi_good: 60%, regular_3g: 40%}
    personas: {healthy: 80%, flap: {share: 20%, up_s: 5, down_s: 3}}
    connect: {over: 60s}
  late:
    devices: 20
    firmware: {"1.1.0": 50%, "1.2.0": 50%}
    network: {wifi_good: 60%, regular_3g: 40%}
    personas: {healthy: 80%, bad_digest: {share: 20%, attempts: 1}}
    connect: {over: 60s}
jobs:
  - {at: 20s, upgrade: early, to: "1.3.0", image: {size: 16KiB}, timeout: 1m}
  - at: 20s
    upgrade: late
    to: "1.3.0"
    incremental: true
    image: {size: 16KiB}
    timeout: 1m
    retries: 1
  - {at: 2m, upgrade: early, to: "1.4.0", image: {size: 16KiB}, timeout: 1m}
  # From outside a device is known to be heard once it is shown: each has a task in the end.
  - {at: 4m, upgrade: late, to: "1.4.0", image: {size: 16KiB}, timeout: 1m}
"""

# Devices that say everything twice and more, in the midst of an attempt and when it is over.
TWICE_TOLD = """
name: twice-told
duration: 20m
contract: {timeout_s_min: 10}
fleets:
  field:
    devices: 40
    firmware: {"1.1.0": 50%, "1.2.0": 50%}
    network: {wifi_good: 60%, regular_3g: 30%, tunnel: 10%}
    personas:
      progress_dup: {share: 70%, copies: 2}
      bad_digest: {share: 10%, attempts: 1}
      healthy: 20%
    connect: {over: 3s}
jobs:
  - at: 5s
    upgrade: field
    to: "1.3.0"
    image: {size: 96KiB}
    concurrency: 12
    timeout: 40s
    retries: 1
  - {at: 40s, upgrade: field, to: "1.4.0", image: {size: 16KiB}, timeout: 40s}
events:
  - {at: 12s, disconnect: field, share: 40%, for: 8s}
"""

GROUNDS = {
    "mixed": MIXED,
    "two-jobs": TWO_JOBS,
    "silent": SILENT,
    "late": LATE,
    "tardy": TARDY,
    "overwritten": OVERWRITTEN,
    "busy": BUSY,
    "kept-slots": KEPT_SLOTS,
    "asked": ASKED,
    "both-ways": BOTH_WAYS,
    "joiners": JOINERS,
    "twice-told": TWICE_TOLD,
    "rated": RATED,
    "rounds": ROUNDS,
    "alibaba": ALIBABA,
    "huawei": HUAWEI,
}


def run_ground(ground: str, *, seed: int, plant: tuple[str, ...] = ()) -> list[Record]:
    """Run a ground in virtual time and return its log."""
    scenario = load(GROUNDS[ground], ground, flags={"plant": list(plant)})
    return run_virtually(plan(scenario, seed=seed)).records


def judge_both(
    ground: str, *, seed: int, plant: tuple[str, ...] = ()
) -> tuple[Judgement, Judgement]:
    """Run a ground once in virtual time; judge its log, and what of it is seen from outside."""
    records, profiles = run_ground(ground, seed=seed, plant=plant), contracts(ground)
    return (
        judge(records, profiles, tolerance=EXACT),
        judge(from_outside(records), profiles, tolerance=EXACT),
    )


def contracts(ground: str) -> Mapping[str, ContractProfile]:
    """Return what a ground is judged by."""
    return plan(load(GROUNDS[ground], ground)).contracts


def from_outside(records: Iterable[Record]) -> list[Record]:
    """Return a log as it would be at a broker and a backend of somebody else's.

    That is without the server's end of the wire, its answers to downloads, and its journal.
    """
    return [
        one
        for one in records
        if one.side != "server" and one.src is not Source.SERVER and one.kind != "file_sent"
    ]
