"""Section 3.3: messages in, messages out, and what of their flags goes along."""

import pytest

from tests.conformance.differences import expected
from tests.conformance.octets import (
    PUBLISH,
    Message,
    framed,
    number,
    puback,
    pubcomp,
    publish,
    pubrec,
    pubrel,
    subscribe,
    text,
)
from tests.conformance.raw_client import END
from tests.conformance.stage import Stage


def test_qos_0_is_not_answered(stage: Stage) -> None:
    """As [MQTT-3.3.4-1] has it."""
    client = stage.client()

    client.say(publish(stage.name("topic"), b"x"))

    assert client.so_far() == []


def test_qos_1_is_answered_with_puback(stage: Stage) -> None:
    """Whoever subscribed, and if nobody did [MQTT-3.3.4-1] [MQTT-4.3.2-2] [MQTT-2.3.1-6]."""
    client = stage.client()

    client.say(publish(stage.name("topic"), b"x", 1, 77))

    assert client.so_far() == [puback(77)]


def test_qos_2_is_answered_with_pubrec_then_pubcomp(stage: Stage) -> None:
    """As [MQTT-3.3.4-1], [MQTT-4.3.3-2] and [MQTT-2.3.1-6] have it."""
    client = stage.client()

    client.say(publish(stage.name("topic"), b"x", 2, 77))
    assert client.so_far() == [pubrec(77)]
    client.say(pubrel(77))
    assert client.so_far() == [pubcomp(77)]


@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("published", [0, 1, 2])
def test_a_message_comes_at_the_lower_qos(stage: Stage, published: int, granted: int) -> None:
    """Of the one it was published with and the one that was granted; nothing else changes.

    [MQTT-3.3.1-2] [MQTT-3.3.2-3] [MQTT-3.8.4-6] [MQTT-4.3.1-1] [MQTT-4.3.2-1] [MQTT-4.3.3-1]
    [MQTT-4.5.0-1]
    """
    topic = stage.name("topic/with/ größe")
    listener = stage.client("listener")
    listener.subscribe((topic, granted))

    stage.client("speaker").publish(topic, b"\x00\xff payload", published)

    message = listener.receive()
    qos = min(published, granted)
    assert message == Message(topic, b"\x00\xff payload", qos, message.packet_id)
    assert (message.packet_id == 0) is (qos == 0)
    assert listener.so_far() == []


def test_a_message_may_be_empty(stage: Stage) -> None:
    """A payload of zero bytes is valid (section 3.3.3)."""
    topic = stage.name("topic")
    listener = stage.client("listener")
    listener.subscribe((topic, 0))

    stage.client("speaker").publish(topic, b"")

    assert listener.hear_message() == Message(topic, b"")


def test_who_publishes_hears_itself(stage: Stage) -> None:
    """Version 3.1.1 knows no other way [MQTT-4.5.0-1]."""
    topic = stage.name("topic")
    client = stage.client()
    client.subscribe((topic, 0))

    client.say(publish(topic, b"x"))

    assert client.so_far() == [publish(topic, b"x")]


def test_every_subscriber_gets_the_message(stage: Stage) -> None:
    """Each at its own QoS [MQTT-4.5.0-1]."""
    topic = stage.name("topic")
    listeners = [stage.client(f"l{qos}") for qos in range(3)]
    for qos, listener in enumerate(listeners):
        listener.subscribe((topic, qos))

    stage.client("speaker").publish(topic, b"x", 2)

    heard = [listener.receive() for listener in listeners]
    assert [(message.payload, message.qos) for message in heard] == [
        (b"x", 0),
        (b"x", 1),
        (b"x", 2),
    ]


@pytest.mark.parametrize("qos", [1, 2])
def test_dup_is_not_passed_on(stage: Stage, qos: int) -> None:
    """It tells of one hop only [MQTT-3.3.1-3]."""
    topic = stage.name("topic")
    listener = stage.client("listener")
    listener.subscribe((topic, qos))
    speaker = stage.client("speaker")

    speaker.say(publish(topic, b"x", qos, 3, dup=True), pubrel(3) if qos == 2 else b"")

    message = listener.receive()
    assert (message.payload, message.qos, message.dup) == (b"x", qos, False)


def test_a_duplicate_of_qos_0_ends_the_connection(stage: Stage) -> None:
    """DUP says that a message is sent again, and QoS 0 never is [MQTT-3.3.1-2]."""
    client = stage.client()

    client.say(publish(stage.name("topic"), b"x", dup=True))

    assert client.aftermath() == expected("DUP at QoS 0", stage.broker)


@pytest.mark.parametrize("flags", [0x06, 0x07, 0x0E, 0x0F])
def test_qos_3_ends_the_connection(stage: Stage, flags: int) -> None:
    """As [MQTT-3.3.1-4] has it."""
    client = stage.client()

    client.say(framed(PUBLISH, flags, text(stage.name("topic")), number(1), b"x"))

    assert client.aftermath() == [END]


@pytest.mark.parametrize("topic", ["+", "#", "a/+", "a/#", "a/+/b", "a+", "a#b"])
def test_a_topic_with_a_wildcard_ends_the_connection(stage: Stage, topic: str) -> None:
    """As [MQTT-3.3.2-2] and [MQTT-4.7.1-1] have it."""
    client = stage.client()

    client.say(publish(topic, b"x", 1, 1))

    assert client.aftermath() == [END]


def test_an_empty_topic_ends_the_connection(stage: Stage) -> None:
    """As [MQTT-4.7.3-1] has it."""
    client = stage.client()

    client.say(publish("", b"x", 1, 1))

    assert client.aftermath() == [END]


@pytest.mark.parametrize(
    "packet",
    [
        framed(PUBLISH, 0, b""),
        framed(PUBLISH, 0, b"\x00"),
        framed(PUBLISH, 0, b"\x00\x05abc"),
        framed(PUBLISH, 2, b"\x00\x03abc"),
        framed(PUBLISH, 2, b"\x00\x03abc\x00"),
    ],
    ids=["nothing", "half a length", "half a topic", "no identifier", "half an identifier"],
)
def test_a_publish_cut_short_ends_the_connection(stage: Stage, packet: bytes) -> None:
    """The topic is first and whole, the identifier follows [MQTT-3.3.2-1] [MQTT-4.8.0-1]."""
    client = stage.client()

    client.say(packet)

    assert client.aftermath() == [END]


def test_overlapping_filters_deliver_at_the_highest_qos(stage: Stage) -> None:
    """In one copy, where one for each filter was allowed too [MQTT-3.3.5-1]."""
    topic = stage.name("a/b")
    first = topic.split("/")[0]
    listener = stage.client("listener")
    listener.subscribe((f"{first}/#", 0), (f"{first}/+", 2), (topic, 1))

    stage.client("speaker").publish(topic, b"x", 2)

    heard = [message.qos for message in listener.messages_so_far()]
    assert heard == expected("overlapping filters", stage.broker)


def test_an_unauthorised_message_is_acknowledged_all_the_same(guarded: Stage) -> None:
    """Version 3.1.1 has no other word; nobody hears it, nor is it kept [MQTT-3.3.5-2]."""
    forbidden = guarded.name("forbidden")
    listener = guarded.client("listener", username="reader", password=b"reading")
    listener.subscribe((forbidden, 0))
    client = guarded.client("c", username="writer", password=b"writing")

    client.say(publish(forbidden, b"x", 1, 1))
    client.say(publish(forbidden, b"x", 2, 2), pubrel(2))
    client.say(publish(forbidden, b"x", 1, 3, retain=True))

    assert client.aftermath() == [puback(1), pubrec(2), pubcomp(2), puback(3)]
    assert listener.so_far() == []
    late = guarded.client("late", username="reader", password=b"reading")
    late.subscribe((forbidden, 0))
    assert late.so_far() == []


def test_an_unauthorised_filter_is_refused_alone(guarded: Stage) -> None:
    """0x80 in its place; the other filters of the packet are granted.

    [MQTT-3.8.4-5] [MQTT-3.9.3-2]
    """
    client = guarded.client("c", username="writer", password=b"writing")

    client.say(subscribe(6, ("open/a", 1), (guarded.name("forbidden"), 1), ("open/b", 0)))

    assert client.so_far() == expected("a filter without authority", guarded.broker)
