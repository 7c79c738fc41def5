"""What a broker tells its platform."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TypeAlias

from fleet_sim.mqtt.connection import Connection


@dataclass(frozen=True, slots=True)
class Opened:
    """A client was admitted."""

    connection: Connection
    principal: Hashable


@dataclass(frozen=True, slots=True)
class Closed:
    """An admitted client is gone, or will be once its output is written.

    Attributes:
        connection: Its connection, of no further use.
        principal: Who it was.
        why: One phrase.
        was_clean: It said DISCONNECT.
    """

    connection: Connection
    principal: Hashable
    why: str
    was_clean: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message on a topic that the platform claims.

    Attributes:
        connection: Where it came from; a will comes from a connection that is gone.
        principal: Who published it.
        topic: Where.
        payload: What.
        qos: As published.
        token: To be given to `acknowledge`, which sends the PUBACK or the PUBREC; None where none
            is due.
    """

    connection: Connection
    principal: Hashable
    topic: str
    payload: bytes
    qos: int
    token: int | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A client has acknowledged a message of the platform: by PUBACK, or at QoS 2 by PUBCOMP."""

    connection: Connection
    principal: Hashable
    topic: str
    packet_id: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Something was not let through: a message, a filter, or with topic "" a whole connection."""

    connection: Connection
    topic: str
    why: str


BrokerEvent: TypeAlias = Opened | Closed | Arrived | Delivered | Refused
