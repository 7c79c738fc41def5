"""Topics, topic filters, and who subscribed to what (MQTT 4.7)."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from typing import Generic, TypeVar

from fleet_sim.mqtt.kinds import TEXT_BYTES_MAX

S = TypeVar("S", bound=Hashable)


def is_topic(text: str) -> bool:
    """Whether a message may be published on this: no wildcard, no U+0000, 1 to 65,535 bytes."""
    if not text or "+" in text or "#" in text or "\0" in text:
        return False
    # A character has at most four bytes, so a short text need not be encoded to be measured.
    return len(text) * 4 <= TEXT_BYTES_MAX or len(text.encode()) <= TEXT_BYTES_MAX


def is_filter(text: str) -> bool:
    """Whether this is a topic filter: `+` alone in a level, `#` alone in the last one."""
    if not text or "\0" in text or len(text.encode()) > TEXT_BYTES_MAX:
        return False
    if "+" not in text and "#" not in text:
        return True
    levels = text.split("/")
    if any("#" in level for level in levels[:-1]) or "#" in levels[-1][1:] + levels[-1][:-1]:
        return False
    return all("+" not in level or level == "+" for level in levels)


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a filter covers a topic.

    A topic that starts with `$` is not covered by a filter that starts with a wildcard; `a/#`
    covers `a` itself.
    """
    if topic_filter == topic:
        return True
    if topic[:1] == "$" and topic_filter[:1] in ("+", "#"):
        return False
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index >= len(levels) or level not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)


def pattern(filters: Sequence[str]) -> re.Pattern[str]:
    """Return one pattern whose `fullmatch` says whether any of the filters covers a topic.

    For a handful of filters that every message is tried against; one run of the pattern costs less
    than one walk through the levels.
    """
    return re.compile("|".join(map(_expression, filters)) or r"(?!)", re.DOTALL)


def _expression(topic_filter: str) -> str:
    levels = topic_filter.split("/")
    head = r"(?!\$)" if levels[0] in ("+", "#") else ""
    if levels == ["#"]:
        return head + ".*"
    tail = "(?:/.*)?" if levels[-1] == "#" else ""
    kept = levels[:-1] if tail else levels
    return head + "/".join("[^/]*" if level == "+" else re.escape(level) for level in kept) + tail


class _Node(Generic[S]):
    """One level of the wildcard tree: the levels below, and who ends here."""

    __slots__ = ("below", "here")

    def __init__(self) -> None:
        self.below: dict[str, _Node[S]] = {}
        self.here: dict[S, int] = {}


class Subscriptions(Generic[S]):
    """Which subscriber wants which topics, and at which QoS.

    Filters without a wildcard, as nearly all of a fleet's are, stand in one flat dictionary: a
    look-up costs the same for one device and for fifty thousand. The rest stands in a tree of
    levels. Everything is kept in the order of subscription, so that results repeat.
    """

    __slots__ = ("_exact", "_tree")

    def __init__(self) -> None:
        self._exact: dict[str, dict[S, int]] = {}
        self._tree: _Node[S] = _Node()

    def add(self, topic_filter: str, subscriber: S, qos: int) -> None:
        """Subscribe; the same filter again replaces its QoS."""
        if "+" in topic_filter or "#" in topic_filter:
            node = self._tree
            for level in topic_filter.split("/"):
                node = node.below.setdefault(level, _Node())
            node.here[subscriber] = qos
        else:
            self._exact.setdefault(topic_filter, {})[subscriber] = qos

    def remove(self, topic_filter: str, subscriber: S) -> None:
        """Forget one subscription; one that does not exist is left alone. Nothing empty stays."""
        if "+" in topic_filter or "#" in topic_filter:
            self._remove_from_tree(topic_filter.split("/"), subscriber)
            return
        here = self._exact.get(topic_filter)
        if here is not None:
            here.pop(subscriber, None)
            if not here:
                del self._exact[topic_filter]

    def match(self, topic: str) -> dict[S, int]:
        """Return each subscriber once, with the highest QoS of its filters that cover the topic.

        Overlapping filters of one subscriber bring one copy (MQTT 3.3.5 leaves the choice), as a
        device that subscribed to what it gets anyway must not see an upgrade twice. The result may
        be the store's own: it is for reading.
        """
        exact = self._exact.get(topic)
        if not self._tree.below:
            return exact if exact is not None else {}
        found = dict(exact) if exact is not None else {}
        for here in self._in_tree(topic):
            for subscriber, qos in here.items():
                if found.get(subscriber, -1) < qos:
                    found[subscriber] = qos
        return found

    def _in_tree(self, topic: str) -> Iterator[dict[S, int]]:
        """Walk all branches that cover the topic, level by level."""
        levels = topic.split("/")
        wildcards_from = 1 if topic[:1] == "$" else 0
        nodes = [self._tree]
        for index, level in enumerate(levels):
            ahead: list[_Node[S]] = []
            names = (level, "+", "#") if index >= wildcards_from else (level,)
            for node in nodes:
                for name in names:
                    child = node.below.get(name)
                    if child is None:
                        continue
                    if name == "#":
                        yield child.here
                    else:
                        ahead.append(child)
            nodes = ahead
            if not nodes:
                return
        for node in nodes:
            if node.here:
                yield node.here
            if "#" in node.below:  # `a/#` covers `a`.
                yield node.below["#"].here

    def _remove_from_tree(self, levels: list[str], subscriber: S) -> None:
        path = [self._tree]
        for level in levels:
            child = path[-1].below.get(level)
            if child is None:
                return
            path.append(child)
        path[-1].here.pop(subscriber, None)
        for index in range(len(levels) - 1, -1, -1):
            node = path[index + 1]
            if node.here or node.below:
                return
            del path[index].below[levels[index]]
