"""The signed CONNECT: client id, username, and a password that is a plain hash.

    clientId   {id}|securemode={2},signmethod={alg},timestamp={ts}|
    username   {deviceKey}&{productKey}
    password   hex of hash(clientId{id}deviceKey{dk}productKey{pk}timestamp{ts}{secret})

No HMAC in spite of the alias `hmacsha256`, and no check of freshness: a device that reconnects
sends the same three again. What is signed as `clientId` is everything before the first bar, which
need not be the device key (the Java SDK appends `{ip=…,version=…}` to it). The timestamp is opaque
text: the Python SDK sends a decimal fraction.

A gateway proves its children with the same hash, in the fields of a message. There the pages sign
`cleanSession` as well, before the rest, and the SDKs do not: both are accepted.

Source: "Connecting to EnOS" (3.0), "Establishing Connection with EnOS Cloud using the MQTT
Protocol" (2.0.9), "Connect Sub-devices to EnOS Cloud" (2.1 to 2.4); device SDKs for Python 0.1.1
and Java.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId

# What `securemode` says of the secret that was signed with. The fourth, "4", is a channel through
# which another system speaks for all devices of a product; it has no devices, and is refused.
STATIC_SECRET = "2"  # noqa: S105 - the device's own
PRODUCT_SECRET = "3"  # noqa: S105 - the product's, by a device that wants one of its own

# SHA-1 and MD5 are the vendor's, and half of the historic devices use them.
_HASHES: Mapping[str, Callable[[bytes], str]] = {
    "sha256": lambda content: hashlib.sha256(content).hexdigest(),
    "sha1": lambda content: hashlib.sha1(content).hexdigest(),  # noqa: S324
    "md5": lambda content: hashlib.md5(content).hexdigest(),  # noqa: S324
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a CONNECT's client id says about its own signature.

    Attributes:
        signed_id: The client id as it was signed.
        secure_mode: `2` static secret, `3` product secret, `4` channel.
        method: `sha256`, `sha1` or `md5`.
        timestamp: Opaque text.
    """

    signed_id: str
    secure_mode: str
    method: str
    timestamp: str


def method_of(name: str) -> str:
    """Return the plain name of a hash: `sha256` for `hmacSha256`, and so on."""
    return name.lower().removeprefix("hmac")


def client_id_of(claim: Claim) -> str:
    """Write the client id."""
    return (
        f"{claim.signed_id}|securemode={claim.secure_mode},"
        f"signmethod={claim.method},timestamp={claim.timestamp}|"
    )


def read_client_id(client_id: str) -> Claim:
    """Read the client id; blanks around items and the case of names do not matter.

    Raises:
        DialectError: An item is missing, or the method is none that the vendor knows.
    """
    signed_id, bar, rest = client_id.partition("|")
    items = dict(_item(part) for part in rest.removesuffix("|").split(","))
    method = method_of(items.get("signmethod", ""))
    secure_mode, timestamp = items.get("securemode", ""), items.get("timestamp", "")
    if not (bar and signed_id and secure_mode and timestamp) or method not in _HASHES:
        raise DialectError(
            f"the client id {client_id!r} is not "
            "{id}|securemode={n},signmethod={alg},timestamp={ts}|"
        )
    return Claim(signed_id, secure_mode, method, timestamp)


def _item(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip()


def sign(device: DeviceId, claim: Claim, secret: str, *, clean_session: str = "") -> str:
    """Return the password: lower-case hex, as both SDKs send it (the pages show upper case).

    Args:
        device: Whose signature.
        claim: With a method that `_HASHES` knows.
        secret: The device's or its product's.
        clean_session: The text of a child's `cleanSession`, where that is signed too.
    """
    content = f"cleanSession{clean_session}" if clean_session else ""
    content += (
        f"clientId{claim.signed_id}deviceKey{device.device_key}"
        f"productKey{device.product_key}timestamp{claim.timestamp}{secret}"
    )
    return _HASHES[claim.method](content.encode())


def is_signed(
    device: DeviceId, claim: Claim, secret: str, password: bytes, *, clean_session: str = ""
) -> bool:
    """Tell whether the password is the claimed signature; the case of hex does not matter.

    A method that nobody knows signs nothing. With `clean_session` that may have been signed or not.
    """
    if claim.method not in _HASHES:
        return False
    given = password.lower()
    made = {sign(device, claim, secret, clean_session=text) for text in {"", clean_session}}
    return any(hmac.compare_digest(one.encode(), given) for one in made)


def username_of(device: DeviceId) -> str:
    """Write the username."""
    return f"{device.device_key}&{device.product_key}"


def read_username(username: str) -> DeviceId:
    """Read the username. Device keys are free text, so the last `&` divides.

    Raises:
        DialectError: One of the two keys is missing.
    """
    device_key, _, product_key = username.rpartition("&")
    if not device_key or not product_key:
        raise DialectError(f"the username {username!r} is not {{deviceKey}}&{{productKey}}")
    return DeviceId(product_key, device_key)
