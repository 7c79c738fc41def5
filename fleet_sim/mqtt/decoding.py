"""From bytes to packets, trusting nothing.

Every check the specification asks of a receiver is made here, except those that need a session (who
may send what, and when). A mistake raises `MqttError`; nothing else can come out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.kinds import (
    QOS_MAX,
    SUBSCRIBE_REFUSED,
    Connack,
    ConnackCode,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Will,
)
from fleet_sim.mqtt.topics import is_filter, is_topic

_PUBLISH = 3
_PUBACK = 4
_LENGTH_DIGITS_MAX = 4  # A remaining length has at most four bytes (MQTT 2.2.3).
_PROTOCOL_LEVEL = 4  # 3.1.1 (MQTT 3.1.2.2).


class Decoder:
    """Cuts a stream into packets. It owns the bytes of the packet that is still incomplete.

    Args:
        packet_bytes_max: The largest packet taken, its fixed header included; a larger one is
            refused as soon as its length is known, before any of it is kept.
    """

    __slots__ = ("_max", "_needed", "_rest")

    def __init__(self, packet_bytes_max: int) -> None:
        self._max = packet_bytes_max
        self._rest: bytearray | None = None
        self._needed = 0

    def feed(self, data: bytes) -> list[Packet]:
        """Take in a piece of the stream and return the packets it completes, in order.

        Raises:
            MqttError: A packet is malformed or too large; `packets` holds those before it. The
                stream is of no further use.
        """
        if self._rest is not None:
            self._rest += data
            if len(self._rest) < self._needed:
                return []
            data = bytes(self._rest)
            self._rest = None
        packets: list[Packet] = []
        try:
            start = self._cut(data, packets)
        except MqttError as error:
            error.packets = packets
            raise
        if start < len(data):
            self._rest = bytearray(data[start:])
        return packets

    def _cut(self, data: bytes, packets: list[Packet]) -> int:
        """Append every complete packet and return where the incomplete one starts."""
        start, size = 0, len(data)
        while size - start > 1:
            first, length = data[start], data[start + 1]
            at = start + 2
            if length > 0x7F:  # noqa: PLR2004 - the bit that says: one more byte
                length, at = _long_length(data, start + 1)
                if at == 0:
                    self._needed = size - start + 1
                    return start
            end = at + length
            if end - start > self._max:
                raise MqttError(f"a packet of {end - start} bytes is above the {self._max} allowed")
            if end > size:
                self._needed = end - start
                return start
            kind = first >> 4
            if kind == _PUBLISH:
                packets.append(_publish(first & 15, data, at, end))
            else:
                packets.append(_other(kind, first & 15, data[at:end]))
            start = end
        self._needed = 2
        return start


def _long_length(data: bytes, at: int) -> tuple[int, int]:
    """Read a remaining length of several bytes: (length, where the body starts).

    The place is 0 when the length itself is still incomplete.
    """
    length = 0
    for index, digit in enumerate(data[at : at + _LENGTH_DIGITS_MAX]):
        length |= (digit & 0x7F) << 7 * index
        if digit < 0x80:  # noqa: PLR2004 - the bit that says: one more byte
            return length, at + index + 1
    if len(data) - at >= _LENGTH_DIGITS_MAX:
        raise MqttError("the remaining length has more than four bytes")
    return 0, 0


def _publish(flags: int, data: bytes, at: int, end: int) -> Publish:
    """Read a PUBLISH between `at` and `end`, in place: it is the packet there are most of."""
    qos = flags >> 1 & 3
    if qos > QOS_MAX:
        raise MqttError("a PUBLISH asks for QoS 3")
    if not qos and flags & 8:
        raise MqttError("a PUBLISH of QoS 0 says it is a duplicate")
    start = at + 2
    body = start + (data[at] << 8 | data[at + 1]) if start <= end else end + 1
    if body > end:
        raise MqttError("a PUBLISH ends within its topic")
    topic = _utf8(data[start:body])
    if not topic or "+" in topic or "#" in topic:  # `is_topic`, less what is known already
        raise MqttError(f"{topic[:80]!r} is no topic to publish on")
    if not qos:
        return Publish(topic, data[body:end], 0, 0, flags & 1 == 1)
    start = body + 2
    packet_id = data[body] << 8 | data[body + 1] if start <= end else _packet_id(data[body:end])
    if not packet_id:
        raise MqttError("a packet identifier is 0")
    return Publish(topic, data[start:end], qos, packet_id, flags & 1 == 1, flags & 8 == 8)  # noqa: PLR2004 - the DUP bit


def _other(kind: int, flags: int, body: bytes) -> Packet:
    if kind == _PUBACK and not flags:
        return Puback(_packet_id(body))
    known = _KINDS.get(kind)
    if known is None:
        raise MqttError(f"there is no packet of type {kind}")
    expected, read = known
    if flags != expected:
        raise MqttError(f"a packet of type {kind} has the flags {flags} instead of {expected}")
    return read(body)


def _connect(body: bytes) -> Connect:
    fields = _Fields(body, "CONNECT")
    name, level = fields.binary(), fields.byte()
    if (name, level) != (b"MQTT", _PROTOCOL_LEVEL):
        # A wrong name may be left without an answer (MQTT 3.1.2.1), but clients of 3.1 and of 5
        # fall back when told, so both hear the same.
        code = ConnackCode.BAD_PROTOCOL_VERSION if name in (b"MQTT", b"MQIsdp") else None
        raise MqttError(f"protocol {name[:20]!r} level {level} is not MQTT 3.1.1", code=code)
    flags = fields.byte()
    keep_alive_s = fields.byte() << 8 | fields.byte()
    _check_connect_flags(flags)
    client_id = fields.text()
    will = _will(flags, fields) if flags & 0x04 else None
    username = fields.text() if flags & 0x80 else None
    password = fields.binary() if flags & 0x40 else None
    fields.finish()
    return Connect(client_id, username, password, keep_alive_s, bool(flags & 0x02), will)


def _check_connect_flags(flags: int) -> None:
    if flags & 0x01:
        raise MqttError("the reserved flag of a CONNECT is set")
    if not flags & 0x04 and flags & 0x38:
        raise MqttError("a CONNECT without a will has will flags")
    if flags >> 3 & 3 > QOS_MAX:
        raise MqttError("a will asks for QoS 3")
    if flags & 0x40 and not flags & 0x80:
        raise MqttError("a CONNECT has a password but no user name")


def _will(flags: int, fields: _Fields) -> Will:
    topic = fields.text()
    if not is_topic(topic):
        raise MqttError(f"{topic[:80]!r} is no topic for a will")
    return Will(topic, fields.binary(), flags >> 3 & 3, bool(flags & 0x20))


def _connack(body: bytes) -> Connack:
    fields = _Fields(body, "CONNACK")
    flags, code = fields.byte(), fields.byte()
    fields.finish()
    if flags > 1:
        raise MqttError("a CONNACK has reserved flags")
    if flags and code:
        raise MqttError("a CONNACK refuses and speaks of a session")
    return Connack(code, bool(flags))


def _subscribe(body: bytes) -> Subscribe:
    fields = _Fields(body, "SUBSCRIBE")
    packet_id = fields.packet_id()
    filters: list[tuple[str, int]] = []
    while fields.is_left():
        name, qos = fields.topic_filter(), fields.byte()
        if qos > QOS_MAX:
            raise MqttError(f"a SUBSCRIBE asks for QoS {qos}")
        filters.append((name, qos))
    if not filters:
        raise MqttError("a SUBSCRIBE names no topic filter")
    return Subscribe(packet_id, tuple(filters))


def _suback(body: bytes) -> Suback:
    packet_id, codes = _packet_id(body[:2]), tuple(body[2:])
    if not codes or any(code > QOS_MAX and code != SUBSCRIBE_REFUSED for code in codes):
        raise MqttError("a SUBACK has no code, or one that does not exist")
    return Suback(packet_id, codes)


def _unsubscribe(body: bytes) -> Unsubscribe:
    fields = _Fields(body, "UNSUBSCRIBE")
    packet_id = fields.packet_id()
    filters: list[str] = []
    while fields.is_left():
        filters.append(fields.topic_filter())
    if not filters:
        raise MqttError("an UNSUBSCRIBE names no topic filter")
    return Unsubscribe(packet_id, tuple(filters))


def _empty(packet: Packet) -> Callable[[bytes], Packet]:
    def read(body: bytes) -> Packet:
        if body:
            raise MqttError(f"a {type(packet).__name__.upper()} has a body")
        return packet

    return read


def _packet_id(body: bytes) -> int:
    if len(body) != 2:  # noqa: PLR2004 - a packet identifier has two bytes
        raise MqttError("a packet identifier is missing, or something follows it")
    packet_id = body[0] << 8 | body[1]
    if not packet_id:
        raise MqttError("a packet identifier is 0")
    return packet_id


def _utf8(content: bytes) -> str:
    """Read a text: well-formed UTF-8, hence no surrogates, and no U+0000 (MQTT 1.5.3)."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise MqttError(f"{content[:40]!r} is not UTF-8") from None
    if "\0" in text:
        raise MqttError("a text holds the character U+0000")
    return text


class _Fields:
    """Reads the fields of one body from left to right."""

    __slots__ = ("_at", "_body", "_name")

    def __init__(self, body: bytes, name: str) -> None:
        self._body = body
        self._at = 0
        self._name = name

    def is_left(self) -> bool:
        return self._at < len(self._body)

    def byte(self) -> int:
        return self._take(1)[0]

    def packet_id(self) -> int:
        return _packet_id(self._take(2))

    def binary(self) -> bytes:
        return self._take(int.from_bytes(self._take(2), "big"))

    def text(self) -> str:
        return _utf8(self.binary())

    def topic_filter(self) -> str:
        name = self.text()
        if not is_filter(name):
            raise MqttError(f"{name[:80]!r} is no topic filter")
        return name

    def finish(self) -> None:
        if self.is_left():
            raise MqttError(f"something follows a {self._name}")

    def _take(self, size: int) -> bytes:
        taken = self._body[self._at : self._at + size]
        if len(taken) < size:
            raise MqttError(f"a {self._name} ends too early")
        self._at += size
        return taken


# Type → the flags it must carry, and how its body is read. PUBLISH is read by `_publish`.
_KINDS: Mapping[int, tuple[int, Callable[[bytes], Packet]]] = MappingProxyType(
    {
        1: (0, _connect),
        2: (0, _connack),
        _PUBACK: (0, lambda body: Puback(_packet_id(body))),
        5: (0, lambda body: Pubrec(_packet_id(body))),
        6: (2, lambda body: Pubrel(_packet_id(body))),
        7: (0, lambda body: Pubcomp(_packet_id(body))),
        8: (2, _subscribe),
        9: (0, _suback),
        10: (2, _unsubscribe),
        11: (0, lambda body: Unsuback(_packet_id(body))),
        12: (0, _empty(Pingreq())),
        13: (0, _empty(Pingresp())),
        14: (0, _empty(Disconnect())),
    }
)
