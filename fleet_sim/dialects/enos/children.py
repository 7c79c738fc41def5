"""What a gateway shows of a child: the fields of a signed CONNECT, in a message.

    {"productKey", "deviceKey", "clientId", "timestamp", "signMethod", "sign"
     [, "cleanSession"] [, "secureMode"]}

The page on topologies spells `signmethod`; both are read. `secureMode` is the SDKs' own, and "2"
(the child's own secret) without it. With "3" the child's product has signed: like a device that
connects so, the child is registered where need be and given a secret, in the reply.

Source: "Connect Sub-devices to EnOS Cloud" and "Connecting Sub-devices to EnOS Cloud in Batch"
(2.0.9 to 3.0), "Add Topological Relationships for Sub-device" (2.3); device SDK for Python 0.1.1.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.dialects.credentials import Keyring
from fleet_sim.dialects.enos.signature import (
    PRODUCT_SECRET,
    STATIC_SECRET,
    Claim,
    is_signed,
    method_of,
    sign,
)
from fleet_sim.dialects.enos.topics import is_addressable
from fleet_sim.dialects.fields import Fields, read_text
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ChildClaim, ChildRefusal, Proof

_MODE_OF = {Proof.OWN: STATIC_SECRET, Proof.PRODUCT: PRODUCT_SECRET}


def read_device(fields: Fields) -> DeviceId:
    """Return the child that is named.

    Raises:
        DialectError: One of its keys is missing or no text.
    """
    return DeviceId(read_text(fields, "productKey"), read_text(fields, "deviceKey"))


def read_claim(fields: Fields, keys: Keyring) -> ChildClaim:
    """Return the child and what its signature is worth.

    Raises:
        DialectError: Something is missing or of another type.
    """
    device = read_device(fields)
    claim = Claim(
        signed_id=read_text(fields, "clientId"),
        secure_mode=read_text(fields, "secureMode", default=STATIC_SECRET),
        method=method_of(read_text(fields, _method_name(fields))),
        timestamp=read_text(fields, "timestamp"),
    )
    signature = read_text(fields, "sign").encode()
    return ChildClaim(device, _worth(device, claim, signature, _clean_session(fields), keys))


def _method_name(fields: Fields) -> str:
    return "signMethod" if "signMethod" in fields else "signmethod"


def _clean_session(fields: Fields) -> str:
    """Return the text that may have been signed; a boolean is taken as the word for it."""
    value = fields.get("cleanSession")
    if isinstance(value, bool):
        return str(value).lower()
    return read_text(fields, "cleanSession", default="")


def _worth(
    device: DeviceId, claim: Claim, signature: bytes, clean_session: str, keys: Keyring
) -> Proof | ChildRefusal:
    """Check a signature. A child that no topic could address is as good as unknown."""
    if not is_addressable(device):
        return ChildRefusal.UNKNOWN
    if claim.secure_mode == STATIC_SECRET:
        secret, proof = keys.secret_of(device), Proof.OWN
        otherwise = ChildRefusal.UNKNOWN
    elif claim.secure_mode == PRODUCT_SECRET:
        secret, proof = keys.product_secret_of(device.product_key), Proof.PRODUCT
        otherwise = ChildRefusal.NO_ACTIVATION
    else:
        return ChildRefusal.WRONG_SIGNATURE
    if not secret:
        return otherwise
    is_good = is_signed(device, claim, secret, signature, clean_session=clean_session)
    return proof if is_good else ChildRefusal.WRONG_SIGNATURE


def device_fields(device: DeviceId) -> dict[str, str]:
    """Name a child."""
    return {"productKey": device.product_key, "deviceKey": device.device_key}


def claim_fields(
    child: ChildClaim, secrets: Mapping[DeviceId, str], *, client_id: str, epoch_ms: int
) -> dict[str, str]:
    """Name a child and sign for it, as the SDKs do: SHA-256, without `cleanSession`.

    Args:
        child: Who; with a proof of `OWN` or `PRODUCT`.
        secrets: Child to the secret that signs.
        client_id: Any text.
        epoch_ms: The wall clock, in ms.
    """
    assert isinstance(child.proof, Proof)
    mode = _MODE_OF[child.proof]
    claim = Claim(client_id, mode, "sha256", str(epoch_ms))
    return {
        **device_fields(child.device),
        "clientId": claim.signed_id,
        "timestamp": claim.timestamp,
        "signMethod": claim.method,
        "secureMode": claim.secure_mode,
        "sign": sign(child.device, claim, secrets[child.device]),
    }
