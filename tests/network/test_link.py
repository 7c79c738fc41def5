"""Links: statistics with fixed seeds, and laws that hold for any traffic."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

import pytest

from fleet_sim.network.link import Link
from fleet_sim.network.profiles import PROFILES

# Seconds for 1 MiB on an unbroken link: the published table.
TABLE_S = {
    "ethernet_lab": 0.1,
    "wifi_good": 1.1,
    "regular_3g": 12.5,
    "nb_iot": 324.0,
    "tunnel": 1.6,
}


@pytest.mark.parametrize(("name", "seconds"), TABLE_S.items())
def test_a_mebibyte_takes_about_what_the_table_says(name: str, seconds: float) -> None:
    """The mean over 50 devices is within 15 % of the lower of rate and loss cap."""
    unbroken = replace(PROFILES[name], up_mean_s=None, outage_mean_s=None)

    taken_ms = mean(Link(unbroken, seed=1, who=f"pk/{n}").down(1 << 20, 0) for n in range(50))

    assert taken_ms / 1000 == pytest.approx(seconds, rel=0.15)
