"""What a device agent hears (events) and what it wants done (effects).

Law between the agent and whoever drives it:

- Events are fed one at a time, never from inside the carrying out of an effect; effects are carried
  out in their order.
- `ConnectionLost` also answers a `Connect` that failed. It is not fed for a connection that the
  agent itself closed with `Disconnect`; if it is, late, the agent takes no harm.
- A transfer started by `StartDownload` ends in exactly one of `DownloadFinished`, `DownloadCut` and
  `DownloadRefused`, or in silence after `DropDownload`.
- `Acknowledged` is fed for version, progress and failure reports and for queries. Not for an
  `UpgradeReply`: that one carries the server's id, which may equal one of the device's own. Not for
  a `BlockRequest` either: the block says more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import (
    Block,
    DeviceMessage,
    ReportReply,
    UpgradeRequest,
    VersionAsked,
    VersionOffer,
)


class Timer(StrEnum):
    """What the agent waits for."""

    RECONNECT = "reconnect"
    DOWNLOAD = "download"  # to try a cut download again while the connection stands
    BLOCK = "block"  # for the answer to a block request
    INSTALL = "install"
    FLUSH = "flush"  # for the server to have 100 % before the device reboots
    REBOOT = "reboot"
    FLAP = "flap"
    ASK = "ask"
    REPEAT = "repeat"  # to send the last report again


# Events


@dataclass(frozen=True, slots=True)
class PoweredOn:
    """The device got power: at its start, or after a power cut (then it lost what it held)."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The server accepted the connection."""


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """The connection broke, or could not be made."""

    why: str


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A push arrived."""

    request: UpgradeRequest


@dataclass(frozen=True, slots=True)
class OfferReceived:
    """The answer to a version query arrived."""

    offer: VersionOffer


@dataclass(frozen=True, slots=True)
class QuestionReceived:
    """The server wants to know what runs."""

    question: VersionAsked


@dataclass(frozen=True, slots=True)
class BlockReceived:
    """A piece of an image arrived over MQTT, or word that it will not."""

    block: Block


@dataclass(frozen=True, slots=True)
class ReplyReceived:
    """The server answered a report."""

    reply: ReportReply


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker has the message with this id (PUBACK)."""

    message_id: str


@dataclass(frozen=True, slots=True)
class DownloadAdvanced:
    """At least as many bytes as one of the marks in `StartDownload.notify_at` are held."""

    attempt: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DownloadFinished:
    """The body ended; digests are of all bytes held, lower-case hex.

    `digest` is by the image's own method, `sha256` is for the record.
    """

    attempt: int
    size_bytes: int
    digest: str
    sha256: str


@dataclass(frozen=True, slots=True)
class DownloadCut:
    """The transfer broke with `size_bytes` held; they stay until `DropDownload`."""

    attempt: int
    size_bytes: int
    why: str


@dataclass(frozen=True, slots=True)
class DownloadRefused:
    """The file server answered, and not with the file."""

    attempt: int
    status: int


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer reached its instant; `token` is that of its `SetTimer`."""

    name: Timer
    token: int


# Effects


@dataclass(frozen=True, slots=True)
class Connect:
    """Open the connection; nothing to do if one is open or being opened."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Go off line: close the connection, and cut a transfer under way (the bytes held stay)."""

    why: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Send a message at least once; `request` names the push it belongs to, "" for none."""

    message: DeviceMessage
    request: str = ""


@dataclass(frozen=True, slots=True)
class StartDownload:
    """Fetch an image over HTTP, from a byte on.

    Attributes:
        image: What to fetch; its digest method is the one to compute.
        attempt: Names the download in every event about it.
        offset: The first byte wanted (`Range`); keep exactly this many of the bytes held. 0 starts
            anew and forgets what another attempt left.
        notify_at: Byte counts, ascending, at which `DownloadAdvanced` is wanted.
        flip_bits: How many bits of what arrived to corrupt before the digest is taken.
    """

    image: FirmwareImage
    attempt: int
    offset: int
    notify_at: tuple[int, ...]
    flip_bits: int = 0


@dataclass(frozen=True, slots=True)
class DropDownload:
    """Stop the transfer, if it runs, and forget the bytes held."""

    attempt: int


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Feed `TimerFired` at an instant; there is no cancel, the agent knows the tokens it awaits."""

    name: Timer
    at_ms: int
    token: int


@dataclass(frozen=True, slots=True)
class Note:
    """Write a record of source D; kinds and fields stand in `model.record`."""

    kind: str
    fields: Mapping[str, object]


Event: TypeAlias = (
    PoweredOn
    | Connected
    | ConnectionLost
    | RequestReceived
    | OfferReceived
    | QuestionReceived
    | BlockReceived
    | ReplyReceived
    | Acknowledged
    | DownloadAdvanced
    | DownloadFinished
    | DownloadCut
    | DownloadRefused
    | TimerFired
)
Effect: TypeAlias = Connect | Disconnect | Publish | StartDownload | DropDownload | SetTimer | Note
