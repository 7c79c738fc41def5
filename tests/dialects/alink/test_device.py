from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.alink.device import AlinkDevice
from fleet_sim.dialects.alink.server import AlinkServer
from fleet_sim.dialects.alink.signature import AuthType
from fleet_sim.dialects.alink.topics import Topic, topic_of
from fleet_sim.dialects.credentials import Identity
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationInfo,
    ActivationReply,
    Block,
    BlockRequest,
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionOffer,
    VersionQuery,
    VersionReport,
)
from tests.dialects.alink.strategies import DEVICES, NEAR_FRAMES, NEAR_WIRES, SERVER_MESSAGES
from tests.dialects.keys import Keys

_DEVICE = DeviceId("pk1", "dev1")
_CODEC = AlinkDevice()
_MD5 = "5d41402abc4b2a76b9719d911017c592"
_URL = "http://127.0.0.1:8080/fw/2.0.0.bin"
_UPGRADE, _GET_REPLY = topic_of(_DEVICE, Topic.UPGRADE), topic_of(_DEVICE, Topic.GET_REPLY)
_REQUEST = topic_of(_DEVICE, Topic.REQUEST)
_DOWNLOAD_REPLY = topic_of(_DEVICE, Topic.DOWNLOAD_REPLY)


def test_credentials_are_those_of_the_page() -> None:
    """TCP and SHA-256, signed over what the client id says."""
    credentials = _CODEC.credentials(_DEVICE, "secret", epoch_ms=789)

    assert credentials.client_id == "pk1.dev1|securemode=3,signmethod=hmacsha256,timestamp=789|"
    assert credentials.username == "dev1&pk1"
    assert credentials.password == (
        "f62983c6ebf76eb8b23d88b31317dc07a79b35a98f39d6e783602c676d361575"
    )
    assert 30 <= credentials.keep_alive_s <= 1200
    assert credentials.clean_session


def test_a_device_without_a_secret_registers() -> None:
    """By its product's."""
    credentials = _CODEC.credentials(_DEVICE, "ps", epoch_ms=789, activates=True)

    assert credentials.client_id == (
        "pk1.dev1|securemode=3,signmethod=hmacsha256,random=789,authType=register|"
    )


def test_a_device_that_nobody_knows_comes_by_its_token() -> None:
    """Once it has one; before that it registers in its own way."""
    codec = AlinkDevice(registers_as=AuthType.REGISTER_UNKNOWN, secure_mode="2")

    first = codec.credentials(_DEVICE, "ps", epoch_ms=789, activates=True)
    later = codec.credentials(_DEVICE, "ToKen", epoch_ms=790)

    assert first.client_id == (
        "pk1.dev1|securemode=2,signmethod=hmacsha256,random=789,authType=regnwl|"
    )
    assert later.client_id == "pk1.dev1|securemode=-2,authType=connwl|"
    assert later.password == "ToKen"


@pytest.mark.parametrize("method", ["hmacmd5", "hmacsha1", "hmacsha256"])
@pytest.mark.parametrize("registers", [AuthType.REGISTER, AuthType.REGISTER_UNKNOWN])
@given(device=DEVICES, epoch_ms=st.integers(0, 2**42))
def test_the_platform_knows_every_device_by_its_credentials(
    method: str, registers: AuthType, device: DeviceId, epoch_ms: int
) -> None:
    """Whatever the keys and the method, with its own secret and with its product's."""
    codec = AlinkDevice(method=method, registers_as=registers)
    server = AlinkServer(registers=registers)
    keys = Keys({device: "own"}, {device.product_key: "ps"})

    for secret, activates in (("own", False), ("ps", True)):
        made = codec.credentials(device, secret, epoch_ms=epoch_ms, activates=activates)
        found = server.identify(made.client_id, made.username, made.password.encode(), keys)
        assert found == Identity(device, activates=activates)


@pytest.mark.parametrize("activates", [False, True])
def test_a_device_subscribes_to_its_push_and_its_replies(activates: bool) -> None:
    """And never to a topic on which everybody's secrets would come."""
    assert _CODEC.filters(_DEVICE, activates=activates) == (
        "/ota/device/upgrade/pk1/dev1",
        "/sys/pk1/dev1/thing/ota/firmware/get_reply",
        "/sys/pk1/dev1/thing/file/download_reply",
    )


@pytest.mark.parametrize(
    ("message", "topic", "payload"),
    [
        (
            VersionReport("17", "1.0.0", "MCU"),
            Topic.INFORM,
            b'{"id":"17","params":{"version":"1.0.0","module":"MCU"}}',
        ),
        (
            VersionReport("17", "1.0.0", after_upgrade=True),
            Topic.INFORM,
            b'{"id":"17","params":{"version":"1.0.0"}}',
        ),
        (
            ProgressReport("18", 35, "downloading", "MCU"),
            Topic.PROGRESS,
            b'{"id":"18","params":{"step":"35","desc":"downloading","module":"MCU"}}',
        ),
        (
            FailureReport("18", FailureCause.VERIFY, "md5 differs"),
            Topic.PROGRESS,
            b'{"id":"18","params":{"step":"-3","desc":"md5 differs"}}',
        ),
        (
            FailureReport("18", FailureCause.OTHER, "", -77),
            Topic.PROGRESS,
            b'{"id":"18","params":{"step":"-77","desc":""}}',
        ),
        (
            VersionQuery("19", "MCU"),
            Topic.GET,
            (
                b'{"id":"19","version":"1.0","params":{"module":"MCU"},'
                b'"method":"thing.ota.firmware.get"}'
            ),
        ),
        (
            VersionQuery("@19"),
            Topic.REQUEST,
            b'{"id":"19","version":"1.0","params":{},"method":"thing.ota.firmware.get"}',
        ),
        (
            BlockRequest("1", (1397345, 1), 0, 5120),
            Topic.DOWNLOAD,
            (
                b'{"id":"1","version":"1.0","params":{"fileToken":"default",'
                b'"fileInfo":{"streamId":1397345,"fileId":1},'
                b'"fileBlock":{"size":5120,"offset":0}}}'
            ),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_messages_read_as_in_the_manual(
    message: DeviceMessage | BlockRequest, topic: Topic, payload: bytes
) -> None:
    """The samples of "OTA updates"; ids and steps are strings."""
    assert _CODEC.encode(_DEVICE, message) == WireMessage(topic_of(_DEVICE, topic), payload, qos=1)


@pytest.mark.parametrize("message", [UpgradeReply("7"), ActivationReply("7")])
def test_pushes_and_secrets_are_not_answered(message: DeviceMessage) -> None:
    """Alink has no words for it."""
    assert _CODEC.encode(_DEVICE, message) is None


@pytest.mark.codec
@given(device=DEVICES, message=SERVER_MESSAGES)
def test_what_the_server_says_is_what_the_device_hears(
    device: DeviceId, message: ServerMessage | Block
) -> None:
    """The round-trip law of the downstream."""
    wire = AlinkServer().encode(device, message)

    assert wire is not None
    assert _CODEC.decode(device, wire.topic, wire.payload) == message


def test_a_push_of_the_platform_is_read() -> None:
    """The page's sample, with a number for its id, and tags."""
    payload = (
        b'{"code":"1000","id":1626969597470,"message":"success","data":{"size":5120,'
        b'"version":"2.0.0","url":"http://127.0.0.1:8080/fw/2.0.0.bin","signMethod":"Md5",'
        b'"sign":"5d41402abc4b2a76b9719d911017c592","md5":"5d41402abc4b2a76b9719d911017c592",'
        b'"module":"MCU","extData":{"key1":"value1","_package_udi":"{\\"note\\":\\"x\\"}"}}}'
    )

    assert _CODEC.decode(_DEVICE, _UPGRADE, payload) == UpgradeRequest(
        "#1626969597470",
        FirmwareImage(
            "2.0.0", _URL, 5120, _MD5, "md5", "MCU", custom='{"note":"x"}',
            tags=(("key1", "value1"),),
        ),
    )  # fmt: skip


def test_a_secret_is_read() -> None:
    """On the one topic that names no device."""
    heard = _CODEC.decode(_DEVICE, "/ext/register", b'{"deviceSecret":"s3cret"}')

    assert heard == ActivationInfo("", "", "s3cret")


@pytest.mark.parametrize(
    ("topic", "query"), [(_GET_REPLY, "19"), (_REQUEST, "@19")], ids=["today", "older"]
)
def test_an_answer_belongs_to_its_query(topic: str, query: str) -> None:
    """On either topic; no task is an offer of nothing."""
    heard = _CODEC.decode(_DEVICE, topic, b'{"id":"19","code":200,"data":{}}')

    assert heard == VersionOffer(query)


def test_a_device_does_not_take_its_own_request_for_an_answer() -> None:
    """The older topic carries both, and who subscribes to it hears itself."""
    own = _CODEC.encode(_DEVICE, VersionQuery("@19"))
    assert own is not None

    with pytest.raises(DialectError, match="goes from devices to the platform"):
        _CODEC.decode(_DEVICE, own.topic, own.payload)


def test_a_refused_query_names_its_message() -> None:
    """And the platform's code."""
    with pytest.raises(DialectError, match="refused with 429") as caught:
        _CODEC.decode(_DEVICE, _GET_REPLY, b'{"id":"19","code":429,"data":{}}')

    assert (caught.value.code, caught.value.message_id) == (429, "19")


@pytest.mark.parametrize(
    ("topic", "payload", "sentence"),
    [
        ("/ota/device/upgrade/pk1/dev2", b"{}", "no topic of pk1/dev1"),
        ("/sys/pk1/dev1/thing/service", b"{}", "no OTA topic"),
        (topic_of(_DEVICE, Topic.INFORM), b"{}", "goes from devices to the platform"),
        (_UPGRADE, b"", "no JSON"),
        (_UPGRADE, b'{"id":"1"}', "data is missing"),
        (_UPGRADE, b'{"id":"1","data":{}}', "signMethod is missing"),
        (_UPGRADE, b'{"id":true,"data":{}}', "id is a boolean"),
        (_UPGRADE, b" " * (256 * 1024 + 1), "at most 262144"),
        (_GET_REPLY, b'{"id":"1"}', "code is missing"),
        (_GET_REPLY, b'{"id":"1","code":200,"data":[7]}', "data is a list"),
        (topic_of(_DEVICE, Topic.DOWNLOAD_REPLY), b"", "too few"),
        ("/ext/register", b"{}", "deviceSecret is missing"),
    ],
)
def test_what_is_no_message_to_this_device_is_refused(
    topic: str, payload: bytes, sentence: str
) -> None:
    """One sentence says what was wrong."""
    with pytest.raises(DialectError, match=sentence):
        _CODEC.decode(_DEVICE, topic, payload)


@pytest.mark.codec
@given(near=NEAR_WIRES | st.tuples(st.just(_DOWNLOAD_REPLY), NEAR_FRAMES))
def test_garbage_raises_nothing_else(near: tuple[str, bytes]) -> None:
    """Near misses, and bytes of any kind, on any topic are a message or a `DialectError`."""
    try:
        _CODEC.decode(_DEVICE, *near)
    except DialectError as error:
        assert str(error)  # noqa: PT017 - most bytes are refused, some may be read
