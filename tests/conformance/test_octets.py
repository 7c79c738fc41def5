import pytest

from tests.conformance.octets import (
    Message,
    Will,
    connack,
    connect,
    cut,
    framed,
    length,
    message_of,
    puback,
    pubcomp,
    publish,
    pubrec,
    pubrel,
    suback,
    subscribe,
    unsuback,
    unsubscribe,
)

# Written out by hand from the figures of chapter 3.
WRITTEN = [
    (connect("c"), "100d 00044d515454 04 02 0000 000163"),
    (
        connect(
            "c",
            clean=False,
            keep_alive_s=60,
            will=Will("w", b"x", 2, retain=True),
            username="u",
            password=b"\xff",
        ),
        "1019 00044d515454 04 f4 003c 000163 000177 000178 000175 0001ff",
    ),
    (connack(), "2002 0000"),
    (connack(present=True), "2002 0100"),
    (connack(2), "2002 0002"),
    (publish("a/b", b"x"), "3006 0003612f62 78"),
    (publish("a", b"", 1, 10, retain=True), "3305 000161 000a"),
    (publish("a", b"x", 2, 0x1234, dup=True), "3c06 000161 1234 78"),
    (puback(1), "4002 0001"),
    (pubrec(2), "5002 0002"),
    (pubrel(3), "6202 0003"),
    (pubcomp(4), "7002 0004"),
    (subscribe(10, ("a", 1), ("b/c", 2)), "820c 000a 000161 01 0003622f63 02"),
    (suback(10, 0, 0x80), "9004 000a 0080"),
    (unsubscribe(10, "a", "b"), "a208 000a 000161 000162"),
    (unsuback(10), "b002 000a"),
]


@pytest.mark.parametrize(("packet", "octets"), WRITTEN)
def test_packets_are_those_of_the_specification(packet: bytes, octets: str) -> None:
    """Octet by octet."""
    assert packet.hex() == octets.replace(" ", "")


@pytest.mark.parametrize(
    ("value", "octets"),
    [(0, "00"), (127, "7f"), (128, "8001"), (16_383, "ff7f"), (268_435_455, "ffffff7f")],
)
def test_lengths_are_those_of_the_table(value: int, octets: str) -> None:
    """Table 2.4."""
    assert length(value).hex() == octets


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384])
def test_the_first_packet_is_cut_off_a_stream(size: int) -> None:
    """Once all of it is there, and whatever follows."""
    packet = framed(3, 0, bytes(size))

    assert cut(packet) == cut(packet + b"\xc0\x00") == len(packet)
    assert cut(packet[:-1]) == cut(b"") == cut(packet[:1]) == 0


def test_a_message_is_read_as_it_was_written() -> None:
    """Each flag at its place."""
    for qos, retain, dup in [(0, True, False), (1, False, True), (2, True, True)]:
        packet = publish("größe", b"x" * 200, qos, 9 if qos else 0, retain=retain, dup=dup)

        expected = Message("größe", b"x" * 200, qos, 9 if qos else 0, retain, dup)
        assert message_of(packet) == expected


def test_another_packet_is_no_message() -> None:
    """It says what it was instead."""
    with pytest.raises(ValueError, match="40 02 00 01 is no PUBLISH"):
        message_of(puback(1))
