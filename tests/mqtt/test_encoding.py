import pytest

from fleet_sim.mqtt.encoding import encode, encode_puback, encode_publish
from fleet_sim.mqtt.packets import (
    Connack,
    Connect,
    Disconnect,
    MqttError,
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

# Written out by hand from the figures of MQTT 3.1.1, the section beside each.
GOLDEN = [
    # 3.1.2, figures 3.2 to 3.6: all flags, a will of QoS 1, user name and password.
    (
        Connect("c", "u", b"p", 10, clean_session=True, will=Will("w", b"x", 1, retain=True)),
        "10 19 0004 4D515454 04 EE 000A 0001 63 0001 77 0001 78 0001 75 0001 70",
    ),
    (Connect("", clean_session=True), "10 0C 0004 4D515454 04 02 003C 0000"),  # 3.1.3.1
    (Connack(0, session_present=True), "20 02 01 00"),  # 3.2
    (Connack(5), "20 02 00 05"),
    # 3.3, figures 3.10 and 3.11: topic a/b, packet identifier 10.
    (Publish("a/b", b"", 1, 10), "32 07 0003 612F62 000A"),
    (Publish("a/b", b"hi", 0), "30 07 0003 612F62 6869"),
    (Publish("a/b", b"hi", 2, 258, retain=True, dup=True), "3D 09 0003 612F62 0102 6869"),
    (Puback(258), "40 02 0102"),  # 3.4
    (Pubrec(1), "50 02 0001"),  # 3.5
    (Pubrel(1), "62 02 0001"),  # 3.6
    (Pubcomp(1), "70 02 0001"),  # 3.7
    # 3.8, figures 3.22 and 3.23: a/b at QoS 1, c/d at QoS 2.
    (Subscribe(10, (("a/b", 1), ("c/d", 2))), "82 0E 000A 0003 612F62 01 0003 632F64 02"),
    (Suback(10, (0, 2, 0x80)), "90 05 000A 00 02 80"),  # 3.9, figure 3.26
    (Unsubscribe(10, ("a/b", "c/d")), "A2 0C 000A 0003 612F62 0003 632F64"),  # 3.10, figure 3.30
    (Unsuback(10), "B0 02 000A"),  # 3.11
    (Pingreq(), "C0 00"),  # 3.12
    (Pingresp(), "D0 00"),  # 3.13
    (Disconnect(), "E0 00"),  # 3.14
]


@pytest.mark.parametrize(("packet", "octets"), GOLDEN)
def test_packets_are_written_as_the_specification_draws_them(packet: Packet, octets: str) -> None:
    """Byte for byte."""
    assert encode(packet) == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("body_bytes", "length"),
    [
        (127, "7F"),
        (128, "80 01"),
        (16_383, "FF 7F"),
        (16_384, "80 80 01"),
        (2_097_151, "FF FF 7F"),
        (2_097_152, "80 80 80 01"),
    ],
)
def test_the_remaining_length_changes_its_size_where_the_table_says(
    body_bytes: int, length: str
) -> None:
    """Both ends of each row of table 2.4 that a test can afford."""
    packet = encode_publish("t", bytes(body_bytes - 3))

    assert packet[1 : len(bytes.fromhex(length)) + 1] == bytes.fromhex(length)
    assert len(packet) == 1 + len(bytes.fromhex(length)) + body_bytes


def test_a_message_can_be_written_from_an_encoded_topic() -> None:
    """Text and UTF-8 give the same bytes, short and long."""
    for payload in (b"x", bytes(500)):
        text = encode_publish("tö", payload, 1, 7, retain=True, dup=True)

        assert encode_publish("tö".encode(), payload, 1, 7, retain=True, dup=True) == text
        assert encode(Publish("tö", payload, 1, 7, retain=True, dup=True)) == text


def test_an_acknowledgement_can_be_written_without_a_packet() -> None:
    """It is what `encode` writes."""
    assert encode_puback(513) == encode(Puback(513))


@pytest.mark.parametrize(
    "packet",
    [
        Publish("t" * 65_536, b""),
        Connect("c" * 65_536),
        Connect("c", "u", bytes(65_536)),
        Subscribe(1, (("f" * 65_536, 0),)),
    ],
)
def test_what_the_format_cannot_hold_is_refused(packet: Packet) -> None:
    """A field's length has two bytes: more is an error, not a broken packet."""
    with pytest.raises(MqttError, match="at most 65535 bytes, this one 65536"):
        encode(packet)


def test_a_packet_above_the_largest_length_is_refused() -> None:
    """Four bytes of seven bits end at 268,435,455."""
    with pytest.raises(MqttError, match="at most 268435455 bytes"):
        encode_publish("t", bytes(268_435_455))
