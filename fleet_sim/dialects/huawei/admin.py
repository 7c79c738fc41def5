"""How a file gets to the platform: ours, because neither generation has a call that carries one.

    POST /fleet-sim/packages                 multipart: `package` (JSON), `file`
    PUT  /fleet-sim/objects/{bucket}/{key}   the body is the file

The first stands for OceanConnect's console: devices fetch its packages by a token. `package` holds
`model`, `version` and may hold `name`, `description`, `sign` (SHA-256 of the file), `fileType`,
`deviceType`, `manufacturerName`, `protocolType`, `date`; the answer is `{"fileId"}`, with 201.
Authority is OceanConnect's.

The second stands for the object storage that a package of v5 names: the bytes wait in the gate, a
few at a time, until a package is made of them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from fleet_sim.dialects.http import HttpPart
from fleet_sim.dialects.huawei import oc_codes
from fleet_sim.dialects.huawei.packages import (
    FILE_TYPES,
    FIRMWARE,
    MODULE_OF,
    SOFTWARE,
    is_short,
    traits_of,
)
from fleet_sim.dialects.huawei.payload import Fields, read_object, read_text
from fleet_sim.dialects.huawei.talk import refuse
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import CreateFirmware, FirmwareOrder, Names

PACKAGES_PATH = "/fleet-sim/packages"
OBJECTS_PATH = "/fleet-sim/objects/"

OBJECTS_MAX = 8
OBJECTS_BYTES_MAX = 256 * 1024 * 1024
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f\x7f\ud800-\udfff]{1,255}")


def read_upload(parts: Sequence[HttpPart], default_product: str) -> CreateFirmware:
    """Read a package with its file.

    Raises:
        ApiError: A part is missing, or what stands in it is wrong.
    """
    by_name = {part.name: part for part in parts}
    if len(parts) != len(by_name) or not {"package", "file"} <= by_name.keys():
        refuse(oc_codes.BAD_REQUEST, "The form needs one part package and one part file.")
    file = by_name["file"]
    try:
        fields = read_object(by_name["package"].content)
        return CreateFirmware(_order(fields, file, default_product), file.content)
    except DialectError as error:
        refuse(oc_codes.BAD_REQUEST, f"{error}.")


def _order(fields: Fields, file: HttpPart, default_product: str) -> FirmwareOrder:
    digest = hashlib.sha256(file.content).hexdigest()
    if read_text(fields, "sign", default=digest).lower() != digest:
        raise DialectError("sign is not the SHA-256 of the file")
    file_name = plain_file_name(file.file_name or "")
    kind = read_text(fields, "fileType", default=FIRMWARE)
    if kind not in FILE_TYPES:
        raise DialectError(f"fileType is none of {', '.join(FILE_TYPES)}")
    return FirmwareOrder(
        product_key=_short(fields, "model", default_product),
        names=Names(_short(fields, "name", file_name)),
        version=_short(fields, "version", None),
        digest=digest,
        digest_method="sha256",
        file_name=file_name,
        desc=read_text(fields, "description", default=""),
        tags=traits_of(fields),
        module=MODULE_OF[kind],
        needs_token=True,  # "Platform Delivering an Upgrade Event": so are the console's packages
    )


def plain_file_name(name: str) -> str:
    """Return a file's name as it can stand in a path.

    Raises:
        DialectError: It is none, or a path itself.
    """
    if name in {".", ".."} or not _FILE_NAME.fullmatch(name):
        raise DialectError(f"{name[:40]!r} is no plain file name")
    return name


def _short(fields: Fields, name: str, default: str | None) -> str:
    value = read_text(fields, name, default=default)
    if not value or not is_short(value):
        raise DialectError(f"{name} is empty or too long")
    return value


def write_upload(call: CreateFirmware) -> tuple[HttpPart, ...]:
    """Write a package with its file."""
    order = call.order
    fields: dict[str, Any] = {
        "model": order.product_key,
        "name": order.names.default,
        "version": order.version,
        "description": order.desc,
        "sign": order.digest if order.digest_method == "sha256" else None,
        "fileType": SOFTWARE if order.module == MODULE_OF[SOFTWARE] else None,
        **dict(order.tags),
    }
    given = {name: value for name, value in fields.items() if value}
    text = json.dumps(given, ensure_ascii=False).encode(errors="replace")
    return (
        HttpPart("package", text, content_type="application/json"),
        HttpPart("file", call.content, file_name=order.file_name),
    )


class Objects:
    """The object storage: the latest files that were put into it, and no more than fit."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def put(self, bucket: str, key: str, content: bytes) -> bool:
        """Keep a file, in the place of what had its name; False when it is too large."""
        if len(content) > OBJECTS_BYTES_MAX:
            return False
        self._kept.pop((bucket, key), None)
        self._kept[bucket, key] = content
        while len(self._kept) > OBJECTS_MAX or self._size() > OBJECTS_BYTES_MAX:
            del self._kept[next(iter(self._kept))]
        return True

    def get(self, bucket: str, key: str) -> bytes | None:
        """Return a file, None for none of this name."""
        return self._kept.get((bucket, key))

    def _size(self) -> int:
        return sum(len(content) for content in self._kept.values())
