from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos.gateways import CHILDREN_MAX, REPLY_TEMPLATES, EnosGateways
from fleet_sim.dialects.enos.topics import fill
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    Child,
    ChildClaim,
    ChildRefusal,
    GatewayAction,
    GatewayReply,
    GatewayRequest,
    Proof,
)
from fleet_sim.mqtt.topics import matches
from tests.dialects.enos import gateway_samples as samples
from tests.dialects.enos.strategies import (
    DEVICES,
    GATEWAY_REPLIES,
    GATEWAY_REQUESTS,
    NEAR_GATEWAY_WIRES,
)
from tests.dialects.keys import Keys

_GATEWAY, _CHILD = DeviceId("gw", "g1"), DeviceId("pk1", "dk1")
_CODEC = EnosGateways()
_KEYS = Keys({_CHILD: "devsecret1"})
_COMBINE, _TOPO = "/ext/session/gw/g1/combine/", "/sys/gw/g1/thing/topo/"
_TOPICS = {
    GatewayAction.LOGIN: f"{_COMBINE}login",
    GatewayAction.BATCH_LOGIN: f"{_COMBINE}login/batch",
    GatewayAction.LOGOUT: f"{_COMBINE}logout",
    GatewayAction.ADD: f"{_TOPO}add",
    GatewayAction.REMOVE: f"{_TOPO}delete",
    GatewayAction.LIST: f"{_TOPO}get",
}


def _claim(device: DeviceId, proof: Proof | ChildRefusal = Proof.NONE) -> tuple[ChildClaim, ...]:
    return (ChildClaim(device, proof),)


# --- topics ----------------------------------------------------------------------------------


@pytest.mark.parametrize("action", _TOPICS)
def test_every_request_is_claimed_and_no_reply_is(action: GatewayAction) -> None:
    """Each topic by one filter; its reply goes the other way."""
    topic = _TOPICS[action]

    assert [one for one in _CODEC.claimed if matches(one, topic)] == [
        one for one in _CODEC.claimed if one.endswith(topic.split("g1")[1])
    ]
    assert not any(matches(one, f"{topic}_reply") for one in _CODEC.claimed)
    assert f"{topic}_reply" in {fill(one, _GATEWAY) for one in REPLY_TEMPLATES}


@pytest.mark.parametrize(
    ("topic", "owner"),
    [
        ("/sys/pk1/dk1/ota/device/inform", _CHILD),
        ("/sys/pk1/dk1/#", _CHILD),
        ("/ext/session/pk1/dk1/+", _CHILD),
        ("/sys/+/dk1/#", None),
        ("/sys/pk1/dk1", None),
        ("#", None),
    ],
)
def test_a_topic_belongs_to_one_device_or_to_none(topic: str, owner: DeviceId | None) -> None:
    """A filter that could reach a second device belongs to nobody."""
    assert _CODEC.owner_of(topic) == owner


# --- the platform's end ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "payload", "request_"),
    [
        (
            GatewayAction.LOGIN,
            samples.LOGIN,
            GatewayRequest(
                "123",
                GatewayAction.LOGIN,
                _claim(DeviceId("theSubProductKey", "theSubDeviceKey"), ChildRefusal.UNKNOWN),
            ),
        ),
        (
            GatewayAction.BATCH_LOGIN,
            samples.BATCH,
            GatewayRequest(
                "1",
                GatewayAction.BATCH_LOGIN,
                (
                    ChildClaim(DeviceId("x4jwTsoz", "xGKFwfkEXz"), ChildRefusal.UNKNOWN),
                    ChildClaim(DeviceId("x4jwTsoz", "cS9MdVJwO9"), ChildRefusal.UNKNOWN),
                ),
            ),
        ),
        (
            GatewayAction.LOGOUT,
            samples.LOGOUT,
            GatewayRequest(
                "123", GatewayAction.LOGOUT, _claim(DeviceId("yourProductKey", "yourDeviceKey"))
            ),
        ),
        (
            GatewayAction.ADD,
            samples.ADD,
            GatewayRequest(
                "123",
                GatewayAction.ADD,
                _claim(DeviceId("yourProductKey", "yourDeviceKey"), ChildRefusal.UNKNOWN),
            ),
        ),
        (
            GatewayAction.REMOVE,
            samples.REMOVE,
            GatewayRequest(
                "123", GatewayAction.REMOVE, _claim(DeviceId("1234556554", "deviceKey1234"))
            ),
        ),
        (GatewayAction.LIST, samples.LIST, GatewayRequest("123", GatewayAction.LIST)),
        (
            GatewayAction.LOGIN,
            samples.PYTHON_LOGIN,
            GatewayRequest("3", GatewayAction.LOGIN, _claim(_CHILD, Proof.OWN)),
        ),
        (
            GatewayAction.BATCH_LOGIN,
            samples.PYTHON_BATCH,
            GatewayRequest("4", GatewayAction.BATCH_LOGIN, _claim(_CHILD, Proof.OWN)),
        ),
        (
            GatewayAction.ADD,
            samples.PYTHON_ADD,
            GatewayRequest("5", GatewayAction.ADD, _claim(_CHILD, Proof.OWN)),
        ),
        (
            GatewayAction.REMOVE,
            samples.PYTHON_REMOVE,
            GatewayRequest("6", GatewayAction.REMOVE, _claim(_CHILD)),
        ),
        (GatewayAction.LIST, samples.PYTHON_LIST, GatewayRequest("7", GatewayAction.LIST)),
        (
            GatewayAction.LOGOUT,
            samples.PYTHON_LOGOUT,
            GatewayRequest("8", GatewayAction.LOGOUT, _claim(_CHILD)),
        ),
    ],
)
def test_what_pages_and_sdks_send_is_read(
    action: GatewayAction, payload: bytes, request_: GatewayRequest
) -> None:
    """With the SDK's signatures accepted, and those of the pages' examples worth nothing."""
    assert _CODEC.read(_TOPICS[action], payload, _KEYS) == (_GATEWAY, request_)


@pytest.mark.codec
@given(gateway=DEVICES, request_=GATEWAY_REQUESTS)
def test_what_the_gateway_asks_is_what_the_platform_hears(
    gateway: DeviceId, request_: GatewayRequest
) -> None:
    """The round-trip law of requests, signatures included."""
    secrets = {child.device: f"secret of {child.device}" for child in request_.children}
    own = {one.device for one in request_.children if one.proof is Proof.OWN}
    products = {
        one.device.product_key: "product" for one in request_.children if one.proof is Proof.PRODUCT
    }
    signing = {device: secret if device in own else "product" for device, secret in secrets.items()}

    wire = _CODEC.request(gateway, request_, signing, epoch_ms=1_700_000_000_000)

    keys = Keys({device: secrets[device] for device in own}, products)
    assert _CODEC.read(wire.topic, wire.payload, keys) == (gateway, request_)


def test_a_child_that_is_named_twice_is_meant_once() -> None:
    """A batch cannot fill a gateway with one device."""
    body = json.loads(samples.PYTHON_BATCH)
    body["params"]["subDevices"] *= 3

    found = _CODEC.read(_TOPICS[GatewayAction.BATCH_LOGIN], json.dumps(body).encode(), _KEYS)

    assert found is not None
    assert found[1].children == _claim(_CHILD, Proof.OWN)


@pytest.mark.parametrize(
    "topic",
    [
        "/ext/session/gw/g1/combine/login_reply",
        "/ext/session/gw/g1/combine/enable",
        "/sys/gw/g1/combine/login",
        "/ext/session/gw/g1/thing/topo/add",
        "/ext/session/gw/g1/combine/login/",
        "/sys/gw/g1/ota/device/inform",
        "elsewhere",
    ],
)
def test_other_topics_are_no_gateways_business(topic: str) -> None:
    """Nothing but the exact form."""
    assert _CODEC.read(topic, b"{}", _KEYS) is None


@pytest.mark.parametrize(
    ("action", "payload", "code", "message_id"),
    [
        (GatewayAction.LOGIN, b"", 1251, None),
        (GatewayAction.LOGIN, b"[]", 1220, None),
        (GatewayAction.LOGIN, b'{"id":{}}', 1220, None),
        (GatewayAction.LOGIN, b'{"id":"7"}', 1220, "7"),
        (GatewayAction.LOGIN, b'{"id":"7","params":[]}', 1220, "7"),
        (GatewayAction.LOGIN, b'{"id":"7","params":{"deviceKey":"dk1"}}', 1220, "7"),
        (GatewayAction.BATCH_LOGIN, b'{"id":"7","params":{}}', 1220, "7"),
        (GatewayAction.BATCH_LOGIN, b'{"id":"7","params":{"subDevices":{}}}', 1220, "7"),
        (GatewayAction.BATCH_LOGIN, b'{"id":"7","params":{"subDevices":[1]}}', 1220, "7"),
        (GatewayAction.LOGOUT, b'{"id":"7","params":{}}', 1220, "7"),
        (GatewayAction.ADD, b'{"id":"7","params":{}}', 1220, "7"),
        (GatewayAction.ADD, b'{"id":"7","params":[{}]}', 1220, "7"),
        (GatewayAction.REMOVE, b'{"id":"7","params":["dk1"]}', 1220, "7"),
    ],
)
def test_what_is_wrong_with_a_request_is_told(
    action: GatewayAction, payload: bytes, code: int, message_id: str | None
) -> None:
    """The platform's number, and the id as soon as it could be read."""
    with pytest.raises(DialectError) as caught:
        _CODEC.read(_TOPICS[action], payload, _KEYS)

    assert (caught.value.code, caught.value.message_id) == (code, message_id)


@pytest.mark.codec
@given(near=NEAR_GATEWAY_WIRES)
def test_garbage_raises_nothing_else(near: tuple[str, bytes]) -> None:
    """Near misses, and bytes of any kind, are a message, or an error that can be answered."""
    topic, payload = near
    for read in (
        lambda: _CODEC.read(topic, payload, _KEYS),
        lambda: _CODEC.read_reply(_GATEWAY, topic, payload),
    ):
        try:
            read()
        except DialectError as error:
            _CODEC.complain(topic, error)


@given(topic=st.text(max_size=40))
def test_topics_of_any_kind_are_met_with_calm(topic: str) -> None:
    """They are nobody's."""
    assert _CODEC.read(topic, b"{}", _KEYS) is None
    assert _CODEC.read_reply(_GATEWAY, topic, b"{}") is None
    assert _CODEC.complain(topic, DialectError("x", code=1220)) is None


def test_a_broken_request_gets_an_error_reply() -> None:
    """With its id; a batch has its two empty lists, as the page shows."""
    error = DialectError("params is missing", code=1220, message_id="7")

    assert _CODEC.complain(_TOPICS[GatewayAction.LOGIN], error) == WireMessage(
        f"{_COMBINE}login_reply",
        b'{"id":"7","code":1220,"data":{},"message":"params is missing"}',
    )
    assert _CODEC.complain(_TOPICS[GatewayAction.BATCH_LOGIN], error) == WireMessage(
        f"{_COMBINE}login/batch_reply",
        (
            b'{"id":"7","code":1220,"data":{"loginedSubDevices":[],"failedSubDevices":[]},'
            b'"message":"params is missing"}'
        ),
    )


def test_an_error_without_a_code_is_not_answered() -> None:
    """Nor is one on a topic that asks for nothing."""
    assert _CODEC.complain(_TOPICS[GatewayAction.LOGIN], DialectError("x")) is None
    reply = f"{_COMBINE}login_reply"
    assert _CODEC.complain(reply, DialectError("x", code=1220)) is None


@pytest.mark.parametrize("action", _TOPICS)
def test_an_answer_goes_to_the_reply_topic_of_its_request(action: GatewayAction) -> None:
    """Under the gateway's own keys."""
    wire = _CODEC.write(_GATEWAY, GatewayReply("1", action))

    assert wire.topic == f"{_TOPICS[action]}_reply"


# --- the gateway's end -----------------------------------------------------------------------


@pytest.mark.codec
@given(gateway=DEVICES, reply=GATEWAY_REPLIES)
def test_what_the_platform_answers_is_what_the_gateway_hears(
    gateway: DeviceId, reply: GatewayReply
) -> None:
    """The round-trip law of replies."""
    wire = _CODEC.write(gateway, reply)

    assert _CODEC.read_reply(gateway, wire.topic, wire.payload) == reply


def test_an_answer_to_another_gateway_is_not_taken() -> None:
    """A topic of its own, or nothing."""
    wire = _CODEC.write(_GATEWAY, GatewayReply("1", GatewayAction.LIST))

    assert _CODEC.read_reply(DeviceId("gw", "g2"), wire.topic, wire.payload) is None


def test_a_request_that_is_refused_as_a_whole_is_an_error() -> None:
    """With the platform's code and the id it answers."""
    payload = b'{"id":"5","code":1256,"data":{},"message":"Remove topo failure"}'

    with pytest.raises(DialectError, match="1256") as caught:
        _CODEC.read_reply(_GATEWAY, f"{_TOPO}delete_reply", payload)

    assert (caught.value.code, caught.value.message_id) == (1256, "5")


def test_a_gateway_signs_as_the_sdk_does() -> None:
    """The batch of the Python SDK, but for its own spelling of the time."""
    request = GatewayRequest("4", GatewayAction.BATCH_LOGIN, _claim(_CHILD, Proof.OWN))

    wire = _CODEC.request(_GATEWAY, request, {_CHILD: "devsecret1"}, epoch_ms=1_700_000_000_250)

    ours, theirs = json.loads(wire.payload), json.loads(samples.PYTHON_BATCH)
    assert wire.topic == _TOPICS[GatewayAction.BATCH_LOGIN]
    assert ours["method"] == theirs["method"]
    assert ours["params"].keys() == theirs["params"].keys()
    assert ours["params"]["subDevices"][0].keys() == theirs["params"]["subDevices"][0].keys()


def test_the_limit_is_the_vendors() -> None:
    """So many children on line at a time."""
    assert _CODEC.children_max == CHILDREN_MAX == 200


def test_a_child_hides_its_secret() -> None:
    """Replies end up in messages of tests and tracebacks."""
    assert "5e2f" not in repr(GatewayReply("1", GatewayAction.LOGIN, (Child(_CHILD, "a", "5e2f"),)))


def test_a_topic_for_presence_would_not_pass_for_an_empty_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever gives it one has to say how it is read."""
    topic = "/sys/{device}/thing/topo/get"
    table = {topic: GatewayAction.PRESENCE}
    monkeypatch.setattr("fleet_sim.dialects.enos.gateways._ACTION_OF", table)

    with pytest.raises(AssertionError, match="it has no topic"):
        _CODEC.read(f"{_TOPO}get", b'{"id":"1","params":{}}', _KEYS)


def test_there_is_no_word_for_presence() -> None:
    """Children are logged in and out; every other action has a topic."""
    assert set(GatewayAction) - set(_TOPICS) == {GatewayAction.PRESENCE}
    with pytest.raises(DialectError, match="a gateway has no word here for presence"):
        _CODEC.request(_GATEWAY, GatewayRequest("1", GatewayAction.PRESENCE), {}, epoch_ms=0)
