from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.huawei.children import read_status, write_status
from fleet_sim.dialects.huawei.names import up_topic
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from tests.dialects.huawei.strategies import DEVICES, NEAR_WIRES

_GATEWAY = DeviceId("p1", "g1")


def test_a_status_reads_as_in_the_sdk() -> None:
    """`sub_device_update_status` of `$sub_device_manager`, on the gateway's topic."""
    wire = write_status(_GATEWAY, {DeviceId("p1", "d1"): True, DeviceId("p1", "d2"): False}, "m")

    assert wire == WireMessage(
        "$oc/devices/p1_g1/sys/events/up",
        b'{"object_device_id":"p1_g1","services":[{"service_id":"$sub_device_manager",'
        b'"event_type":"sub_device_update_status","event_id":"m","paras":{"device_statuses":'
        b'[{"device_id":"p1_d1","status":"ONLINE"},{"device_id":"p1_d2","status":"OFFLINE"}]}}]}',
    )


@pytest.mark.codec
@given(gateway=DEVICES, children=st.dictionaries(DEVICES, st.booleans(), max_size=4))
def test_a_status_comes_back(gateway: DeviceId, children: Mapping[DeviceId, bool]) -> None:
    """The round-trip law."""
    wire = write_status(gateway, children, "m")

    assert read_status(wire.topic, wire.payload) == (gateway, children)


def _status(*statuses: object) -> bytes:
    event = {
        "service_id": "$sub_device_manager",
        "event_type": "sub_device_update_status",
        "paras": {"device_statuses": list(statuses)},
    }
    return json.dumps({"services": [event]}).encode()


def test_the_later_status_of_a_child_counts() -> None:
    """It may be named twice."""
    payload = _status(
        {"device_id": "p1_d1", "status": "ONLINE"}, {"device_id": "p1_d1", "status": "OFFLINE"}
    )

    assert read_status(up_topic(_GATEWAY), payload)[1] == {DeviceId("p1", "d1"): False}


@pytest.mark.parametrize(
    "status",
    [7, {}, {"device_id": "p1_d1"}, {"device_id": "p1", "status": "ONLINE"},
     {"device_id": "p1_d1", "status": "online"}, {"device_id": 7, "status": "ONLINE"}],
)  # fmt: skip
def test_a_malformed_status_is_refused(status: object) -> None:
    """Words and ids are exact."""
    with pytest.raises(DialectError):
        read_status(up_topic(_GATEWAY), _status(status))


def test_a_message_without_statuses_is_refused() -> None:
    """It says nothing of any child."""
    with pytest.raises(DialectError, match="none of the services"):
        read_status(up_topic(_GATEWAY), b'{"services":[]}')


@pytest.mark.codec
@given(near=NEAR_WIRES)
def test_garbage_raises_nothing_else(near: tuple[str, bytes]) -> None:
    """Anything is a status or a `DialectError`."""
    try:
        assert read_status(*near)[0] == DeviceId("p1", "d1")
    except DialectError as error:
        assert str(error)  # noqa: PT017 - nearly all are refused
