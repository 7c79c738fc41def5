"""The signed CONNECT: client id, username, and a password that is an HMAC.

    clientId   {id}|securemode={2},signmethod={hmacsha256},timestamp={ts},more=…|
    username   {deviceName}&{productKey}
    password   hex of HMAC(deviceSecret, clientId{id}deviceName{dn}productKey{pk}timestamp{ts})

The timestamp is opaque text and may be absent, then from both; freshness is not checked, as the C
SDK always sends the same one. All other pairs are unsigned, and what is unknown is left alone. The
C SDK writes a comma before the last bar.

A device without a secret signs with its product's instead:

    clientId   {id}|random={r},authType=register,securemode=2,signmethod=hmacsha256|
    password   hex of HMAC(productSecret, deviceName{dn}productKey{pk}random{r})

`regnwl` in the place of `register` is for devices that nobody has registered; they get a token, and
come with it as their password: securemode -2, authType `connwl`.

Source: "Establish MQTT connections (over TCP)"; for the second half the C SDK.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId

OVER_TLS = "2"
OVER_TCP = "3"
BY_TOKEN = "-2"  # noqa: S105 - a mode

# The method where none is named: recalled from the older SDKs, in no page that could be read.
METHOD_DEFAULT = "hmacmd5"

_HASHES: Mapping[str, str] = {"hmacmd5": "md5", "hmacsha1": "sha1", "hmacsha256": "sha256"}


class AuthType(StrEnum):
    """What a CONNECT shows, by its `authType`."""

    SECRET = ""  # the device's own, by which it has signed
    REGISTER = "register"  # its product's; the device is known to the platform
    REGISTER_UNKNOWN = "regnwl"  # its product's; nobody has to know the device
    TOKEN = "connwl"  # noqa: S105 - what REGISTER_UNKNOWN brought


@dataclass(frozen=True, slots=True)
class Claim:
    """What a client id says about the password beside it.

    Attributes:
        signed_id: The part before the first bar.
        secure_mode: `2` over TLS, `3` over TCP, `-2` by token.
        method: A key of the three methods.
        timestamp: Opaque text; None where it is absent.
        auth_type: By what the device shows who it is.
        random: Opaque text, signed by who registers.
    """

    signed_id: str
    secure_mode: str
    method: str = METHOD_DEFAULT
    timestamp: str | None = None
    auth_type: AuthType = AuthType.SECRET
    random: str = field(default="", kw_only=True)


def client_id_of(claim: Claim) -> str:
    """Write the client id."""
    pairs = {"securemode": claim.secure_mode}
    if claim.auth_type is not AuthType.TOKEN:
        pairs["signmethod"] = claim.method
    if claim.timestamp is not None:
        pairs["timestamp"] = claim.timestamp
    if claim.random:
        pairs["random"] = claim.random
    if claim.auth_type is not AuthType.SECRET:
        pairs["authType"] = claim.auth_type.value
    written = ",".join(f"{name}={value}" for name, value in pairs.items())
    return f"{claim.signed_id}|{written}|"


def read_client_id(client_id: str, *, method_default: str = METHOD_DEFAULT) -> Claim:
    """Read the client id; blanks around pairs and the case of names do not matter.

    Raises:
        DialectError: There is no secure mode, or a method or an `authType` that nobody knows.
    """
    signed_id, bar, rest = client_id.partition("|")
    pairs = dict(_pair(text) for text in rest.removesuffix("|").split(","))
    method = pairs.get("signmethod", method_default).lower()
    secure_mode, auth_type = pairs.get("securemode", ""), pairs.get("authtype", "")
    is_known = method in _HASHES and auth_type in set(AuthType)
    if not (bar and signed_id and secure_mode and is_known):
        raise DialectError(
            f"the client id {client_id!r} is not {{id}}|securemode={{n}},signmethod={{method}},…|"
        )
    return Claim(
        signed_id,
        secure_mode,
        method,
        pairs.get("timestamp"),
        AuthType(auth_type),
        random=pairs.get("random", ""),
    )


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip()


def sign(device: DeviceId, claim: Claim, secret: str) -> str:
    """Return the password: lower-case hex, as the SDKs send it.

    Upper case is read as well: the pages, as recalled, show that.

    Args:
        device: Whose.
        claim: What stands in the client id; `TOKEN` needs no signature, the secret is the password.
        secret: The device's, its product's where it registers, or its token.
    """
    if claim.auth_type is AuthType.TOKEN:
        return secret
    if claim.auth_type is AuthType.SECRET:
        stamp = "" if claim.timestamp is None else f"timestamp{claim.timestamp}"
        content = f"clientId{claim.signed_id}{_keys(device)}{stamp}"
    else:
        content = f"{_keys(device)}random{claim.random}"
    return hmac.new(secret.encode(), content.encode(), _HASHES[claim.method]).hexdigest()


def _keys(device: DeviceId) -> str:
    return f"deviceName{device.device_key}productKey{device.product_key}"


def is_proven(device: DeviceId, claim: Claim, secret: str, password: bytes) -> bool:
    """Tell whether the password is what it has to be; the case of a token alone matters."""
    made = sign(device, claim, secret).encode()
    given = password if claim.auth_type is AuthType.TOKEN else password.lower()
    return hmac.compare_digest(made, given)


def username_of(device: DeviceId) -> str:
    """Write the username."""
    return f"{device.device_key}&{device.product_key}"


def read_username(username: str) -> DeviceId:
    """Read the username. Device names are freer than product keys, so the last `&` divides.

    Raises:
        DialectError: One of the two keys is missing.
    """
    device_key, _, product_key = username.rpartition("&")
    if not device_key or not product_key:
        raise DialectError(f"the username {username!r} is not {{deviceName}}&{{productKey}}")
    return DeviceId(product_key, device_key)


_ID_CHARS_MAX = 64  # recalled from the page on connecting


def signed_id_of(device: DeviceId) -> str:
    """Name a device uniquely among all products, as the C SDK does: `{productKey}.{deviceName}`.

    A bar would end the id early, a dot in the first key leave open where it ends, and a long id is
    refused; where the keys are not fit as they are, their digest is.
    """
    name = f"{device.product_key}.{device.device_key}"
    if "|" not in name and "." not in device.product_key and len(name) <= _ID_CHARS_MAX:
        return name
    return hashlib.sha256(f"{device.product_key}/{device.device_key}".encode()).hexdigest()
