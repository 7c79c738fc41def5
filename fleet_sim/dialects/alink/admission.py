"""Who is let in: the check of a CONNECT.

Which of the two codes of a refusal a stranger gets is not documented; the C SDK tells them apart.

Source: "Establish MQTT connections (over TCP)" (Alibaba); C Link SDK 4.1, to which Tuya's page "IoT
Platform migration solutions" sends devices, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.dialects.alink.signature import (
    BY_TOKEN,
    OVER_TCP,
    OVER_TLS,
    AuthType,
    Claim,
    is_proven,
    read_client_id,
    read_username,
)
from fleet_sim.dialects.alink.topics import is_addressable
from fleet_sim.dialects.credentials import (
    BAD_CREDENTIALS,
    NOT_AUTHORIZED,
    SERVER_UNAVAILABLE,
    Identity,
    KeepAliveRange,
    Keyring,
)
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId

# Alibaba's page has the range, and that any other is refused; of the code, only the C SDK tells: it
# expects a 3. Tuya takes over both, as no page of its own speaks of a keep alive.
KEEP_ALIVE = KeepAliveRange(30, 1200, SERVER_UNAVAILABLE)

# In which secure modes each may come.
_MODES: Mapping[AuthType, frozenset[str]] = {
    AuthType.SECRET: frozenset({OVER_TLS, OVER_TCP}),
    AuthType.REGISTER: frozenset({OVER_TLS, OVER_TCP}),
    AuthType.REGISTER_UNKNOWN: frozenset({OVER_TLS, OVER_TCP}),
    AuthType.TOKEN: frozenset({BY_TOKEN}),
}


def identify(
    client_id: str,
    username: str,
    password: bytes | None,
    keys: Keyring,
    *,
    method_default: str,
    registers: AuthType,
) -> Identity | int:
    """Check a CONNECT against the device's own secret or token, or against its product's.

    Args:
        client_id: As it came.
        username: As it came.
        password: As it came.
        keys: What the platform knows of devices.
        method_default: By what it is signed where it names no method.
        registers: Which of the two registrations is open; the other is nobody's.

    Returns:
        Who connects; or 4 where the CONNECT does not prove it, 5 where the device is not known, or
        not to come by itself.
    """
    try:
        device = read_username(username)
        claim = read_client_id(client_id, method_default=method_default)
    except DialectError:
        return BAD_CREDENTIALS
    secret = _secret(device, claim, keys, registers) if is_addressable(device) else None
    if not secret or keys.gateway_of(device) is not None:
        return NOT_AUTHORIZED
    if claim.secure_mode not in _MODES[claim.auth_type] or password is None:
        return BAD_CREDENTIALS
    if not is_proven(device, claim, secret, password):
        return BAD_CREDENTIALS
    return Identity(device, activates=claim.auth_type is registers)


def _secret(device: DeviceId, claim: Claim, keys: Keyring, registers: AuthType) -> str | None:
    """Return what a CONNECT has to be proven with; None: it cannot be."""
    if claim.auth_type in (AuthType.SECRET, AuthType.TOKEN):
        return keys.secret_of(device)
    if claim.auth_type is registers:
        return keys.product_secret_of(device.product_key)
    return None
