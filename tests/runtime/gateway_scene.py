"""A lone platform with gateways: what they ask for, and what they pass on for their children."""

from __future__ import annotations

from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.interface import GatewayCodec
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    Child,
    ChildClaim,
    DeviceMessage,
    GatewayAction,
    GatewayReply,
    GatewayRequest,
    Proof,
    ServerMessage,
)
from fleet_sim.model.northbound import Listed, SearchTasks, TaskRow
from fleet_sim.mqtt import client as mqtt
from tests.runtime.lone_platform import EPOCH_MS, SECRET, Client, LonePlatform
from tests.runtime.lone_world import ENOS

assert ENOS.gateways is not None
CODEC: GatewayCodec = ENOS.gateways
GATEWAY, OTHER, CHILD, SIBLING = (DeviceId("pk", name) for name in ("g", "g2", "c1", "c2"))
LOGIN, BATCH = GatewayAction.LOGIN, GatewayAction.BATCH_LOGIN


def wire_of(
    gateway: DeviceId,
    action: GatewayAction,
    *children: DeviceId,
    proof: Proof = Proof.OWN,
    secret: str = SECRET,
) -> WireMessage:
    """Return what a gateway says to ask for something, each child signed for with one secret."""
    signs = action in {LOGIN, BATCH, GatewayAction.ADD}
    claims = tuple(ChildClaim(child, proof if signs else Proof.NONE) for child in children)
    secrets = dict.fromkeys(children, secret)
    return CODEC.request(gateway, GatewayRequest("7", action, claims), secrets, epoch_ms=EPOCH_MS)


def say(world: LonePlatform, client: Client, wire: WireMessage) -> None:
    """Have a client say something, and let it be kept."""
    client.publish(wire.topic, wire.payload)
    world.settle()


def asked(
    world: LonePlatform,
    gateway: Client,
    action: GatewayAction,
    *children: DeviceId,
    proof: Proof = Proof.OWN,
    secret: str = SECRET,
) -> GatewayReply:
    """Have a gateway ask for something, and return the answer once it is there."""
    say(world, gateway, wire_of(gateway.device, action, *children, proof=proof, secret=secret))
    (reply,) = replies(gateway)
    return reply


def replies(gateway: Client) -> list[GatewayReply]:
    """Return the answers that have come to a gateway."""
    found = [
        CODEC.read_reply(gateway.device, one.topic, one.payload)
        for one in gateway.events()
        if isinstance(one, mqtt.Received)
    ]
    return [one for one in found if one is not None]


def said(world: LonePlatform, gateway: Client, child: DeviceId, message: DeviceMessage) -> None:
    """Have a gateway pass on what a child says, and let it be kept."""
    say(world, gateway, EnosDevice().encode(child, message))


def heard(gateway: Client, child: DeviceId) -> list[ServerMessage]:
    """Return what the gateway has heard on a child's topics."""
    return [
        ENOS.devices.decode(child, one.topic, one.payload)
        for one in gateway.events()
        if isinstance(one, mqtt.Received) and str(child) in one.topic
    ]


def scene(*names: str) -> tuple[LonePlatform, Client]:
    """Return a platform that knows both gateways and these children, and the first gateway."""
    world = LonePlatform()
    world.register("g", "g2", *names)
    gateway = Client(world, GATEWAY)
    gateway.events()
    return world, gateway


def here(world: LonePlatform) -> list[str]:
    """Return who is on line by the server's records, sorted."""
    found: set[str] = set()
    for one in world.records("online", "offline"):
        (found.add if one["kind"] == "online" else found.discard)(one["device"])
    return sorted(found)


def status(world: LonePlatform) -> list[str]:
    """Return every task's status as shown."""
    (answer,) = world.settled(SearchTasks())
    assert isinstance(answer, Listed)
    return [one.status.value for one in answer.rows if isinstance(one, TaskRow)]


def raw(client: Client) -> bytes:
    """Return all payloads that have come to a client, one after another."""
    return b"".join(one.payload for one in client.events() if isinstance(one, mqtt.Received))


def named(world: LonePlatform, device: DeviceId) -> Child:
    """Return a child as a login names it, with the platform's own name for it."""
    known = world.platform.registration_of(device)
    assert known is not None
    assert known.asset_id
    return Child(device, known.asset_id)
