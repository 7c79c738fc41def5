import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.mqtt.packets import (
    ConnackCode,
    Connect,
    Decoder,
    MqttError,
    Packet,
    Pingreq,
    Publish,
    encode,
)
from tests.mqtt.packets_drawn import PACKETS
from tests.mqtt.test_encoding import GOLDEN

MAX = 1 << 20


@given(st.lists(PACKETS, max_size=5), st.data())
def test_packets_come_back_however_the_stream_is_cut(
    packets: list[Packet], data: st.DataObject
) -> None:
    """Reading what was written gives the same packets, cut anywhere."""
    stream = b"".join(map(encode, packets))
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6).map(sorted))
    decoder = Decoder(MAX)

    found = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += decoder.feed(stream[start:end])

    assert found == packets


@given(PACKETS)
def test_packets_come_back_byte_by_byte(packet: Packet) -> None:
    """The slowest possible link."""
    decoder = Decoder(MAX)

    found = [one for byte in encode(packet) for one in decoder.feed(bytes((byte,)))]

    assert found == [packet]


@pytest.mark.parametrize(("packet", "octets"), GOLDEN)
def test_packets_are_read_as_the_specification_draws_them(packet: Packet, octets: str) -> None:
    """Byte for byte."""
    assert Decoder(MAX).feed(bytes.fromhex(octets)) == [packet]


@given(st.binary(max_size=200))
def test_garbage_raises_nothing_but_mqtt_errors(garbage: bytes) -> None:
    """Whatever a peer sends, one exception is all there is."""
    with contextlib.suppress(MqttError):
        Decoder(MAX).feed(garbage)


@given(PACKETS, st.integers(0), st.integers(0, 255))
def test_a_packet_with_one_wrong_byte_raises_nothing_but_mqtt_errors(
    packet: Packet, place: int, byte: int
) -> None:
    """The same, but nearly right, so that the checks deep inside are reached."""
    data = bytearray(encode(packet))
    data[place % len(data)] = byte

    with contextlib.suppress(MqttError):
        Decoder(MAX).feed(bytes(data))


CONNECT = "0004 4D515454 04"  # Name and level of the protocol.

MALFORMED = [
    ("00 00", "no packet of type 0"),
    ("F0 00", "no packet of type 15"),
    ("11 00", "flags 1 instead of 0"),
    ("42 02 0001", "flags 2 instead of 0"),
    ("80 05 0001 0001 61 00", "flags 0 instead of 2"),
    ("A0 05 0001 0001 61", "flags 0 instead of 2"),
    ("60 02 0001", "flags 0 instead of 2"),
    ("C0 80 80 80 80 01", "more than four bytes"),
    ("36 05 0001 61 0001", "QoS 3"),
    ("38 03 0001 61", "says it is a duplicate"),
    ("30 01 00", "ends within its topic"),
    ("30 00", "ends within its topic"),
    ("30 03 0002 61", "ends within its topic"),
    ("30 02 0000", "no topic to publish on"),
    ("30 05 0003 612F2B", "no topic to publish on"),
    ("30 05 0003 612F23", "no topic to publish on"),
    ("30 03 0001 00", r"U\+0000"),
    ("30 04 0002 C328", "not UTF-8"),
    ("30 05 0003 EDA080", "not UTF-8"),  # half of a surrogate pair, MQTT 1.5.3
    ("30 04 0002 C080", "not UTF-8"),  # an overlong U+0000
    ("32 03 0001 61", "identifier is missing"),
    ("32 04 0001 61 00", "identifier is missing"),
    ("32 05 0001 61 0000", "identifier is 0"),
    ("40 02 0000", "identifier is 0"),
    ("40 01 01", "identifier is missing"),
    ("40 03 0001 00", "something follows"),
    ("B0 02 0000", "identifier is 0"),
    ("C0 01 00", "PINGREQ has a body"),
    ("E0 01 00", "DISCONNECT has a body"),
    ("20 02 02 00", "reserved flags"),
    ("20 02 01 05", "refuses and speaks of a session"),
    ("20 01 00", "CONNACK ends too early"),
    ("20 03 00 00 00", "something follows a CONNACK"),
    ("82 02 0001", "names no topic filter"),
    ("82 06 0001 0001 61 03", "asks for QoS 3"),
    ("82 06 0001 0001 61 04", "asks for QoS 4"),
    ("82 05 0001 0001 61", "SUBSCRIBE ends too early"),
    ("82 06 0000 0001 61 00", "identifier is 0"),
    ("82 05 0001 0000 00", "no topic filter"),
    ("82 08 0001 0003 612B2F 00", "no topic filter"),
    ("82 08 0001 0003 232F61 00", "no topic filter"),
    ("A2 02 0001", "names no topic filter"),
    ("A2 04 0001 0000", "no topic filter"),
    ("90 02 0001", "SUBACK has no code"),
    ("90 03 0001 03", "one that does not exist"),
    (f"10 0C {CONNECT} 03 003C 0000", "reserved flag"),
    (f"10 0C {CONNECT} 0A 003C 0000", "will flags"),
    (f"10 0C {CONNECT} 22 003C 0000", "will flags"),
    (f"10 11 {CONNECT} 1E 003C 0000 0001 77 0000", "will asks for QoS 3"),
    (f"10 10 {CONNECT} 06 003C 0000 0000 0000", "no topic for a will"),
    (f"10 0E {CONNECT} 42 003C 0000 0000", "password but no user name"),
    (f"10 0C {CONNECT} 82 003C 0000", "CONNECT ends too early"),
    (f"10 0D {CONNECT} 02 003C 0000 00", "something follows a CONNECT"),
    ("10 06 0004 4D515454", "CONNECT ends too early"),
]


@pytest.mark.parametrize(("octets", "why"), MALFORMED)
def test_what_the_specification_forbids_is_refused(octets: str, why: str) -> None:
    """One packet for each check."""
    data = bytes.fromhex(octets)
    padded = bytes((data[0], len(data) - 2)) + data[2:] if data[1] < 0x80 else data

    with pytest.raises(MqttError, match=why) as caught:
        Decoder(MAX).feed(padded)

    assert caught.value.code is None


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        ("10 0C 0004 4D515454 03 02 003C 0000", ConnackCode.BAD_PROTOCOL_VERSION),
        ("10 0D 0004 4D515454 05 02 003C 00 0000", ConnackCode.BAD_PROTOCOL_VERSION),
        ("10 0E 0006 4D5149736470 03 02 003C 0000", ConnackCode.BAD_PROTOCOL_VERSION),
        ("10 0C 0004 58585858 04 02 003C 0000", None),
    ],
)
def test_another_protocol_is_told_so(octets: str, code: int | None) -> None:
    """MQTT 3.1 and 5 learn that the version is wrong; a foreign protocol learns nothing."""
    with pytest.raises(MqttError, match=r"is not MQTT 3\.1\.1") as caught:
        Decoder(MAX).feed(bytes.fromhex(octets))

    assert caught.value.code == code


def test_a_mistake_keeps_the_packets_before_it() -> None:
    """Whether they came in the same piece or not makes no difference."""
    data = encode(Connect("c")) + encode(Publish("t", b"x")) + b"\x00\x00" + encode(Pingreq())

    with pytest.raises(MqttError) as caught:
        Decoder(MAX).feed(data)

    assert caught.value.packets == [Connect("c"), Publish("t", b"x")]


def test_a_packet_of_the_largest_size_is_taken() -> None:
    """The limit counts the fixed header too, and is included."""
    data = encode(Publish("t", bytes(94)))

    assert len(data) == 99
    assert Decoder(99).feed(data) == [Publish("t", bytes(94))]


def test_a_larger_packet_is_refused_by_its_header() -> None:
    """Nothing of it is waited for, let alone kept."""
    header = encode(Publish("t", bytes(95)))[:2]

    with pytest.raises(MqttError, match="100 bytes is above the 99 allowed"):
        Decoder(99).feed(header)


def test_a_long_length_may_arrive_in_pieces() -> None:
    """A header cut within its length is no mistake."""
    data = encode(Publish("t", bytes(300_000)))
    decoder = Decoder(MAX)

    assert [decoder.feed(data[:cut]) for cut in (1,)] == [[]]
    assert decoder.feed(data[1:3]) == []
    assert decoder.feed(data[3:1000]) == []
    assert decoder.feed(data[1000:]) == [Publish("t", bytes(300_000))]
