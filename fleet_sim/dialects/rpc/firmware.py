"""Firmware calls and rows, at the server's end.

What a page leaves open is decided so: the digest is checked where it is given and computed where it
is not; a size that is given must be the file's; `SrcVersion` of a whole image is left alone. A name
is unique within its product, where Alibaba's page says within the account. Firmware of several
files is refused.

Source: "CreateOTAFirmware", "QueryOTAFirmware", "ListOTAFirmware", "ModifyOTAFirmware"; members and
their types from the official SDK.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from fleet_sim.dialects.rpc import codes, modules
from fleet_sim.dialects.rpc.asked import Asked, equal, must_be_legal, page_of, together
from fleet_sim.dialects.rpc.codes import RpcError, miss, refuse
from fleet_sim.dialects.rpc.parameters import LONG_MAX
from fleet_sim.dialects.rpc.times import utc_of, utc_or_none
from fleet_sim.model.northbound import (
    Call,
    CreateFirmware,
    DeleteFirmware,
    FirmwareOrder,
    FirmwareRow,
    GetFirmware,
    Names,
    SearchFirmware,
    UpdateFirmware,
)

NAME_CHARS_MAX = 40
DESC_CHARS_MAX = 100
UDI_CHARS_MAX = 4096
VERSION_CHARS_MAX = 64
VERIFY_DEVICES_MAX = 10
WHOLE, DIFFERENCE = 0, 1
# `Status`, as "QueryOTAFirmware" of either vendor has it. "ListOTAFirmware" of both names 0 to 3;
# that a list shows -1, too, is inferred, so that the two never tell one package differently.
VERIFY_NO_NEED, UNVERIFIED, VERIFIED, VERIFYING, VERIFY_FAILED = -1, 0, 1, 2, 3

_VERSION = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


def create(asked: Asked) -> Call:
    """Read CreateOTAFirmware, with the file that was uploaded for it.

    Raises:
        RpcError: A parameter is missing or wrong, or the file is not there.
    """
    given = asked.given
    version = _version(asked, "DestVersion") or miss("DestVersion")
    name = given.required("FirmwareName", longest=NAME_CHARS_MAX)
    kind = given.whole("Type", WHOLE, DIFFERENCE) or WHOLE
    file_name, content = _file(asked)
    method, digest = _digest(asked, content)
    needs_verification = given.flag("NeedToVerify")
    order = FirmwareOrder(
        product_key=given.text("ProductKey") or asked.default_product,
        names=Names(name),
        version=version,
        digest=digest,
        digest_method=method,
        file_name=file_name,
        desc=given.text("FirmwareDesc", longest=DESC_CHARS_MAX),
        needs_verification=needs_verification is not False,
        verify_devices_max=VERIFY_DEVICES_MAX,
        module=modules.named(asked),
        from_versions=_sources(asked, version) if kind == DIFFERENCE else (),
        is_patch=kind == DIFFERENCE,
        custom=given.text("Udi", longest=UDI_CHARS_MAX),
    )
    return CreateFirmware(order, content)


def _version(asked: Asked, name: str) -> str:
    version = asked.given.text(name, longest=VERSION_CHARS_MAX)
    if version and not _VERSION.fullmatch(version):
        refuse(name, "may hold letters, digits, points, hyphens and underscores")
    return version


def _sources(asked: Asked, version: str) -> tuple[str, ...]:
    source = _version(asked, "SrcVersion") or miss("SrcVersion")
    must_be_legal("SrcVersion", is_legal=source != version, why="is DestVersion itself")
    return (source,)


def _file(asked: Asked) -> tuple[str, bytes]:
    if asked.given.structures("MultiFiles", 20):
        raise RpcError("MultiFiles.N is not served here; give FirmwareUrl", word=codes.NOT_SERVED)
    found = asked.uploads.file_of(asked.given.required("FirmwareUrl"))
    if found is None:
        refuse("FirmwareUrl", "names no file that was uploaded", codes.NO_SUCH_FILE)
    size = asked.given.whole("FirmwareSize", 1, LONG_MAX)
    if size is not None and size != len(found[1]):
        refuse("FirmwareSize", f"is not the file's, {len(found[1])}")
    return found


def _digest(asked: Asked, content: bytes) -> tuple[str, str]:
    """Return the digest's method and its hex, which must be the file's where it is given."""
    methods = asked.profile.sign_methods
    word = asked.given.word("SignMethod", tuple(method.upper() for method in methods))
    method = word.lower() or methods[0]
    digest = hashlib.new(method, content, usedforsecurity=False).hexdigest()
    said = asked.given.text("FirmwareSign")
    if said and said.lower() != digest:
        refuse("FirmwareSign", f"is not the {method.upper()} of the file")
    return method, digest


def get(asked: Asked) -> Call:
    """Read QueryOTAFirmware."""
    return GetFirmware(asked.given.required("FirmwareId"))


def delete(asked: Asked) -> Call:
    """Read DeleteOTAFirmware."""
    return DeleteFirmware(asked.given.required("FirmwareId"))


def modify(asked: Asked) -> Call:
    """Read ModifyOTAFirmware; what is not given stays as it is."""
    given = asked.given
    name = given.text("FirmwareName", longest=NAME_CHARS_MAX)
    return UpdateFirmware(
        given.required("FirmwareId"),
        names=Names(name) if name else None,
        desc=given.text("FirmwareDesc", longest=DESC_CHARS_MAX) or None,
        custom=given.text("FirmwareUdi", longest=UDI_CHARS_MAX) or None,
    )


def search(asked: Asked) -> Call:
    """Read ListOTAFirmware."""
    product, version = asked.given.text("ProductKey"), asked.given.text("DestVersion")
    where = together(
        equal("product_key", product) if product else None,
        equal("version", version) if version else None,
    )
    return SearchFirmware(where, page_of(asked, asked.contract.page_size_max, is_needed=True))


def fields(row: FirmwareRow, *, is_whole: bool) -> dict[str, Any]:
    """Write a firmware, for QueryOTAFirmware or for a list."""
    order = row.order
    brief = {
        "DestVersion": order.version,
        "FirmwareDesc": order.desc or None,
        "FirmwareId": row.firmware_id,
        "FirmwareName": order.names.default,
        "FirmwareSign": order.digest,
        "FirmwareSize": row.size_bytes,
        "ModuleName": order.module or modules.DEFAULT,
        "ProductKey": order.product_key or None,
        "SignMethod": order.digest_method.upper(),
        "SrcVersion": next(iter(order.from_versions), None),
        "Status": _status(row),
        "Type": DIFFERENCE if order.is_patch else WHOLE,
        "UtcCreate": utc_of(row.created_epoch_ms),
        "UtcModified": utc_or_none(row.updated_epoch_ms),
    }
    if not is_whole:
        return brief
    return {
        **brief,
        "FirmwareUrl": row.url,
        "Udi": order.custom or None,
        "VerifyProgress": _percent(row),
    }


def _status(row: FirmwareRow) -> int:
    """Return where a firmware stands with being verified.

    One whose devices have not all succeeded counts as failed; that this is so where their tasks
    were cancelled is in no page.
    """
    if row.is_verified:
        return VERIFIED
    if row.trial is not None:
        return VERIFY_FAILED if row.trial.is_over else VERIFYING
    return UNVERIFIED if row.order.needs_verification else VERIFY_NO_NEED


def _percent(row: FirmwareRow) -> int:
    if row.is_verified:
        return 100
    return 0 if row.trial is None else row.trial.percent
