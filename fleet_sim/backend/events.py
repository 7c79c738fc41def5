"""What the backend's brain is told, and what it wants done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import DeviceMessage, ServerMessage, VersionAsked
from fleet_sim.model.northbound import Answer, Call

# --- events ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeviceConnected:
    """The device has a connection; a second one in a row is a takeover."""

    device: DeviceId


@dataclass(frozen=True, slots=True)
class DeviceGone:
    """The device's last connection has ended."""

    device: DeviceId


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A device said something; its dialect has read it and found it well formed."""

    device: DeviceId
    message: DeviceMessage


@dataclass(frozen=True, slots=True)
class Called:
    """An operator asked for something; `Answered` with the same `call_id` follows at once."""

    call_id: int
    call: Call


@dataclass(frozen=True, slots=True)
class Registered:
    """The platform learned of a device, or learned new attributes of one it has.

    A secret, a name or a gateway that is left open does not take away the one that is known; that
    it has no gateway may be said.
    """

    registration: Registration


@dataclass(frozen=True, slots=True)
class DeviceBound:
    """A device comes by this gateway alone from now on, or by itself (None).

    It is registered now if it was not.
    """

    device: DeviceId
    gateway: DeviceId | None


@dataclass(frozen=True, slots=True)
class DeviceActivated:
    """A device was let in by its product's secret, and is to have one of its own.

    Attributes:
        device: Who; it is registered now if it was not.
        is_told: Whether it hears of its secret by an `ActivationInfo`. A gateway's child does not:
            the reply to its gateway tells it.
    """

    device: DeviceId
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class TimeReached:
    """The instant of `Brain.next_at_ms` has come; too early or too late is harmless."""


Event: TypeAlias = (
    DeviceConnected
    | DeviceGone
    | MessageArrived
    | Called
    | Registered
    | DeviceBound
    | DeviceActivated
    | TimeReached
)

# --- effects ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tell:
    """Send this to the device; if it is not connected any more, forget it."""

    device: DeviceId
    message: ServerMessage | VersionAsked


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a call."""

    call_id: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Keep:
    """Write this row, in place of an older one of the same table and key.

    Every later `Tell` and `Answered` waits until the urgent rows before it are durable. A row that
    is not urgent may be written late, together with others; of one key the newest row wins.

    Attributes:
        table: `devices`, `modules`, `firmware`, `jobs`, `tasks` or `counters`.
        key: The row's name within the table.
        row: Column to JSON value, `key` among them; see `rows`.
        urgent: Whether later effects wait for it.
    """

    table: str
    key: str
    row: Mapping[str, Any]
    urgent: bool = True


@dataclass(frozen=True, slots=True)
class Forget:
    """Remove this row; urgent like a `Keep`."""

    table: str
    key: str


@dataclass(frozen=True, slots=True)
class KeepFile:
    """Store a firmware file, durable before the rows and the effects that follow."""

    firmware_id: str
    file_name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DropFile:
    """Remove a firmware file, but not before the rows before it are durable."""

    firmware_id: str
    file_name: str


@dataclass(frozen=True, slots=True)
class Journal:
    """A line of the server's own story (records of source S): it explains, it never convicts.

    Attributes:
        kind: What happened, in `snake_case`.
        device: `product_key/device_key`, or "".
        job: The job id, or "".
        fields: JSON values.
    """

    kind: str
    device: str = ""
    job: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


Change: TypeAlias = Keep | Forget
Durable: TypeAlias = Change | KeepFile
Effect: TypeAlias = Tell | Answered | Durable | DropFile | Journal
