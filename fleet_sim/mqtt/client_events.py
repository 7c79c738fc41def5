"""What a client is told by its session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker let us in."""

    session_present: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The broker did not let us in, and will close; `code` as in `ConnackCode`."""

    code: int


@dataclass(frozen=True, slots=True)
class Received:
    """A message arrived, at QoS 2 for the first time; its answer is already in the output."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker has taken in the QoS 1 or 2 message that `publish` gave this identifier."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker's answer to a SUBSCRIBE: a granted QoS or 0x80 a filter, in the order asked."""

    packet_id: int
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """The broker has forgotten the filters."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Ponged:
    """The broker answered a ping."""


ClientEvent: TypeAlias = (
    Connected | Refused | Received | Acknowledged | Subscribed | Unsubscribed | Ponged
)
