"""What one broker puts up with."""

from __future__ import annotations

from dataclasses import dataclass

from fleet_sim.mqtt.kinds import PACKET_ID_MAX, ConnackCode


@dataclass(frozen=True, slots=True)
class ConnectRate:
    """At most `connects_max` connects of one principal in `window_ms`; see `ConnectRates`.

    Attributes:
        connects_max: How many are let in.
        window_ms: In which span, ending now.
        blocked_ms: For how long all are refused once there was one too many; 0 refuses only that.
    """

    connects_max: int
    window_ms: int
    blocked_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLimits:
    """The limits of a broker; each bounds something a peer could make grow."""

    # Beyond any single process' file handles; a platform under test sets what it promises.
    connections_max: int = 100_000
    # A device that opens a connection must say who it is. Generous, as in a storm of thousands of
    # reconnects an honest CONNECT waits for its turn; without it, silence would hold a socket.
    connect_timeout_ms: int = 20_000
    # Twice the vendors' 512 KiB, so that a device that exceeds theirs can be answered in their way.
    packet_bytes_max: int = 1 << 20
    # Vendor SDKs put signatures and versions into the client identifier: EnOS' reach 200.
    client_id_bytes_max: int = 1024
    # AWS allows 256 bytes, EMQX 4,096; our longest vendor topic has 120.
    topic_bytes_max: int = 1024
    # A filter costs a node a level; vendor topics have at most nine.
    topic_levels_max: int = 32
    # A device has a dozen topics, a backend on the broker a few more.
    subscriptions_max: int = 200
    # Retained messages live for ever, so both their number and their bytes are bounded.
    retained_max: int = 10_000
    retained_bytes_max: int = 64 << 20
    # QoS 1 and 2 messages under way to one connection. One turn's burst for a subscribed backend
    # should not wait a round trip for each score, hence more than Mosquitto's 20.
    inflight_max: int = 256
    # Their payloads: half of `output_bytes_max`, as all of it goes out at once when a client with a
    # persistent session comes back.
    inflight_bytes_max: int = 8 << 20
    # What waits behind them, by number and bytes; more is dropped, as Mosquitto does above 1,000.
    # The same holds for a client that is away: a backend that restarts should find what it missed.
    waiting_max: int = 20_000
    waiting_bytes_max: int = 32 << 20
    # Sessions kept for clients that are away: as many as may connect. One too many, and the one
    # that has been away for longest goes, as it is the least likely to be missed.
    sessions_max: int = 100_000
    # For how long: a device that sleeps through the night finds its session. AWS keeps one for an
    # hour, EMQX for two, Mosquitto for ever.
    session_expiry_ms: int = 24 * 3600 * 1000
    # What they hold together, filters and messages: tens of thousands of devices with a dozen
    # filters each, or a million small messages.
    sessions_bytes_max: int = 512 << 20
    # Bytes written for a connection that its transport has not taken. Who reads slower is closed.
    output_bytes_max: int = 16 << 20
    # Claimed QoS 1 and 2 messages of one client that the platform has not acknowledged yet. Vendors
    # allow a few dozen messages a second; this many mean that somebody ignores their inflight.
    unacknowledged_max: int = 1024
    # QoS 2 messages of one client that it has not released by PUBREL. Some clients send without a
    # window of their own, so it is as many as may wait the other way.
    unreleased_max: int = 20_000
    # The keep alive a vendor insists on, both ends included; None where it does not. With bounds,
    # 0 (no keep alive) is outside them.
    keep_alive_s_min: int | None = None
    keep_alive_s_max: int | None = None
    # Vendors differ: Huawei answers 2, Alibaba 3.
    keep_alive_refusal: ConnackCode = ConnackCode.IDENTIFIER_REJECTED
    # Vendors' connect rates are switches: off unless a scenario is about them.
    connect_rates: tuple[ConnectRate, ...] = ()
    connect_rate_refusal: ConnackCode = ConnackCode.SERVER_UNAVAILABLE

    def __post_init__(self) -> None:
        """Refuse limits that cannot be kept: each message of a client needs its own identifier."""
        ids = self.inflight_max + self.waiting_max
        if ids > PACKET_ID_MAX or self.inflight_max < 1:
            raise ValueError(
                f"inflight_max {self.inflight_max} and waiting_max {self.waiting_max} must be at "
                f"least 1 and 0, and {PACKET_ID_MAX} together, as there are no more identifiers"
            )

    def allows_keep_alive(self, keep_alive_s: int) -> bool:
        """Whether a CONNECT may ask for this."""
        lowest, highest = self.keep_alive_s_min, self.keep_alive_s_max
        if lowest is None and highest is None:
            return True
        if keep_alive_s == 0:
            return False
        return (lowest or 0) <= keep_alive_s and (highest is None or keep_alive_s <= highest)
