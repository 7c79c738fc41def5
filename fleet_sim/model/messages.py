"""What devices and servers say to one another, in no vendor's dialect.

`message_id` is unique per device and run, and answers echo it. An upgrade request's id names the
attempt it starts: a device's later reports carry it in records, never on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage


@dataclass(frozen=True, slots=True)
class VersionReport:
    """Device: I run this version."""

    message_id: str
    version: str


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """Device: the upgrade stands at `percent` (0 to 100)."""

    message_id: str
    percent: int
    desc: str = ""


@dataclass(frozen=True, slots=True)
class FailureReport:
    """Device: the upgrade failed.

    Attributes:
        message_id: See the module.
        cause: What went wrong.
        desc: Free text.
        code: The vendor's number; None lets the dialect choose the cause's own. Decoders fill it.
    """

    message_id: str
    cause: FailureCause
    desc: str = ""
    code: int | None = None


@dataclass(frozen=True, slots=True)
class UpgradeReply:
    """Device: I have the upgrade request. `code` 200 is consent."""

    message_id: str
    code: int = 200
    text: str = ""


@dataclass(frozen=True, slots=True)
class VersionQuery:
    """Device: which versions may I move to?"""

    message_id: str


@dataclass(frozen=True, slots=True)
class UpgradeRequest:
    """Server: upgrade to this image (a push)."""

    message_id: str
    image: FirmwareImage


@dataclass(frozen=True, slots=True)
class ReportReply:
    """Server: the message with this id was handled; `code` 200, or why not.

    `to` names what it answers, for topics that differ by kind.
    """

    message_id: str
    to: type[VersionReport | ProgressReport | FailureReport]
    code: int = 200
    text: str = ""


@dataclass(frozen=True, slots=True)
class VersionOffer:
    """Server: the answer to a `VersionQuery`; may be empty."""

    message_id: str
    images: tuple[FirmwareImage, ...] = ()


DeviceMessage = VersionReport | ProgressReport | FailureReport | UpgradeReply | VersionQuery
ServerMessage = UpgradeRequest | ReportReply | VersionOffer
