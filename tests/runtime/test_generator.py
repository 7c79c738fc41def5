from __future__ import annotations

import pytest

from fleet_sim.runtime.generator import Usage, costs, invalid_reason, lateness, usage
from fleet_sim.runtime.platform.child import PlatformChild
from fleet_sim.runtime.real_time import SlipCounter


def slips(*late_ms: int) -> SlipCounter:
    """Return a counter of work that was done so late."""
    counter = SlipCounter()
    for one in late_ms:
        counter.add(one)
    return counter


def test_a_run_costs_what_its_two_processes_used_meanwhile() -> None:
    """CPU and growth are the run's, shared out over its devices; sizes are those at the end."""
    before = Usage(fleet_cpu_s=1.0, fleet_rss_bytes=1 << 20, platform_cpu_s=0.5)
    after = Usage(
        fleet_cpu_s=3.0, fleet_rss_bytes=3 << 20, platform_cpu_s=0.75, platform_rss_bytes=7
    )

    assert costs(before, after, devices=1024) == {
        "fleet_cpu_s": 2.0,
        "fleet_rss_bytes": 3 << 20,
        "fleet_cpu_us_per_device": 1953,
        "fleet_kib_per_device": 2.0,
        "platform_cpu_s": 0.25,
        "platform_rss_bytes": 7,
    }


def test_a_platform_elsewhere_costs_nothing_here() -> None:
    """What this process uses is measured all the same."""
    found = usage([])

    assert found.fleet_cpu_s > 0
    assert found.fleet_rss_bytes > 1 << 20
    assert (found.platform_cpu_s, found.platform_rss_bytes) == (0.0, 0)


class Child(PlatformChild):
    """A platform that has used what the test says."""

    def __init__(self, cpu_s: float, rss_bytes: int) -> None:
        self._used = (cpu_s, rss_bytes)

    def usage(self) -> tuple[float, int]:
        """Return it."""
        return self._used


def test_several_platforms_are_counted_together() -> None:
    """Whichever vendor they are of."""
    found = usage([Child(0.5, 7), Child(0.25, 5)])

    assert (found.platform_cpu_s, found.platform_rss_bytes) == (0.75, 12)


def test_lateness_is_told_in_figures() -> None:
    """Sends that were more than a second late are counted apart."""
    assert lateness(slips(0, 5, 1_001, 2_000), platform_slip_max_ms=9) == {
        "slip_p99_ms": 2_000,
        "slip_max_ms": 2_000,
        "sends": 4,
        "sends_late": 2,
        "platform_slip_max_ms": 9,
    }


@pytest.mark.parametrize(
    ("late_ms", "is_valid"),
    [
        ([], True),
        ([1_000] * 100, True),
        ([0] * 99 + [60_000], True),
        ([0] * 98 + [60_000] * 2, False),
        ([0] * 985 + [1_001] * 15, False),
    ],
)
def test_a_run_is_invalid_when_too_much_of_its_work_was_late(
    late_ms: list[int], is_valid: bool
) -> None:
    """Above a second at the 99th percentile, or more than one in a hundred above a second."""
    reason = invalid_reason(slips(*late_ms))

    assert (reason == "") is is_valid
    assert is_valid or reason.startswith("the simulator was the bottleneck")
