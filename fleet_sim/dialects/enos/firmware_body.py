"""The multipart body of Create Firmware File: part `metadata` (JSON), part `file`.

Source: "V2.1 Create Firmware File" 2.2 to 3.0. Our decisions: `sign` is checked against the file,
and a file without bytes is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any, Literal

from fleet_sim.dialects.enos.shapes import (
    Count,
    Flag,
    I18n,
    Shape,
    Text,
    Words,
    checked_names,
    i18n_of,
    read_body,
    refuse,
)
from fleet_sim.dialects.http import HttpPart, HttpRequest
from fleet_sim.model.northbound import CreateFirmware, FirmwareOrder

FILE_NAME_CHARS_MAX = 255  # what file systems take
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f\x7f\ud800-\udfff]+")

VERIFY_DEVICES_DEFAULT = 5  # the console's limit; the pages give no default for the field


class MetadataBody(Shape):
    """The part `metadata`."""

    name: I18n
    version: Text
    sign_method: Literal["md5", "sha256"]
    sign: Text
    desc: Words | None = None
    enable_verification: Flag
    firmware_tags: dict[Text, Words] | None = None
    max_allowed_for_verification: Count | None = None
    min_success_for_verified: Count | None = None


def read_firmware(request: HttpRequest, product_key: str) -> CreateFirmware:
    """Read an upload.

    Raises:
        DialectError: 99400: a part is missing, the metadata is wrong, or the digest is not the
            file's.
    """
    metadata_part, file_part = (_part(request.parts, name) for name in ("metadata", "file"))
    metadata = read_body(MetadataBody, metadata_part.content, "metadata")
    content = file_part.content
    _check_verification(metadata)
    _check_file(metadata, content)
    order = FirmwareOrder(
        product_key=product_key,
        names=checked_names("name", metadata.name),
        version=metadata.version,
        digest=metadata.sign.lower(),
        digest_method=metadata.sign_method,
        file_name=_file_name(file_part),
        desc=metadata.desc or "",
        needs_verification=metadata.enable_verification,
        verify_devices_max=metadata.max_allowed_for_verification,
        verify_successes_min=metadata.min_success_for_verified,
        tags=tuple(sorted((metadata.firmware_tags or {}).items())),
    )
    return CreateFirmware(order, content)


def _part(parts: Sequence[HttpPart], name: str) -> HttpPart:
    found = [part for part in parts if part.name == name]
    if len(found) != 1:
        why = "is given twice" if found else "is missing"
        refuse(name, f"{why}; the body is multipart/form-data with metadata and file")
    return found[0]


def _file_name(part: HttpPart) -> str:
    """Return the file's name, made to stand in paths and URLs; it must be no path itself."""
    name = part.file_name or ""
    if not name:
        refuse("file", "has no file name")
    if name in {".", ".."} or len(name) > FILE_NAME_CHARS_MAX or not _FILE_NAME.fullmatch(name):
        refuse("file", f"is named {name[:40]!r}, which is no plain file name")
    return name


def _check_verification(metadata: MetadataBody) -> None:
    most = metadata.max_allowed_for_verification or VERIFY_DEVICES_DEFAULT
    if (metadata.min_success_for_verified or 0) > most:
        refuse("minSuccessForVerified", f"is above maxAllowedForVerification, {most}")


def _check_file(metadata: MetadataBody, content: bytes) -> None:
    if not content:
        refuse("file", "is empty")
    if hashlib.new(metadata.sign_method, content).hexdigest() != metadata.sign.lower():
        refuse("sign", f"is not the {metadata.sign_method} of the file")


def write_firmware(call: CreateFirmware) -> tuple[HttpPart, ...]:
    """Write the parts of an upload."""
    order = call.order
    metadata: dict[str, Any] = {
        "name": i18n_of(order.names),
        "version": order.version,
        "signMethod": order.digest_method,
        "sign": order.digest,
        "desc": order.desc or None,
        "enableVerification": order.needs_verification,
        "firmwareTags": dict(order.tags) or None,
        "maxAllowedForVerification": order.verify_devices_max,
        "minSuccessForVerified": order.verify_successes_min,
    }
    given = {key: value for key, value in metadata.items() if value is not None}
    text = json.dumps(given, ensure_ascii=False).encode()
    return (
        HttpPart("metadata", text, content_type="application/json"),
        HttpPart("file", call.content, file_name=order.file_name),
    )
