from __future__ import annotations

from typing import Any

import pytest

from fleet_sim.dialects.rpc import codes
from fleet_sim.dialects.rpc.asked import equal, together
from fleet_sim.model.northbound import (
    CancelJob,
    GetJob,
    JobOrder,
    Page,
    Scope,
    SearchJobs,
    TaskStatus,
    UpdateJob,
)
from tests.dialects.rpc.callers import NOW, asking, gate_of, refused
from tests.dialects.rpc.hand_orders import DYNAMIC, STATIC, VERIFY, ordered

# --- a job's making ------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ["alibaba", "tuya"])
def test_the_shortest_order_leaves_all_to_the_defaults(vendor: str) -> None:
    """Every device of the product, at once, without limit, pushed, unconfirmed, over HTTPS."""
    assert ordered(STATIC, vendor) == JobOrder("f", "upgrade", Scope("pk"))


def test_dynamic_jobs_go_by_version_or_by_group() -> None:
    """With the second mode only later devices join."""
    by_version = ordered(DYNAMIC, SrcVersion_1="1.0")
    by_group = ordered(DYNAMIC, GroupId="g", GroupType="LINK_PLATFORM_DYNAMIC", DynamicMode=2)

    assert by_version == JobOrder("f", "upgrade", Scope("pk", ("1.0",)), open_list=True)
    assert by_group == JobOrder(
        "f", "upgrade", Scope("pk", total=False, groups=("g",)), open_list=True, skips_present=True
    )


def test_verify_jobs_name_devices() -> None:
    """Those that name none are the backend's to refuse."""
    assert ordered(VERIFY, TargetDeviceName_1="a") == JobOrder(
        "f", "verify", Scope("pk", total=False, device_keys=("a",))
    )
    assert ordered(VERIFY).scope == Scope("pk")


# --- the rest of its life ------------------------------------------------------------------------


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


def test_a_changed_job_is_bound_by_the_contract_too() -> None:
    """The same rate, the same number of source versions."""
    gate = gate_of("alibaba", changes={"pushes_a_minute_max": 20, "source_versions_max": 1})

    for wrong in ({"MaximumPerMinute": 21}, {"SrcVersionList_1": "1", "SrcVersionList_2": "2"}):
        request = asking("UpdateOTAJob", JobId="j", **wrong)
        assert refused(gate.read(request, NOW))[1] == codes.BAD_REQUEST
