"""All sessions of a broker: who is here, who is away, and for how long the absent are kept.

    new ──▶ here ──leave──▶ away ──come_back──▶ here
              │               └── too long, too many, too much ──▶ gone
              └─ not persistent ─────────────────────────────────▶ gone

The absent stand in the order in which they left, so the first is the first to expire and the first
to go when there is no room: whoever has been away for longest is the least likely to come back.
They are as durable as the broker: one that starts anew has none, and its CONNACKs say so.
"""

from __future__ import annotations

from collections import OrderedDict

from fleet_sim.mqtt.limits import BrokerLimits
from fleet_sim.mqtt.outbox import MESSAGE_BYTES, Outgoing
from fleet_sim.mqtt.session import Session


class Sessions:
    """The table of sessions by client identifier.

    Args:
        limits: How many may be kept for the absent, how much they may hold, and for how long.
    """

    __slots__ = ("_away", "_away_bytes", "_by_client_id", "_limits")

    def __init__(self, limits: BrokerLimits) -> None:
        self._limits = limits
        self._by_client_id: dict[str, Session] = {}
        # In a plain dictionary the first is far behind the gaps of those that came back before it.
        self._away: OrderedDict[str, Session] = OrderedDict()
        self._away_bytes = 0

    def __len__(self) -> int:
        return len(self._by_client_id)

    @property
    def away_count(self) -> int:
        """How many are kept for the absent."""
        return len(self._away)

    @property
    def away_bytes(self) -> int:
        """What they hold."""
        return self._away_bytes

    @property
    def next_at_ms(self) -> int | None:
        """When the first of the absent expires; None while nobody is away."""
        for session in self._away.values():
            return session.left_at_ms + self._limits.session_expiry_ms
        return None

    def of(self, client_id: str) -> Session | None:
        """Return the session of a client identifier, here or away."""
        return self._by_client_id.get(client_id)

    def add(self, session: Session) -> None:
        """Take in the session of a client that is here."""
        self._by_client_id[session.client_id] = session

    def leave(self, session: Session, now_ms: int) -> list[Session]:
        """Keep a session whose client goes away; returns those that had to go for it.

        It is never itself among them, as its client may be about to be back.
        """
        session.left_at_ms = now_ms
        session.kept_bytes = session.weigh()
        gone: list[Session] = []
        while self._is_full(session.kept_bytes) and self._away:
            gone.append(next(iter(self._away.values())))
            self.drop(gone[-1])
        self._away[session.client_id] = session
        self._away_bytes += session.kept_bytes
        return gone

    def come_back(self, session: Session) -> None:
        """Have a session out of the absent ones: its client is here again."""
        del self._away[session.client_id]
        self._away_bytes -= session.kept_bytes

    def drop(self, session: Session) -> None:
        """Forget a session, wherever its client is."""
        del self._by_client_id[session.client_id]
        if session.client_id in self._away:
            self.come_back(session)

    def expire(self, now_ms: int) -> list[Session]:
        """Forget and return those that were away for too long."""
        gone: list[Session] = []
        while (at_ms := self.next_at_ms) is not None and at_ms <= now_ms:
            gone.append(next(iter(self._away.values())))
            self.drop(gone[-1])
        return gone

    def queue(
        self, session: Session, topic: str, payload: bytes, qos: int, *, is_ours: bool
    ) -> Outgoing | None:
        """Keep a QoS 1 or 2 message for a client that is away; None where there is no room."""
        size_bytes = MESSAGE_BYTES + len(topic) + len(payload)
        if self._away_bytes + size_bytes > self._limits.sessions_bytes_max:
            return None
        outgoing = session.outbox.keep(topic, payload, qos, is_ours=is_ours)
        if outgoing is not None:
            session.kept_bytes += size_bytes
            self._away_bytes += size_bytes
        return outgoing

    def _is_full(self, more_bytes: int) -> bool:
        limits = self._limits
        return (
            len(self._away) >= limits.sessions_max
            or self._away_bytes + more_bytes > limits.sessions_bytes_max
        )
