"""Sections 3.8 to 3.11: subscriptions and their ends."""

import pytest

from tests.conformance.octets import (
    SUBSCRIBE,
    UNSUBSCRIBE,
    Message,
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


def test_a_subscribe_is_answered_for_each_filter_in_order(stage: Stage) -> None:
    """Granted as asked; the answer has the packet's identifier.

    [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-5] [MQTT-3.9.3-1] [MQTT-3.9.3-2] [MQTT-2.3.1-7]
    """
    client = stage.client()
    a, b, c = (stage.name(word) for word in "abc")

    client.say(subscribe(0x1234, (a, 2), (b, 0), (c, 1), (f"{a}/+", 0), (f"{b}/#", 2)))

    assert client.so_far() == [suback(0x1234, 2, 0, 1, 0, 2)]


def test_several_filters_are_as_good_as_several_packets(stage: Stage) -> None:
    """As [MQTT-3.8.4-4] has it."""
    a, b = stage.name("a"), stage.name("b")
    listener = stage.client("listener")
    listener.subscribe((a, 0), (b, 1))
    speaker = stage.client("speaker")

    speaker.publish(a, b"1")
    speaker.publish(b, b"2")

    assert [listener.receive().payload for _ in range(2)] == [b"1", b"2"]


def test_a_filter_named_twice_in_one_packet_counts_once(stage: Stage) -> None:
    """The second replaces the first, as it would in a packet of its own.

    [MQTT-3.8.4-4] [MQTT-3.8.4-3]
    """
    topic = stage.name("topic")
    listener = stage.client("listener")
    listener.subscribe((topic, 2), (topic, 0))

    stage.client("speaker").publish(topic, b"x", 2)

    assert listener.messages_so_far() == [Message(topic, b"x")]


@pytest.mark.parametrize(("first", "second"), [(0, 2), (2, 0), (1, 1)])
def test_the_same_filter_replaces_the_subscription(stage: Stage, first: int, second: int) -> None:
    """One copy comes, at the newer QoS [MQTT-3.8.4-3]."""
    topic = stage.name("topic")
    listener = stage.client("listener")
    listener.subscribe((topic, first))
    listener.subscribe((topic, second))

    stage.client("speaker").publish(topic, b"x", 2)

    assert [message.qos for message in listener.messages_so_far()] == [second]


def test_a_subscription_begins_with_its_answer(stage: Stage) -> None:
    """What was published before is not sent [MQTT-3.8.4-1]."""
    topic = stage.name("topic")
    stage.client("speaker").publish(topic, b"before")
    listener = stage.client("listener")

    listener.subscribe((topic, 0))

    assert listener.so_far() == []


@pytest.mark.parametrize("options", [3, 4, 0x80, 0xFF, 0x06])
def test_reserved_bits_and_qos_3_end_the_connection(stage: Stage, options: int) -> None:
    """In the second filter too [MQTT-3.8.3-4]."""
    for filters in ((("a", options),), (("a", 0), ("b", options))):
        client = stage.client()

        client.say(subscribe(1, *filters))

        assert client.aftermath() == [END]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        number(1),
        number(1) + b"\0",
        number(1) + text("a"),
        number(1) + b"\0\x05abc",
        number(1) + text("") + b"\0",
    ],
    ids=["nothing", "half", "no filter", "half a length", "no QoS", "cut short", "empty filter"],
)
def test_a_broken_subscribe_ends_the_connection(stage: Stage, body: bytes) -> None:
    """As [MQTT-3.8.3-3], [MQTT-4.7.3-1] and [MQTT-4.8.0-1] have it."""
    client = stage.client()

    client.say(framed(SUBSCRIBE, 2, body))

    assert client.aftermath() == [END]


@pytest.mark.parametrize("topic_filter", ["a/#/b", "#/a", "a#", "a/b#", "##", "a/##"])
def test_a_misplaced_multi_level_wildcard_is_refused(stage: Stage, topic_filter: str) -> None:
    """It stands alone or behind a separator, and last [MQTT-4.7.1-2] [MQTT-4.8.0-1]."""
    client = stage.client()

    client.say(subscribe(1, (topic_filter, 0)))

    assert client.aftermath() == [END]


@pytest.mark.parametrize("topic_filter", ["a+", "+a", "a/b+", "a/+b/c", "++", "+#"])
def test_a_misplaced_single_level_wildcard_is_refused(stage: Stage, topic_filter: str) -> None:
    """It occupies a whole level [MQTT-4.7.1-3] [MQTT-4.8.0-1]."""
    client = stage.client()

    client.say(subscribe(1, (topic_filter, 0)))

    assert client.aftermath() == [END]


# --- UNSUBSCRIBE -----------------------------------------------------------------------------


def test_an_unsubscribed_filter_brings_nothing_more(stage: Stage) -> None:
    """As [MQTT-3.10.4-2], [MQTT-3.10.4-4] and [MQTT-2.3.1-7] have it."""
    topic = stage.name("topic")
    listener = stage.client("listener")
    listener.subscribe((topic, 1))

    listener.say(unsubscribe(0x1234, topic))
    assert listener.hear() == unsuback(0x1234)
    stage.client("speaker").publish(topic, b"x")

    assert listener.so_far() == []


def test_only_the_same_characters_unsubscribe(stage: Stage) -> None:
    """A filter that covers another, or is covered, is another [MQTT-3.10.4-1]."""
    first = stage.name("a")
    topic = f"{first}/b"
    listener = stage.client("listener")
    listener.subscribe((f"{first}/+", 0))

    listener.say(
        unsubscribe(
            1, topic, f"{first}/#", "#", f"{first}/+/", f"{first.upper()}/+", f"{first}/++x"[:-3]
        )
    )
    assert listener.hear() == unsuback(1)
    stage.client("speaker").publish(topic, b"x")
    assert listener.messages_so_far() == [Message(topic, b"x")]

    listener.say(unsubscribe(2, f"{first}/+"))
    assert listener.hear() == unsuback(2)
    stage.client("speaker").publish(topic, b"x")
    assert listener.so_far() == []


def test_unsubscribing_from_nothing_is_answered(stage: Stage) -> None:
    """As [MQTT-3.10.4-5] has it."""
    client = stage.client()

    client.say(unsubscribe(77, stage.name("never"), stage.name("neither")))

    assert client.so_far() == [unsuback(77)]


def test_several_filters_of_one_unsubscribe_get_one_answer(stage: Stage) -> None:
    """As [MQTT-3.10.4-6] has it."""
    a, b, c = (stage.name(word) for word in "abc")
    listener = stage.client("listener")
    listener.subscribe((a, 0), (b, 0), (c, 0))

    listener.say(unsubscribe(5, a, c))
    assert listener.so_far() == [unsuback(5)]
    speaker = stage.client("speaker")
    for topic in (a, b, c):
        speaker.publish(topic, b"x")

    assert listener.messages_so_far() == [Message(b, b"x")]


@pytest.mark.parametrize("qos", [1, 2])
def test_a_delivery_that_has_begun_is_completed(stage: Stage, qos: int) -> None:
    """Though its subscription is gone: it is sent again to its session [MQTT-3.10.4-3]."""
    topic = stage.name("topic")
    listener = stage.client("listener", clean=False)
    listener.subscribe((topic, qos))
    stage.client("speaker").publish(topic, b"x", qos)
    first = listener.hear_message()

    listener.say(unsubscribe(1, topic))
    assert listener.hear() == unsuback(1)
    listener.vanish()

    again = stage.client("listener", clean=False, present=True)
    assert again.receive() == Message(topic, b"x", qos, first.packet_id, dup=True)
    assert again.so_far() == []


def test_the_second_half_of_qos_2_outlives_the_subscription(stage: Stage) -> None:
    """As [MQTT-3.10.4-3] has it."""
    topic = stage.name("topic")
    listener = stage.client("listener")
    listener.subscribe((topic, 2))
    stage.client("speaker").publish(topic, b"x", 2)
    message = listener.hear_message()

    listener.say(unsubscribe(1, topic), pubrec(message.packet_id))

    assert listener.so_far() == [unsuback(1), pubrel(message.packet_id)]
    listener.say(pubcomp(message.packet_id))
    assert listener.so_far() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        number(1),
        number(1) + b"\0",
        number(1) + b"\0\x05abc",
        number(1) + text("a") + b"\0\x05abc",
        number(1) + text(""),
    ],
    ids=["nothing", "no filter", "half a length", "cut short", "second cut short", "empty filter"],
)
def test_a_broken_unsubscribe_ends_the_connection(stage: Stage, body: bytes) -> None:
    """Filters follow one another without a gap [MQTT-3.10.3-1] [MQTT-3.10.3-2] [MQTT-4.7.3-1]."""
    client = stage.client()

    client.say(framed(UNSUBSCRIBE, 2, body))

    assert client.aftermath() == [END]


@pytest.mark.parametrize("topic_filter", ["a/#/b", "a#", "a+"])
def test_unsubscribing_a_filter_that_cannot_be_is_an_error(stage: Stage, topic_filter: str) -> None:
    """It is no topic filter [MQTT-4.7.1-2] [MQTT-4.7.1-3]."""
    client = stage.client()

    client.say(unsubscribe(1, topic_filter))

    assert client.aftermath() == [END]


def test_acknowledgements_of_nothing_do_no_harm(stage: Stage) -> None:
    """Section 4.3 says nothing of them; the connection goes on."""
    client = stage.client()

    client.say(puback(9), pubcomp(9))

    assert client.so_far() == []
    client.say(publish(stage.name("topic"), b"x", 1, 1))
    assert client.so_far() == [puback(1)]
