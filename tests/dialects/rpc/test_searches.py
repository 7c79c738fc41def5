from __future__ import annotations

import pytest

from fleet_sim.dialects.rpc.asked import equal, together
from fleet_sim.dialects.rpc.searches import cannot, numbered, search, terms_as_pairs
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import EVERYTHING, AllOf, AnyOf, Comparison, Filter, Operator
from fleet_sim.model.northbound import (
    Page,
    SearchDevices,
    SearchFirmware,
    SearchJobs,
    SearchReported,
    SearchTasks,
    TaskStatus,
)
from tests.dialects.rpc.callers import PROFILES

_PROFILE = PROFILES["tuya"]
_JOB = equal("job_id", "j")
_DEVICE = AllOf((equal("product_key", "pk"), equal("device_key", "d")))


def _in(field: str, *values: str) -> Comparison:
    return Comparison(field, Operator.IN, values)


@pytest.mark.parametrize(
    ("call", "where", "action", "pairs"),
    [
        (SearchTasks, _JOB, "ListOTATaskByJob", [("JobId", "j")]),
        (SearchTasks, AllOf((AllOf((_JOB,)), equal("status", "failed"))), "ListOTATaskByJob",
         [("JobId", "j"), ("TaskStatus", "FAILED")]),
        (SearchTasks, together(_JOB, _in("device_key", "a", "b")), "ListOTATaskByJob",
         [("JobId", "j"), ("DeviceNames.1", "a"), ("DeviceNames.2", "b")]),
        (SearchTasks, together(_JOB, _in("status", TaskStatus.QUEUED)), "ListOTATaskByJob",
         [("JobId", "j"), ("TaskStatus", "QUEUED")]),
        (SearchTasks, together(_DEVICE, _in("status", "queued", "pushed"), equal("module", "")),
         "ListOTAUnfinishedTaskByDevice",
         [("ProductKey", "pk"), ("DeviceName", "d"), ("TaskStatusList.1", "QUEUED"),
          ("TaskStatusList.2", "NOTIFIED"), ("ModuleName", "default")]),
        (SearchTasks, equal("asset_id", "i"), "ListOTAUnfinishedTaskByDevice", [("IotId", "i")]),
        (SearchFirmware, EVERYTHING, "ListOTAFirmware", []),
        (SearchFirmware, equal("version", "2"), "ListOTAFirmware", [("DestVersion", "2")]),
        (SearchJobs, equal("firmware_id", "f"), "ListOTAJobByFirmware", [("FirmwareId", "f")]),
        (SearchJobs, together(equal("firmware_id", "f"), _DEVICE), "ListOTAJobByDevice",
         [("FirmwareId", "f"), ("ProductKey", "pk"), ("DeviceName", "d")]),
        (SearchReported, _DEVICE, "ListOTAModuleVersionsByDevice",
         [("ProductKey", "pk"), ("DeviceName", "d")]),
    ],
)  # fmt: skip
def test_a_filter_finds_its_action(
    call: type[SearchTasks], where: Filter, action: str, pairs: list[tuple[str, str]]
) -> None:
    """By the fields that it demands."""
    assert terms_as_pairs(where, call, _PROFILE) == (action, tuple(pairs))


@pytest.mark.parametrize(
    ("call", "where"),
    [
        (SearchTasks, EVERYTHING),
        (SearchTasks, equal("status", "failed")),
        (SearchTasks, together(_JOB, equal("desc", "x"))),
        (SearchTasks, together(_JOB, equal("noSuchField", "x"))),
        (SearchTasks, together(_JOB, _in("status", "failed", "queued"))),
        (SearchTasks, together(_JOB, equal("status", "no word"))),
        (SearchTasks, together(_JOB, _in("device_key", *(f"d{n}" for n in range(51))))),
        (SearchTasks, together(_JOB, _in("device_key"))),
        (SearchTasks, together(_JOB, _JOB)),
        (SearchTasks, Comparison("job_id", Operator.LIKE, ("j",))),
        (SearchTasks, Comparison("job_id", Operator.NOT_EQUAL, ("j",))),
        (SearchTasks, AnyOf((_JOB, _JOB))),
        (SearchJobs, EVERYTHING),
        (SearchReported, equal("product_key", "pk")),
        (SearchDevices, EVERYTHING),
    ],
)
def test_what_the_api_cannot_ask_is_refused(call: type[SearchTasks], where: Filter) -> None:
    """Never sent in another meaning."""
    with pytest.raises(DialectError, match=r"^the tuya API "):
        terms_as_pairs(where, call, _PROFILE)


@pytest.mark.parametrize(
    ("call", "pairs"),
    [
        (SearchTasks(_JOB), ()),
        (SearchTasks(_JOB, Page(2, 7)), (("CurrentPage", "2"), ("PageSize", "7"))),
        (SearchFirmware(), (("CurrentPage", "1"), ("PageSize", "10"))),
        (SearchTasks(equal("asset_id", "i"), Page(2, 7)), ()),
    ],
)
def test_pages_are_written_where_there_are_any(
    call: SearchTasks, pairs: tuple[tuple[str, str], ...]
) -> None:
    """And filled in where the action demands them."""
    _, found = search(call, _PROFILE)

    paging = {"CurrentPage", "PageSize"}
    assert tuple(pair for pair in found if pair[0] in paging) == pairs


@pytest.mark.parametrize(
    ("page", "can_be_asked"),
    [(Page(), True), (Page(1, 2), True), (Page(1, 1), False), (Page(2, 100), False)],
)
def test_a_search_by_names_has_one_page(page: Page, can_be_asked: bool) -> None:
    """The API puts paging aside there, so that no smaller page can be had."""
    call = SearchTasks(together(_JOB, _in("device_key", "a", "b")), page)

    if can_be_asked:
        assert search(call, _PROFILE)[0] == "ListOTATaskByJob"
    else:
        with pytest.raises(DialectError, match="no pages where devices are named, and 2 are"):
            search(call, _PROFILE)


def test_the_building_blocks() -> None:
    """Lists count from one; a sentence names the vendor."""
    assert numbered("D", ["a", "b"]) == (("D.1", "a"), ("D.2", "b"))
    assert str(cannot("has none", _PROFILE)) == "the tuya API has none"
