"""One device's link: when what is sent now arrives.

A link is arithmetic above TCP. It loses nothing and keeps the order of each direction; loss shows
as stalls and as a lower rate. Downloads and MQTT messages of a device share its two directions.

    sent ──► waits for what was sent before ──► takes size / rate ──► stalls by loss ──► delay ──►
"""

from __future__ import annotations

from math import ceil, exp, log, sqrt

from fleet_sim.model.chance import draw, draw_normal
from fleet_sim.network.outages import Outage, OutagePlan
from fleet_sim.network.profiles import SEGMENT_BYTES, LinkProfile
from fleet_sim.network.weather import Weather

# Three standard deviations; beyond that a delay is an outlier that the loss model stands for.
_TRUNCATED_AT = 3.0


class Link:
    """The link of one device; it owns its chance counters and its queues, and no clock.

    Instants passed to one direction must not go back. `rst`, `fin` and `half_open` outages are the
    driver's to act on (`outage_at`, `next_outage`): the arithmetic here knows only `freeze`, which
    delays.

    Args:
        profile: How bad it is.
        seed: The run's.
        who: The device.
    """

    __slots__ = ("_down", "_outages", "_up", "profile")

    def __init__(self, profile: LinkProfile, *, seed: int, who: str) -> None:
        self.profile = profile
        self._outages = OutagePlan(profile, seed=seed, who=who)
        self._up = _Lane(profile, profile.up_effective_kbps, seed=seed, who=who, way="up")
        self._down = _Lane(profile, profile.down_effective_kbps, seed=seed, who=who, way="down")

    def __repr__(self) -> str:
        return f"<Link {self.profile.name}>"

    def up(self, size_bytes: int, now_ms: int) -> int:
        """Send from the device; return the instant at which the last byte is at the server.

        Args:
            size_bytes: Of what is sent, 0 or more.
            now_ms: When it is handed over.
        """
        return self._up.send(size_bytes, now_ms, self._outages)

    def down(self, size_bytes: int, now_ms: int) -> int:
        """Send to the device; return the instant at which the last byte is there.

        Args:
            size_bytes: Of what is sent, 0 or more.
            now_ms: When it is handed over.
        """
        return self._down.send(size_bytes, now_ms, self._outages)

    def down_free_at_ms(self, now_ms: int) -> int:
        """Return from when on more can be sent down; never before now.

        A reader that hands over its next chunk at this instant, instead of waiting for the last one
        to arrive, keeps the link full, as TCP does.
        """
        return self._down.free_at_ms(now_ms)

    def round_trip_ms(self, now_ms: int) -> int:
        """Return how long a small packet and its answer take, for handshakes and requests.

        They are too small to queue for, but not to be lost, and a freeze holds them too.
        """
        there_ms = self._up.small(now_ms)
        back_ms = self._down.small(now_ms)
        arrival_ms = self._outages.thawed(now_ms, now_ms + there_ms + back_ms)
        return max(1, round(arrival_ms - now_ms))

    def outage_at(self, now_ms: int) -> Outage | None:
        """Return the outage that covers an instant; None if the link is up."""
        return self._outages.at(now_ms)

    def next_outage(self, now_ms: int) -> Outage | None:
        """Return the first outage that starts after an instant; None if there is none."""
        return self._outages.after(now_ms)

    def impose(self, outage: Outage) -> None:
        """Take the link down on top of what chance does; outages that meet become one."""
        self._outages.impose(outage)


class _Lane:
    """One direction: its queue, its weather, and its draws."""

    __slots__ = (
        "_arrived_at_ms",
        "_draws",
        "_free_at_ms",
        "_kbps",
        "_profile",
        "_seed",
        "_way",
        "_weather",
        "_who",
    )

    def __init__(self, profile: LinkProfile, kbps: float, *, seed: int, who: str, way: str) -> None:
        self._profile = profile
        self._kbps = kbps  # bits a millisecond
        self._seed = seed
        self._who = who
        self._way = way
        self._draws = 0
        self._weather = Weather(profile, SEGMENT_BYTES * 8 / kbps)
        self._free_at_ms = 0.0
        self._arrived_at_ms = 0

    def send(self, size_bytes: int, now_ms: int, outages: OutagePlan) -> int:
        start_ms = max(float(now_ms), self._free_at_ms)
        segments = max(1, -(-size_bytes // SEGMENT_BYTES))
        _, stalled_ms = self._weather.cross(segments, start_ms, self._draw)
        end_ms = start_ms + size_bytes * 8 / self._kbps + stalled_ms
        self._free_at_ms = outages.thawed(start_ms, end_ms)
        arrival_ms = outages.thawed(self._free_at_ms, self._free_at_ms + self._delay_ms())
        self._arrived_at_ms = max(self._arrived_at_ms, ceil(arrival_ms))
        return self._arrived_at_ms

    def small(self, now_ms: int) -> float:
        _, stalled_ms = self._weather.cross(1, float(now_ms), self._draw)
        return self._delay_ms() + stalled_ms

    def free_at_ms(self, now_ms: int) -> int:
        return max(now_ms, ceil(self._free_at_ms))

    def _draw(self) -> float:
        self._draws += 1
        return draw(self._seed, self._who, self._way, self._draws)

    def _delay_ms(self) -> float:
        """Draw a one-way delay: half a round trip.

        A tail is log-normal with the profile's mean and deviation, so it has no floor to respect.
        A normal one is cut at three deviations, and at a quarter of the round trip, as no weather
        makes a signal faster.
        """
        profile = self._profile
        if not profile.jitter_ms:
            return profile.rtt_ms / 2
        self._draws += 1
        z = draw_normal(self._seed, self._who, f"{self._way} delay", self._draws)
        if profile.is_tail:
            spread = log(1 + (profile.jitter_ms / profile.rtt_ms) ** 2)
            return profile.rtt_ms * exp(sqrt(spread) * z - spread / 2) / 2
        z = max(-_TRUNCATED_AT, min(_TRUNCATED_AT, z))
        return max(profile.rtt_ms / 4, (profile.rtt_ms + profile.jitter_ms * z) / 2)
