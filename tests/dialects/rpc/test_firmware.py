from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fleet_sim.dialects.rpc import codes, firmware
from fleet_sim.model.filters import EVERYTHING, AllOf
from fleet_sim.model.northbound import (
    CreateFirmware,
    DeleteFirmware,
    FirmwareOrder,
    FirmwareRow,
    GetFirmware,
    Names,
    Page,
    SearchFirmware,
    Trial,
    UpdateFirmware,
)
from tests.dialects.rpc.callers import NOW, asking, called, gate_of, refused, uploaded

_MD5 = "5d41402abc4b2a76b9719d911017c592"
_SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def _created(vendor: str = "tuya", **given: object) -> CreateFirmware:
    gate = gate_of(vendor)
    whole = {"DestVersion": "2.0", "FirmwareName": "n", "FirmwareUrl": uploaded(gate)} | given
    found = called(gate.read(asking("CreateOTAFirmware", **whole), NOW))
    assert isinstance(found, CreateFirmware)
    return found


def test_what_is_left_out_is_filled_in() -> None:
    """The digest is computed, a firmware has to be verified, its product is the gate's own."""
    found = _created()

    assert found.content == b"hello"
    assert found.order == FirmwareOrder(
        product_key="pk0", names=Names("n"), version="2.0", digest=_MD5, digest_method="md5",
        file_name=found.order.file_name, needs_verification=True, verify_devices_max=10,
    )  # fmt: skip


def test_everything_that_can_be_said() -> None:
    """A difference has its one source version."""
    order = _created(
        ProductKey="pk", FirmwareDesc="d", Type=1, SrcVersion="1.0", ModuleName="MCU",
        NeedToVerify="False", Udi='{"a":1}', SignMethod="SHA256", FirmwareSign=_SHA256.upper(),
        FirmwareSize=5,
    ).order  # fmt: skip

    assert order == FirmwareOrder(
        product_key="pk", names=Names("n"), version="2.0", digest=_SHA256, digest_method="sha256",
        file_name=order.file_name, desc="d", needs_verification=False, verify_devices_max=10,
        module="MCU", from_versions=("1.0",), is_patch=True, custom='{"a":1}',
    )  # fmt: skip


def test_the_default_module_is_the_device() -> None:
    """And a whole image is for every source version."""
    order = _created(ModuleName="Default", SrcVersion="1.0").order

    assert (order.module, order.from_versions) == ("", ())


@pytest.mark.parametrize(
    ("given", "word", "about"),
    [
        ({"DestVersion": ""}, "MissingDestVersion", "DestVersion"),
        ({"DestVersion": "2 0"}, codes.BAD_REQUEST, "DestVersion"),
        ({"DestVersion": "2" * 65}, codes.BAD_REQUEST, "DestVersion"),
        ({"FirmwareName": ""}, "MissingFirmwareName", "FirmwareName"),
        ({"FirmwareName": "n" * 41}, codes.BAD_REQUEST, "FirmwareName"),
        ({"FirmwareUrl": ""}, "MissingFirmwareUrl", "FirmwareUrl"),
        ({"FirmwareUrl": "http://h/ota/no.bin"}, codes.NO_SUCH_FILE, "FirmwareUrl"),
        ({"FirmwareSize": 6}, codes.BAD_REQUEST, "FirmwareSize"),
        ({"FirmwareSign": "00"}, codes.BAD_REQUEST, "FirmwareSign"),
        ({"SignMethod": "SHA1"}, codes.BAD_REQUEST, "SignMethod"),
        ({"FirmwareDesc": "d" * 101}, codes.BAD_REQUEST, "FirmwareDesc"),
        ({"Type": 2}, codes.BAD_REQUEST, "Type"),
        ({"Type": 1}, "MissingSrcVersion", "SrcVersion"),
        ({"Type": 1, "SrcVersion": "2.0"}, codes.BAD_REQUEST, "SrcVersion"),
        ({"ModuleName": "m" * 65}, codes.BAD_REQUEST, "ModuleName"),
        ({"NeedToVerify": "maybe"}, codes.BAD_REQUEST, "NeedToVerify"),
        ({"Udi": "u" * 4097}, codes.BAD_REQUEST, "Udi"),
        ({"MultiFiles_1_Url": "x"}, codes.NOT_SERVED, "MultiFiles"),
    ],
)
def test_each_wrong_parameter_has_its_code(given: dict[str, Any], word: str, about: str) -> None:
    """And the sentence begins with its name; no call is made."""
    gate = gate_of("tuya")
    whole = {"DestVersion": "2.0", "FirmwareName": "n", "FirmwareUrl": uploaded(gate)} | given

    _, found, text = refused(gate.read(asking("CreateOTAFirmware", **whole), NOW))

    assert found == word
    assert text.startswith(about)


def test_one_vendor_knows_fewer_digests() -> None:
    """Alibaba's page has MD5 alone."""
    gate = gate_of("alibaba")
    whole = {"DestVersion": "2.0", "FirmwareName": "n", "FirmwareUrl": uploaded(gate)}

    sha = gate.read(asking("CreateOTAFirmware", **whole, SignMethod="SHA256"), NOW)

    assert refused(sha)[1] == codes.BAD_REQUEST
    assert _created("alibaba", SignMethod="MD5").order.digest == _MD5


def test_the_other_calls() -> None:
    """Show, delete, change and list."""
    gate = gate_of("alibaba")
    given: tuple[tuple[str, dict[str, object], object], ...] = (
        ("QueryOTAFirmware", {"FirmwareId": "f"}, GetFirmware("f")),
        ("DeleteOTAFirmware", {"FirmwareId": "f"}, DeleteFirmware("f")),
        ("ModifyOTAFirmware", {"FirmwareId": "f", "FirmwareName": "m"},
         UpdateFirmware("f", names=Names("m"))),
        ("ModifyOTAFirmware", {"FirmwareId": "f", "FirmwareDesc": "d", "FirmwareUdi": "u"},
         UpdateFirmware("f", desc="d", custom="u")),
        ("ListOTAFirmware", {"CurrentPage": 2, "PageSize": 100},
         SearchFirmware(EVERYTHING, Page(2, 100))),
    )  # fmt: skip
    for action, parameters, call in given:
        assert gate.read(asking(action, **parameters), NOW) == call


def test_a_list_may_be_of_one_product_and_version() -> None:
    """Both together, or either."""
    request = asking("ListOTAFirmware", CurrentPage=1, PageSize=1, ProductKey="p", DestVersion="2")
    found = called(gate_of("alibaba").read(request, NOW))

    assert isinstance(found, SearchFirmware)
    assert isinstance(found.where, AllOf)
    assert [(one.field, one.values) for one in found.where.parts] == [  # type: ignore[union-attr]
        ("product_key", ("p",)),
        ("version", ("2",)),
    ]


@pytest.mark.parametrize(
    ("action", "given", "word"),
    [
        ("QueryOTAFirmware", {}, "MissingFirmwareId"),
        ("DeleteOTAFirmware", {}, "MissingFirmwareId"),
        ("ModifyOTAFirmware", {}, "MissingFirmwareId"),
        ("ModifyOTAFirmware", {"FirmwareId": "f", "FirmwareName": "n" * 41}, codes.BAD_REQUEST),
        ("ListOTAFirmware", {"PageSize": 1}, "MissingCurrentPage"),
        ("ListOTAFirmware", {"CurrentPage": 1, "PageSize": 101}, codes.BAD_PAGE),
        ("GenerateOTAUploadURL", {"FileSuffix": "exe"}, codes.BAD_REQUEST),
    ],
)
def test_the_other_calls_refuse_too(action: str, given: dict[str, object], word: str) -> None:
    """By the same codes."""
    assert refused(gate_of("alibaba").read(asking(action, **given), NOW))[1] == word


def test_a_row_is_written_whole_or_brief() -> None:
    """A list's rows have no address, no custom text and no progress of a verification."""
    order = FirmwareOrder("pk", Names("n"), "2.0", _MD5, "md5", "x.bin", custom="u")
    row = FirmwareRow("f1", order, "http://h/x.bin", 5, is_verified=True, created_epoch_ms=NOW,
                      updated_epoch_ms=NOW + 1)  # fmt: skip
    whole, brief = firmware.fields(row, is_whole=True), firmware.fields(row, is_whole=False)

    assert brief == {
        "DestVersion": "2.0", "FirmwareDesc": None, "FirmwareId": "f1", "FirmwareName": "n",
        "FirmwareSign": _MD5, "FirmwareSize": 5, "ModuleName": "default", "ProductKey": "pk",
        "SignMethod": "MD5", "SrcVersion": None, "Status": 1, "Type": 0,
        "UtcCreate": "2023-11-14T22:13:20.000Z", "UtcModified": "2023-11-14T22:13:20.001Z",
    }  # fmt: skip
    assert whole == {**brief, "FirmwareUrl": "http://h/x.bin", "Udi": "u", "VerifyProgress": 100}


def test_a_row_that_is_not_verified_yet() -> None:
    """A difference shows its source."""
    order = FirmwareOrder("", Names("n"), "2.0", _MD5, "md5", "x", module="MCU",
                          from_versions=("1.0",), is_patch=True)  # fmt: skip
    row = FirmwareRow("f1", order, "", 5, is_verified=False, created_epoch_ms=0)
    found = firmware.fields(dataclasses.replace(row), is_whole=True)

    assert (found["Status"], found["VerifyProgress"], found["Type"]) == (-1, 0, 1)
    assert (found["SrcVersion"], found["ModuleName"], found["ProductKey"]) == ("1.0", "MCU", None)


@pytest.mark.parametrize(
    ("is_verified", "needs", "trial", "shown"),
    [
        (False, False, None, (-1, 0)),
        (False, True, None, (0, 0)),
        (True, True, Trial(100, is_over=True), (1, 100)),
        (True, False, None, (1, 100)),
        (False, True, Trial(50, is_over=False), (2, 50)),
        (False, False, Trial(0, is_over=False), (2, 0)),
        (False, True, Trial(66, is_over=True), (3, 66)),
    ],
)
def test_where_a_firmware_stands_with_being_verified(
    *, is_verified: bool, needs: bool, trial: Trial | None, shown: tuple[int, int]
) -> None:
    """A number of the page for each, and its percent; a list has the number alone."""
    order = FirmwareOrder(
        "", Names("n"), "2.0", _MD5, "md5", "x", needs_verification=needs
    )  # fmt: skip
    row = FirmwareRow("f", order, "", 5, is_verified=is_verified, created_epoch_ms=0, trial=trial)

    found = firmware.fields(row, is_whole=True)

    assert (found["Status"], found["VerifyProgress"]) == shown
    assert firmware.fields(row, is_whole=False)["Status"] == shown[0]
