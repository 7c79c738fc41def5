"""Link profiles: how bad a network is, in numbers.

Source: failure-modes file, section 6. Where a profile of that table needs more than the model has,
it is left out rather than faked: `leo_sat` (a handover every 15 s), `sleepy` (a timetable, not
chance), `offline` (never up).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from types import MappingProxyType
from typing import Final

# Ethernet's 1,500 bytes less 40 of IP and TCP header.
SEGMENT_BYTES: Final = 1460
# TCP's own floor and ceiling of the retransmission timeout (Linux, and RFC 6298's 60 s).
_RTO_MIN_MS: Final = 200.0
RTO_MAX_MS: Final = 60_000.0
# Mathis et al., "The macroscopic behavior of the TCP congestion avoidance algorithm", 1997.
_MATHIS: Final = 1.22
_MEANS: Final = ("up_mean_s", "outage_mean_s")
# Slower than the slowest radio and faster than any cable; a day of outages is thousands of draws,
# not millions; the longest burst measured in the table's sources is 86; and no TCP connection works
# where every second segment is lost.
_BOUNDS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "rtt_ms": (0.01, 600_000),
        "jitter_ms": (0, 600_000),
        "down_kbps": (0.1, 100_000_000),
        "up_kbps": (0.1, 100_000_000),
        "loss_percent": (0, 50),
        "burst": (1, 1000),
        "up_mean_s": (1, 1_000_000_000),
        "outage_mean_s": (1, 1_000_000_000),
    }
)


class OutageKind(StrEnum):
    """What an outage does to a connection."""

    RST = "rst"  # both ends see it reset
    FIN = "fin"  # both ends see it closed in order
    HALF_OPEN = "half_open"  # nothing arrives and nobody is told
    FREEZE = "freeze"  # everything arrives, after the outage


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkProfile:
    """One kind of link, above TCP: nothing is lost, only late.

    Attributes:
        name: As in scenarios.
        rtt_ms: Mean round trip of a small packet.
        jitter_ms: Standard deviation of the round trip.
        is_tail: Whether delays are log-normal instead of (truncated) normal.
        down_kbps: Rate towards the device, in 1,000 bit/s.
        up_kbps: Rate from the device.
        loss_percent: Mean share of segments lost, at most 50.
        burst: Mean length of a loss burst, in segments; 1 to 1,000.
        up_mean_s: Mean time between outages; None: there are none.
        outage_mean_s: Mean length of an outage.
        outage_kind: What outages do.
    """

    name: str
    rtt_ms: float
    jitter_ms: float
    is_tail: bool = False
    down_kbps: float
    up_kbps: float
    loss_percent: float = 0.0
    burst: float = 1.0
    up_mean_s: float | None = None
    outage_mean_s: float | None = None
    outage_kind: OutageKind = OutageKind.RST

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: A number is out of range, or one of the two outage means is missing.
        """
        for field, (least, most) in _BOUNDS.items():
            value = getattr(self, field)
            is_left_out = value is None and field in _MEANS
            if not is_left_out and not least <= value <= most:
                raise ValueError(
                    f"{self.name}: {field} is {value}; it goes from {least:g} to {most:g}"
                )
        if (self.up_mean_s is None) != (self.outage_mean_s is None):
            raise ValueError(f"{self.name}: up_mean_s and outage_mean_s go together")

    @property
    def p(self) -> float:
        """Chance a segment that the good state of the Gilbert-Elliott chain turns bad."""
        loss = self.loss_percent / 100
        return min(1.0, self.r * loss / (1 - loss))

    @property
    def r(self) -> float:
        """Chance a segment that the bad state turns good."""
        return 1 / self.burst

    @property
    def rto_ms(self) -> float:
        """First retransmission timeout; it doubles while segments keep being lost."""
        return min(RTO_MAX_MS, max(_RTO_MIN_MS, self.rtt_ms + 4 * self.jitter_ms))

    @property
    def loss_cap_kbps(self) -> float:
        """Throughput that loss leaves to one TCP connection; infinite without loss."""
        if not self.loss_percent:
            return float("inf")
        return _MATHIS * SEGMENT_BYTES * 8 / (self.rtt_ms * sqrt(self.loss_percent / 100))

    @property
    def down_effective_kbps(self) -> float:
        """The lower of rate and loss cap, towards the device."""
        return min(self.down_kbps, self.loss_cap_kbps)

    @property
    def up_effective_kbps(self) -> float:
        """The lower of rate and loss cap, from the device."""
        return min(self.up_kbps, self.loss_cap_kbps)


_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3600.0

# Kinds of outage are ours: a home router that restarts resets connections, a cell that loses a
# device does too when the device attaches anew, narrow-band radio buffers, and in a tunnel nobody
# is told anything.
_PROFILES: Final = (
    LinkProfile(name="ethernet_lab", rtt_ms=2, jitter_ms=0.2, down_kbps=94_000, up_kbps=94_000),
    LinkProfile(
        name="dsl_good",
        rtt_ms=40,
        jitter_ms=5,
        down_kbps=8_000,
        up_kbps=1_000,
        loss_percent=0.5,
        burst=2,
        up_mean_s=12 * _HOUR_S,
        outage_mean_s=30,
    ),
    LinkProfile(
        name="dsl_poor",
        rtt_ms=70,
        jitter_ms=10,
        down_kbps=2_000,
        up_kbps=256,
        loss_percent=2,
        burst=2,
        up_mean_s=6 * _HOUR_S,
        outage_mean_s=30,
    ),
    LinkProfile(
        name="wifi_good",
        rtt_ms=40,
        jitter_ms=5,
        down_kbps=30_000,
        up_kbps=15_000,
        loss_percent=0.2,
        burst=3,
        up_mean_s=12 * _HOUR_S,
        outage_mean_s=10,
    ),
    LinkProfile(
        name="wifi_crowded",
        rtt_ms=60,
        jitter_ms=40,
        is_tail=True,
        down_kbps=6_000,
        up_kbps=3_000,
        loss_percent=2,
        burst=6,
        up_mean_s=15 * _MINUTE_S,
        outage_mean_s=8,
    ),
    LinkProfile(
        name="wifi_edge",
        rtt_ms=120,
        jitter_ms=90,
        is_tail=True,
        down_kbps=1_000,
        up_kbps=500,
        loss_percent=8,
        burst=10,
        up_mean_s=4 * _MINUTE_S,
        outage_mean_s=15,
    ),
    LinkProfile(
        name="slow_4g",
        rtt_ms=150,
        jitter_ms=30,
        down_kbps=1_638,
        up_kbps=750,
        loss_percent=0.2,
        burst=3,
        up_mean_s=2 * _HOUR_S,
        outage_mean_s=20,
    ),
    LinkProfile(
        name="lte_drive",
        rtt_ms=90,
        jitter_ms=60,
        is_tail=True,
        down_kbps=3_000,
        up_kbps=1_500,
        loss_percent=1,
        burst=15,
        up_mean_s=10 * _MINUTE_S,
        outage_mean_s=12,
    ),
    LinkProfile(
        name="regular_3g",
        rtt_ms=300,
        jitter_ms=60,
        down_kbps=700,
        up_kbps=700,
        loss_percent=0.5,
        burst=4,
        up_mean_s=_HOUR_S,
        outage_mean_s=25,
    ),
    LinkProfile(
        name="edge_lossy",
        rtt_ms=840,
        jitter_ms=120,
        down_kbps=240,
        up_kbps=200,
        loss_percent=1,
        burst=5,
        up_mean_s=30 * _MINUTE_S,
        outage_mean_s=40,
    ),
    LinkProfile(
        name="gprs_good",
        rtt_ms=500,
        jitter_ms=150,
        down_kbps=50,
        up_kbps=20,
        loss_percent=2,
        burst=3,
        up_mean_s=30 * _MINUTE_S,
        outage_mean_s=40,
    ),
    LinkProfile(
        name="rural_2g",
        rtt_ms=1_300,
        jitter_ms=300,
        down_kbps=20,
        up_kbps=18,
        loss_percent=2,
        burst=5,
        up_mean_s=15 * _MINUTE_S,
        outage_mean_s=60,
    ),
    LinkProfile(
        name="lte_m",
        rtt_ms=150,
        jitter_ms=60,
        down_kbps=300,
        up_kbps=375,
        loss_percent=0.5,
        burst=4,
        up_mean_s=2 * _HOUR_S,
        outage_mean_s=30,
    ),
    LinkProfile(
        name="nb_iot",
        rtt_ms=1_600,
        jitter_ms=600,
        is_tail=True,
        down_kbps=26,
        up_kbps=17,
        loss_percent=0.5,
        burst=3,
        up_mean_s=4 * _HOUR_S,
        outage_mean_s=60,
        outage_kind=OutageKind.FREEZE,
    ),
    LinkProfile(
        name="nb_iot_deep",
        rtt_ms=8_000,
        jitter_ms=2_500,
        is_tail=True,
        down_kbps=2,
        up_kbps=1,
        loss_percent=3,
        burst=4,
        up_mean_s=30 * _MINUTE_S,
        outage_mean_s=5 * _MINUTE_S,
        outage_kind=OutageKind.FREEZE,
    ),
    LinkProfile(
        name="geo_sat",
        rtt_ms=620,
        jitter_ms=25,
        down_kbps=10_000,
        up_kbps=2_000,
        loss_percent=0.5,
        burst=8,
        up_mean_s=3 * _HOUR_S,
        outage_mean_s=60,
        outage_kind=OutageKind.HALF_OPEN,
    ),
    LinkProfile(
        name="tunnel",
        rtt_ms=60,
        jitter_ms=20,
        down_kbps=10_000,
        up_kbps=5_000,
        loss_percent=0.2,
        burst=3,
        up_mean_s=2 * _MINUTE_S,
        outage_mean_s=45,
        outage_kind=OutageKind.HALF_OPEN,
    ),
)
PROFILES: Final[Mapping[str, LinkProfile]] = MappingProxyType(
    {profile.name: profile for profile in _PROFILES}
)
