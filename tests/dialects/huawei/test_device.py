from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from fleet_sim.dialects.credentials import Credentials
from fleet_sim.dialects.huawei import envelope
from fleet_sim.dialects.huawei.device import HuaweiDevice
from fleet_sim.dialects.huawei.names import down_topic
from fleet_sim.dialects.huawei.server import HuaweiServer
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationReply,
    DeviceMessage,
    FailureReport,
    GatewayNotice,
    ProgressReport,
    UpgradeReply,
    UpgradeRequest,
    VersionAsked,
    VersionQuery,
    VersionReport,
)
from tests.dialects.huawei.strategies import DEVICES, NEAR_WIRES, SERVER_MESSAGES

_DEVICE, _GATEWAY = DeviceId("p1", "d1"), DeviceId("p1", "g1")
_CODEC = HuaweiDevice()
_CHILD_CODEC = HuaweiDevice({_DEVICE: _GATEWAY}.get)
_DOWN = down_topic(_DEVICE)


def _decoded(body: dict[str, Any], codec: HuaweiDevice = _CODEC, topic: str = _DOWN) -> object:
    return codec.decode(_DEVICE, topic, json.dumps(body).encode())


def _down(kind: str, paras: object, **more: object) -> dict[str, Any]:
    return {"services": [{"service_id": "$ota", "event_type": kind, "paras": paras}], **more}


def test_a_connect_is_signed_as_documented() -> None:
    """The hour is the vector's of "Device Connection Authentication"."""
    found = _CODEC.credentials(_DEVICE, "12345678", epoch_ms=1_744_592_400_000)

    assert found == Credentials(
        client_id="p1_d1_0_0_2025041401",
        username="p1_d1",
        password="c75150e6cb841417396819e4d2ee4358a416344a03a083e3a8567074ddec820a",
        keep_alive_s=120,
    )


def test_a_device_may_have_its_hour_checked() -> None:
    """By the digit in the client id."""
    found = HuaweiDevice(sig="1").credentials(_DEVICE, "s", epoch_ms=1_744_592_400_000)

    assert found.client_id == "p1_d1_0_1_2025041401"


def test_a_device_without_a_secret_cannot_come() -> None:
    """There is no activation here."""
    with pytest.raises(DialectError, match="has no secret"):
        _CODEC.credentials(_DEVICE, "s", epoch_ms=0, activates=True)


def test_on_a_plain_broker_a_device_subscribes_to_its_downward_topic() -> None:
    """A child to its gateway's."""
    assert _CODEC.filters(_DEVICE) == (_DOWN,)
    assert _CHILD_CODEC.filters(_DEVICE) == ("$oc/devices/p1_g1/sys/events/down",)


@pytest.mark.parametrize(
    ("message", "kind", "paras"),
    [
        (VersionReport("m", "v1.0"), "version_report", {"fw_version": "v1.0"}),
        (VersionReport("m", "s1", "software"), "version_report", {"sw_version": "s1"}),
        (
            VersionReport("m", "v1.0", beside=(("software", "s1"),)),
            "version_report",
            {"fw_version": "v1.0", "sw_version": "s1"},
        ),
        (
            VersionReport("m", "v2.0", after_upgrade=True),
            "upgrade_progress_report",
            {"result_code": 0, "progress": 100, "version": "v2.0"},
        ),
        (
            VersionReport("m", "v2.0", after_upgrade=True, desc="upgrade success"),
            "upgrade_progress_report",
            {
                "result_code": 0,
                "progress": 100,
                "version": "v2.0",
                "description": "upgrade success",
            },
        ),
        (
            ProgressReport("m", 40, "downloading", version="v1.0"),
            "upgrade_progress_report",
            {"result_code": 0, "progress": 40, "version": "v1.0", "description": "downloading"},
        ),
        (
            ProgressReport("m", 100, version="v1.0"),
            "upgrade_progress_report",
            {"result_code": 0, "progress": 99, "version": "v1.0"},
        ),
        (
            FailureReport("m", FailureCause.VERIFY, "differs", version="v1.0"),
            "upgrade_progress_report",
            {"result_code": 7, "progress": 0, "version": "v1.0", "description": "differs"},
        ),
        (
            FailureReport("m", FailureCause.OTHER, code=-77),
            "upgrade_progress_report",
            {"result_code": 77, "progress": 0, "version": ""},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_messages_read_as_in_the_manual(
    message: DeviceMessage, kind: str, paras: dict[str, Any]
) -> None:
    """One topic for all; QoS 1, as the SDKs publish."""
    event = {"service_id": "$ota", "event_type": kind, "event_id": "m", "paras": paras}
    body = {"object_device_id": "p1_d1", "services": [event]}

    assert _CODEC.encode(_DEVICE, message) == WireMessage(
        "$oc/devices/p1_d1/sys/events/up", json.dumps(body, separators=(",", ":")).encode(), qos=1
    )


@pytest.mark.parametrize("event_id", [{}, {"event_id": ""}])
def test_a_question_without_an_id_is_named_by_its_payload(event_id: dict[str, str]) -> None:
    """No page has ids: a copy of it must still be known for one."""
    event = {"service_id": "$ota", "event_type": "version_query", **event_id, "paras": {}}
    payload = json.dumps({"object_device_id": "p1_d1", "services": [event]}).encode()

    heard = _CODEC.decode(_DEVICE, _DOWN, payload)

    assert heard == VersionAsked(envelope.digest_of(payload))


@pytest.mark.parametrize(
    "message",
    [UpgradeReply("1"), VersionQuery("1"), ActivationReply("1")],
    ids=lambda value: type(value).__name__,
)
def test_what_huawei_has_no_words_for_is_not_said(message: DeviceMessage) -> None:
    """No upgrade event is replied to, nothing is asked for, nobody is activated."""
    assert _CODEC.encode(_DEVICE, message) is None


def test_a_version_of_an_unknown_module_is_refused() -> None:
    """A device has firmware and software."""
    with pytest.raises(DialectError, match="no version of a module 'radio'"):
        _CODEC.encode(_DEVICE, VersionReport("m", "1", "radio"))


@pytest.mark.codec
@given(device=DEVICES, message=SERVER_MESSAGES)
def test_what_the_server_says_is_what_the_device_hears(device: DeviceId, message: Any) -> None:  # noqa: ANN401 - a server's message
    """The round-trip law of the downstream."""
    wire = HuaweiServer().encode(device, message)

    assert wire is not None
    assert _CODEC.decode(device, wire.topic, wire.payload) == message


def test_a_query_of_the_platform_is_read() -> None:
    """Its paras may be absent, or those of a gateway's task."""
    task = {"task_id": "t", "sub_device_count": 3, "task_ext_info": {}}
    for paras, notice in (({}, None), (None, None), (task, GatewayNotice("t", 3))):
        found = _decoded(_down("version_query", paras))

        assert isinstance(found, VersionAsked)
        assert found.notice == notice


def test_an_upgrade_of_the_platform_is_read() -> None:
    """In both forms, with keys that mean nothing here."""
    paras = {
        "version": "v2.0", "url": "https://h/x", "file_size": 32_768, "file_name": "fw.bin",
        "access_token": "t", "expires": 86_400, "sign": "AB" * 32, "custom_info": "c",
        "task_id": "t", "sub_device_count": 1, "task_ext_info": {},
    }  # fmt: skip
    image = FirmwareImage("v2.0", "https://h/x", 32_768, "ab" * 32, "sha256", token="t", custom="c")

    first = _decoded(_down("firmware_upgrade", paras))
    second = _decoded(_down("firmware_upgrade_v2", {"version": "v2.0", "url": "u", "file_size": 1}))

    assert isinstance(first, UpgradeRequest)
    assert first.image == image
    assert first.notice == GatewayNotice("t", 1)
    assert isinstance(second, UpgradeRequest)
    assert second.image == FirmwareImage("v2.0", "u", 1, "", "")


def test_a_child_is_spoken_to_by_its_gateways_topic() -> None:
    """It has to be named, and nobody else's events are its own."""
    topic, query = down_topic(_GATEWAY), _down("version_query", {})

    heard = _decoded(query | {"object_device_id": "p1_d1"}, _CHILD_CODEC, topic)

    assert isinstance(heard, VersionAsked)
    for body in (query, query | {"object_device_id": "p1_d2"}):
        with pytest.raises(DialectError, match="the event is for"):
            _decoded(body, _CHILD_CODEC, topic)
    with pytest.raises(DialectError, match="no topic of p1/d1"):
        _decoded(query, _CHILD_CODEC)


@pytest.mark.parametrize(
    ("topic", "body", "sentence"),
    [
        (down_topic(_GATEWAY), _down("version_query", {}), "no topic of p1/d1"),
        ("$oc/devices/p1_d1/sys/events/up", _down("version_query", {}), "is no topic"),
        (_DOWN, _down("version_report", {}), "no event here"),
        (_DOWN, _down("version_query", {}, object_device_id="p1_d2"), "the event is for"),
        (_DOWN, _down("firmware_upgrade", {}), "sign is missing"),
        (_DOWN, {"services": []}, "none of the services"),
    ],
)
def test_what_is_no_message_to_this_device_is_refused(
    topic: str, body: dict[str, Any], sentence: str
) -> None:
    """One sentence says what was wrong."""
    with pytest.raises(DialectError, match=sentence):
        _decoded(body, topic=topic)


@pytest.mark.codec
@given(near=NEAR_WIRES)
def test_garbage_raises_nothing_else(near: tuple[str, bytes]) -> None:
    """Near misses, and bytes of any kind, are a message or a `DialectError`."""
    for codec in (_CODEC, _CHILD_CODEC):
        try:
            codec.decode(_DEVICE, *near)
        except DialectError as error:
            assert str(error)  # noqa: PT017 - most bytes are refused, some may be read
