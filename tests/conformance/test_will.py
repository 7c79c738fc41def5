"""Section 3.1.2.5: the will of a client that vanishes."""

import pytest

from tests.conformance.octets import Message, Will, connect, publish, pubrec, subscribe
from tests.conformance.raw_client import RawClient
from tests.conformance.stage import Stage


def watcher_of(stage: Stage, topic: str, qos: int = 0) -> RawClient:
    """Connect a client that hears a topic."""
    watcher = stage.client("watcher")
    watcher.subscribe((topic, qos))
    return watcher


def test_a_will_is_published_when_its_client_vanishes(stage: Stage) -> None:
    """As [MQTT-3.1.2-8] has it."""
    topic = stage.name("wills")
    watcher = watcher_of(stage, topic)

    stage.client("c", will=Will(topic, b"gone")).vanish()

    assert watcher.hear_message() == Message(topic, b"gone")


def test_a_will_is_published_when_its_client_only_closes(stage: Stage) -> None:
    """In good order for TCP, but without DISCONNECT [MQTT-3.1.2-8]."""
    topic = stage.name("wills")
    watcher = watcher_of(stage, topic)

    stage.client("c", will=Will(topic, b"gone")).close()

    assert watcher.hear_message() == Message(topic, b"gone")


def test_a_will_is_published_when_its_client_breaks_the_protocol(stage: Stage) -> None:
    """As [MQTT-3.1.2-8] has it."""
    topic = stage.name("wills")
    watcher = watcher_of(stage, topic)

    client = stage.client("c", will=Will(topic, b"gone"))
    client.say(publish("", b"x"))

    assert watcher.hear_message() == Message(topic, b"gone")


def test_a_will_is_published_when_its_client_is_taken_over(stage: Stage) -> None:
    """The older connection ended without DISCONNECT [MQTT-3.1.2-8] [MQTT-3.1.4-2]."""
    topic = stage.name("wills")
    watcher = watcher_of(stage, topic)
    stage.client("c", will=Will(topic, b"older"))

    newer = stage.client("c", will=Will(topic, b"newer"))

    assert watcher.hear_message() == Message(topic, b"older")
    assert newer.so_far() == watcher.so_far() == []


def test_a_disconnect_discards_the_will(stage: Stage) -> None:
    """As [MQTT-3.14.4-3] and [MQTT-3.1.2-10] have it."""
    topic = stage.name("wills")
    watcher = watcher_of(stage, topic)

    stage.client("c", will=Will(topic, b"gone")).leave()

    assert watcher.so_far() == []


def test_a_will_is_published_once(stage: Stage) -> None:
    """The next connection of the client has the will it says, or none.

    [MQTT-3.1.2-10] [MQTT-3.1.2-12]
    """
    topic = stage.name("wills")
    watcher = watcher_of(stage, topic)
    stage.client("c", clean=False, will=Will(topic, b"gone")).vanish()
    assert watcher.hear_message() == Message(topic, b"gone")

    again = stage.client("c", clean=False, present=True)
    again.vanish()
    stage.client("c", clean=False, present=True)

    assert watcher.so_far() == []


def test_without_a_will_nothing_is_published(stage: Stage) -> None:
    """As [MQTT-3.1.2-12] has it."""
    watcher = stage.client("watcher")
    watcher.subscribe((f"{stage.name('wills')}/#", 0))

    stage.client("c").vanish()
    stage.client("c")

    assert watcher.so_far() == []


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_will_has_its_qos(stage: Stage, qos: int) -> None:
    """For who subscribed with as much [MQTT-3.1.2-9]."""
    topic = stage.name("wills")
    watcher = watcher_of(stage, topic, 2)

    stage.client("c", will=Will(topic, b"gone", qos)).vanish()

    message = watcher.receive()
    assert (message.payload, message.qos, message.dup) == (b"gone", qos, False)


def test_a_will_that_is_not_retained_is_gone(stage: Stage) -> None:
    """As [MQTT-3.1.2-16] has it."""
    topic = stage.name("wills")
    watcher = watcher_of(stage, topic)
    stage.client("c", will=Will(topic, b"gone")).vanish()
    assert watcher.hear_message() == Message(topic, b"gone")

    late = stage.client("late")
    late.subscribe((topic, 0))

    assert late.so_far() == []


def test_a_retained_will_stays(stage: Stage) -> None:
    """Live it has no RETAIN flag, for later subscribers it has [MQTT-3.1.2-17]."""
    topic = stage.name("wills")
    watcher = watcher_of(stage, topic)
    stage.client("c", will=Will(topic, b"gone", 1, retain=True)).vanish()
    assert watcher.hear_message() == Message(topic, b"gone")

    late = stage.client("late")
    late.subscribe((topic, 1))

    message = late.receive()
    assert (message.payload, message.qos, message.retain) == (b"gone", 1, True)


def test_an_empty_retained_will_clears_the_topic(stage: Stage) -> None:
    """A will is a message like any other [MQTT-3.1.2-17] [MQTT-3.3.1-10]."""
    topic = stage.name("wills")
    stage.client("speaker").publish(topic, b"here", retain=True)
    watcher = stage.client("watcher")
    watcher.subscribe((topic, 0))
    assert watcher.hear_message() == Message(topic, b"here", retain=True)

    stage.client("c", will=Will(topic, b"", retain=True)).vanish()

    assert watcher.hear_message() == Message(topic)
    late = stage.client("late")
    late.subscribe((topic, 0))
    assert late.so_far() == []


def test_a_rejected_connect_leaves_no_will(stage: Stage) -> None:
    """Only an accepted one has its will stored [MQTT-3.1.2-8]."""
    topic = stage.name("wills")
    watcher = watcher_of(stage, topic)
    client = stage.dial()

    client.say(connect("", clean=False, will=Will(topic, b"never")))
    client.until_closed()

    assert watcher.so_far() == []


def test_a_client_s_own_subscriptions_do_not_stop_its_will(stage: Stage) -> None:
    """A will on a topic that the dead client heard itself waits in its session [MQTT-4.5.0-1]."""
    topic = stage.name("wills")
    client = stage.client("c", clean=False, will=Will(topic, b"gone", 2))
    client.subscribe((topic, 2))

    client.vanish()

    again = stage.client("c", clean=False, present=True)
    message = again.hear_message()
    assert (message.payload, message.qos) == (b"gone", 2)
    again.say(pubrec(message.packet_id), subscribe(9, (topic, 0)))
