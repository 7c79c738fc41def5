"""Whether a client may: the limits and the authority, asked in one place.

Nothing here changes a connection or a session. A refused CONNECT raises, as it ends the connection;
a refused message or filter comes back as a phrase, as the connection goes on.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from fleet_sim.mqtt.authority import Admission, Authority
from fleet_sim.mqtt.connect_rate import ConnectRates
from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.kinds import ConnackCode, Connect
from fleet_sim.mqtt.limits import BrokerLimits
from fleet_sim.mqtt.session import Session
from fleet_sim.mqtt.shared import filter_of


class Gate:
    """Decides who gets in and what they may do.

    Args:
        limits: What the broker puts up with.
        authority: The platform's own rules.
    """

    __slots__ = ("_authority", "_limits", "_named", "_rates")

    def __init__(self, limits: BrokerLimits, authority: Authority) -> None:
        self._limits = limits
        self._authority = authority
        self._rates = ConnectRates(limits.connect_rates)
        self._named = 0

    def admit(self, packet: Connect, peer: str, now_ms: int) -> tuple[Connect, Admission]:
        """Let a client in; one without a client identifier gets one.

        Raises:
            MqttError: It is refused, with the CONNACK code that says why.
        """
        packet = self._identified(packet)
        admission = self._authority.admit(packet, peer)
        if not isinstance(admission, Admission):
            why = f"{packet.client_id!r} was refused with code {int(admission)}"
            raise MqttError(why, code=admission)
        if not self._rates.admits(admission.principal, now_ms):
            why = f"{admission.principal!r} connects too often"
            raise MqttError(why, code=self._limits.connect_rate_refusal)
        return packet, admission

    def publish_refusal(self, principal: Hashable, topic: str) -> str:
        """Return why a message may not be published, or "" when it may."""
        if self._is_too_long(topic):
            return "the topic is too long"
        if not self._authority.may_publish(principal, topic):
            return "no authority to publish there"
        return ""

    def filter_refusal(self, session: Session, topic_filter: str) -> str:
        """Return why a filter is not granted, or "" when it is.

        The authority sees a shared subscription as such: one that knows nothing of them is not
        tricked into granting any.
        """
        most, subscribed = self._limits.subscriptions_max, session.subscribed or ()
        if not filter_of(topic_filter):
            return "a shared subscription is $share/GROUP/FILTER, its group without wildcards"
        if self._is_too_long(topic_filter):
            return "the topic filter is too long"
        if len(subscribed) >= most and topic_filter not in subscribed:
            return f"{most} subscriptions are all that is allowed"
        if not self._authority.may_subscribe(session.principal, topic_filter):
            return "no authority to subscribe to it"
        return ""

    def _identified(self, packet: Connect) -> Connect:
        limits, rejected = self._limits, ConnackCode.IDENTIFIER_REJECTED
        if not limits.allows_keep_alive(packet.keep_alive_s):
            why = f"a keep alive of {packet.keep_alive_s} s is outside the bounds"
            raise MqttError(why, code=limits.keep_alive_refusal)
        if len(packet.client_id.encode()) > limits.client_id_bytes_max:
            raise MqttError("the client identifier is too long", code=rejected)
        if packet.client_id:
            return packet
        if not packet.clean_session:
            raise MqttError("a session to be kept needs a client identifier", code=rejected)
        self._named += 1
        return replace(packet, client_id=f"unnamed-{self._named}")

    def _is_too_long(self, topic: str) -> bool:
        limits = self._limits
        if topic.count("/") >= limits.topic_levels_max:
            return True
        # A text has at least as many bytes as characters and, being ASCII nearly always, no more.
        return len(topic) > limits.topic_bytes_max or (
            not topic.isascii() and len(topic.encode()) > limits.topic_bytes_max
        )
