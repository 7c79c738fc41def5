"""What vendors say of firmware files on their way to devices: blocks over MQTT, keyed digests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BlockRules:
    """Which blocks of a file a vendor serves over MQTT.

    Attributes:
        size_bytes_min: The shortest there is; the last block of a file may be shorter.
        size_bytes_max: The longest.
        not_served: The vendor's code for a request that cannot be served.
    """

    size_bytes_min: int
    size_bytes_max: int
    not_served: int


class FirmwareHmac(Protocol):
    """Makes the digest, keyed with a device's secret, that upgrade requests name of a file."""

    def __call__(self, secret: str, *, method: str, digest: str) -> str:
        """Return the keyed digest in lower-case hex; "" where a digest of this method makes none.

        Args:
            secret: The device's.
            method: By which the file's own digest is: `md5` or `sha256`.
            digest: That digest, in hex of either case.
        """
