from __future__ import annotations

import pytest

from fleet_sim.oracle.metrics import METRICS, SHARES, STATS, Measures, Totals, statistic

MEASURES = Measures(
    Totals(devices=4, updated=3, failed=1),
    {"time_to_update": [1_000, 2_000, 9_000], "retries": [0, 0, 2, 5]},
)


def test_every_metric_of_the_scenario_language_is_there() -> None:
    """Four places of a device, times, and counts."""
    assert set(METRICS) == {
        "devices",
        *SHARES,
        "time_to_update",
        "reconnect",
        "retries",
        "downloads",
        "lost_reports",
    }


@pytest.mark.parametrize(
    ("stat", "value"), [("mean", 25.5), ("p50", 25), ("p95", 48), ("p99", 50), ("max", 50)]
)
def test_statistics_are_exact(stat: str, value: float) -> None:
    """The nearest rank over 1 to 50."""
    assert statistic(range(1, 51), stat) == value


@pytest.mark.parametrize("stat", STATS)
def test_no_samples_have_no_statistic(stat: str) -> None:
    """There is nothing to say."""
    assert statistic([], stat) is None


def test_one_sample_is_every_statistic() -> None:
    """Of itself."""
    assert {statistic([7], stat) for stat in STATS} == {7}


def test_shares_are_of_all_devices() -> None:
    """As a number or in percent."""
    assert (MEASURES.value("updated"), MEASURES.value("updated", unit="percent")) == (3, 75.0)


def test_a_share_of_no_devices_has_no_value() -> None:
    """A fleet of none is neither all nor nothing."""
    assert Measures().value("updated", unit="percent") is None


def test_counts_are_summed_unless_a_statistic_is_asked() -> None:
    """A statistic is over the devices."""
    assert (MEASURES.value("retries"), MEASURES.value("retries", "max")) == (7, 5)


def test_totals_add_up() -> None:
    """By name, for a report."""
    assert Totals(3, 1, 1, 1, 0).as_dict() == {
        "devices": 3,
        "updated": 1,
        "failed": 1,
        "waiting": 1,
        "stuck": 0,
    }
