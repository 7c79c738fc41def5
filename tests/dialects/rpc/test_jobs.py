from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet_sim.dialects.rpc import codes
from fleet_sim.dialects.rpc.asked import equal, together
from fleet_sim.dialects.rpc.gate import RpcGate
from fleet_sim.dialects.rpc.jobs import ENDLESS_EPOCH_MS
from fleet_sim.model.northbound import (
    CancelJob,
    CreateJob,
    GetJob,
    JobOrder,
    Page,
    Retry,
    Scope,
    SearchJobs,
    TaskStatus,
    UpdateJob,
    Window,
)
from tests.dialects.rpc.callers import NOW, PROFILES, asking, called, gate_of, refused

_MINUTE = 60_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_BASE: dict[str, object] = {"FirmwareId": "f", "ProductKey": "pk"}
_STATIC = "CreateOTAStaticUpgradeJob"
_DYNAMIC = "CreateOTADynamicUpgradeJob"
_VERIFY = "CreateOTAVerifyJob"


def _order(action: str, vendor: str = "alibaba", **given: object) -> JobOrder:
    target = {"TargetSelection": "ALL"} if action == _STATIC else {}
    request = asking(action, **(_BASE | target | given))
    found = called(gate_of(vendor).read(request, NOW))
    assert isinstance(found, CreateJob)
    return found.order


def _word(action: str, vendor: str = "alibaba", **given: object) -> str:
    target = {"TargetSelection": "ALL"} if action == _STATIC else {}
    request = asking(action, **(_BASE | target | given))
    return refused(gate_of(vendor).read(request, NOW))[1]


# --- whom --------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ["alibaba", "tuya"])
def test_the_shortest_order_leaves_all_to_the_defaults(vendor: str) -> None:
    """Every device of the product, at once, without limit, pushed, unconfirmed, over HTTPS."""
    assert _order(_STATIC, vendor) == JobOrder("f", "upgrade", Scope("pk"))


@pytest.mark.parametrize(
    ("given", "scope"),
    [
        ({"TargetSelection": "ALL", "SrcVersion_1": "1.0"}, Scope("pk", ("1.0",))),
        ({"TargetSelection": "SPECIFIC", "TargetDeviceName_1": "a", "TargetDeviceName_2": "b"},
         Scope("pk", total=False, device_keys=("a", "b"))),
        ({"TargetSelection": "GRAY", "GrayPercent": "33.3"}, Scope("pk", millipercent=33_300)),
        ({"TargetSelection": "GRAY", "GrayPercent": "33.333"}, Scope("pk", millipercent=33_333)),
        ({"TargetSelection": "GRAY", "GrayPercent": "0.001"}, Scope("pk", millipercent=1)),
        ({"TargetSelection": "GRAY", "GrayPercent": "5"}, Scope("pk", millipercent=5_000)),
        ({"TargetSelection": "GRAY", "GrayPercent": "100.000"}, Scope("pk", millipercent=100_000)),
        ({"TargetSelection": "GROUP", "GroupId": "g", "GroupType": "LINK_PLATFORM"},
         Scope("pk", total=False, groups=("g",))),
    ],
)  # fmt: skip
def test_the_four_ways_to_choose_devices(given: dict[str, Any], scope: Scope) -> None:
    """Source versions narrow each of them."""
    assert _order(_STATIC, **given).scope == scope


def test_the_english_tables_words_are_taken_where_case_is_folded() -> None:
    """Tuya's machine translation."""
    given = {"TargetSelection": "Specific", "TargetDeviceName_1": "a", "DownloadProtocol": "Https"}

    assert _order(_STATIC, "tuya", **given).scope.device_keys == ("a",)
    assert _word(_STATIC, "alibaba", **given) == codes.BAD_REQUEST


def test_one_vendor_takes_whole_percents_alone() -> None:
    """An integer, as text."""
    gray = {"TargetSelection": "GRAY"}

    assert _order(_STATIC, "tuya", GrayPercent="33", **gray).scope == Scope(
        "pk", millipercent=33_000
    )
    for wrong in ("33.3", "33.0", "33."):
        assert _word(_STATIC, "tuya", GrayPercent=wrong, **gray) == codes.BAD_REQUEST


def test_a_vendor_that_folds_case_may_take_the_extras_too() -> None:
    """Where `takes_job_extras` is switched on: no range, since its contract has none."""
    profile = replace(PROFILES["tuya"], takes_job_extras=True)
    gate = RpcGate("o", {}, profile=profile, signed_only=False, contract=profile.default_contract)
    given = {"TargetSelection": "ALL", "tag_1_KEY": "a", "TAG_1_value": "b", "MaximumPerMinute": 1,
             "ScheduleTime": NOW - _DAY, "overwritemode": 2}  # fmt: skip

    found = called(gate.read(asking(_STATIC, **(_BASE | given)), NOW))

    assert found == CreateJob(
        JobOrder("f", "upgrade", Scope("pk"), window=Window(NOW - _DAY, ENDLESS_EPOCH_MS),
                 pushes_a_minute=1, overwrites=True, tags=(("a", "b"),))
    )  # fmt: skip


def test_dynamic_jobs_go_by_version_or_by_group() -> None:
    """With the second mode only later devices join."""
    by_version = _order(_DYNAMIC, SrcVersion_1="1.0")
    by_group = _order(_DYNAMIC, GroupId="g", GroupType="LINK_PLATFORM_DYNAMIC", DynamicMode=2)

    assert by_version == JobOrder("f", "upgrade", Scope("pk", ("1.0",)), open_list=True)
    assert by_group == JobOrder(
        "f", "upgrade", Scope("pk", total=False, groups=("g",)), open_list=True, skips_present=True
    )


def test_verify_jobs_name_devices() -> None:
    """Those that name none are the backend's to refuse."""
    assert _order(_VERIFY, TargetDeviceName_1="a") == JobOrder(
        "f", "verify", Scope("pk", total=False, device_keys=("a",))
    )
    assert _order(_VERIFY).scope == Scope("pk")


# --- how ---------------------------------------------------------------------------------------


def test_everything_that_can_be_said_of_a_job() -> None:
    """In minutes, and kept in seconds."""
    order = _order(
        _STATIC, SrcVersion_1="1.0", RetryInterval=10, RetryCount=5, TimeoutInMinutes=1440,
        NeedPush="False", NeedConfirm="True", DownloadProtocol="MQTT", MaximumPerMinute=10,
        OverwriteMode=2, MultiModuleMode="false", ScheduleTime=NOW + _HOUR,
        ScheduleFinishTime=NOW + 3 * _HOUR, Tag_1_Key="a.1", Tag_1_Value="v", Tag_2_Key="b",
        Tag_2_Value="w",
    )  # fmt: skip

    assert order == JobOrder(
        "f", "upgrade", Scope("pk", ("1.0",)), devices_must_ask=True, needs_confirmation=True,
        timeout_s=86_400, retry=Retry(5, 600), window=Window(NOW + _HOUR, NOW + 3 * _HOUR),
        pushes_a_minute=10, overwrites=True, by_blocks=True, tags=(("a.1", "v"), ("b", "w")),
    )  # fmt: skip


@pytest.mark.parametrize("action", [_STATIC, _DYNAMIC])
def test_modules_may_be_upgraded_side_by_side(action: str) -> None:
    """Where the order says so; one to verify has no word for it."""
    assert _order(action, SrcVersion_1="1.0", MultiModuleMode="True", OverwriteMode=1).side_by_side
    assert not _order(action, SrcVersion_1="1.0").side_by_side
    assert not _order(_VERIFY, TargetDeviceName_1="a", MultiModuleMode="True").side_by_side


def test_a_schedule_may_have_no_end() -> None:
    """Then it lasts as good as for ever."""
    window = _order(_STATIC, ScheduleTime=NOW + 5 * _MINUTE).window

    assert window == Window(NOW + 5 * _MINUTE, ENDLESS_EPOCH_MS)


def test_what_a_vendor_does_not_have_is_left_alone() -> None:
    """Unknown parameters, as every gateway does."""
    order = _order(
        _STATIC, "tuya", MaximumPerMinute=1, ScheduleTime=1, OverwriteMode=9, Tag_1_Key=""
    )

    assert order == JobOrder("f", "upgrade", Scope("pk"))


@pytest.mark.parametrize(
    ("action", "given", "word"),
    [
        (_STATIC, {"FirmwareId": ""}, "MissingFirmwareId"),
        (_STATIC, {"ProductKey": ""}, "MissingProductKey"),
        (_STATIC, {"TargetSelection": ""}, "MissingTargetSelection"),
        (_STATIC, {"TargetSelection": "SOME"}, codes.BAD_REQUEST),
        (_STATIC, {"TargetSelection": "SPECIFIC"}, "MissingTargetDeviceName"),
        (_STATIC, {"TargetSelection": "GROUP"}, "MissingGroupId"),
        (_STATIC, {"TargetSelection": "GRAY"}, "MissingGrayPercent"),
        (_STATIC, {"TargetSelection": "GRAY", "GrayPercent": "0"}, codes.BAD_REQUEST),
        (_STATIC, {"TargetSelection": "GRAY", "GrayPercent": "100.001"}, codes.BAD_REQUEST),
        (_STATIC, {"TargetSelection": "GRAY", "GrayPercent": "1.0001"}, codes.BAD_REQUEST),
        (_STATIC, {"TargetSelection": "GRAY", "GrayPercent": "-1"}, codes.BAD_REQUEST),
        (_STATIC, {"TargetSelection": "SPECIFIC", "DnListFileUrl": "http://h/x"},
         codes.NO_SUCH_FILE),
        (_STATIC, {f"SrcVersion_{n}": f"{n}" for n in range(1, 12)}, codes.BAD_REQUEST),
        (_STATIC, {"TargetSelection": "SPECIFIC",
                   **{f"TargetDeviceName_{n}": f"d{n}" for n in range(1, 202)}}, codes.BAD_REQUEST),
        (_STATIC, {"TimeoutInMinutes": 0}, codes.BAD_REQUEST),
        (_STATIC, {"TimeoutInMinutes": 1441}, codes.BAD_REQUEST),
        (_STATIC, {"RetryInterval": 10}, "MissingRetryCount"),
        (_STATIC, {"RetryCount": 1}, "MissingRetryInterval"),
        (_STATIC, {"RetryInterval": 11, "RetryCount": 1}, codes.BAD_REQUEST),
        (_STATIC, {"RetryInterval": 10, "RetryCount": 3}, codes.BAD_REQUEST),
        (_STATIC, {"RetryInterval": 10, "RetryCount": 1, "TimeoutInMinutes": 10},
         codes.BAD_REQUEST),
        (_STATIC, {"MaximumPerMinute": 9}, codes.BAD_REQUEST),
        (_STATIC, {"MaximumPerMinute": 10_001}, codes.BAD_REQUEST),
        (_STATIC, {"OverwriteMode": 3}, codes.BAD_REQUEST),
        (_STATIC, {"OverwriteMode": 2, "MultiModuleMode": "true"}, codes.BAD_REQUEST),
        (_STATIC, {"MultiModuleMode": "yes"}, codes.BAD_REQUEST),
        (_STATIC, {"NeedPush": "yes"}, codes.BAD_REQUEST),
        (_STATIC, {"NeedConfirm": "1"}, codes.BAD_REQUEST),
        (_STATIC, {"DownloadProtocol": "FTP"}, codes.BAD_REQUEST),
        (_STATIC, {"ScheduleTime": NOW + 5 * _MINUTE - 1}, codes.BAD_REQUEST),
        (_STATIC, {"ScheduleTime": NOW + 7 * _DAY + 1}, codes.BAD_REQUEST),
        (_STATIC, {"ScheduleFinishTime": NOW + _DAY}, codes.BAD_REQUEST),
        (_STATIC, {"ScheduleTime": NOW + _DAY, "ScheduleFinishTime": NOW + _DAY + _HOUR - 1},
         codes.BAD_REQUEST),
        (_STATIC, {"ScheduleTime": NOW + _DAY, "ScheduleFinishTime": NOW + 31 * _DAY + 1},
         codes.BAD_REQUEST),
        (_STATIC, {"Tag_1_Key": "a b", "Tag_1_Value": "v"}, codes.BAD_REQUEST),
        (_STATIC, {"Tag_1_Key": "a" * 31, "Tag_1_Value": "v"}, codes.BAD_REQUEST),
        (_STATIC, {"Tag_1_Key": "a"}, codes.BAD_REQUEST),
        (_STATIC, {"Tag_1_Key": "a", "Tag_1_Value": "v" * 1025}, codes.BAD_REQUEST),
        (_STATIC, {f"Tag_{n}_{part}": f"k{n}" for n in range(1, 12) for part in ("Key", "Value")},
         codes.BAD_REQUEST),
        (_STATIC, {f"Tag_{n}_{part}": "k" if part == "Key" else "v"
                   for n in (1, 2) for part in ("Key", "Value")}, codes.BAD_REQUEST),
        (_STATIC, {key: value for n in range(1, 6)
                   for key, value in ((f"Tag_{n}_Key", f"k{n}"), (f"Tag_{n}_Value", "v" * 1000))},
         codes.BAD_REQUEST),
        (_DYNAMIC, {}, "MissingSrcVersion"),
        (_DYNAMIC, {"SrcVersion_1": "1", "GroupId": "g", "GroupType": "LINK_PLATFORM_DYNAMIC"},
         codes.BAD_REQUEST),
        (_DYNAMIC, {"GroupId": "g", "GroupType": "LINK_PLATFORM"}, codes.BAD_REQUEST),
        (_DYNAMIC, {"GroupId": "g"}, "MissingGroupType"),
        (_DYNAMIC, {"GroupType": "LINK_PLATFORM_DYNAMIC"}, "MissingGroupId"),
        (_STATIC, {"TargetSelection": "GROUP", "GroupId": "g"}, "MissingGroupType"),
        (_STATIC, {"TargetSelection": "GROUP", "GroupType": "LINK_PLATFORM"}, "MissingGroupId"),
        (_STATIC, {"TargetSelection": "GROUP", "GroupId": "g",
                   "GroupType": "LINK_PLATFORM_DYNAMIC"}, codes.BAD_REQUEST),
        (_STATIC, {"SrcVersion_1": "1.0", "SrcVersion_2": "1.0"}, codes.BAD_REQUEST),
        (_DYNAMIC, {"SrcVersion_1": "1", "DynamicMode": 3}, codes.BAD_REQUEST),
        (_VERIFY, {f"TargetDeviceName_{n}": f"d{n}" for n in range(1, 12)}, codes.BAD_REQUEST),
        (_VERIFY, {"TimeoutInMinutes": 1441}, codes.BAD_REQUEST),
    ],
)  # fmt: skip
def test_each_wrong_parameter_has_its_code(action: str, given: dict[str, Any], word: str) -> None:
    """Just outside of each documented range; and nothing is created."""
    assert _word(action, **given) == word


@pytest.mark.parametrize(
    ("changes", "given", "wrong", "sentence"),
    [
        ({"pushes_a_minute_min": 1, "pushes_a_minute_max": 5}, {"MaximumPerMinute": 5},
         {"MaximumPerMinute": 6}, "from 1 to 5"),
        ({"window_lead_s": 60}, {"ScheduleTime": NOW + _MINUTE},
         {"ScheduleTime": NOW + _MINUTE - 1}, "60 s from now at the soonest and 7 days"),
        ({"window_lead_s": None}, {"ScheduleTime": NOW - _DAY},
         {"ScheduleTime": NOW + 7 * _DAY + 1}, "must be 7 days from now at the latest"),
        ({"window_min_s": 60},
         {"ScheduleTime": NOW + _DAY, "ScheduleFinishTime": NOW + _DAY + _MINUTE},
         {"ScheduleTime": NOW + _DAY, "ScheduleFinishTime": NOW + _DAY + _MINUTE - 1},
         "60 s to 30 days"),
        ({"source_versions_max": 1}, {"SrcVersion_1": "1"},
         {"SrcVersion_1": "1", "SrcVersion_2": "2"}, "1 times at most"),
        ({"source_versions_max": None}, {f"SrcVersion_{n}": f"{n}" for n in range(1, 99)},
         {"SrcVersion_1": "1", "SrcVersion_2": "1"}, "must not name one twice"),
        ({"retry_interval_below_timeout": False},
         {"RetryInterval": 10, "RetryCount": 1, "TimeoutInMinutes": 5},
         {"RetryInterval": 11, "RetryCount": 1}, "one of 0, 10"),
        ({"retry_counts_allowed": (), "retry_count_min": 2, "retry_count_max": 9},
         {"RetryInterval": 10, "RetryCount": 9}, {"RetryInterval": 10, "RetryCount": 10}, "2 to 9"),
        ({"retry_intervals_s_allowed": (), "retry_interval_s_min": 90, "retry_interval_s_max": 300},
         {"RetryInterval": 2, "RetryCount": 1}, {"RetryInterval": 1, "RetryCount": 1}, "2 to 5"),
        ({"retry_intervals_s_allowed": (), "retry_interval_s_max": None},
         {"RetryInterval": 9_999, "RetryCount": 1}, {"RetryInterval": -1, "RetryCount": 1},
         "from 0 to"),
    ],
)  # fmt: skip
def test_ranges_are_those_of_the_contract(
    changes: dict[str, Any], given: dict[str, Any], wrong: dict[str, Any], sentence: str
) -> None:
    """A scenario's change is what counts, and what the sentence says."""
    gate = gate_of("alibaba", changes=changes)
    whole = _BASE | {"TargetSelection": "ALL"}

    assert isinstance(called(gate.read(asking(_STATIC, **(whole | given)), NOW)), CreateJob)
    _, word, why = refused(gate.read(asking(_STATIC, **(whole | wrong)), NOW))
    assert word == codes.BAD_REQUEST
    assert sentence in why


def test_a_changed_job_is_bound_by_the_contract_too() -> None:
    """The same rate, the same number of source versions."""
    gate = gate_of("alibaba", changes={"pushes_a_minute_max": 20, "source_versions_max": 1})

    for wrong in ({"MaximumPerMinute": 21}, {"SrcVersionList_1": "1", "SrcVersionList_2": "2"}):
        request = asking("UpdateOTAJob", JobId="j", **wrong)
        assert refused(gate.read(request, NOW))[1] == codes.BAD_REQUEST


def test_one_vendor_downloads_over_https_alone() -> None:
    """And has no dynamic jobs."""
    assert _word(_STATIC, "tuya", DownloadProtocol="MQTT") == codes.BAD_REQUEST
    assert _word(_DYNAMIC, "tuya", SrcVersion_1="1.0") == codes.NO_SUCH_ACTION


# --- the rest ------------------------------------------------------------------------------------


_BY_DEVICE = together(
    equal("firmware_id", "f"), equal("product_key", "pk"), equal("device_key", "d")
)


@pytest.mark.parametrize(
    ("action", "given", "call"),
    [
        ("QueryOTAJob", {"JobId": "j"}, GetJob("j")),
        ("ListOTAJobByFirmware", {"FirmwareId": "f", "CurrentPage": 1, "PageSize": 200},
         SearchJobs(equal("firmware_id", "f"), Page(1, 200))),
        ("ListOTAJobByDevice", {"FirmwareId": "f", "ProductKey": "pk", "DeviceName": "d",
                                "CurrentPage": 1, "PageSize": 100},
         SearchJobs(_BY_DEVICE, Page(1, 100))),
        ("UpdateOTAJob", {"JobId": "j", "MaximumPerMinute": 10, "TimeoutInMinutes": 2,
                          "SrcVersionList_1": "1.0", "Tags_1_Key": "a", "Tags_1_Value": "b",
                          "UpgradeType": "x", "TargetSelection": "ALL"},
         UpdateJob("j", 10, 120, ("1.0",), (("a", "b"),))),
        ("UpdateOTAJob", {"JobId": "j"}, UpdateJob("j")),
        ("CancelOTAStrategyByJob", {"JobId": "j"}, CancelJob("j", ends_list=True)),
    ],
)  # fmt: skip
def test_the_other_calls_of_jobs(action: str, given: dict[str, Any], call: object) -> None:
    """Show, list, change, end."""
    assert gate_of("alibaba").read(asking(action, **given), NOW) == call


@pytest.mark.parametrize(
    ("action", "given", "word"),
    [
        ("QueryOTAJob", {}, "MissingJobId"),
        ("ListOTAJobByFirmware", {"CurrentPage": 1, "PageSize": 1}, "MissingFirmwareId"),
        ("ListOTAJobByFirmware", {"FirmwareId": "f", "PageSize": 1}, "MissingCurrentPage"),
        ("ListOTAJobByFirmware", {"FirmwareId": "f", "CurrentPage": 1, "PageSize": 201},
         codes.BAD_PAGE),
        ("ListOTAJobByDevice", {"FirmwareId": "f", "ProductKey": "p", "CurrentPage": 1,
                                "PageSize": 1}, "MissingDeviceName"),
        ("ListOTAJobByDevice", {"FirmwareId": "f", "ProductKey": "p", "DeviceName": "d",
                                "CurrentPage": 1, "PageSize": 101}, codes.BAD_PAGE),
        ("UpdateOTAJob", {"JobId": "j", "MaximumPerMinute": 9}, codes.BAD_REQUEST),
        ("UpdateOTAJob", {}, "MissingJobId"),
        ("CancelOTAStrategyByJob", {}, "MissingJobId"),
        ("CancelOTATaskByJob", {"CancelQueuedTask": "true"}, "MissingJobId"),
        ("CancelOTATaskByJob", {"JobId": "j"}, "MissingCancelQueuedTask"),
        ("CancelOTATaskByJob", {"JobId": "j", "CancelQueuedTask": "x"}, codes.BAD_REQUEST),
    ],
)  # fmt: skip
def test_the_other_calls_refuse_too(action: str, given: dict[str, Any], word: str) -> None:
    """By the same codes."""
    assert refused(gate_of("alibaba").read(asking(action, **given), NOW))[1] == word


_UNCONFIRMED, _QUEUED, _PUSHED, _UNDER_WAY = tuple(TaskStatus)[:4]


@pytest.mark.parametrize(
    ("vendor", "flags", "call"),
    [
        ("tuya", {"CancelQueuedTask": "true"}, CancelJob("j", (_QUEUED,))),
        ("alibaba", {"CancelQueuedTask": "true"}, CancelJob("j", (_UNCONFIRMED, _QUEUED))),
        ("alibaba", {"CancelQueuedTask": "true", "CancelUnconfirmedTask": "false"},
         CancelJob("j", (_QUEUED,))),
        ("alibaba", {"CancelUnconfirmedTask": "true"}, CancelJob("j", (_UNCONFIRMED,))),
        ("alibaba", {"CancelNotifiedTask": "true", "CancelInProgressTask": "true"},
         CancelJob("j", (_PUSHED, _UNDER_WAY))),
        ("alibaba", {"CancelScheduledTask": "true"}, CancelJob("j", is_planned=True)),
        ("alibaba", {"CancelNotifiedTask": "false"}, CancelJob("j")),
    ],
)  # fmt: skip
def test_the_flags_of_a_cancel_name_statuses(
    vendor: str, flags: dict[str, object], call: CancelJob
) -> None:
    """What waits for consent goes with what is queued, unless its own flag says otherwise."""
    assert gate_of(vendor).read(asking("CancelOTATaskByJob", JobId="j", **flags), NOW) == call
