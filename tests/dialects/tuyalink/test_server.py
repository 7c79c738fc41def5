from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.credentials import Identity
from fleet_sim.dialects.tuyalink.device import TuyaLinkDevice
from fleet_sim.dialects.tuyalink.names import Names
from fleet_sim.dialects.tuyalink.server import TuyaLinkServer
from fleet_sim.dialects.tuyalink.signature import Claim, client_id_of, sign, username_of
from fleet_sim.dialects.tuyalink.topics import Leaf, topic_of
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationInfo,
    Block,
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ReportReply,
    ServerMessage,
    UpgradeRequest,
    VersionAsked,
    VersionOffer,
    VersionQuery,
    VersionReport,
)
from tests.dialects.keys import Keys
from tests.dialects.tuyalink.strategies import DEVICE_MESSAGES, DEVICES, NEAR_WIRES

_DEVICE = DeviceId("prod1", "dev1")
_CODEC = TuyaLinkServer(names=Names("prod1"))
_KEYS = Keys({_DEVICE: "secret"}, {"prod1": "ps"})
_CLAIM = Claim("dev1", "1700000000")
_PASSWORD = sign(_CLAIM, "secret").encode()
_REPORT, _PROGRESS = (topic_of("dev1", leaf) for leaf in (Leaf.REPORT, Leaf.PROGRESS))
_GET, _ISSUE = topic_of("dev1", Leaf.GET), topic_of("dev1", Leaf.ISSUE)
_IMAGE = FirmwareImage(
    "2.0.0",
    "http://h/fw",
    5,
    "5d41402abc4b2a76b9719d911017c592",
    "md5",
    hmac="6b71677e5b2b7a05f8628b014a581fbfb9589c004480d6a96dc37ece5aca90de",
)
_DATA = (
    b'{"channel":0,"version":"2.0.0","url":"http://h/fw","httpsUrl":"http://h/fw",'
    b'"cdnUrl":"http://h/fw","size":"5","md5":"5d41402abc4b2a76b9719d911017c592",'
    b'"hmac":"6b71677e5b2b7a05f8628b014a581fbfb9589c004480d6a96dc37ece5aca90de",'
    b'"upgradeType":0,"execTime":0}'
)


def _identify(
    client_id: str = client_id_of(_CLAIM),
    username: str = username_of(_CLAIM),
    password: bytes | None = _PASSWORD,
    keys: Keys = _KEYS,
) -> Identity | int:
    return _CODEC.identify(client_id, username, password, keys)


# --- connecting ------------------------------------------------------------------------------


def test_a_signed_connect_tells_who_it_is() -> None:
    """Whatever the case of hex."""
    assert _identify() == _identify(password=_PASSWORD.upper()) == Identity(_DEVICE)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"username": ""}, 4),
        ({"username": "dev1"}, 4),
        ({"username": username_of(Claim("dev2", "1700000000"))}, 5),
        ({"username": username_of(Claim("+", "1700000000"))}, 4),
        ({"username": username_of(Claim("dev1", "1700000001"))}, 4),
        ({"client_id": "dev1"}, 4),
        ({"client_id": "tuyalink_dev2"}, 4),
        ({"password": None}, 4),
        ({"password": b""}, 4),
        ({"password": b"\xff" * 64}, 4),
        ({"password": sign(_CLAIM, "ps").encode()}, 4),
        ({"keys": Keys()}, 5),
        ({"keys": Keys(_KEYS.secrets, gateways={_DEVICE: DeviceId("prod1", "gw")})}, 5),
    ],
    ids=str,
)
def test_a_connect_that_is_not_signed_right_is_refused(change: dict[str, Any], code: int) -> None:
    """4 for credentials, 5 for who is not to be let in; a product's secret opens nothing."""
    assert _identify(**change) == code


def test_the_platform_keeps_no_sessions_and_knows_no_qos_2() -> None:
    """It pushes again from what it knows."""
    assert not _CODEC.keeps_sessions
    assert _CODEC.qos_max == 1


# --- who may do what -------------------------------------------------------------------------


def test_whether_the_platform_delivers_unasked_can_be_set() -> None:
    """No page says it."""
    assert _CODEC.implicit(_DEVICE) == ("tylink/dev1/ota/issue", "tylink/dev1/ota/get_response")
    assert TuyaLinkServer(delivers_unasked=False).implicit(_DEVICE) == ()


def test_the_platform_claims_what_devices_say() -> None:
    """Of every device."""
    assert _CODEC.claimed == (
        "tylink/+/ota/firmware/report",
        "tylink/+/ota/get",
        "tylink/+/ota/progress/report",
    )


@pytest.mark.parametrize(
    ("topic", "may"),
    [
        (_REPORT, True),
        (_PROGRESS, True),
        (_GET, True),
        ("tylink/dev1/thing/property/report", True),
        (_ISSUE, False),
        ("tylink/dev1/ota/get_response", False),
        ("tylink/dev2/ota/get", False),
        ("elsewhere", False),
    ],
)
def test_a_device_speaks_upstream_on_its_own_topics_only(topic: str, *, may: bool) -> None:
    """It cannot push to itself, nor speak for another; whether or not anything is unasked."""
    assert _CODEC.may_publish(_DEVICE, topic) is may
    silent = TuyaLinkServer(names=Names("prod1"), delivers_unasked=False)
    assert silent.may_publish(_DEVICE, topic) is may


@pytest.mark.parametrize(
    ("topic_filter", "may"), [(_ISSUE, True), ("tylink/dev1/#", True), ("tylink/#", False)]
)
def test_a_device_hears_its_own_topics_only(topic_filter: str, *, may: bool) -> None:
    """Those below its id."""
    assert _CODEC.may_subscribe(_DEVICE, topic_filter) is may


def test_a_device_that_cannot_be_called_owns_nothing() -> None:
    """Its key would match others."""
    assert not TuyaLinkServer().may_subscribe(DeviceId("p", "+"), "tylink/p.+/#")


# --- what devices say ------------------------------------------------------------------------


@pytest.mark.codec
@given(device=DEVICES, message=DEVICE_MESSAGES)
def test_what_the_device_says_is_what_the_server_hears(
    device: DeviceId, message: DeviceMessage
) -> None:
    """The round-trip law of the upstream."""
    wire = TuyaLinkDevice().encode(device, message)

    assert wire is not None
    assert TuyaLinkServer().decode(wire.topic, wire.payload) == (device, message)


@pytest.mark.parametrize(
    ("topic", "data", "message"),
    [
        (
            _REPORT,
            (
                b'{"bizType":"INIT","pid":"prod1","firmwareKey":"key1","otaChannel":'
                b'[{"channel":9,"version":"0.9.0"},{"channel":0,"version":"1.0.0"}]}'
            ),
            VersionReport("a1", "1.0.0", beside=(("9", "0.9.0"),)),
        ),
        (
            _REPORT,
            (
                b'{"bizType":"UPDATE","otaChannel":[{"channel":10,"version":"3"},'
                b'{"channel":9,"version":""},{"version":"1"},{"channel":10,"version":"4"},'
                b'{"channel":3,"version":"2"}]}'
            ),
            VersionReport("a1", "1", after_upgrade=True, beside=(("10", "3"), ("3", "2"))),
        ),
        (
            _REPORT,
            (
                b'{"bizType":"INIT","otaChannel":[{"channel":9,"version":"2"},'
                b'{"channel":3,"version":"1"}]}'
            ),
            VersionReport("a1", "2", "9", beside=(("3", "1"),)),
        ),
        (
            _REPORT,
            b'{"bizType":"UPDATE","otaChannel":[{"channel":9,"version":1.10}]}',
            VersionReport("a1", "1.10", "9", after_upgrade=True),
        ),
        (_PROGRESS, b'{"channel":0,"progress":35}', ProgressReport("a1", 35)),
        (_PROGRESS, b'{"channel":9,"progress":"100"}', ProgressReport("a1", 100, module="9")),
        (_PROGRESS, b'{"progress":35,"errorCode":0}', ProgressReport("a1", 35)),
        (
            _PROGRESS,
            b'{"channel":0,"errorCode":44,"errorMsg":"download timeout"}',
            FailureReport("a1", FailureCause.DOWNLOAD, "download timeout", -44),
        ),
        (
            _PROGRESS,
            b'{"channel":9,"progress":50,"errorCode":"49"}',
            FailureReport("a1", FailureCause.VERIFY, "", -49, "9"),
        ),
        (_GET, b"{}", VersionQuery("a1")),
        (_GET, b"null", VersionQuery("a1")),
    ],
)
def test_messages_of_the_field_are_read(topic: str, data: bytes, message: DeviceMessage) -> None:
    """The samples, and what differs from them without harm."""
    payload = b'{"msgId":"a1","time":1700000000000,"data":' + data + b"}"

    assert _CODEC.decode(topic, payload) == (_DEVICE, message)


@pytest.mark.parametrize(
    ("topic", "payload", "code", "message_id"),
    [
        (_REPORT, b"", 1003, None),
        (_REPORT, b'{"msgId":[]}', 1003, None),
        (_REPORT, b'{"msgId":"7","data":[]}', 1002, "7"),
        (_REPORT, b'{"msgId":"7","data":{}}', 1002, "7"),
        (_REPORT, b'{"msgId":"7","data":{"bizType":"init","otaChannel":[{}]}}', 1002, "7"),
        (_REPORT, b'{"msgId":"7","data":{"bizType":"INIT","otaChannel":[]}}', 1002, "7"),
        (_REPORT, b'{"msgId":"7","data":{"bizType":"INIT","otaChannel":[{}]}}', 1002, "7"),
        (
            _REPORT,
            b'{"msgId":"7","data":{"bizType":"INIT","otaChannel":[{"version":""}]}}',
            1002,
            "7",
        ),
        (
            _REPORT,
            (
                b'{"msgId":"7","data":{"bizType":"INIT","otaChannel":'
                b'[{"version":"1"},{"channel":20,"version":"1"}]}}'
            ),
            1002,
            "7",
        ),
        (_PROGRESS, b'{"msgId":"7","data":{}}', 1002, "7"),
        (_PROGRESS, b'{"msgId":"7","data":{"progress":101}}', 1002, "7"),
        (_PROGRESS, b'{"msgId":"7","data":{"progress":-1}}', 1002, "7"),
        (_PROGRESS, b'{"msgId":"7","data":{"errorCode":-44}}', 1002, "7"),
        (_PROGRESS, b'{"msgId":"7","data":{"progress":1,"channel":20}}', 1002, "7"),
        (_ISSUE, b'{"msgId":"7"}', None, "7"),
        ("tylink/+/ota/get", b"{}", None, None),
        ("tylink/dev1/thing", b"{}", None, None),
    ],
)
def test_what_is_wrong_with_a_message_is_told(
    topic: str, payload: bytes, code: int | None, message_id: str | None
) -> None:
    """The platform's number, and the id as soon as it could be read."""
    with pytest.raises(DialectError) as caught:
        _CODEC.decode(topic, payload)

    assert (caught.value.code, caught.value.message_id) == (code, message_id)


@pytest.mark.parametrize("leaf", list(Leaf))
def test_what_the_platform_claims_is_read_and_the_rest_is_refused(leaf: Leaf) -> None:
    """What has no reader is refused whatever it holds, without a number for its data."""
    is_claimed = topic_of("+", leaf) in _CODEC.claimed

    with pytest.raises(DialectError) as caught:
        _CODEC.decode(topic_of("dev1", leaf), b'{"msgId":"7","data":[]}')

    assert caught.value.code == (1002 if is_claimed else None)


@pytest.mark.codec
@given(near=NEAR_WIRES)
def test_garbage_raises_nothing_else(near: tuple[str, bytes]) -> None:
    """Near misses, and bytes of any kind, are a message or an error that can be answered."""
    topic, payload = near
    try:
        device, _ = _CODEC.decode(topic, payload)
    except DialectError as error:
        _CODEC.complain(topic, error)
    else:
        assert device == _DEVICE


@given(topic=st.text(max_size=40) | st.text(max_size=9).map("tylink/{}/ota/get".format))
def test_topics_of_any_kind_raise_nothing_else(topic: str) -> None:
    """A topic is some device's, or a `DialectError` that gets no answer."""
    server = TuyaLinkServer()
    try:
        server.decode(topic, b"{}")
    except DialectError as error:
        assert server.complain(topic, error) is None  # noqa: PT017 - some topics may be read


# --- what the platform says ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "leaf", "payload"),
    [
        (
            UpgradeRequest("77", _IMAGE),
            "ota/issue",
            b'{"msgId":"77","time":1700000000000,"data":' + _DATA + b"}",
        ),
        (
            VersionOffer("a1", (_IMAGE,)),
            "ota/get_response",
            b'{"msgId":"a1","time":1700000000000,"code":0,"data":' + _DATA + b"}",
        ),
        (
            VersionOffer("a1"),
            "ota/get_response",
            b'{"msgId":"a1","time":1700000000000,"code":0,"data":{}}',
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_messages_read_as_in_the_samples(message: ServerMessage, leaf: str, payload: bytes) -> None:
    """An answer has the id of its query."""
    assert _CODEC.encode(_DEVICE, message) == WireMessage(f"tylink/dev1/{leaf}", payload)


def test_what_a_push_says_of_itself_can_be_set() -> None:
    """And the time of each frame."""
    wire = TuyaLinkServer(upgrade_type=2, time_ms=7).encode(_DEVICE, UpgradeRequest("77", _IMAGE))

    assert wire is not None
    assert wire.payload.startswith(b'{"msgId":"77","time":7,')
    assert b'"upgradeType":2' in wire.payload


@pytest.mark.parametrize(
    "message",
    [
        ReportReply("1", VersionReport),
        ReportReply("1", FailureReport),
        VersionAsked("1"),
        ActivationInfo("1", "a", "s"),
        Block("1", 0, b""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_some_messages_have_no_words(message: ServerMessage | VersionAsked | Block) -> None:
    """No report is answered, no version asked for, no secret told, no block sent."""
    assert _CODEC.encode(_DEVICE, message) is None


def test_an_image_for_no_channel_cannot_be_pushed() -> None:
    """The sentence says which modules there are."""
    image = FirmwareImage("2.0.0", "http://h/fw", 5, _IMAGE.digest, "md5", "MCU")

    with pytest.raises(DialectError, match="module 'MCU' is no channel"):
        _CODEC.encode(_DEVICE, UpgradeRequest("77", image))


def test_a_broken_query_gets_an_error_response() -> None:
    """Under its own id."""
    with pytest.raises(DialectError) as caught:
        _CODEC.decode(_GET, b'{"msgId":"a1","data":[]}')

    assert _CODEC.complain(_GET, caught.value) == WireMessage(
        "tylink/dev1/ota/get_response",
        b'{"msgId":"a1","time":1700000000000,"code":1002,"data":{}}',
    )


@pytest.mark.parametrize(
    ("topic", "error"),
    [
        (_REPORT, DialectError("broken", code=1002)),
        (_PROGRESS, DialectError("broken", code=1002)),
        (_ISSUE, DialectError("broken", code=1002)),
        (_GET, DialectError("broken")),
        ("elsewhere", DialectError("broken", code=1002)),
    ],
)
def test_nothing_else_gets_an_error_response(topic: str, error: DialectError) -> None:
    """Reports have no responses, and an error without a code has nothing to say."""
    assert _CODEC.complain(topic, error) is None
