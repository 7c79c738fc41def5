"""The API's words for what went wrong, and the error that carries one.

Two layers speak: the gateway, about who calls and how (`MissingAction`, HTTP 4xx), and the product
behind it, about what was asked (`iot.…`, HTTP 200). How sure each is:

    iot.system.…, iot.common.…, iot.prod.…, iot.messagebroker.…    both vendors list them; which one
                                                                   fits a refusal is our reading
    the gateway's, with their HTTP status    the classic SDK's, and of general knowledge; no page of
                                             either product lists them
    iot.ota.…                                coined here: the OTA service has codes of its own, and
                                             they are in no page that could be read

Source: "Error codes" (both vendors); the classic SDK for Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import Refusal

# --- the gateway's -----------------------------------------------------------------------------

NO_SUCH_ACTION = "InvalidAction.NotFound"
NO_SUCH_KEY = "InvalidAccessKeyId.NotFound"
SIGNATURE_WRONG = "SignatureDoesNotMatch"
EXPIRED = "InvalidTimeStamp.Expired"
NONCE_USED = "SignatureNonceUsed"
THROTTLED = "Throttling.User"
# Coined here, in the manner of the others.
BAD_TIMESTAMP = "InvalidTimeStamp.Format"
BAD_VERSION = "InvalidVersion"
BAD_PARAMETER = "InvalidParameter"
BAD_METHOD = "UnsupportedHTTPMethod"

# --- the product's -----------------------------------------------------------------------------

BAD_REQUEST = "iot.system.IllegalRequest"
BAD_PAGE = "iot.common.InvalidPageParams"
BAD_TENANT = "iot.common.InvalidTenant"
DENIED = "iot.common.AuthActionPermissionDeny"
BROKEN = "iot.system.SystemException"
NO_SUCH_PRODUCT = "iot.prod.NotExistedProduct"

# --- the OTA service's, all coined here --------------------------------------------------------

NO_SUCH_FILE = "iot.ota.FileNotExisted"
NOT_SERVED = "iot.ota.NotSupported"

# Reason to code and sentence; the sentences are ours, and a detail is added to them.
REFUSALS: Mapping[Refusal, tuple[str, str]] = {
    Refusal.BAD_ARGUMENT: (BAD_REQUEST, "The request is not legal"),
    Refusal.DENIED: (DENIED, "The action is not allowed"),
    Refusal.NO_SUCH_FIRMWARE: ("iot.ota.FirmwareNotExisted", "There is no such firmware"),
    Refusal.NO_SUCH_JOB: ("iot.ota.JobNotExisted", "There is no such upgrade batch"),
    Refusal.VERSION_EXISTS: ("iot.ota.VersionExisted", "The version exists already"),
    Refusal.NAME_EXISTS: ("iot.ota.FirmwareNameExisted", "The firmware name exists already"),
    Refusal.FIRMWARE_BUSY: ("iot.ota.FirmwareBusy", "The firmware is being changed"),
    Refusal.FIRMWARE_IN_USE: ("iot.ota.FirmwareInUse", "Devices are still to be upgraded to it"),
    Refusal.FIRMWARE_UNVERIFIED: ("iot.ota.FirmwareUnverified", "The firmware is not verified"),
    Refusal.VERIFY_SCOPE_TOTAL: ("iot.ota.VerifyWithoutDevice", "TargetDeviceName is not given"),
    Refusal.VERIFY_TOO_MANY: ("iot.ota.VerifyTooManyDevices", "Too many devices to verify with"),
    Refusal.VERIFY_RUNNING: ("iot.ota.FirmwareVerifying", "The firmware is being verified"),
    Refusal.VERIFY_DONE: ("iot.ota.FirmwareVerified", "The firmware has been verified"),
    Refusal.JOB_STARTED: ("iot.ota.JobStarted", "The upgrade batch is under way already"),
    Refusal.JOB_STOPPED: ("iot.ota.JobCanceled", "The upgrade batch has been cancelled"),
    Refusal.JOB_NOT_RUNNING: ("iot.ota.JobNotInProgress", "The upgrade batch is not under way"),
    Refusal.JOB_RUNNING: ("iot.ota.JobInProgress", "The upgrade batch is under way"),
    Refusal.TASK_NOT_CANCELLABLE: ("iot.ota.TaskNotCancelable", "The task cannot be cancelled"),
    Refusal.TASK_NOT_FAILED: ("iot.ota.TaskNotFailed", "Only failed tasks can be tried again"),
    Refusal.NO_SUCH_PRODUCT: (NO_SUCH_PRODUCT, "There is no such product"),
    Refusal.NO_SUCH_DEVICE: ("iot.ota.DeviceNotExisted", "There is no such device"),
    Refusal.NO_SUCH_TASK: ("iot.ota.TaskNotExisted", "There is no such task"),
    Refusal.NO_SUCH_MODULE: ("iot.ota.ModuleNotExisted", "There is no such module"),
    Refusal.MODULE_EXISTS: ("iot.ota.ModuleExisted", "The module exists already"),
    Refusal.MODULE_IN_USE: ("iot.ota.ModuleInUse", "The module has update packages"),
    Refusal.MODULES_TOO_MANY: ("iot.ota.TooManyModules", "The product has all it may have"),
    Refusal.THROTTLED: (THROTTLED, "Request was denied due to user flow control"),
    Refusal.INTERNAL: (BROKEN, "System exception"),
}

_REASONS: Mapping[str, Refusal] = {
    **{code: reason for reason, (code, _) in REFUSALS.items()},
    NO_SUCH_KEY: Refusal.DENIED,
    SIGNATURE_WRONG: Refusal.DENIED,
    EXPIRED: Refusal.DENIED,
    NONCE_USED: Refusal.DENIED,
    BAD_TENANT: Refusal.DENIED,
    "iot.common.RamActionPermissionDeny": Refusal.DENIED,
    "iot.messagebroker.RateLimit": Refusal.THROTTLED,
    "ServiceUnavailable": Refusal.INTERNAL,
    "InternalError": Refusal.INTERNAL,
}
# What a code of an unknown name most likely means, by how it begins; the first that fits counts.
_FAMILIES: tuple[tuple[str, Refusal], ...] = (
    ("Throttling", Refusal.THROTTLED),
    ("Forbidden", Refusal.DENIED),
    ("InvalidAccessKeyId", Refusal.DENIED),
    ("InvalidTimeStamp", Refusal.DENIED),
    ("Missing", Refusal.BAD_ARGUMENT),
    ("Invalid", Refusal.BAD_ARGUMENT),
    ("Unsupported", Refusal.BAD_ARGUMENT),
    ("iot.common.", Refusal.BAD_ARGUMENT),
    ("iot.check.", Refusal.BAD_ARGUMENT),
    ("iot.prod.", Refusal.BAD_ARGUMENT),
    ("iot.device.", Refusal.NO_SUCH_DEVICE),
    ("iot.ota.", Refusal.BAD_ARGUMENT),
)
# What the backend calls an argument that is a page's, by the beginning of a refusal's detail.
_OF_PAGES = ("page_number", "page_size")


class RpcError(DialectError):
    """A call that is refused before any backend hears of it.

    Attributes:
        word: The API's code.
        status: The gateway's HTTP status; 200 where it is the product that refuses.
    """

    def __init__(self, text: str, *, word: str, status: int = 200) -> None:
        super().__init__(text)
        self.word = word
        self.status = status


def refuse(name: str, why: str, word: str = BAD_REQUEST) -> NoReturn:
    """Refuse a parameter's value, in the product's name.

    Raises:
        RpcError: Always: `{name} {why}`.
    """
    raise RpcError(f"{name} {why}", word=word)


def miss(name: str) -> NoReturn:
    """Refuse a call for a parameter that it lacks, in the gateway's name.

    Raises:
        RpcError: Always: `Missing{Name}`, HTTP 400.
    """
    raise RpcError(f"{name} is mandatory for this action.", word=f"Missing{name}", status=400)


def word_and_text(reason: Refusal, detail: str) -> tuple[str, str]:
    """Return the code and the sentence for a backend's refusal."""
    word, text = REFUSALS[reason]
    if reason is Refusal.BAD_ARGUMENT and detail.startswith(_OF_PAGES):
        word = BAD_PAGE
    return word, f"{text}: {detail}" if detail else text


def reason_of(word: str) -> Refusal:
    """Return what a code means; INTERNAL where nothing is known of it."""
    known = _REASONS.get(word)
    if known is not None:
        return known
    return next((reason for start, reason in _FAMILIES if word.startswith(start)), Refusal.INTERNAL)
