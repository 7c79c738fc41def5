"""A world with one device in it: a virtual clock, a link of round numbers, and a broker on strings.

The broker answers CONNECT, QoS 1 and pings as brokers do, unless it was told to be mute; the test
says the rest through `Wire.say`. Transfers wait for the test, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.device.personas import bind
from fleet_sim.device.timings import Timings
from fleet_sim.dialects import registry
from fleet_sim.dialects.interface import Dialect
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ServerMessage
from fleet_sim.mqtt.decoding import Decoder
from fleet_sim.mqtt.encoding import PINGRESP, encode
from fleet_sim.mqtt.kinds import Connack, Connect, Packet, Pingreq, Puback, Publish
from fleet_sim.network.link import Link
from fleet_sim.network.profiles import LinkProfile
from fleet_sim.runtime.fleet.download import FetchListener, Owner
from fleet_sim.runtime.fleet.keep_alive import PingWheel
from fleet_sim.runtime.fleet.line import Ear
from fleet_sim.runtime.fleet.rig import Rig
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.runtime.target.broker_access import MqttLogin
from fleet_sim.runtime.virtual_time import VirtualClock
from fleet_sim.scenario.plan import DevicePlan
from tests.runtime.plans import PLAIN

ENOS: Dialect = registry.get("enos")
DEVICE = DeviceId("product", "device")
SECRET = "secret"


class Wire:
    """One connection, seen from the broker.

    Attributes:
        heard: What the device said: when it was here, and the packet.
        ends: How the device ended it: `close`, `abort`, in that order.
    """

    def __init__(self, world: LoneWorld, ear: Ear, number: int) -> None:
        self._world = world
        self._ear = ear
        self._number = number
        self._decoder = Decoder(1 << 20)
        self.heard: list[tuple[int, Packet]] = []
        self.ends: list[str] = []

    def write(self, data: bytes) -> None:
        """Take bytes of the device; after its end they are dropped."""
        if self.ends:
            return
        for packet in self._decoder.feed(data):
            self.heard.append((self._world.clock.now_ms(), packet))
            if not self._world.is_mute:
                self._answer(packet)

    def _answer(self, packet: Packet) -> None:
        match packet:
            case Connect():
                self.say(encode(Connack(self._world.connack)))
            case Publish(qos=1, packet_id=packet_id):
                self.say(encode(Puback(packet_id)))
            case Pingreq():
                self.say(PINGRESP)
            case _:
                pass

    def say(self, data: bytes) -> None:
        """Send bytes to the device."""
        self._ear.on_bytes(self._number, data)

    def tell(self, message: ServerMessage) -> None:
        """Send one of the platform's messages."""
        wire = self._world.dialect.server.encode(DEVICE, message)
        assert wire is not None
        self.say(encode(Publish(wire.topic, wire.payload, 0, 0)))

    def hang_up(self, why: str = "closed by the broker") -> None:
        """End it from the broker's side."""
        self._ear.on_closed(self._number, why)

    def close(self) -> None:
        """Take the device's orderly end."""
        self.ends.append("close")

    def abort(self) -> None:
        """Take the device's abrupt end."""
        self.ends.append("abort")

    def packets(self, kind: type[Any]) -> list[Any]:
        """Return the packets of one kind that were heard."""
        return [packet for _, packet in self.heard if isinstance(packet, kind)]


@dataclass(slots=True)
class Transfer:
    """A transfer that was asked for; the test plays the file server through `listener`."""

    at_ms: int
    owner: Owner
    url: str
    offset: int
    chunk: int
    listener: FetchListener
    is_open: bool = True
    wanted: list[int] = field(default_factory=list)
    _clock: VirtualClock = field(default_factory=VirtualClock)

    def close(self) -> None:
        """Take note that the device has had enough."""
        self.is_open = False

    def send(self, chunk: bytes) -> None:
        """Hand over some bytes; `wanted` grows by the instant at which more may come."""
        self.listener.on_chunk(chunk, lambda: self.wanted.append(self._clock.now_ms()))


class LoneWorld:
    """See the module.

    Attributes:
        wires: The connections that were opened, in order.
        transfers: The transfers that were asked for, in order.
        is_mute: Whether the broker answers nothing.
        connack: What it answers to CONNECT.
        is_shut: Whether it refuses every connection.
    """

    def __init__(
        self,
        *,
        subscribes: bool = False,
        login: MqttLogin | None = None,
        dialect: Dialect = ENOS,
    ) -> None:
        self.dialect = dialect
        self.clock = VirtualClock()
        self.log = MemoryLog(self.clock.now_ms)
        self.epoch_ms = 1_700_000_000_000
        self.subscribes = subscribes
        self.product_secret = "product secret"
        self.login = login
        self.pings = PingWheel(self.clock)
        self.wires: list[Wire] = []
        self.transfers: list[Transfer] = []
        self.is_mute = False
        self.connack = 0
        self.is_shut = False
        self.on_dial: Callable[[Ear, int], None] = self._open

    def dial(self, ear: Ear, number: int) -> None:
        """Open a connection, or do as the test wants."""
        self.on_dial(ear, number)

    def _open(self, ear: Ear, number: int) -> None:
        if self.is_shut:
            ear.on_closed(number, "connection refused")
            return
        self.wires.append(Wire(self, ear, number))
        ear.on_open(number, self.wires[-1])

    def fetch(
        self, owner: Owner, image: FirmwareImage, offset: int, chunk: int, listener: FetchListener
    ) -> Transfer:
        """Take note of a transfer that is wanted."""
        now_ms = self.clock.now_ms()
        transfer = Transfer(now_ms, owner, image.url, offset, chunk, listener, _clock=self.clock)
        self.transfers.append(transfer)
        return transfer

    def rig(
        self,
        *,
        link: LinkProfile = PLAIN,
        persona: str = "healthy",
        timings: Timings | None = None,
        connect_at_ms: int = 0,
        secret: str = SECRET,
        **knobs: object,
    ) -> Rig:
        """Return the device, not yet started."""
        plan = DevicePlan(
            device=DEVICE,
            secret=secret,
            fleet="meters",
            dialect="enos",
            version="1.0",
            link=link,
            persona=bind(persona, knobs),
            timings=timings or Timings(),
            connect_at_ms=connect_at_ms,
        )
        agent = DeviceAgent(
            device=DEVICE, version="1.0", persona=plan.persona, timings=plan.timings, seed=1
        )
        return Rig(plan, agent, self.dialect, Link(link, seed=1, who=str(DEVICE)), self)

    def run(self, until_ms: int) -> None:
        """Do all work that is due until then, and stand there."""
        self.clock.call_at(until_ms, lambda: None)
        while self.clock.next_at_ms is not None and self.clock.next_at_ms <= until_ms:
            self.clock.step()

    def records(self, *kinds: str) -> list[dict[str, Any]]:
        """Return what the log says of these kinds, each with its instant and kind."""
        return [
            {"t": one.t, "kind": one.kind, **one.fields}
            for one in self.log.records
            if one.kind in kinds
        ]
