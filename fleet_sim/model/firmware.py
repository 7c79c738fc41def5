"""What a device is asked to run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FirmwareImage:
    """A firmware file as an upgrade request describes it.

    Attributes:
        version: The version a device reports once it runs this image.
        url: Where the file is served.
        size_bytes: Its length.
        digest: Lower-case hex.
        digest_method: `md5` or `sha256`.
    """

    version: str
    url: str
    size_bytes: int
    digest: str
    digest_method: str
