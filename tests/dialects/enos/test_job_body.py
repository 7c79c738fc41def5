from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given

from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.dialects.enos.job_body import (
    JobBody,
    body_of,
    order_of,
    policy_of,
    retry_fields,
    scope_fields,
    scope_of,
    window_fields,
)
from fleet_sim.dialects.enos.shapes import read_body
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import JobOrder, Names, Retry, Scope, Window
from tests.dialects.enos import samples
from tests.dialects.enos.strategies import ORDERS

_BODY = {
    "type": "upgrade",
    "upgradeScope": {"type": "total"},
    "upgradePolicy": "snapshot",
    "enableUpgradeRequest": False,
}
_DAY_MS = 86_400_000


def _order(contract: ContractProfile = CONTRACT, **changes: Any) -> JobOrder:  # noqa: ANN401 - JSON
    body = read_body(JobBody, json.dumps(_BODY | changes).encode())
    return order_of("f1", body, contract)


def _scope(**selectors: Any) -> Scope:  # noqa: ANN401 - JSON
    return _order(upgradeScope={"type": "partial"} | selectors).scope


@given(order=ORDERS)
def test_an_order_survives_the_wire(order: JobOrder) -> None:
    """Whatever an operator can order, the gate reads as the same order."""
    content = json.dumps(body_of(order, CONTRACT)).encode()

    assert order_of(order.firmware_id, read_body(JobBody, content), CONTRACT) == order


def test_the_sample_of_the_page_is_read() -> None:
    """With its older form of the schedule: 0 to 86399 is the whole day, every day."""
    order = order_of("f1", read_body(JobBody, samples.CREATE_JOB_BODY), CONTRACT)

    assert order == JobOrder(
        "f1",
        "upgrade",
        Scope(versions=("1.0",), total=False, device_keys=("deviceKey1", "deviceKey2")),
        names=Names("ota-job-test"),
        devices_must_ask=True,
        window=Window(0, _DAY_MS - 1, repeat_daily=True),
    )


def test_numbers_may_be_strings_as_in_the_official_samples() -> None:
    """Timeout, interval, count, concurrency and timestamps alike."""
    order = _order(
        upgradeTimeout="600",
        retryPolicy={"enableRetry": "true", "retryInterval": "10", "retryCount": "2"},
        schedulePolicy={
            "isRepeatDaily": "True",
            "startTimestamp": "1700000000000",
            "endTimestamp": "1700010800000",
            "timezoneOffsetInMinutes": "480",
        },
        maximumConcurrency="10",
    )

    assert (order.timeout_s, order.concurrency) == (600, 10)
    assert order.retry == Retry(count=2, interval_s=10)
    assert order.window == Window(1_700_000_000_000, 1_700_010_800_000, True, 480)  # noqa: FBT003


@pytest.mark.parametrize(
    ("selectors", "scope"),
    [
        ({"deviceKeys": ["a", "b"]}, Scope(total=False, device_keys=("a", "b"))),
        (
            {"attributes": {"model": ["m1", 5, True, 1.5], "a": ["x"]}},
            Scope(total=False, attributes=(("a", ("x",)), ("model", ("m1", "5", "true", "1.5")))),
        ),
        ({"tags": {"site": ["north"]}}, Scope(total=False, tags=(("site", ("north",)),))),
        (
            {"assetTrees": [{"treeId": "t", "includedNodes": ["n"]}, {"treeId": "u"}]},
            Scope(total=False, trees=(("t", ("n",)), ("u", ()))),
        ),
        ({"assetTrees": {"treeId": "t"}}, Scope(total=False, trees=(("t", ()),))),
        ({"deviceGroupIds": ["g"]}, Scope(total=False, groups=("g",))),
        ({"assetIds": ["x"], "tags": None}, Scope(total=False, asset_ids=("x",))),
        (
            {"deviceKeys": ["a"], "productKey": "pk1", "versionNumbers": ["1.0"]},
            Scope("pk1", ("1.0",), total=False, device_keys=("a",)),
        ),
    ],
)
def test_every_selector_is_read(selectors: Mapping[str, Any], scope: Scope) -> None:
    """Null stands for absent, a lone tree for a list of one, any attribute value for its text."""
    assert _scope(**selectors) == scope


def test_what_an_order_leaves_open_stays_open() -> None:
    """Defaults are the backend's to fill in."""
    assert _order() == JobOrder("f1", "upgrade", Scope())
    assert _order(retryPolicy={"enableRetry": False, "retryCount": 0}).retry is None
    assert _order(retryPolicy={"retryInterval": 1, "retryCount": 1}).retry is None
    assert _order(upgradePolicy="incremental").open_list


def test_a_verify_job_needs_and_takes_no_policies() -> None:
    """The page lists none for it; whatever stands there is left alone."""
    verify = {"type": "verify", "upgradeScope": {"type": "partial", "assetIds": ["a"]}}
    content = json.dumps(verify | {"retryPolicy": {"enableRetry": True}}).encode()

    order = order_of("f1", read_body(JobBody, content), CONTRACT)

    assert order == JobOrder("f1", "verify", Scope(total=False, asset_ids=("a",)))


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("upgradeTimeout", 300, 172_800), ("maximumConcurrency", 1, 2**31 - 1)],
)
def test_ranges_include_their_ends(name: str, least: int, most: int) -> None:
    """One further is refused."""
    for value in (least, most):
        assert value in dataclasses.astuple(_order(CONTRACT, **{name: value}))
    for value in (least - 1, most + 1):
        with pytest.raises(DialectError, match=name):
            _order(CONTRACT, **{name: value})


@pytest.mark.parametrize(("interval", "count"), [(0, 1), (86_400, 5)])
def test_retry_ranges_include_their_ends(interval: int, count: int) -> None:
    """0 to 86400 seconds, 1 to 5 times."""
    policy = {"enableRetry": True, "retryInterval": interval, "retryCount": count}

    assert _order(retryPolicy=policy).retry == Retry(count, interval)


def test_ranges_are_the_contracts_not_ours() -> None:
    """A scenario may try a short timeout; the sentence tells the range in force."""
    contract = dataclasses.replace(
        CONTRACT, timeout_s_min=10, retry_counts_allowed=(1, 2, 5), window_min_s=None
    )

    assert _order(contract, upgradeTimeout=10).timeout_s == 10
    with pytest.raises(DialectError, match="is 9, outside 10 to 172800"):
        _order(contract, upgradeTimeout=9)
    with pytest.raises(DialectError, match="retryCount: is 3, none of 1, 2, 5"):
        _order(contract, retryPolicy={"enableRetry": True, "retryInterval": 0, "retryCount": 3})
    window = _order(contract, schedulePolicy={"startTimestamp": 0, "endTimestamp": 1}).window
    assert window == Window(0, 1)


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "is_daily", "is_legal"),
    [
        (0, 1_800_000, False, True),
        (0, 1_799_999, False, True),  # to the last millisecond of half an hour
        (0, 1_799_998, False, False),
        (1_800_000, 0, False, False),
        # Only times of day count in a daily window, so it may end before it starts …
        (22 * 3_600_000, 2 * 3_600_000, True, True),
        # … and one that starts where it ends is the whole day.
        (0, 0, True, True),
        (0, _DAY_MS, True, True),
        (0, 3 * _DAY_MS + 60_000, True, False),
    ],
)
def test_a_window_is_at_least_half_an_hour(
    start_ms: int, end_ms: int, is_daily: bool, is_legal: bool
) -> None:
    """The console's limit, for one window and for one of each day."""
    policy = {"isRepeatDaily": is_daily, "startTimestamp": start_ms, "endTimestamp": end_ms}
    if is_legal:
        assert _order(schedulePolicy=policy).window == Window(start_ms, end_ms, is_daily)
    else:
        with pytest.raises(DialectError, match=r"schedulePolicy\.endTimestamp"):
            _order(schedulePolicy=policy)


def test_the_older_schedule_may_run_over_midnight() -> None:
    """From ten in the evening to two in the morning, the last second included."""
    order = _order(startSchedule=79_200, endSchedule=7_200)

    assert order.window == Window(79_200_000, 7_200_999, repeat_daily=True)


def test_a_shown_scope_names_every_selector() -> None:
    """JobInfo carries null for those that are not used."""
    assert scope_fields(Scope(versions=("1.0",))) == {
        "type": "total",
        "versionNumbers": ["1.0"],
        "productKey": None,
        "deviceKeys": None,
        "attributes": None,
        "tags": None,
        "assetTrees": None,
        "deviceGroupIds": None,
        "assetIds": None,
    }


def test_empty_selectors_of_another_server_count_as_none() -> None:
    """A target that shows `[]` where the pages show null is read all the same."""
    content = json.dumps(_BODY | {"upgradeScope": {"type": "total", "deviceKeys": [], "tags": {}}})
    body = read_body(JobBody, content.encode())

    assert scope_of(body.upgrade_scope) == Scope()


def test_policies_are_written_as_the_pages_name_them() -> None:
    """Seconds for retries, milliseconds for windows, the vendor's two words for lists."""
    order = _order(upgradePolicy="incremental")

    assert policy_of(order, CONTRACT) == "incremental"
    assert retry_fields(Retry(2, 10)) == {
        "enableRetry": True,
        "retryInterval": 10,
        "retryCount": 2,
    }
    assert window_fields(Window(1, 2)) == {
        "isRepeatDaily": False,
        "startTimestamp": 1,
        "endTimestamp": 2,
        "timezoneOffsetInMinutes": 0,
    }
    assert (retry_fields(None), window_fields(None)) == (None, None)
