"""What devices and servers say to one another, in no vendor's dialect.

`message_id` is unique per device and run, and answers echo it. An upgrade request's id names the
attempt it starts: a device's later reports carry it in records, never on the wire.

A gateway speaks for its children, the devices behind it that have no connection of their own: it
logs them in and out with a `GatewayRequest`, and from then on they say and hear the same messages
as any device, over its connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId


@dataclass(frozen=True, slots=True)
class VersionReport:
    """Device: I run this version.

    Attributes:
        message_id: See the module.
        version: What.
        module: Which part of the device runs it; "" is the device as a whole.
        after_upgrade: Whether it comes at the end of an upgrade, for vendors that tell both apart.
        of_latest: Whether it is about the part that the latest upgrade was for, whichever that is:
            vendors whose devices run one at a time name none at its end. Decoders set it.
        beside: What other parts run, where one report tells of several: module to version, none
            twice. `parts_of` takes it apart.
        desc: Free text, for vendors whose devices end an upgrade with some; "" where there is none.
    """

    message_id: str
    version: str
    module: str = ""
    after_upgrade: bool = False
    of_latest: bool = False
    beside: tuple[tuple[str, str], ...] = ()
    desc: str = ""


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """Device: the upgrade of `module` stands at `percent` (0 to 100).

    `version` is what it runs meanwhile, for vendors that want it said; "" where it is not.
    """

    message_id: str
    percent: int
    desc: str = ""
    module: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class FailureReport:
    """Device: the upgrade failed.

    Attributes:
        message_id: See the module.
        cause: What went wrong.
        desc: Free text.
        code: The vendor's number, below 0 whatever its sign on the wire; None lets the dialect
            choose the cause's own. Decoders fill it.
        module: Of which part of the device; "" is the device as a whole.
        version: What it runs still, for vendors that want it said; "" where it is not.
    """

    message_id: str
    cause: FailureCause
    desc: str = ""
    code: int | None = None
    module: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class UpgradeReply:
    """Device: I have the upgrade request. `code` 200 is consent."""

    message_id: str
    code: int = 200
    text: str = ""


@dataclass(frozen=True, slots=True)
class VersionQuery:
    """Device: which versions may I, or this module of mine, move to?"""

    message_id: str
    module: str = ""


@dataclass(frozen=True, slots=True)
class ActivationReply:
    """Device: I keep the secret that I was given. `code` 200 is consent."""

    message_id: str
    code: int = 200
    text: str = ""


@dataclass(frozen=True, slots=True)
class BlockRequest:
    """Device: send me these bytes of the file, over MQTT.

    Attributes:
        message_id: See the module.
        stream: The file, as the upgrade request named it.
        offset: The first byte wanted.
        size_bytes: How many.
    """

    message_id: str
    stream: tuple[int, int]
    offset: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class GatewayNotice:
    """What a gateway is told of the job, with each message for one of its children in it.

    Attributes:
        job_id: Which job.
        children: How many of the gateway's children have a task in it.
        extra: The operator's own words for gateways, a JSON object; "" where there are none.
    """

    job_id: str
    children: int
    extra: str = ""


@dataclass(frozen=True, slots=True)
class UpgradeRequest:
    """Server: upgrade to this image (a push); `notice` is for the gateway, where it is told."""

    message_id: str
    image: FirmwareImage
    notice: GatewayNotice | None = None


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


@dataclass(frozen=True, slots=True)
class VersionAsked:
    """Server: which version do you run? Asked before a push by vendors that ask.

    `notice` is for the gateway, where it is told.
    """

    message_id: str
    notice: GatewayNotice | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Server: a piece of a file, or why not.

    Attributes:
        message_id: The request's.
        offset: Its first byte.
        content: The bytes; empty where `code` is not 200.
        file_size_bytes: The length of the whole file.
        code: 200, or why not.
    """

    message_id: str
    offset: int
    content: bytes = field(repr=False)
    file_size_bytes: int = 0
    code: int = 200


@dataclass(frozen=True, slots=True)
class ActivationInfo:
    """Server: your product's secret let you in; from the next connection on, sign with this one.

    Attributes:
        message_id: See the module.
        asset_id: The platform's own name for the device.
        secret: The device's from now on; never printed, logged or recorded.
    """

    message_id: str
    asset_id: str
    secret: str = field(repr=False)


# --- gateways --------------------------------------------------------------------------------


class GatewayAction(StrEnum):
    """What a gateway wants done with its children."""

    LOGIN = "login"  # one child comes on line
    BATCH_LOGIN = "batch_login"  # several do
    LOGOUT = "logout"  # one child goes off line
    PRESENCE = "presence"  # these are on line from now on, and these are not
    ADD = "add"  # these belong to the gateway from now on
    REMOVE = "remove"  # these belong to it no longer
    LIST = "list"  # which belong to it?


class Proof(StrEnum):
    """By which secret a gateway has shown that a child is there."""

    OWN = "own"  # the child's
    PRODUCT = "product"  # its product's: it is to be given one of its own
    NONE = "none"  # the request needs none


class ChildRefusal(StrEnum):
    """Why a gateway's request was not granted for one child."""

    UNKNOWN = "unknown"  # no such device
    DISABLED = "disabled"  # its owner has switched it off at the platform
    ELSEWHERE = "elsewhere"  # it is not this gateway's child
    WRONG_SIGNATURE = "wrong_signature"
    NO_ACTIVATION = "no_activation"  # its product gives no secrets to whoever asks
    TOO_MANY = "too_many"  # the gateway has as many children on line as it may


@dataclass(frozen=True, slots=True)
class ChildClaim:
    """A child of a request, and what its signature was found to be worth.

    `is_online` says of `PRESENCE` what is so from now on.
    """

    device: DeviceId
    proof: Proof | ChildRefusal = Proof.NONE
    is_online: bool = True


@dataclass(frozen=True, slots=True)
class GatewayRequest:
    """Gateway: do this with these children. `LIST` names none, `LOGIN` and `LOGOUT` one.

    Attributes:
        message_id: See the module.
        action: What.
        children: With whom, none of them twice.
        says_more: Whether the same wire message says something beside it, as any device's does.
    """

    message_id: str
    action: GatewayAction
    children: tuple[ChildClaim, ...] = ()
    says_more: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """A child that a request was granted for.

    Attributes:
        device: Who it is.
        asset_id: The platform's own name for it.
        secret: The secret it was given just now, "" where it had its own; never logged or recorded.
        is_online: As it was asked for by `PRESENCE`.
    """

    device: DeviceId
    asset_id: str = ""
    secret: str = field(default="", repr=False)
    is_online: bool = True


@dataclass(frozen=True, slots=True)
class GatewayReply:
    """Server: the answer to a `GatewayRequest`; all is well when nobody was refused."""

    message_id: str
    action: GatewayAction
    children: tuple[Child, ...] = ()
    refused: tuple[tuple[DeviceId, ChildRefusal], ...] = ()


DeviceMessage = (
    VersionReport
    | ProgressReport
    | FailureReport
    | UpgradeReply
    | VersionQuery
    | ActivationReply
    | BlockRequest
)
ServerMessage = UpgradeRequest | ReportReply | VersionOffer | VersionAsked | Block | ActivationInfo


def parts_of(message: DeviceMessage) -> tuple[DeviceMessage, ...]:
    """Return a message as those about one part of the device each, in the order they were said.

    Which of several parts an upgrade was for, that a report came at the end of, it does not say: so
    none of them is told to be.
    """
    if not isinstance(message, VersionReport) or not message.beside:
        return (message,)
    others = (VersionReport(message.message_id, told, name) for name, told in message.beside)
    return (replace(message, beside=(), after_upgrade=False), *others)
