import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.mqtt.packets import Publish
from fleet_sim.mqtt.retained import Retained
from fleet_sim.mqtt.topics import matches
from tests.mqtt.test_topics import COVERED, NEAR_FILTERS, NEAR_TOPICS, NOT_COVERED


def roomy() -> Retained:
    """A store no test fills by accident."""
    return Retained(1_000, 1_000_000)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "is_covered"),
    [
        *((*pair, True) for pair in COVERED),
        *((*pair, False) for pair in NOT_COVERED),
    ],
)
def test_a_filter_finds_what_it_covers(topic_filter: str, topic: str, is_covered: bool) -> None:
    """The specification's examples, from the retained side."""
    retained = roomy()
    retained.keep(topic, b"x", 1)

    found = list(retained.match(topic_filter))

    assert found == ([Publish(topic, b"x", 1, 0, retain=True)] if is_covered else [])


@given(st.lists(NEAR_TOPICS, max_size=8), NEAR_FILTERS)
def test_the_tree_finds_what_the_definition_finds(topics: list[str], topic_filter: str) -> None:
    """Each topic once, none forgotten."""
    retained = roomy()
    for topic in topics:
        retained.keep(topic, b"x", 0)

    found = [message.topic for message in retained.match(topic_filter)]

    assert sorted(found) == sorted({t for t in topics if matches(topic_filter, t)})


def test_the_last_message_stands() -> None:
    """A later one replaces it, and is counted once."""
    retained = roomy()
    retained.keep("a", b"old", 1)
    retained.keep("a", b"new", 0)

    assert list(retained.match("#")) == [Publish("a", b"new", 0, 0, retain=True)]
    assert len(retained) == 1


@given(st.lists(NEAR_TOPICS, max_size=8))
def test_an_empty_message_removes_without_a_trace(topics: list[str]) -> None:
    """Nothing is left, empty branches neither."""
    retained = roomy()
    for topic in topics:
        retained.keep(topic, b"x", 0)
    for topic in topics:
        assert retained.keep(topic, b"", 0)

    assert list(retained.match("#")) == []
    assert (len(retained), retained._bytes, retained._root.below) == (0, 0, {})


def test_a_topic_too_many_is_not_kept() -> None:
    """What is there stays; replacing is no addition."""
    retained = Retained(1, 1_000)

    assert retained.keep("a", b"1", 0)
    assert not retained.keep("b", b"2", 0)
    assert retained.keep("a", b"3", 0)
    assert [m.payload for m in retained.match("#")] == [b"3"]


def test_bytes_are_bounded_too() -> None:
    """Topic and payload count; what makes no room takes its outdated predecessor with it."""
    retained = Retained(10, 10)

    assert retained.keep("a", b"123456789", 0)
    assert not retained.keep("b", b"1", 0)
    assert not retained.keep("a", b"1234567890", 0)
    assert list(retained.match("a")) == []
