"""The signed CONNECT, and the keyed digest of a firmware.

    clientId   tuyalink_{deviceId}
    username   {deviceId}|signMethod=hmacSha256,timestamp={ts},secureMode=1,accessType=1
    password   hex of HMAC-SHA256(deviceSecret,
               deviceId={deviceId},timestamp={ts},secureMode=1,accessType=1)

The timestamp counts seconds and has ten digits. Whether the platform looks at its age is not known;
here it does not, as a device that reconnects may send the same again.

A push names the HMAC-SHA256, by the device's secret, of the upper-case hex of the file's SHA-256:
not of the file itself, which another client tried in vain against the real platform.

Source: "Protocol Access" and the Java demo; for the firmware a client of other people, verified by
them against the platform.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from fleet_sim.dialects.wire import DialectError

CLIENT_ID_PREFIX = "tuyalink_"

_USERNAME = re.compile(
    r"(?P<id>[^|]+)\|signMethod=hmacSha256,timestamp=(?P<timestamp>[0-9]{10}),"
    r"secureMode=1,accessType=1",
    re.ASCII,
)
_MS_PER_S = 1_000
_TEN_DIGITS = 10**10


@dataclass(frozen=True, slots=True)
class Claim:
    """What a username says: the device's id, and when it signed, in ten digits."""

    device_id: str
    timestamp: str


def claim_at(device_id: str, epoch_ms: int) -> Claim:
    """Return what a device says that signs now."""
    return Claim(device_id, f"{epoch_ms // _MS_PER_S % _TEN_DIGITS:010d}")


def client_id_of(claim: Claim) -> str:
    """Write the client id."""
    return f"{CLIENT_ID_PREFIX}{claim.device_id}"


def username_of(claim: Claim) -> str:
    """Write the username."""
    return (
        f"{claim.device_id}|signMethod=hmacSha256,timestamp={claim.timestamp},"
        "secureMode=1,accessType=1"
    )


def read_username(username: str) -> Claim:
    """Read the username.

    Raises:
        DialectError: It has another form: other modes and methods are not documented.
    """
    found = _USERNAME.fullmatch(username)
    if found is None:
        raise DialectError(
            f"the username {username!r} is not {{deviceId}}|signMethod=hmacSha256,"
            "timestamp={ten digits},secureMode=1,accessType=1"
        )
    return Claim(found["id"], found["timestamp"])


def sign(claim: Claim, secret: str) -> str:
    """Return the password: 64 lower-case hex digits."""
    content = f"deviceId={claim.device_id},timestamp={claim.timestamp},secureMode=1,accessType=1"
    return _hmac(secret, content)


def is_signed(claim: Claim, secret: str, password: bytes) -> bool:
    """Tell whether the password is the signature; the case of hex does not matter."""
    return hmac.compare_digest(sign(claim, secret).encode(), password.lower())


def firmware_hmac(secret: str, *, method: str, digest: str) -> str:
    """Return the keyed digest of a file, in lower-case hex; "" of another method than SHA-256."""
    return _hmac(secret, digest.upper()) if method == "sha256" else ""


def _hmac(secret: str, content: str) -> str:
    return hmac.new(secret.encode(), content.encode(), hashlib.sha256).hexdigest()
