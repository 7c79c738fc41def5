"""From packet to bytes: `encode` for all of them, and the two hot ones without a packet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.kinds import (
    REMAINING_LENGTH_MAX,
    TEXT_BYTES_MAX,
    Connack,
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
)

PINGREQ = b"\xc0\x00"
PINGRESP = b"\xd0\x00"
DISCONNECT = b"\xe0\x00"

_PROTOCOL = b"\x00\x04MQTT\x04"  # Name and level of 3.1.1 (MQTT 3.1.2.1, 3.1.2.2).
_ONE_BYTE_LENGTHS = 0x80  # Below this a remaining length takes one byte (MQTT 2.2.3).


# The packets that are nothing but an identifier, and those that are nothing at all.
_ANSWERS: Mapping[type[Packet], bytes] = MappingProxyType(
    {
        Puback: b"\x40\x02",
        Pubrec: b"\x50\x02",
        Pubrel: b"\x62\x02",
        Pubcomp: b"\x70\x02",
        Unsuback: b"\xb0\x02",
    }
)
_EMPTY: Mapping[type[Packet], bytes] = MappingProxyType(
    {Pingreq: PINGREQ, Pingresp: PINGRESP, Disconnect: DISCONNECT}
)


def encode(packet: Packet) -> bytes:
    """Write a packet.

    Raises:
        MqttError: It cannot be written: a text above 65,535 bytes or a packet above 256 MiB.
    """
    match packet:
        case Publish(topic, payload, qos, packet_id, retain, dup):
            return encode_publish(topic, payload, qos, packet_id, retain=retain, dup=dup)
        case Puback() | Pubrec() | Pubrel() | Pubcomp() | Unsuback():
            return _ANSWERS[type(packet)] + packet.packet_id.to_bytes(2, "big")
        case Pingreq() | Pingresp() | Disconnect():
            return _EMPTY[type(packet)]
        case Connect():
            return _framed(0x10, _connect_body(packet))
        case Connack(code, session_present):
            return bytes((0x20, 2, session_present, code))
        case Subscribe(packet_id, filters):
            body = b"".join(_text(text) + bytes((qos,)) for text, qos in filters)
            return _framed(0x82, packet_id.to_bytes(2, "big") + body)
        case Suback(packet_id, codes):
            return _framed(0x90, packet_id.to_bytes(2, "big") + bytes(codes))
        case Unsubscribe(packet_id, names):
            return _framed(0xA2, packet_id.to_bytes(2, "big") + b"".join(map(_text, names)))
        case _:
            assert_never(packet)


def encode_publish(
    topic: str | bytes,
    payload: bytes,
    qos: int = 0,
    packet_id: int = 0,
    *,
    retain: bool = False,
    dup: bool = False,
) -> bytes:
    """Write a PUBLISH; `topic` may already be UTF-8. `packet_id` is left out at QoS 0."""
    name = topic if isinstance(topic, bytes) else topic.encode()
    first = 0x30 | dup << 3 | qos << 1 | retain
    name_length = len(name)
    if qos:
        length = 4 + name_length + len(payload)
        tail = packet_id.to_bytes(2, "big")
    else:
        length = 2 + name_length + len(payload)
        tail = b""
    if length < _ONE_BYTE_LENGTHS:
        head = bytes((first, length, 0, name_length))
    elif name_length > TEXT_BYTES_MAX:
        raise MqttError(f"a topic has at most {TEXT_BYTES_MAX} bytes, this one {name_length}")
    else:
        head = bytes((first,)) + _length(length) + name_length.to_bytes(2, "big")
    return b"".join((head, name, tail, payload))


def encode_puback(packet_id: int) -> bytes:
    """Write a PUBACK."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def _connect_body(packet: Connect) -> bytes:
    flags = packet.clean_session << 1
    parts = [_text(packet.client_id)]
    if packet.will is not None:
        flags |= 0x04 | packet.will.qos << 3 | packet.will.retain << 5
        parts += (_text(packet.will.topic), _binary(packet.will.payload))
    if packet.username is not None:
        flags |= 0x80
        parts.append(_text(packet.username))
    if packet.password is not None:
        flags |= 0x40
        parts.append(_binary(packet.password))
    head = _PROTOCOL + bytes((flags,)) + packet.keep_alive_s.to_bytes(2, "big")
    return head + b"".join(parts)


def _framed(first: int, body: bytes) -> bytes:
    return bytes((first,)) + _length(len(body)) + body


def _length(length: int) -> bytes:
    """Write a remaining length: seven bits a byte, the lowest first (MQTT 2.2.3)."""
    if length > REMAINING_LENGTH_MAX:
        raise MqttError(f"a packet has at most {REMAINING_LENGTH_MAX} bytes, this one {length}")
    digits = bytearray()
    while length >= _ONE_BYTE_LENGTHS:
        digits.append(length & 0x7F | 0x80)
        length >>= 7
    digits.append(length)
    return bytes(digits)


def _text(text: str) -> bytes:
    return _binary(text.encode())


def _binary(content: bytes) -> bytes:
    if len(content) > TEXT_BYTES_MAX:
        raise MqttError(f"a field has at most {TEXT_BYTES_MAX} bytes, this one {len(content)}")
    return len(content).to_bytes(2, "big") + content
