"""What a broker keeps of one client beyond its connection (MQTT 3.1.2.4).

A session belongs to a client identifier and to the principal that opened it: another principal that
comes under the same name begins anew, as what waits was not meant for it. A client that asked for a
clean session has one too, which ends with its connection; so whoever gets a message is a session,
and whether somebody is there to read it is a second question.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from fleet_sim.mqtt.kinds import QOS_MAX
from fleet_sim.mqtt.limits import BrokerLimits
from fleet_sim.mqtt.outbox import Outbox

if TYPE_CHECKING:  # A connection is made with its session in mind; only annotations look back.
    from fleet_sim.mqtt.connection import Connection

# What a kept session costs without messages, and what each of its filters and open QoS 2
# identifiers adds: measured on Python 3.11, rounded up.
SESSION_BYTES = 700
_FILTER_BYTES = 500
_INCOMING_BYTES = 100


class Session:
    """One client's session. It never writes anything: who feeds it does.

    Attributes:
        client_id: Whose it is.
        principal: Who opened it, and is the only one to come back to it.
        is_persistent: Whether it outlives its connection.
        qos_max: The highest QoS it is served.
        connection: The one that is open; None while the client is away.
        outbox: What is on its way to the client.
        implicit: Topic filters it has without a SUBSCRIBE.
        implicit_qos: Their QoS.
        subscribed: Topic filters it asked for, shared ones included; None for none.
        kept_bytes: What it costs to keep; counted while it is away.
        left_at_ms: When its client went away.
    """

    __slots__ = (
        "_incoming",
        "_owed",
        "client_id",
        "connection",
        "implicit",
        "implicit_qos",
        "is_persistent",
        "kept_bytes",
        "left_at_ms",
        "outbox",
        "principal",
        "qos_max",
        "subscribed",
    )

    def __init__(self, client_id: str, principal: Hashable, limits: BrokerLimits) -> None:
        self.client_id = client_id
        self.principal = principal
        self.is_persistent = False
        self.qos_max = QOS_MAX
        self.connection: Connection | None = None
        self.outbox = Outbox(limits)
        self.implicit: tuple[str, ...] = ()
        self.implicit_qos = 1
        self.subscribed: dict[str, None] | None = None
        self.kept_bytes = 0
        self.left_at_ms = 0
        # QoS 2 identifiers whose PUBREL has not come, each with the connection that waits for its
        # PUBREC; None where that was sent.
        self._incoming: dict[int, Connection | None] | None = None
        self._owed = 0

    # QoS 2 messages of the client (MQTT 4.3.3).

    @property
    def incoming_count(self) -> int:
        """How many QoS 2 messages of the client await their PUBREL."""
        return len(self._incoming) if self._incoming is not None else 0

    @property
    def owed_count(self) -> int:
        """How many of them await their PUBREC: the platform has not settled them yet."""
        return self._owed

    def has_taken(self, packet_id: int) -> bool:
        """Whether a QoS 2 message of this identifier came and was not released since."""
        return self._incoming is not None and packet_id in self._incoming

    def take(self, packet_id: int, awaiting: Connection | None) -> None:
        """Note a QoS 2 message, and the connection that is owed a PUBREC; None if it has it."""
        if self._incoming is None:
            self._incoming = {}
        self._incoming[packet_id] = awaiting
        self._owed += awaiting is not None

    def ask_again(self, packet_id: int, connection: Connection) -> bool:
        """Take a copy of a message that `has_taken`, and say whether its PUBREC is due now.

        It is not while the platform has to settle the message; then this connection will hear.
        """
        assert self._incoming is not None
        if self._incoming[packet_id] is None:
            return True
        self._incoming[packet_id] = connection
        return False

    def settle(self, packet_id: int) -> Connection | None:
        """Note that the platform has a message safe; returns the connection owed its PUBREC.

        None when nothing is owed: it was settled before, or belongs to a session that began anew.
        """
        awaiting = self._incoming.get(packet_id) if self._incoming is not None else None
        if awaiting is not None:
            assert self._incoming is not None
            self._incoming[packet_id] = None
            self._owed -= 1
        return awaiting

    def let_go(self, packet_id: int) -> bool:
        """Take a PUBREL; False when its PUBREC is still owed, so that none can have come.

        An identifier that is unknown was released before, which the client may not know.
        """
        incoming = self._incoming
        if incoming is None or packet_id not in incoming:
            return True
        if incoming[packet_id] is not None:
            return False
        del incoming[packet_id]
        if not incoming:
            self._incoming = None
        return True

    def weigh(self) -> int:
        """Return what it costs to keep, in bytes."""
        filters = len(self.implicit) + len(self.subscribed or ())
        return (
            SESSION_BYTES
            + filters * _FILTER_BYTES
            + self.incoming_count * _INCOMING_BYTES
            + self.outbox.kept_bytes
        )

    def __repr__(self) -> str:
        where = "away" if self.connection is None else "here"
        return f"<Session {self.client_id!r} of {self.principal!r}, {where}>"
