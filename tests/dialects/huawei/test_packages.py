from __future__ import annotations

import pytest

from fleet_sim.dialects.huawei.packages import (
    category_fields,
    instant,
    is_short,
    read_category,
    trait_of,
    traits_of,
)
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import FirmwareOrder, FirmwareRow, Names

_TAGS = (
    ("date", "20260101T000000Z"), ("deviceType", "Meter"), ("fileType", "softwarePackage"),
    ("manufacturerName", "M"), ("protocolType", "LWM2M"),
)  # fmt: skip
_ORDER = FirmwareOrder("p1", Names("n"), "v2", "", "", "", "text", tags=_TAGS)
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
