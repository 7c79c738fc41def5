"""Section 3.3.1.3: retained messages."""

import pytest

from tests.conformance.octets import Message, publish, suback, subscribe
from tests.conformance.raw_client import RawClient
from tests.conformance.stage import Stage


def kept(stage: Stage, *filters: tuple[str, int], word: str = "late") -> list[Message]:
    """Return what a new subscriber is sent, sorted by topic, each acknowledged."""
    late = stage.client(word)
    late.say(subscribe(9, *filters))
    assert late.hear() == suback(9, *(qos for _, qos in filters))
    return sorted(late.messages_so_far(), key=lambda message: message.topic)


def facts(messages: list[Message]) -> list[tuple[str, bytes, int, bool]]:
    """Return all but the packet identifiers."""
    return [(message.topic, message.payload, message.qos, message.retain) for message in messages]


def settled(stage: Stage, topic: str, payload: bytes, qos: int = 1) -> RawClient:
    """Retain a message on a topic."""
    speaker = stage.client("speaker")
    speaker.publish(topic, payload, qos, retain=True)
    return speaker


@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("published", [0, 1, 2])
def test_a_retained_message_is_kept_with_its_qos(
    stage: Stage, published: int, granted: int
) -> None:
    """As [MQTT-3.3.1-5], [MQTT-3.3.1-6] and [MQTT-3.3.1-8] have it."""
    topic = stage.name("topic")
    settled(stage, topic, b"x", published)

    assert facts(kept(stage, (topic, granted))) == [(topic, b"x", min(published, granted), True)]


def test_each_matching_topic_sends_its_last_message(stage: Stage) -> None:
    """As [MQTT-3.3.1-6] has it."""
    first = stage.name("a")
    speaker = settled(stage, f"{first}/1", b"old")
    speaker.publish(f"{first}/1", b"new", retain=True)
    speaker.publish(f"{first}/2", b"two", retain=True)
    speaker.publish(f"{first}/2/3", b"three", retain=True)
    speaker.publish(f"{first}", b"zero", retain=True)

    everything = facts(kept(stage, (f"{first}/#", 0)))
    assert everything == [
        (first, b"zero", 0, True),
        (f"{first}/1", b"new", 0, True),
        (f"{first}/2", b"two", 0, True),
        (f"{first}/2/3", b"three", 0, True),
    ]
    assert facts(kept(stage, (f"{first}/+", 0))) == everything[1:3]


def test_a_retained_message_of_qos_0_replaces_one_of_qos_1(stage: Stage) -> None:
    """Both brokers keep the new one too [MQTT-3.3.1-7]."""
    topic = stage.name("topic")
    settled(stage, topic, b"old", 1).publish(topic, b"new", 0, retain=True)

    assert facts(kept(stage, (topic, 2))) == [(topic, b"new", 0, True)]


def test_live_messages_do_not_carry_retain(stage: Stage) -> None:
    """Though they are retained [MQTT-3.3.1-9]."""
    topic = stage.name("topic")
    listener = stage.client("listener")
    listener.subscribe((topic, 0))

    settled(stage, topic, b"x")

    assert listener.messages_so_far() == [Message(topic, b"x")]


def test_a_message_that_waited_for_its_client_does_not_carry_retain(stage: Stage) -> None:
    """It matched a subscription that was established [MQTT-3.3.1-9]."""
    topic = stage.name("topic")
    away = stage.client("away", clean=False)
    away.subscribe((topic, 1))
    away.leave()
    settled(stage, topic, b"x")

    back = stage.client("away", clean=False, present=True)

    assert facts([back.receive()]) == [(topic, b"x", 1, False)]
    assert back.so_far() == []


def test_an_empty_retained_message_clears_the_topic(stage: Stage) -> None:
    """Subscribers of the moment get it like any other, without RETAIN.

    [MQTT-3.3.1-10] [MQTT-3.3.1-11]
    """
    topic = stage.name("topic")
    speaker = settled(stage, topic, b"x")
    listener = stage.client("listener")
    listener.subscribe((topic, 0))
    assert listener.hear_message() == Message(topic, b"x", retain=True)

    speaker.publish(topic, b"", retain=True)

    assert listener.messages_so_far() == [Message(topic, b"")]
    assert kept(stage, (topic, 0)) == []


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_message_without_retain_is_not_kept(stage: Stage, qos: int) -> None:
    """As [MQTT-3.3.1-12] has it."""
    topic = stage.name("topic")
    stage.client("speaker").publish(topic, b"x", qos)

    assert kept(stage, (topic, 0)) == []


@pytest.mark.parametrize("payload", [b"passing", b""])
def test_a_message_without_retain_leaves_the_kept_one_alone(stage: Stage, payload: bytes) -> None:
    """Not even an empty one clears it [MQTT-3.3.1-12]."""
    topic = stage.name("topic")
    settled(stage, topic, b"kept").publish(topic, payload)

    assert facts(kept(stage, (topic, 0))) == [(topic, b"kept", 0, True)]


def test_retained_messages_outlive_who_sent_them(stage: Stage) -> None:
    """They are no part of its session [MQTT-3.1.2-7]."""
    topic = stage.name("topic")
    settled(stage, topic, b"x").leave()
    stage.client("speaker").leave()

    assert facts(kept(stage, (topic, 0))) == [(topic, b"x", 0, True)]


def test_subscribing_again_sends_the_kept_message_again(stage: Stage) -> None:
    """As [MQTT-3.8.4-3] and [MQTT-3.3.1-8] have it."""
    topic = stage.name("topic")
    settled(stage, topic, b"x")
    listener = stage.client("listener")

    for _ in range(2):
        listener.say(subscribe(1, (topic, 0)))

        assert listener.so_far() == [suback(1, 0), publish(topic, b"x", retain=True)]


def test_a_session_that_returns_is_not_sent_the_kept_message(stage: Stage) -> None:
    """Its subscription is not a new one [MQTT-3.3.1-6]."""
    topic = stage.name("topic")
    settled(stage, topic, b"x")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 0))
    assert client.hear_message() == Message(topic, b"x", retain=True)
    client.leave()

    assert stage.client("c", clean=False, present=True).so_far() == []


def test_the_suback_may_be_told_from_the_kept_messages(stage: Stage) -> None:
    """Each filter of one packet sends its own; all of them come [MQTT-3.8.4-4] [MQTT-3.3.1-6]."""
    first = stage.name("a")
    settled(stage, f"{first}/1", b"one").publish(f"{first}/2", b"two", retain=True)

    heard = facts(kept(stage, (f"{first}/1", 0), (f"{first}/2", 1)))

    assert heard == [(f"{first}/1", b"one", 0, True), (f"{first}/2", b"two", 1, True)]
