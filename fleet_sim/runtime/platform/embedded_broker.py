"""The platform's own MQTT endpoint: our broker, and the platform's rules for who may do what.

The broker itself knows no vendor. Here a CONNECT becomes a device, by its signature; what devices
publish goes to the platform, and what the platform says goes to them without a SUBSCRIBE.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import assert_never

from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.mqtt.broker import (
    Admission,
    Arrived,
    Broker,
    BrokerEvent,
    BrokerLimits,
    Closed,
    Connection,
    Delivered,
    Opened,
    Refused,
)
from fleet_sim.mqtt.kinds import ConnackCode
from fleet_sim.mqtt.packets import Connect
from fleet_sim.runtime.clock import Alarm, Clock
from fleet_sim.runtime.platform.gateways import Gateways, claimed_topics
from fleet_sim.runtime.platform.platform import Platform


@dataclass(frozen=True, slots=True)
class _Puback:
    """The receipt of a message: which PUBACK is owed, and to whom."""

    connection: Connection
    token: int


def limits_of(dialect: Dialect) -> BrokerLimits:
    """Return what a vendor's broker puts up with: ours, and the keep alive that it insists on."""
    wanted = dialect.keep_alive
    if wanted is None:
        return BrokerLimits()
    return BrokerLimits(
        keep_alive_s_min=wanted.lowest_s,
        keep_alive_s_max=wanted.highest_s,
        keep_alive_refusal=ConnackCode(wanted.refusal),
    )


class EmbeddedBroker:
    """A platform's way to devices by a broker of its own, and that broker's authority.

    Attributes:
        broker: To be driven by somebody with sockets, who brings its events to `on_events`.
    """

    def __init__(self, platform: Platform, clock: Clock, limits: BrokerLimits) -> None:
        self._platform = platform
        self._server = platform.server
        self._clock = clock
        codec = platform.gateways
        self._gateways = None if codec is None else Gateways(codec, platform, self, self._hang_up)
        self.broker = Broker(limits, self, claimed=claimed_topics(platform.server, codec))
        self._activating: set[DeviceId] = set()  # Admitted so, and not yet told of by `Opened`.
        self._alarm = Alarm(clock, lambda: self.broker.next_at_ms, self._due)
        platform.attach(self)

    # --- who may do what (the broker asks) -------------------------------------------------

    def admit(self, connect: Connect, peer: str) -> Admission | int:
        """Check a device's signed password; the code refuses it."""
        del peer
        found = self._server.identify(
            connect.client_id, connect.username or "", connect.password, self._platform
        )
        if isinstance(found, int):
            return found
        device = found.device
        self._activating.discard(device)
        if found.activates:
            self._activating.add(device)
        return Admission(
            device,
            self._server.implicit(device),
            may_persist=self._server.keeps_sessions,
            qos_max=self._server.qos_max,
        )

    def may_publish(self, principal: Hashable, topic: str) -> bool:
        """Tell whether a device may publish there, as itself or as one of its children."""
        if not isinstance(principal, DeviceId):
            return False
        if self._server.may_publish(principal, topic):
            return True
        child = self._child_at(principal, topic)
        return child is not None and self._server.may_publish(child, topic)

    def may_subscribe(self, principal: Hashable, topic_filter: str) -> bool:
        """Tell whether a device may subscribe to that, as itself or as one of its children."""
        if not isinstance(principal, DeviceId):
            return False
        if self._server.may_subscribe(principal, topic_filter):
            return True
        child = self._child_at(principal, topic_filter)
        return child is not None and self._server.may_subscribe(child, topic_filter)

    def _child_at(self, gateway: DeviceId, topic_or_filter: str) -> DeviceId | None:
        if self._gateways is None:
            return None
        return self._gateways.child_at(gateway, topic_or_filter)

    # --- what happens at the broker --------------------------------------------------------

    def on_events(self, events: Sequence[BrokerEvent]) -> None:
        """Take what happened at the broker."""
        for event in events:
            self._take(event)
        self._alarm.arm()

    def _take(self, event: BrokerEvent) -> None:
        match event:
            case Arrived(connection, sender, topic, payload, token=token):
                receipt = None if token is None else _Puback(connection, token)
                if self._gateways is not None and self._gateways.is_request(topic):
                    self._gateways.take(sender, topic, payload, receipt)
                else:
                    self._platform.arrived(self, sender, topic, payload, receipt)
            case Opened(principal=DeviceId() as device):
                self._opened(device)
            case Closed(principal=DeviceId() as device, why=why):
                if self._gateways is not None:
                    self._gateways.ended(device, why)
                self._platform.gone(device, why)
            case Refused(connection, topic, why):
                self._platform.refused(connection.principal, topic, why)
            case Delivered() | Opened() | Closed():
                pass
            case _:
                assert_never(event)

    def _opened(self, device: DeviceId) -> None:
        if self._gateways is not None:
            self._gateways.left(device, "it has connected by itself")
        if device in self._activating:
            self._activating.remove(device)
            self._platform.activate(device)  # first: a stranger becomes known by it
        self._platform.connected(self, device)

    def _due(self) -> None:
        self.on_events(self.broker.expire(self._clock.now_ms()))

    # --- what the platform says ------------------------------------------------------------

    def send(self, device: Hashable, wire: WireMessage) -> bool:
        """Send straight to a device's newest connection; False when it has none, or no room.

        A child has its gateway's.
        """
        over = None
        if self._gateways is not None and isinstance(device, DeviceId):
            over = self._gateways.over(device)
        at_ms = self._clock.now_ms()
        sent = self.broker.send_to(over or device, wire.topic, wire.payload, wire.qos, at_ms)
        return sent is not None

    def acknowledge(self, receipt: Hashable) -> None:
        """Send the PUBACK."""
        assert isinstance(receipt, _Puback)
        self.broker.acknowledge(receipt.connection, receipt.token)

    def drop(self, device: DeviceId, why: str) -> None:
        """End all connections of a device, and take it off its gateway's."""
        if self._gateways is not None:
            self._gateways.left(device, why)
        self._hang_up(device, why)

    def _hang_up(self, device: DeviceId, why: str) -> None:
        while (connection := self.broker.connection_of(device)) is not None:
            self.on_events(self.broker.close(connection, why, self._clock.now_ms()))
