from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.alink.blocks import read_block
from fleet_sim.dialects.alink.device import AlinkDevice
from fleet_sim.dialects.alink.server import AlinkServer
from fleet_sim.dialects.alink.signature import AuthType
from fleet_sim.dialects.alink.topics import UPSTREAM, Topic, topic_of
from fleet_sim.dialects.credentials import Identity
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationInfo,
    Block,
    BlockRequest,
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
from tests.dialects.alink import samples
from tests.dialects.alink.strategies import DEVICE_MESSAGES, DEVICES, NEAR_WIRES
from tests.dialects.keys import Keys

_DEVICE = DeviceId("pk1", "dev1")
_CODEC = AlinkServer()
_MD5 = "5d41402abc4b2a76b9719d911017c592"
_IMAGE = FirmwareImage("2.0.0", "http://h/f", 5, _MD5, "md5")
_INFORM, _PROGRESS = topic_of(_DEVICE, Topic.INFORM), topic_of(_DEVICE, Topic.PROGRESS)
_GET, _REQUEST = topic_of(_DEVICE, Topic.GET), topic_of(_DEVICE, Topic.REQUEST)
_DOWNLOAD = topic_of(_DEVICE, Topic.DOWNLOAD)
_KEYS = Keys({_DEVICE: "secret"}, {"pk1": "ps"})
_GOOD = AlinkDevice().credentials(_DEVICE, "secret", epoch_ms=789)


def _identify(
    client_id: str = _GOOD.client_id,
    username: str = _GOOD.username,
    password: bytes | None = _GOOD.password.encode(),
    keys: Keys = _KEYS,
) -> Identity | int:
    return _CODEC.identify(client_id, username, password, keys)


def test_a_connect_is_checked() -> None:
    """By what the codec was told of methods and registrations; see `admission`."""
    content = b"clientId12345deviceNamedev1productKeypk1"
    sha1 = hmac.new(b"secret", content, hashlib.sha1).hexdigest().encode()
    server = AlinkServer(method_default="hmacsha1")

    assert _identify() == Identity(_DEVICE)
    assert _identify("12345|securemode=3|", password=sha1) == 4
    assert server.identify("12345|securemode=3|", "dev1&pk1", sha1, _KEYS) == Identity(_DEVICE)


def test_the_platform_keeps_no_sessions_and_knows_no_qos_2() -> None:
    """It pushes again from what it knows."""
    assert not _CODEC.keeps_sessions
    assert _CODEC.qos_max == 1


# --- who may do what -------------------------------------------------------------------------


def test_the_platform_delivers_unasked() -> None:
    """No SDK of the present sends a SUBSCRIBE."""
    assert _CODEC.implicit(_DEVICE) == (
        "/ota/device/upgrade/pk1/dev1",
        "/sys/pk1/dev1/thing/ota/firmware/get_reply",
        "/sys/pk1/dev1/thing/file/download_reply",
    )


def test_the_platform_claims_what_devices_say() -> None:
    """Of every device."""
    assert _CODEC.claimed == (
        "/ota/device/inform/+/+",
        "/ota/device/progress/+/+",
        "/sys/+/+/thing/ota/firmware/get",
        "/ota/device/request/+/+",
        "/sys/+/+/thing/file/download",
    )


@pytest.mark.parametrize(
    ("topic", "may"),
    [
        (_INFORM, True),
        (_PROGRESS, True),
        (_GET, True),
        (_REQUEST, True),
        (_DOWNLOAD, True),
        ("/sys/pk1/dev1/thing/deviceinfo/update", True),
        (topic_of(_DEVICE, Topic.UPGRADE), False),
        (topic_of(_DEVICE, Topic.GET_REPLY), False),
        (topic_of(_DEVICE, Topic.DOWNLOAD_REPLY), False),
        ("/ota/device/inform/pk1/dev2", False),
        ("/ext/register", False),
        ("elsewhere", False),
    ],
)
def test_a_device_speaks_upstream_on_its_own_topics_only(topic: str, *, may: bool) -> None:
    """It cannot push to itself, nor speak for another."""
    assert _CODEC.may_publish(_DEVICE, topic) is may


@pytest.mark.parametrize(
    ("topic_filter", "may"),
    [
        ("/ota/device/upgrade/pk1/dev1", True),
        ("/ota/device/request/pk1/dev1", True),
        ("/sys/pk1/dev1/#", True),
        ("/ota/device/upgrade/pk1/+", False),
        ("/ext/register", False),
        ("#", False),
    ],
)
def test_a_device_hears_its_own_topics_only(topic_filter: str, *, may: bool) -> None:
    """The C SDK of the third generation still subscribes to two of them."""
    assert _CODEC.may_subscribe(_DEVICE, topic_filter) is may


# --- what devices say ------------------------------------------------------------------------


@pytest.mark.codec
@given(device=DEVICES, message=DEVICE_MESSAGES)
def test_what_the_device_says_is_what_the_server_hears(
    device: DeviceId, message: DeviceMessage | BlockRequest
) -> None:
    """The round-trip law of the upstream."""
    wire = AlinkDevice().encode(device, message)

    assert wire is not None
    assert _CODEC.decode(wire.topic, wire.payload) == (device, message)


@pytest.mark.parametrize(
    ("topic", "payload", "message"),
    [
        (_INFORM, samples.C_INFORM, VersionReport("#1", "1.0.0")),
        (_INFORM, samples.C_INFORM_MODULE, VersionReport("#2", "1.0.0", "MCU")),
        (_INFORM, samples.PYTHON_INFORM, VersionReport("#1", "1.0.0")),
        (_PROGRESS, samples.C_PROGRESS, ProgressReport("#3", 5)),
        (
            _PROGRESS,
            samples.C_PROGRESS_FAILED,
            FailureReport("#4", FailureCause.FLASH, "", -4),
        ),
        (_PROGRESS, samples.PYTHON_PROGRESS, ProgressReport("#2", 35, "downloading", "MCU")),
        (_GET, samples.C_GET, VersionQuery("#5")),
        (_GET, samples.PYTHON_GET, VersionQuery("#3", "MCU")),
        (_DOWNLOAD, samples.C_BLOCK, BlockRequest("1", (1397345, 1), 0, 5120)),
        (_REQUEST, b'{"id":8,"params":{"version":"1.0"}}', VersionQuery("@#8")),
        (_GET, b"{}", VersionQuery("")),
        (_INFORM, b'{"id":"1","params":{"version":1.10}}', VersionReport("1", "1.10")),
        (_PROGRESS, b'{"id":"1","params":{"step":"0","desc":null}}', ProgressReport("1", 0)),
        (_PROGRESS, b'{"id":"1","params":{"step":100}}', ProgressReport("1", 100)),
    ],
)
def test_messages_of_the_field_are_read(topic: str, payload: bytes, message: DeviceMessage) -> None:
    """Both SDKs' habits: numbers for ids, steps of either kind, a comma too many."""
    assert _CODEC.decode(topic, payload) == (_DEVICE, message)


@pytest.mark.parametrize(
    ("topic", "payload", "code", "message_id"),
    [
        (_INFORM, b"", 400, None),
        (_INFORM, b"[]", 400, None),
        (_INFORM, b'{"id":[]}', 400, None),
        (_INFORM, b" " * (256 * 1024 + 1), 400, None),
        (_DOWNLOAD, b'{"a":1,' + b" " * (256 * 1024) + b"}", 400, None),
        (_DOWNLOAD, b'{"id":"7",,}', 400, None),
        (_INFORM, b'{"id":"7","params":{"version":"1"},}', 400, None),
        (_INFORM, b'{"id":"7"}', 460, "7"),
        (_INFORM, b'{"id":7,"params":{}}', 460, "#7"),
        (_INFORM, b'{"id":"7","params":{"version":""}}', 460, "7"),
        (_INFORM, b'{"id":"7","params":{"version":"1","module":7}}', 460, "7"),
        (_PROGRESS, b'{"id":"7","params":{"step":101}}', 460, "7"),
        (_PROGRESS, b'{"id":"7","params":{"step":"x"}}', 460, "7"),
        (_PROGRESS, b'{"id":"7","params":{"step":33.3}}', 460, "7"),
        (_PROGRESS, b'{"id":"7","params":{"step":"5","desc":5}}', 460, "7"),
        (_GET, b'{"id":"7","params":[]}', 460, "7"),
        (_DOWNLOAD, b'{"id":"7","params":{}}', 460, "7"),
        (topic_of(_DEVICE, Topic.UPGRADE), b'{"id":"7"}', None, "7"),
        (_REQUEST, b'{"id":"7","code":200,"data":{}}', None, "7"),
        ("/ota/device/nothing/pk1/dev1", b"{}", None, None),
    ],
)
def test_what_is_wrong_with_a_message_is_told(
    topic: str, payload: bytes, code: int | None, message_id: str | None
) -> None:
    """The platform's number, and the id as soon as it could be read."""
    with pytest.raises(DialectError) as caught:
        _CODEC.decode(topic, payload)

    assert (caught.value.code, caught.value.message_id) == (code, message_id)


@pytest.mark.codec
@given(near=NEAR_WIRES)
def test_garbage_raises_nothing_else(near: tuple[str, bytes]) -> None:
    """Near misses, and bytes of any kind, are a message or an error that can be answered."""
    topic, payload = near
    try:
        device, _ = _CODEC.decode(topic, payload)
    except DialectError as error:
        reply = _CODEC.complain(topic, error)
        if reply is not None and reply.topic == topic:
            # Heard by its own author, it is no request: no answer to an answer.
            with pytest.raises(DialectError) as caught:
                _CODEC.decode(topic, reply.payload)
            assert _CODEC.complain(topic, caught.value) is None
    else:
        assert device == _DEVICE


@given(topic=st.text(max_size=40))
def test_topics_of_any_kind_raise_nothing_else(topic: str) -> None:
    """A topic that is none of ours is a `DialectError` and gets no answer."""
    with pytest.raises(DialectError) as caught:
        _CODEC.decode(topic, b"{}")

    assert _CODEC.complain(topic, caught.value) is None


# --- what the platform says ------------------------------------------------------------------

_DATA = (
    b'{"size":5,"version":"2.0.0","url":"http://h/f","signMethod":"Md5",'
    b'"sign":"5d41402abc4b2a76b9719d911017c592","md5":"5d41402abc4b2a76b9719d911017c592"}'
)


@pytest.mark.parametrize(
    ("message", "topic", "payload"),
    [
        (
            UpgradeRequest("77", _IMAGE),
            "/ota/device/upgrade/pk1/dev1",
            b'{"code":"1000","data":' + _DATA + b',"id":"77","message":"success"}',
        ),
        (
            VersionOffer("19", (_IMAGE,)),
            "/sys/pk1/dev1/thing/ota/firmware/get_reply",
            b'{"id":"19","code":200,"data":' + _DATA + b"}",
        ),
        (
            VersionOffer("#19"),
            "/sys/pk1/dev1/thing/ota/firmware/get_reply",
            b'{"id":19,"code":200,"data":{}}',
        ),
        (
            VersionOffer("@#19", (_IMAGE,)),
            "/ota/device/request/pk1/dev1",
            b'{"id":19,"code":200,"data":' + _DATA + b"}",
        ),
        (
            Block("1", 0, b"123456789", 5120),
            "/sys/pk1/dev1/thing/file/download_reply",
            (
                b'\x00\x5c{"id":"1","code":200,"data":{"fileToken":"default","fileLength":5120,'
                b'"bSize":9,"bOffset":0}}123456789\x3d\xbb'
            ),
        ),
        (ActivationInfo("1", "a1", "s3cret"), "/ext/register", b'{"deviceSecret":"s3cret"}'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_messages_read_as_in_the_manual(
    message: ServerMessage | Block, topic: str, payload: bytes
) -> None:
    """An answer stands under the id and on the topic of its question."""
    assert _CODEC.encode(_DEVICE, message) == WireMessage(topic, payload, qos=1)


def test_the_code_of_no_task_can_be_set() -> None:
    """No page shows such an answer."""
    wire = AlinkServer(no_task_code=500).encode(_DEVICE, VersionOffer("19"))

    assert wire is not None
    assert wire.payload == b'{"id":"19","code":500,"data":{}}'


def test_a_token_is_told_where_that_registration_is_open() -> None:
    """With the names of its device."""
    server = AlinkServer(registers=AuthType.REGISTER_UNKNOWN)

    assert server.encode(_DEVICE, ActivationInfo("1", "a1", "t")) == WireMessage(
        "/ext/regnwl",
        b'{"clientId":"a1","productKey":"pk1","deviceName":"dev1","deviceToken":"t"}',
    )


@pytest.mark.parametrize(
    "message",
    [
        ReportReply("1", VersionReport),
        ReportReply("1", ProgressReport),
        ReportReply("1", FailureReport),
        VersionAsked("1"),
    ],
)
def test_reports_are_not_answered(message: ReportReply | VersionAsked) -> None:
    """Nor is a version asked for: Alink has no words for it."""
    assert _CODEC.encode(_DEVICE, message) is None


def test_a_broken_query_gets_an_error_reply() -> None:
    """Under its own id, in kind."""
    with pytest.raises(DialectError) as caught:
        _CODEC.decode(_GET, b'{"id":7,"params":[]}')

    assert _CODEC.complain(_GET, caught.value) == WireMessage(
        "/sys/pk1/dev1/thing/ota/firmware/get_reply",
        b'{"id":7,"code":460,"data":{},"message":"params is a list, not an object"}',
    )


def test_a_broken_query_of_the_older_form_gets_a_number_of_its_own() -> None:
    """That topic knows 429, 9112 and 500."""
    reply = _CODEC.complain(_REQUEST, DialectError("broken", code=460, message_id="7"))

    assert reply == WireMessage(_REQUEST, b'{"id":"7","code":500,"data":{},"message":"broken"}')


def test_a_broken_request_for_a_block_gets_a_frame_without_one() -> None:
    """So that its device asks again."""
    reply = _CODEC.complain(_DOWNLOAD, DialectError("broken", code=460, message_id="7"))

    assert reply is not None
    assert reply.topic == "/sys/pk1/dev1/thing/file/download_reply"
    assert read_block(reply.payload) == Block("7", 0, b"", 0, 460)


@pytest.mark.parametrize(
    ("topic", "error"),
    [
        (_INFORM, DialectError("broken", code=460)),
        (_PROGRESS, DialectError("broken", code=460)),
        (topic_of(_DEVICE, Topic.UPGRADE), DialectError("broken", code=460)),
        (_GET, DialectError("broken")),
        ("elsewhere", DialectError("broken", code=460)),
    ],
)
def test_nothing_else_gets_an_error_reply(topic: str, error: DialectError) -> None:
    """Reports have no answers, and an error without a code has nothing to say."""
    assert _CODEC.complain(topic, error) is None


def test_every_question_is_among_what_is_claimed() -> None:
    """What is read is what is listened to."""
    for topic in UPSTREAM:
        with pytest.raises(DialectError) as caught:
            _CODEC.decode(topic_of(_DEVICE, topic), b'{"params":7}')
        assert caught.value.code == 460
