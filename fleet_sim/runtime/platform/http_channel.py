"""A platform's way to devices by its vendor's HTTP channel.

A device that logs in is on line until its session expires. What it says goes to the platform like
a message over MQTT, and the platform's reply becomes the HTTP answer, once what it rests on is
durable:

    request ──► platform ──► brain ──► Keep, Tell(reply), receipt
                                         │ commit
    answer ◄── reply, a waiting command ◄┘

A push has no request to answer. It waits in the device's mailbox for the next answer that may carry
one, and is taken back when it has lost its meaning meanwhile (the task was cancelled, the device
reported the target): a mailbox may wait for minutes, a broker's connection never does.

In the log a push is sent when it enters the mailbox, as it is over MQTT when it enters the
connection; neither says that the device has it.

A device may have a connection over MQTT as well. The newer way wins, and the newer is the one by
which the device last connected or spoke of upgrades: one that is on line over MQTT may log in to
fetch a file, and stays there; once it reports over HTTP, it is here. Its session outlives both.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import assert_never

from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.dialects.http_channel import (
    FileWanted,
    LinkWanted,
    LoggedIn,
    PlatformChannel,
    Said,
)
from fleet_sim.dialects.interface import DeviceCodec, Dialect
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.mqtt.topics import pattern
from fleet_sim.runtime.clock import Alarm, Clock
from fleet_sim.runtime.platform.platform import Platform, Respond

# A device has one upgrade at a time, and of one topic only the newest command waits; what comes on
# so many other topics at once is no vendor's.
MAILBOX_MAX = 16
REFUSAL_CHARS_MAX = 300  # Of a refused request's answer, in the log.


@dataclass(slots=True, eq=False)
class _Exchange:
    """A message whose answer is still owed; the receipt that the platform gives back."""

    said: Said
    respond: Respond
    reply: WireMessage | None = None


class HttpWay:
    """The southbound of devices that come over HTTP.

    Args:
        platform: Whose way it is.
        dialect: The vendor.
        channel: The vendor's channel, made for this platform.
        clock: The platform's.
        file_url: Firmware id and file name to where anybody can fetch the file.
    """

    def __init__(
        self,
        platform: Platform,
        dialect: Dialect,
        channel: PlatformChannel,
        clock: Clock,
        *,
        file_url: Callable[[str, str], str],
    ) -> None:
        self._platform = platform
        self._devices: DeviceCodec = dialect.devices
        self._claimed = pattern(dialect.server.claimed)
        self._channel = channel
        self._clock = clock
        self._file_url = file_url
        self._mailboxes: dict[DeviceId, dict[str, WireMessage]] = {}  # of who is here; by topic
        self._exchanges: dict[DeviceId, list[_Exchange]] = {}  # oldest first, never an empty list
        self._alarm = Alarm(clock, lambda: channel.next_at_ms, self._due)
        platform.attach(self)

    # --- what devices ask ------------------------------------------------------------------

    def claims(self, path: str) -> bool:
        """Tell whether a request on this path is for this way."""
        return self._channel.claims(path)

    def http(self, request: HttpRequest, respond: Respond) -> None:
        """Take a request; `respond` is called once, now or after a commit."""
        read = self._channel.read(request, self._clock.now_ms(), self._platform)
        match read:
            case HttpResponse():
                why = read.body.decode(errors="replace")[:REFUSAL_CHARS_MAX]
                self._platform.refused("", request.path[:REFUSAL_CHARS_MAX], f"over HTTP: {why}")
                respond(read)
            case LoggedIn():
                self._logged_in(read, respond)
            case Said():
                self._said(read, respond)
            case FileWanted() | LinkWanted():
                self._wanted(read, respond)
            case _:
                assert_never(read)
        self._alarm.arm()

    def _logged_in(self, login: LoggedIn, respond: Respond) -> None:
        """Take a new session in; what waited for the device in an older one still waits."""
        waiting = self._mailboxes.pop(login.device, None)
        if waiting is not None:
            self._platform.gone(login.device, "a newer login took over")
        if not self._platform.is_connected(login.device):
            self._come(login.device, waiting or {})
        respond(self._channel.welcome(login, self._next_command(login.device)))

    def _come(self, device: DeviceId, mailbox: dict[str, WireMessage]) -> None:
        self._mailboxes[device] = mailbox
        self._platform.connected(self, device)

    def _said(self, said: Said, respond: Respond) -> None:
        exchange = _Exchange(said, respond)
        if self._claimed.fullmatch(said.topic) is None:
            self._answer(exchange)  # nothing that the platform is told of
            return
        if said.device not in self._mailboxes:
            self._come(said.device, {})
        self._exchanges.setdefault(said.device, []).append(exchange)
        self._platform.arrived(self, said.device, said.topic, said.payload, exchange)

    def _wanted(self, call: FileWanted | LinkWanted, respond: Respond) -> None:
        name = self._platform.file_of(call.firmware_id)
        if name is None:
            respond(self._channel.no_file(call))
        elif isinstance(call, LinkWanted):
            respond(self._channel.link(self._file_url(call.firmware_id, name)))
        else:
            respond(HttpFile(call.firmware_id, name))

    # --- what the platform says ------------------------------------------------------------

    def send(self, device: Hashable, wire: WireMessage) -> bool:
        """Take a reply for the oldest message that waits for it, and a command for the mailbox."""
        if not isinstance(device, DeviceId):
            return False
        for exchange in self._exchanges.get(device, ()):
            if exchange.reply is None and exchange.said.reply_topic == wire.topic:
                exchange.reply = wire
                return True
        mailbox = self._mailboxes.get(device)
        if mailbox is None or not self._channel.can_carry(wire):
            return False
        mailbox.pop(wire.topic, None)
        if len(mailbox) >= MAILBOX_MAX:
            return False
        mailbox[wire.topic] = wire
        return True

    def acknowledge(self, receipt: Hashable) -> None:
        """Answer the message that the platform has kept."""
        assert isinstance(receipt, _Exchange)
        device = receipt.said.device
        waiting = self._exchanges[device]
        waiting.remove(receipt)
        if not waiting:
            del self._exchanges[device]
        self._answer(receipt)

    def _answer(self, exchange: _Exchange) -> None:
        said = exchange.said
        command = self._next_command(said.device) if said.carries_commands else None
        exchange.respond(self._channel.answer(said, exchange.reply, command))

    def _next_command(self, device: DeviceId) -> WireMessage | None:
        """Take the oldest command that still stands out of the mailbox; drop those that do not."""
        mailbox = self._mailboxes.get(device)
        while mailbox:
            command = mailbox.pop(next(iter(mailbox)))
            if self._stands(device, command):
                return command
        return None

    def _stands(self, device: DeviceId, command: WireMessage) -> bool:
        try:
            message = self._devices.decode(device, command.topic, command.payload)
        except DialectError:
            return True  # none that can lose its meaning
        return self._platform.stands(device, message)

    # --- ends ------------------------------------------------------------------------------

    def drop(self, device: DeviceId, why: str) -> None:
        """Take note that a device is here no longer; its session stays, for files."""
        if self._mailboxes.pop(device, None) is not None:
            self._platform.gone(device, why)

    def _due(self) -> None:
        for device in self._channel.expire(self._clock.now_ms()):
            self.drop(device, "its session expired")
