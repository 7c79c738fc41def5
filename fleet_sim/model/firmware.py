"""What a device is asked to run."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FirmwareImage:
    """A firmware file as an upgrade request describes it.

    Attributes:
        version: The version a device reports once it runs this image.
        url: Where the file is served.
        size_bytes: Its length.
        digest: Lower-case hex.
        digest_method: `md5` or `sha256`.
        module: Which part of a device it is for; "" is the device as a whole.
        hmac: A keyed digest besides, lower-case hex, for vendors that send one; else "".
        token: What a device shows to fetch it; "" where the address alone is enough.
        stream: The file's two numbers where it is fetched in blocks over MQTT; then there is no
            `url`.
        is_patch: Whether it is a difference to the version that the device runs.
        custom: Text of whoever made the firmware, for devices; "" where there is none.
        tags: What whoever ordered the upgrade says to devices beside it: key to text, none twice.
        other_digest: Likewise by the other of the two methods, for vendors whose requests name
            both; "" where only one is known.
    """

    version: str
    url: str
    size_bytes: int
    digest: str
    digest_method: str
    module: str = ""
    hmac: str = ""
    token: str = field(default="", repr=False)
    stream: tuple[int, int] | None = None
    is_patch: bool = False
    custom: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    other_digest: str = ""

    def digest_by(self, method: str) -> str:
        """Return the digest by `md5` or `sha256`; "" where it is not known."""
        return self.digest if method == self.digest_method else self.other_digest
