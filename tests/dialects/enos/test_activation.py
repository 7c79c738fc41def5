from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos import activation
from fleet_sim.dialects.enos.topics import fill
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ActivationInfo, ActivationReply
from tests.dialects.enos.strategies import DEVICES, TEXTS

_DEVICE = DeviceId("1234556554", "deviceKey1234")
_INFO, _REPLY = fill(activation.INFO, _DEVICE), fill(activation.INFO_REPLY, _DEVICE)
# "Establishing Connection with EnOS Cloud using the MQTT Protocol" (2.0.9).
_SAMPLE = b"""{
    "id": "1",
    "version": "1.0",
    "method": "thing.activate.info",
    "params":{
        "assetId": "12344",
        "productKey": "1234556554",
        "deviceKey": "deviceKey1234",
        "deviceSecret": "xxxxxx"
    }
}"""
# The device SDK for Python 0.1.1, `DeviceActivateReply`.
_SDK_REPLY = b'{"id": "1", "code": 200, "data": null, "message": "device activate success"}'


def test_an_activation_reads_as_in_the_manual() -> None:
    """The sample, read and written."""
    info = ActivationInfo("1", "12344", "xxxxxx")

    wire = activation.write_info(_DEVICE, info)

    assert activation.read_info(_DEVICE, _INFO, _SAMPLE) == info
    assert wire.topic == _INFO == "/ext/session/1234556554/deviceKey1234/thing/activate/info"
    assert json.loads(wire.payload) == json.loads(_SAMPLE)


def test_the_sdks_reply_is_read() -> None:
    """It has no data, and a text."""
    assert activation.read_reply(_REPLY, _SDK_REPLY) == (
        _DEVICE,
        ActivationReply("1", 200, "device activate success"),
    )


def test_a_reply_goes_to_its_own_topic() -> None:
    """Which the platform claims."""
    assert activation.write_reply(_DEVICE, ActivationReply("1")) == WireMessage(
        "/ext/session/1234556554/deviceKey1234/thing/activate/info_reply",
        b'{"id":"1","code":200,"data":{}}',
    )
    assert activation.CLAIMED == "/ext/session/+/+/thing/activate/info_reply"


@given(
    device=DEVICES,
    info=st.builds(ActivationInfo, TEXTS, st.one_of(st.just(""), TEXTS), TEXTS),
)
def test_what_the_platform_gives_is_what_the_device_gets(
    device: DeviceId, info: ActivationInfo
) -> None:
    """The round-trip law downstream."""
    wire = activation.write_info(device, info)

    assert activation.read_info(device, wire.topic, wire.payload) == info


@given(
    device=DEVICES,
    reply=st.builds(ActivationReply, TEXTS, st.integers(0, 99_999), st.one_of(st.just(""), TEXTS)),
)
def test_what_the_device_says_is_what_the_platform_hears(
    device: DeviceId, reply: ActivationReply
) -> None:
    """The round-trip law upstream."""
    wire = activation.write_reply(device, reply)

    assert activation.read_reply(wire.topic, wire.payload) == (device, reply)


@pytest.mark.parametrize(
    "changes",
    [
        {"deviceKey": "other"},
        {"productKey": "other"},
        {"deviceKey": None},
        {"deviceSecret": ""},
        {"deviceSecret": None},
        {"deviceSecret": {}},
        {"assetId": []},
    ],
    ids=str,
)
def test_a_secret_that_is_not_this_devices_is_not_kept(changes: dict[str, Any]) -> None:
    """Nor one that is none."""
    body = json.loads(_SAMPLE)
    body["params"] |= changes

    with pytest.raises(DialectError):
        activation.read_info(_DEVICE, _INFO, json.dumps(body).encode())


def test_another_topic_brings_no_secret() -> None:
    """Whatever stands in the message."""
    with pytest.raises(DialectError, match="brings no secret"):
        activation.read_info(_DEVICE, _REPLY, _SAMPLE)
    with pytest.raises(DialectError, match="answers no activation"):
        activation.read_reply(_INFO, _SDK_REPLY)


@given(payload=st.binary(max_size=60))
def test_garbage_raises_nothing_else(payload: bytes) -> None:
    """At either end."""
    with pytest.raises(DialectError):
        activation.read_info(_DEVICE, _INFO, payload)
    with pytest.raises(DialectError):
        activation.read_reply(_REPLY, payload)


def test_a_secret_is_not_shown() -> None:
    """It would end up in tracebacks."""
    assert "5e2f" not in repr(ActivationInfo("1", "a", "5e2f"))
