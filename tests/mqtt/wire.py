"""Clients and a broker joined by memory: every byte one side writes is read by the other."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from fleet_sim.mqtt.broker import (
    Admission,
    AllowAll,
    Authority,
    Broker,
    BrokerEvent,
    BrokerLimits,
    Connection,
)
from fleet_sim.mqtt.client import ClientEvent, ClientOptions, ClientSession, Received
from fleet_sim.mqtt.packets import Connect, Decoder, Packet, encode
from fleet_sim.mqtt.topics import matches


class Rules:
    """An authority made of lists.

    Args:
        passwords: User name to password; empty lets everybody in.
        banned: User names that are not authorised.
        publish: Topic filters open to all; None opens everything.
        subscribe: The same for subscriptions, compared as texts.
        implicit: Filters everybody gets without asking; `{}` is the client identifier.
        implicit_qos: Their QoS.
        exclusive: Whether one user name has one connection.
        may_persist: Whether sessions may outlive their connections.
        qos_max: The highest QoS served.
    """

    def __init__(
        self,
        *,
        passwords: dict[str, bytes] | None = None,
        banned: Iterable[str] = (),
        publish: Sequence[str] | None = None,
        subscribe: Sequence[str] | None = None,
        implicit: Sequence[str] = (),
        implicit_qos: int = 1,
        exclusive: bool = True,
        may_persist: bool = True,
        qos_max: int = 2,
    ) -> None:
        self.passwords = passwords or {}
        self.banned = tuple(banned)
        self.publish = publish
        self.subscribe = subscribe
        self.implicit = tuple(implicit)
        self.implicit_qos = implicit_qos
        self.exclusive = exclusive
        self.may_persist = may_persist
        self.qos_max = qos_max

    def admit(self, connect: Connect, peer: str) -> Admission | int:
        """Answer 4 to a wrong password and 5 to the banned."""
        name = connect.username or connect.client_id
        if self.passwords and self.passwords.get(name, b"") != connect.password:
            return 4
        if name in self.banned:
            return 5
        implicit = tuple(pattern.format(connect.client_id) for pattern in self.implicit)
        return Admission(
            name, implicit, self.exclusive, self.implicit_qos, self.may_persist, self.qos_max
        )

    def may_publish(self, principal: Hashable, topic: str) -> bool:
        """Look at the list."""
        return self.publish is None or any(matches(wanted, topic) for wanted in self.publish)

    def may_subscribe(self, principal: Hashable, topic_filter: str) -> bool:
        """Look at the list."""
        return self.subscribe is None or topic_filter in self.subscribe


class Party:
    """One client session and its connection at a broker.

    Attributes:
        heard: What the client was told, oldest first.
    """

    def __init__(self, wire: Wire, options: ClientOptions) -> None:
        self.wire = wire
        self.session = ClientSession(options)
        self.connection = wire.broker.open(wire.now_ms, "memory")
        self.heard: list[ClientEvent] = []

    def messages(self) -> list[tuple[str, bytes, int]]:
        """Return the messages received, and forget them with all else that was heard."""
        heard, self.heard = self.heard, []
        return [(e.topic, e.payload, e.qos) for e in heard if isinstance(e, Received)]

    def reconnect(self) -> None:
        """Lose the transport and connect anew with the same session."""
        self.drop()
        self.connection = self.wire.broker.open(self.wire.now_ms, "memory")
        self.session.connect()
        self.wire.settle()

    def drop(self) -> None:
        """Lose the transport without a word."""
        self.session.lost()
        self.wire.told += self.wire.broker.lost(self.connection, self.wire.now_ms)
        self.wire.settle()


class Wire:
    """A broker, its clients and the instant; `settle` moves bytes until nobody has any left.

    Attributes:
        told: The broker's events, oldest first.
        now_ms: The instant of whatever happens next.
    """

    def __init__(
        self,
        authority: Authority | None = None,
        claimed: Sequence[str] = (),
        limits: BrokerLimits | None = None,
    ) -> None:
        self.broker = Broker(limits or BrokerLimits(), authority or AllowAll(), claimed)
        self.parties: list[Party] = []
        self.told: list[BrokerEvent] = []
        self.now_ms = 0

    def client(self, client_id: str, **options: object) -> Party:
        """Connect a client; `options` are those of `ClientOptions`."""
        party = Party(self, ClientOptions(client_id, **options))  # type: ignore[arg-type]
        self.parties.append(party)
        party.session.connect()
        self.settle()
        return party

    def settle(self) -> None:
        """Carry bytes both ways until it is quiet."""
        moved = 1
        while moved:
            moved = sum(self._carry(party) for party in self.parties)

    def take_told(self) -> list[BrokerEvent]:
        """Return the broker's events, and begin anew."""
        told, self.told = self.told, []
        return told

    def _carry(self, party: Party) -> bool:
        up = party.session.take_output()
        if up:
            self.told += self.broker.receive(party.connection, up, self.now_ms)
        down = party.connection.take_output()
        if down:
            party.heard += party.session.receive(down, self.now_ms)
        return bool(up or down)


class Raw:
    """A connection to a broker that says any bytes it likes.

    Attributes:
        told: The broker's events.
    """

    def __init__(self, broker: Broker, *first: Packet, now_ms: int = 0) -> None:
        self.broker = broker
        self.connection: Connection = broker.open(now_ms, "raw")
        self.told: list[BrokerEvent] = []
        self._decoder = Decoder(1 << 20)
        self.say(*first, now_ms=now_ms)

    def say(self, *packets: Packet, now_ms: int = 0) -> list[Packet]:
        """Send packets as one piece and return the answers."""
        return self.say_bytes(b"".join(map(encode, packets)), now_ms=now_ms)

    def say_bytes(self, data: bytes, now_ms: int = 0) -> list[Packet]:
        """Send bytes and return the answers."""
        self.told += self.broker.receive(self.connection, data, now_ms)
        return self.hear()

    def hear(self) -> list[Packet]:
        """Return what the broker has written."""
        return self._decoder.feed(self.connection.take_output())
