"""Link profiles: the published numbers, what follows from them, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet_sim.network.profiles import PROFILES, LinkProfile, OutageKind

# p and r in percent, seconds for 1 MiB by the lower of rate and loss cap.
TABLE = {
    "dsl_good": (0.25, 50, 1.7),
    "dsl_poor": (1.02, 50, 5.8),
    "wifi_good": (0.067, 33, 1.1),
    "wifi_crowded": (0.34, 17, 5.0),
    "wifi_edge": (0.87, 10, 20),
    "slow_4g": (0.067, 33, 5.1),
    "lte_drive": (0.067, 6.7, 5.3),
    "regular_3g": (0.13, 25, 12.5),
    "edge_lossy": (0.20, 20, 50),
    "gprs_good": (0.68, 33, 168),
    "rural_2g": (0.41, 20, 420),
    "lte_m": (0.13, 25, 28),
    "nb_iot": (0.17, 33, 324),
    "nb_iot_deep": (0.77, 25, 4200),
    "geo_sat": (0.063, 12.5, 26),
    "tunnel": (0.067, 33, 1.6),
}


@pytest.mark.parametrize(("name", "row"), TABLE.items())
def test_the_chain_is_that_of_the_table(name: str, row: tuple[float, float, float]) -> None:
    """Within the table's rounding."""
    p_percent, r_percent, _ = row

    assert PROFILES[name].p * 100 == pytest.approx(p_percent, rel=0.04)
    assert PROFILES[name].r * 100 == pytest.approx(r_percent, rel=0.02)


@pytest.mark.parametrize(("name", "row"), TABLE.items())
def test_rate_and_loss_cap_give_the_time_of_a_mebibyte(
    name: str, row: tuple[float, float, float]
) -> None:
    """The lower of the two, within the table's rounding."""
    seconds = (1 << 20) * 8 / PROFILES[name].down_effective_kbps / 1000

    assert seconds == pytest.approx(row[2], rel=0.05)


def test_a_lossless_link_has_no_chain_and_no_cap() -> None:
    """Ethernet in the laboratory runs at its rate."""
    lab = PROFILES["ethernet_lab"]

    assert (lab.p, lab.loss_cap_kbps) == (0, float("inf"))
    assert lab.down_effective_kbps == lab.up_effective_kbps == 94_000


@pytest.mark.parametrize(
    ("name", "rto_ms"),
    [("wifi_good", 200), ("regular_3g", 540), ("nb_iot", 4000), ("nb_iot_deep", 18_000)],
)
def test_the_timeout_follows_the_round_trip(name: str, rto_ms: float) -> None:
    """The round trip and four jitters, not below 200 ms."""
    assert PROFILES[name].rto_ms == rto_ms


def test_the_timeout_stops_at_a_minute() -> None:
    """TCP's own ceiling."""
    assert replace(PROFILES["nb_iot_deep"], rtt_ms=60_000).rto_ms == 60_000


def test_names_are_keys() -> None:
    """What a scenario calls it is what it calls itself."""
    assert all(profile.name == name for name, profile in PROFILES.items())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rtt_ms": 0}, "mine: rtt_ms is 0; it goes from 0.01 to 600000"),
        ({"jitter_ms": -1}, "mine: jitter_ms is -1; it goes from 0 to 600000"),
        ({"down_kbps": 0}, "mine: down_kbps is 0; it goes from 0.1 to 1e"),
        ({"up_kbps": float("nan")}, "mine: up_kbps is nan; it goes from 0.1 to 1e"),
        ({"loss_percent": 51}, "mine: loss_percent is 51; it goes from 0 to 50"),
        ({"burst": 0.5}, "mine: burst is 0.5; it goes from 1 to 1000"),
        ({"up_mean_s": 0.5, "outage_mean_s": 5}, "mine: up_mean_s is 0.5; it goes from 1 to 1e"),
        ({"up_mean_s": 60}, "mine: up_mean_s and outage_mean_s go together"),
    ],
)
def test_a_number_out_of_range_is_refused(wrong: dict[str, Any], message: str) -> None:
    """One sentence names the profile, the field and the range."""
    right: dict[str, Any] = {"name": "mine", "rtt_ms": 1, "jitter_ms": 0}
    right |= {"down_kbps": 1, "up_kbps": 1}

    with pytest.raises(ValueError, match=message):
        LinkProfile(**(right | wrong))


def test_every_kind_of_outage_has_a_link() -> None:
    """But `fin`, which an orderly server makes and no link does."""
    kinds = {profile.outage_kind for profile in PROFILES.values() if profile.up_mean_s}

    assert kinds == set(OutageKind) - {OutageKind.FIN}
