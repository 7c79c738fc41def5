"""The numbers EnOS gives to failures and refusals.

Source: "Common Parameter Description" (MQTT), the error tables of the V2.1 pages, "About EnOS API"
and "Get Access Token" (API 2.1), "Connecting Sub-devices to EnOS Cloud in Batch", "Delete
Topological Relationships for Sub-devices", and the constants of the Python device SDK (-5, 429).
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.model.failure import FailureCause
from fleet_sim.model.messages import ChildRefusal
from fleet_sim.model.northbound import Refusal

# --- MQTT ------------------------------------------------------------------------------------

PAYLOAD_TOO_LARGE = 1008
NOT_LOGGED_IN = 1009  # "no write permission on the topic", or the device is not logged in
PAYLOAD_NOT_JSON = 1220  # "Payload format error"; also ours for a payload of the wrong shape
PAYLOAD_EMPTY = 1251

NO_SUCH_DEVICE = 705
SIGNATURE_WRONG = 742
SUB_DEVICE = 771  # it connects by itself, and may not

# OTHER takes the first number below those that have a meaning; the pages leave them to devices.
STEP_OF: Mapping[FailureCause, int] = {
    FailureCause.UPGRADE: -1,
    FailureCause.DOWNLOAD: -2,
    FailureCause.VERIFY: -3,
    FailureCause.FLASH: -4,
    FailureCause.DECLINED: -5,
    FailureCause.OTHER: -6,
}
_CAUSE_OF = {step: cause for cause, step in STEP_OF.items()}


def cause_of(step: int) -> FailureCause:
    """Return what a negative step means; numbers of no meaning are the device's own."""
    return _CAUSE_OF.get(step, FailureCause.OTHER)


# --- gateways --------------------------------------------------------------------------------

# The number of a login beyond the limit of children is in no page; 429 is the SDKs' own constant.
CHILD_REFUSALS: Mapping[ChildRefusal, tuple[int, str]] = {
    ChildRefusal.UNKNOWN: (NO_SUCH_DEVICE, "no such device"),
    ChildRefusal.DISABLED: (723, "Device is disable"),
    ChildRefusal.ELSEWHERE: (740, "Sub device not belong the gateway"),
    ChildRefusal.WRONG_SIGNATURE: (SIGNATURE_WRONG, "Sign check failed"),
    ChildRefusal.NO_ACTIVATION: (770, "Dynamic activate is not allowed"),
    ChildRefusal.TOO_MANY: (429, "too many sub-devices are on line"),
}
CHILD_REFUSAL_OF = {code: why for why, (code, _) in CHILD_REFUSALS.items()}
REMOVE_FAILED = 1256  # "Remove topo failure"

# --- northbound ------------------------------------------------------------------------------

OK = 0
NOT_FOUND = 24404
INVALID_ARGUMENT = 99400
DENIED = 99403
NO_SUCH_OBJECT = 99404
TOO_MANY_TO_VERIFY = 24612

REFUSALS: Mapping[Refusal, tuple[int, str]] = {
    Refusal.NO_SUCH_FIRMWARE: (NOT_FOUND, "Firmware not found"),
    Refusal.NO_SUCH_JOB: (NOT_FOUND, "Job not found"),
    Refusal.INTERNAL: (24500, "OTA service internal error"),
    Refusal.VERSION_EXISTS: (24601, "Firmware version already exists"),
    Refusal.NAME_EXISTS: (24602, "Firmware name already exists"),
    Refusal.FIRMWARE_BUSY: (24603, "Not allowed to create firmware concurrently"),
    Refusal.FIRMWARE_IN_USE: (24604, "Firmware cannot be deleted"),
    Refusal.FIRMWARE_UNVERIFIED: (
        24610,
        (
            "Not allowed to create job as firmware is not verified while enable verification is "
            "switched on"
        ),
    ),
    Refusal.VERIFY_SCOPE_TOTAL: (
        24611,
        "upgradeScope type total is not allowed for verification task",
    ),
    Refusal.VERIFY_TOO_MANY: (TOO_MANY_TO_VERIFY, "Exceeded max verification deviceKeys"),
    Refusal.JOB_STARTED: (24615, "Job has started"),
    Refusal.JOB_STOPPED: (24616, "Job has stopped"),
    Refusal.JOB_NOT_RUNNING: (24617, "Job not running"),
    Refusal.JOB_RUNNING: (24618, "Not allowed to delete running job"),
    Refusal.TASK_NOT_CANCELLABLE: (24620, "Only init or published tasks can be canceled"),
    Refusal.TASK_NOT_FAILED: (24621, "Only failed tasks can be retried"),
    Refusal.BAD_ARGUMENT: (INVALID_ARGUMENT, "Invalid Argument"),
    Refusal.DENIED: (DENIED, "Denied resource"),
}


# What the backend calls an argument, in the API's words.
_ARGUMENTS: Mapping[str, str] = {
    "page_number": "pagination.pageNo",
    "page_size": "pagination.pageSize",
    "product_key": "productKey",
    "versions": "upgradeScope.versionNumbers",
    "device_keys": "deviceKeys",
    "digest": "sign",
    "digest_method": "signMethod",
}


def message_of(reason: Refusal, detail: str) -> str:
    """Return the sentence that goes with a refusal's number.

    Two have a gap to fill: the most devices of a verify job, a number, and the argument at fault.
    Everything else about a refusal stays in the backend's own records.
    """
    text = REFUSALS[reason][1]
    if reason is Refusal.VERIFY_TOO_MANY:
        return f"{text}, max[{detail}]"
    if reason is Refusal.BAD_ARGUMENT and detail:
        name, colon, why = detail.partition(":")
        return f"{text} {_ARGUMENTS.get(name, name)}{colon}{why}"
    return text


_REASON_OF = {
    **{code: reason for reason, (code, _) in REFUSALS.items() if code != NOT_FOUND},
    99500: Refusal.INTERNAL,
}


def reason_of(code: int, missing: Refusal) -> Refusal:
    """Return what a number means; `missing` is what "not found" refers to in this call.

    A number that no page lists is the target's own trouble: INTERNAL, with the number kept.
    """
    if code in {NOT_FOUND, NO_SUCH_OBJECT}:
        return missing
    return _REASON_OF.get(code, Refusal.INTERNAL)


# --- token service ---------------------------------------------------------------------------

TOKEN_MESSAGES: Mapping[int, str] = {
    1002: "appKey does not exist",
    1003: "encryption is invalid",
    1004: "parameter is invalid",
    1202: "parameter is empty",
    1203: "accessToken has expired",
    1204: "refresh failed",
}
TOKEN_KEY_UNKNOWN = 1002
TOKEN_ENCRYPTION_INVALID = 1003
TOKEN_PARAMETER_INVALID = 1004
TOKEN_PARAMETER_EMPTY = 1202
TOKEN_EXPIRED = 1203
TOKEN_REFRESH_FAILED = 1204
