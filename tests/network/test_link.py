"""Links: statistics with fixed seeds, and laws that hold for any traffic."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import mean, quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_sim.network.link import Link
from fleet_sim.network.outages import Outage
from fleet_sim.network.profiles import PROFILES, LinkProfile, OutageKind

# Seconds for 1 MiB on an unbroken link: the published table. The loss cap knows no timeouts, so
# the lossiest links, which wait for many, are left to their own test.
TABLE_S = {
    "ethernet_lab": 0.1,
    "wifi_good": 1.1,
    "wifi_crowded": 5.0,
    "slow_4g": 5.1,
    "lte_drive": 5.3,
    "regular_3g": 12.5,
    "edge_lossy": 50.0,
    "gprs_good": 168.0,
    "rural_2g": 420.0,
    "lte_m": 28.0,
    "nb_iot": 324.0,
    "nb_iot_deep": 4200.0,
    "geo_sat": 26.0,
    "tunnel": 1.6,
}
QUIET = LinkProfile(name="quiet", rtt_ms=100, jitter_ms=0, down_kbps=1000, up_kbps=80)


def unbroken(name: str) -> LinkProfile:
    """Return a profile without its outages."""
    return replace(PROFILES[name], up_mean_s=None, outage_mean_s=None)


def link(profile: LinkProfile, number: int = 0) -> Link:
    """Return the link of one device of seed 1."""
    return Link(profile, seed=1, who=f"pk/{number}")


@pytest.mark.parametrize(("name", "seconds"), TABLE_S.items())
def test_a_mebibyte_takes_about_what_the_table_says(name: str, seconds: float) -> None:
    """The mean over 100 devices is within 15 % of the lower of rate and loss cap."""
    taken_ms = mean(link(unbroken(name), n).down(1 << 20, 0) for n in range(100))

    assert taken_ms / 1000 == pytest.approx(seconds, rel=0.15)


@pytest.mark.parametrize(
    ("name", "seconds"), [("dsl_good", 1.7), ("dsl_poor", 5.8), ("wifi_edge", 20)]
)
def test_timeouts_cost_the_lossiest_links_up_to_a_third_more(name: str, seconds: float) -> None:
    """Above the table, since the cap counts no timeouts, and below a third more."""
    taken_ms = mean(link(unbroken(name), n).down(1 << 20, 0) for n in range(100))

    assert seconds <= taken_ms / 1000 <= seconds * 4 / 3


@pytest.mark.parametrize("name", PROFILES)
def test_chunks_take_as_long_as_the_whole(name: str) -> None:
    """Handed over as the link becomes free, in 16 KiB chunks, within 10 % (mean of 50)."""
    whole_ms, chunks_ms = [], []
    for number in range(50):
        whole_ms.append(link(unbroken(name), number).down(1 << 20, 0))
        one, now_ms, arrival_ms = link(unbroken(name), number), 0, 0
        for _ in range(64):
            arrival_ms = one.down(1 << 14, now_ms)
            now_ms = one.down_free_at_ms(now_ms)
        chunks_ms.append(arrival_ms)

    assert mean(chunks_ms) == pytest.approx(mean(whole_ms), rel=0.1, abs=64)


@pytest.mark.parametrize("name", PROFILES)
def test_a_round_trip_is_the_profiles(name: str) -> None:
    """Over 500 devices without loss, within 5 %."""
    profile = replace(unbroken(name), loss_percent=0)

    taken_ms = mean(link(profile, n).round_trip_ms(0) for n in range(500))

    assert taken_ms == pytest.approx(profile.rtt_ms, rel=0.05)


def test_a_lost_handshake_costs_a_timeout() -> None:
    """On wifi at its edge 15 % of round trips lose one of two packets and wait 480 ms for that."""
    taken_ms = [link(unbroken("wifi_edge"), n).round_trip_ms(0) for n in range(2000)]

    late = [taken for taken in taken_ms if taken >= 480]
    assert len(late) / 2000 == pytest.approx(1 - 0.92**2, rel=0.1)
    assert min(taken for taken in late if taken > 500) < 600


def test_a_message_takes_its_time_on_the_line_and_half_a_round_trip() -> None:
    """800 bytes at 80 kbit/s: 80 ms, and 50; the second waits for the first."""
    quiet = link(QUIET)

    assert quiet.up(800, 0) == 130
    assert quiet.up(800, 10) == 210
    assert quiet.up(800, 1000) == 1130


def test_directions_do_not_wait_for_each_other() -> None:
    """A full down link leaves the up link as it is."""
    quiet = link(QUIET)
    quiet.down(1 << 20, 0)

    assert quiet.up(800, 0) == 130


def test_a_download_and_messages_share_a_direction() -> None:
    """A message behind 125,000 bytes at 1,000 kbit/s waits a second for them."""
    quiet = link(QUIET)
    quiet.down(125_000, 0)

    assert quiet.down(125, 0) == 1051


def test_a_round_trip_does_not_wait() -> None:
    """A new connection is not queued behind the old one's bytes."""
    quiet = link(QUIET)
    quiet.down(1 << 20, 0)

    assert quiet.round_trip_ms(0) == 100


def test_normal_delays_keep_to_their_bounds() -> None:
    """Three deviations and no faster than half the usual way."""
    rural = replace(unbroken("rural_2g"), loss_percent=0, jitter_ms=900)
    delays_ms = [link(rural, n).up(0, 0) for n in range(2000)]

    assert min(delays_ms) == 325
    assert max(delays_ms) <= 650 + 3 * 450


def test_a_tail_is_long() -> None:
    """Crowded wifi: half the round trip on average, and one in a hundred beyond 90 ms one way."""
    crowded = replace(unbroken("wifi_crowded"), loss_percent=0)
    delays_ms = [link(crowded, n).up(0, 0) for n in range(5000)]

    assert mean(delays_ms) == pytest.approx(30.5, rel=0.05)
    assert 90 <= quantiles(delays_ms, n=100)[98] <= 125


def test_a_freeze_holds_what_is_on_its_way() -> None:
    """The queue stands still meanwhile, and nothing is lost."""
    quiet = link(QUIET)
    quiet.impose(Outage(100, 1100, OutageKind.FREEZE))

    assert quiet.up(800, 50) == 1180
    assert quiet.up(800, 60) == 1260
    assert quiet.round_trip_ms(600) == 600


def test_outages_are_told() -> None:
    """Imposed ones like drawn ones."""
    quiet = link(QUIET)
    imposed = Outage(100, 200, OutageKind.RST)
    quiet.impose(imposed)

    assert quiet.outage_at(50) is None
    assert quiet.next_outage(50) == imposed
    assert quiet.outage_at(150) == imposed
    assert quiet.next_outage(150) is None


SENT = st.lists(
    st.tuples(st.booleans(), st.integers(0, 100_000), st.integers(0, 10_000)), max_size=30
)


@given(name=st.sampled_from(sorted(PROFILES)), sent=SENT)
@settings(deadline=None)
def test_order_is_kept_and_nothing_arrives_before_it_could(
    name: str, sent: list[tuple[bool, int, int]]
) -> None:
    """Arrivals of a direction never go back, and none beats the rate of the line."""
    one, now_ms = link(PROFILES[name]), 0
    arrivals: dict[bool, list[int]] = {True: [0], False: [0]}
    for is_up, size_bytes, pause_ms in sent:
        now_ms += pause_ms
        send, kbps = (one.up, one.profile.up_kbps) if is_up else (one.down, one.profile.down_kbps)
        arrival_ms = send(size_bytes, now_ms)
        arrivals[is_up].append(arrival_ms)

        assert arrival_ms >= now_ms + size_bytes * 8 / kbps

    for way in arrivals.values():
        assert all(earlier <= later for earlier, later in pairwise(way))


@given(name=st.sampled_from(sorted(PROFILES)), sent=SENT)
@settings(deadline=None)
def test_the_same_seed_gives_the_same_arrivals(
    name: str, sent: list[tuple[bool, int, int]]
) -> None:
    """And questions about outages in between change none."""
    runs = []
    for is_asked in (False, True):
        one, now_ms, arrivals = link(PROFILES[name]), 0, []
        for is_up, size_bytes, pause_ms in sent:
            now_ms += pause_ms
            if is_asked:
                one.next_outage(now_ms * 3)
                one.outage_at(0)
            arrivals.append((one.up if is_up else one.down)(size_bytes, now_ms))
        runs.append(arrivals)

    assert runs[0] == runs[1]


def test_a_megabyte_costs_few_draws() -> None:
    """Runs are drawn as a whole: 64 MiB on the lossiest link take under 10,000, not 46,000."""
    edge = link(unbroken("wifi_edge"))

    edge.down(1 << 26, 0)

    assert edge._down._draws < 10_000


def test_a_link_tells_its_profile() -> None:
    """For whoever debugs a rig."""
    assert repr(link(QUIET)) == "<Link quiet>"
