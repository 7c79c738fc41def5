"""A firmware image as a push and the answer to a query describe it.

    {"channel": 0, "version": "2.0.0", "url": …, "httpsUrl": …, "cdnUrl": …, "size": "5",
     "md5": …, "hmac": …, "upgradeType": 0, "execTime": 0}

- `size` is a string of digits, as seen on the real platform.
- Of the three addresses a device takes one, and which is not known: ours stands in all three.
- What `execTime` means is not known: ours is 0.
- There is no field for a SHA-256: the keyed digest is made of it (`signature.firmware_hmac`). The
  platform has the file, and so knows both digests, whichever `SignMethod` an operator named. An
  image that is known by its SHA-256 alone goes out without `md5`, and comes in with an empty one.

Source: clients of other people, modelled on "OTA Firmware Updates".
"""

from __future__ import annotations

import re

from fleet_sim.dialects.fields import Fields, read_count, read_string, read_text
from fleet_sim.dialects.tuyalink.channels import Channels
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.firmware import FirmwareImage

_ADDRESSES = ("url", "httpsUrl", "cdnUrl")
_MD5 = re.compile(r"(?:[0-9a-f]{32})?", re.ASCII)
_HMAC = re.compile(r"(?:[0-9a-f]{64})?", re.ASCII)


def image_fields(image: FirmwareImage, channels: Channels, *, upgrade_type: int) -> Fields:
    """Write an image.

    Raises:
        DialectError: Its module is no channel.
    """
    md5 = image.digest_by("md5")
    return {
        "channel": channels.number_of(image.module),
        "version": image.version,
        **dict.fromkeys(_ADDRESSES, image.url),
        "size": str(image.size_bytes),
        **({"md5": md5} if md5 else {}),
        **({"hmac": image.hmac} if image.hmac else {}),
        "upgradeType": upgrade_type,
        "execTime": 0,
    }


def read_image(fields: Fields, channels: Channels) -> FirmwareImage:
    """Read an image; the case of digests does not matter.

    Raises:
        DialectError: A field is missing or of another type, or there is no digest of either kind.
    """
    md5 = read_string(fields, "md5", default="").lower()
    hmac = read_string(fields, "hmac", default="").lower()
    if not (_MD5.fullmatch(md5) and _HMAC.fullmatch(hmac) and (md5 or hmac)):
        raise DialectError(f"md5 is {md5[:70]!r} and hmac {hmac[:70]!r}; one of them is needed")
    return FirmwareImage(
        version=read_text(fields, "version"),
        url=_read_address(fields),
        size_bytes=read_count(fields, "size"),
        digest=md5,
        digest_method="md5" if md5 else "sha256",
        module=channels.module_of(fields),
        hmac=hmac,
    )


def _read_address(fields: Fields) -> str:
    for name in _ADDRESSES:
        address = read_string(fields, name, default="")
        if address:
            return address
    raise DialectError("url is missing")
