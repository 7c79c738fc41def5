"""How a device proves who it is: what it says, what that is checked against, who it then is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from fleet_sim.model.identity import DeviceId

# Over whose connection alone a device may come; None: over its own.
GatewayOf: TypeAlias = "Callable[[DeviceId], DeviceId | None]"

# Codes of a CONNACK (MQTT 3.1.1, 3.2.2.3); the last two refuse who somebody is.
BAD_CLIENT_ID = 2
SERVER_UNAVAILABLE = 3
BAD_CREDENTIALS = 4
NOT_AUTHORIZED = 5
_REFUSALS = range(1, 6)

_KEEP_ALIVES_S = range(0x1_0000)  # Two bytes of a CONNECT (MQTT 3.1.1, 3.1.2.10).


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a device puts into its CONNECT."""

    client_id: str
    username: str
    password: str = field(repr=False)
    keep_alive_s: int = 60
    clean_session: bool = True


@dataclass(frozen=True, slots=True)
class KeepAliveRange:
    """The keep alive that a vendor insists on: both ends included, and none at all is outside.

    Attributes:
        lowest_s: The shortest that is let in.
        highest_s: The longest.
        refusal: The CONNACK code for any other.
    """

    lowest_s: int
    highest_s: int
    refusal: int

    def __post_init__(self) -> None:
        """Refuse a range that nobody is in, and a code that refuses nobody."""
        ends = (self.lowest_s, self.highest_s)
        if not all(end in _KEEP_ALIVES_S for end in ends) or self.lowest_s > self.highest_s:
            raise ValueError(
                f"lowest_s {self.lowest_s!r} and highest_s {self.highest_s!r} must be whole "
                f"seconds from 0 to {_KEEP_ALIVES_S[-1]}, the lowest no more than the highest"
            )
        if self.refusal not in _REFUSALS:
            raise ValueError(f"refusal {self.refusal!r} must be a CONNACK code from 1 to 5")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who has connected.

    Attributes:
        device: Who.
        activates: Whether it came by its product's secret, to be given one of its own.
    """

    device: DeviceId
    activates: bool = False


class Keyring(Protocol):
    """What a platform knows of devices, to check who they are."""

    def secret_of(self, device: DeviceId) -> str | None:
        """Return a device's own secret; None for a stranger, and for one that has none yet."""

    def product_secret_of(self, product_key: str) -> str | None:
        """Return the secret by which devices of a product get their own; None: they do not."""

    def gateway_of(self, device: DeviceId) -> DeviceId | None:
        """Return over whose connection alone the device may come; None: it is not bound."""
