"""The upgrade notice: what it says of an image.

    firmware_upgrade       the file is on the platform; `access_token` opens it
    firmware_upgrade_v2    the file is elsewhere; its address opens it, and no token may be sent

and `software_upgrade`, `software_upgrade_v2` the same for what stands beside the firmware, which is
the module `software` in neutral words. An image with a token goes out in the first form, one
without in the second. `sign` is SHA-256; an older page says MD5, so its length decides. The second
form may lack it (the Python SDK drops it): then nothing can be checked, and its method is "".
`custom_info` is the text that came with the package, and is left out where there was none.

Source: "Platform Delivering an Upgrade Event"; device SDKs for Python and Java.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from fleet_sim.dialects.huawei.payload import Fields, read_text, read_whole
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.firmware import FirmwareImage

SOFTWARE = "software"  # The one module there is beside the device as a whole.
TOKEN_EXPIRES_S = 86_400  # "Platform Delivering an Upgrade Event": 24 hours.

_V2 = "_v2"
_EVENT_OF: Mapping[str, str] = {"": "firmware_upgrade", SOFTWARE: "software_upgrade"}
_MODULE_OF = {event: module for module, event in _EVENT_OF.items()}
UPGRADES = frozenset({*_MODULE_OF, *(f"{event}{_V2}" for event in _MODULE_OF)})

_METHOD_OF_CHARS = {64: "sha256", 32: "md5"}


def event_of(image: FirmwareImage) -> str:
    """Return the event type that brings an image.

    Raises:
        DialectError: It is for a module that Huawei has no event for.
    """
    if image.module not in _EVENT_OF:
        raise DialectError(f"there is no event for a module {image.module!r}; known: {SOFTWARE}")
    return _EVENT_OF[image.module] + ("" if image.token else _V2)


def image_fields(image: FirmwareImage) -> Fields:
    """Write an image as `paras`; sizes are bytes."""
    fields: dict[str, Any] = {
        "version": image.version,
        "url": image.url,
        "file_size": image.size_bytes,
        "file_name": _file_name(image.url),
        "sign": image.digest,
    }
    if image.token:
        fields |= {"access_token": image.token, "expires": TOKEN_EXPIRES_S}
    if image.custom:
        fields["custom_info"] = image.custom
    return fields


def read_image(kind: str, paras: Fields) -> FirmwareImage:
    """Read the `paras` of an upgrade event.

    Raises:
        DialectError: Something that this form must have is missing, or of another type.
    """
    is_v2 = kind.endswith(_V2)
    digest = read_text(paras, "sign", default="" if is_v2 else None).lower()
    if digest and (len(digest) not in _METHOD_OF_CHARS or not digest.isascii()):
        raise DialectError(f"sign has {len(digest)} characters; SHA-256 has 64, MD5 has 32")
    size_bytes = read_whole(paras, "file_size")
    if size_bytes < 0:
        raise DialectError(f"file_size is {size_bytes}, less than nothing")
    return FirmwareImage(
        version=_required(paras, "version"),
        url=_required(paras, "url"),
        size_bytes=size_bytes,
        digest=digest,
        digest_method=_METHOD_OF_CHARS.get(len(digest), ""),
        module=_MODULE_OF[kind.removesuffix(_V2)],
        token="" if is_v2 else read_text(paras, "access_token", default=""),
        custom=read_text(paras, "custom_info", default=""),
    )


def _required(paras: Fields, name: str) -> str:
    value = read_text(paras, name)
    if not value:
        raise DialectError(f"{name} is empty")
    return value


def _file_name(url: str) -> str:
    """Return the last part of an address; one that is none has no such part."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return unquote(path.rpartition("/")[2], errors="ignore")
