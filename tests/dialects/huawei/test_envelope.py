from __future__ import annotations

import json
from typing import Any

import pytest

from fleet_sim.dialects.huawei import envelope
from fleet_sim.dialects.huawei.payload import read_object
from fleet_sim.dialects.wire import DialectError

_KINDS = {"version_report"}


def _read(body: dict[str, Any]) -> envelope.OtaEvent:
    return envelope.read(read_object(json.dumps(body).encode()), _KINDS)


def _event(**changes: object) -> dict[str, Any]:
    return {"service_id": "$ota", "event_type": "version_report", "paras": {"a": 1}, **changes}


def test_an_event_reads_as_it_was_written() -> None:
    """The device's name, the id and the paras."""
    payload = envelope.write("p_d", "version_report", {"a": 1}, "m1")

    assert payload == (
        b'{"object_device_id":"p_d","services":[{"service_id":"$ota",'
        b'"event_type":"version_report","event_id":"m1","paras":{"a":1}}]}'
    )
    assert _read(json.loads(payload)) == envelope.OtaEvent("p_d", "m1", "version_report", {"a": 1})


def test_an_event_may_name_nobody() -> None:
    """Then it is about the topic's own device."""
    payload = envelope.write("", "version_report", {}, "m1")

    assert b"object_device_id" not in payload
    assert _read(json.loads(payload)).object_name == ""


@pytest.mark.parametrize("time", ["2026-03-01T09:00:00Z", "", 7, None, [1]])
def test_a_malformed_event_time_is_put_up_with(time: object) -> None:
    """The Python SDK sends local time in another form."""
    assert _read({"services": [_event(event_time=time)]}).paras == {"a": 1}


def test_services_of_others_are_passed_over() -> None:
    """`$log`, `$sdk_info` and what else shares the topic, in whatever form."""
    others = [{"service_id": "$log", "event_type": "log_report"}, {"service_id": 7}, {}]

    assert _read({"services": [*others, _event(), *others]}).kind == "version_report"


def test_the_last_of_several_events_counts() -> None:
    """It is the latest thing said."""
    assert _read({"services": [_event(), _event(paras={"a": 2})]}).paras == {"a": 2}


@pytest.mark.parametrize("changes", [{}, {"event_id": ""}, {"event_id": None}])
def test_an_event_may_have_no_id(changes: dict[str, object]) -> None:
    """No page has one, and the Python SDK sends an empty one."""
    assert _read({"services": [_event(**changes)]}).message_id == ""


def test_a_push_without_an_id_has_its_payload_s() -> None:
    """A copy has the same, another push another."""
    one, copy, other = (envelope.digest_of(payload) for payload in (b"{}", b"{}", b"{ }"))

    assert one == copy != other
    assert len(one) == 16


def test_absent_paras_are_empty() -> None:
    """As in a version_query."""
    assert _read({"services": [_event(paras=None)]}).paras == {}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "services is no list"),
        ({"services": {}}, "services is no list"),
        ({"services": [1]}, "no object"),
        ({"services": []}, "none of the services"),
        ({"services": [{"service_id": "$log"}]}, "none of the services"),
        ({"services": [{}] * 257}, "at most 256"),
        ({"services": [_event(event_type="version_query")]}, "no event here"),
        ({"services": [_event(event_type=None)]}, "event_type is missing"),
        ({"services": [_event(event_id=7)]}, "event_id is no string"),
        ({"services": [_event(paras=[])]}, "paras is no object"),
        ({"services": [_event()], "object_device_id": 7}, "object_device_id is no string"),
    ],
)
def test_what_is_no_event_is_refused(body: dict[str, Any], sentence: str) -> None:
    """One sentence says what is wrong."""
    with pytest.raises(DialectError, match=sentence):
        _read(body)


@pytest.mark.parametrize(
    ("services", "found"),
    [
        (
            [{"service_id": "$ota"}, {"service_id": "$log"}, {"service_id": "$ota"}],
            {"$ota", "$log"},
        ),
        ([{"service_id": 7}, {}, "x"], set()),
        ({"service_id": "$ota"}, set()),
        (None, set()),
    ],
)
def test_services_are_named(services: object, found: set[str]) -> None:
    """Each once; what is none is passed over, as whoever reads an event says what is wrong."""
    assert envelope.services_of({"services": services}) == found


def test_every_event_of_a_service_can_be_read() -> None:
    """In order, where none of them makes another void; one that is malformed spoils them all."""
    first, second = _event(event_id="1"), _event(event_id="2")
    services = [first, {"service_id": "$log"}, second]

    found = envelope.read_each({"services": services}, _KINDS, service="$ota")

    assert [one.message_id for one in found] == ["1", "2"]
    with pytest.raises(DialectError, match="event_type is missing"):
        envelope.read_each({"services": [{"service_id": "$ota"}, first]}, _KINDS, service="$ota")


def test_events_of_other_types_are_passed_over_on_request() -> None:
    """Of what is left each is well formed, and it may be nothing."""
    mine, other = _event(event_id="1"), _event(event_type="unheard_of")
    services = [other, mine, _event(event_type=[])]

    found = envelope.read_each({"services": services}, _KINDS, service="$ota", is_strict=False)

    assert [one.message_id for one in found] == ["1"]
    body = {"services": [other]}
    assert not envelope.read_each(body, _KINDS, service="$ota", is_strict=False)
    with pytest.raises(DialectError, match="'unheard_of' is no event here"):
        envelope.read_each(body, _KINDS, service="$ota")
