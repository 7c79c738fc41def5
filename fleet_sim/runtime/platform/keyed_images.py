"""Images with the keyed digest that some vendors name beside, or instead of, the plain one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import ServerMessage, UpgradeRequest, VersionOffer

_METHOD = "sha256"  # What keyed digests are made of; see `Dialect.firmware_hmac`.


def keyed(
    message: ServerMessage, secret: str | None, hmac_of: Callable[[str, str], str] | None
) -> ServerMessage:
    """Return what is said to a device with the keyed digest of each image in it.

    Args:
        message: Anything.
        secret: The device's; None and "" where it has none, and then no digest can be keyed.
        hmac_of: From that secret and a SHA-256 to the keyed digest; None: the vendor names none.
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


def _keyed(image: FirmwareImage, secret: str, hmac_of: Callable[[str, str], str]) -> FirmwareImage:
    if image.digest_method != _METHOD:
        return image  # the plain digest is all that is known of its file
    return replace(image, hmac=hmac_of(secret, image.digest))
