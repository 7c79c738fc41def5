"""Sections 3.1.2.4 and 4.1: what a broker keeps for a client that is away, and what it must not."""

import pytest

from tests.conformance.differences import expected
from tests.conformance.octets import (
    PUBREL,
    Message,
    puback,
    pubcomp,
    publish,
    pubrec,
    pubrel,
    unsubscribe,
)
from tests.conformance.stage import Stage


def test_subscriptions_are_kept_for_a_client_that_is_away(stage: Stage) -> None:
    """All of them, with their QoS [MQTT-3.1.2-4] [MQTT-4.1.0-1]."""
    first = stage.name("a")
    client = stage.client("c", clean=False)
    client.subscribe((f"{first}/1", 0), (f"{first}/+/x", 1), (f"{first}/2", 2))
    client.leave()

    again = stage.client("c", clean=False, present=True)
    speaker = stage.client("speaker")
    for topic in ("1", "1/x", "2"):
        speaker.publish(f"{first}/{topic}", b"x", 2)

    heard = again.receive_all(3)
    assert [(message.topic, message.qos) for message in heard] == [
        (f"{first}/1", 0),
        (f"{first}/1/x", 1),
        (f"{first}/2", 2),
    ]


def test_what_was_unsubscribed_stays_so(stage: Stage) -> None:
    """As [MQTT-3.1.2-4] and [MQTT-3.10.4-2] have it."""
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 1))
    client.say(unsubscribe(1, topic))
    client.hear()
    client.leave()

    stage.client("speaker").publish(topic, b"x")

    assert stage.client("c", clean=False, present=True).so_far() == []


@pytest.mark.parametrize("ending", ["leave", "vanish"])
def test_messages_wait_for_a_client_that_is_away(stage: Stage, ending: str) -> None:
    """Those of QoS 1 and 2, in their order, at the QoS of the subscription.

    [MQTT-3.1.2-5] [MQTT-4.1.0-1] [MQTT-4.5.0-1] [MQTT-4.6.0-6]
    """
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 2))
    getattr(client, ending)()
    speaker = stage.client("speaker")
    for turn in range(8):
        speaker.publish(topic, bytes((turn,)), 1 + turn % 2)

    again = stage.client("c", clean=False, present=True)

    heard = again.receive_all(8)
    assert [(m.payload, m.qos, m.retain) for m in heard] == [
        (bytes((turn,)), 1 + turn % 2, False) for turn in range(8)
    ]
    assert again.so_far() == []
    again.leave()
    assert stage.client("c", clean=False, present=True).so_far() == []


def test_messages_above_the_granted_qos_wait_at_the_granted_one(stage: Stage) -> None:
    """As [MQTT-3.1.2-5] and [MQTT-3.8.4-6] have it."""
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 1))
    client.leave()

    stage.client("speaker").publish(topic, b"x", 2)

    message = stage.client("c", clean=False, present=True).receive()
    assert (message.payload, message.qos, message.dup) == (b"x", 1, False)


@pytest.mark.parametrize(("published", "granted"), [(0, 2), (2, 0), (0, 0)])
def test_messages_of_qos_0_need_not_wait(stage: Stage, published: int, granted: int) -> None:
    """A broker may keep them (section 4.1); neither of these does [MQTT-3.1.2-5]."""
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, granted))
    client.leave()

    stage.client("speaker").publish(topic, b"x", published)

    assert stage.client("c", clean=False, present=True).so_far() == []


def test_a_clean_session_discards_what_there_was(stage: Stage) -> None:
    """Subscriptions and waiting messages; its own end with it [MQTT-3.1.2-6] [MQTT-3.2.2-1]."""
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 1))
    client.leave()
    speaker = stage.client("speaker")
    speaker.publish(topic, b"waiting")

    clean = stage.client("c")
    speaker.publish(topic, b"unsubscribed")
    assert clean.so_far() == []
    clean.subscribe((topic, 1))
    clean.leave()
    speaker.publish(topic, b"nobody's")

    again = stage.client("c", clean=False, present=False)
    speaker.publish(topic, b"still nobody's")
    assert again.so_far() == []


def test_a_clean_session_keeps_nothing_under_way(stage: Stage) -> None:
    """An unacknowledged message is not sent to the next one [MQTT-3.1.2-6]."""
    topic = stage.name("topic")
    client = stage.client("c")
    client.subscribe((topic, 2))
    stage.client("speaker").publish(topic, b"x", 2)
    client.hear_message()
    client.vanish()

    again = stage.client("c")

    assert again.so_far() == []


def test_a_clean_client_that_is_taken_over_leaves_nothing(stage: Stage) -> None:
    """Not even to a successor that would keep it [MQTT-3.1.2-6] [MQTT-3.2.2-3]."""
    topic = stage.name("topic")
    stage.client("c").subscribe((topic, 1))

    successor = stage.client("c", clean=False, present=False)
    stage.client("speaker").publish(topic, b"x")

    assert successor.so_far() == []


def test_a_session_passes_to_who_takes_over(stage: Stage) -> None:
    """With what is under way in it [MQTT-3.1.2-4] [MQTT-3.1.4-2] [MQTT-4.4.0-1]."""
    topic = stage.name("topic")
    older = stage.client("c", clean=False)
    older.subscribe((topic, 1))
    stage.client("speaker").publish(topic, b"x")
    first = older.hear_message()

    newer = stage.client("c", clean=False, present=True)

    assert newer.receive() == Message(topic, b"x", 1, first.packet_id, dup=True)
    assert older.until_closed() == []


def test_sessions_belong_to_client_identifiers(stage: Stage) -> None:
    """Another client gets nothing of them [MQTT-3.1.3-2]."""
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 1))
    client.leave()
    stage.client("speaker").publish(topic, b"x")

    stranger = stage.client("stranger", clean=False, present=False)
    assert stranger.so_far() == []

    assert stage.client("c", clean=False, present=True).receive().payload == b"x"


def test_a_session_lasts_as_long_as_its_connection(stage: Stage) -> None:
    """Whatever goes on around it [MQTT-4.1.0-2]."""
    topic = stage.name("topic")
    client = stage.client("c")
    client.subscribe((topic, 0))
    for _ in range(20):
        stage.client("visitor").leave()

    stage.client("speaker").publish(topic, b"x")

    assert client.messages_so_far() == [Message(topic, b"x")]


# --- what is under way -----------------------------------------------------------------------


def test_an_unacknowledged_message_is_sent_again(stage: Stage) -> None:
    """On the next connection, with DUP and its packet identifier, until it is acknowledged.

    [MQTT-3.3.1-1] [MQTT-2.3.1-4] [MQTT-4.3.2-1] [MQTT-4.4.0-1]
    """
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 1))
    stage.client("speaker").publish(topic, b"x")
    first = client.hear_message()
    assert first == Message(topic, b"x", 1, first.packet_id)

    for _ in range(2):
        client.vanish()
        client = stage.client("c", clean=False, present=True)
        assert client.hear_message() == Message(topic, b"x", 1, first.packet_id, dup=True)
    client.say(puback(first.packet_id))
    client.leave()

    assert stage.client("c", clean=False, present=True).so_far() == []


def test_a_message_is_not_sent_again_on_one_connection(stage: Stage) -> None:
    """Only a new connection is a reason (section 4.4) [MQTT-4.4.0-1]."""
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 2))
    speaker = stage.client("speaker")
    speaker.publish(topic, b"1", 1)
    speaker.publish(topic, b"2", 2)

    assert [message.payload for message in client.messages_so_far()] == [b"1", b"2"]
    assert client.so_far() == []


def test_a_message_without_pubrec_is_sent_again(stage: Stage) -> None:
    """As [MQTT-3.3.1-1], [MQTT-4.3.3-1] and [MQTT-4.4.0-1] have it."""
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 2))
    stage.client("speaker").publish(topic, b"x", 2)
    first = client.hear_message()
    client.vanish()

    again = stage.client("c", clean=False, present=True)

    assert again.receive() == Message(topic, b"x", 2, first.packet_id, dup=True)
    assert again.so_far() == []


def test_a_message_with_pubrec_is_released_again(stage: Stage) -> None:
    """Its PUBREL comes once more, the message does not [MQTT-4.3.3-1] [MQTT-4.4.0-1]."""
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 2))
    stage.client("speaker").publish(topic, b"x", 2)
    packet_id = client.hear_message().packet_id
    client.say(pubrec(packet_id))
    assert client.hear() == pubrel(packet_id)
    client.vanish()

    again = stage.client("c", clean=False, present=True)

    assert again.so_far() == [pubrel(packet_id)]
    again.say(pubcomp(packet_id))
    again.leave()
    assert stage.client("c", clean=False, present=True).so_far() == []


def test_what_is_sent_again_keeps_its_order(stage: Stage) -> None:
    """All QoS in one queue, first what was under way, then what waited.

    [MQTT-4.6.0-1] [MQTT-4.4.0-1] [MQTT-4.6.0-6]
    """
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 2))
    speaker = stage.client("speaker")
    for turn in range(6):
        speaker.publish(topic, bytes((turn,)), 1 + turn % 2)
    before = [client.hear_message() for _ in range(6)]
    client.say(puback(before[2].packet_id))
    client.leave()
    speaker.publish(topic, b"waited", 1)

    again = stage.client("c", clean=False, present=True)

    heard = again.receive_all(6)
    assert [(m.payload, m.packet_id, m.dup) for m in heard[:-1]] == [
        (m.payload, m.packet_id, True) for m in before if m is not before[2]
    ]
    assert (heard[-1].payload, heard[-1].dup) == (b"waited", False)


def test_releases_and_messages_are_sent_again_side_by_side(stage: Stage) -> None:
    """Which of the two come first is left open; each keep their order among themselves.

    [MQTT-4.4.0-1] [MQTT-4.6.0-1]
    """
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 2))
    speaker = stage.client("speaker")
    for payload in (b"1", b"2", b"3", b"4"):
        speaker.publish(topic, payload, 2)
    one, two, three, four = (client.hear_message().packet_id for _ in range(4))
    client.say(pubrec(two), pubrec(three))
    assert client.so_far() == [pubrel(two), pubrel(three)]
    client.vanish()

    heard = stage.client("c", clean=False, present=True).so_far()

    assert [packet for packet in heard if packet[0] >> 4 == PUBREL] == [pubrel(two), pubrel(three)]
    assert [packet for packet in heard if packet[0] >> 4 != PUBREL] == [
        publish(topic, b"1", 2, one, dup=True),
        publish(topic, b"4", 2, four, dup=True),
    ]


def test_a_packet_identifier_under_way_is_not_given_twice(stage: Stage) -> None:
    """Nor to a message after the reconnect [MQTT-2.3.1-4] [MQTT-4.4.0-1]."""
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 1))
    speaker = stage.client("speaker")
    speaker.publish(topic, b"1")
    first = client.hear_message()
    client.vanish()
    again = stage.client("c", clean=False, present=True)
    assert again.hear_message().packet_id == first.packet_id

    speaker.publish(topic, b"2")

    assert again.hear_message().packet_id != first.packet_id


def test_identifiers_go_round_past_one_under_way(stage: Stage) -> None:
    """A message that is never acknowledged keeps its identifier while all others are used up.

    [MQTT-2.3.1-4] [MQTT-4.3.2-1]
    """
    topic = stage.name("topic")
    listener = stage.client("listener")
    listener.subscribe((topic, 1))
    speaker = stage.client("speaker")
    speaker.publish(topic, b"kept")
    kept = listener.hear_message().packet_id
    batch = b"".join(publish(topic, b"", 1, turn) for turn in range(1, 1001))

    given = set()
    for _ in range(66):
        speaker.say(batch)
        for _ in range(1000):
            packet_id = int.from_bytes(listener.hear()[-2:], "big")
            given.add(packet_id)
            listener.say(puback(packet_id))
        assert len(speaker.so_far()) == 1000

    assert len(given) > 60_000
    assert (kept in given) is expected("an identifier under way", stage.broker)
