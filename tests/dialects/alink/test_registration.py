from __future__ import annotations

import json

import pytest
from hypothesis import given

from fleet_sim.dialects.alink.registration import (
    REGISTERED,
    REGISTERED_UNKNOWN,
    read_info,
    write_info,
)
from fleet_sim.dialects.alink.signature import AuthType
from fleet_sim.dialects.fields import read_object
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ActivationInfo
from tests.dialects.alink.strategies import DEVICES, MAYBE_TEXTS, TEXTS

_DEVICE = DeviceId("pk1", "dev1")
_INFO = ActivationInfo("9", "asset1", "s3cret")


def test_a_known_device_is_told_its_secret() -> None:
    """Nothing else stands in the message."""
    assert write_info(_DEVICE, _INFO, AuthType.REGISTER) == WireMessage(
        "/ext/register", b'{"deviceSecret":"s3cret"}'
    )


def test_an_unknown_device_is_told_its_token() -> None:
    """With its names."""
    assert write_info(_DEVICE, _INFO, AuthType.REGISTER_UNKNOWN) == WireMessage(
        "/ext/regnwl",
        b'{"clientId":"asset1","productKey":"pk1","deviceName":"dev1","deviceToken":"s3cret"}',
    )


@given(device=DEVICES, asset_id=MAYBE_TEXTS, secret=TEXTS)
def test_what_is_told_is_heard(device: DeviceId, asset_id: str, secret: str) -> None:
    """But for ids, which the messages do not have."""
    for auth_type, heard in (
        (AuthType.REGISTER, ActivationInfo("", "", secret)),
        (AuthType.REGISTER_UNKNOWN, ActivationInfo("", asset_id, secret)),
    ):
        wire = write_info(device, ActivationInfo("9", asset_id, secret), auth_type)
        body = read_object(wire.payload, bytes_max=10_000)
        assert read_info(device, wire.topic, body) == heard


@pytest.mark.parametrize(
    ("topic", "body", "sentence"),
    [
        (REGISTERED, {}, "deviceSecret is missing"),
        (REGISTERED, {"deviceSecret": ""}, "deviceSecret is empty"),
        (REGISTERED, {"deviceSecret": 7}, "not a string"),
        (REGISTERED_UNKNOWN, {}, "productKey is missing"),
        (
            REGISTERED_UNKNOWN,
            {"productKey": "pk1", "deviceName": "dev2", "deviceToken": "t"},
            "that of pk1/dev2, not of pk1/dev1",
        ),
        (
            REGISTERED_UNKNOWN,
            {"productKey": "pk1", "deviceName": "dev1"},
            "deviceToken is missing",
        ),
    ],
)
def test_other_messages_bring_no_secret(topic: str, body: dict[str, object], sentence: str) -> None:
    """One sentence says why; the secret is in none."""
    with pytest.raises(DialectError, match=sentence):
        read_info(_DEVICE, topic, read_object(json.dumps(body).encode(), bytes_max=1000))
