from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.huawei.admin import Objects
from fleet_sim.dialects.huawei.talk import ApiError
from fleet_sim.dialects.huawei.v5_packages import package_fields, read_package, shown_package
from fleet_sim.model.northbound import CreateFirmware, FirmwareOrder, FirmwareRow, Names
from tests.dialects.huawei.scene import FILE, SIGN, package_body
from tests.dialects.huawei.shelf import NOW


def _objects() -> Objects:
    objects = Objects()
    objects.put("bucket", "dir/fw.bin", FILE)
    objects.put("bucket", "empty", b"")
    objects.put("bucket", "dir/", FILE)
    return objects


def _read(**changes: object) -> CreateFirmware:
    return read_package(json.dumps(package_body(**changes)).encode(), _objects())  # type: ignore[arg-type]


def _at(**changes: object) -> dict[str, Any]:
    place = {"region_name": "r", "bucket_name": "bucket", "object_key": "dir/fw.bin"}
    return {"file_location": {"obs_location": {**place, **changes}}}


def test_a_full_body_is_read_with_its_file() -> None:
    """The object's name is the file's."""
    call = _read(
        support_source_versions=["v1", "v0"], description="d", custom_info="c", app_id="app"
    )

    assert call.content == FILE
    place = (
        '{"region_name":"r","bucket_name":"bucket","object_key":"dir/fw.bin",'
        f'"sign_method":"SHA256","sign":"{SIGN}"}}'
    )
    assert call.order == FirmwareOrder(
        "p1", Names("firmwarePackage v2.0"), "v2.0", SIGN, "sha256", "fw.bin", "d",
        tags=(("app_id", "app"), ("fileType", "firmwarePackage"), ("file_location", place)),
        from_versions=("v1", "v0"), custom="c",
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"package_type": None},
        {"package_type": "modulePackage"},
        {"product_id": None},
        {"product_id": ""},
        {"product_id": "p" * 37},
        {"product_id": "p.1"},
        {"app_id": "a" * 37},
        {"app_id": "a/b"},
        {"version": None},
        {"version": ""},
        {"version": "v 2"},
        {"version": "v" * 257},
        {"description": "d" * 1_025},
        {"custom_info": "c" * 4_097},
        {"support_source_versions": "v1"},
        {"support_source_versions": [1]},
        {"support_source_versions": ["v 1"]},
        {"support_source_versions": [""]},
        {"support_source_versions": [str(number) for number in range(21)]},
        {"file_location": None},
        {"file_location": []},
        _at(bucket_name=None),
        _at(bucket_name="bu"),
        _at(bucket_name="b" * 64),
        _at(bucket_name="Bucket"),
        _at(region_name="r" * 257),
        _at(region_name="r 1"),
        _at(object_key=""),
        _at(object_key="k" * 1_025),
        _at(object_key="nothing"),
        _at(object_key="empty"),
        _at(object_key="dir/"),
        _at(sign="00" * 32),
        _at(sign=SIGN[1:]),
        _at(sign="g" * 64),
        _at(sign=SIGN, sign_method="MD5"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(changes: dict[str, Any]) -> None:
    """So is a file that is not there, is empty, or is another."""
    with pytest.raises(ApiError, match=r"Invalid input\. .+"):
        _read(**changes)


_WORDS = st.text("abc019_-", min_size=1, max_size=9)
_VERSIONS = st.text("abc.019_-", min_size=1, max_size=9)
_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
_MADE = st.builds(
    lambda product, version, desc, custom, sources, kind: FirmwareOrder(
        product, Names(f"{kind} {version}"), version, SIGN, "sha256", "fw.bin", desc,
        tags=(("app_id", "app"), ("fileType", kind)), from_versions=sources, custom=custom,
        module="software" if kind == "softwarePackage" else "",
    ),
    _WORDS, _VERSIONS, _TEXTS, _TEXTS, st.lists(_VERSIONS, max_size=3, unique=True).map(tuple),
    st.sampled_from(["firmwarePackage", "softwarePackage"]),
)  # fmt: skip


@pytest.mark.codec
@given(made=_MADE)
def test_a_package_reads_as_it_was_made(made: FirmwareOrder) -> None:
    """The round-trip law: what is shown has the form of what is asked, but for the file's place."""
    row = FirmwareRow("f", made, "", 8, is_verified=True, created_epoch_ms=NOW)

    body = json.dumps({**package_fields(row), **_at()}).encode()

    found = read_package(body, _objects())
    tags = tuple(tag for tag in found.order.tags if tag[0] != "file_location")
    assert CreateFirmware(replace(found.order, tags=tags), found.content) == CreateFirmware(
        made, FILE
    )


@given(body=st.binary(max_size=40))
def test_garbage_is_refused(body: bytes) -> None:
    """By no other error."""
    with pytest.raises(ApiError):
        read_package(body, Objects())


def test_a_package_shows_every_field() -> None:
    """Its file's place where it stands alone, and not in a list."""
    row = FirmwareRow("f", _read().order, "", 8, is_verified=True, created_epoch_ms=NOW)
    bare = replace(row, order=replace(row.order, tags=()))

    place = package_body()["file_location"]
    assert shown_package(row) == {**package_fields(row), "file_location": place}
    assert shown_package(bare) == package_fields(bare)
    assert package_fields(row) == {
        "package_id": "f", "app_id": "app", "package_type": "firmwarePackage", "product_id": "p1",
        "product_name": "p1", "version": "v2.0", "support_source_versions": [], "description": "",
        "custom_info": "", "create_time": "20260301T003900Z",
    }  # fmt: skip
