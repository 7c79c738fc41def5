"""A rig: one device's agent, dialect, line and download mounted on a world.

It carries and never decides: events go to the agent, its effects to the line and the download.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, assert_never

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.device.events import (
    Acknowledged,
    BlockReceived,
    Connect,
    Connected,
    ConnectionLost,
    Disconnect,
    DropDownload,
    Effect,
    Event,
    Note,
    OfferReceived,
    PoweredOn,
    Publish,
    QuestionReceived,
    ReplyReceived,
    RequestReceived,
    SetTimer,
    StartDownload,
    TimerFired,
)
from fleet_sim.dialects.credentials import Credentials
from fleet_sim.dialects.downloads import FirmwareHmac
from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.messages import (
    ActivationInfo,
    ActivationReply,
    Block,
    BlockRequest,
    DeviceMessage,
    FailureReport,
    ReportReply,
    UpgradeReply,
    UpgradeRequest,
    VersionAsked,
    VersionOffer,
)
from fleet_sim.model.record import Source
from fleet_sim.network.link import Link
from fleet_sim.runtime.fleet.download import Download, FileWorld, Owner, chunk_bytes
from fleet_sim.runtime.fleet.line import Exchange, Line
from fleet_sim.runtime.run_log import RunLog
from fleet_sim.runtime.target.broker_access import MqttLogin
from fleet_sim.runtime.wire_records import received_by_device, sent_by_device
from fleet_sim.scenario.plan import DevicePlan


class World(Exchange, FileWorld, Protocol):
    """What a rig needs of the world it is mounted on."""

    @property
    def log(self) -> RunLog:
        """Where the fleet's records go."""

    @property
    def epoch_ms(self) -> int:
        """The wall clock at t = 0."""

    @property
    def product_secret(self) -> str:
        """What a device signs with that has no secret yet; "" where there is none."""

    @property
    def subscribes(self) -> bool:
        """Whether devices subscribe for themselves, as on a stock broker."""

    @property
    def login(self) -> MqttLogin | None:
        """Who every device is for its broker; None leaves it to what the device signs."""


class Rig:
    """One device on a world.

    Attributes:
        agent: What the device thinks.
        line: What it hangs on.
    """

    __slots__ = (
        "_asked_at_ms", "_download", "_secret", "_unacknowledged", "agent", "dialect", "line",
        "plan", "who", "world",
    )  # fmt: skip

    def __init__(
        self, plan: DevicePlan, agent: DeviceAgent, dialect: Dialect, link: Link, world: World
    ) -> None:
        self.plan = plan
        self.agent = agent
        self.dialect = dialect
        self.world = world
        self.who = str(plan.device)
        self.line = Line(link, world, self)
        # Packet identifier to message, of what is not acknowledged yet; None while off line.
        self._unacknowledged: dict[int, str] | None = None
        self._download: Download | None = None
        self._asked_at_ms = 0
        self._secret = ""
        self._learn(plan.secret)

    def start(self) -> None:
        """Power the device on when its plan says so."""
        self.world.clock.call_at(self.plan.connect_at_ms, self.feed, PoweredOn())

    @property
    def is_online(self) -> bool:
        """Whether the broker has accepted its connection, as far as the device knows."""
        return self._unacknowledged is not None

    def leave(self) -> None:
        """Drop everything; the run is over and nobody is told."""
        self._drop_download()
        self.line.leave()

    # --- agent ---------------------------------------------------------------------------

    def feed(self, event: Event) -> None:
        """Hand the agent one event and carry out its effects in order."""
        for effect in self.agent.handle(event, self.world.clock.now_ms()):
            self._carry_out(effect)
        self.line.flush()

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Publish(message, request):
                self._publish(message, request)
            case SetTimer(name, at_ms, token):
                self.world.clock.call_at(at_ms, self.feed, TimerFired(name, token))
            case Note(kind, fields):
                self._note(kind, fields)
            case StartDownload():
                self._start_download(effect)
            case DropDownload():
                self._drop_download()
            case Connect():
                self.line.connect()
            case Disconnect(why):
                self._disconnect(why)
            case _:
                assert_never(effect)

    def _note(self, kind: str, fields: Mapping[str, object]) -> None:
        if kind == "boot" and not self.line.number:
            # The first of its life also says whose device it is; no other record does.
            fields = {**fields, "fleet": self.plan.fleet, "dialect": self.plan.dialect}
        self.world.log.add(Source.DEVICE, kind, device=self.who, fields=fields)

    # --- line ----------------------------------------------------------------------------

    def credentials(self) -> Credentials:
        """Return what to say in a CONNECT that leaves now."""
        self._asked_at_ms = self.world.clock.now_ms()
        epoch_ms = self.world.epoch_ms + self._asked_at_ms
        mine = self.dialect.devices.credentials(
            self.plan.device,
            self._secret or self.world.product_secret,
            epoch_ms=epoch_ms,
            activates=not self._secret,
        )
        login = self.world.login
        if login is None:
            return mine
        return replace(mine, username=login.username, password=login.password)

    def on_accepted(self) -> None:
        """Take the news that the broker has let the device in."""
        self._unacknowledged = {}
        self._wire("online", {"side": "device", "since": self._asked_at_ms})
        if self.world.subscribes:
            device, activates = self.plan.device, not self._secret
            self.line.subscribe(self.dialect.devices.filters(device, activates=activates))
        self.feed(Connected())

    def on_turned_away(self, why: str) -> None:
        """Take note that the broker did not let the device in."""
        self._wire("turned_away", {"side": "device", "why": why})

    def on_not_subscribed(self, filters: int) -> None:
        """Take note that the broker refused so many of the filters asked for."""
        self._wire("not_subscribed", {"side": "device", "filters": filters})

    def on_hung_up(self, why: str) -> None:
        """Take note that the connection is no more."""
        if self._unacknowledged is not None:
            self._wire("offline", {"side": "device", "why": why})
        self._unacknowledged = None

    def on_ended(self, why: str) -> None:
        """Take the end of a connection that the device did not end itself."""
        # First the connection: a download cut on a standing one counts against the file server.
        self.feed(ConnectionLost(why))
        if self._download is not None:
            self._download.cut(why)

    def _disconnect(self, why: str) -> None:
        self.line.disconnect(why)
        if self._download is not None:
            # Told in a turn of its own: the agent hears nothing in the midst of its effects.
            self.world.clock.call_at(self.world.clock.now_ms(), self._download.cut, why)

    # --- messages ------------------------------------------------------------------------

    def _publish(self, message: DeviceMessage, request: str) -> None:
        if self._unacknowledged is None:
            return  # off line: the agent says it again once it is back
        wire = self.dialect.devices.encode(self.plan.device, message)
        if wire is None:
            return  # a device of this vendor says nothing of the kind
        if isinstance(message, FailureReport) and message.code is None:
            # The log wants the number that stands on the wire, which only the dialect knows.
            _, message = self.dialect.server.decode(wire.topic, wire.payload)
        packet_id = self.line.publish(wire.topic, wire.payload, wire.qos)
        if packet_id and not isinstance(message, UpgradeReply | ActivationReply | BlockRequest):
            self._unacknowledged[packet_id] = message.message_id
        self._wire(*sent_by_device(message, request))

    def on_acknowledged(self, packet_id: int) -> None:
        """Take the acknowledgement of a message."""
        if self._unacknowledged is None:
            return
        message_id = self._unacknowledged.pop(packet_id, None)
        if message_id is not None:
            self._wire("delivered", {"side": "device", "message": message_id})
            self.feed(Acknowledged(message_id))

    def _replied(self, reply: ReportReply) -> None:
        """Take a reply, which proves delivery as well as a PUBACK does and may come before it.

        A broker of somebody else's acknowledges by itself, and only the reply shows its server.
        """
        for packet_id, waiting in (self._unacknowledged or {}).items():
            if waiting == reply.message_id:
                self._wire("delivered", {"side": "device", "message": waiting})
                assert self._unacknowledged is not None
                del self._unacknowledged[packet_id]
                break
        if self.world.subscribes:
            fields = {"side": "device", "message": reply.message_id, "code": reply.code}
            self._wire("answered", fields)

    def on_received(self, topic: str, payload: bytes) -> None:
        """Take a message."""
        try:
            message = self.dialect.devices.decode(self.plan.device, topic, payload)
        except DialectError as error:
            self._wire("refused", {"side": "device", "topic": topic, "why": str(error)})
            return
        if isinstance(message, ReportReply):
            self._replied(message)
        line = received_by_device(message)
        if line is not None:
            self._wire(*line)
        if isinstance(message, ActivationInfo):
            self._activated(message)
        else:
            self.feed(_event(message))

    def _activated(self, info: ActivationInfo) -> None:
        """Keep the secret for the next connection; this one goes on as it began."""
        self._learn(info.secret)
        self._publish(ActivationReply(info.message_id), "")
        self.line.flush()

    def _learn(self, secret: str) -> None:
        """Know the device's own secret; "" until it has activated."""
        self._secret = secret
        make = self.dialect.firmware_hmac
        self.agent.check_with(partial(_hmac_of, make, secret) if make and secret else None)

    def _wire(self, kind: str, fields: Mapping[str, Any]) -> None:
        self.world.log.add(Source.WIRE, kind, device=self.who, fields=fields)

    # --- download ------------------------------------------------------------------------

    def _start_download(self, order: StartDownload) -> None:
        if self._download is None:
            owner = Owner(self.plan.device, self._secret, self.dialect)
            chunk = chunk_bytes(self.plan.link.down_kbps)
            self._download = Download(
                order, self.world, self.line, self.feed, owner=owner, chunk=chunk
            )
        # A connection of its own: one round trip to open it, then the request travels up.
        now_ms = self.world.clock.now_ms()
        self._download.start(order, now_ms + self.line.link.round_trip_ms(now_ms))

    def _drop_download(self) -> None:
        if self._download is not None:
            self._download.close()
            self._download = None


def _hmac_of(make: FirmwareHmac, secret: str, sha256: str) -> str:
    return make(secret, method="sha256", digest=sha256)


def _event(message: UpgradeRequest | VersionOffer | ReportReply | VersionAsked | Block) -> Event:
    match message:
        case UpgradeRequest():
            return RequestReceived(message)
        case VersionOffer():
            return OfferReceived(message)
        case ReportReply():
            return ReplyReceived(message)
        case VersionAsked():
            return QuestionReceived(message)
        case Block():
            return BlockReceived(message)
        case _:
            assert_never(message)
