"""Shared subscriptions: several clients that take turns with the messages of one filter.

MQTT 3.1.1 does not know them; brokers serve its clients the form that MQTT 5 wrote down (4.8.2):
`$share/GROUP/FILTER`. What follows from there, or was chosen because brokers differ:

    - A group is its name and its filter; the same name with another filter is another group.
    - Each message goes to one member, at the lower of its own and the member's QoS, in turn.
    - Members that are away are passed over while another can take it (Mosquitto 2 queues it for
      them in their turn); when all are away it is queued for one with a persistent session.
    - A member whose queue is full is passed over as well.
    - What a member left without an acknowledgement stays in its session, and is gone with a session
      that ends, as with Mosquitto 2. Nobody else gets it, so a turn is never taken twice.
    - Nothing retained is sent to who joins (MQTT 5, 4.8.2; Mosquitto 2.0.11 does send it).
    - A client that also subscribed for itself gets the message once for itself and once a group.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Generic, TypeVar

from fleet_sim.mqtt.topics import Subscriptions

S = TypeVar("S", bound=Hashable)

_PREFIX = "$share/"


def is_shared(topic_filter: str) -> bool:
    """Whether this asks for a shared subscription, well formed or not."""
    return topic_filter.startswith(_PREFIX)


def filter_of(topic_filter: str) -> str:
    """Return the filter that a shared one shares, "" when it is malformed; others as they are."""
    if not topic_filter.startswith(_PREFIX):
        return topic_filter
    name, _, shared = topic_filter[len(_PREFIX) :].partition("/")
    return shared if name and "+" not in name and "#" not in name else ""


class Group(Generic[S]):
    """The members of one shared subscription, in the order in which they joined."""

    __slots__ = ("_members", "_next", "_qos")

    def __init__(self) -> None:
        self._members: list[S] = []
        self._qos: dict[S, int] = {}
        self._next = 0

    def join(self, member: S, qos: int) -> None:
        """Take a member in; one that is in keeps its turn and changes its QoS."""
        if member not in self._qos:
            self._members.append(member)
        self._qos[member] = qos

    def leave(self, member: S) -> bool:
        """Let a member go, if it is one, and say whether nobody is left."""
        if self._qos.pop(member, None) is not None:
            at = self._members.index(member)
            del self._members[at]
            if at < self._next:
                self._next -= 1
        return not self._members

    def hand(self, is_here: Callable[[S], bool], take: Callable[[S, int], bool]) -> bool:
        """Offer one message around until somebody takes it; False when nobody does.

        Args:
            is_here: Whether a member is connected; those are asked first.
            take: Gives the message to a member, with the QoS it was granted; False if it cannot.
        """
        for at in self._turns(is_here):
            member = self._members[at]
            if take(member, self._qos[member]):
                self._next = (at + 1) % len(self._members)
                return True
        return False

    def _turns(self, is_here: Callable[[S], bool]) -> Iterator[int]:
        """Yield whose turn it is, as places in the list: once around those here, then the rest."""
        away: list[int] = []
        count = len(self._members)
        for step in range(count):
            at = (self._next + step) % count
            if is_here(self._members[at]):
                yield at
            else:
                away.append(at)
        yield from away


class SharedSubscriptions(Generic[S]):
    """All groups of a broker.

    Attributes:
        groups: By their whole text `$share/GROUP/FILTER`; for reading. None is empty.
    """

    __slots__ = ("_filters", "groups")

    def __init__(self) -> None:
        self.groups: dict[str, Group[S]] = {}
        self._filters: Subscriptions[Group[S]] = Subscriptions()

    def add(self, topic_filter: str, member: S, qos: int) -> None:
        """Have a member join a group, which is made if there is none."""
        group = self.groups.get(topic_filter)
        if group is None:
            group = self.groups[topic_filter] = Group()
            self._filters.add(filter_of(topic_filter), group, 0)
        group.join(member, qos)

    def remove(self, topic_filter: str, member: S) -> None:
        """Have a member leave; a group without members is forgotten, an unknown one left alone."""
        group = self.groups.get(topic_filter)
        if group is not None and group.leave(member):
            del self.groups[topic_filter]
            self._filters.remove(filter_of(topic_filter), group)

    def match(self, topic: str) -> Iterable[Group[S]]:
        """Return each group whose filter covers the topic, in the order they were made."""
        return self._filters.match(topic)
