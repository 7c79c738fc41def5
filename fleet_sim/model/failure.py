"""Why an upgrade failed, in the device's own words."""

from __future__ import annotations

from enum import StrEnum


class FailureCause(StrEnum):
    """What a device says went wrong; each dialect has a code for it."""

    UPGRADE = "upgrade"
    DOWNLOAD = "download"
    VERIFY = "verify"
    FLASH = "flash"
    DECLINED = "declined"
    OTHER = "other"
