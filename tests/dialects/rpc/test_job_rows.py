from __future__ import annotations

import dataclasses

import pytest

from fleet_sim.dialects.alibaba.contract import CONTRACT
from fleet_sim.dialects.rpc import job_rows
from fleet_sim.dialects.rpc.job_parameters import ENDLESS_EPOCH_MS
from fleet_sim.model.northbound import JobOrder, JobRow, JobStatus, Names, Retry, Scope, Window
from tests.dialects.rpc.callers import NOW, PROFILES

_ORDER = JobOrder(
    "f", "upgrade", Scope("pk", ("1.0",)), names=Names("n"), devices_must_ask=True, timeout_s=301,
    retry=Retry(2, 600), window=Window(NOW, NOW + 1), pushes_a_minute=50, tags=(("a", "b"),),
)  # fmt: skip
_ROW = JobRow(
    "j", "pk", _ORDER, "2.0", Names("fw"), JobStatus.STARTED, NOW, updated_epoch_ms=NOW + 2,
    started_epoch_ms=NOW + 1,
)  # fmt: skip
_UTC = "2023-11-14T22:13:20.000Z"
_TIMES = {
    "UtcCreate": _UTC, "UtcEndTime": None, "UtcModified": "2023-11-14T22:13:20.002Z",
    "UtcStartTime": "2023-11-14T22:13:20.001Z",
}  # fmt: skip


def test_a_job_as_the_vendor_with_fewer_members_shows_it() -> None:
    """Seconds that are no whole minutes, which only a changed contract allows, are rounded up."""
    assert job_rows.fields(_ROW, PROFILES["tuya"], CONTRACT) == {
        "FirmwareId": "f", "JobId": "j", "JobStatus": "IN_PROGRESS",
        "JobType": "UPGRADE_FIRMWARE", "ProductKey": "pk", "TargetSelection": "ALL",
        **_TIMES, "DestVersion": "2.0", "DownloadProtocol": "HTTPS", "GrayPercent": None,
        "GroupId": None, "Name": "n", "NeedConfirm": False, "NeedPush": False, "RetryCount": 2,
        "RetryInterval": 10, "SrcVersions": {"SrcVersion": ["1.0"]}, "TimeoutInMinutes": 6,
    }  # fmt: skip


def test_what_the_other_vendor_adds() -> None:
    """Rate, schedule, tags, and how the list of devices was made."""
    tuya, alibaba = (
        job_rows.fields(_ROW, PROFILES[name], CONTRACT) for name in ("tuya", "alibaba")
    )

    assert {key: value for key, value in alibaba.items() if key not in tuya} == {
        "MaximumPerMinute": 50, "MultiModuleMode": False, "OverwriteMode": 1,
        "Tags": {"OtaTagDTO": [{"Key": "a", "Value": "b"}]}, "UtcScheduleTime": _UTC,
        "UtcScheduleFinishTime": "2023-11-14T22:13:20.001Z", "SelectionType": "STATIC",
    }  # fmt: skip


def test_defaults_stand_filled_in() -> None:
    """The rate's; a schedule without an end, and none at all, show none."""
    bare = JobOrder("f", "verify", Scope("pk"), overwrites=True, by_blocks=True)
    found = job_rows.fields(dataclasses.replace(_ROW, order=bare), PROFILES["alibaba"], CONTRACT)
    endless = dataclasses.replace(bare, window=Window(NOW, ENDLESS_EPOCH_MS))
    scheduled = job_rows.fields(
        dataclasses.replace(_ROW, order=endless), PROFILES["alibaba"], CONTRACT
    )

    assert (found["MaximumPerMinute"], found["OverwriteMode"]) == (10_000, 2)
    slow = dataclasses.replace(CONTRACT, pushes_a_minute=7)
    bare_row = dataclasses.replace(_ROW, order=bare)
    assert job_rows.fields(bare_row, PROFILES["alibaba"], slow)["MaximumPerMinute"] == 7
    assert (found["JobType"], found["DownloadProtocol"]) == ("VERIFY_FIRMWARE", "MQTT")
    assert (found["TimeoutInMinutes"], found["RetryCount"], found["UtcScheduleTime"]) == (None,) * 3
    assert (scheduled["UtcScheduleTime"], scheduled["UtcScheduleFinishTime"]) == (_UTC, None)


@pytest.mark.parametrize(
    ("order", "target", "percent"),
    [
        (JobOrder("f", "upgrade", Scope("pk")), "ALL", None),
        (JobOrder("f", "upgrade", Scope("pk", total=False, device_keys=("a",))), "SPECIFIC", None),
        (JobOrder("f", "upgrade", Scope("pk", millipercent=33_300)), "GRAY", "33.3"),
        (JobOrder("f", "upgrade", Scope("pk", millipercent=33_333)), "GRAY", "33.333"),
        (JobOrder("f", "upgrade", Scope("pk", millipercent=50)), "GRAY", "0.05"),
        (JobOrder("f", "upgrade", Scope("pk", millipercent=5_000)), "GRAY", "5"),
        (JobOrder("f", "upgrade", Scope("pk", total=False, groups=("g",))), "GROUP", None),
        (JobOrder("f", "upgrade", Scope("pk"), open_list=True), None, None),
    ],
)
def test_how_devices_were_chosen(order: JobOrder, target: str | None, percent: str | None) -> None:
    """A dynamic job chose none."""
    assert (job_rows.target_of(order), job_rows.percent_of(order.scope)) == (target, percent)


@pytest.mark.parametrize(("later", "mode"), [(False, 1), (True, 2)])
def test_a_dynamic_job_shows_its_mode(later: bool, mode: int) -> None:
    """In a list as well."""
    order = JobOrder("f", "upgrade", Scope("pk"), open_list=True, skips_present=later)
    found = job_rows.brief_fields(dataclasses.replace(_ROW, order=order), PROFILES["alibaba"])

    assert (found["SelectionType"], found["DynamicMode"]) == ("DYNAMIC", mode)
    assert found["TargetSelection"] is None


def test_a_list_shows_less() -> None:
    """Not even all of this at the vendor with fewer members."""
    assert job_rows.brief_fields(_ROW, PROFILES["tuya"]).keys() == {
        "FirmwareId", "JobId", "JobStatus", "JobType", "ProductKey", "TargetSelection", *_TIMES,
    }  # fmt: skip
    assert "Tags" in job_rows.brief_fields(_ROW, PROFILES["alibaba"])


def test_every_status_has_a_word() -> None:
    """Whatever the backend calls them."""
    assert {status.value for status in JobStatus} <= job_rows.STATUS_WORDS.keys()
