from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.talk import ApiError
from fleet_sim.dialects.huawei.times import stamp
from fleet_sim.dialects.huawei.v5_tasks import (
    detail_fields,
    progress_fields,
    read_order,
    task_fields,
)
from fleet_sim.model.northbound import (
    JobOrder,
    JobRow,
    JobStatus,
    Names,
    Retry,
    Scope,
    TaskRow,
    TaskStatus,
    Window,
)
from tests.dialects.huawei.platform import Platform
from tests.dialects.huawei.scene import BATCHES, task_body
from tests.dialects.huawei.shelf import NOW
from tests.dialects.huawei.strategies import KINDS

_DAY_MS = 86_400_000


def _read(**changes: object) -> JobOrder:
    body = task_body("f", "p1_d1") | changes
    return read_order(json.dumps(body).encode(), CONTRACT, NOW)


def test_a_full_body_is_read() -> None:
    """Minutes become seconds; what has no neutral word is a tag."""
    order = _read(
        app_id="app",
        task_mode="GATEWAY",
        need_confirm=True,
        task_ext_info={"a": 1},
        targets=["p1_d1", "p1_d_2", "p1_d1"],
        task_policy={"schedule_time": stamp(NOW + 60_000), "retry_count": 5, "retry_interval": 10},
    )

    assert order.scope == Scope("p1", total=False, device_keys=("d1", "d_2"))
    assert order.names == Names("t")
    assert order.needs_confirmation
    assert order.retry == Retry(5, 600)
    assert order.window is not None
    assert order.window.start_epoch_ms == NOW + 60_000
    assert order.tags == (
        ("app_id", "app"), ("operateType", "firmware_upgrade"), ("task_ext_info", '{"a":1}'),
        ("task_mode", "GATEWAY"),
    )  # fmt: skip
    assert order.gateway_extra == '{"a":1}'


@pytest.mark.parametrize(
    ("fields", "extra"),
    [({}, None), ({"task_ext_info": {"a": 1}}, None), ({"task_mode": "GATEWAY"}, "")],
)
def test_gateways_are_told_of_a_task_of_their_mode_alone(
    fields: dict[str, object], extra: str | None
) -> None:
    """With its operator's object, or without one."""
    assert _read(**fields).gateway_extra == extra


def test_targets_go_before_their_filter() -> None:
    """Groups count where there are none."""
    groups = {"group_ids": ["g1", "g2"]}

    assert _read(targets_filter=groups).scope.device_keys == ("d1",)
    assert _read(targets=[], targets_filter=groups).scope == Scope(total=False, groups=("g1", "g2"))


@pytest.mark.parametrize(
    "document", [{"package_ids": ["f"]}, {"package_id": "f"}, {"package_id": ["f"]}]
)
def test_the_package_is_named_in_two_ways(document: dict[str, object]) -> None:
    """A query page's text has another key."""
    assert _read(document=document).firmware_id == "f"


@pytest.mark.parametrize(
    "changes",
    [
        {"task_name": None},
        {"task_name": ""},
        {"task_name": "n" * 129},
        {"task_name": "task 1"},
        {"task_name": "task-1"},
        {"task_type": None},
        {"task_type": "moduleUpgrade"},
        {"task_type": "firmware_upgrade"},
        {"task_mode": "CHILD"},
        {"app_id": "a" * 37},
        {"app_id": "a.b"},
        {"need_confirm": "true"},
        {"task_ext_info": {"a": "x" * 512}},
        {"task_ext_info": []},
        {"targets": None},
        {"targets": []},
        {"targets": "p1_d1"},
        {"targets": ["d1"]},
        {"targets": ["p1_d1", "p2_d1"]},
        {"targets": ["p1_d.1"]},
        {"targets": ["p1_" + "d" * 126]},
        {"targets": ["p1_d"] * 30_001},
        {"targets": None, "targets_filter": {"group_ids": "g"}},
        {"document": None},
        {"document": {"package_ids": []}},
        {"document": {"package_ids": [str(number) for number in range(11)]}},
        {"document": {"package_ids": ["a", "b"]}},
        {"document": {"package_ids": ["p" * 37]}},
        {"task_policy": []},
        {"task_policy": {"retry_count": 1}},
        {"task_policy": {"retry_interval": 1}},
        {"task_policy": {"retry_count": 6, "retry_interval": 1}},
        {"task_policy": {"retry_count": -1, "retry_interval": 1}},
        {"task_policy": {"retry_count": 1, "retry_interval": 1_441}},
        {"task_policy": {"retry_count": "1", "retry_interval": 1}},
        {"task_policy": {"schedule_time": "tomorrow"}},
        {"task_policy": {"schedule_time": stamp(NOW - 1_000)}},
        {"task_policy": {"schedule_time": stamp(NOW + 7 * _DAY_MS + 1_000)}},
    ],
)
def test_a_parameter_outside_its_range_is_refused(changes: dict[str, Any]) -> None:
    """With 400 and what was wrong."""
    with pytest.raises(ApiError, match=r"Invalid input\. .+") as caught:
        _read(**changes)

    assert caught.value.why.status == 400


def test_the_ends_of_the_ranges_are_within_them() -> None:
    """Now, and seven days on; names as long as they may be."""
    assert _read(task_name="固件_升级1").names == Names("固件_升级1")
    assert _read(task_name="n" * 128, app_id="a" * 36, targets=["p1_" + "d" * 125]).tags
    for schedule_ms in (NOW, NOW + 7 * _DAY_MS):
        assert _read(task_policy={"schedule_time": stamp(schedule_ms)}).window is not None
    assert _read(task_policy={"retry_count": 1, "retry_interval": 1_440}).retry == Retry(1, 86_400)
    assert _read(task_policy={"retry_count": 0, "retry_interval": 0}).retry is None


def test_the_range_of_retries_is_the_contracts() -> None:
    """A scenario's change counts, and the sentence says it; 0 is none at all."""
    narrow = dataclasses.replace(CONTRACT, retry_count_min=2, retry_count_max=7)

    def retries(count: int) -> Retry | None:
        body = task_body("f", "p1_d1", task_policy={"retry_count": count, "retry_interval": 1})
        return read_order(json.dumps(body).encode(), narrow, NOW).retry

    assert (retries(0), retries(2), retries(7)) == (None, Retry(2, 60), Retry(7, 60))
    for count in (1, 8):
        with pytest.raises(ApiError, match="retry_count is neither 0 nor 2 to 7"):
            retries(count)


@given(body=st.binary(max_size=40))
def test_garbage_is_refused(body: bytes) -> None:
    """By no other error."""
    with pytest.raises(ApiError):
        read_order(body, CONTRACT, NOW)


# --- out -------------------------------------------------------------------------------------


_NAMES = st.text("abc_1", min_size=1, max_size=9)
_SCOPES = st.builds(
    lambda names, is_by_group: (
        Scope(total=False, groups=names)
        if is_by_group
        else Scope("p1", total=False, device_keys=names)
    ),
    st.lists(_NAMES, min_size=1, max_size=4, unique=True).map(tuple),
    st.booleans(),
)
_TAGS = st.fixed_dictionaries(
    {"operateType": KINDS},
    optional={
        "task_ext_info": st.sampled_from(['{"a":1}', '{"b":{"c":[null]}}']),
        "task_mode": st.just("GATEWAY"),
    },
)
_ORDERS = st.builds(
    JobOrder,
    firmware_id=_NAMES,
    kind=st.just("upgrade"),
    scope=_SCOPES,
    names=st.builds(Names, _NAMES),
    needs_confirmation=st.booleans(),
    retry=st.none()
    | st.builds(Retry, st.integers(1, 5), st.integers(0, 1_440).map(lambda count: count * 60)),
    window=st.none()
    | st.integers(0, 7 * 86_400).map(lambda s: Window(NOW + s * 1000, 253_402_300_799_000)),
    tags=_TAGS.map(lambda tags: tuple(sorted(tags.items()))),
).map(lambda order: dataclasses.replace(order, gateway_extra=_extra(dict(order.tags))))


def _extra(tags: dict[str, str]) -> str | None:
    return tags.get("task_ext_info", "") if "task_mode" in tags else None


def _row(order: JobOrder) -> JobRow:
    counts = ((TaskStatus.SUCCEEDED, 1), (TaskStatus.FAILED, 1))
    return JobRow("j", "p1", order, "v2", Names("n"), JobStatus.STARTED, NOW, counts)


def test_a_task_shows_what_it_was_made_of() -> None:
    """Every key of the SDK's class that has something to say."""
    body = task_body(
        "f", "p1_d1", need_confirm=True, task_mode="GATEWAY", task_ext_info={"a": 1},
        task_policy={"schedule_time": stamp(NOW), "retry_count": 2, "retry_interval": 10},
    )  # fmt: skip

    shown = task_fields(_row(read_order(json.dumps(body).encode(), CONTRACT, NOW)))

    assert shown == {
        **body,
        "task_id": "j",
        "status": "PartialSuccess",
        "status_desc": "",
        "task_progress": {
            "total": 2, "processing": 0, "success": 1, "fail": 1, "waitting": 0,
            "fail_wait_retry": 0, "stopped": 0, "removed": 0,
        },
        "create_time": "20260301T003900Z",
    }  # fmt: skip


@pytest.mark.codec
@given(order=_ORDERS)
def test_a_task_reads_as_it_was_made(order: JobOrder) -> None:
    """The round-trip law: what is shown has the form of what is asked; no `app_id` is."""
    shown = task_fields(JobRow("j", "p1", order, "v2", Names("n"), JobStatus.STARTED, NOW))

    assert read_order(json.dumps(shown).encode(), CONTRACT, NOW) == order


def test_a_job_of_the_other_generation_is_shown_as_well() -> None:
    """It has no name; everybody is a group named as the product."""
    shown = task_fields(_row(JobOrder("f", "upgrade", Scope("p1"))), "Initializing")

    assert (shown["task_name"], shown["status"]) == ("", "Initializing")
    assert shown["targets_filter"] == {"group_ids": ["p1"]}
    assert "task_policy" not in shown


def test_progress_counts_every_status_once() -> None:
    """Those that wait are spelt as the vendor spells them."""
    counts = dict.fromkeys(TaskStatus, 1)

    progress = progress_fields(counts, {})

    assert progress == {
        "total": 7, "processing": 2, "success": 1, "fail": 1, "waitting": 2,
        "fail_wait_retry": 0, "stopped": 1, "removed": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "column"),
    [
        (TaskStatus.QUEUED, "waitting"),
        (TaskStatus.FAILED, "fail"),
        (TaskStatus.PUSHED, "processing"),
        (TaskStatus.UNDER_WAY, "processing"),
    ],
)
def test_those_that_wait_to_be_tried_again_are_counted_apart(
    shown: TaskStatus, column: str
) -> None:
    """Once each, whatever status they show."""
    progress = progress_fields({shown: 3}, {shown: 2})

    assert {name: number for name, number in progress.items() if number} == {
        "total": 3, column: 1, "fail_wait_retry": 2,
    }  # fmt: skip


def test_a_detail_that_waits_to_be_tried_again_says_so() -> None:
    """In the vendor's word, with what went wrong, whatever status it shows."""
    for status in (TaskStatus.QUEUED, TaskStatus.FAILED, TaskStatus.UNDER_WAY):
        row = TaskRow("t", "j", "p1", "d1", "", "v1", "v2", status, None, "why", NOW)

        assert detail_fields(dataclasses.replace(row, is_retry_due=True)) == {
            "target": "p1_d1", "status": "FailWaitRetry", "output": "why",
        }  # fmt: skip


@pytest.mark.parametrize("between", ["queued", "failed", "unchanged"])
def test_what_fails_at_the_platform_waits_to_be_tried_again_here(between: Any) -> None:  # noqa: ANN401
    """The backend and this in one: task, counters and details say the same, and add up."""
    platform = Platform(dataclasses.replace(CONTRACT, between_attempts_status=(between,)))
    job_id = platform.batched()
    platform.server.failure("d1")
    platform.server.version("d2", "v2.0", after=True)

    shown = platform.ask("GET", f"{BATCHES}/{job_id}")

    progress = shown["batchtask"]["task_progress"]
    assert shown["batchtask"]["status"] == "Processing"
    assert [one["status"] for one in shown["task_details"]] == ["Success", "FailWaitRetry"]
    assert {name: number for name, number in progress.items() if number} == {
        "total": 2, "success": 1, "fail_wait_retry": 1,
    }  # fmt: skip


def test_a_detail_tells_of_a_failure() -> None:
    """Of nothing else has it an error."""

    def row(status: TaskStatus) -> TaskRow:
        return TaskRow("t", "j", "p1", "d1", "", "v1", "v2", status, None, "why", NOW)

    assert detail_fields(row(TaskStatus.FAILED)) == {
        "target": "p1_d1", "status": "Fail", "output": "why",
        "error": {"error_code": "", "error_msg": "why"},
    }  # fmt: skip
    assert detail_fields(row(TaskStatus.UNCONFIRMED)) == {
        "target": "p1_d1", "status": "Waitting", "output": "why",
    }  # fmt: skip
