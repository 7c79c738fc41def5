"""Calls with one wrong parameter each, for every documented range, and the code it is refused by.

Each stands beside a call that is right: `GOOD` has what every action needs, and a wrong call
changes one thing in it. `{firmware}`, `{job}` and their like stand for what the account holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleet_sim.dialects.rpc import codes

BOTH = ("alibaba", "tuya")
ALIBABA = ("alibaba",)

_PAGE = {"CurrentPage": 1, "PageSize": 10}
_TARGET = {"FirmwareId": "{firmware}", "ProductKey": "{product}"}
_MODULE = {"ProductKey": "{product}", "ModuleName": "mcu"}
_DEVICE = {"ProductKey": "{product}", "DeviceName": "d1"}

# Calls that would be carried out as they are; actions that need a task in a certain state have none
# here, and are given whole below.
GOOD: Mapping[str, Mapping[str, Any]] = {
    "GenerateOTAUploadURL": {"FileSuffix": "tar.gz"},
    "CreateOTAFirmware": {
        "DestVersion": "3.0",
        "FirmwareName": "third",
        "FirmwareUrl": "{url}",
        "FirmwareSign": "{digest}",
        "SignMethod": "MD5",
        "FirmwareSize": 5,
        "ProductKey": "{product}",
    },
    "ModifyOTAFirmware": {"FirmwareId": "{firmware}", "FirmwareName": "renamed"},
    "QueryOTAFirmware": {"FirmwareId": "{firmware}"},
    "ListOTAFirmware": _PAGE,
    "CreateOTAModule": {"ProductKey": "{product}", "ModuleName": "radio", "AliasName": "r"},
    "UpdateOTAModule": {**_MODULE, "Desc": "d"},
    "ListOTAModuleByProduct": {"ProductKey": "{product}"},
    "DeleteOTAModule": _MODULE,
    "CreateOTAVerifyJob": {**_TARGET, "FirmwareId": "{unverified}", "TargetDeviceName.1": "d3"},
    "CreateOTAStaticUpgradeJob": {**_TARGET, "TargetSelection": "ALL"},
    "CreateOTADynamicUpgradeJob": {**_TARGET, "SrcVersion.1": "1.0"},
    "UpdateOTAJob": {"JobId": "{job}"},
    "QueryOTAJob": {"JobId": "{job}"},
    "ListOTAJobByFirmware": {"FirmwareId": "{firmware}", **_PAGE},
    "ListOTAJobByDevice": {**_TARGET, "DeviceName": "d1", **_PAGE},
    "ListOTATaskByJob": {"JobId": "{job}"},
    "ListOTAUnfinishedTaskByDevice": _DEVICE,
    "ListOTAModuleVersionsByDevice": _DEVICE,
    "CancelOTATaskByDevice": {**_TARGET, "DeviceName.1": "d1"},
    "CancelOTATaskByJob": {"JobId": "{job}", "CancelQueuedTask": "true"},
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A call that is refused.

    Attributes:
        action: What is asked.
        given: What is changed in the action's good call; "" takes a parameter away.
        code: What it is refused by.
        vendors: Whose.
    """

    action: str
    given: Mapping[str, Any]
    code: str
    vendors: tuple[str, ...] = BOTH

    def pairs(self) -> dict[str, Any]:
        """Return its parameters."""
        return {**GOOD.get(self.action, {}), **self.given}


def _each(
    action: str, code: str, *given: Mapping[str, Any], vendors: tuple[str, ...] = BOTH
) -> tuple[Wrong, ...]:
    return tuple(Wrong(action, one, code, vendors) for one in given)


def _without(action: str, *names: str, code: str = "") -> tuple[Wrong, ...]:
    """Take each of these parameters away, which a call may not do without."""
    plain = (name.partition(".")[0] for name in names)
    return tuple(
        Wrong(action, {name: ""}, code or f"Missing{short}")
        for name, short in zip(names, plain, strict=True)
    )


def _several(name: str, count: int) -> dict[str, str]:
    return {f"{name}.{n}": f"x{n}" for n in range(1, count + 1)}


def _pages(action: str, most: int) -> tuple[Wrong, ...]:
    return _each(
        action, codes.BAD_PAGE, {"CurrentPage": 0}, {"CurrentPage": -1}, {"CurrentPage": "one"},
        {"PageSize": 0}, {"PageSize": most + 1}, {"PageSize": "ten"},
    )  # fmt: skip


_BAD = codes.BAD_REQUEST
_STATIC = "CreateOTAStaticUpgradeJob"
_HOUR, _DAY = 3_600_000, 86_400_000


def wrong_calls(now_ms: int) -> tuple[Wrong, ...]:
    """Return all of them.

    Args:
        now_ms: The wall clock, from which schedules count.
    """
    return (
        *(*_FIRMWARE, *_MODULES, *_UPGRADES, *_schedules(now_ms), *_LISTS, *_TASKS),
        *_STRANGE_PRODUCTS,
    )


_FIRMWARE = (
    *_each("GenerateOTAUploadURL", _BAD, {"FileSuffix": "exe"}),
    *_without("CreateOTAFirmware", "DestVersion", "FirmwareName", "FirmwareUrl"),
    *_each(
        "CreateOTAFirmware", _BAD, {"DestVersion": "3 0"}, {"DestVersion": "3" * 65},
        {"FirmwareName": "n" * 41}, {"FirmwareDesc": "d" * 101}, {"FirmwareSign": "0" * 32},
        {"FirmwareSize": 4}, {"FirmwareSize": "five"}, {"SignMethod": "SHA1"}, {"Type": 2},
        {"Type": 1, "SrcVersion": "3.0"}, {"NeedToVerify": "perhaps"}, {"Udi": "u" * 4097},
        {"ModuleName": "m" * 65}, {"ModuleName": "a b"},
    ),
    *_each("CreateOTAFirmware", _BAD, {"SignMethod": "SHA256"}, vendors=ALIBABA),
    *_each("CreateOTAFirmware", "MissingSrcVersion", {"Type": 1}),
    *_each("CreateOTAFirmware", codes.NO_SUCH_FILE, {"FirmwareUrl": "http://h/ota/no.bin"}),
    *_each("CreateOTAFirmware", "iot.ota.FirmwareNameExisted", {"FirmwareName": "one"}),
    *_each("CreateOTAFirmware", "iot.ota.VersionExisted", {"DestVersion": "2.0"}),
    *_without("ModifyOTAFirmware", "FirmwareId"),
    *_each("ModifyOTAFirmware", _BAD, {"FirmwareName": "n" * 41}, {"FirmwareDesc": "d" * 101}),
    *_each("ModifyOTAFirmware", "iot.ota.FirmwareNotExisted", {"FirmwareId": "none"}),
    *_without("QueryOTAFirmware", "FirmwareId"),
    *_each("QueryOTAFirmware", "iot.ota.FirmwareNotExisted", {"FirmwareId": "none"}),
    *_without("ListOTAFirmware", "CurrentPage", "PageSize"),
    *_pages("ListOTAFirmware", 100),
)  # fmt: skip
_MODULES = (
    *_without("CreateOTAModule", "ProductKey", "ModuleName"),
    *_without("UpdateOTAModule", "ProductKey", "ModuleName"),
    *_without("DeleteOTAModule", "ProductKey", "ModuleName"),
    *_without("ListOTAModuleByProduct", "ProductKey"),
    *_each("CreateOTAModule", _BAD, {"ModuleName": "m" * 65}, {"ModuleName": "a b"},
           {"AliasName": "a" * 65}, {"AliasName": "a b"}, {"Desc": "d" * 101}),
    *_each("CreateOTAModule", "iot.ota.ModuleExisted", {"ModuleName": "MCU"},
           {"ModuleName": "default"}),
    *_each("UpdateOTAModule", _BAD, {"AliasName": "a" * 65}, {"Desc": "d" * 101},
           {"ModuleName": "default"}),
    *_each("UpdateOTAModule", "iot.ota.ModuleNotExisted", {"ModuleName": "none"}),
    *_each("DeleteOTAModule", "iot.ota.ModuleNotExisted", {"ModuleName": "none"}),
    *_each("DeleteOTAModule", _BAD, {"ModuleName": "default"}),
)  # fmt: skip
_UPGRADES = (
    *_without("CreateOTAVerifyJob", "FirmwareId", "ProductKey"),
    *_each("CreateOTAVerifyJob", _BAD, _several("TargetDeviceName", 11), {"TimeoutInMinutes": 0}),
    *_each("CreateOTAVerifyJob", "iot.ota.VerifyWithoutDevice", {"TargetDeviceName.1": ""}),
    *_without(_STATIC, "FirmwareId", "ProductKey", "TargetSelection"),
    *_each(_STATIC, "iot.ota.FirmwareNotExisted", {"FirmwareId": "none"}),
    *_each(_STATIC, "iot.ota.FirmwareUnverified", {"FirmwareId": "{unverified}"}),
    *_each(_STATIC, "MissingTargetDeviceName", {"TargetSelection": "SPECIFIC"}),
    *_each(_STATIC, "MissingGrayPercent", {"TargetSelection": "GRAY"}),
    *_each(_STATIC, "MissingGroupId", {"TargetSelection": "GROUP"}),
    *_each(_STATIC, "MissingRetryCount", {"RetryInterval": 10}),
    *_each(_STATIC, "MissingRetryInterval", {"RetryCount": 1}),
    *_each(
        _STATIC, _BAD, {"TargetSelection": "SOME"}, {"TargetSelection": "GRAY", "GrayPercent": 0},
        {"TargetSelection": "GRAY", "GrayPercent": "101"},
        {"TargetSelection": "GRAY", "GrayPercent": "1.0001"},
        {"TargetSelection": "SPECIFIC", **_several("TargetDeviceName", 201)},
        _several("SrcVersion", 11), {"TimeoutInMinutes": 0}, {"TimeoutInMinutes": 1441},
        {"RetryInterval": 11, "RetryCount": 1}, {"RetryInterval": 10, "RetryCount": 3},
        {"RetryInterval": 60, "RetryCount": 1, "TimeoutInMinutes": 60},
        {"NeedPush": "maybe"}, {"NeedConfirm": "1"}, {"DownloadProtocol": "FTP"},
    ),
    *_each(
        _STATIC, _BAD, {"MaximumPerMinute": 9}, {"MaximumPerMinute": 10_001}, {"OverwriteMode": 0},
        {"OverwriteMode": 3}, {"OverwriteMode": 2, "MultiModuleMode": "true"},
        {"Tag.1.Key": "a b", "Tag.1.Value": "v"}, {"Tag.1.Key": "k" * 31, "Tag.1.Value": "v"},
        {"Tag.1.Key": "k"}, {"Tag.1.Key": "k", "Tag.1.Value": "v" * 1025},
        {f"Tag.{n}.{part}": f"k{n}" for n in range(1, 12) for part in ("Key", "Value")},
        {"IotInstanceId": "{org}", "TimeoutInMinutes": "soon"}, vendors=ALIBABA,
    ),
    *_each(_STATIC, codes.BAD_TENANT, {"IotInstanceId": "iot-other"}, vendors=ALIBABA),
    *_each(_STATIC, _BAD, {"DownloadProtocol": "MQTT"}, vendors=("tuya",)),
    *_each("CreateOTADynamicUpgradeJob", "MissingSrcVersion", {"SrcVersion.1": ""},
           vendors=ALIBABA),
    *_each(
        "CreateOTADynamicUpgradeJob", _BAD, {"GroupId": "g", "GroupType": "LINK_PLATFORM_DYNAMIC"},
        {"SrcVersion.2": "1.0"}, {"SrcVersion.1": "", "GroupId": "g", "GroupType": "LINK_PLATFORM"},
        {"DynamicMode": 0}, {"DynamicMode": 3}, {"MaximumPerMinute": 9}, _several("SrcVersion", 11),
        vendors=ALIBABA,
    ),
    *_each("CreateOTADynamicUpgradeJob", "MissingGroupType", {"SrcVersion.1": "", "GroupId": "g"},
           vendors=ALIBABA),
    *_each(_STATIC, "MissingGroupType", {"TargetSelection": "GROUP", "GroupId": "g"},
           vendors=ALIBABA),
    *_each(_STATIC, _BAD, {"TargetSelection": "GROUP", "GroupId": "g",
                           "GroupType": "LINK_PLATFORM_DYNAMIC"}, vendors=ALIBABA),
    *_each(_STATIC, "iot.system.IllegalRequest", {"SrcVersion.1": "1.0", "SrcVersion.2": "1.0"}),
    *_each("CreateOTADynamicUpgradeJob", codes.NO_SUCH_ACTION, {}, vendors=("tuya",)),
    *_each("UpdateOTAJob", "MissingJobId", {"JobId": ""}, vendors=ALIBABA),
    *_each("UpdateOTAJob", "iot.ota.JobNotExisted", {"JobId": "none"}, vendors=ALIBABA),
    *_each("UpdateOTAJob", _BAD, {"MaximumPerMinute": 9}, {"TimeoutInMinutes": 1441},
           vendors=ALIBABA),
    *_each("UpdateOTAJob", codes.NO_SUCH_ACTION, {}, vendors=("tuya",)),
)  # fmt: skip


def _schedules(now_ms: int) -> tuple[Wrong, ...]:
    """Return wrong schedules, with an hour to spare for a slow run."""
    tomorrow = {"ScheduleTime": now_ms + _DAY}
    return _each(
        _STATIC, _BAD, {"ScheduleTime": now_ms}, {"ScheduleTime": now_ms + 7 * _DAY + _HOUR},
        {"ScheduleTime": (now_ms + _DAY) // 1000}, {"ScheduleFinishTime": now_ms + _DAY},
        {**tomorrow, "ScheduleFinishTime": now_ms + _DAY + _HOUR - 1},
        {**tomorrow, "ScheduleFinishTime": now_ms + 31 * _DAY + 1}, vendors=ALIBABA,
    )  # fmt: skip


_LISTS = (
    *_without("QueryOTAJob", "JobId"),
    *_each("QueryOTAJob", "iot.ota.JobNotExisted", {"JobId": "none"}),
    *_without("ListOTAJobByFirmware", "FirmwareId", "CurrentPage", "PageSize"),
    *_pages("ListOTAJobByFirmware", 200),
    *_without(
        "ListOTAJobByDevice", "FirmwareId", "ProductKey", "DeviceName", "CurrentPage", "PageSize"
    ),
    *_pages("ListOTAJobByDevice", 100),
    *_without("ListOTATaskByJob", "JobId"),
    *_each("ListOTATaskByJob", "iot.ota.JobNotExisted", {"JobId": "none"},
           {"JobId": "none", "TaskStatus": "FAILED"}, {"JobId": "none", "DeviceNames.1": "d1"}),
    *_pages("ListOTATaskByJob", 100),
    *_each("ListOTATaskByJob", _BAD, {"TaskStatus": "CANCELLED"}, _several("DeviceNames", 51)),
    *_each(
        "ListOTATaskByJob", codes.BAD_PAGE, {"CurrentPage": 1001, "PageSize": 100}, vendors=ALIBABA
    ),
    *_without("ListOTAUnfinishedTaskByDevice", "ProductKey", "DeviceName"),
    *_each("ListOTAUnfinishedTaskByDevice", _BAD, {"TaskStatus": "SUCCEEDED"},
           {"TaskStatusList.1": "FAILED"}),
    *_without("ListOTAModuleVersionsByDevice", "ProductKey", "DeviceName"),
    *_pages("ListOTAModuleVersionsByDevice", 200),
)  # fmt: skip
_TASKS = (
    *_without("CancelOTATaskByDevice", "FirmwareId", "ProductKey", "DeviceName.1"),
    *_each("CancelOTATaskByDevice", _BAD, _several("DeviceName", 201)),
    *_without("CancelOTATaskByJob", "JobId", "CancelQueuedTask"),
    *_each("CancelOTATaskByJob", "iot.ota.JobNotExisted", {"JobId": "none"}),
    *_each("CancelOTATaskByJob", _BAD, {"CancelQueuedTask": "yes"}),
    *_each("CancelOTATaskByDevice", "iot.ota.FirmwareNotExisted", {"FirmwareId": "none"}),
    *_each("ConfirmOTATask", "MissingTaskId", {}),
    *_each("ConfirmOTATask", _BAD, _several("TaskId", 11)),
    *_each("ConfirmOTATask", "iot.ota.TaskNotExisted", {"TaskId.1": "none"}),
    *_each("ReupgradeOTATask", "MissingJobId", {"TaskId.1": "none"}, vendors=ALIBABA),
    *_each("ReupgradeOTATask", "iot.ota.JobNotExisted", {"JobId": "none"}, vendors=ALIBABA),
    *_each(
        "ReupgradeOTATask",
        "iot.ota.TaskNotExisted",
        {"JobId": "{job}", "TaskId.1": "none"},
        vendors=ALIBABA,
    ),
    *_each("ReupgradeOTATask", codes.NO_SUCH_ACTION, {"JobId": "{job}"}, vendors=("tuya",)),
    *_each("CancelOTAStrategyByJob", "MissingJobId", {}, vendors=ALIBABA),
    *_each("CancelOTAStrategyByJob", _BAD, {"JobId": "{job}"}, vendors=ALIBABA),  # it is static
    *_each("DeleteOTAFirmware", "MissingFirmwareId", {}),
    *_each("DeleteOTAFirmware", "iot.ota.FirmwareNotExisted", {"FirmwareId": "none"}),
    *_each("DeleteOTAFirmware", "iot.ota.FirmwareInUse", {"FirmwareId": "{firmware}"}),
    *_each("NoSuchAction", codes.NO_SUCH_ACTION, {}),
)
# What may name a product, each with one that nobody knows.
_STRANGE_PRODUCTS = (
    *(
        one
        for action in ("CreateOTAFirmware", "CreateOTAVerifyJob", _STATIC,
                       "CreateOTAModule", "UpdateOTAModule", "DeleteOTAModule",
                       "ListOTAModuleByProduct")
        for one in _each(action, codes.NO_SUCH_PRODUCT, {"ProductKey": "strange"})
    ),
    *_each(
        "CreateOTADynamicUpgradeJob", codes.NO_SUCH_PRODUCT, {"ProductKey": "strange"},
        vendors=ALIBABA,
    ),
)  # fmt: skip
