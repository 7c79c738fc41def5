"""The signed CONNECT.

    clientId   {device_id}_0_{sig}_{ts}
    username   {device_id}
    password   lower-case hex of HMAC-SHA256, key {ts}, message the device secret

`ts` is the UTC hour, `YYYYMMDDHH`. With sig 0 the platform does not compare it with its clock, with
sig 1 it does; how far it may be off is in no page (`WINDOW_MS` is ours). Sig 2, of the C SDK, means
SM3 instead of SHA-256 and is not spoken here. A device id holds underscores, so the client id is
divided from its end.

Source: "Device Connection Authentication"; device SDKs for Python, Java and C.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from fleet_sim.dialects.huawei.times import read_hour
from fleet_sim.dialects.wire import DialectError

UNCHECKED, CHECKED = "0", "1"
HOUR_MS = 3_600_000
WINDOW_MS = HOUR_MS

_KIND = "0"  # "The client id is a device's"; the other kinds belong to an older platform.


@dataclass(frozen=True, slots=True)
class Claim:
    """What a client id says.

    Attributes:
        name: The device id.
        sig: Whether the platform is to look at the timestamp: `0` or `1`.
        timestamp: The hour, the key of the signature.
    """

    name: str
    sig: str
    timestamp: str


def client_id_of(claim: Claim) -> str:
    """Write the client id."""
    return f"{claim.name}_{_KIND}_{claim.sig}_{claim.timestamp}"


def read_client_id(client_id: str) -> Claim:
    """Read the client id.

    Raises:
        DialectError: Something is missing, or `sig` or the hour is none.
    """
    name, *rest = client_id.rsplit("_", 3)
    if len(rest) != 3 or not name or rest[0] != _KIND or rest[1] not in {UNCHECKED, CHECKED}:  # noqa: PLR2004 - kind, sig, hour
        raise DialectError(f"the client id {client_id[:120]!r} is not {{id}}_0_{{sig}}_{{hour}}")
    read_hour(rest[2])
    return Claim(name, rest[1], rest[2])


def sign(secret: str, timestamp: str) -> str:
    """Return the password."""
    key, message = (text.encode(errors="surrogatepass") for text in (timestamp, secret))
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def is_signed(claim: Claim, secret: str, password: bytes) -> bool:
    """Tell whether the password is the signature; the case of hex does not matter."""
    return hmac.compare_digest(sign(secret, claim.timestamp).encode(), password.lower())


def is_timely(claim: Claim, epoch_ms: int, window_ms: int = WINDOW_MS) -> bool:
    """Tell whether a claim that wants its hour checked was made about now.

    Any instant of the named hour may be meant, so the window is counted from its ends.
    """
    begins = read_hour(claim.timestamp)
    is_near = begins - window_ms <= epoch_ms < begins + HOUR_MS + window_ms
    return claim.sig == UNCHECKED or is_near
