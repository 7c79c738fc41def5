from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.credentials import Identity
from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.enos.server import EnosServer
from fleet_sim.dialects.enos.topics import Leaf, topic_of
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    BlockRequest,
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ReportReply,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionOffer,
    VersionQuery,
    VersionReport,
)
from tests.dialects.enos.strategies import DEVICES, NEAR_WIRES, SERVER_MESSAGES
from tests.dialects.keys import Keys

_DEVICE = DeviceId("pk1", "dk1")
_CODEC = EnosDevice()
_IMAGE = FirmwareImage("2.0", "http://b.example/2.0.bin", 43, "9e107d9d37", "md5")
_UPGRADE = topic_of(_DEVICE, Leaf.UPGRADE)
_GETVERSION_REPLY = topic_of(_DEVICE, Leaf.GETVERSION_REPLY)


def test_credentials_are_those_of_the_computed_vector() -> None:
    """Securemode 2, SHA-256, both keys as client id; byte for byte."""
    credentials = _CODEC.credentials(_DEVICE, "devsecret1", epoch_ms=1_700_000_000_000)

    assert (
        credentials.client_id == "dk1.pk1|securemode=2,signmethod=sha256,timestamp=1700000000000|"
    )
    assert credentials.username == "dk1&pk1"
    assert credentials.password == (
        "f4642f03abf93441d2ccd98dabee2a75829ff653d426dc07aea90e99b779be0a"
    )
    assert (credentials.keep_alive_s, credentials.clean_session) == (60, True)


@given(device=DEVICES, epoch_ms=st.integers(0, 2**42))
def test_the_platform_knows_every_device_by_its_credentials(
    device: DeviceId, epoch_ms: int
) -> None:
    """Whatever the keys, bars and ampersands included."""
    made = _CODEC.credentials(device, "secret", epoch_ms=epoch_ms)

    found = EnosServer().identify(
        made.client_id, made.username, made.password.encode(), Keys({device: "secret"})
    )

    assert found == Identity(device)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (DeviceId("pk1", "dk1"), DeviceId("pk2", "dk1")),
        (DeviceId("pk1", "d|k"), DeviceId("pk1", "d-k")),
        (DeviceId("pk1", "k" * 80 + "1"), DeviceId("pk1", "k" * 80 + "2")),
        (DeviceId("c", "a.b"), DeviceId("b.c", "a")),
        (DeviceId("pk", "k" * 61), DeviceId("pk", "k" * 62)),
    ],
)
def test_no_two_devices_share_a_client_id(one: DeviceId, other: DeviceId) -> None:
    """On a broker that is not the vendor's, the second would throw the first out."""
    ids = [
        _CODEC.credentials(device, "secret", epoch_ms=0).client_id.partition("|")[0]
        for device in (one, other)
    ]

    assert ids[0] != ids[1]
    assert max(map(len, ids)) <= 64


def test_a_device_that_activates_signs_with_its_products_secret() -> None:
    """Securemode 3; the computed vector."""
    credentials = _CODEC.credentials(
        DeviceId("pk1", "dyn1"), "prodsecret1", epoch_ms=1_700_000_000_000, activates=True
    )

    assert credentials.client_id == (
        "dyn1.pk1|securemode=3,signmethod=sha256,timestamp=1700000000000|"
    )
    assert credentials.password == (
        "5bdea4a7299dc40c6f5da992982db9bec1ea9c0c1d955bfd98ca684f1d3bede3"
    )


def test_a_device_that_activates_subscribes_to_its_secret() -> None:
    """As the page wants it; nobody else does."""
    assert _CODEC.filters(_DEVICE, activates=True) == (
        *_CODEC.filters(_DEVICE),
        "/ext/session/pk1/dk1/thing/activate/info",
    )


def test_a_device_subscribes_to_its_push_and_its_replies() -> None:
    """On a broker that delivers nothing by itself; no wildcard, no foreign topic."""
    assert _CODEC.filters(_DEVICE) == (
        "/sys/pk1/dk1/ota/device/upgrade",
        "/sys/pk1/dk1/ota/device/inform_reply",
        "/sys/pk1/dk1/ota/device/progress_reply",
        "/sys/pk1/dk1/ota/device/getversion_reply",
    )


@pytest.mark.parametrize(
    ("message", "leaf", "payload"),
    [
        (
            VersionReport("1", "1.0"),
            "inform",
            b'{"id":"1","version":"1.0","method":"ota.device.inform","params":{"version":"1.0"}}',
        ),
        (
            ProgressReport("3", 35, "downloading"),
            "progress",
            (
                b'{"id":"3","version":"1.0","method":"ota.device.progress",'
                b'"params":{"step":"35","desc":"downloading"}}'
            ),
        ),
        (
            FailureReport("4", FailureCause.VERIFY, "md5 differs"),
            "progress",
            (
                b'{"id":"4","version":"1.0","method":"ota.device.progress",'
                b'"params":{"step":"-3","desc":"md5 differs"}}'
            ),
        ),
        (
            FailureReport("5", FailureCause.OTHER, "", -77),
            "progress",
            (
                b'{"id":"5","version":"1.0","method":"ota.device.progress",'
                b'"params":{"step":"-77","desc":""}}'
            ),
        ),
        (
            VersionQuery("2"),
            "getversion",
            b'{"id":"2","version":"1.0","method":"ota.device.getversion","params":{}}',
        ),
        (UpgradeReply("77"), "upgrade_reply", b'{"id":"77","code":200,"data":{}}'),
        (
            UpgradeReply("77", 500, "busy"),
            "upgrade_reply",
            b'{"id":"77","code":500,"data":{},"message":"busy"}',
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_messages_read_as_in_the_manual(message: DeviceMessage, leaf: str, payload: bytes) -> None:
    """The samples of "Developing OTA Capabilities on Devices"; `step` is a string."""
    assert _CODEC.encode(_DEVICE, message) == WireMessage(
        f"/sys/pk1/dk1/ota/device/{leaf}", payload, qos=1
    )


@pytest.mark.codec
@given(device=DEVICES, message=SERVER_MESSAGES)
def test_what_the_server_says_is_what_the_device_hears(
    device: DeviceId, message: ServerMessage
) -> None:
    """The round-trip law of the downstream."""
    wire = EnosServer().encode(device, message)

    assert _CODEC.decode(device, wire.topic, wire.payload) == message


def test_a_push_of_the_platform_is_read() -> None:
    """The shape of the manual's sample, keys in another order and one unknown."""
    payload = (
        b'{"params":{"fileSize":43,"fileUrl":"http://b.example/2.0.bin","signMethod":"md5",'
        b'"sign":"9e107d9d37","version":"2.0","module":"main"},"id":"77","version":"1.0"}'
    )

    assert _CODEC.decode(_DEVICE, _UPGRADE, payload) == UpgradeRequest("77", _IMAGE)


@pytest.mark.parametrize("data", ["[]", "{}", '""', "null"])
def test_an_offer_of_nothing_takes_many_forms(data: str) -> None:
    """The SDKs put up with each."""
    payload = f'{{"id":"2","code":200,"data":{data}}}'.encode()

    assert _CODEC.decode(_DEVICE, _GETVERSION_REPLY, payload) == VersionOffer("2")


def test_an_offer_without_data_is_empty() -> None:
    """The key may be absent as well."""
    assert _CODEC.decode(_DEVICE, _GETVERSION_REPLY, b'{"id":"2","code":200}') == VersionOffer("2")


def test_a_refused_getversion_is_an_error_with_the_platforms_code() -> None:
    """There is no offer to hand on."""
    with pytest.raises(DialectError, match="refused with 1009 no permission") as caught:
        _CODEC.decode(
            _DEVICE, _GETVERSION_REPLY, b'{"id":"2","code":1009,"message":"no permission"}'
        )

    assert (caught.value.code, caught.value.message_id) == (1009, "2")


def test_a_refused_report_is_a_reply_with_its_code() -> None:
    """A failure report is answered on the progress topic and reads as one for progress."""
    topic = topic_of(_DEVICE, Leaf.PROGRESS_REPLY)

    reply = _CODEC.decode(_DEVICE, topic, b'{"id":"9","code":"1220","message":"broken"}')

    assert reply == ReportReply("9", ProgressReport, 1220, "broken")


@pytest.mark.parametrize(
    ("topic", "payload", "sentence"),
    [
        ("/sys/pk1/dk2/ota/device/upgrade", b"{}", "no topic of pk1/dk1"),
        ("/sys/pk1/dk1/thing/service", b"{}", "no OTA topic"),
        (topic_of(_DEVICE, Leaf.INFORM), b"{}", "goes from devices to the platform"),
        (_UPGRADE, b"", "empty"),
        (_UPGRADE, b'{"id":"1"}', "params is missing"),
        (_UPGRADE, b'{"id":"1","params":{}}', "signMethod is missing"),
        (topic_of(_DEVICE, Leaf.INFORM_REPLY), b'{"id":"1"}', "code is missing"),
        (_GETVERSION_REPLY, b'{"code":200,"data":{"version":"2.0"}}', "no list of objects"),
        (_GETVERSION_REPLY, b'{"code":200,"data":[7]}', "no list of objects"),
    ],
)
def test_what_is_no_message_to_this_device_is_refused(
    topic: str, payload: bytes, sentence: str
) -> None:
    """One sentence says what was wrong."""
    with pytest.raises(DialectError, match=sentence):
        _CODEC.decode(_DEVICE, topic, payload)


@pytest.mark.codec
@given(near=NEAR_WIRES)
def test_garbage_raises_nothing_else(near: tuple[str, bytes]) -> None:
    """Near misses, and bytes of any kind, on any topic are a message or a `DialectError`."""
    try:
        _CODEC.decode(_DEVICE, *near)
    except DialectError as error:
        assert str(error)  # noqa: PT017 - most bytes are refused, some may be read


def test_a_block_is_asked_for_elsewhere() -> None:
    """EnOS has no download over MQTT."""
    with pytest.raises(DialectError, match="EnOS has no download over MQTT"):
        _CODEC.encode(_DEVICE, BlockRequest("1", (7, 1), 0, 256))
