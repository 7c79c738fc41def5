"""MQTT 3.1.1 packets as octets, written and read without the codec that is under test.

Whatever a test wants can be written, wrong things too: nothing here checks anything.
"""

from __future__ import annotations

from dataclasses import dataclass

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = range(8, 15)

PING = b"\xc0\x00"
PONG = b"\xd0\x00"
LEAVE = b"\xe0\x00"

# Flag bits of a CONNECT (MQTT 3.1.2.3).
RESERVED, CLEAN, WILL, WILL_RETAIN, PASSWORD, USERNAME = 0x01, 0x02, 0x04, 0x20, 0x40, 0x80


@dataclass(frozen=True, slots=True)
class Message:
    """A PUBLISH as it stood on the wire; `packet_id` is 0 where there is none."""

    topic: str
    payload: bytes = b""
    qos: int = 0
    packet_id: int = 0
    retain: bool = False
    dup: bool = False


@dataclass(frozen=True, slots=True)
class Will:
    """The will of a CONNECT."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


def number(value: int) -> bytes:
    """Write two bytes, the high one first."""
    return value.to_bytes(2, "big")


def text(content: str | bytes) -> bytes:
    """Write a text or a binary field with its length; bytes may be no UTF-8 at all."""
    octets = content if isinstance(content, bytes) else content.encode()
    return number(len(octets)) + octets


def length(value: int) -> bytes:
    """Write a remaining length: seven bits a byte, the lowest first."""
    digits = bytearray()
    while True:
        value, digit = divmod(value, 128)
        digits.append(digit | 128 if value else digit)
        if not value:
            return bytes(digits)


def framed(kind: int, flags: int, *parts: bytes) -> bytes:
    """Write any packet: its type, its four flag bits, its body in pieces."""
    body = b"".join(parts)
    return bytes((kind << 4 | flags,)) + length(len(body)) + body


def connect_raw(
    flags: int, *fields: bytes, protocol: bytes = b"MQTT", level: int = 4, keep_alive_s: int = 0
) -> bytes:
    """Write a CONNECT with any flags and any fields behind its variable header."""
    head = text(protocol) + bytes((level, flags)) + number(keep_alive_s)
    return framed(CONNECT, 0, head, *fields)


def connect(
    client_id: str | bytes,
    *,
    clean: bool = True,
    keep_alive_s: int = 0,
    will: Will | None = None,
    username: str | bytes | None = None,
    password: bytes | None = None,
) -> bytes:
    """Write a CONNECT in good order."""
    flags = CLEAN if clean else 0
    fields = [text(client_id)]
    if will is not None:
        flags |= WILL | will.qos << 3 | (WILL_RETAIN if will.retain else 0)
        fields += [text(will.topic), text(will.payload)]
    if username is not None:
        flags |= USERNAME
        fields.append(text(username))
    if password is not None:
        flags |= PASSWORD
        fields.append(text(password))
    return connect_raw(flags, *fields, keep_alive_s=keep_alive_s)


def connack(code: int = 0, *, present: bool = False) -> bytes:
    """Write a CONNACK."""
    return bytes((0x20, 2, present, code))


def publish(
    topic: str | bytes,
    payload: bytes = b"",
    qos: int = 0,
    packet_id: int = 0,
    *,
    retain: bool = False,
    dup: bool = False,
) -> bytes:
    """Write a PUBLISH; the packet identifier, 0 too, is there at QoS 1 and above."""
    tail = number(packet_id) if qos else b""
    return framed(PUBLISH, dup << 3 | qos << 1 | retain, text(topic), tail, payload)


def puback(packet_id: int) -> bytes:
    """Write a PUBACK."""
    return framed(PUBACK, 0, number(packet_id))


def pubrec(packet_id: int) -> bytes:
    """Write a PUBREC."""
    return framed(PUBREC, 0, number(packet_id))


def pubrel(packet_id: int) -> bytes:
    """Write a PUBREL."""
    return framed(PUBREL, 2, number(packet_id))


def pubcomp(packet_id: int) -> bytes:
    """Write a PUBCOMP."""
    return framed(PUBCOMP, 0, number(packet_id))


def subscribe(packet_id: int, *filters: tuple[str | bytes, int]) -> bytes:
    """Write a SUBSCRIBE: topic filters, each with its options byte."""
    return framed(
        SUBSCRIBE, 2, number(packet_id), *(text(name) + bytes((qos,)) for name, qos in filters)
    )


def suback(packet_id: int, *codes: int) -> bytes:
    """Write a SUBACK."""
    return framed(SUBACK, 0, number(packet_id), bytes(codes))


def unsubscribe(packet_id: int, *filters: str | bytes) -> bytes:
    """Write an UNSUBSCRIBE."""
    return framed(UNSUBSCRIBE, 2, number(packet_id), *map(text, filters))


def unsuback(packet_id: int) -> bytes:
    """Write an UNSUBACK."""
    return framed(UNSUBACK, 0, number(packet_id))


def cut(data: bytes) -> int:
    """Return how many bytes the first packet of a stream has; 0 while it is incomplete."""
    size = at = 0
    for shift in range(4):
        at = shift + 1
        if at >= len(data):
            return 0
        size |= (data[at] & 127) << 7 * shift
        if data[at] < 128:
            break
    whole = at + 1 + size
    return whole if whole <= len(data) else 0


def message_of(packet: bytes) -> Message:
    """Read a PUBLISH.

    Raises:
        ValueError: It is another packet.
    """
    if packet[0] >> 4 != PUBLISH:
        raise ValueError(f"{packet[:20].hex(' ')} is no PUBLISH")
    body = packet[next(at for at in range(1, 5) if packet[at] < 128) + 1 :]
    qos, end = packet[0] >> 1 & 3, 2 + int.from_bytes(body[:2], "big")
    topic, rest = body[2:end].decode(), body[end:]
    packet_id = int.from_bytes(rest[:2], "big") if qos else 0
    payload = rest[2:] if qos else rest
    return Message(topic, payload, qos, packet_id, bool(packet[0] & 1), bool(packet[0] & 8))
