"""Retained messages: the last word on each topic (MQTT 3.3.1.3)."""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.mqtt.kinds import Publish


class _Level:
    """One level of the tree: the levels below and the message that ends here."""

    __slots__ = ("below", "message")

    def __init__(self) -> None:
        self.below: dict[str, _Level] = {}
        self.message: Publish | None = None


class Retained:
    """Keeps at most so many messages of at most so many payload and topic bytes.

    A tree of levels, so that a device that subscribes to its own topics does not look at those of
    all others.

    Args:
        count_max: How many topics.
        bytes_max: How many bytes, topics and payloads together.
    """

    __slots__ = ("_bytes", "_bytes_max", "_count", "_count_max", "_root")

    def __init__(self, count_max: int, bytes_max: int) -> None:
        self._count_max = count_max
        self._bytes_max = bytes_max
        self._count = 0
        self._bytes = 0
        self._root = _Level()

    def __len__(self) -> int:
        return self._count

    def keep(self, topic: str, payload: bytes, qos: int) -> bool:
        """Keep a message in the place of its predecessor; an empty one only removes that.

        Returns:
            False when there is no room: then its predecessor is gone as well, since an old value
            that passes for the last one is worse than none.
        """
        self._drop(topic)
        if not payload:
            return True
        size = len(topic) + len(payload)
        if self._count >= self._count_max or self._bytes + size > self._bytes_max:
            return False
        level = self._root
        for name in topic.split("/"):
            level = level.below.setdefault(name, _Level())
        level.message = Publish(topic, payload, qos, 0, retain=True)
        self._count += 1
        self._bytes += size
        return True

    def match(self, topic_filter: str) -> Iterator[Publish]:
        """Return the messages on topics that the filter covers, in a fixed order."""
        wanted = topic_filter.split("/")
        if wanted[0] not in ("+", "#"):
            return _walk(self._root, wanted, 0)
        # A leading wildcard does not cover the topics that begin with `$` (MQTT 4.7.2).
        rest = wanted if wanted[0] == "#" else wanted[1:]
        plain = (level for name, level in self._root.below.items() if name[:1] != "$")
        return (message for level in plain for message in _walk(level, rest, 0))

    def _drop(self, topic: str) -> None:
        path = [self._root]
        names = topic.split("/")
        for name in names:
            level = path[-1].below.get(name)
            if level is None:
                return
            path.append(level)
        message = path[-1].message
        if message is None:
            return
        path[-1].message = None
        self._count -= 1
        self._bytes -= len(topic) + len(message.payload)
        for index in range(len(names) - 1, -1, -1):
            level = path[index + 1]
            if level.message is not None or level.below:
                return
            del path[index].below[names[index]]


def _walk(level: _Level, wanted: list[str], depth: int) -> Iterator[Publish]:
    """Yield what `wanted[depth:]` covers from this level down; topics' depth bounds the recursion.

    Three cases: the filter ends here; `#` takes this level and all below; else one level, or with
    `+` each, is followed.
    """
    is_rest = depth < len(wanted) and wanted[depth] == "#"
    if level.message is not None and (is_rest or depth == len(wanted)):
        yield level.message
    if is_rest:
        for child in level.below.values():
            yield from _walk(child, wanted, depth)
    elif depth < len(wanted):
        name = wanted[depth]
        one = level.below.get(name)
        children = level.below.values() if name == "+" else (one,) if one is not None else ()
        for child in children:
            yield from _walk(child, wanted, depth + 1)
