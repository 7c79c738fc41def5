from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.credentials import Identity
from fleet_sim.dialects.tuyalink.channels import Channels
from fleet_sim.dialects.tuyalink.device import TuyaLinkDevice
from fleet_sim.dialects.tuyalink.names import Names
from fleet_sim.dialects.tuyalink.server import TuyaLinkServer
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationReply,
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
from tests.dialects.keys import Keys
from tests.dialects.tuyalink.strategies import DEVICES, NEAR_WIRES, SERVER_MESSAGES

_DEVICE = DeviceId("prod1", "dev1")
_CODEC = TuyaLinkDevice(names=Names("prod1"), firmware_key="key1")
_MD5 = "5d41402abc4b2a76b9719d911017c592"
_HMAC = "6b71677e5b2b7a05f8628b014a581fbfb9589c004480d6a96dc37ece5aca90de"
_TIME = b'"time":1700000000000'


def test_credentials_are_those_of_the_documented_vector() -> None:
    """Secret `secret`, device `dev1`; byte for byte."""
    credentials = _CODEC.credentials(_DEVICE, "secret", epoch_ms=1_700_000_000_000)

    assert credentials.client_id == "tuyalink_dev1"
    assert credentials.username == (
        "dev1|signMethod=hmacSha256,timestamp=1700000000,secureMode=1,accessType=1"
    )
    assert credentials.password == (
        "b963126f3cb1b16414f1b5854aad7d6d23f9e172c635b52a0b4ddc109569ffc0"
    )
    assert (credentials.keep_alive_s, credentials.clean_session) == (60, True)


@given(device=DEVICES, epoch_ms=st.integers(0, 2**42))
def test_the_platform_knows_every_device_by_its_credentials(
    device: DeviceId, epoch_ms: int
) -> None:
    """Whatever the keys, as long as an id can hold them."""
    made = TuyaLinkDevice().credentials(device, "secret", epoch_ms=epoch_ms)

    found = TuyaLinkServer().identify(
        made.client_id, made.username, made.password.encode(), Keys({device: "secret"})
    )

    assert found == Identity(device)


def test_a_device_subscribes_to_pushes_and_answers() -> None:
    """On a broker that delivers nothing by itself; it activates nowhere."""
    wanted = ("tylink/dev1/ota/issue", "tylink/dev1/ota/get_response")

    assert _CODEC.filters(_DEVICE) == _CODEC.filters(_DEVICE, activates=True) == wanted


@pytest.mark.parametrize(
    ("message", "leaf", "data"),
    [
        (
            VersionReport("a1", "1.0.0"),
            "ota/firmware/report",
            (
                b'{"bizType":"INIT","pid":"prod1","firmwareKey":"key1",'
                b'"otaChannel":[{"channel":0,"version":"1.0.0"}]}'
            ),
        ),
        (
            VersionReport("a1", "2.0.0", "9", after_upgrade=True),
            "ota/firmware/report",
            (
                b'{"bizType":"UPDATE","pid":"prod1","firmwareKey":"key1",'
                b'"otaChannel":[{"channel":9,"version":"2.0.0"}]}'
            ),
        ),
        (
            VersionReport("a1", "1.0.0", beside=(("9", "0.9.0"), ("3", "7"))),
            "ota/firmware/report",
            (
                b'{"bizType":"INIT","pid":"prod1","firmwareKey":"key1",'
                b'"otaChannel":[{"channel":0,"version":"1.0.0"},{"channel":9,"version":"0.9.0"},'
                b'{"channel":3,"version":"7"}]}'
            ),
        ),
        (
            ProgressReport("a1", 35, "a text without a field"),
            "ota/progress/report",
            b'{"channel":0,"progress":35}',
        ),
        (
            FailureReport("a1", FailureCause.DOWNLOAD, "download timeout"),
            "ota/progress/report",
            b'{"channel":0,"errorCode":44,"errorMsg":"download timeout"}',
        ),
        (
            FailureReport("a1", FailureCause.OTHER, "", -50, "3"),
            "ota/progress/report",
            b'{"channel":3,"errorCode":50,"errorMsg":""}',
        ),
        (VersionQuery("a1", "9"), "ota/get", b"{}"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_messages_read_as_in_the_samples(message: DeviceMessage, leaf: str, data: bytes) -> None:
    """The frames of "MQTT Topics", with the fields of "OTA Firmware Updates"."""
    assert _CODEC.encode(_DEVICE, message) == WireMessage(
        f"tylink/dev1/{leaf}", b'{"msgId":"a1",' + _TIME + b',"data":' + data + b"}"
    )


def test_without_a_firmware_key_the_product_stands_for_it() -> None:
    """The platform was seen to match nothing without one."""
    wire = TuyaLinkDevice(time_ms=7).encode(_DEVICE, VersionReport("a1", "1.0.0"))

    assert wire == WireMessage(
        "tylink/prod1.dev1/ota/firmware/report",
        (
            b'{"msgId":"a1","time":7,"data":{"bizType":"INIT","pid":"prod1",'
            b'"firmwareKey":"prod1","otaChannel":[{"channel":0,"version":"1.0.0"}]}}'
        ),
    )


@pytest.mark.parametrize(
    "message", [UpgradeReply("7"), ActivationReply("7"), BlockRequest("7", (1, 1), 0, 1)]
)
def test_some_messages_have_no_words(message: DeviceMessage | BlockRequest) -> None:
    """Nothing is answered, and no file comes in blocks."""
    assert _CODEC.encode(_DEVICE, message) is None


def test_a_module_that_is_no_channel_cannot_be_spoken_of() -> None:
    """Unless it is given a number."""
    report = VersionReport("a1", "1.0", "MCU")

    with pytest.raises(DialectError, match="module 'MCU' is no channel"):
        _CODEC.encode(_DEVICE, report)
    named = TuyaLinkDevice(channels=Channels({"MCU": 9})).encode(_DEVICE, report)
    assert named is not None
    assert b'"channel":9' in named.payload


@pytest.mark.codec
@given(device=DEVICES, message=SERVER_MESSAGES)
def test_what_the_server_says_is_what_the_device_hears(
    device: DeviceId, message: ServerMessage
) -> None:
    """The round-trip law of the downstream, for ids as long as they may be."""
    wire = TuyaLinkServer().encode(device, message)

    assert wire is not None
    assert TuyaLinkDevice().decode(device, wire.topic, wire.payload) == message


def test_a_push_of_the_platform_is_read() -> None:
    """The sample, with the time in seconds."""
    payload = (
        b'{"msgId":"s1","time":1700000000,"data":{"channel":0,"version":"2.0.0",'
        b'"url":"http://h/fw","httpsUrl":"https://h/fw","cdnUrl":"https://c/fw","size":"5",'
        b'"md5":"5d41402abc4b2a76b9719d911017c592",'
        b'"hmac":"6b71677e5b2b7a05f8628b014a581fbfb9589c004480d6a96dc37ece5aca90de",'
        b'"upgradeType":0,"execTime":0}}'
    )

    assert _CODEC.decode(_DEVICE, "tylink/dev1/ota/issue", payload) == UpgradeRequest(
        "s1", FirmwareImage("2.0.0", "http://h/fw", 5, _MD5, "md5", hmac=_HMAC)
    )


@pytest.mark.parametrize("data", [b"", b',"data":{}', b',"data":null'])
def test_an_answer_without_data_is_an_offer_of_nothing(data: bytes) -> None:
    """No page shows one; each of these reads as such."""
    payload = b'{"msgId":"a1","code":0' + data + b"}"

    assert _CODEC.decode(_DEVICE, "tylink/dev1/ota/get_response", payload) == VersionOffer("a1")


@pytest.mark.parametrize(
    ("topic", "payload", "sentence"),
    [
        ("tylink/dev2/ota/issue", b"{}", "no topic of prod1/dev1"),
        ("tylink/dev1/thing", b"{}", "no OTA topic"),
        ("tylink/dev1/ota/get", b"{}", "goes from devices to the platform"),
        ("tylink/dev1/ota/issue", b"", "no JSON"),
        ("tylink/dev1/ota/issue", b'{"msgId":"a1","data":{}}', "one of them is needed"),
        ("tylink/dev1/ota/get_response", b'{"msgId":"a1"}', "code is missing"),
        (
            "tylink/dev1/ota/get_response",
            b'{"msgId":"a1","code":1004}',
            "refused with 1004 there is no such device",
        ),
        ("tylink/dev1/ota/get_response", b'{"msgId":"a1","code":7}', "refused with 7$"),
    ],
)
def test_what_is_no_message_to_this_device_is_refused(
    topic: str, payload: bytes, sentence: str
) -> None:
    """One sentence says what was wrong."""
    with pytest.raises(DialectError, match=sentence):
        _CODEC.decode(_DEVICE, topic, payload)


def test_a_refused_query_names_its_message() -> None:
    """And the platform's code."""
    payload = b'{"msgId":"a1","code":2001}'

    with pytest.raises(DialectError) as caught:
        _CODEC.decode(_DEVICE, "tylink/dev1/ota/get_response", payload)

    assert (caught.value.code, caught.value.message_id) == (2001, "a1")


@pytest.mark.codec
@given(near=NEAR_WIRES)
def test_garbage_raises_nothing_else(near: tuple[str, bytes]) -> None:
    """Near misses, and bytes of any kind, on any topic are a message or a `DialectError`."""
    try:
        _CODEC.decode(_DEVICE, *near)
    except DialectError as error:
        assert str(error)  # noqa: PT017 - most bytes are refused, some may be read
