"""When devices ask for their upgrades: those of a fleet that some job waits to be asked by.

    connect   version report, asks ── about a minute ── asks ── about a minute ── asks ──▶
              (no job yet: offered nothing)       (a slot is free: takes it)

No vendor says how often a device should ask, so these are our numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fleet_sim.device.timings import Timings
from fleet_sim.model.contract import ContractProfile
from fleet_sim.scenario.planned import JobPlan

# As often as a device that keeps its connection alive speaks anyway: the SDKs ping once a minute.
ASK_EVERY_MS = 60_000
# Over an hour a run asks less often: what it costs must not grow with a bound that few runs reach.
ASKS_MAX = 60
# For the first report to arrive, from which servers count their timeout, over the slowest link.
_HUSH_MARGIN_MS = 15_000


def asks(jobs: Sequence[JobPlan], fleet: str) -> bool:
    """Tell whether the devices of a fleet ask: some job of theirs waits for it."""
    return any(job.must_ask and job.fleet == fleet for job in jobs)


def ask_every_ms(duration_ms: int) -> int:
    """Return how often devices ask in a run that lasts at most so long."""
    return max(ASK_EVERY_MS, duration_ms // ASKS_MAX)


def with_asking(
    timings: Timings,
    jobs: Sequence[JobPlan],
    fleet: str,
    *,
    duration_ms: int,
    contract: ContractProfile,
) -> Timings:
    """Return the timings of a fleet's devices, asking if any of its jobs waits for that.

    Args:
        timings: The fleet's own.
        jobs: Of the whole run.
        fleet: Its name.
        duration_ms: The upper bound of the run.
        contract: What its vendor promises.
    """
    if not asks(jobs, fleet):
        return timings
    return replace(
        timings,
        request_on_connect=True,
        request_every_ms=ask_every_ms(duration_ms),
        request_hush_ms=max(
            _hush_ms(job, contract, duration_ms) for job in jobs if job.fleet == fleet
        ),
    )


def _hush_ms(job: JobPlan, contract: ContractProfile, duration_ms: int) -> int:
    """Return how long a silence in an attempt lasts: until it timed out, or to the run's end."""
    timeout_s = contract.timeout_s if job.timeout_s is None else job.timeout_s
    return duration_ms if timeout_s is None else 1000 * timeout_s + _HUSH_MARGIN_MS
