from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.operations import (
    policy_fields,
    read_policy,
    read_scope,
    read_wanted,
    target_fields,
    write_wanted,
)
from fleet_sim.dialects.huawei.talk import ApiError
from fleet_sim.dialects.huawei.times import stamp
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import JobOrder, Names, Retry, Scope, Window
from tests.dialects.huawei.shelf import NOW
from tests.dialects.huawei.strategies import ORDERS

_DEVICES = {"devices": ["p1_d1", "p1_d_2"]}
_GROUPS = {"deviceGroups": ["g"], "deviceType": "T", "model": "p1", "manufacturerName": "M"}
_GOOD = {"fileId": "f", "targets": _DEVICES}
_MINUTE = 60_000

_ALL = Scope("p1")


def _custom(start: object = stamp(NOW), end: object = stamp(NOW + 5 * _MINUTE)) -> dict[str, Any]:
    return {"executeType": "custom", "startTime": start, "endTime": end}


def _read(**changes: object) -> Any:  # noqa: ANN401 - what was read
    return read_wanted(json.dumps({**_GOOD, **changes}).encode(), CONTRACT, NOW)


def test_the_manuals_body_is_read() -> None:
    """A window, and three retries."""
    found = _read(
        targets={"devices": ["p1_d1", "p1_d1"]},
        policy={**_custom(), "retryType": True, "retryTimes": 3},
    )

    assert found.order == JobOrder(
        "f",
        "upgrade",
        Scope("p1", total=False, device_keys=("d1",)),
        retry=Retry(3, 0),
        window=Window(NOW, NOW + 5 * _MINUTE),
    )
    assert found.traits == ()


@pytest.mark.parametrize(
    ("policy", "waits"),
    [(None, False), ({}, False), ({"executeType": "now"}, False),
     ({"executeType": "device_online", "retryType": False, "retryTimes": 9}, True)],
)  # fmt: skip
def test_a_policy_may_say_little(policy: object, waits: bool) -> None:
    """Now, without a retry, unless it says otherwise."""
    order = _read(policy=policy).order

    assert (order.waits_for_connect, order.retry, order.window) == (waits, None, None)


def test_groups_are_named_with_what_they_are_of() -> None:
    """One that is named as the model is the whole product."""
    groups, everybody = _read(targets=_GROUPS), _read(targets={**_GROUPS, "deviceGroups": ["p1"]})

    assert groups.order.scope == Scope("p1", total=False, groups=("g",))
    assert groups.traits == (("deviceType", "T"), ("manufacturerName", "M"))
    assert everybody.order.scope == Scope("p1")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fileId": None}, "120015"),
        ({"fileId": ""}, "120015"),
        ({"fileId": "f" * 257}, "120015"),
        ({"fileId": 7}, "120015"),
        ({"targets": None}, "123022"),
        ({"targets": {}}, "123022"),
        ({"targets": {"devices": [], "deviceGroups": []}}, "123022"),
        ({"targets": []}, "120015"),
        ({"targets": {**_GROUPS, **_DEVICES}}, "123023"),
        ({"targets": {"devices": [f"p_{n}" for n in range(257)]}}, "123024"),
        ({"targets": {**_GROUPS, "deviceGroups": [str(n) for n in range(257)]}}, "123024"),
        ({"targets": {"devices": "p1_d1"}}, "120015"),
        ({"targets": {"devices": [7]}}, "120015"),
        ({"targets": {"devices": [""]}}, "120015"),
        ({"targets": {"devices": ["p1"]}}, "120015"),
        ({"targets": {"devices": ["p1_d", "p2_d"]}}, "123016"),
        ({"targets": {**_GROUPS, "deviceType": None}}, "123020"),
        ({"targets": {**_GROUPS, "model": None}}, "123021"),
        ({"targets": {**_GROUPS, "manufacturerName": ""}}, "123019"),
        ({"targets": {**_GROUPS, "deviceType": "x" * 257}}, "120015"),
        ({"policy": []}, "120015"),
        ({"policy": {"retryType": False}}, "123025"),
        ({"policy": {"executeType": None, "retryType": False}}, "123025"),
        ({"policy": {"executeType": "later"}}, "123025"),
        ({"policy": {"executeType": ["now"]}}, "123025"),
        ({"policy": {"executeType": "custom"}}, "123026"),
        ({"policy": _custom(end=None)}, "123026"),
        ({"policy": _custom(start="2026-03-01T01:00:00Z")}, "123026"),
        ({"policy": _custom(start=7)}, "123026"),
        ({"policy": _custom(end=stamp(NOW - 1000))}, "123032"),
        ({"policy": _custom(start=stamp(NOW - 1000))}, "123033"),
        ({"policy": _custom(end=stamp(NOW + 5 * _MINUTE - 1000))}, "123034"),
        ({"policy": {"executeType": "now", "retryType": "true"}}, "120015"),
        ({"policy": {"executeType": "now", "retryType": True}}, "123028"),
        ({"policy": {"executeType": "now", "retryType": True, "retryTimes": 0}}, "123028"),
        ({"policy": {"executeType": "now", "retryType": True, "retryTimes": 6}}, "123028"),
        ({"policy": {"executeType": "now", "retryType": True, "retryTimes": "3"}}, "123028"),
        ({"policy": {"executeType": "now", "retryType": True, "retryTimes": True}}, "123028"),
    ],
)
def test_a_wrong_parameter_gets_its_documented_number(changes: dict[str, Any], code: str) -> None:
    """One at least for each row of the table."""
    with pytest.raises(ApiError) as caught:
        _read(**changes)

    assert caught.value.why.code == code


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff"])
def test_a_body_that_is_no_object_is_a_bad_request(body: bytes) -> None:
    """Whatever else it is."""
    with pytest.raises(ApiError) as caught:
        read_wanted(body, CONTRACT, NOW)

    assert caught.value.why.code == "120015"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["devices", "deviceGroups", "model", "executeType", "retryType"]), inner
        )
    ),
    max_leaves=6,
)


@given(body=st.dictionaries(st.sampled_from(["fileId", "targets", "policy"]), _JSON))
def test_near_misses_raise_nothing_else(body: dict[str, object]) -> None:
    """They are read or refused."""
    try:
        read_wanted(json.dumps(body).encode(), CONTRACT, NOW)
    except ApiError as error:
        assert str(error)  # noqa: PT017 - nearly all are refused


@pytest.mark.codec
@given(order=ORDERS)
def test_what_the_operator_asks_is_what_the_gate_reads(order: JobOrder) -> None:
    """The round-trip law; and an operation shows the same again."""
    body = json.dumps(write_wanted(order, "p1", NOW)).encode()

    assert read_wanted(body, CONTRACT, NOW).order == order
    assert read_scope(target_fields(order.scope, "p1")) == order.scope
    assert read_policy(policy_fields(order)) == (order.retry, order.window, False)


def test_of_a_window_that_has_begun_the_rest_is_asked_for() -> None:
    """From the next whole second on, for a beginning in the past is refused."""
    order = JobOrder("f", "upgrade", Scope("p1"), window=Window(NOW - 5_000, NOW + 900_000))

    fields = policy_fields(order, not_before_ms=NOW + 1)

    assert fields["startTime"] == stamp(NOW + 1_000)
    assert fields["endTime"] == stamp(NOW + 900_000)


def test_the_shortest_window_stays_as_long_whenever_it_begins() -> None:
    """Both of its ends go to the next whole second."""
    window = Window(NOW + 1, NOW + 1 + 5 * _MINUTE)

    fields = policy_fields(JobOrder("f", "upgrade", Scope("p1"), window=window))

    assert fields["startTime"] == stamp(NOW + 1_000)
    assert fields["endTime"] == stamp(NOW + 1_000 + 5 * _MINUTE)


def test_a_job_may_wait_for_devices_to_connect() -> None:
    """Both ways."""
    order = JobOrder("f", "upgrade", Scope("p1"), waits_for_connect=True)

    assert read_policy(policy_fields(order)) == (None, None, True)


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (JobOrder("f", "verify", _ALL), "to verify"),
        (JobOrder("f", "upgrade", _ALL, open_list=True), "later devices join"),
        (JobOrder("f", "upgrade", _ALL, skips_present=True), "later devices join"),
        (JobOrder("f", "upgrade", Scope("p1", millipercent=100)), "no share"),
        (JobOrder("f", "upgrade", Scope("p1", ("1",))), "no source versions"),
        (JobOrder("f", "upgrade", _ALL, needs_confirmation=True), "consent"),
        (JobOrder("f", "upgrade", _ALL, devices_must_ask=True), "have to ask"),
        (JobOrder("f", "upgrade", _ALL, pushes_a_minute=9), "no rate"),
        (JobOrder("f", "upgrade", _ALL, overwrites=True), "overwrite"),
        (JobOrder("f", "upgrade", _ALL, by_blocks=True), "over MQTT"),
        (JobOrder("f", "upgrade", _ALL, window=Window(0, 1, repeat_daily=True)), "repeats"),
        (JobOrder("f", "upgrade", _ALL, window=Window(0, 1), waits_for_connect=True), "that waits"),
        (JobOrder("f", "upgrade", _ALL, tags=(("a", "b"),)), "no tags"),
    ],
)
def test_what_would_be_another_job_is_refused(order: JobOrder, why: str) -> None:
    """In one sentence, before anything is sent."""
    with pytest.raises(DialectError, match=f"OceanConnect .*{why}"):
        write_wanted(order, "p1", NOW)


def test_what_changes_no_devices_stays_unsaid() -> None:
    """A plan is told of it before it runs; the kind of a package is the path's to say."""
    bare = JobOrder("f", "upgrade", _ALL)
    full = replace(
        bare, names=Names("n"), timeout_s=60, concurrency=5, tags=(("operateType", "x"),)
    )

    assert write_wanted(full, "p1", NOW) == write_wanted(bare, "p1", NOW)


def test_devices_by_their_attributes_cannot_be_asked_for() -> None:
    """There are devices and groups."""
    scope = Scope("p1", total=False, tags=(("site", ("north",)),))

    with pytest.raises(DialectError, match="devices and groups"):
        write_wanted(replace(JobOrder("f", "upgrade", scope)), "p1", NOW)


@pytest.mark.parametrize("targets", [{}, {"devices": []}, {"devices": [7]}, {"devices": ["x"]},
                                     {"deviceGroups": [7]}])  # fmt: skip
def test_malformed_targets_of_an_operation_are_refused(targets: dict[str, Any]) -> None:
    """By the one who reads them."""
    with pytest.raises(DialectError):
        read_scope(targets)
