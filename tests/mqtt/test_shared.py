import pytest

from fleet_sim.mqtt.shared import Group, SharedSubscriptions, filter_of, is_shared


def handed(group: Group[str], away: str = "", full: str = "") -> str:
    """Hand one message around and return who took it, "" for nobody."""
    took: list[str] = []

    def take(member: str, qos: int) -> bool:
        if member not in full:
            took.append(member)
        return member not in full

    assert group.hand(lambda member: member not in away, take) == bool(took)
    return "".join(took)


def group_of(members: str) -> Group[str]:
    """Return a group of one-letter members."""
    group: Group[str] = Group()
    for member in members:
        group.join(member, 1)
    return group


@pytest.mark.parametrize(
    ("topic_filter", "shared"),
    [
        ("$share/g/a/b", "a/b"),
        ("$share/g/#", "#"),
        ("$share/g//a", "/a"),
        ("$share/g/", ""),
        ("$share/g", ""),
        ("$share//a", ""),
        ("$share/+/a", ""),
        ("$share/g#/a", ""),
        ("a/b", "a/b"),
        ("$shared/g/a", "$shared/g/a"),
    ],
)
def test_a_shared_filter_names_a_group_and_what_it_shares(topic_filter: str, shared: str) -> None:
    """Its group has a name without wildcards; other filters are left as they are."""
    assert filter_of(topic_filter) == shared
    assert is_shared(topic_filter) == topic_filter.startswith("$share/")


def test_members_take_turns() -> None:
    """Fairly: each once a round."""
    group = group_of("abc")

    assert "".join(handed(group) for _ in range(7)) == "abcabca"


def test_the_absent_are_passed_over_while_somebody_is_here() -> None:
    """When all are away, they take turns as well."""
    group = group_of("abc")

    assert "".join(handed(group, away="b") for _ in range(4)) == "acac"
    assert "".join(handed(group, away="abc") for _ in range(4)) == "abca"


def test_who_cannot_take_it_is_passed_over() -> None:
    """Even for somebody who is away; nobody at all is nobody."""
    group = group_of("abc")

    assert "".join(handed(group, full="a") for _ in range(3)) == "bcb"
    assert handed(group, away="c", full="ab") == "c"
    assert handed(group, full="abc") == ""
    assert handed(group_of("")) == ""


def test_a_member_that_leaves_takes_nobody_else_s_turn() -> None:
    """Before the next one, after it, the next one itself, the last of the list."""
    group = group_of("abcd")
    assert [handed(group), handed(group)] == ["a", "b"]

    assert not group.leave("a")
    assert handed(group) == "c"
    assert not group.leave("d")
    assert handed(group) == "b"
    assert not group.leave("x")
    assert not group.leave("b")
    assert group.leave("c")


def test_joining_again_keeps_the_turn_and_changes_the_qos() -> None:
    """As subscribing again does for anybody."""
    group = group_of("ab")
    group.join("a", 0)
    asked: list[tuple[str, int]] = []

    def refuse(member: str, qos: int) -> bool:
        asked.append((member, qos))
        return False

    assert not group.hand(lambda _: True, refuse)
    assert asked == [("a", 0), ("b", 1)]


def test_a_group_is_its_name_and_its_filter() -> None:
    """The same name over two filters is two groups."""
    table: SharedSubscriptions[str] = SharedSubscriptions()
    table.add("$share/g/a/+", "x", 1)
    table.add("$share/g/a/b", "x", 1)
    table.add("$share/h/a/b", "y", 1)

    assert [len(list(table.match(topic))) for topic in ("a/b", "a/c", "c")] == [3, 1, 0]


def test_a_group_that_is_empty_is_forgotten() -> None:
    """Unknown groups and members are left alone."""
    table: SharedSubscriptions[str] = SharedSubscriptions()
    table.add("$share/g/a", "x", 1)
    table.add("$share/g/a", "y", 1)

    table.remove("$share/g/a", "x")
    table.remove("$share/g/a", "z")
    table.remove("$share/h/a", "y")
    assert list(table.groups) == ["$share/g/a"]
    table.remove("$share/g/a", "y")
    assert (table.groups, list(table.match("a"))) == ({}, [])


def test_shared_wildcards_leave_system_topics_alone() -> None:
    """The rule is about what is shared, not about `$share`."""
    table: SharedSubscriptions[str] = SharedSubscriptions()
    table.add("$share/g/#", "x", 1)
    table.add("$share/g/$oc/#", "x", 1)

    assert [len(list(table.match(topic))) for topic in ("a", "$oc/a")] == [1, 1]
