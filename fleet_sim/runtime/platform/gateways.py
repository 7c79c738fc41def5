"""Gateways beside a broker: which children are on line, over whose connection.

A child has no connection of its own. Its gateway brings it on line, and then the platform treats it
like any device: what the gateway publishes for the child comes from the child, what the platform
says to the child goes down the gateway's connection, and with that connection it goes off line.

    gateway  login(child)  ─▶ checked ─▶ Platform.connected(child) ─▶ reply, once it is durable
             messages of child ◀────────────▶ Platform
             logout, or its end ─▶ Platform.gone(child)

Vendors differ in how. Either a gateway signs for each child, and then uses the child's own topics;
or the platform knows beforehand whose child it is, and all goes by the gateway's topics, requests
and messages alike. There a child that says something is on line by that.

A device is on line in one place, the newest: a child that comes over another gateway leaves the
first, one that connects by itself (where it may) leaves its gateway, and one that is logged in
while it has a connection of its own loses that.

Who is whose child is the platform's knowledge and outlives a restart; who is on line is kept here,
and does not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import assert_never

from fleet_sim.dialects.interface import GatewayCodec, ServerCodec
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    Child,
    ChildClaim,
    ChildRefusal,
    GatewayAction,
    GatewayReply,
    GatewayRequest,
    Proof,
)
from fleet_sim.mqtt.topics import pattern
from fleet_sim.runtime.platform.platform import Platform, Southbound

HangUp = Callable[[DeviceId, str], None]


def claimed_topics(server: ServerCodec, gateways: GatewayCodec | None) -> tuple[str, ...]:
    """Return the filters of all that a platform takes in: what devices say, and gateways.

    Args:
        server: What devices say for themselves.
        gateways: What they say for others; None where a vendor has no such way.
    """
    theirs = gateways.claimed if gateways is not None else ()
    return tuple(dict.fromkeys((*server.claimed, *theirs)))


class Gateways:
    """The children that are on line, and what their gateways may do with them.

    Args:
        codec: The vendor's words for all that.
        platform: Is told who comes and goes, and knows who is whose.
        southbound: The way by which gateways come.
        hang_up: Ends a device's own connection, if it has one.
    """

    def __init__(
        self, codec: GatewayCodec, platform: Platform, southbound: Southbound, hang_up: HangUp
    ) -> None:
        self._codec = codec
        self._platform = platform
        self._southbound = southbound
        self._hang_up = hang_up
        self._is_request = pattern(codec.claimed).fullmatch
        self._gateway_of: dict[DeviceId, DeviceId] = {}
        self._children_of: dict[DeviceId, dict[DeviceId, None]] = {}  # Each oldest login first.

    # --- who is where ----------------------------------------------------------------------

    def over(self, device: DeviceId) -> DeviceId | None:
        """Return over whose connection a device is on line; None: over none but its own."""
        return self._gateway_of.get(device)

    def child_at(self, gateway: DeviceId, topic_or_filter: str) -> DeviceId | None:
        """Return whose topic it is, of the children that a gateway may speak for now.

        A child is no gateway: its topics of that kind are closed.
        """
        if gateway not in self._children_of or self.is_request(topic_or_filter):
            return None
        owner = self._codec.owner_of(topic_or_filter)
        return owner if owner is not None and self.over(owner) == gateway else None

    def is_request(self, topic: str) -> bool:
        """Tell whether a topic is one on which gateways make requests."""
        return self._is_request(topic) is not None

    @property
    def children(self) -> tuple[DeviceId, ...]:
        """Who is on line by a gateway, the oldest login first."""
        return tuple(self._gateway_of)

    # --- who comes and goes ----------------------------------------------------------------

    def left(self, child: DeviceId, why: str) -> None:
        """Take a child off line; nothing happens to a device that is none."""
        gateway = self._gateway_of.pop(child, None)
        if gateway is None:
            return
        siblings = self._children_of[gateway]
        del siblings[child]
        if not siblings:
            del self._children_of[gateway]
        self._platform.gone(child, why)

    def ended(self, gateway: DeviceId, why: str) -> None:
        """Take note that a device's connection has ended, and its children's with it."""
        for child in tuple(self._children_of.get(gateway, ())):
            self.left(child, f"its gateway is gone: {why}")

    def heard(self, device: DeviceId) -> None:
        """Bring a child on line that speaks without having been told of; others are as they were.

        Whoever read the message has found that this child's gateway passed it on.
        """
        gateway = self._platform.gateway_of(device)
        if gateway is None or self.over(device) == gateway or self._is_full(gateway):
            return
        self._arrive(device, gateway)

    def _is_full(self, gateway: DeviceId) -> bool:
        return len(self._children_of.get(gateway, ())) >= self._codec.children_max

    def _arrive(self, child: DeviceId, gateway: DeviceId) -> None:
        self.left(child, "it came by another gateway")
        self._hang_up(child, "it came by a gateway")
        self._gateway_of[child] = gateway
        self._children_of.setdefault(gateway, {})[child] = None
        self._platform.connected(self._southbound, child, over=gateway)

    # --- what gateways ask -----------------------------------------------------------------

    def take(self, sender: Hashable, topic: str, payload: bytes, receipt: Hashable | None) -> None:
        """Take what came on a topic of requests: see to one, and leave all else to the platform."""
        says_more = False
        try:
            found = self._codec.read(topic, payload, self._platform)
        except DialectError as error:
            self._platform.refused(sender, topic, str(error))
            wire = self._codec.complain(topic, error)
        else:
            if found is None:
                self._pass_on(sender, topic, payload, receipt)
                return
            gateway, request = found
            reply = self._answer(gateway, request)
            for child, why in reply.refused:
                self._platform.refused(sender, topic, f"{child}: {why.value}")
            wire, says_more = self._codec.write(gateway, reply), request.says_more
        self._platform.answer(self._southbound, sender, wire, None if says_more else receipt)
        if says_more:
            self._pass_on(sender, topic, payload, receipt)

    def _pass_on(
        self, sender: Hashable, topic: str, payload: bytes, receipt: Hashable | None
    ) -> None:
        self._platform.arrived(self._southbound, sender, topic, payload, receipt, bring=self.heard)

    def _answer(self, gateway: DeviceId, request: GatewayRequest) -> GatewayReply:
        """Do what can be done for each child, and tell of each."""
        if request.action is GatewayAction.LIST:
            known = self._platform.children_of(gateway)
            children = tuple(Child(one.device, one.asset_id) for one in known)
            return GatewayReply(request.message_id, request.action, children)
        granted: list[Child] = []
        refused: list[tuple[DeviceId, ChildRefusal]] = []
        for claim in request.children:
            done = self._do(request.action, gateway, claim)
            if isinstance(done, Child):
                granted.append(done)
            else:
                refused.append((claim.device, done))
        return GatewayReply(request.message_id, request.action, tuple(granted), tuple(refused))

    def _do(
        self, action: GatewayAction, gateway: DeviceId, claim: ChildClaim
    ) -> Child | ChildRefusal:
        match action:
            case GatewayAction.LOGIN | GatewayAction.BATCH_LOGIN:
                return self._log_in(gateway, claim)
            case GatewayAction.LOGOUT:
                return self._log_out(gateway, claim.device)
            case GatewayAction.PRESENCE:
                return self._place(gateway, claim)
            case GatewayAction.ADD:
                return self._add(gateway, claim)
            case GatewayAction.REMOVE:
                return self._remove(gateway, claim.device)
            case GatewayAction.LIST:
                raise AssertionError("it names no child")
            case _:
                assert_never(action)

    def _log_in(self, gateway: DeviceId, claim: ChildClaim) -> Child | ChildRefusal:
        child, is_here = claim.device, self.over(claim.device) == gateway
        refusal = self._refusal(gateway, claim)
        if refusal is not None:
            return refusal
        if not is_here and self._is_full(gateway):
            return ChildRefusal.TOO_MANY
        if claim.proof is Proof.PRODUCT:
            self._platform.activate(child, is_told=False)
        if not is_here:
            self._arrive(child, gateway)
        return self._shown(child, tells_secret=claim.proof is Proof.PRODUCT)

    def _log_out(self, gateway: DeviceId, child: DeviceId) -> Child:
        if self.over(child) == gateway:
            self.left(child, "its gateway logged it out")
        return Child(child)

    def _place(self, gateway: DeviceId, claim: ChildClaim) -> Child | ChildRefusal:
        """Have a child on line or off line, as is said; unlike a logout, of nobody else's child."""
        refusal = self._refusal(gateway, claim)
        if refusal is None and claim.is_online:
            done = self._log_in(gateway, claim)
            refusal = done if isinstance(done, ChildRefusal) else None
        elif refusal is None:
            self._log_out(gateway, claim.device)
        return refusal or Child(claim.device, is_online=claim.is_online)

    def _add(self, gateway: DeviceId, claim: ChildClaim) -> Child | ChildRefusal:
        refusal = self._refusal(gateway, claim)
        if refusal is not None:
            return refusal
        child = claim.device
        if self.over(child) != gateway:
            self.left(child, "it belongs to another gateway now")
            self._hang_up(child, "it belongs to a gateway now")
        self._platform.bind(child, gateway)
        return self._shown(child)

    def _remove(self, gateway: DeviceId, child: DeviceId) -> Child | ChildRefusal:
        known = self._platform.registration_of(child)
        if known is None or known.gateway != gateway:
            return ChildRefusal.ELSEWHERE
        if self.over(child) == gateway:
            self.left(child, "its gateway has given it up")
        self._platform.bind(child, None)
        return self._shown(child)

    def _refusal(self, gateway: DeviceId, claim: ChildClaim) -> ChildRefusal | None:
        """Tell why a gateway may not have a child, which its signature alone does not settle."""
        if isinstance(claim.proof, ChildRefusal):
            return claim.proof
        bound = self._platform.gateway_of(claim.device)
        is_another = bound is not None and bound != gateway
        return ChildRefusal.ELSEWHERE if claim.device == gateway or is_another else None

    def _shown(self, child: DeviceId, *, tells_secret: bool = False) -> Child:
        known = self._platform.registration_of(child)
        assert known is not None, "it was registered, or has just been"
        return Child(child, known.asset_id, known.secret if tells_secret else "")
