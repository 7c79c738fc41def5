from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given

from fleet_sim.dialects.alink.signature import (
    AuthType,
    Claim,
    client_id_of,
    is_proven,
    read_client_id,
    read_username,
    sign,
    signed_id_of,
    username_of,
)
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from tests.dialects.alink.strategies import DEVICES, TEXTS

_DEVICE = DeviceId("pk", "device")


@pytest.mark.parametrize(
    ("method", "password"),
    [
        ("hmacsha1", "fafd82a3d602b37fb0fa8b7892f24a477f851a14"),
        ("hmacsha256", "6074a46a91b1ebb2cc4ea42790ad0e80202c9843859fc292e57c4eb19fad9e57"),
        ("hmacmd5", "14b198324fe55e1d3c88f2e705e201ee"),
    ],
)
def test_each_method_gives_the_documented_vector(method: str, password: str) -> None:
    """Secret `secret`, over `clientId12345deviceNamedeviceproductKeypktimestamp789`."""
    claim = Claim("12345", "3", method, "789")

    assert sign(_DEVICE, claim, "secret") == password
    assert is_proven(_DEVICE, claim, "secret", password.upper().encode())
    assert not is_proven(_DEVICE, claim, "secret", password[:-1].encode() + b"x")


def test_without_a_timestamp_none_is_signed() -> None:
    """It is optional, in both places at once."""
    wanted = hmac.new(b"secret", b"clientId12345deviceNamedeviceproductKeypk", "sha1").hexdigest()

    assert sign(_DEVICE, Claim("12345", "3", "hmacsha1"), "secret") == wanted


def test_a_registration_signs_its_random_text() -> None:
    """With the product's secret, over `deviceName{dn}productKey{pk}random{r}`."""
    wanted = hmac.new(b"ps", b"deviceNamedeviceproductKeypkrandom42", "sha256").hexdigest()

    for auth_type in (AuthType.REGISTER, AuthType.REGISTER_UNKNOWN):
        claim = Claim("x", "2", "hmacsha256", auth_type=auth_type, random="42")
        assert sign(_DEVICE, claim, "ps") == wanted


def test_a_token_is_its_own_password() -> None:
    """Letter for letter."""
    claim = Claim("x", "-2", auth_type=AuthType.TOKEN)

    assert is_proven(_DEVICE, claim, "ToKen", b"ToKen")
    assert not is_proven(_DEVICE, claim, "ToKen", b"token")


@pytest.mark.parametrize(
    ("client_id", "claim"),
    [
        ("12345|securemode=3,signmethod=hmacsha1,timestamp=789|",
         Claim("12345", "3", "hmacsha1", "789")),
        ("12345|securemode=3|", Claim("12345", "3", "hmacmd5")),
        ("12345|securemode=2, signmethod=HmacSHA256 |", Claim("12345", "2", "hmacsha256")),
        # The C SDK 4.1, with its comma before the last bar.
        (("pk.dn|timestamp=2524608000000,_ss=1,_v=sdk-c-4.1.0,securemode=2,signmethod=hmacsha256,"
          "ext=3,|"), Claim("pk.dn", "2", "hmacsha256", "2524608000000")),
        # The Python SDK 1.2.13.
        (("pk&dn|securemode=3,signmethod=hmacsha1,ext=1,_ss=1,lan=Python,_v=1.2.13,"
          "timestamp=1700000000|"), Claim("pk&dn", "3", "hmacsha1", "1700000000")),
        ("dn.pk|random=7,authType=register,securemode=2,signmethod=hmacsha256|",
         Claim("dn.pk", "2", "hmacsha256", auth_type=AuthType.REGISTER, random="7")),
        ("dn.pk|random=7,authType=regnwl,securemode=2,signmethod=hmacsha256,instanceId=i-1|",
         Claim("dn.pk", "2", "hmacsha256", auth_type=AuthType.REGISTER_UNKNOWN, random="7")),
        ("c1|securemode=-2,authType=connwl|", Claim("c1", "-2", auth_type=AuthType.TOKEN)),
    ],
)  # fmt: skip
def test_client_ids_of_the_field_are_read(client_id: str, claim: Claim) -> None:
    """Unknown pairs, a missing method and a spare comma do no harm."""
    assert read_client_id(client_id) == claim


def test_the_method_of_who_names_none_can_be_set() -> None:
    """It is recalled, not re-read."""
    assert read_client_id("c|securemode=3|", method_default="hmacsha1").method == "hmacsha1"


@pytest.mark.parametrize(
    "client_id",
    [
        "",
        "12345",
        "|securemode=3|",
        "12345||",
        "12345|signmethod=hmacsha1|",
        "12345|securemode=3,signmethod=sha1|",
        "12345|securemode=3,signmethod=|",
        "12345|securemode=3,authType=other|",
    ],
)
def test_other_client_ids_are_refused(client_id: str) -> None:
    """The sentence shows what came."""
    with pytest.raises(DialectError, match="the client id"):
        read_client_id(client_id)


@pytest.mark.parametrize(
    "claim",
    [
        Claim("a.b", "3", "hmacsha1", "789"),
        Claim("a.b", "3", "hmacsha256"),
        Claim("a.b", "2", "hmacsha256", auth_type=AuthType.REGISTER, random="7"),
        Claim("a.b", "-2", auth_type=AuthType.TOKEN),
    ],
)
def test_what_is_claimed_can_be_read(claim: Claim) -> None:
    """A client id says all that the signature needs."""
    assert read_client_id(client_id_of(claim)) == claim


def test_a_client_id_reads_as_in_the_manual() -> None:
    """Secure mode, method, timestamp, between two bars."""
    assert client_id_of(Claim("12345", "3", "hmacsha1", "789")) == (
        "12345|securemode=3,signmethod=hmacsha1,timestamp=789|"
    )


@given(device=DEVICES)
def test_the_username_tells_who_connects(device: DeviceId) -> None:
    """Device names may hold an ampersand."""
    assert read_username(username_of(device)) == device


@pytest.mark.parametrize("username", ["", "&", "dn", "dn&", "&pk"])
def test_other_usernames_are_refused(username: str) -> None:
    """Both keys are needed."""
    with pytest.raises(DialectError, match="the username"):
        read_username(username)


def test_a_device_is_named_as_the_c_sdk_does() -> None:
    """Product key, dot, device name."""
    assert signed_id_of(_DEVICE) == "pk.device"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (DeviceId("pk1", "d"), DeviceId("pk2", "d")),
        (DeviceId("pk", "d|k"), DeviceId("pk", "d-k")),
        (DeviceId("pk", "k" * 80 + "1"), DeviceId("pk", "k" * 80 + "2")),
        (DeviceId("a.b", "c"), DeviceId("a", "b.c")),
    ],
)
def test_no_two_devices_share_a_name(one: DeviceId, other: DeviceId) -> None:
    """On a broker that is not the vendor's, the second would throw the first out."""
    ids = [signed_id_of(device) for device in (one, other)]

    assert ids[0] != ids[1]
    assert max(map(len, ids)) <= 64
    assert "|" not in "".join(ids)


@given(device=DEVICES, secret=TEXTS, stamp=TEXTS)
def test_every_secret_proves_itself(device: DeviceId, secret: str, stamp: str) -> None:
    """And no longer one does."""
    claim = Claim("c", "3", "hmacsha256", stamp)
    password = sign(device, claim, secret).encode()

    assert is_proven(device, claim, secret, password)
    assert not is_proven(device, claim, f"{secret}x", password)


def test_methods_are_hmacs() -> None:
    """Not plain hashes of content and secret, as with another vendor."""
    claim = Claim("12345", "3", "hmacsha1", "789")
    content = b"clientId12345deviceNamedeviceproductKeypktimestamp789secret"

    assert sign(_DEVICE, claim, "secret") != hashlib.sha1(content).hexdigest()  # noqa: S324
