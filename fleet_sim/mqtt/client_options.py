"""What a client says of itself, and its limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleet_sim.mqtt.kinds import Will
from fleet_sim.mqtt.topics import is_topic

PACKET_BYTES_MAX = 1 << 20  # Twice what the vendors allow (512 KiB), so that a breach can arrive.
INFLIGHT_MAX = 20  # What Mosquitto and paho keep under way at once.
WAITING_MAX = 1000  # Reports of a device nobody listens to; Mosquitto's queue has the same length.
KEEP_ALIVE_S_MAX = 0xFFFF  # Two bytes (MQTT 3.1.2.10).


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """What a client says of itself, and its limits.

    Attributes:
        client_id: May be empty only with a clean session; the broker then names it.
        username: None leaves it out.
        password: Text is sent as UTF-8; None leaves it out.
        keep_alive_s: 0 to 65535; 0 means none.
        clean_session: Whether broker and client begin without memory.
        will: What the broker publishes if the client vanishes.
        packet_bytes_max: The largest packet taken from the broker.
        inflight_max: QoS 1 and 2 messages sent and not yet acknowledged; the next ones wait.
        waiting_max: How many may wait; one more is the caller's mistake.
    """

    client_id: str
    username: str | None = None
    password: str | bytes | None = field(default=None, repr=False)
    keep_alive_s: int = 60
    clean_session: bool = True
    will: Will | None = None
    packet_bytes_max: int = PACKET_BYTES_MAX
    inflight_max: int = INFLIGHT_MAX
    waiting_max: int = WAITING_MAX

    def __post_init__(self) -> None:
        """Refuse what no broker could take; MQTT 3.1.2 and 3.1.3."""
        if self.password is not None and self.username is None:
            raise ValueError(f"the password of {self.client_id!r} needs a user name")
        if not 0 <= self.keep_alive_s <= KEEP_ALIVE_S_MAX:
            raise ValueError(f"a keep alive of {self.keep_alive_s} s does not fit into two bytes")
        if not self.client_id and not self.clean_session:
            raise ValueError("a session to be kept needs a client identifier")
        if self.inflight_max < 1:
            raise ValueError("at least one message must be allowed to be under way")
        if self.will is not None and not is_topic(self.will.topic):
            raise ValueError(f"{self.will.topic!r} is no topic for a will")
