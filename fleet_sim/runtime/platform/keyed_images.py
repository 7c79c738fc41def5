"""Images with the keyed digest that some vendors name beside, or instead of, the plain one."""

from __future__ import annotations

from dataclasses import replace

from fleet_sim.dialects.downloads import FirmwareHmac
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import ServerMessage, UpgradeRequest, VersionOffer

_METHODS = ("sha256", "md5")


def keyed(
    message: ServerMessage, secret: str | None, hmac_of: FirmwareHmac | None
) -> ServerMessage:
    """Return what is said to a device with the keyed digest of each image in it.

    Args:
        message: Anything.
        secret: The device's; None and "" where it has none, and then no digest can be keyed.
        hmac_of: The vendor's way to make one; None: it names none.
    """
    if not secret or hmac_of is None:
        return message
    match message:
        case UpgradeRequest(image=image):
            return replace(message, image=_keyed(image, secret, hmac_of))
        case VersionOffer(images=images):
            return replace(message, images=tuple(_keyed(one, secret, hmac_of) for one in images))
        case _:
            return message


def _keyed(image: FirmwareImage, secret: str, hmac_of: FirmwareHmac) -> FirmwareImage:
    known = {method: image.digest_by(method) for method in _METHODS}
    keys = (hmac_of(secret, method=name, digest=digest) for name, digest in known.items() if digest)
    return replace(image, hmac=next(filter(None, keys), ""))
