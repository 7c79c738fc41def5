from __future__ import annotations

import json
from typing import Any

import pytest

from fleet_sim.dialects.http import HttpPart
from fleet_sim.dialects.huawei.admin import (
    OBJECTS_BYTES_MAX,
    OBJECTS_MAX,
    Objects,
    plain_file_name,
    read_upload,
    write_upload,
)
from fleet_sim.dialects.huawei.talk import ApiError
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import CreateFirmware, FirmwareOrder, Names
from tests.dialects.huawei.scene import FILE, SIGN

_ORDER = FirmwareOrder(
    "p1", Names("n"), "v2", SIGN, "sha256", "fw.bin", "text",
    tags=(("deviceType", "T"), ("fileType", "softwarePackage"), ("manufacturerName", "M")),
    module="software", needs_token=True,
)  # fmt: skip


def _parts(content: bytes = FILE, name: str | None = "fw.bin", **fields: object) -> Any:  # noqa: ANN401 - parts
    package = json.dumps({"model": "p1", "version": "v2", **fields}).encode()
    return (HttpPart("package", package), HttpPart("file", content, name))


def test_what_is_uploaded_is_what_arrives() -> None:
    """The round-trip law."""
    call = CreateFirmware(_ORDER, FILE)

    assert read_upload(write_upload(call), "") == call


def test_a_package_needs_a_version_and_no_more() -> None:
    """Its product may be the gate's, its name is its file's."""
    parts = (HttpPart("package", b'{"version":"v2"}'), HttpPart("file", FILE, "fw.bin"))

    order = read_upload(parts, "p9").order

    assert order == FirmwareOrder(
        "p9", Names("fw.bin"), "v2", SIGN, "sha256", "fw.bin", needs_token=True
    )


@pytest.mark.parametrize(
    "parts",
    [
        (),
        _parts()[:1],
        _parts()[1:],
        (*_parts(), _parts()[0]),
        (HttpPart("package", b"{"), HttpPart("file", FILE, "fw.bin")),
        _parts(name=None),
        _parts(name="../fw.bin"),
        _parts(version=None),
        _parts(version="v" * 257),
        _parts(version=2),
        _parts(sign="00"),
        _parts(fileType="modulePackage"),
        _parts(deviceType=7),
    ],
)
def test_a_wrong_upload_is_a_bad_request(parts: tuple[HttpPart, ...]) -> None:
    """Whatever is missing in it, or false."""
    with pytest.raises(ApiError) as caught:
        read_upload(parts, "")

    assert caught.value.why.code == "120015"


def test_a_package_of_no_product_is_refused() -> None:
    """Where the gate has none to fall back on."""
    with pytest.raises(ApiError, match="model is empty"):
        read_upload((HttpPart("package", b'{"version":"v2"}'), HttpPart("file", FILE, "f")), "")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a\0", "a" * 256, "\ud800"])
def test_what_is_no_plain_file_name_is_refused(name: str) -> None:
    """It will stand in a path."""
    with pytest.raises(DialectError):
        plain_file_name(name)


def test_objects_are_kept_until_newer_ones_push_them_out() -> None:
    """The latest of a name counts."""
    objects = Objects()

    for number in range(OBJECTS_MAX):
        assert objects.put("b", str(number), b"1")
    objects.put("b", "0", b"2")
    objects.put("b", "new", b"3")

    assert objects.get("b", "0") == b"2"
    assert objects.get("b", "1") is None
    assert objects.get("b", "new") == b"3"
    assert objects.get("c", "new") is None


def test_an_object_too_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor are more than fit together."""
    monkeypatch.setattr("fleet_sim.dialects.huawei.admin.OBJECTS_BYTES_MAX", 4)
    objects = Objects()

    assert OBJECTS_BYTES_MAX > 4
    assert not objects.put("b", "a", b"12345")
    assert objects.put("b", "a", b"123")
    assert objects.put("b", "c", b"12")
    assert objects.get("b", "a") is None
    assert objects.get("b", "c") == b"12"
