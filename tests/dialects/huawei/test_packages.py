from __future__ import annotations

import pytest

from fleet_sim.dialects.huawei.oceanconnect import OPERATIONS
from fleet_sim.dialects.huawei.packages import (
    category_fields,
    instant,
    is_short,
    read_category,
    trait_of,
    traits_of,
)
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.northbound import (
    FirmwareOrder,
    FirmwareRow,
    Listed,
    Names,
    ReportedRow,
    SearchReported,
)
from tests.backend.playbook import PRODUCT
from tests.dialects.huawei.platform import Platform
from tests.dialects.huawei.scene import BATCHES, task_body

_TAGS = (
    ("date", "20260101T000000Z"), ("deviceType", "Meter"), ("fileType", "softwarePackage"),
    ("manufacturerName", "M"), ("protocolType", "LWM2M"),
)  # fmt: skip
_ORDER = FirmwareOrder("p1", Names("n"), "v2", "", "", "", "text", tags=_TAGS, module="software")
_ROW = FirmwareRow("f", _ORDER, "", 0, is_verified=True, created_epoch_ms=1_449_922_332_000)


def test_a_package_shows_every_documented_field() -> None:
    """In the words of "Querying a Specified Version Package"."""
    assert category_fields(_ROW) == {
        "fileId": "f", "name": "n", "version": "v2", "fileType": "softwarePackage",
        "deviceType": "Meter", "model": "p1", "manufacturerName": "M", "protocolType": "LWM2M",
        "description": "text", "date": "20260101T000000Z", "uploadTime": "20151212T121212Z",
    }  # fmt: skip


def test_a_package_comes_back() -> None:
    """But for its file, of which nothing is told."""
    assert read_category(category_fields(_ROW)) == _ROW


def test_a_package_of_no_type_reads_as_our_own() -> None:
    """Firmware, with the day of its upload."""
    bare = FirmwareRow("f", FirmwareOrder("p1", Names("n"), "v2", "", "", ""), "", 0,
                       is_verified=True, created_epoch_ms=1_449_922_332_000)  # fmt: skip

    shown = category_fields(bare)

    assert (shown["fileType"], shown["date"]) == ("firmwarePackage", "20151212T121212Z")
    assert trait_of(bare.order, "protocolType") == "MQTT"
    assert traits_of({}) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"fileId": "f"},
        {"fileId": "f", "version": 2},
        {"fileId": "f", "version": "2", "uploadTime": "x"},
    ],
)
def test_a_malformed_package_is_refused(fields: dict[str, object]) -> None:
    """Its id and version have to be there."""
    with pytest.raises(DialectError):
        read_category(fields)


def test_an_absent_instant_is_none() -> None:
    """Null and "" alike."""
    assert instant({}, "at") is None
    assert instant({"at": ""}, "at") is None


@pytest.mark.parametrize(
    ("text", "short"), [("a" * 256, True), ("a" * 257, False), ("\0", False), ("\ud800", False)]
)
def test_a_parameter_has_at_most_256_characters(text: str, short: bool) -> None:
    """All of which can be kept."""
    assert is_short(text) is short


# --- software --------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [{"sw_version": "s1"}, {"fw_version": "v1.0", "sw_version": "s1"}])
@pytest.mark.parametrize("is_batch", [False, True])
def test_a_software_task_sends_a_software_upgrade(said: dict[str, str], *, is_batch: bool) -> None:
    """Once the device has told its software's version, with its firmware's or without."""
    platform = Platform()
    file_id, name = platform.software("s2"), f"{PRODUCT}_d1"
    if is_batch:
        body = task_body(file_id, name, task_type="softwareUpgrade")
        platform.ask("POST", BATCHES, body)
    else:
        body = {"fileId": file_id, "targets": {"devices": [name]}}
        platform.ask("POST", f"{OPERATIONS}/softwareUpgrade", body)

    platform.says("d1", "version_report", **said)

    assert platform.pushed("d1") == ["software_upgrade"]


def test_the_end_of_a_software_upgrade_is_of_the_software() -> None:
    """The report of it names no part of the device, and a second one changes nothing."""
    platform = Platform()
    body = {"fileId": platform.software("s2"), "targets": {"devices": [f"{PRODUCT}_d1"]}}
    platform.ask("POST", f"{OPERATIONS}/softwareUpgrade", body)
    platform.says("d1", "version_report", fw_version="v1.0", sw_version="s1")
    platform.says("d1", "upgrade_progress_report", result_code=0, progress=40, version="s1")

    for _ in range(2):
        platform.says("d1", "upgrade_progress_report", result_code=0, progress=100, version="s2")

    shown = platform.ask("GET", OPERATIONS)["data"][0]
    assert (shown["operateType"], shown["status"]) == ("software_upgrade", "success")
    told = platform.server.call(SearchReported(Comparison("device_key", Operator.EQUAL, ("d1",))))
    assert isinstance(told, Listed)
    rows = [row for row in told.rows if isinstance(row, ReportedRow)]
    assert {row.module: row.version for row in rows} == {"": "v1.0", "software": "s2"}


def test_a_software_task_does_not_take_the_firmwares_version() -> None:
    """A device that tells no other is not pushed to: nobody knows what it runs."""
    platform = Platform()
    body = {"fileId": platform.software("s2"), "targets": {"devices": [f"{PRODUCT}_d1"]}}
    platform.ask("POST", f"{OPERATIONS}/softwareUpgrade", body)

    platform.says("d1", "version_report", fw_version="v1.0")

    assert platform.pushed("d1") == []
