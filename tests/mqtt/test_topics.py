import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.mqtt.topics import Subscriptions, is_filter, is_topic, matches, pattern
from tests.mqtt.packets_drawn import FILTERS, TOPICS

# Few words, so that drawn filters and topics meet often.
_WORDS = st.sampled_from(["a", "b", "", "$s"])
NEAR_TOPICS = st.lists(_WORDS, min_size=1, max_size=4).map("/".join).filter(bool)
NEAR_FILTERS = st.builds(
    lambda levels, end: "/".join([*levels, *end]),
    st.lists(st.one_of(_WORDS, st.just("+")), max_size=4),
    st.sampled_from([[], ["#"]]),
).filter(bool)

COVERED = [  # MQTT 4.7.1 and 4.7.2, the specification's own examples among them.
    ("sport/tennis/player1/#", "sport/tennis/player1"),
    ("sport/tennis/player1/#", "sport/tennis/player1/ranking"),
    ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"),
    ("sport/#", "sport"),
    ("#", "a/b"),
    ("#", "/"),
    ("sport/tennis/+", "sport/tennis/player1"),
    ("sport/+", "sport/"),
    ("+/+", "/finance"),
    ("/+", "/finance"),
    ("+/tennis/#", "sport/tennis/a/b"),
    ("+", "a"),
    ("a/b", "a/b"),
    ("$SYS/#", "$SYS/monitor/a"),
    ("$SYS/monitor/+", "$SYS/monitor/Clients"),
    ("a/+", "a/$b"),
    ("a//b", "a//b"),
]
NOT_COVERED = [
    ("sport/tennis/+", "sport/tennis/player1/ranking"),
    ("sport/+", "sport"),
    ("+", "/finance"),
    ("a/b", "a/B"),
    ("a/b", "a/b/"),
    ("a/b/#", "a"),
    ("#", "$SYS/a"),
    ("+/monitor/Clients", "$SYS/monitor/Clients"),
    ("+", "$SYS"),
    ("a.c", "abc"),
]


@pytest.mark.parametrize(("topic_filter", "topic"), COVERED)
def test_a_filter_covers(topic_filter: str, topic: str) -> None:
    """Levels, `+`, `#` and `$` as the specification has them, three ways."""
    table: Subscriptions[str] = Subscriptions()
    table.add(topic_filter, "me", 1)

    assert matches(topic_filter, topic)
    assert pattern([topic_filter]).fullmatch(topic)
    assert table.match(topic) == {"me": 1}


@pytest.mark.parametrize(("topic_filter", "topic"), NOT_COVERED)
def test_a_filter_does_not_cover(topic_filter: str, topic: str) -> None:
    """The same for what it leaves out."""
    table: Subscriptions[str] = Subscriptions()
    table.add(topic_filter, "me", 1)

    assert not matches(topic_filter, topic)
    assert not pattern([topic_filter]).fullmatch(topic)
    assert table.match(topic) == {}


@pytest.mark.parametrize("text", ["a", "/", "a/b", " ", "$SYS/a", "ü", "a" * 65_535])
def test_a_topic(text: str) -> None:
    """One character is enough, and 65,535 bytes are not too many."""
    assert is_topic(text)
    assert is_filter(text)


@pytest.mark.parametrize("text", ["", "+", "#", "a/+", "a\0", "a" * 65_536, "ü" * 32_768])
def test_no_topic(text: str) -> None:
    """Empty, a wildcard, U+0000, or too many bytes."""
    assert not is_topic(text)


@pytest.mark.parametrize("text", ["#", "+", "a/#", "+/a/#", "a/+/b", "/+", "+/+/+"])
def test_a_filter(text: str) -> None:
    """Wildcards alone in their levels, `#` last."""
    assert is_filter(text)


@pytest.mark.parametrize("text", ["", "a#", "#/a", "a/#/b", "a+", "+a/b", "##", "a/b#", "\0", "++"])
def test_no_filter(text: str) -> None:
    """Wildcards elsewhere."""
    assert not is_filter(text)


@given(TOPICS)
def test_every_topic_is_its_own_filter(topic: str) -> None:
    """A filter without wildcards covers its own topic and is legal."""
    assert is_filter(topic)
    assert matches(topic, topic)


@given(st.lists(st.tuples(NEAR_FILTERS, st.integers(0, 1)), max_size=8), NEAR_TOPICS)
def test_the_table_finds_whom_the_definition_finds(
    wanted: list[tuple[str, int]], topic: str
) -> None:
    """The flat part, the tree and the pattern agree with `matches`."""
    table: Subscriptions[int] = Subscriptions()
    for subscriber, (topic_filter, qos) in enumerate(wanted):
        table.add(topic_filter, subscriber, qos)

    expected = {n: qos for n, (name, qos) in enumerate(wanted) if matches(name, topic)}
    assert dict(table.match(topic)) == expected
    found = pattern([name for name, _ in wanted]).fullmatch(topic)
    assert bool(found) == bool(expected)


@given(st.lists(NEAR_FILTERS, unique=True, max_size=8), NEAR_TOPICS, st.data())
def test_what_is_removed_is_as_if_it_had_never_been(
    filters: list[str], topic: str, data: st.DataObject
) -> None:
    """Neither found again, nor kept as an empty branch."""
    table: Subscriptions[str] = Subscriptions()
    for name in filters:
        table.add(name, name, 0)
    gone = data.draw(st.lists(st.sampled_from(filters), unique=True)) if filters else []

    for name in gone:
        table.remove(name, name)

    left = {name for name in filters if name not in gone and matches(name, topic)}
    assert set(table.match(topic)) == left
    for name in filters:
        table.remove(name, name)
    assert (table._exact, table._tree.below) == ({}, {})


def test_overlapping_filters_give_one_copy_at_the_highest_qos() -> None:
    """Three filters of one subscriber: once, at QoS 1."""
    table: Subscriptions[str] = Subscriptions()
    for name, qos in (("a/b", 0), ("a/+", 1), ("#", 0)):
        table.add(name, "me", qos)

    assert table.match("a/b") == {"me": 1}


def test_the_same_filter_again_replaces_the_qos() -> None:
    """Both in the flat part and in the tree, MQTT 3.8.4."""
    table: Subscriptions[str] = Subscriptions()
    for name in ("a/b", "a/+"):
        table.add(name, "me", 1)
        table.add(name, "me", 0)

    assert table.match("a/b") == {"me": 0}


def test_removing_what_is_not_there_changes_nothing() -> None:
    """Unknown filter, unknown subscriber, half a branch."""
    table: Subscriptions[str] = Subscriptions()
    table.add("a/+", "me", 1)
    table.add("b", "me", 1)

    for name in ("a/+", "b", "a/+/c", "a", "x/#"):
        table.remove(name, "you")

    assert table.match("a/x") == {"me": 1}
    assert table.match("b") == {"me": 1}


def test_subscribers_come_in_the_order_they_subscribed() -> None:
    """Runs repeat, so the order must."""
    table: Subscriptions[int] = Subscriptions()
    for subscriber in (3, 1, 2):
        table.add("t", subscriber, 0)

    assert list(table.match("t")) == [3, 1, 2]


@given(FILTERS, TOPICS)
def test_drawn_filters_are_compared_alike(topic_filter: str, topic: str) -> None:
    """The pattern agrees with the definition for any characters, line ends included."""
    assert bool(pattern([topic_filter]).fullmatch(topic)) == matches(topic_filter, topic)


def test_no_filter_claims_nothing() -> None:
    """The pattern of an empty list matches no topic, not even an odd one."""
    assert pattern([]).fullmatch("a") is None
    assert pattern([]).fullmatch("") is None
