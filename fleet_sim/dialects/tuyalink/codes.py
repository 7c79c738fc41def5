"""The numbers that TuyaLink gives to failures and refusals.

A device's error numbers count up from 40. In the neutral words, and so in logs and on the pages of
a northbound, what is below nothing is a failure; a number stands there as its negative, -44 for 44,
or it would read as 44 %.

    40 unknown                    45 download: wrong digest       50 gateway busy
    41 download: battery low      46 update: battery low
    42 download: no storage       47 update: no memory
    43 download: no memory        48 update: wrong version
    44 download: timed out        49 update: wrong digest

Which of our causes each belongs to is ours to say: no page groups them.

Source: the headers of TuyaOS for 40 to 49; clients of other people for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.model.failure import FailureCause

OK = 0
INVALID_PARAMETER = 1002
BAD_FORMAT = 1003

# What each number of the platform says, for people who read logs.
MEANINGS: Mapping[int, str] = {
    1001: "the service has failed",
    INVALID_PARAMETER: "a parameter is missing or wrong",
    BAD_FORMAT: "the data cannot be read",
    1004: "there is no such device",
    2001: "the device is off line",
}

_UNKNOWN = 40

# The number that stands for each cause; those that no number fits have the nearest.
ERROR_OF: Mapping[FailureCause, int] = {
    FailureCause.UPGRADE: 48,
    FailureCause.DOWNLOAD: 44,
    FailureCause.VERIFY: 45,
    FailureCause.FLASH: 47,
    FailureCause.DECLINED: 46,
    FailureCause.OTHER: _UNKNOWN,
}
_CAUSE_OF: Mapping[int, FailureCause] = {
    41: FailureCause.DECLINED,
    42: FailureCause.DOWNLOAD,
    43: FailureCause.DOWNLOAD,
    44: FailureCause.DOWNLOAD,
    45: FailureCause.VERIFY,
    46: FailureCause.DECLINED,
    47: FailureCause.FLASH,
    48: FailureCause.UPGRADE,
    49: FailureCause.VERIFY,
    50: FailureCause.DECLINED,
}


def cause_of(error: int) -> FailureCause:
    """Return what an error number means; one of no meaning is the device's own."""
    return _CAUSE_OF.get(error, FailureCause.OTHER)


def error_of(cause: FailureCause, code: int | None) -> int:
    """Return the number on the wire: that of the neutral code, or else of the cause."""
    return ERROR_OF[cause] if code is None else abs(code)


def code_of(error: int) -> int:
    """Return the neutral code of an error number."""
    return -error


def meaning_of(code: int) -> str:
    """Return what a number of the platform says; "" for one that nobody lists."""
    return MEANINGS.get(code, "")
