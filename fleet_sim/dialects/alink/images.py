"""A firmware image as a push and the answer to a query describe it.

    {"size": 5120, "version": "2.0.0", "url": "http://…", "signMethod": "Md5", "sign": "5d41…",
     "md5": "5d41…", "module": "MCU"}

    by blocks over MQTT, in the place of url: "dProtocol": "mqtt", "streamId": 1, "streamFileId": 1

- `signMethod` is `Md5` or `SHA256`. Newer pages print `MD5`, which both SDKs refuse.
- `md5` goes with MD5 only; the C SDK of the third generation needs it.
- `isDiff` is there, and 1, where the file is a difference to what the device runs.
- `extData` holds the job's tags, key to text, and in `_package_udi` the text of whoever made the
  package; it is absent where there is neither. Of either, a device lets pass what it cannot read.
- `module` is absent for the default module, which is the firmware of the whole device.
- A package of several files has `files` in the place of url, size and sign. One of a single file is
  read as that file; of more there is no neutral image.

Source: "OTA updates"; the C SDK for the lengths of signatures and for MQTT.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fleet_sim.dialects.fields import (
    Fields,
    Number,
    is_storable,
    read_count,
    read_list,
    read_string,
    read_text,
    read_whole,
)
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.firmware import FirmwareImage

MODULE_DEFAULT = "default"

_METHOD_NAMES: Mapping[str, str] = {"md5": "Md5", "sha256": "SHA256"}
_DIGESTS: Mapping[str, re.Pattern[str]] = {
    "md5": re.compile(r"[0-9a-f]{32}", re.ASCII),
    "sha256": re.compile(r"[0-9a-f]{64}", re.ASCII),
}
_OVER_MQTT = "mqtt"
_CUSTOM = "_package_udi"


def module_of(fields: Fields) -> str:
    """Return the module of a message; absent and `default` both mean the whole device.

    Raises:
        DialectError: It is of another type.
    """
    module = read_string(fields, "module", default="")
    return "" if module == MODULE_DEFAULT else module


def module_fields(module: str) -> Fields:
    """Write the module of a message: nothing for the whole device."""
    return {} if module in ("", MODULE_DEFAULT) else {"module": module}


def image_fields(image: FirmwareImage) -> Fields:
    """Write an image; the size is in bytes."""
    is_md5 = image.digest_method == "md5"
    return {
        "size": image.size_bytes,
        "version": image.version,
        **_place(image),
        "signMethod": _METHOD_NAMES[image.digest_method],
        "sign": image.digest,
        **({"md5": image.digest} if is_md5 else {}),
        **module_fields(image.module),
        **({"isDiff": 1} if image.is_patch else {}),
        **_extras(image),
    }


def _extras(image: FirmwareImage) -> Fields:
    texts = {**dict(image.tags), **({_CUSTOM: image.custom} if image.custom else {})}
    return {"extData": texts} if texts else {}


def _place(image: FirmwareImage) -> Fields:
    if image.stream is None:
        return {"url": image.url}
    stream_id, file_id = image.stream
    return {"dProtocol": _OVER_MQTT, "streamId": stream_id, "streamFileId": file_id}


def read_image(fields: Fields) -> FirmwareImage:
    """Read what `image_fields` writes; the case of digests and methods does not matter.

    Raises:
        DialectError: A field is missing or of another type, the method is unknown, the digest is
            none of that method, or there are several files.
    """
    method = read_string(fields, "signMethod").lower()
    if method not in _DIGESTS:
        raise DialectError(f"signMethod is {method[:40]!r}; known: {', '.join(_DIGESTS)}")
    file = _file_of(fields)
    digest = read_string(file, "sign").lower()
    if not _DIGESTS[method].fullmatch(digest):
        raise DialectError(f"sign is {digest[:70]!r}, which is no {method}")
    url, stream = _read_place(file)
    texts = _read_extras(fields)
    return FirmwareImage(
        version=read_text(fields, "version"),
        url=url,
        size_bytes=read_count(file, "size"),
        digest=digest,
        digest_method=method,
        module=module_of(fields),
        stream=stream,
        is_patch=fields.get("isDiff") in (Number("1"), "1"),
        custom=texts.pop(_CUSTOM, ""),
        tags=tuple(texts.items()),
    )


def _read_extras(fields: Fields) -> dict[str, str]:
    found = fields.get("extData")
    texts = found.items() if isinstance(found, dict) else ()
    return {
        key: value for key, value in texts if isinstance(value, str) and is_storable(key + value)
    }


def _file_of(fields: Fields) -> Fields:
    """Return where url, size and sign stand: in the message, or in the only one of its files."""
    if fields.get("files") is None:
        return fields
    files = read_list(fields, "files")
    if len(files) != 1:
        raise DialectError(f"the package has {len(files)} files; only one is understood")
    names = {"fileUrl": "url", "fileSize": "size", "fileSign": "sign"}
    return {names.get(name, name): value for name, value in files[0].items()}


def _read_place(fields: Fields) -> tuple[str, tuple[int, int] | None]:
    if read_string(fields, "dProtocol", default="").lower() == _OVER_MQTT:
        return "", (read_whole(fields, "streamId"), read_whole(fields, "streamFileId"))
    url = read_string(fields, "url")
    if not url:
        raise DialectError("url is empty")
    return url, None
