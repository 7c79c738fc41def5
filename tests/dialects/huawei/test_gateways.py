from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.huawei.gateways import CHILDREN_MAX, STATUSES_MAX, HuaweiGateways
from fleet_sim.dialects.huawei.names import UP_FILTER, down_topic, up_topic
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
from tests.dialects.huawei.strategies import DEVICES, NEAR_WIRES, TEXTS
from tests.dialects.keys import Keys

_CODEC = HuaweiGateways()
_GATEWAY, _CHILD, _SIBLING = (DeviceId("p1", name) for name in ("g1", "d1", "d2"))
_PRESENCE = GatewayAction.PRESENCE
_KEYS = Keys(
    {DeviceId("p1", "own"): "s"},
    gateways={_CHILD: _GATEWAY, _SIBLING: _GATEWAY, DeviceId("p1", "far"): DeviceId("p1", "g2")},
)


def _request(gateway: DeviceId, statuses: Mapping[DeviceId, bool]) -> WireMessage:
    claims = tuple(ChildClaim(child, is_online=is_on) for child, is_on in statuses.items())
    return _CODEC.request(gateway, GatewayRequest("m", _PRESENCE, claims), {}, epoch_ms=0)


def _event(paras: object, **fields: object) -> dict[str, object]:
    plain = {"service_id": "$sub_device_manager", "event_type": "sub_device_update_status"}
    return {**plain, "paras": paras, **fields}


def _status(*statuses: object, **fields: object) -> bytes:
    return json.dumps({"services": [_event({"device_statuses": statuses}, **fields)]}).encode()


def _read(payload: bytes) -> GatewayRequest:
    found = _CODEC.read(up_topic(_GATEWAY), payload, _KEYS)
    assert found is not None
    assert found[0] == _GATEWAY
    return found[1]


# --- statuses --------------------------------------------------------------------------------


def test_a_status_reads_as_in_the_sdk() -> None:
    """`sub_device_update_status` of `$sub_device_manager`, on the gateway's topic."""
    assert _request(_GATEWAY, {_CHILD: True, _SIBLING: False}) == WireMessage(
        "$oc/devices/p1_g1/sys/events/up",
        b'{"object_device_id":"p1_g1","services":[{"service_id":"$sub_device_manager",'
        b'"event_type":"sub_device_update_status","event_id":"m","paras":{"device_statuses":'
        b'[{"device_id":"p1_d1","status":"ONLINE"},{"device_id":"p1_d2","status":"OFFLINE"}]}}]}',
    )


@pytest.mark.codec
@given(gateway=DEVICES, children=st.dictionaries(DEVICES, st.booleans(), max_size=4))
def test_a_status_comes_back(gateway: DeviceId, children: Mapping[DeviceId, bool]) -> None:
    """The round-trip law."""
    wire = _request(gateway, children)
    keys = Keys(gateways=dict.fromkeys(children, gateway))
    claims = tuple(ChildClaim(child, is_online=is_on) for child, is_on in children.items())

    found = _CODEC.read(wire.topic, wire.payload, keys)

    assert found == (gateway, GatewayRequest("m", _PRESENCE, claims))


def test_a_gateway_speaks_for_its_own_children_alone() -> None:
    """Another's, one that connects by itself, the gateway itself and a stranger are told apart."""
    names = ("p1_d1", "p1_far", "p1_own", "p1_g1", "p1_nobody")

    request = _read(_status(*({"device_id": name, "status": "ONLINE"} for name in names)))

    assert [claim.proof for claim in request.children] == [
        Proof.NONE, ChildRefusal.ELSEWHERE, ChildRefusal.ELSEWHERE, ChildRefusal.UNKNOWN,
        ChildRefusal.UNKNOWN,
    ]  # fmt: skip


def test_the_later_status_of_a_child_counts() -> None:
    """It may be named twice."""
    payload = _status(
        {"device_id": "p1_d1", "status": "ONLINE"}, {"device_id": "p1_d1", "status": "OFFLINE"}
    )

    assert _read(payload).children == (ChildClaim(_CHILD, is_online=False),)


def test_several_events_of_statuses_are_one_request() -> None:
    """None of them is lost; the last one's id is answered."""
    events = [
        _event({"device_statuses": [{"device_id": name, "status": word}]}, event_id=event_id)
        for name, word, event_id in (("p1_d1", "ONLINE", "1"), ("p1_d2", "OFFLINE", "2"))
    ]

    request = _read(json.dumps({"services": events}).encode())

    assert request == GatewayRequest(
        "2", _PRESENCE, (ChildClaim(_CHILD), ChildClaim(_SIBLING, is_online=False))
    )


def test_a_request_without_an_id_is_given_one() -> None:
    """As the platform does; the same bytes have the same."""
    payload = _status({"device_id": "p1_d1", "status": "ONLINE"})

    assert _read(payload).message_id
    assert _read(payload) == _read(payload)


@pytest.mark.parametrize(
    "status",
    [7, {}, {"device_id": "p1_d1"}, {"device_id": "p1", "status": "ONLINE"},
     {"device_id": "p1_d1", "status": "online"}, {"device_id": 7, "status": "ONLINE"}],
)  # fmt: skip
def test_a_malformed_status_is_refused(status: object) -> None:
    """Words and ids are exact."""
    with pytest.raises(DialectError):
        _read(_status(status))


def test_a_hundred_statuses_fit_into_a_message() -> None:
    """The page's limit."""
    statuses = [{"device_id": f"p1_d{number}", "status": "ONLINE"} for number in range(101)]

    assert len(_read(_status(*statuses[:STATUSES_MAX])).children) == 100
    with pytest.raises(DialectError, match="device_statuses is no list of at most 100 objects"):
        _read(_status(*statuses))


def test_the_limit_of_statuses_holds_for_the_events_of_a_message_together() -> None:
    """Their answer is one list, which a gateway has to be able to read; a child counts once."""

    def twice(first: range, second: range) -> bytes:
        statuses = [
            [{"device_id": f"p1_d{number}", "status": "ONLINE"} for number in numbers]
            for numbers in (first, second)
        ]
        events = [_event({"device_statuses": one}) for one in statuses]
        return json.dumps({"services": events}).encode()

    for second in (range(51, 100), range(100)):
        children = _read(twice(range(51), second)).children
        assert len(children) == STATUSES_MAX
        refused = tuple((claim.device, ChildRefusal.ELSEWHERE) for claim in children)
        reply = GatewayReply("m", _PRESENCE, refused=refused)
        wire = _CODEC.write(_GATEWAY, reply)
        assert _CODEC.read_reply(_GATEWAY, wire.topic, wire.payload) == reply
    told = "the device_statuses of 2 events name 102 children; a message may name 100"
    with pytest.raises(DialectError, match=told):
        _read(twice(range(51), range(51, 102)))


# --- whose part a message is -------------------------------------------------------------------


@pytest.mark.parametrize(
    "services",
    [[], [{"service_id": "$ota", "event_type": "version_report", "paras": {}}],
     [{"service_id": "$log"}], [{"service_id": 7}], ["$sub_device_manager"], None],
)  # fmt: skip
def test_other_messages_are_left_alone(services: object) -> None:
    """They travel on the same topic, and are for the codec of devices."""
    payload = json.dumps({"services": services, "about": "$sub_device_manager"}).encode()

    assert _CODEC.read(up_topic(_GATEWAY), payload, _KEYS) is None


def test_a_message_may_say_more() -> None:
    """A version beside a status, in either order."""
    status = _event({"device_statuses": [{"device_id": "p1_d1", "status": "ONLINE"}]})
    report = {"service_id": "$ota", "event_type": "version_report", "paras": {"fw_version": "v1"}}

    for services in ([status, report], [report, status]):
        request = _read(json.dumps({"services": services}).encode())
        assert request.says_more
        assert request.children == (ChildClaim(_CHILD),)


def test_a_name_with_an_escape_in_it_is_known() -> None:
    """JSON allows both spellings."""
    payload = _status({"device_id": "p1_d1", "status": "ONLINE"})
    escaped = payload.replace(b"$sub", b"\\u0024sub")

    assert _read(escaped).children == _read(payload).children


def test_another_event_of_the_service_is_refused() -> None:
    """Children are registered by their owner here, not by their gateway."""
    with pytest.raises(DialectError, match="'add_sub_device_request' is no event here"):
        _read(_status(event_type="add_sub_device_request"))


def test_beside_a_report_another_event_of_the_service_is_passed_over() -> None:
    """Nothing of gateways is left to see to, or the status alone; either way the report counts."""
    other = _event({"devices": []}, event_type="add_sub_device_request")
    nameless = {"service_id": "$sub_device_manager", "event_type": []}
    report = {"service_id": "$ota", "event_type": "version_report", "paras": {"fw_version": "v1"}}
    status = _event({"device_statuses": [{"device_id": "p1_d1", "status": "ONLINE"}]})
    for event in (other, nameless):
        alone = json.dumps({"services": [event, report]}).encode()
        assert _CODEC.read(up_topic(_GATEWAY), alone, _KEYS) is None

    request = _read(json.dumps({"services": [status, report, other]}).encode())

    assert (request.children, request.says_more) == ((ChildClaim(_CHILD),), True)


def test_gateways_share_their_topics_with_themselves_alone() -> None:
    """Every device's upward topic may bring a status; nobody's else is used for a child."""
    assert _CODEC.claimed == (UP_FILTER,)
    assert _CODEC.children_max == CHILDREN_MAX
    assert _CODEC.owner_of(up_topic(_CHILD)) == _CHILD
    assert _CODEC.owner_of(down_topic(_CHILD)) is None
    assert _CODEC.owner_of("$oc/devices/#") is None


# --- the answer --------------------------------------------------------------------------------


def test_an_answer_reads_as_in_the_page() -> None:
    """`sub_device_update_status_response`; who is refused is told why."""
    reply = GatewayReply(
        "m",
        _PRESENCE,
        (Child(_CHILD), Child(_SIBLING, is_online=False)),
        ((DeviceId("p1", "far"), ChildRefusal.ELSEWHERE),),
    )

    wire = _CODEC.write(_GATEWAY, reply)

    assert (wire.topic, wire.qos) == ("$oc/devices/p1_g1/sys/events/down", 0)
    assert json.loads(wire.payload) == {
        "object_device_id": "p1_g1",
        "services": [{
            "service_id": "$sub_device_manager",
            "event_type": "sub_device_update_status_response",
            "event_id": "m",
            "paras": {
                "successful_devices": [
                    {"device_id": "p1_d1", "status": "ONLINE"},
                    {"device_id": "p1_d2", "status": "OFFLINE"},
                ],
                "failed_devices": [{
                    "device_id": "p1_far",
                    "error_code": "IOTDA.900422",
                    "error_msg": "The device is no child of this gateway.",
                }],
            },
        }],
    }  # fmt: skip


_REFUSALS = [ChildRefusal.UNKNOWN, ChildRefusal.ELSEWHERE, ChildRefusal.TOO_MANY]


@pytest.mark.codec
@given(
    gateway=DEVICES,
    message_id=TEXTS,
    done=st.dictionaries(DEVICES, st.booleans(), max_size=4),
    refused=st.lists(st.tuples(DEVICES, st.sampled_from(_REFUSALS)), max_size=4),
)
def test_an_answer_comes_back(
    gateway: DeviceId,
    message_id: str,
    done: Mapping[DeviceId, bool],
    refused: list[tuple[DeviceId, ChildRefusal]],
) -> None:
    """The round-trip law of the other direction."""
    children = tuple(Child(child, is_online=is_on) for child, is_on in done.items())
    reply = GatewayReply(message_id, _PRESENCE, children, tuple(refused))

    wire = _CODEC.write(gateway, reply)

    assert _CODEC.read_reply(gateway, wire.topic, wire.payload) == reply


def test_what_is_no_answer_is_none() -> None:
    """Another device's topic, and the platform's other events."""
    wire = _CODEC.write(_GATEWAY, GatewayReply("m", _PRESENCE))
    question = b'{"services":[{"service_id":"$ota","event_type":"version_query","paras":{}}]}'

    assert _CODEC.read_reply(_CHILD, wire.topic, wire.payload) is None
    assert _CODEC.read_reply(_GATEWAY, wire.topic, question) is None
    assert _CODEC.complain(wire.topic, DialectError("no")) is None


def test_there_is_no_word_for_a_login() -> None:
    """Children are on line or not; nobody signs for them."""
    request = GatewayRequest("m", GatewayAction.LOGIN, (ChildClaim(_CHILD),))

    with pytest.raises(DialectError, match="a gateway has no word here for login"):
        _CODEC.request(_GATEWAY, request, {}, epoch_ms=0)


@pytest.mark.codec
@given(near=NEAR_WIRES)
def test_garbage_raises_nothing_else(near: tuple[str, bytes]) -> None:
    """Anything is a status, something else, or a `DialectError`; likewise an answer."""
    topic, payload = near
    try:
        found = _CODEC.read(topic, payload, _KEYS)
        assert found is None or found[0] == DeviceId("p1", "d1")
    except DialectError as error:
        assert str(error)  # noqa: PT017 - nearly all are refused
    try:
        _CODEC.read_reply(DeviceId("p1", "d1"), topic, payload)
    except DialectError as error:
        assert str(error)  # noqa: PT017 - the same
