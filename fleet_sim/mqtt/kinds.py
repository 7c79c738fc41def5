"""The fourteen control packets of MQTT 3.1.1 as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias


class ConnackCode(IntEnum):
    """Why a CONNECT was refused (MQTT 3.2.2.3)."""

    ACCEPTED = 0
    BAD_PROTOCOL_VERSION = 1
    IDENTIFIER_REJECTED = 2
    SERVER_UNAVAILABLE = 3
    BAD_USERNAME_OR_PASSWORD = 4
    NOT_AUTHORIZED = 5


QOS_MAX = 2
SUBSCRIBE_REFUSED = 0x80  # The SUBACK code of a filter that was not granted (MQTT 3.9.3).
PACKET_ID_MAX = 0xFFFF  # Two bytes, and 0 is no identifier (MQTT 2.3.1).
TEXT_BYTES_MAX = 0xFFFF  # A text's length is written in two bytes (MQTT 1.5.3).
REMAINING_LENGTH_MAX = 268_435_455  # Four bytes of seven bits (MQTT 2.2.3).


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes for a client that vanishes without DISCONNECT."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Connect:
    """A client asks to be let in. `keep_alive_s` 0 means no keep alive."""

    client_id: str
    username: str | None = None
    password: bytes | None = field(default=None, repr=False)
    keep_alive_s: int = 60
    clean_session: bool = True
    will: Will | None = None


@dataclass(frozen=True, slots=True)
class Connack:
    """The broker's answer: a `ConnackCode`, or another number of a newer broker."""

    code: int
    session_present: bool = False


@dataclass(frozen=True, slots=True)
class Publish:
    """One message. `packet_id` is 0 at QoS 0 and 1 to 65535 above."""

    topic: str
    payload: bytes
    qos: int = 0
    packet_id: int = 0
    retain: bool = False
    dup: bool = False


@dataclass(frozen=True, slots=True)
class Puback:
    """A QoS 1 message has been taken in."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Pubrec:
    """QoS 2, second of four."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Pubrel:
    """QoS 2, third of four."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Pubcomp:
    """QoS 2, last of four."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Topic filters, each with the highest QoS wanted; at least one."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Suback:
    """One code a filter, in the order asked: the QoS granted, or `SUBSCRIBE_REFUSED`."""

    packet_id: int
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Topic filters to forget; at least one."""

    packet_id: int
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unsuback:
    """The filters are forgotten."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Pingreq:
    """A client shows that it lives."""


@dataclass(frozen=True, slots=True)
class Pingresp:
    """The broker shows that it lives."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """A client leaves in good order: its will is forgotten."""


Packet: TypeAlias = (
    Connect
    | Connack
    | Publish
    | Puback
    | Pubrec
    | Pubrel
    | Pubcomp
    | Subscribe
    | Suback
    | Unsubscribe
    | Unsuback
    | Pingreq
    | Pingresp
    | Disconnect
)
