"""The reference OTA platform: brain, dialect and store under one roof; the same in both worlds.

Devices come by southbounds: a broker of our own, a stock one, another kind of channel. Each brings
what it hears to the platform and carries what the platform says to the devices that it has. What
peers can see of it leaves when what it rests on is durable (`commits`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, assert_never

from fleet_sim.backend.brain import Brain
from fleet_sim.backend.events import (
    Answered,
    Called,
    DeviceActivated,
    DeviceBound,
    DeviceConnected,
    DeviceGone,
    DropFile,
    Effect,
    Event,
    Forget,
    Journal,
    Keep,
    KeepFile,
    MessageArrived,
    Registered,
    Tell,
    TimeReached,
)
from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.dialects.interface import Dialect, Gate
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import BlockRequest, DeviceMessage, ServerMessage, parts_of
from fleet_sim.model.northbound import Call
from fleet_sim.model.record import Source
from fleet_sim.runtime.clock import Alarm, Clock
from fleet_sim.runtime.platform.blocks import Pieces, block_for
from fleet_sim.runtime.platform.commits import Commits, Committer
from fleet_sim.runtime.platform.keyed_images import keyed
from fleet_sim.runtime.run_log import RunLog
from fleet_sim.runtime.wire_records import received_by_server, sent_by_server

Respond = Callable[[HttpResponse | HttpFile], None]


class Southbound(Protocol):
    """A way to devices."""

    def send(self, device: Hashable, wire: WireMessage) -> bool:
        """Hand a message to a device.

        Returns:
            Whether this way has the device and took the message; then no other way is tried.
        """

    def acknowledge(self, receipt: Hashable) -> None:
        """Tell a message's sender that it is kept, by the receipt that came with it."""

    def drop(self, device: DeviceId, why: str) -> None:
        """Let go of a device that has come by another way; `Platform.gone` follows if it was here.

        A way that cannot end a connection may leave this undone.
        """


class Files(Pieces, Protocol):
    """Serves firmware files in pieces; whole ones are had by their address, not from here."""

    def drop(self, firmware_id: str, file_name: str) -> None:
        """Forget a file, if it is there."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a platform is told when it starts.

    Attributes:
        epoch_ms: The wall clock at t = 0.
        commit_window_ms: How long changes may gather before they are written.
        products: Product key to secret, of products whose devices may activate with it.
    """

    epoch_ms: int
    commit_window_ms: int
    products: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Receipt:
    """A message to be acknowledged where it came from."""

    southbound: Southbound
    receipt: Hashable


@dataclass(frozen=True, slots=True)
class _Reply:
    """What the southbound itself has to say to whoever sent a message, by the way it came."""

    southbound: Southbound
    sender: Hashable
    wire: WireMessage


_Held = Tell | Answered | DropFile | _Receipt | _Reply


class Platform:
    """One OTA platform for one dialect. It drives the brain, and knows no broker and no socket.

    Attributes:
        server: Its vendor's end of MQTT, which knows from here who is whose child.
        gateways: What its vendor's gateways say, for southbounds by which they may come.
    """

    def __init__(
        self,
        *,
        dialect: Dialect,
        brain: Brain,
        gate: Gate,
        clock: Clock,
        log: RunLog,
        committer: Committer,
        files: Files,
        settings: Settings,
    ) -> None:
        server_of = dialect.server_of
        self.server = dialect.server if server_of is None else server_of(self.gateway_of)
        self.gateways = dialect.gateways
        self._hmac_of = dialect.firmware_hmac
        self._block_rules = dialect.block_rules
        self._brain = brain
        self._gate = gate
        self._clock = clock
        self._log = log
        self._files = files
        self._settings = settings
        self._southbounds: list[Southbound] = []
        self._commits: Commits[_Held] = Commits(
            clock, committer, settings.commit_window_ms, self._let_go
        )
        self._calls: dict[int, tuple[Call, Respond]] = {}
        self._call_no = 0
        self._brain_alarm = Alarm(clock, lambda: brain.next_at_ms, self._brain_due)
        # So that a log in which nothing reaches the platform does not look like one without it.
        log.add(Source.SERVER, "started", fields={"dialect": dialect.name})

    # --- what comes in ---------------------------------------------------------------------

    def register(self, registrations: Sequence[Registration]) -> None:
        """Make devices known, before or while the platform runs."""
        for registration in registrations:
            self._think(Registered(registration))

    def resume(self, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Go on from what the store holds: table name to rows. To be called first, once."""
        self._carry_out(self._brain.restore(rows, self._clock.now_ms()))
        self._brain_alarm.arm()

    # --- what southbounds tell -------------------------------------------------------------

    def attach(self, southbound: Southbound) -> None:
        """Take in a further way to devices; the first that has a device gets its messages."""
        self._southbounds.append(southbound)

    def secret_of(self, device: DeviceId) -> str | None:
        """Return the device's secret; None for a stranger, and for one that has none yet."""
        return self._brain.secret_of(device)

    def product_secret_of(self, product_key: str) -> str | None:
        """Return the secret by which devices of a product activate; None: they do not."""
        return self._settings.products.get(product_key) or None

    def gateway_of(self, device: DeviceId) -> DeviceId | None:
        """Return over whose connection alone the device may come; None: it is not bound."""
        registration = self._brain.registration_of(device)
        return None if registration is None else registration.gateway

    def registration_of(self, device: DeviceId) -> Registration | None:
        """Return what is known of a device; None where nothing is."""
        return self._brain.registration_of(device)

    def children_of(self, gateway: DeviceId) -> tuple[Registration, ...]:
        """Return the devices that come by this gateway alone, sorted."""
        return self._brain.children_of(gateway)

    def bind(self, device: DeviceId, gateway: DeviceId | None) -> None:
        """Have a device come by this gateway alone, or by itself again."""
        self._think(DeviceBound(device, gateway))

    def activate(self, device: DeviceId, *, is_told: bool = True) -> None:
        """See that a device that its product's secret let in has a secret of its own."""
        self._think(DeviceActivated(device, is_told))

    def is_connected(self, device: DeviceId) -> bool:
        """Tell whether a device is on line, by whichever way."""
        return self._brain.is_connected(device)

    def stands(self, device: DeviceId, message: ServerMessage) -> bool:
        """Tell whether something said earlier, and kept back since, should still reach a device."""
        return self._brain.stands(device, message)

    def file_of(self, firmware_id: str) -> str | None:
        """Return the name of a firmware's file, None for no such firmware."""
        return self._brain.file_of(firmware_id)

    def opens(self, firmware_id: str, token: str) -> bool:
        """Tell whether a device that shows this token, "" for none, may have a firmware's file."""
        return self._brain.opens(firmware_id, token, self._clock.now_ms())

    def connected(
        self, southbound: Southbound, device: DeviceId, *, over: DeviceId | None = None
    ) -> None:
        """Take note of a device's new connection; one after another is a takeover.

        A device has one way at a time, the newest; the others let go of it.

        Args:
            southbound: The way it came.
            device: Who.
            over: The gateway whose connection it is; None: its own.
        """
        for other in self._southbounds:
            if other is not southbound:
                other.drop(device, "it came by another way")
        via = {} if over is None else {"over": str(over)}
        self._wire("online", device, {"side": "server", **via})
        self._think(DeviceConnected(device))

    def gone(self, device: DeviceId, why: str) -> None:
        """Take note of the end of a device's only connection."""
        self._wire("offline", device, {"side": "server", "why": why})
        self._think(DeviceGone(device))

    def arrived(
        self,
        southbound: Southbound,
        sender: Hashable,
        topic: str,
        payload: bytes,
        receipt: Hashable | None,
        *,
        bring: Callable[[DeviceId], None] | None = None,
    ) -> None:
        """Take a message in.

        Args:
            southbound: The way it came.
            sender: Who is told of a mistake in it; not who it is from, which the topic says.
            topic: Where it was published: one of those that the dialect claims.
            payload: What.
            receipt: Comes back by `acknowledge` once the message is kept; None where nobody waits.
            bring: Is told whose message it is before that is taken in, so that whoever speaks by
                another's connection can be on line by then.
        """
        complaint = None
        try:
            device, message = self.server.decode(topic, payload)
        except DialectError as error:
            self.refused(sender, topic, str(error))
            complaint = self.server.complain(topic, error)
        else:
            if bring is not None:
                bring(device)
            self._heard(device, message)
        self.answer(southbound, sender, complaint, receipt)

    def _heard(self, device: DeviceId, message: DeviceMessage) -> None:
        for part in parts_of(message):
            kind, fields = received_by_server(part)
            self._wire(kind, device, fields)
            self._think(MessageArrived(device, part))
        if isinstance(message, BlockRequest) and self._block_rules is not None:
            file = self._brain.file_at(message.stream)
            block = block_for(message, file, self._files, self._block_rules)
            self._commits.hold(Tell(device, block))

    def answer(
        self,
        southbound: Southbound,
        sender: Hashable,
        wire: WireMessage | None,
        receipt: Hashable | None,
    ) -> None:
        """Answer a message that a southbound has dealt with, once all before it is durable.

        Args:
            southbound: The way it came.
            sender: Who gets the answer.
            wire: The answer, if there is one.
            receipt: As in `arrived`.
        """
        if wire is not None:
            self._commits.hold(_Reply(southbound, sender, wire))
        if receipt is not None:
            self._commits.hold(_Receipt(southbound, receipt))
        self._commits.settle()

    def refused(self, sender: Hashable, topic: str, why: str) -> None:
        """Take note that something was not let through; with topic "" a whole connection."""
        device = str(sender) if isinstance(sender, DeviceId) else ""
        fields = {"side": "server", "topic": topic, "why": why}
        self._log.add(Source.WIRE, "refused", device=device, fields=fields)

    # --- what operators ask ----------------------------------------------------------------

    def http(self, request: HttpRequest, respond: Respond) -> None:
        """Take a northbound request; `respond` is called once, now or after a commit."""
        read = self._gate.read(request, self._settings.epoch_ms + self._clock.now_ms())
        if isinstance(read, HttpResponse):
            respond(read)
            return
        self._ask(read, respond)

    def _ask(self, call: Call, respond: Respond) -> None:
        self._call_no += 1
        self._calls[self._call_no] = (call, respond)
        self._think(Called(self._call_no, call))

    # --- the brain -------------------------------------------------------------------------

    def _think(self, event: Event) -> None:
        self._carry_out(self._brain.handle(event, self._clock.now_ms()))
        self._brain_alarm.arm()

    def _brain_due(self) -> None:
        self._think(TimeReached())

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Keep() | Forget() | KeepFile():
                    self._commits.change(effect)
                case Tell() | Answered() | DropFile():
                    self._commits.hold(effect)
                case Journal(kind, device, job, fields):
                    self._log.add(Source.SERVER, kind, device=device, job=job, fields=fields)
                case _:
                    assert_never(effect)
        self._commits.settle()

    # --- what leaves -----------------------------------------------------------------------

    def flush(self) -> None:
        """Commit at once what is left, as a clean stop wants it."""
        self._commits.flush()

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits for a commit."""
        return self._commits.is_settled

    def _let_go(self, held: Sequence[_Held]) -> None:
        for what in held:
            match what:
                case Tell(device, message) if not self._brain.stands(device, message):
                    pass  # overtaken by events while it waited for its commit
                case Tell(device, message):
                    self._tell(device, message)
                case Answered(call_id, answer):
                    call, respond = self._calls.pop(call_id)
                    self._rendered(self._gate.render(call, answer, call_id), respond)
                case DropFile(firmware_id, file_name):
                    self._files.drop(firmware_id, file_name)
                case _Receipt(southbound, receipt):
                    southbound.acknowledge(receipt)
                case _Reply(southbound, sender, wire):
                    southbound.send(sender, wire)

    def _tell(self, device: DeviceId, message: ServerMessage) -> None:
        told = keyed(message, self.secret_of(device), self._hmac_of)
        wire = self.server.encode(device, told)
        if wire is None or not self._send(device, wire):
            return
        line = sent_by_server(message)
        if line is not None:
            self._wire(line[0], device, line[1])

    def _rendered(self, rendered: HttpResponse | HttpFile | Call, respond: Respond) -> None:
        """Respond, or go on asking in a turn of its own: a request may take hundreds of calls."""
        if isinstance(rendered, HttpResponse | HttpFile):
            respond(rendered)
        else:
            self._clock.call_at(self._clock.now_ms(), self._ask, rendered, respond)

    def _send(self, device: DeviceId, wire: WireMessage) -> bool:
        return any(southbound.send(device, wire) for southbound in self._southbounds)

    def _wire(self, kind: str, device: DeviceId, fields: Mapping[str, Any]) -> None:
        self._log.add(Source.WIRE, kind, device=str(device), fields=fields)
