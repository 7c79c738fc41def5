"""Packages of IoTDA v5, both ways between their JSON and a firmware.

The file is named by its place in an object storage, which `admin` stands for. A package that was
made by OceanConnect's console is shown here as well.

Source: "Create an OTA Upgrade Package", "Query OTA Upgrade Packages"; SDK for Python 3.1.219.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from fleet_sim.dialects.huawei import v5_codes
from fleet_sim.dialects.huawei.admin import Objects, plain_file_name
from fleet_sim.dialects.huawei.packages import FILE_TYPES, MODULE_OF, trait_of
from fleet_sim.dialects.huawei.payload import Fields, read_fields, read_object, read_text
from fleet_sim.dialects.huawei.talk import refuse
from fleet_sim.dialects.huawei.times import stamp
from fleet_sim.dialects.huawei.v5_values import (
    BUCKET,
    NAME_36,
    OBJECT_KEY,
    REGION,
    SIGN,
    VERSION,
    read_value,
)
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import CreateFirmware, FirmwareOrder, FirmwareRow, Names

SOURCES_MAX = 20
DESC_CHARS_MAX = 1_024
CUSTOM_CHARS_MAX = 4_096

_PLACE = "file_location"  # The tag by which a package keeps where its file stood.


def read_package(body: bytes, objects: Objects) -> CreateFirmware:
    """Read the body, with the file that it names.

    Raises:
        ApiError: Something is missing or outside its range, or there is no such file.
    """
    try:
        fields = read_object(body)
        place = read_fields(read_fields(fields, "file_location"), "obs_location")
        content, file_name = _file(place, objects)
        return CreateFirmware(_order(fields, place, content, file_name), content)
    except DialectError as error:
        refuse(v5_codes.BAD_INPUT, f"{error}.")


def _file(place: Fields, objects: Objects) -> tuple[bytes, str]:
    read_value(place, "region_name", REGION, default="")
    bucket = read_value(place, "bucket_name", BUCKET)
    key = read_value(place, "object_key", OBJECT_KEY)
    content = objects.get(bucket, key)
    if content is None:
        raise DialectError(f"there is no object {key[:80]!r} in bucket {bucket[:80]!r}")
    if not content:
        raise DialectError(f"the object {key[:80]!r} is empty")
    return content, plain_file_name(key.rpartition("/")[2])


def _order(fields: Fields, place: Fields, content: bytes, file_name: str) -> FirmwareOrder:
    version = read_value(fields, "version", VERSION)
    kind = read_text(fields, "package_type")
    if kind not in FILE_TYPES:
        raise DialectError(f"package_type is none of {', '.join(FILE_TYPES)}")
    digest = hashlib.sha256(content).hexdigest()
    _check_sign(place, digest)
    tags = {
        "fileType": kind,
        "app_id": read_value(fields, "app_id", NAME_36, default=""),
        _PLACE: json.dumps(place, separators=(",", ":")),
    }
    return FirmwareOrder(
        product_key=read_value(fields, "product_id", NAME_36),
        names=Names(f"{kind} {version}"),
        version=version,
        digest=digest,
        digest_method="sha256",
        file_name=file_name,
        desc=_limited(fields, "description", DESC_CHARS_MAX),
        tags=tuple(sorted((name, value) for name, value in tags.items() if value)),
        module=MODULE_OF[kind],
        from_versions=_sources(fields),
        custom=_limited(fields, "custom_info", CUSTOM_CHARS_MAX),
    )


def _check_sign(place: Fields, digest: str) -> None:
    sign = read_value(place, "sign", SIGN, default=digest)
    method = read_text(place, "sign_method", default="SHA256")
    if method != "SHA256" or sign.lower() != digest:
        raise DialectError("sign is not the SHA256 of the object")


def _limited(fields: Fields, name: str, chars_max: int) -> str:
    value = read_text(fields, name, default="")
    if len(value) > chars_max:
        raise DialectError(f"{name} has more than {chars_max} characters")
    return value


def _sources(fields: Fields) -> tuple[str, ...]:
    given = fields.get("support_source_versions") or []
    if not isinstance(given, list) or len(given) > SOURCES_MAX:
        raise DialectError(f"support_source_versions is no list of at most {SOURCES_MAX}")
    name = "support_source_versions"
    return tuple(dict.fromkeys(read_value({name: one}, name, VERSION) for one in given))


def package_fields(row: FirmwareRow) -> dict[str, Any]:
    """Write a package; a product's name is its key here."""
    order = row.order
    return {
        "package_id": row.firmware_id,
        "app_id": dict(order.tags).get("app_id", ""),
        "package_type": trait_of(order, "fileType"),
        "product_id": order.product_key,
        "product_name": order.product_key,
        "version": order.version,
        "support_source_versions": list(order.from_versions),
        "description": order.desc,
        "custom_info": order.custom,
        "create_time": stamp(row.created_epoch_ms),
    }


def shown_package(row: FirmwareRow) -> dict[str, Any]:
    """Write a package with where its file stood, if it was made of an object."""
    place = dict(row.order.tags).get(_PLACE)
    fields = package_fields(row)
    if place is not None:
        fields["file_location"] = {"obs_location": json.loads(place)}
    return fields
