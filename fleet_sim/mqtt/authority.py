"""Who may connect, publish and subscribe: the broker asks, the platform's own rules answer."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

from fleet_sim.mqtt.kinds import QOS_MAX, Connect


@dataclass(frozen=True, slots=True)
class Admission:
    """A client is let in.

    Attributes:
        principal: Who it is, whatever it calls itself: what `send_to` addresses.
        implicit: Topic filters it gets messages of without a SUBSCRIBE, as vendors' platforms do.
        exclusive: Whether a newer connection of the same principal ends the older one.
        implicit_qos: The QoS of the implicit ones; Huawei's platform uses 0.
        may_persist: Whether its session outlives its connection when it asks for that. Where not,
            every session is a clean one, and nothing is kept for who is away.
        qos_max: The highest QoS it is served. A subscription above it is lowered; a message above
            it ends the connection, as MQTT 3.1.1 has no word for it.
    """

    principal: Hashable
    implicit: tuple[str, ...] = ()
    exclusive: bool = True
    implicit_qos: int = 1
    may_persist: bool = True
    qos_max: int = QOS_MAX


class Authority(Protocol):
    """The rules of a platform. Asked for every CONNECT, PUBLISH and filter: answers at once."""

    def admit(self, connect: Connect, peer: str) -> Admission | int:
        """Let a client in, or say with which CONNACK code not; `peer` is its address."""
        ...

    def may_publish(self, principal: Hashable, topic: str) -> bool:
        """Whether it may publish there."""
        ...

    def may_subscribe(self, principal: Hashable, topic_filter: str) -> bool:
        """Whether it may hear all that this filter covers.

        A shared subscription is asked about as `$share/GROUP/FILTER`, well formed;
        `shared.filter_of` returns what it shares.
        """
        ...


class AllowAll:
    """Everybody may do everything; the principal is the client identifier."""

    def admit(self, connect: Connect, peer: str) -> Admission | int:  # noqa: ARG002 - no question
        """Let it in."""
        return Admission(connect.client_id)

    def may_publish(self, principal: Hashable, topic: str) -> bool:  # noqa: ARG002 - no question
        """Yes."""
        return True

    def may_subscribe(self, principal: Hashable, topic_filter: str) -> bool:  # noqa: ARG002
        """Yes."""
        return True
