from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.credentials import Identity
from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.enos.server import EnosServer
from fleet_sim.dialects.enos.signature import Claim, client_id_of, sign, username_of
from fleet_sim.dialects.enos.topics import Leaf, topic_of
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    Block,
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ReportReply,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionAsked,
    VersionOffer,
    VersionQuery,
    VersionReport,
)
from tests.dialects.enos import samples
from tests.dialects.enos.strategies import DEVICE_MESSAGES, DEVICES, NEAR_WIRES
from tests.dialects.keys import Keys

_DEVICE = DeviceId("pk1", "dk1")
_CODEC = EnosServer()
_IMAGE = FirmwareImage("2.0", "http://b.example/2.0.bin", 43, "9e107d9d37", "md5")
_INFORM, _PROGRESS = topic_of(_DEVICE, Leaf.INFORM), topic_of(_DEVICE, Leaf.PROGRESS)
_GOOD = EnosDevice().credentials(_DEVICE, "devsecret1", epoch_ms=1_700_000_000_000)


_FRESH = DeviceId("pk1", "dyn1")
_ACTIVATING = EnosDevice().credentials(
    _FRESH, "prodsecret1", epoch_ms=1_700_000_000_000, activates=True
)
_KEYS = Keys({_DEVICE: "devsecret1"}, {"pk1": "prodsecret1"})


def _identify(
    client_id: str = _GOOD.client_id,
    username: str = _GOOD.username,
    password: bytes | None = _GOOD.password.encode(),
    keys: Keys = _KEYS,
) -> Identity | int:
    return _CODEC.identify(client_id, username, password, keys)


def _activate(keys: Keys = _KEYS, client_id: str = _ACTIVATING.client_id) -> Identity | int:
    return _identify(client_id, _ACTIVATING.username, _ACTIVATING.password.encode(), keys)


# --- connecting ------------------------------------------------------------------------------


def test_a_signed_connect_tells_who_it_is() -> None:
    """The identity comes from the username, whatever the client id."""
    assert _identify() == Identity(_DEVICE)


@pytest.mark.parametrize(
    ("method", "password"),
    [
        ("sha256", "B77E44259AA3FDB80C6C62EE2AE5667A7B4C7F3FCF6B2F80229CEE0BE9BD547C"),
        ("hmacsha256", "b77e44259aa3fdb80c6c62ee2ae5667a7b4c7f3fcf6b2f80229cee0be9bd547c"),
        ("sha1", "F2AB2F9DECDCFE93EC4A39C4C5F51E71DD185498"),
        ("hmacsha1", "f2ab2f9decdcfe93ec4a39c4c5f51e71dd185498"),
        ("SHA1", "f2ab2f9decdcfe93ec4a39c4c5f51e71dd185498"),
    ],
)
def test_every_documented_signature_is_accepted(method: str, password: str) -> None:
    """The computed vectors under each alias, in either case of hex."""
    client_id = f"dk1|securemode=2, signmethod={method}, timestamp=1700000000000|"

    assert _identify(client_id, password=password.encode()) == Identity(_DEVICE)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"username": "dk2&pk1"}, 5),
        ({"username": "dk1&pk2"}, 5),
        ({"username": "dk1"}, 4),
        ({"username": ""}, 4),
        ({"client_id": "dk1"}, 4),
        ({"client_id": _GOOD.client_id.replace("1700", "1701")}, 4),
        ({"client_id": _GOOD.client_id.replace("dk1", "dk2")}, 4),
        ({"client_id": _GOOD.client_id.replace("securemode=2", "securemode=3")}, 4),
        ({"client_id": _GOOD.client_id.replace("securemode=2", "securemode=4")}, 4),
        ({"client_id": _GOOD.client_id.replace("sha256", "sha1")}, 4),
        ({"password": None}, 4),
        ({"password": b""}, 4),
        ({"password": b"\xff" * 64}, 4),
        ({"password": b"0" * 64}, 4),
    ],
    ids=str,
)
def test_a_connect_that_is_not_signed_right_is_refused(change: dict[str, Any], code: int) -> None:
    """4 for credentials, 5 for a device that the platform does not know."""
    assert _identify(**change) == code


@pytest.mark.parametrize("device_key", ["+", "#", "a/b"])
def test_a_key_that_is_a_wildcard_is_nobodys(device_key: str) -> None:
    """Even a store that holds such a device does not let it in."""
    made = EnosDevice().credentials(DeviceId("pk1", device_key), "s", epoch_ms=0)

    device = DeviceId("pk1", device_key)
    keys = Keys({device: "s"}, {"pk1": "s"})
    activating = EnosDevice().credentials(device, "s", epoch_ms=0, activates=True)

    for one in (made, activating):
        assert _CODEC.identify(one.client_id, one.username, one.password.encode(), keys) == 5


def test_a_stranger_is_let_in_by_its_products_secret() -> None:
    """To be given one of its own."""
    assert _activate() == Identity(_FRESH, activates=True)


def test_a_device_that_is_known_may_activate_again() -> None:
    """It has lost its secret, or its SDK repeats what it said once."""
    assert _activate(Keys({_FRESH: "own"}, {"pk1": "prodsecret1"})) == Identity(
        _FRESH, activates=True
    )


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (Keys(), 5),
        (Keys({_FRESH: "own"}), 5),
        (Keys(products={"pk2": "prodsecret1"}), 5),
        (Keys(products={"pk1": ""}), 5),
        (Keys(products={"pk1": "another"}), 4),
    ],
    ids=str,
)
def test_a_product_that_gives_no_secrets_lets_nobody_in(keys: Keys, code: int) -> None:
    """5 where dynamic activation is not allowed, 4 where the signature is not the product's."""
    assert _activate(keys) == code


def test_neither_secret_stands_for_the_other() -> None:
    """The mode says which is meant."""
    as_static = _ACTIVATING.client_id.replace("securemode=3", "securemode=2")

    assert _activate(Keys({_FRESH: "own"}, {"pk1": "prodsecret1"}), as_static) == 4
    assert _activate(Keys({_FRESH: "prodsecret1"}), _ACTIVATING.client_id) == 5


def test_a_channel_is_refused() -> None:
    """Securemode 4 speaks for no device, even where its secret is right."""
    channel = DeviceId("pk1", "%channel%")
    claim = Claim("pk1", "4", "sha256", "1")
    password = sign(channel, claim, "prodsecret1").encode()
    keys = Keys({channel: "prodsecret1"}, {"pk1": "prodsecret1"})

    for known in (keys, _KEYS):
        code = _identify(client_id_of(claim), username_of(channel), password, known)
        assert code in {4, 5}


@pytest.mark.parametrize("who", [_identify, _activate])
def test_a_gateways_child_may_not_connect_by_itself(who: Callable[..., Identity | int]) -> None:
    """771 in the tables, 5 in a CONNACK; whichever secret it signs with."""
    keys = Keys(
        {_DEVICE: "devsecret1"},
        {"pk1": "prodsecret1"},
        {_DEVICE: DeviceId("pk1", "g"), _FRESH: DeviceId("pk1", "g")},
    )

    assert who(keys=keys) == 5


# --- authority -------------------------------------------------------------------------------


def test_the_platform_takes_in_what_devices_may_say() -> None:
    """A filter for each upstream message."""
    assert _CODEC.claimed == (
        "/sys/+/+/ota/device/inform",
        "/sys/+/+/ota/device/progress",
        "/sys/+/+/ota/device/getversion",
        "/sys/+/+/ota/device/upgrade_reply",
        "/ext/session/+/+/thing/activate/info_reply",
    )


def test_a_push_and_all_replies_come_without_a_subscribe() -> None:
    """The SDKs never subscribe to the push, nor again to replies after a reconnect."""
    assert _CODEC.implicit(_DEVICE) == EnosDevice().filters(_DEVICE)


def test_nothing_is_queued_for_who_is_away() -> None:
    """The platform pushes again from what it knows, with the QoS that the SDKs take."""
    assert not _CODEC.keeps_sessions
    assert _CODEC.qos_max == 1


@pytest.mark.parametrize("leaf", ["inform", "progress", "getversion", "upgrade_reply"])
def test_a_device_may_say_what_devices_say(leaf: str) -> None:
    """The upstream topics of its own."""
    assert _CODEC.may_publish(_DEVICE, f"/sys/pk1/dk1/ota/device/{leaf}")


@pytest.mark.parametrize(
    "topic",
    [
        "/sys/pk1/dk2/ota/device/inform",
        "/sys/pk2/dk1/ota/device/inform",
        "/sys/pk1/dk1/ota/device/upgrade",
        "/sys/pk1/dk1/ota/device/inform_reply",
        "/sys/pk1/dk1/ota/device/inform/x",
        "/ext/session/pk1/dk1/thing/activate/info",
        "/ext/session/pk1/dk1/combine/login_reply",
        "/ext/session/pk1/dk1/combine/login/batch_reply",
        "/ext/session/pk1/dk2/combine/login",
        "/sys/pk1/dk1/thing/topo/get_reply",
        "$SYS/broker",
        "elsewhere",
    ],
)
def test_a_device_may_not_speak_for_others_or_for_the_platform(topic: str) -> None:
    """Its own push topic is closed too: it could send itself an upgrade."""
    assert not _CODEC.may_publish(_DEVICE, topic)


def test_other_topics_of_its_own_are_open() -> None:
    """Measure points have nothing to do with OTA and are the device's business."""
    assert _CODEC.may_publish(_DEVICE, "/sys/pk1/dk1/thing/measurepoint/post")
    assert _CODEC.may_publish(_DEVICE, "/ext/session/pk1/dk1/combine/enable_reply")
    assert _CODEC.may_publish(_DEVICE, "/ext/session/pk1/dk1/combine/login")


def test_a_device_may_listen_to_its_own_topics_only() -> None:
    """With wildcards below its keys, and never above."""
    assert _CODEC.may_subscribe(_DEVICE, "/sys/pk1/dk1/ota/device/+")
    assert _CODEC.may_subscribe(_DEVICE, "/sys/pk1/dk1/#")
    assert not _CODEC.may_subscribe(_DEVICE, "/sys/pk1/+/ota/device/upgrade")
    assert not _CODEC.may_subscribe(_DEVICE, "#")


# --- messages --------------------------------------------------------------------------------


@pytest.mark.codec
@given(device=DEVICES, message=DEVICE_MESSAGES)
def test_what_the_device_says_is_what_the_server_hears(
    device: DeviceId, message: DeviceMessage
) -> None:
    """The round-trip law of the upstream."""
    wire = EnosDevice().encode(device, message)

    assert _CODEC.decode(wire.topic, wire.payload) == (device, message)


@pytest.mark.parametrize(
    ("leaf", "payload", "message"),
    [
        (Leaf.INFORM, samples.PYTHON_INFORM, VersionReport("1", "1.10")),
        (Leaf.INFORM, samples.JAVA_INFORM, VersionReport("1", "1.0")),
        (Leaf.PROGRESS, samples.PYTHON_PROGRESS, ProgressReport("3", 35)),
        (Leaf.GETVERSION, samples.PYTHON_GETVERSION, VersionQuery("2")),
        (
            Leaf.UPGRADE_REPLY,
            samples.PYTHON_NO_HANDLER,
            UpgradeReply("77", 1101, "downstream command handler not registered"),
        ),
        (Leaf.PROGRESS, b'{"params":{"step":35}}', ProgressReport("", 35)),
        (Leaf.PROGRESS, b'{"id":5,"params":{"step":"-0","desc":null}}', ProgressReport("5", 0)),
        (
            Leaf.PROGRESS,
            b'{"id":"1","params":{"step":"-2","desc":"reset"}}',
            FailureReport("1", FailureCause.DOWNLOAD, "reset", -2),
        ),
        (
            Leaf.PROGRESS,
            b'{"id":"1","params":{"step":"-5","desc":""}}',
            FailureReport("1", FailureCause.DECLINED, "", -5),
        ),
        (
            Leaf.PROGRESS,
            b'{"id":"1","params":{"step":"-900"}}',
            FailureReport("1", FailureCause.OTHER, "", -900),
        ),
        (Leaf.GETVERSION, b'{"id":"2"}', VersionQuery("2")),
    ],
)
def test_what_the_sdks_send_is_read(leaf: Leaf, payload: bytes, message: DeviceMessage) -> None:
    """By topic alone: their methods differ from the pages, their numbers from the tables."""
    assert _CODEC.decode(topic_of(_DEVICE, leaf), payload) == (_DEVICE, message)


@pytest.mark.parametrize(
    ("topic", "payload", "code", "message_id"),
    [
        (_INFORM, b"", 1251, None),
        (_INFORM, b"{", 1220, None),
        (_INFORM, b'{"id":[],"params":{"version":"1"}}', 1220, None),
        (_INFORM, b'{"id":"7"}', 1220, "7"),
        (_INFORM, b'{"id":"7","params":{}}', 1220, "7"),
        (_INFORM, b'{"id":"7","params":{"version":""}}', 1220, "7"),
        (_INFORM, b'{"id":"7","params":{"version":true}}', 1220, "7"),
        (_PROGRESS, b'{"id":"7","params":{"step":"101","desc":""}}', 1220, "7"),
        (_PROGRESS, b'{"id":"7","params":{"step":"115","desc":""}}', 1220, "7"),
        (_PROGRESS, b'{"id":"7","params":{"step":"abc","desc":""}}', 1220, "7"),
        (_PROGRESS, b'{"id":"7","params":{"step":null,"desc":""}}', 1220, "7"),
        (_PROGRESS, b'{"id":"7","params":{"step":1e9,"desc":""}}', 1220, "7"),
        (_PROGRESS, b'{"id":"7","params":{"step":33.3,"desc":""}}', 1220, "7"),
        (_PROGRESS, b'{"id":"7","params":{"step":"5","desc":5}}', 1220, "7"),
        (_PROGRESS, b'{"id":"7","params":{"step":"5","desc":"\\ud800"}}', 1220, "7"),
        (topic_of(_DEVICE, Leaf.UPGRADE_REPLY), b'{"id":"7"}', 1220, "7"),
        ("/sys/pk1/dk1/ota/device/nothing", b"{}", None, None),
        (topic_of(_DEVICE, Leaf.UPGRADE), b'{"id":"7"}', None, "7"),
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
        _CODEC.complain(topic, error)
    else:
        assert device == _DEVICE


@given(topic=st.text(max_size=40))
def test_topics_of_any_kind_raise_nothing_else(topic: str) -> None:
    """A topic that is none of ours is a `DialectError` and gets no answer."""
    with pytest.raises(DialectError) as caught:
        _CODEC.decode(topic, b"{}")

    assert _CODEC.complain(topic, caught.value) is None


@pytest.mark.parametrize(
    ("message", "leaf", "payload"),
    [
        (
            UpgradeRequest("77", _IMAGE),
            "upgrade",
            (
                b'{"id":"77","version":"1.0","method":"ota.device.upgrade","params":{"version":"2.0",'
                b'"sign":"9e107d9d37","signMethod":"md5","fileUrl":"http://b.example/2.0.bin",'
                b'"fileSize":43}}'
            ),
        ),
        (ReportReply("1", VersionReport), "inform_reply", b'{"id":"1","code":200,"data":{}}'),
        (ReportReply("3", ProgressReport), "progress_reply", b'{"id":"3","code":200,"data":{}}'),
        (ReportReply("4", FailureReport), "progress_reply", b'{"id":"4","code":200,"data":{}}'),
        (
            VersionOffer("2", (_IMAGE,)),
            "getversion_reply",
            (
                b'{"id":"2","code":200,"data":[{"version":"2.0","sign":"9e107d9d37",'
                b'"signMethod":"md5","fileUrl":"http://b.example/2.0.bin","fileSize":43}]}'
            ),
        ),
        (VersionOffer("2"), "getversion_reply", b'{"id":"2","code":200,"data":[]}'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_messages_read_as_in_the_manual(message: ServerMessage, leaf: str, payload: bytes) -> None:
    """The samples of "Developing OTA Capabilities on Devices"; ids are strings."""
    assert _CODEC.encode(_DEVICE, message) == WireMessage(
        f"/sys/pk1/dk1/ota/device/{leaf}", payload, qos=1
    )


def test_a_broken_request_gets_an_error_reply() -> None:
    """On the request's own reply topic, with the vendor's code and the id it had."""
    error = DialectError("step is missing", code=1220, message_id="7")

    reply = _CODEC.complain(_PROGRESS, error)

    assert reply == WireMessage(
        "/sys/pk1/dk1/ota/device/progress_reply",
        b'{"id":"7","code":1220,"data":{},"message":"step is missing"}',
    )


def test_an_error_reply_always_has_an_id_of_text() -> None:
    """The Python SDK's decoder fails on anything but a string."""
    reply = _CODEC.complain(_INFORM, DialectError("the payload is empty", code=1251))

    assert reply is not None
    assert json.loads(reply.payload)["id"] == ""


@pytest.mark.parametrize(
    ("topic", "error"),
    [
        (topic_of(_DEVICE, Leaf.UPGRADE_REPLY), DialectError("broken", code=1220)),
        (topic_of(_DEVICE, Leaf.UPGRADE), DialectError("broken", code=1220)),
        (_INFORM, DialectError("broken")),
        ("elsewhere", DialectError("broken", code=1220)),
    ],
)
def test_nothing_else_gets_an_error_reply(topic: str, error: DialectError) -> None:
    """A reply asks for none, and an error without a code has nothing to say."""
    assert _CODEC.complain(topic, error) is None


@pytest.mark.parametrize("message", [VersionAsked("1"), Block("1", 0, b"x", 1)])
def test_what_enos_never_says_is_refused(message: ServerMessage) -> None:
    """Neither does it ask what runs nor hand over blocks."""
    with pytest.raises(DialectError, match=f"EnOS has no words for {type(message).__name__}"):
        _CODEC.encode(_DEVICE, message)
