"""The embedded OTA platform: broker, brain, dialect and store under one roof; same in both worlds.

Nothing leaves before what it rests on is durable. Effects that a peer can see (a push, a reply, an
answer, a PUBACK) are held until the changes before them are committed, many at a time:

    message ──► brain ──► Keep, Keep, Tell      changes gather while a commit is under way
                            │           │
                            ▼           │
                         commit ────────┴──► Tell leaves, PUBACK leaves

So a platform that is killed and started again has lost nothing that anybody was told.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

from fleet_sim.backend.brain import Brain
from fleet_sim.backend.events import (
    Answered,
    Called,
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
from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.interface import Dialect, Gate
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.northbound import Call
from fleet_sim.model.record import Source
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
from fleet_sim.mqtt.packets import Connect
from fleet_sim.runtime.clock import Alarm, Clock
from fleet_sim.runtime.run_log import RunLog
from fleet_sim.runtime.wire_records import received_by_server, sent_by_server

IDLE_COMMIT_MS = 250  # Progress alone may wait this long: one write then serves many reports.

Change = Keep | Forget
Respond = Callable[[HttpResponse], None]


class Committer(Protocol):
    """Makes changes durable, in order."""

    def commit(self, changes: Sequence[Change], then: Callable[[], None]) -> None:
        """Write these changes in one transaction and call `then`."""


class Files(Protocol):
    """Keeps firmware files and serves them."""

    def keep(self, firmware_id: str, file_name: str, content: bytes) -> None:
        """Keep a file; it is served from now on."""

    def drop(self, firmware_id: str, file_name: str) -> None:
        """Forget a file, if it is there."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a platform is told when it starts.

    Attributes:
        epoch_ms: The wall clock at t = 0.
        commit_window_ms: How long changes may gather before they are written.
        limits: The broker's limits.
    """

    epoch_ms: int
    commit_window_ms: int
    limits: BrokerLimits


@dataclass(frozen=True, slots=True)
class _Puback:
    connection: Connection
    token: int


@dataclass(frozen=True, slots=True)
class _Complaint:
    device: Hashable
    wire: WireMessage


_Held = Tell | Answered | DropFile | _Puback | _Complaint


class Platform:
    """One OTA platform for one dialect. It owns the broker and drives the brain."""

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
        on_output: Callable[[], None],
    ) -> None:
        self._server = dialect.server
        self._brain = brain
        self._gate = gate
        self._clock = clock
        self._log = log
        self._committer = committer
        self._files = files
        self._settings = settings
        self._on_output = on_output
        self.broker = Broker(settings.limits, self, claimed=dialect.server.claimed)
        self._changes: list[Change] = []
        self._held: list[_Held] = []
        self._has_urgent = False
        self._is_committing = False
        self._commit_at_ms: int | None = None
        self._calls: dict[int, tuple[Call, Respond]] = {}
        self._call_no = 0
        self._brain_alarm = Alarm(clock, lambda: brain.next_at_ms, self._brain_due)
        self._broker_alarm = Alarm(clock, lambda: self.broker.next_at_ms, self._broker_due)

    # --- who may do what (the broker asks) -------------------------------------------------

    def admit(self, connect: Connect, peer: str) -> Admission | int:
        """Check a device's signed password; the code refuses it."""
        del peer
        found = self._server.identify(
            connect.client_id, connect.username or "", connect.password, self._brain.secret_of
        )
        if isinstance(found, int):
            return found
        return Admission(found, self._server.implicit(found))

    def may_publish(self, principal: Hashable, topic: str) -> bool:
        """Tell whether a device may publish there."""
        return isinstance(principal, DeviceId) and self._server.may_publish(principal, topic)

    def may_subscribe(self, principal: Hashable, topic_filter: str) -> bool:
        """Tell whether a device may subscribe to that."""
        return isinstance(principal, DeviceId) and self._server.may_subscribe(
            principal, topic_filter
        )

    # --- what comes in ---------------------------------------------------------------------

    def register(self, registrations: Sequence[Registration]) -> None:
        """Make devices known, before or while the platform runs."""
        for registration in registrations:
            self._think(Registered(registration))

    def resume(self, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Go on from what the store holds: table name to rows. To be called first, once."""
        self._carry_out(self._brain.restore(rows, self._clock.now_ms()))
        self._brain_alarm.arm()

    def on_broker_events(self, events: Sequence[BrokerEvent]) -> None:
        """Take what happened at the broker."""
        for event in events:
            self._take(event)
        self._broker_alarm.arm()
        self._on_output()

    def _take(self, event: BrokerEvent) -> None:
        match event:
            case Arrived():
                self._arrived(event)
            case Opened(principal=DeviceId() as device):
                self._wire("online", device, {"side": "server"})
                self._think(DeviceConnected(device))
            case Closed(principal=DeviceId() as device, why=why):
                self._wire("offline", device, {"side": "server", "why": why})
                self._think(DeviceGone(device))
            case Refused(connection, topic, why):
                self._refused(connection.principal, topic, why)
            case Delivered() | Opened() | Closed():
                pass
            case _:
                assert_never(event)

    def _arrived(self, event: Arrived) -> None:
        try:
            device, message = self._server.decode(event.topic, event.payload)
        except DialectError as error:
            self._refused(event.principal, event.topic, str(error))
            complaint = self._server.complain(event.topic, error)
            if complaint is not None:
                self._held.append(_Complaint(event.principal, complaint))
        else:
            kind, fields = received_by_server(message)
            self._wire(kind, device, fields)
            self._think(MessageArrived(device, message))
        if event.token is not None:
            self._held.append(_Puback(event.connection, event.token))
        self._settle()

    def _refused(self, principal: Hashable, topic: str, why: str) -> None:
        device = str(principal) if isinstance(principal, DeviceId) else ""
        fields = {"side": "server", "topic": topic, "why": why}
        self._log.add(Source.WIRE, "refused", device=device, fields=fields)

    def http(self, request: HttpRequest, respond: Respond) -> None:
        """Take a northbound request; `respond` is called once, now or after a commit."""
        read = self._gate.read(request, self._settings.epoch_ms + self._clock.now_ms())
        if isinstance(read, HttpResponse):
            respond(read)
            return
        self._call_no += 1
        self._calls[self._call_no] = (read, respond)
        self._think(Called(self._call_no, read))

    # --- the brain -------------------------------------------------------------------------

    def _think(self, event: Event) -> None:
        self._carry_out(self._brain.handle(event, self._clock.now_ms()))
        self._brain_alarm.arm()

    def _brain_due(self) -> None:
        self._think(TimeReached())
        self._on_output()

    def _broker_due(self) -> None:
        self.on_broker_events(self.broker.expire(self._clock.now_ms()))

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Keep() | Forget():
                    self._changes.append(effect)
                    self._has_urgent |= not isinstance(effect, Keep) or effect.urgent
                case Tell() | Answered() | DropFile():
                    self._held.append(effect)
                case Journal(kind, device, job, fields):
                    self._log.add(Source.SERVER, kind, device=device, job=job, fields=fields)
                case KeepFile(firmware_id, file_name, content):
                    self._files.keep(firmware_id, file_name, content)
                case _:
                    assert_never(effect)
        self._settle()

    # --- commit, then let go ---------------------------------------------------------------

    def _settle(self) -> None:
        """Let go of what rests on nothing new; else see that a commit comes."""
        if self._has_urgent or (self._held and self._is_committing):
            self._commit_within(self._settings.commit_window_ms)
        else:
            held, self._held = self._held, []
            self._let_go(held)
            if self._changes:
                self._commit_within(IDLE_COMMIT_MS)

    def _commit_within(self, window_ms: int) -> None:
        at_ms = self._clock.now_ms() + window_ms
        if self._commit_at_ms is None or at_ms < self._commit_at_ms:
            self._commit_at_ms = at_ms
            self._clock.call_at(at_ms, self._commit_due, at_ms)

    def _commit_due(self, at_ms: int) -> None:
        if at_ms == self._commit_at_ms:
            self._commit_at_ms = None
            self._commit()

    def _commit(self) -> None:
        if self._is_committing or not (self._changes or self._held):
            return  # `_committed` looks again
        changes, self._changes = self._changes, []
        held, self._held = self._held, []
        self._has_urgent = False
        self._is_committing = True
        self._committer.commit(changes, lambda: self._committed(held))

    def _committed(self, held: Sequence[_Held]) -> None:
        self._is_committing = False
        self._let_go(held)
        if self._has_urgent or self._held:
            self._commit_within(self._settings.commit_window_ms)
        elif self._changes:  # their own turn may have come, and gone, during the commit
            self._commit_within(IDLE_COMMIT_MS)

    def flush(self) -> None:
        """Commit at once what is left, as a clean stop wants it."""
        self._commit()

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits for a commit."""
        return not (self._changes or self._held or self._is_committing)

    def _let_go(self, held: Sequence[_Held]) -> None:
        for what in held:
            match what:
                case Tell(device, message) if not self._brain.stands(device, message):
                    pass  # overtaken by events while it waited for its commit
                case Tell(device, message):
                    if self._send(device, self._server.encode(device, message)):
                        line = sent_by_server(message)
                        if line is not None:
                            self._wire(line[0], device, line[1])
                case Answered(call_id, answer):
                    call, respond = self._calls.pop(call_id)
                    respond(self._gate.render(call, answer, call_id))
                case DropFile(firmware_id, file_name):
                    self._files.drop(firmware_id, file_name)
                case _Puback(connection, token):
                    self.broker.acknowledge(connection, token)
                case _Complaint(device, wire):
                    self._send(device, wire)
        self._on_output()

    def _send(self, device: Hashable, wire: WireMessage) -> bool:
        sent = self.broker.send_to(device, wire.topic, wire.payload, wire.qos, self._clock.now_ms())
        return sent is not None

    def _wire(self, kind: str, device: DeviceId, fields: Mapping[str, Any]) -> None:
        self._log.add(Source.WIRE, kind, device=str(device), fields=fields)
