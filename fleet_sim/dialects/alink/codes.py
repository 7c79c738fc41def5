"""The numbers that Alink gives to failures and refusals.

Source: "OTA updates" (steps), "Error codes for device SDKs".
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.model.failure import FailureCause

OK = 200

# What is no request at all, and what is one with parameters that do not do.
BAD_REQUEST = 400
BAD_PARAMETERS = 460

# The older query topic has numbers of its own (429, 9112, 500), and none of them is about the shape
# of a request; 500 is the least wrong.
OLDER_TOPIC_FAILED = 500

# What each number says, for people who read logs.
MEANINGS: Mapping[int, str] = {
    BAD_REQUEST: "the request cannot be read",
    429: "too many requests",
    BAD_PARAMETERS: "a parameter is missing or wrong",
    500: "the service has failed",
    5005: "the product cannot be found",
    6100: "the device cannot be found",
    6203: "the topic cannot be read",
    6204: "the device is disabled",
    6250: "the product cannot be found",
}

# There are four numbers. That -1, "upgrade failed", also stands for what has none of its own is
# ours to say.
STEP_OF: Mapping[FailureCause, int] = {
    FailureCause.UPGRADE: -1,
    FailureCause.DOWNLOAD: -2,
    FailureCause.VERIFY: -3,
    FailureCause.FLASH: -4,
    FailureCause.DECLINED: -1,
    FailureCause.OTHER: -1,
}
_CAUSE_OF = {
    STEP_OF[cause]: cause
    for cause in (
        FailureCause.UPGRADE,
        FailureCause.DOWNLOAD,
        FailureCause.VERIFY,
        FailureCause.FLASH,
    )
}


def cause_of(step: int) -> FailureCause:
    """Return what a negative step means; below -4 none has a meaning."""
    return _CAUSE_OF.get(step, FailureCause.OTHER)


def meaning_of(code: int) -> str:
    """Return what a number says; "" for one that no page lists."""
    return MEANINGS.get(code, "")
