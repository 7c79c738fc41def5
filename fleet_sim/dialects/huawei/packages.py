"""A package: what operators call a firmware, in either generation.

Of what Huawei keeps beside version and name, the product (`model`) is the firmware's own, and the
rest are tags of it under Huawei's names: `fileType`, `deviceType`, `manufacturerName`,
`protocolType`, `date`. A package without them reads as our own uploads do.

Source: "Querying a Version Package List"; for what the values default to, nobody: ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet_sim.dialects.huawei import images
from fleet_sim.dialects.huawei.payload import Fields, read_text
from fleet_sim.dialects.huawei.times import read_stamp, stamp
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import FirmwareOrder, FirmwareRow, Names

FIRMWARE, SOFTWARE = "firmwarePackage", "softwarePackage"
FILE_TYPES = (FIRMWARE, SOFTWARE)
TEXT_CHARS_MAX = 256

# What a package of a type is for, in neutral words.
MODULE_OF: Mapping[str, str] = {FIRMWARE: "", SOFTWARE: images.SOFTWARE}

# Of a package that is said to be of no type or maker.
DEFAULTS: Mapping[str, str] = {
    "fileType": FIRMWARE,
    "deviceType": "VirtualDevice",
    "manufacturerName": "fleet-sim",
    "protocolType": "MQTT",
    "date": "",
}


def trait_of(order: FirmwareOrder, name: str) -> str:
    """Return one of the properties that are kept as tags."""
    return dict(order.tags).get(name, DEFAULTS[name])


def traits_of(fields: Fields) -> tuple[tuple[str, str], ...]:
    """Return the properties of a package as tags; those that are not given are left out."""
    found = {name: read_text(fields, name, default="") for name in DEFAULTS}
    return tuple(sorted((name, value) for name, value in found.items() if value))


def category_fields(row: FirmwareRow) -> dict[str, Any]:
    """Write a package in the words of OceanConnect."""
    order = row.order
    return {
        "fileId": row.firmware_id,
        "name": order.names.default,
        "version": order.version,
        "fileType": trait_of(order, "fileType"),
        "deviceType": trait_of(order, "deviceType"),
        "model": order.product_key,
        "manufacturerName": trait_of(order, "manufacturerName"),
        "protocolType": trait_of(order, "protocolType"),
        "description": order.desc,
        "date": trait_of(order, "date") or stamp(row.created_epoch_ms),
        "uploadTime": stamp(row.created_epoch_ms),
    }


def read_category(fields: Fields) -> FirmwareRow:
    """Read a package; its digest, its size and its address are not told.

    Raises:
        DialectError: A field is missing or of another type.
    """
    file_type = read_text(fields, "fileType", default=FIRMWARE)
    order = FirmwareOrder(
        product_key=read_text(fields, "model", default=""),
        names=Names(read_text(fields, "name", default="")),
        version=read_text(fields, "version"),
        digest="",
        digest_method="",
        file_name="",
        desc=read_text(fields, "description", default=""),
        tags=traits_of(fields),
        module=MODULE_OF.get(file_type, ""),
    )
    return FirmwareRow(
        firmware_id=read_text(fields, "fileId"),
        order=order,
        url="",
        size_bytes=0,
        is_verified=True,
        created_epoch_ms=instant(fields, "uploadTime") or 0,
    )


def instant(fields: Fields, name: str) -> int | None:
    """Return an instant that may be absent, in ms since the epoch.

    Raises:
        DialectError: It is none.
    """
    text = read_text(fields, name, default="")
    return read_stamp(text) if text else None


def is_short(text: str) -> bool:
    """Tell whether a text may stand in a query: at most 256 characters, all of them storable."""
    try:
        return len(read_text({"it": text}, "it")) <= TEXT_CHARS_MAX
    except DialectError:
        return False
