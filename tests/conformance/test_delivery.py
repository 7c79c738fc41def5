"""Sections 4.3 and 4.6: at least once, exactly once, and in order."""

from collections.abc import Callable

import pytest

from tests.conformance.differences import expected
from tests.conformance.octets import (
    Message,
    puback,
    pubcomp,
    publish,
    pubrec,
    pubrel,
)
from tests.conformance.raw_client import END, RawClient
from tests.conformance.stage import Stage


def listener_of(stage: Stage, topic: str, qos: int = 0) -> RawClient:
    """Connect a client that hears a topic."""
    listener = stage.client("listener")
    listener.subscribe((topic, qos))
    return listener


def payloads(messages: list[Message]) -> list[bytes]:
    """Return the payloads."""
    return [message.payload for message in messages]


# --- QoS 1, in -------------------------------------------------------------------------------


@pytest.mark.parametrize("dup", [False, True])
def test_an_acknowledged_identifier_stands_for_a_new_message(stage: Stage, dup: bool) -> None:
    """Whatever DUP says: at QoS 1 nothing is remembered [MQTT-4.3.2-2]."""
    topic = stage.name("topic")
    listener = listener_of(stage, topic)
    speaker = stage.client("speaker")

    for payload in (b"1", b"1", b"2"):
        speaker.say(publish(topic, payload, 1, 5, dup=dup))
        assert speaker.hear() == puback(5)

    assert payloads(listener.messages_so_far()) == [b"1", b"1", b"2"]


def test_messages_are_acknowledged_in_their_order(stage: Stage) -> None:
    """PUBACK, PUBREC and PUBCOMP each among themselves [MQTT-4.6.0-6] [MQTT-4.3.2-2]."""
    topic = stage.name("topic")
    client = stage.client()
    identifiers = [9, 3, 0xFFFF, 1, 500]

    client.say(*(publish(topic, b"x", 1, packet_id) for packet_id in identifiers))
    assert client.so_far() == [puback(packet_id) for packet_id in identifiers]
    client.say(*(publish(topic, b"x", 2, packet_id) for packet_id in identifiers))
    assert client.so_far() == [pubrec(packet_id) for packet_id in identifiers]
    client.say(*(pubrel(packet_id) for packet_id in identifiers))
    assert client.so_far() == [pubcomp(packet_id) for packet_id in identifiers]


# --- QoS 2, in -------------------------------------------------------------------------------


def test_a_copy_before_the_release_is_no_new_message(stage: Stage) -> None:
    """It is answered, and delivered once [MQTT-4.3.3-2]."""
    topic = stage.name("topic")
    listener = listener_of(stage, topic)
    speaker = stage.client("speaker")

    speaker.say(publish(topic, b"x", 2, 5))
    assert speaker.so_far() == [pubrec(5)]
    speaker.say(publish(topic, b"x", 2, 5, dup=True))
    assert speaker.so_far() == [pubrec(5)]
    speaker.say(pubrel(5))
    assert speaker.so_far() == [pubcomp(5)]

    assert listener.messages_so_far() == [Message(topic, b"x")]


def test_a_second_copy_is_answered_like_the_first(stage: Stage) -> None:
    """As [MQTT-4.3.3-2] has it."""
    speaker = stage.client("speaker")
    for _ in range(2):
        speaker.say(publish("t", b"x", 2, 5, dup=True))
        assert speaker.so_far() == [pubrec(5)]

    speaker.say(publish("t", b"x", 2, 5, dup=True))

    assert speaker.aftermath() == expected("a third copy of QoS 2", stage.broker)


def test_after_the_release_the_identifier_is_free(stage: Stage) -> None:
    """The next message with it is a new one [MQTT-4.3.3-2]."""
    topic = stage.name("topic")
    listener = listener_of(stage, topic)
    speaker = stage.client("speaker")

    for payload in (b"1", b"1", b"2"):
        speaker.publish(topic, payload, 2, packet_id=5)

    assert payloads(listener.messages_so_far()) == [b"1", b"1", b"2"]


def test_a_release_of_nothing_is_answered(stage: Stage) -> None:
    """A sender that missed the PUBCOMP releases again [MQTT-4.3.3-2]."""
    speaker = stage.client("speaker")
    speaker.publish(stage.name("topic"), b"x", 2, packet_id=5)

    speaker.say(pubrel(5), pubrel(6))

    assert speaker.so_far() == [pubcomp(5), pubcomp(6)]


def test_many_messages_may_be_released_late(stage: Stage) -> None:
    """Each was answered, so each is delivered [MQTT-4.3.3-2]."""
    topic = stage.name("topic")
    listener = listener_of(stage, topic)
    speaker = stage.client("speaker")

    speaker.say(*(publish(topic, b"%d" % turn, 2, turn) for turn in range(1, 41)))
    assert speaker.so_far() == [pubrec(turn) for turn in range(1, 41)]
    speaker.say(*(pubrel(turn) for turn in range(1, 41)))
    assert speaker.so_far() == [pubcomp(turn) for turn in range(1, 41)]

    heard = payloads(listener.messages_so_far())
    count = expected("messages released late", stage.broker)
    assert heard == [b"%d" % turn for turn in range(1, count + 1)]


@pytest.mark.parametrize("ending", ["vanish", "leave"])
def test_a_copy_on_the_next_connection_is_no_new_message(stage: Stage, ending: str) -> None:
    """The session remembers what was not released [MQTT-4.3.3-2] [MQTT-4.1.0-1]."""
    topic = stage.name("topic")
    listener = listener_of(stage, topic)
    speaker = stage.client("speaker", clean=False)
    speaker.say(publish(topic, b"x", 2, 5))
    assert speaker.so_far() == [pubrec(5)]
    getattr(speaker, ending)()

    again = stage.client("speaker", clean=False, present=True)
    again.say(publish(topic, b"x", 2, 5, dup=True))
    assert again.so_far() == [pubrec(5)]
    again.say(pubrel(5))
    assert again.so_far() == [pubcomp(5)]

    assert listener.messages_so_far() == [Message(topic, b"x")]


def test_a_release_on_the_next_connection_delivers(stage: Stage) -> None:
    """The message is not lost between the halves [MQTT-4.3.3-2] [MQTT-4.1.0-1]."""
    topic = stage.name("topic")
    listener = listener_of(stage, topic)
    speaker = stage.client("speaker", clean=False)
    speaker.say(publish(topic, b"x", 2, 5))
    assert speaker.so_far() == [pubrec(5)]
    speaker.vanish()

    again = stage.client("speaker", clean=False, present=True)
    again.say(pubrel(5))
    assert again.so_far() == [pubcomp(5)]

    assert listener.messages_so_far() == [Message(topic, b"x")]


def test_a_clean_session_forgets_what_was_not_released(stage: Stage) -> None:
    """The same identifier is a new message then [MQTT-3.1.2-6] [MQTT-4.3.3-2]."""
    topic = stage.name("topic")
    speaker = stage.client("speaker", clean=False)
    speaker.say(publish(topic, b"old", 2, 5))
    assert speaker.so_far() == [pubrec(5)]
    speaker.vanish()
    stage.client("speaker").leave()
    listener = listener_of(stage, topic)

    stage.client("speaker", clean=False).publish(topic, b"new", 2, packet_id=5)

    assert listener.messages_so_far() == [Message(topic, b"new")]


def test_identifiers_of_the_two_directions_do_not_meet(stage: Stage) -> None:
    """A client may use one that the broker is using (section 2.3.1) [MQTT-4.3.3-2]."""
    topic = stage.name("topic")
    client = stage.client()
    client.subscribe((topic, 2))
    stage.client("speaker").publish(topic, b"theirs", 2)
    packet_id = client.hear_message().packet_id

    client.say(publish(stage.name("other"), b"mine", 2, packet_id))
    assert client.hear() == pubrec(packet_id)
    client.say(pubrec(packet_id))
    assert client.hear() == pubrel(packet_id)
    client.say(pubrel(packet_id))
    assert client.hear() == pubcomp(packet_id)
    client.say(pubcomp(packet_id))

    assert client.so_far() == []


# --- QoS 2, out ------------------------------------------------------------------------------


def test_a_pubrec_is_answered_with_pubrel(stage: Stage) -> None:
    """A second one with a second; after PUBCOMP the exchange is over [MQTT-4.3.3-1]."""
    topic = stage.name("topic")
    listener = listener_of(stage, topic, 2)
    stage.client("speaker").publish(topic, b"x", 2)
    packet_id = listener.hear_message().packet_id

    listener.say(pubrec(packet_id))
    assert listener.so_far() == [pubrel(packet_id)]
    listener.say(pubrec(packet_id))
    assert listener.so_far() == [pubrel(packet_id)]
    listener.say(pubcomp(packet_id))

    assert listener.so_far() == []


def test_pubrels_come_in_the_order_of_the_pubrecs(stage: Stage) -> None:
    """Not in that of the messages [MQTT-4.6.0-6] [MQTT-4.3.3-1]."""
    topic = stage.name("topic")
    listener = listener_of(stage, topic, 2)
    speaker = stage.client("speaker")
    for payload in (b"1", b"2", b"3"):
        speaker.publish(topic, payload, 2)
    one, two, three = (message.packet_id for message in listener.messages_so_far())

    listener.say(pubrec(two), pubrec(three), pubrec(one))

    assert listener.so_far() == [pubrel(two), pubrel(three), pubrel(one)]


@pytest.mark.parametrize(("qos", "answer"), [(1, pubrec), (1, pubcomp), (2, puback), (2, pubcomp)])
def test_an_answer_of_the_wrong_kind_ends_the_connection(
    stage: Stage, qos: int, answer: Callable[[int], bytes]
) -> None:
    """Each QoS has its own exchange, step by step [MQTT-4.8.0-1]."""
    topic = stage.name("topic")
    listener = listener_of(stage, topic, qos)
    stage.client("speaker").publish(topic, b"x", qos)
    packet_id = listener.hear_message().packet_id

    listener.say(answer(packet_id))

    assert listener.aftermath() == [END]


# --- order -----------------------------------------------------------------------------------


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_messages_of_a_topic_come_in_their_order(stage: Stage, qos: int) -> None:
    """Three hundred of them, more than are under way at a time [MQTT-4.6.0-5] [MQTT-4.6.0-6]."""
    topic = stage.name("topic")
    listener = listener_of(stage, topic, qos)
    speaker = stage.client("speaker")
    sent = [b"%d" % turn for turn in range(300)]

    for turn, payload in enumerate(sent, 1):
        speaker.say(publish(topic, payload, qos, turn), pubrel(turn) if qos == 2 else b"")
    speaker.so_far()

    assert payloads(listener.receive_all(len(sent))) == sent
    assert listener.so_far() == []


@pytest.mark.parametrize("qos", [1, 2])
def test_small_messages_do_not_overtake_large_ones(stage: Stage, qos: int) -> None:
    """Though what is under way may be bounded by bytes as well [MQTT-4.6.0-6]."""
    topic = stage.name("topic")
    listener = listener_of(stage, topic, qos)
    speaker = stage.client("speaker")
    sent = [bytes((turn,)) * (1 if turn % 2 else 1 << 20) for turn in range(24)]

    for payload in sent:
        speaker.publish(topic, payload, qos)

    assert [each[:1] for each in payloads(listener.receive_all(24))] == [each[:1] for each in sent]


def test_two_publishers_each_keep_their_order(stage: Stage) -> None:
    """However they are interleaved [MQTT-4.6.0-6]."""
    topic = stage.name("topic")
    listener = listener_of(stage, topic)
    speakers = {b"a": stage.client("a"), b"b": stage.client("b")}

    for turn in range(1, 51):
        for name, speaker in speakers.items():
            speaker.say(publish(topic, name + b"%d" % turn, 1, turn))
    for speaker in speakers.values():
        speaker.so_far()

    heard = payloads(listener.messages_so_far())
    for name in speakers:
        assert [p for p in heard if p.startswith(name)] == [
            name + b"%d" % turn for turn in range(1, 51)
        ]
