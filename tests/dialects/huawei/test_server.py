from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.credentials import Identity
from fleet_sim.dialects.huawei.device import PROGRESS, HuaweiDevice
from fleet_sim.dialects.huawei.names import down_topic, up_topic
from fleet_sim.dialects.huawei.oceanconnect import OPERATIONS
from fleet_sim.dialects.huawei.server import HuaweiServer
from fleet_sim.dialects.huawei.signature import Claim, client_id_of, sign
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationInfo,
    DeviceMessage,
    FailureReport,
    GatewayNotice,
    ProgressReport,
    ReportReply,
    ServerMessage,
    UpgradeRequest,
    VersionAsked,
    VersionOffer,
    VersionReport,
)
from tests.dialects.huawei.platform import Platform
from tests.dialects.huawei.scene import BATCHES
from tests.dialects.huawei.strategies import DEVICE_MESSAGES, DEVICES, NEAR_WIRES, TEXTS
from tests.dialects.keys import Keys

_DEVICE, _GATEWAY = DeviceId("p1", "d1"), DeviceId("p1", "g1")
_KEYS = Keys({_DEVICE: "s1", _GATEWAY: "s2"})
_CODEC = HuaweiServer()
_FAMILY_CODEC = HuaweiServer({_DEVICE: _GATEWAY}.get)
_NOW = 1_744_592_400_000  # the beginning of the hour 2025041401
_GOOD = HuaweiDevice().credentials(_DEVICE, "s1", epoch_ms=_NOW)


def _identify(
    client_id: str = _GOOD.client_id,
    username: str = _GOOD.username,
    password: bytes | None = _GOOD.password.encode(),
    *,
    keys: Keys = _KEYS,
    codec: HuaweiServer = _CODEC,
) -> Identity | int:
    return codec.identify(client_id, username, password, keys)


def _said(kind: str, paras: object, codec: HuaweiServer = _CODEC, name: str = "") -> DeviceMessage:
    event = {"service_id": "$ota", "event_type": kind, "event_id": "m", "paras": paras}
    body = {"object_device_id": name, "services": [event]}
    device, message = codec.decode(up_topic(_DEVICE), json.dumps(body).encode())
    assert device == _DEVICE
    return message


def _progress(**paras: object) -> DeviceMessage:
    return _said("upgrade_progress_report", paras)


def _end(version: str, desc: str = "") -> VersionReport:
    return VersionReport("m", version, after_upgrade=True, of_latest=True, desc=desc)


# --- connecting ------------------------------------------------------------------------------


def test_a_signed_connect_tells_who_it_is() -> None:
    """The identity comes from the username, which the client id repeats."""
    assert _identify() == Identity(_DEVICE)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "p1_d1"}, 2),
        ({"client_id": "p1_d1_0_2_2025041401"}, 2),
        ({"client_id": "p1_0_0_2025041401"}, 2),
        ({"username": "p1_g1"}, 4),
        ({"password": None}, 4),
        ({"password": b"\xff"}, 4),
        ({"password": _GOOD.password[:-1].encode()}, 4),
        ({"client_id": "p1_x_0_0_2025041401", "username": "p1_x"}, 5),
        ({"client_id": "p1_d/1_0_0_2025041401", "username": "p1_d/1"}, 5),
        ({"keys": Keys({_DEVICE: "s1"}, gateways={_DEVICE: _GATEWAY})}, 5),
        ({"keys": Keys({_DEVICE: "other"})}, 4),
    ],
)
def test_a_wrong_connect_gets_the_documented_code(changes: dict[str, Any], code: int) -> None:
    """2 client id, 4 name or password, 5 not to be let in; a bound child comes by its gateway."""
    assert _identify(**changes) == code


@pytest.mark.parametrize(("now_ms", "found"), [(_NOW, Identity(_DEVICE)), (_NOW + 7_200_000, 4)])
def test_with_a_clock_the_hour_of_sig_1_is_checked(now_ms: int, found: Identity | int) -> None:
    """First the hour, then the password; sig 0 is let in at any time."""
    codec = HuaweiServer(clock=lambda: now_ms)
    claim = Claim("p1_d1", "1", "2025041401")
    password = sign("s1", claim.timestamp).encode()

    assert _identify(client_id_of(claim), password=password, codec=codec) == found
    assert _identify(codec=codec) == Identity(_DEVICE)


@given(
    device=DEVICES,
    secret=TEXTS,
    sig=st.sampled_from("01"),
    epoch_s=st.integers(0, 253_402_300_799),
)
def test_who_signs_is_known(device: DeviceId, secret: str, sig: str, epoch_s: int) -> None:
    """The round-trip law of the CONNECT; a password cut short is another's."""
    mine = HuaweiDevice(sig=sig).credentials(device, secret, epoch_ms=epoch_s * 1000)
    codec = HuaweiServer(clock=lambda: epoch_s * 1000)
    names, keys = (mine.client_id, mine.username), Keys({device: secret})

    assert _identify(*names, mine.password.encode(), keys=keys, codec=codec) == Identity(device)
    assert _identify(*names, mine.password[:-1].encode(), keys=keys, codec=codec) == 4


@given(client_id=st.text(max_size=30), username=st.text(max_size=30), password=st.binary())
def test_no_connect_raises_anything(client_id: str, username: str, password: bytes) -> None:
    """Whatever is in it, it is refused by a code."""
    assert _identify(client_id, username, password) in {2, 4, 5}


# --- who may do what -------------------------------------------------------------------------


def test_devices_hear_without_subscribing() -> None:
    """The SDKs never subscribe; the platform takes in one topic."""
    assert _CODEC.implicit(_DEVICE) == ("$oc/devices/p1_d1/sys/events/down",)
    assert _CODEC.claimed == ("$oc/devices/+/sys/events/up",)
    assert (_CODEC.qos_max, _CODEC.keeps_sessions) == (1, False)


@pytest.mark.parametrize(
    ("topic", "may"),
    [
        ("$oc/devices/p1_d1/sys/events/up", True),
        ("$oc/devices/p1_d1/sys/properties/report", True),
        ("$oc/devices/p1_d1/user/anything", True),
        ("$oc/devices/p1_d1/sys/events/down", False),
        ("$oc/devices/p1_d2/sys/events/up", False),
        ("anything", False),
    ],
)
def test_a_device_speaks_by_its_own_topics(topic: str, may: bool) -> None:
    """But not where the platform speaks, else it could send itself an upgrade."""
    assert _CODEC.may_publish(_DEVICE, topic) is may


def test_a_device_may_subscribe_to_what_is_its_own() -> None:
    """The explicit way to QoS 1."""
    assert _CODEC.may_subscribe(_DEVICE, "$oc/devices/p1_d1/sys/#")
    assert not _CODEC.may_subscribe(_DEVICE, "$oc/devices/+/sys/#")


# --- what devices say ------------------------------------------------------------------------


@pytest.mark.codec
@given(device=DEVICES, message=DEVICE_MESSAGES)
def test_what_the_device_says_is_what_the_server_hears(
    device: DeviceId, message: DeviceMessage
) -> None:
    """The round-trip law of the upstream."""
    wire = HuaweiDevice().encode(device, message)

    assert wire is not None
    assert _CODEC.decode(wire.topic, wire.payload) == (device, message)


@pytest.mark.parametrize(
    ("paras", "message"),
    [
        (
            {"sw_version": "s1", "fw_version": "v1"},
            VersionReport("m", "v1", beside=(("software", "s1"),)),
        ),
        ({"fw_version": "v1", "sw_version": ""}, VersionReport("m", "v1")),
        ({"fw_version": "", "sw_version": "s1"}, VersionReport("m", "s1", "software")),
        ({"sw_version": "s1"}, VersionReport("m", "s1", "software")),
    ],
)
def test_the_firmware_is_the_devices_version(paras: dict[str, Any], message: DeviceMessage) -> None:
    """The SDKs for Python and Java send both."""
    assert _said("version_report", paras) == message


@pytest.mark.parametrize(
    ("paras", "message"),
    [
        ({"result_code": 0, "version": "v2"}, _end("v2")),
        (
            {"result_code": 0, "version": "v1", "progress": 100, "description": "upgrade success"},
            _end("v1", "upgrade success"),
        ),
        ({"result_code": 0, "progress": 0}, ProgressReport("m", 0)),
        (
            {"result_code": 1, "version": "v2", "progress": 0},
            FailureReport("m", FailureCause.DECLINED, "", -1, version="v2"),
        ),
        (
            {"result_code": 6, "progress": 100, "description": "d"},
            FailureReport("m", FailureCause.DOWNLOAD, "d", -6),
        ),
        ({"result_code": 255}, FailureReport("m", FailureCause.OTHER, "", -255)),
        ({"result_code": 77}, FailureReport("m", FailureCause.OTHER, "", -77)),
    ],
)
def test_reports_mean_what_their_result_says(paras: dict[str, Any], message: DeviceMessage) -> None:
    """The C# demo leaves progress out, the Java sample says 100 before its reboot, the C sample 1.

    What a version means for the upgrade is the backend's to say.
    """
    assert _progress(**paras) == message


@pytest.mark.parametrize(
    ("paras", "sentence"),
    [
        ({}, "result_code is missing"),
        ({"result_code": "0"}, "result_code is no whole number"),
        ({"result_code": 0, "progress": 101, "version": "v"}, "progress is 101"),
        ({"result_code": 0, "progress": -1, "version": "v"}, "progress is -1"),
        ({"result_code": 0, "progress": "40", "version": "v"}, "progress is no whole number"),
        ({"result_code": 0, "progress": 100}, "version is missing"),
        ({"result_code": 0, "version": 7}, "version is no string"),
    ],
)
def test_a_wrong_report_is_refused(paras: dict[str, Any], sentence: str) -> None:
    """The error knows the message."""
    with pytest.raises(DialectError, match=sentence) as caught:
        _progress(**paras)

    assert caught.value.message_id == "m"


def test_a_platform_may_refuse_codes_of_no_page() -> None:
    """Its list of errors has an "invalid result_code"."""
    strict = HuaweiServer(knows_all_codes=False)

    with pytest.raises(DialectError, match="which no page lists"):
        _said("upgrade_progress_report", {"result_code": 77}, strict)
    assert _said("upgrade_progress_report", {"result_code": 10}, strict) == FailureReport(
        "m", FailureCause.FLASH, "", -10
    )


def test_a_report_without_a_version_is_refused() -> None:
    """There would be nothing to learn from it."""
    with pytest.raises(DialectError, match="neither fw_version nor sw_version"):
        _said("version_report", {})


# --- gateways --------------------------------------------------------------------------------


def test_a_child_speaks_by_its_gateways_topic() -> None:
    """It is named; the gateway's own reports may name nobody."""
    wire = HuaweiDevice({_DEVICE: _GATEWAY}.get).encode(_DEVICE, VersionReport("m", "v1"))

    assert wire is not None
    assert wire.topic == up_topic(_GATEWAY)
    found = _FAMILY_CODEC.decode(wire.topic, wire.payload)
    assert found == (_DEVICE, VersionReport("m", "v1"))


@pytest.mark.parametrize("name", ["p1_g1", "p1_d2"])
def test_nobody_speaks_for_a_stranger(name: str) -> None:
    """Neither a child for its gateway, nor anybody where no gateways are known."""
    for codec in (_CODEC, _FAMILY_CODEC):
        with pytest.raises(DialectError, match="may not speak for"):
            _said("version_report", {"fw_version": "v1"}, codec, name)


def test_a_child_is_spoken_to_by_its_gateways_topic() -> None:
    """Under its own name."""
    request = UpgradeRequest("7", FirmwareImage("v2", "u", 1, "ab" * 32, "sha256"))

    wire = _FAMILY_CODEC.encode(_DEVICE, request)

    assert wire is not None
    assert wire.topic == down_topic(_GATEWAY)
    assert json.loads(wire.payload)["object_device_id"] == "p1_d1"


def test_a_child_speaks_by_its_gateway_alone() -> None:
    """Its own topic is none of its ways, wherever a broker would let it use that."""
    wire = HuaweiDevice().encode(_DEVICE, VersionReport("m", "v1"))

    assert wire is not None
    with pytest.raises(DialectError, match="p1/d1 speaks by its gateway, p1/g1, alone"):
        _FAMILY_CODEC.decode(wire.topic, wire.payload)


def test_a_gateways_task_is_told_with_each_message() -> None:
    """With the question as with the push; without its word nothing is."""
    image = FirmwareImage("v2", "u", 1, "ab" * 32, "sha256")
    keys = {"task_id", "sub_device_count", "task_ext_info"}

    told = [
        _paras(message)
        for notice in (GatewayNotice("t", 2, '{"a":1}'), None)
        for message in (VersionAsked("7", notice), UpgradeRequest("7", image, notice))
    ]

    expected = {"task_id": "t", "sub_device_count": 2, "task_ext_info": {"a": 1}}
    assert told[0] == expected
    assert expected.items() <= told[1].items()
    assert told[2] == {}
    assert not keys & told[3].keys()


def _paras(message: ServerMessage) -> dict[str, Any]:
    wire = _FAMILY_CODEC.encode(_DEVICE, message)
    assert wire is not None
    paras: dict[str, Any] = json.loads(wire.payload)["services"][0]["paras"]
    return paras


# --- what the platform says ------------------------------------------------------------------


def test_an_upgrade_reads_as_in_the_manual() -> None:
    """QoS 0, at which the platform speaks to whoever has not subscribed; it can be chosen."""
    image = FirmwareImage("v2.0", "http://h/f/fw.bin", 43, "ab" * 32, "sha256", token="t")

    wire = _CODEC.encode(_DEVICE, UpgradeRequest("7", image))
    other = HuaweiServer(implicit_qos=1).encode(_DEVICE, UpgradeRequest("7", image))

    assert wire is not None
    assert other is not None
    assert (wire.qos, other.qos) == (0, 1)
    assert json.loads(wire.payload) == {
        "object_device_id": "p1_d1",
        "services": [
            {
                "service_id": "$ota",
                "event_type": "firmware_upgrade",
                "event_id": "7",
                "paras": {
                    "version": "v2.0",
                    "url": "http://h/f/fw.bin",
                    "file_size": 43,
                    "file_name": "fw.bin",
                    "sign": "ab" * 32,
                    "access_token": "t",
                    "expires": 86_400,
                },
            }
        ],
    }


@pytest.mark.parametrize(
    "message",
    [ReportReply("1", VersionReport), VersionOffer("1"), ActivationInfo("1", "", "s")],
    ids=lambda value: type(value).__name__,
)
def test_the_platform_answers_no_report(message: ServerMessage) -> None:
    """Nor does it offer, activate or complain."""
    assert _CODEC.encode(_DEVICE, message) is None
    assert _CODEC.complain(up_topic(_DEVICE), DialectError("x", code=1)) is None


# --- garbage ---------------------------------------------------------------------------------


@pytest.mark.codec
@given(near=NEAR_WIRES)
def test_garbage_raises_nothing_else(near: tuple[str, bytes]) -> None:
    """Near misses, and bytes of any kind, are a message or an error that can be answered."""
    topic, payload = near
    for codec in (_CODEC, _FAMILY_CODEC):
        try:
            codec.decode(topic, payload)
        except DialectError as error:
            codec.complain(topic, error)


def test_the_last_description_is_that_of_the_end() -> None:
    """Both generations show it, in place of what the device said on its way."""
    platform = Platform()
    task_id = platform.batched()
    paras = {"result_code": 0, "version": "v1.0"}
    platform.says("d1", PROGRESS, **paras, progress=40, description="downloading")
    platform.says("d2", PROGRESS, **paras, progress=40, description="downloading")

    platform.says("d1", PROGRESS, **paras, progress=100, description="to be started anew")
    half = _outputs(platform, task_id)
    for key, said in (("d1", {"description": "upgrade success"}), ("d2", {})):
        platform.says(key, PROGRESS, result_code=0, version="v2.0", progress=100, **said)

    assert half == ["downloading", "to be started anew"]
    assert _outputs(platform, task_id) == ["downloading", "upgrade success"]
    told = platform.ask("GET", f"{OPERATIONS}/{task_id}/subOperations")["data"]
    assert sorted(one["detailInfo"] for one in told) == ["downloading", "upgrade success"]


def _outputs(platform: Platform, task_id: str) -> list[str]:
    details = platform.ask("GET", f"{BATCHES}/{task_id}")["task_details"]
    return sorted(one["output"] for one in details)
