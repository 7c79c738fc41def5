from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.alink import admission
from fleet_sim.dialects.alink.device import AlinkDevice
from fleet_sim.dialects.alink.signature import AuthType
from fleet_sim.dialects.credentials import Identity
from fleet_sim.model.identity import DeviceId
from tests.dialects.alink import samples
from tests.dialects.keys import Keys

_DEVICE = DeviceId("pk1", "dev1")
_KEYS = Keys({_DEVICE: "secret"}, {"pk1": "ps"})
_GOOD = AlinkDevice().credentials(_DEVICE, "secret", epoch_ms=789)


def _identify(
    client_id: str = _GOOD.client_id,
    username: str = _GOOD.username,
    password: bytes | None = _GOOD.password.encode(),
    keys: Keys = _KEYS,
    *,
    method_default: str = "hmacmd5",
    registers: AuthType = AuthType.REGISTER,
) -> Identity | int:
    return admission.identify(
        client_id, username, password, keys, method_default=method_default, registers=registers
    )


@pytest.mark.parametrize(
    ("client_id", "content", "method"),
    [
        (samples.C_CLIENT_ID, samples.C_CONTENT, "sha256"),
        (samples.PYTHON_CLIENT_ID, samples.PYTHON_CONTENT, "sha1"),
    ],
    ids=["c", "python"],
)
def test_both_sdks_are_let_in(client_id: str, content: str, method: str) -> None:
    """As they were seen to connect; neither sends a timestamp that could be checked."""
    password = hmac.new(b"secret", content.encode(), getattr(hashlib, method)).hexdigest()

    assert _identify(client_id, "dev1&pk1", password.encode()) == Identity(_DEVICE)
    assert _identify(client_id, "dev1&pk1", password.upper().encode()) == Identity(_DEVICE)


def test_who_names_no_method_has_signed_with_md5() -> None:
    """The default, which can be set."""
    client_id = "12345|securemode=3,timestamp=789|"
    content = b"clientId12345deviceNamedev1productKeypk1timestamp789"
    md5, sha1 = (hmac.new(b"secret", content, name).hexdigest() for name in ("md5", "sha1"))

    assert _identify(client_id, password=md5.encode()) == Identity(_DEVICE)
    assert _identify(client_id, password=sha1.encode()) == 4
    assert _identify(client_id, password=sha1.encode(), method_default="hmacsha1") == Identity(
        _DEVICE
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"username": "dev2&pk1"}, 5),
        ({"username": "dev1&pk2"}, 5),
        ({"username": "+&pk1"}, 5),
        ({"username": "dev1"}, 4),
        ({"username": ""}, 4),
        ({"client_id": "dev1"}, 4),
        ({"client_id": _GOOD.client_id.replace("789", "780")}, 4),
        ({"client_id": _GOOD.client_id.replace("dev1", "dev2")}, 4),
        ({"client_id": _GOOD.client_id.replace("securemode=3", "securemode=-2")}, 4),
        ({"client_id": _GOOD.client_id.replace("securemode=3", "securemode=7")}, 4),
        ({"client_id": _GOOD.client_id.replace("sha256", "sha1")}, 4),
        ({"password": None}, 4),
        ({"password": b""}, 4),
        ({"password": b"\xff" * 64}, 4),
        ({"password": b"0" * 64}, 4),
        ({"keys": Keys(_KEYS.secrets, gateways={_DEVICE: DeviceId("pk1", "gw")})}, 5),
    ],
    ids=str,
)
def test_a_connect_that_is_not_signed_right_is_refused(change: dict[str, Any], code: int) -> None:
    """4 for credentials, 5 for who is not to be let in."""
    assert _identify(**change) == code


@pytest.mark.parametrize("device_key", ["+", "#", "a/b"])
def test_a_key_that_is_a_wildcard_is_nobodys(device_key: str) -> None:
    """Even a store that holds such a device does not let it in."""
    device = DeviceId("pk1", device_key)
    keys = Keys({device: "s"}, {"pk1": "s"})

    for activates in (False, True):
        made = AlinkDevice().credentials(device, "s", epoch_ms=0, activates=activates)
        assert _identify(made.client_id, made.username, made.password.encode(), keys) == 5


@pytest.mark.parametrize(
    ("open_one", "shut_one"),
    [
        (AuthType.REGISTER, AuthType.REGISTER_UNKNOWN),
        (AuthType.REGISTER_UNKNOWN, AuthType.REGISTER),
    ],
)
def test_one_of_the_two_registrations_is_open(open_one: AuthType, shut_one: AuthType) -> None:
    """The other would be told its secret in a way that it does not listen to."""
    found = []
    for auth_type in (open_one, shut_one):
        codec = AlinkDevice(registers_as=auth_type)
        made = codec.credentials(_DEVICE, "ps", epoch_ms=1, activates=True)
        password = made.password.encode()
        found.append(_identify(made.client_id, password=password, registers=open_one))

    assert found == [Identity(_DEVICE, activates=True), 5]


def test_a_product_without_a_secret_registers_nobody() -> None:
    """Nor does a wrong one."""
    made = AlinkDevice().credentials(_DEVICE, "ps", epoch_ms=1, activates=True)

    for products, code in (({}, 5), ({"pk1": "other"}, 4)):
        keys = Keys({_DEVICE: "secret"}, products)
        assert _identify(made.client_id, password=made.password.encode(), keys=keys) == code


@given(
    client_id=st.text(max_size=40) | st.sampled_from([_GOOD.client_id, samples.C_CLIENT_ID]),
    username=st.text(max_size=20) | st.just(_GOOD.username),
    password=st.none() | st.binary(max_size=64),
)
def test_a_connect_of_any_kind_is_refused(
    client_id: str, username: str, password: bytes | None
) -> None:
    """With one of the two codes, and no exception."""
    assert _identify(client_id, username, password) in (4, 5)
