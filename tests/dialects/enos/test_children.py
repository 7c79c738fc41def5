from __future__ import annotations

from typing import Any

import pytest

from fleet_sim.dialects.enos.children import claim_fields, read_claim
from fleet_sim.dialects.enos.payload import read_object
from fleet_sim.dialects.enos.signature import Claim, sign
from fleet_sim.dialects.fields import write_object
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ChildClaim, ChildRefusal, Proof
from tests.dialects.keys import Keys

_CHILD = DeviceId("pk1", "dk1")
_KEYS = Keys({_CHILD: "devsecret1"}, {"pk1": "prodsecret1"})
# The computed vector of securemode 2, SHA-256: a child signs as a device that connects does.
_SIGNED = {
    "productKey": "pk1",
    "deviceKey": "dk1",
    "clientId": "dk1",
    "timestamp": "1700000000000",
    "signMethod": "hmacsha256",
    "sign": "b77e44259aa3fdb80c6c62ee2ae5667a7b4c7f3fcf6b2f80229cee0be9bd547c",
}


def _read(keys: Keys = _KEYS, **changes: Any) -> ChildClaim:  # noqa: ANN401 - JSON
    fields = {name: value for name, value in {**_SIGNED, **changes}.items() if value is not None}
    return read_claim(read_object(write_object(fields)), keys)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"secureMode": "2"},
        {"secureMode": 2},
        {"sign": _SIGNED["sign"].upper()},
        {"cleanSession": "False"},
        {"cleanSession": True},
        {"signMethod": None, "signmethod": "hmacSha256"},
        {"signMethod": "sha1", "sign": "F2AB2F9DECDCFE93EC4A39C4C5F51E71DD185498"},
    ],
    ids=str,
)
def test_a_child_is_known_by_its_own_secret(changes: dict[str, Any]) -> None:
    """Under every spelling that pages and SDKs have."""
    assert _read(**changes) == ChildClaim(_CHILD, Proof.OWN)


@pytest.mark.parametrize("word", ["true", "False"])
def test_the_clean_session_may_be_signed_too(word: str) -> None:
    """As the page says: every field but the signature and its method, in order of their names."""
    claim = Claim("dk1", "2", "sha256", "1700000000000")
    made = sign(_CHILD, claim, "devsecret1", clean_session=word)

    assert _read(cleanSession=word, sign=made) == ChildClaim(_CHILD, Proof.OWN)
    assert _read(sign=made) == ChildClaim(_CHILD, ChildRefusal.WRONG_SIGNATURE)


def test_a_child_without_a_secret_is_known_by_its_products() -> None:
    """The computed vector of securemode 3; the child need not be known."""
    child = DeviceId("pk1", "dyn1")
    changes: dict[str, Any] = {
        "deviceKey": "dyn1",
        "clientId": "dyn1",
        "secureMode": "3",
        "sign": "6f7b3d635b1982ebd8cf07e31ae2f4b1835dd16239a5c0b9c9010aad0cb9d89c",
    }

    assert _read(**changes) == ChildClaim(child, Proof.PRODUCT)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"deviceKey": "dk2"}, ChildRefusal.UNKNOWN),
        ({"productKey": "pk2"}, ChildRefusal.UNKNOWN),
        ({"deviceKey": ""}, ChildRefusal.UNKNOWN),
        ({"deviceKey": "+"}, ChildRefusal.UNKNOWN),
        ({"productKey": "#", "secureMode": "3"}, ChildRefusal.UNKNOWN),
        ({"productKey": "pk2", "secureMode": "3"}, ChildRefusal.NO_ACTIVATION),
        ({"secureMode": "3"}, ChildRefusal.WRONG_SIGNATURE),
        ({"secureMode": "4"}, ChildRefusal.WRONG_SIGNATURE),
        ({"secureMode": "two"}, ChildRefusal.WRONG_SIGNATURE),
        ({"sign": ""}, ChildRefusal.WRONG_SIGNATURE),
        ({"sign": "\u00e9"}, ChildRefusal.WRONG_SIGNATURE),
        ({"clientId": "dk2"}, ChildRefusal.WRONG_SIGNATURE),
        ({"timestamp": "1700000000001"}, ChildRefusal.WRONG_SIGNATURE),
        ({"signMethod": "sha1"}, ChildRefusal.WRONG_SIGNATURE),
        ({"signMethod": "rot13"}, ChildRefusal.WRONG_SIGNATURE),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_child_is_told(changes: dict[str, Any], why: ChildRefusal) -> None:
    """Each in a word of its own; an unknown method signs nothing."""
    assert _read(**changes).proof is why


def test_a_secret_of_nothing_signs_nothing() -> None:
    """A device that has no secret yet cannot be spoken for in its own name."""
    claim = Claim("dk1", "2", "sha256", "1700000000000")

    found = _read(Keys({_CHILD: ""}), sign=sign(_CHILD, claim, ""))

    assert found.proof is ChildRefusal.UNKNOWN


@pytest.mark.parametrize(
    "name", ["productKey", "deviceKey", "clientId", "timestamp", "signMethod", "sign"]
)
@pytest.mark.parametrize("value", [None, {}, []], ids=str)
def test_a_child_without_its_fields_is_malformed(name: str, value: object) -> None:
    """The whole message is: there is nobody to refuse."""
    changes: dict[str, Any] = {name: value}
    with pytest.raises(DialectError, match=f"(?i)^{name} is "):
        _read(**changes)


@pytest.mark.parametrize("proof", [Proof.OWN, Proof.PRODUCT])
def test_what_a_gateway_signs_is_worth_what_it_says(proof: Proof) -> None:
    """The round trip, with either secret."""
    secret = "devsecret1" if proof is Proof.OWN else "prodsecret1"

    fields = claim_fields(
        ChildClaim(_CHILD, proof), {_CHILD: secret}, client_id="any", epoch_ms=1_700_000_000_000
    )

    assert read_claim(fields, _KEYS) == ChildClaim(_CHILD, proof)
