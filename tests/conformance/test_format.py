"""Chapters 1 and 2: texts, fixed headers, packet identifiers, and what is no packet at all."""

import pytest

from tests.conformance.differences import expected
from tests.conformance.octets import (
    CLEAN,
    CONNECT,
    DISCONNECT,
    LEAVE,
    PING,
    PINGREQ,
    PONG,
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
    SUBSCRIBE,
    UNSUBSCRIBE,
    WILL,
    Message,
    connack,
    connect,
    connect_raw,
    framed,
    number,
    puback,
    pubcomp,
    publish,
    pubrec,
    pubrel,
    suback,
    subscribe,
    text,
    unsuback,
    unsubscribe,
)
from tests.conformance.raw_client import END
from tests.conformance.stage import Stage

BROKEN_TEXTS = {
    "surrogate": b"a\xed\xa0\x80",
    "overlong": b"a\xc0\xaf",
    "cut short": b"a\xe2\x82",
    "stray byte": b"\x80a",
    "beyond Unicode": b"a\xf4\x90\x80\x80",
}
NULL_TEXT = b"a\0b"


def packets_with(content: bytes) -> dict[str, bytes]:
    """Return every packet of an open connection that holds a text, with this one in it."""
    return {
        "topic": publish(content, b"x", 1, 5),
        "subscribed filter": subscribe(5, (content, 0)),
        "second filter": subscribe(5, ("fine", 0), (content, 0)),
        "unsubscribed filter": unsubscribe(5, content),
    }


def connects_with(content: bytes) -> dict[str, bytes]:
    """Return a CONNECT for each of its texts, with this one in it."""
    return {
        "client identifier": connect(content),
        "will topic": connect_raw(CLEAN | WILL, text("c"), text(content), text("x")),
        "user name": connect("c", username=content),
    }


@pytest.mark.parametrize("place", packets_with(b""))
@pytest.mark.parametrize("fault", BROKEN_TEXTS)
def test_a_broken_text_ends_the_connection(stage: Stage, place: str, fault: str) -> None:
    """Wherever it stands [MQTT-1.5.3-1] [MQTT-3.3.2-1] [MQTT-3.8.3-1] [MQTT-3.10.3-1]."""
    client = stage.client()

    client.say(packets_with(BROKEN_TEXTS[fault])[place])

    assert client.aftermath() == [END]


@pytest.mark.parametrize("place", connects_with(b""))
@pytest.mark.parametrize("fault", BROKEN_TEXTS)
def test_a_broken_text_in_a_connect_gets_no_answer(stage: Stage, place: str, fault: str) -> None:
    """Nor is anything else done with it.

    [MQTT-1.5.3-1] [MQTT-3.1.3-4] [MQTT-3.1.3-10] [MQTT-3.1.3-11] [MQTT-3.1.4-1]
    """
    client = stage.dial()

    client.say(connects_with(BROKEN_TEXTS[fault])[place])

    assert client.until_closed() == []


@pytest.mark.parametrize("place", packets_with(b""))
def test_a_null_character_ends_the_connection(stage: Stage, place: str) -> None:
    """In topics and in filters [MQTT-1.5.3-2] [MQTT-4.7.3-2]."""
    client = stage.client()

    client.say(packets_with(NULL_TEXT)[place])

    assert client.aftermath() == [END]


@pytest.mark.parametrize("place", connects_with(b""))
def test_a_null_character_in_a_connect_gets_no_answer(stage: Stage, place: str) -> None:
    """As [MQTT-1.5.3-2] and [MQTT-3.1.4-1] have it."""
    client = stage.dial()

    client.say(connects_with(NULL_TEXT)[place])

    assert client.until_closed() == []


def test_a_byte_order_mark_is_a_character_like_any_other(stage: Stage) -> None:
    """Neither skipped in a filter nor stripped off a topic [MQTT-1.5.3-3]."""
    plain = stage.name("topic")
    marked = "\ufeff" + plain
    listener = stage.client("listener")
    listener.subscribe((marked, 0))

    stage.client("speaker").publish(plain, b"plain")
    stage.client("other").publish(marked, b"marked")

    assert listener.messages_so_far() == [Message(marked, b"marked")]


def test_control_characters_are_the_receiver_s_choice(stage: Stage) -> None:
    """A receiver may close for them, or take them as they are (section 1.5.3)."""
    client = stage.client()

    client.say(publish(stage.name("a\x01b"), b"x", 1, 5))

    assert client.aftermath() == expected("control characters", stage.broker)


# --- fixed headers ---------------------------------------------------------------------------

BODIES = {
    "PUBACK": (PUBACK, 0, number(1)),
    "PUBREC": (PUBREC, 0, number(1)),
    "PUBREL": (PUBREL, 2, number(1)),
    "PUBCOMP": (PUBCOMP, 0, number(1)),
    "SUBSCRIBE": (SUBSCRIBE, 2, number(1) + text("a") + b"\0"),
    "UNSUBSCRIBE": (UNSUBSCRIBE, 2, number(1) + text("a")),
    "PINGREQ": (PINGREQ, 0, b""),
    "DISCONNECT": (DISCONNECT, 0, b""),
}


@pytest.mark.parametrize("name", BODIES)
def test_wrong_flags_end_the_connection(stage: Stage, name: str) -> None:
    """Each of the fifteen others.

    [MQTT-2.2.2-1] [MQTT-2.2.2-2] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1]
    """
    kind, right, body = BODIES[name]
    heard = {}
    for flags in range(16):
        if flags != right:
            client = stage.client()
            client.say(framed(kind, flags, body))
            heard[flags] = client.aftermath()

    end = name not in expected("flags nobody looks at", stage.broker)
    assert [END in packets for packets in heard.values()] == [end] * 15


def test_wrong_flags_of_a_connect_get_no_answer(stage: Stage) -> None:
    """As [MQTT-2.2.2-2] and [MQTT-3.1.4-1] have it."""
    heard = {}
    for flags in range(1, 16):
        client = stage.dial()
        client.say(bytes((CONNECT << 4 | flags,)) + connect(stage.name("c"))[1:])
        heard[flags] = client.until_closed()

    assert heard == {flags: [] for flags in range(1, 16)}


@pytest.mark.parametrize("kind", [0, 15])
def test_a_type_that_does_not_exist_ends_the_connection(stage: Stage, kind: int) -> None:
    """0 and 15 are forbidden (section 2.2.1) [MQTT-4.8.0-1]."""
    client = stage.client()

    client.say(framed(kind, 0))

    assert client.aftermath() == [END]


SERVERS = {"CONNACK": connack(), "SUBACK": suback(1, 0), "UNSUBACK": unsuback(1), "PINGRESP": PONG}


@pytest.mark.parametrize("name", SERVERS)
def test_what_only_a_server_sends_ends_the_connection(stage: Stage, name: str) -> None:
    """Table 2.1 gives each type its direction [MQTT-4.8.0-1]."""
    client = stage.client()

    client.say(SERVERS[name])

    is_let_pass = name in expected("a server's packets", stage.broker)
    assert client.aftermath() == ([] if is_let_pass else [END])


@pytest.mark.parametrize("size", [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_every_size_of_length_is_understood_and_written(stage: Stage, size: int) -> None:
    """One byte to four, at both ends of each (section 2.2.3) [MQTT-3.3.2-1]."""
    topic = stage.name("big")
    client = stage.client()
    client.subscribe((topic, 0))
    payload = bytes(max(0, size - len(text(topic))))

    client.say(publish(topic, payload))

    assert client.hear() == publish(topic, payload)


def test_a_length_of_five_bytes_ends_the_connection(stage: Stage) -> None:
    """Section 2.2.3 ends at four [MQTT-4.8.0-1]."""
    client = stage.client()

    client.say(b"\x30\xff\xff\xff\xff\x01")

    assert client.aftermath() == [END]


def test_packets_may_be_cut_anywhere(stage: Stage) -> None:
    """TCP keeps bytes and their order, not packets [MQTT-7.1.1-1]."""
    topic = stage.name("topic")
    client = stage.dial("c")
    stream = b"".join(
        (
            connect(stage.name("c")),
            subscribe(1, (topic, 0)),
            publish(topic, bytes(200), 1, 2),
            PING,
        )
    )

    for octet in stream:
        client.say(bytes((octet,)))

    assert [client.hear() for _ in range(2)] == [connack(), suback(1, 0)]
    assert sorted(client.hear() for _ in range(2)) == [publish(topic, bytes(200)), puback(2)]
    assert client.hear() == PONG


def test_packets_may_come_all_in_one_piece(stage: Stage) -> None:
    """With the CONNECT, before it was answered [MQTT-7.1.1-1]."""
    topic = stage.name("topic")
    client = stage.dial("c")

    client.say(connect(stage.name("c")), subscribe(1, (topic, 0)), publish(topic), PING, LEAVE)

    assert client.until_closed() == [connack(), suback(1, 0), publish(topic), PONG]


# --- packet identifiers ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "packet",
    [
        publish("t", b"x", 1, 0),
        publish("t", b"x", 2, 0),
        subscribe(0, ("t", 0)),
        unsubscribe(0, "t"),
    ],
    ids=["QoS 1", "QoS 2", "SUBSCRIBE", "UNSUBSCRIBE"],
)
def test_a_packet_identifier_of_0_ends_the_connection(stage: Stage, packet: bytes) -> None:
    """As [MQTT-2.3.1-1] has it."""
    client = stage.client()

    client.say(packet)

    assert client.aftermath() == [END]


def test_answers_repeat_the_packet_identifier(stage: Stage) -> None:
    """The least, the greatest, and one whose bytes differ.

    [MQTT-2.3.1-6] [MQTT-2.3.1-7] [MQTT-3.8.4-2] [MQTT-3.10.4-4]
    """
    topic = stage.name("topic")
    client = stage.client()
    for packet_id in (1, 0x1234, 0xFFFF):
        client.say(
            publish(topic, b"x", 1, packet_id),
            subscribe(packet_id, (topic + "x", 0)),
            unsubscribe(packet_id, topic + "x"),
            publish(topic, b"x", 2, packet_id),
            pubrel(packet_id),
        )

        assert client.so_far() == [
            puback(packet_id),
            suback(packet_id, 0),
            unsuback(packet_id),
            pubrec(packet_id),
            pubcomp(packet_id),
        ]


def test_a_message_of_qos_0_has_no_packet_identifier(stage: Stage) -> None:
    """Its payload starts right behind the topic [MQTT-2.3.1-5]."""
    topic = stage.name("topic")
    client = stage.client()
    client.subscribe((topic, 2))

    client.say(publish(topic, b"\x00\x01x"))

    assert client.hear() == publish(topic, b"\x00\x01x")


def test_a_broker_s_packet_identifiers_are_its_own_and_unused(stage: Stage) -> None:
    """None is 0, none is used twice while under way; acknowledged ones are free again.

    [MQTT-2.3.1-1] [MQTT-2.3.1-4] [MQTT-4.3.2-1] [MQTT-4.3.3-1]
    """
    topic = stage.name("topic")
    client = stage.client()
    client.subscribe((topic, 2))
    speaker = stage.client("speaker")
    for turn in range(6):
        speaker.publish(topic, bytes((turn,)), 1 + turn % 2)

    messages = [client.hear_message() for _ in range(6)]

    identifiers = [message.packet_id for message in messages]
    assert [message.payload for message in messages] == [bytes((turn,)) for turn in range(6)]
    assert 0 not in identifiers
    assert len(set(identifiers)) == 6
    for message in messages[::2]:
        client.say(puback(message.packet_id))
    speaker.publish(topic, b"next", 1)
    assert client.hear_message().packet_id not in identifiers[1::2]
