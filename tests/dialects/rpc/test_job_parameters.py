from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet_sim.dialects.rpc import codes
from fleet_sim.dialects.rpc.gate import RpcGate
from fleet_sim.dialects.rpc.job_parameters import ENDLESS_EPOCH_MS
from fleet_sim.model.northbound import CreateJob, JobOrder, Retry, Scope, Window
from tests.dialects.rpc.callers import NOW, PROFILES, asking, called, gate_of, refused
from tests.dialects.rpc.hand_orders import BASE, DYNAMIC, STATIC, VERIFY, ordered, word_for

_MINUTE = 60_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


# --- whom --------------------------------------------------------------------------------------


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
    assert ordered(STATIC, **given).scope == scope


def test_the_english_tables_words_are_taken_where_case_is_folded() -> None:
    """Tuya's machine translation."""
    given = {"TargetSelection": "Specific", "TargetDeviceName_1": "a", "DownloadProtocol": "Https"}

    assert ordered(STATIC, "tuya", **given).scope.device_keys == ("a",)
    assert word_for(STATIC, "alibaba", **given) == codes.BAD_REQUEST


def test_one_vendor_takes_whole_percents_alone() -> None:
    """An integer, as text."""
    gray = {"TargetSelection": "GRAY"}

    assert ordered(STATIC, "tuya", GrayPercent="33", **gray).scope == Scope(
        "pk", millipercent=33_000
    )
    for wrong in ("33.3", "33.0", "33."):
        assert word_for(STATIC, "tuya", GrayPercent=wrong, **gray) == codes.BAD_REQUEST


def test_a_vendor_that_folds_case_may_take_the_extras_too() -> None:
    """Where `takes_job_extras` is switched on: no range, since its contract has none."""
    profile = replace(PROFILES["tuya"], takes_job_extras=True)
    gate = RpcGate("o", {}, profile=profile, signed_only=False, contract=profile.default_contract)
    given = {"TargetSelection": "ALL", "tag_1_KEY": "a", "TAG_1_value": "b", "MaximumPerMinute": 1,
             "ScheduleTime": NOW - _DAY, "overwritemode": 2}  # fmt: skip

    found = called(gate.read(asking(STATIC, **{**BASE, **given}), NOW))

    assert found == CreateJob(
        JobOrder("f", "upgrade", Scope("pk"), window=Window(NOW - _DAY, ENDLESS_EPOCH_MS),
                 pushes_a_minute=1, overwrites=True, tags=(("a", "b"),))
    )  # fmt: skip


# --- how ---------------------------------------------------------------------------------------


def test_everything_that_can_be_said_of_a_job() -> None:
    """In minutes, and kept in seconds."""
    order = ordered(
        STATIC, SrcVersion_1="1.0", RetryInterval=10, RetryCount=5, TimeoutInMinutes=1440,
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


@pytest.mark.parametrize("action", [STATIC, DYNAMIC])
def test_modules_may_be_upgraded_side_by_side(action: str) -> None:
    """Where the order says so; one to verify has no word for it."""
    assert ordered(action, SrcVersion_1="1.0", MultiModuleMode="True", OverwriteMode=1).side_by_side
    assert not ordered(action, SrcVersion_1="1.0").side_by_side
    assert not ordered(VERIFY, TargetDeviceName_1="a", MultiModuleMode="True").side_by_side


def test_a_schedule_may_have_no_end() -> None:
    """Then it lasts as good as for ever."""
    window = ordered(STATIC, ScheduleTime=NOW + 5 * _MINUTE).window

    assert window == Window(NOW + 5 * _MINUTE, ENDLESS_EPOCH_MS)


def test_what_a_vendor_does_not_have_is_left_alone() -> None:
    """Unknown parameters, as every gateway does."""
    order = ordered(
        STATIC, "tuya", MaximumPerMinute=1, ScheduleTime=1, OverwriteMode=9, Tag_1_Key=""
    )

    assert order == JobOrder("f", "upgrade", Scope("pk"))


@pytest.mark.parametrize(
    ("action", "given", "word"),
    [
        (STATIC, {"FirmwareId": ""}, "MissingFirmwareId"),
        (STATIC, {"ProductKey": ""}, "MissingProductKey"),
        (STATIC, {"TargetSelection": ""}, "MissingTargetSelection"),
        (STATIC, {"TargetSelection": "SOME"}, codes.BAD_REQUEST),
        (STATIC, {"TargetSelection": "SPECIFIC"}, "MissingTargetDeviceName"),
        (STATIC, {"TargetSelection": "GROUP"}, "MissingGroupId"),
        (STATIC, {"TargetSelection": "GRAY"}, "MissingGrayPercent"),
        (STATIC, {"TargetSelection": "GRAY", "GrayPercent": "0"}, codes.BAD_REQUEST),
        (STATIC, {"TargetSelection": "GRAY", "GrayPercent": "100.001"}, codes.BAD_REQUEST),
        (STATIC, {"TargetSelection": "GRAY", "GrayPercent": "1.0001"}, codes.BAD_REQUEST),
        (STATIC, {"TargetSelection": "GRAY", "GrayPercent": "-1"}, codes.BAD_REQUEST),
        (STATIC, {"TargetSelection": "SPECIFIC", "DnListFileUrl": "http://h/x"},
         codes.NO_SUCH_FILE),
        (STATIC, {f"SrcVersion_{n}": f"{n}" for n in range(1, 12)}, codes.BAD_REQUEST),
        (STATIC, {"TargetSelection": "SPECIFIC",
                   **{f"TargetDeviceName_{n}": f"d{n}" for n in range(1, 202)}}, codes.BAD_REQUEST),
        (STATIC, {"TimeoutInMinutes": 0}, codes.BAD_REQUEST),
        (STATIC, {"TimeoutInMinutes": 1441}, codes.BAD_REQUEST),
        (STATIC, {"RetryInterval": 10}, "MissingRetryCount"),
        (STATIC, {"RetryCount": 1}, "MissingRetryInterval"),
        (STATIC, {"RetryInterval": 11, "RetryCount": 1}, codes.BAD_REQUEST),
        (STATIC, {"RetryInterval": 10, "RetryCount": 3}, codes.BAD_REQUEST),
        (STATIC, {"RetryInterval": 10, "RetryCount": 1, "TimeoutInMinutes": 10},
         codes.BAD_REQUEST),
        (STATIC, {"MaximumPerMinute": 9}, codes.BAD_REQUEST),
        (STATIC, {"MaximumPerMinute": 10_001}, codes.BAD_REQUEST),
        (STATIC, {"OverwriteMode": 3}, codes.BAD_REQUEST),
        (STATIC, {"OverwriteMode": 2, "MultiModuleMode": "true"}, codes.BAD_REQUEST),
        (STATIC, {"MultiModuleMode": "yes"}, codes.BAD_REQUEST),
        (STATIC, {"NeedPush": "yes"}, codes.BAD_REQUEST),
        (STATIC, {"NeedConfirm": "1"}, codes.BAD_REQUEST),
        (STATIC, {"DownloadProtocol": "FTP"}, codes.BAD_REQUEST),
        (STATIC, {"ScheduleTime": NOW + 5 * _MINUTE - 1}, codes.BAD_REQUEST),
        (STATIC, {"ScheduleTime": NOW + 7 * _DAY + 1}, codes.BAD_REQUEST),
        (STATIC, {"ScheduleFinishTime": NOW + _DAY}, codes.BAD_REQUEST),
        (STATIC, {"ScheduleTime": NOW + _DAY, "ScheduleFinishTime": NOW + _DAY + _HOUR - 1},
         codes.BAD_REQUEST),
        (STATIC, {"ScheduleTime": NOW + _DAY, "ScheduleFinishTime": NOW + 31 * _DAY + 1},
         codes.BAD_REQUEST),
        (STATIC, {"Tag_1_Key": "a b", "Tag_1_Value": "v"}, codes.BAD_REQUEST),
        (STATIC, {"Tag_1_Key": "a" * 31, "Tag_1_Value": "v"}, codes.BAD_REQUEST),
        (STATIC, {"Tag_1_Key": "a"}, codes.BAD_REQUEST),
        (STATIC, {"Tag_1_Key": "a", "Tag_1_Value": "v" * 1025}, codes.BAD_REQUEST),
        (STATIC, {f"Tag_{n}_{part}": f"k{n}" for n in range(1, 12) for part in ("Key", "Value")},
         codes.BAD_REQUEST),
        (STATIC, {f"Tag_{n}_{part}": "k" if part == "Key" else "v"
                   for n in (1, 2) for part in ("Key", "Value")}, codes.BAD_REQUEST),
        (STATIC, {key: value for n in range(1, 6)
                   for key, value in ((f"Tag_{n}_Key", f"k{n}"), (f"Tag_{n}_Value", "v" * 1000))},
         codes.BAD_REQUEST),
        (DYNAMIC, {}, "MissingSrcVersion"),
        (DYNAMIC, {"SrcVersion_1": "1", "GroupId": "g", "GroupType": "LINK_PLATFORM_DYNAMIC"},
         codes.BAD_REQUEST),
        (DYNAMIC, {"GroupId": "g", "GroupType": "LINK_PLATFORM"}, codes.BAD_REQUEST),
        (DYNAMIC, {"GroupId": "g"}, "MissingGroupType"),
        (DYNAMIC, {"GroupType": "LINK_PLATFORM_DYNAMIC"}, "MissingGroupId"),
        (STATIC, {"TargetSelection": "GROUP", "GroupId": "g"}, "MissingGroupType"),
        (STATIC, {"TargetSelection": "GROUP", "GroupType": "LINK_PLATFORM"}, "MissingGroupId"),
        (STATIC, {"TargetSelection": "GROUP", "GroupId": "g",
                   "GroupType": "LINK_PLATFORM_DYNAMIC"}, codes.BAD_REQUEST),
        (STATIC, {"SrcVersion_1": "1.0", "SrcVersion_2": "1.0"}, codes.BAD_REQUEST),
        (DYNAMIC, {"SrcVersion_1": "1", "DynamicMode": 3}, codes.BAD_REQUEST),
        (VERIFY, {f"TargetDeviceName_{n}": f"d{n}" for n in range(1, 12)}, codes.BAD_REQUEST),
        (VERIFY, {"TimeoutInMinutes": 1441}, codes.BAD_REQUEST),
    ],
)  # fmt: skip
def test_each_wrong_parameter_has_its_code(action: str, given: dict[str, Any], word: str) -> None:
    """Just outside of each documented range; and nothing is created."""
    assert word_for(action, **given) == word


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
    whole = {**BASE, "TargetSelection": "ALL"}

    assert isinstance(called(gate.read(asking(STATIC, **(whole | given)), NOW)), CreateJob)
    _, word, why = refused(gate.read(asking(STATIC, **(whole | wrong)), NOW))
    assert word == codes.BAD_REQUEST
    assert sentence in why


def test_one_vendor_downloads_over_https_alone() -> None:
    """And has no dynamic jobs."""
    assert word_for(STATIC, "tuya", DownloadProtocol="MQTT") == codes.BAD_REQUEST
    assert word_for(DYNAMIC, "tuya", SrcVersion_1="1.0") == codes.NO_SUCH_ACTION
