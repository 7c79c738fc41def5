"""Who is let in: the check of a CONNECT.

The keep-alive, which has to be 30 to 1200 s, is not seen here.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.dialects.alink.signature import (
    BY_TOKEN,
    OVER_TCP,
    OVER_TLS,
    Claim,
    Proof,
    is_proven,
    read_client_id,
    read_username,
)
from fleet_sim.dialects.alink.topics import is_addressable
from fleet_sim.dialects.credentials import Identity, Keyring
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId

# The C SDK tells both apart; which of them a stranger gets is not documented.
BAD_CREDENTIALS = 4
NOT_AUTHORIZED = 5

# In which secure modes each proof may come.
_MODES: Mapping[Proof, frozenset[str]] = {
    Proof.SECRET: frozenset({OVER_TLS, OVER_TCP}),
    Proof.REGISTER: frozenset({OVER_TLS, OVER_TCP}),
    Proof.REGISTER_UNKNOWN: frozenset({OVER_TLS, OVER_TCP}),
    Proof.TOKEN: frozenset({BY_TOKEN}),
}


def identify(
    client_id: str,
    username: str,
    password: bytes | None,
    keys: Keyring,
    *,
    method_default: str,
    registers: Proof,
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
    if claim.secure_mode not in _MODES[claim.proof] or password is None:
        return BAD_CREDENTIALS
    if not is_proven(device, claim, secret, password):
        return BAD_CREDENTIALS
    return Identity(device, activates=claim.proof is registers)


def _secret(device: DeviceId, claim: Claim, keys: Keyring, registers: Proof) -> str | None:
    """Return what a CONNECT has to be proven with; None: it cannot be."""
    if claim.proof in (Proof.SECRET, Proof.TOKEN):
        return keys.secret_of(device)
    if claim.proof is registers:
        return keys.product_secret_of(device.product_key)
    return None
