"""The generator judges itself: what a run cost, how late its work was, whether that spoilt it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from fleet_sim.runtime.platform.child import PlatformChild
from fleet_sim.runtime.real_time import SlipCounter

SLIP_MS_MAX = 1_000  # Later than this at the 99th percentile, the generator was the bottleneck.
LATE_SHARE_MAX = 0.01  # Of the sends that were later still: what the percentile cannot see.


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """CPU seconds so far, user and system, and resident bytes; platforms elsewhere have none."""

    fleet_cpu_s: float
    fleet_rss_bytes: int
    platform_cpu_s: float = 0.0
    platform_rss_bytes: int = 0


def usage(children: Sequence[PlatformChild]) -> Usage:
    """Return what this process and its platforms, all together, have used by now."""
    own = psutil.Process()
    times = own.cpu_times()
    platforms = [child.usage() for child in children]
    return Usage(
        fleet_cpu_s=times.user + times.system,
        fleet_rss_bytes=own.memory_info().rss,
        platform_cpu_s=sum(cpu_s for cpu_s, _ in platforms),
        platform_rss_bytes=sum(rss_bytes for _, rss_bytes in platforms),
    )


def costs(before: Usage, after: Usage, *, devices: int) -> dict[str, Any]:
    """Return what a run cost between two instants, as `run.json` shows it."""
    cpu_s = after.fleet_cpu_s - before.fleet_cpu_s
    grown_bytes = after.fleet_rss_bytes - before.fleet_rss_bytes
    return {
        "fleet_cpu_s": round(cpu_s, 3),
        "fleet_rss_bytes": after.fleet_rss_bytes,
        "fleet_cpu_us_per_device": round(1e6 * cpu_s / max(1, devices)),
        "fleet_kib_per_device": round(grown_bytes / 1024 / max(1, devices), 2),
        "platform_cpu_s": round(after.platform_cpu_s - before.platform_cpu_s, 3),
        "platform_rss_bytes": after.platform_rss_bytes,
    }


def lateness(slips: SlipCounter, *, platform_slip_max_ms: int) -> dict[str, Any]:
    """Return how late the fleet's and its platforms' work was, as `run.json` shows it."""
    return {
        "slip_p99_ms": slips.quantile_ms(0.99),
        "slip_max_ms": slips.max_ms,
        "sends": slips.count,
        "sends_late": round(slips.share_above(SLIP_MS_MAX) * slips.count),
        "platform_slip_max_ms": platform_slip_max_ms,
    }


def invalid_reason(slips: SlipCounter) -> str:
    """Return why a run's numbers say nothing about its server; "" if they do."""
    p99_ms, late_share = slips.quantile_ms(0.99), slips.share_above(SLIP_MS_MAX)
    if p99_ms <= SLIP_MS_MAX and late_share <= LATE_SHARE_MAX:
        return ""
    return (
        f"the simulator was the bottleneck: its own work was {p99_ms} ms late at the 99th "
        f"percentile, and {late_share:.1%} of it more than {SLIP_MS_MAX} ms; use fewer devices or "
        "a faster machine"
    )
