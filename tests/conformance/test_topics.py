"""Section 4.7: which filter covers which topic."""

import pytest

from tests.conformance.octets import Message, suback, subscribe
from tests.conformance.raw_client import RawClient
from tests.conformance.stage import Stage

# (filter, topics it covers, topics it does not); each below a level of the test's own.
COVERED = [
    ("a/b", ["a/b"], ["a", "a/b/c", "A/b", "a/b/", "/a/b"]),
    ("#", ["", "a", "a/b", "/", "/a", "a//b"], []),
    ("a/#", ["a", "a/", "a/b", "a/b/c", "a//"], ["ab", "b", "b/a", "/a"]),
    ("+", ["", "a", " "], ["a/b", "/a", "a/"]),
    ("a/+", ["a/b", "a/"], ["a", "a/b/c", "b/a", "a/b/"]),
    ("+/b", ["a/b", "/b"], ["b", "a/b/c", "a/a/b"]),
    ("a/+/c", ["a/b/c", "a//c"], ["a/c", "a/b/c/d", "a/b/b/c"]),
    ("+/+", ["/", "a/b", "/a", "a/"], ["a", "a/b/c"]),
    ("+/#", ["a", "a/b", "/a", ""], []),
    ("/+", ["/a", "/"], ["a", "/a/b"]),
    ("+/a/#", ["b/a", "b/a/c", "/a"], ["a", "b/b/a"]),
    ("a b", ["a b"], ["a  b", "ab"]),
]


@pytest.mark.parametrize(("topic_filter", "covered", "not_covered"), COVERED)
def test_filters_cover_topics(
    stage: Stage, topic_filter: str, covered: list[str], not_covered: list[str]
) -> None:
    """Level by level, empty levels too.

    [MQTT-3.3.2-3] [MQTT-3.8.3-2] [MQTT-4.7.1-2] [MQTT-4.7.1-3]
    """
    scope = stage.name("x")
    listener = stage.client("listener")
    listener.subscribe((f"{scope}/{topic_filter}", 0))
    speaker = stage.client("speaker")

    for topic in (*covered, *not_covered):
        speaker.publish(f"{scope}/{topic}", b"x")

    assert listener.messages_so_far() == [Message(f"{scope}/{topic}", b"x") for topic in covered]


def dollars(client: RawClient) -> list[Message]:
    """Return what has come on topics that begin with a dollar."""
    return [message for message in client.messages_so_far() if message.topic.startswith("$")]


@pytest.mark.parametrize("topic_filter", ["#", "+/rest", "+/#", "+/+"])
def test_a_wildcard_at_the_start_does_not_cover_a_dollar(stage: Stage, topic_filter: str) -> None:
    """Live and retained; the filter that spells it out does [MQTT-4.7.2-1]."""
    first = f"${stage.name('own')}"
    topic = f"{first}/rest"
    listener = stage.client("listener")
    listener.say(subscribe(1, (topic_filter, 0)))
    assert listener.hear() == suback(1, 0)
    exact = stage.client("exact")
    exact.subscribe((f"{first}/+", 0))

    speaker = stage.client("speaker")
    speaker.publish(topic, b"live")
    speaker.publish(topic, b"kept", retain=True)
    late = stage.client("late")
    late.say(subscribe(1, (topic_filter, 0)))

    assert exact.messages_so_far() == [Message(topic, b"live"), Message(topic, b"kept")]
    assert dollars(listener) == []
    assert late.hear() == suback(1, 0)
    assert dollars(late) == []
    speaker.publish(topic, b"", retain=True)


def test_a_dollar_further_on_is_a_character_like_any_other(stage: Stage) -> None:
    """Only the beginning of the topic counts [MQTT-4.7.2-1]."""
    scope = stage.name("x")
    listener = stage.client("listener")
    listener.subscribe((f"{scope}/+/+", 0))

    stage.client("speaker").publish(f"{scope}/$a/$b", b"x")

    assert listener.messages_so_far() == [Message(f"{scope}/$a/$b", b"x")]


@pytest.mark.parametrize(
    ("wanted", "published"),
    [
        ("a", "A"),
        ("\u00e9", "e\u0301"),
        ("a/b", "a//b"),
        ("a", "a/"),
        ("a", " a"),
        ("a", "a "),
        ("\u212a", "K"),
        ("%61", "a"),
        ("a/../b", "b"),
    ],
)
def test_topics_are_compared_as_they_are(stage: Stage, wanted: str, published: str) -> None:
    """No case, no composition, no path is smoothed over [MQTT-4.7.3-4]."""
    scope = stage.name("x")
    listener = stage.client("listener")
    listener.subscribe((f"{scope}/{wanted}", 0))
    speaker = stage.client("speaker")

    speaker.publish(f"{scope}/{published}", b"other")
    speaker.publish(f"{scope}/{wanted}", b"same")

    assert listener.messages_so_far() == [Message(f"{scope}/{wanted}", b"same")]


def test_a_topic_may_have_one_character(stage: Stage) -> None:
    """Or be a separator alone [MQTT-4.7.3-1]."""
    for topic in ("\u00b7", "/"):
        listener = stage.client("listener")
        listener.subscribe((topic, 0))

        stage.client("speaker").publish(topic, b"x")

        assert listener.messages_so_far() == [Message(topic, b"x")]


def test_a_topic_may_have_65535_bytes(stage: Stage) -> None:
    """And so may a filter; two bytes of length cannot say more [MQTT-4.7.3-3]."""
    scope = stage.name("x/")
    topic = scope + "y" * (65_535 - len(scope))
    listener = stage.client("listener")
    listener.subscribe((topic, 0))

    stage.client("speaker").publish(topic, b"x")

    assert listener.messages_so_far() == [Message(topic, b"x")]
