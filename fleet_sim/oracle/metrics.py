"""The numbers of a run: totals of devices, and samples with their percentiles.

Each device counts in the first of these that fits, so the four add up to the devices:

    updated   by its own truth it runs the version that its latest job names; without a job for
              it, the version that its backend pushed to it last
    failed    the server shows its task as finally failed
    waiting   its task is open for a reason that V34 names, or no job is for it
    stuck     the rest
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["percent", "count", "ms"]
STATS: tuple[str, ...] = ("mean", "p50", "p95", "p99", "max")
COUNTS: tuple[str, ...] = ("retries", "downloads", "lost_reports")
SHARES: tuple[str, ...] = ("updated", "failed", "waiting", "stuck")


@dataclass(frozen=True, slots=True)
class Metric:
    """What can be asked of a metric.

    Attributes:
        name: As scenarios write it.
        about: One sentence.
        units: The units a value may have; `percent` is of the devices asked about.
        stats: The statistics there are over its samples; empty where it has none.
        needs_stat: Whether it means nothing without a statistic.
    """

    name: str
    about: str
    units: tuple[Unit, ...]
    stats: tuple[str, ...] = ()
    needs_stat: bool = False


def _by_name(*metrics: Metric) -> Mapping[str, Metric]:
    return {metric.name: metric for metric in metrics}


METRICS: Mapping[str, Metric] = _by_name(
    Metric("devices", "Devices of the fleet.", ("count",)),
    Metric("updated", "Devices that run the target version.", ("percent", "count")),
    Metric(
        "failed", "Devices whose task the server shows as finally failed.", ("percent", "count")
    ),
    Metric(
        "waiting",
        "Devices whose task is open for a stated reason, or that no job is for.",
        ("percent", "count"),
    ),
    Metric("stuck", "Devices that are none of the others.", ("percent", "count")),
    Metric(
        "time_to_update",
        "From a device's first push to its report of the new version.",
        ("ms",),
        STATS,
        needs_stat=True,
    ),
    Metric(
        "reconnect",
        "How long a device that lost its connection stayed off line; planned reboots aside.",
        ("ms",),
        STATS,
        needs_stat=True,
    ),
    Metric("retries", "Attempts after the first; statistics are a device's.", ("count",), STATS),
    Metric("downloads", "Downloads begun at byte 0; statistics are a device's.", ("count",), STATS),
    Metric(
        "lost_reports",
        "Reports that never reached the server; statistics are a device's.",
        ("count",),
        STATS,
    ),
)


@dataclass(frozen=True, slots=True)
class Totals:
    """How many devices there are, and where each stands; the last four add up to the first."""

    devices: int = 0
    updated: int = 0
    failed: int = 0
    waiting: int = 0
    stuck: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return the five numbers by name."""
        return {name: getattr(self, name) for name in ("devices", *SHARES)}


NO_DEVICES = Totals()


@dataclass(frozen=True, slots=True)
class Measures:
    """The numbers of some devices at some instant.

    Attributes:
        totals: Where the devices stand.
        samples: Metric name to its samples, sorted; ms for times, a device's number for counts.
    """

    totals: Totals = NO_DEVICES
    samples: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def value(self, metric: str, stat: str = "", unit: Unit = "count") -> float | None:
        """Return a metric's value, None where there is nothing to say it from.

        Args:
            metric: A name of `METRICS`.
            stat: One of `STATS`; "" for a total.
            unit: `percent` turns a number of devices into its share of all devices.
        """
        if metric == "devices" or metric in SHARES:
            number: int = getattr(self.totals, metric)
            if unit != "percent":
                return number
            return 100 * number / self.totals.devices if self.totals.devices else None
        samples = self.samples.get(metric, ())
        if stat:
            return statistic(samples, stat)
        return sum(samples)


def statistic(samples: Sequence[int], stat: str) -> float | None:
    """Return one of `STATS` over sorted samples: the exact nearest rank; None without samples."""
    if not samples:
        return None
    if stat == "mean":
        return sum(samples) / len(samples)
    if stat == "max":
        return samples[-1]
    percent = int(stat[1:])
    return samples[max(1, ceil(len(samples) * percent / 100)) - 1]
