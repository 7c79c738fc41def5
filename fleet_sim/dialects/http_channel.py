"""A vendor's HTTP channel for devices: what is said over it, and its two ends.

Some vendors let devices that hold no connection speak the messages of MQTT over HTTP:

    device    login ─────────────►   session, and a command that waits
              message in a session ►   its reply, and a command that waits
              file in a session ───►   the bytes

A command is a message of the platform (an upgrade request). It cannot travel by itself, so it waits
in the device's mailbox for the next answer that may carry it. The platform's end keeps the sessions
and nothing else; mailboxes, files and devices are elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from fleet_sim.dialects.credentials import Keyring
from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.identity import DeviceId


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A device has proven itself; its session is open, and an older one of its own has ended."""

    device: DeviceId
    session: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """A device said something in its session.

    Attributes:
        device: Who.
        topic: Where it would have published this over MQTT; the device may.
        payload: What.
        reply_topic: Where a reply would have been published.
        carries_commands: Whether the answer may carry a command.
    """

    device: DeviceId
    topic: str
    payload: bytes
    reply_topic: str
    carries_commands: bool


@dataclass(frozen=True, slots=True)
class FileWanted:
    """A device asks for a firmware file."""

    device: DeviceId
    firmware_id: str


@dataclass(frozen=True, slots=True)
class LinkWanted:
    """A device asks where a firmware file can be had without a session."""

    device: DeviceId
    firmware_id: str


ChannelCall: TypeAlias = LoggedIn | Said | FileWanted | LinkWanted


class DeviceChannel(Protocol):
    """The device's end; it keeps no state."""

    def is_needed_for(self, url: str) -> bool:
        """Tell whether a file at this address can only be had through the channel."""

    def login(self, device: DeviceId, secret: str) -> HttpRequest:
        """Write the request for a session, signed with the device's own secret."""

    def session_of(self, response: HttpResponse) -> str:
        """Read the session's id.

        Raises:
            DialectError: The platform refused, with its code, or answered something else.
        """

    def say(self, device: DeviceId, session: str, wire: WireMessage) -> HttpRequest:
        """Write a message; a reply to a command is one too."""

    def heard(self, wire: WireMessage, response: HttpResponse) -> WireMessage:
        """Read the answer to a message as what would have come over MQTT.

        Raises:
            DialectError: The channel itself refused, or the answer is not in the vendor's form.
        """

    def command_in(self, response: HttpResponse) -> WireMessage | None:
        """Return the command that an answer carries, None for none.

        Raises:
            DialectError: It carries something else.
        """

    def download(self, device: DeviceId, session: str, url: str) -> HttpRequest:
        """Write the request for a file by the address in an upgrade request."""


class PlatformChannel(Protocol):
    """The platform's end, for one platform; it keeps the sessions."""

    @property
    def next_at_ms(self) -> int | None:
        """The earliest instant at which a session can expire; None: never."""

    def claims(self, path: str) -> bool:
        """Tell whether a path belongs to the channel."""

    def read(self, request: HttpRequest, now_ms: int, keys: Keyring) -> ChannelCall | HttpResponse:
        """Read a request; or the whole answer, where the platform need not be asked.

        No request, whatever is in it, raises anything.
        """

    def can_carry(self, wire: WireMessage) -> bool:
        """Tell whether a message of the platform can be a command: no reply, and short enough."""

    def welcome(self, login: LoggedIn, command: WireMessage | None) -> HttpResponse:
        """Write the answer to a login."""

    def answer(
        self, said: Said, reply: WireMessage | None, command: WireMessage | None
    ) -> HttpResponse:
        """Write the answer to a message; without a reply it says no more than that it came."""

    def link(self, url: str) -> HttpResponse:
        """Write where a file can be had."""

    def no_file(self, call: FileWanted | LinkWanted) -> HttpResponse:
        """Write that there is no such file."""

    def expire(self, now_ms: int) -> tuple[DeviceId, ...]:
        """End the sessions that have been silent for too long; return whose."""


class PlatformChannelFactory(Protocol):
    """Makes the platform's end."""

    def __call__(self, *, seed: int, epoch_ms: int) -> PlatformChannel:
        """Make one.

        Args:
            seed: From which the ids of sessions are drawn.
            epoch_ms: The wall clock at t = 0, so that no two starts give the same ids.
        """


@dataclass(frozen=True, slots=True)
class HttpChannel:
    """Both ends of one vendor's channel.

    Attributes:
        devices: The device's end.
        platform: Makes the platform's end.
        file_url: Firmware id and file name to the address that only the channel resolves.
    """

    devices: DeviceChannel
    platform: PlatformChannelFactory
    file_url: Callable[[str, str], str]
