"""The errors of OceanConnect, by their numbers, and what they mean in neutral words.

Source: the error tables of "Querying an Upgrade Task List" and its siblings, "Authentication",
"Creating a Firmware Upgrade Task". Not in them, and ours: the status of 100025; that a package in
use and a bad paging value are 120015; that a dead refresh token is 1010005.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.dialects.huawei.talk import Code
from fleet_sim.model.northbound import Refusal

# --- authentication --------------------------------------------------------------------------

PARAMETER_EMPTY = Code(400, "102202", "Required Parameter is null or empty.")
WRONG_SECRET = Code(401, "100208", "AppId or secret is not right.")
NO_APP_KEY = Code(401, "100025", "AppId for auth not exist.")
INVALID_TOKEN = Code(403, "1010005", "App_key or access_token is invalid.")
THROTTLED = Code(403, "1010009", "app throttle exceed.")

# --- upgrades --------------------------------------------------------------------------------

BAD_REQUEST = Code(400, "120015", "Bad request error.")
NO_SUCH_PATH = Code(404, "120015", "Bad request error.")
NO_SUCH_METHOD = Code(405, "120015", "Bad request error.")
BEYOND_PAGES = Code(400, "123029", "pageNo or pageSize beyond the limit.")
NO_SUCH_FILE = Code(404, "123002", "Device or package file not found.")
NO_SUCH_TASK = Code(404, "123009", "The requested task does not exist.")
MISMATCH = Code(400, "123016", "The target version does not match the device.")
NO_MANUFACTURER = Code(400, "123019", "The manufacturerName is null.")
NO_DEVICE_TYPE = Code(400, "123020", "The deviceType is null.")
NO_MODEL = Code(400, "123021", "The model is null.")
NO_TARGETS = Code(400, "123022", "deviceGroups and devices cannot be null together.")
BOTH_TARGETS = Code(400, "123023", "deviceGroups and devices cannot exist together.")
TOO_MANY_TARGETS = Code(400, "123024", "The number of deviceGroups or devices exceeds 256.")
WRONG_EXECUTION = Code(400, "123025", "The executeType is wrong or null.")
WRONG_TIMES = Code(400, "123026", "startTime or endTime is null or malformed.")
WRONG_RETRIES = Code(400, "123028", "retryTimes is null or not within 1 to 5.")
START_AFTER_END = Code(400, "123032", "startTime is later than endTime.")
START_IN_PAST = Code(400, "123033", "startTime is earlier than now.")
WINDOW_TOO_SHORT = Code(400, "123034", "endTime is less than 5 minutes after startTime.")
INTERNAL = Code(500, "50252", "Internal server error.")

# --- our own: what the upload says that no call of Huawei's can ------------------------------

VERSION_EXISTS = Code(409, "900601", "The model has a package of this version.")
NAME_EXISTS = Code(409, "900602", "The model has a package of this name.")

REFUSALS: Mapping[Refusal, Code] = {
    Refusal.BAD_ARGUMENT: BAD_REQUEST,
    Refusal.DENIED: INVALID_TOKEN,
    Refusal.NO_SUCH_FIRMWARE: NO_SUCH_FILE,
    Refusal.NO_SUCH_DEVICE: NO_SUCH_FILE,
    Refusal.NO_SUCH_JOB: NO_SUCH_TASK,
    Refusal.NO_SUCH_TASK: NO_SUCH_TASK,
    Refusal.VERSION_EXISTS: VERSION_EXISTS,
    Refusal.NAME_EXISTS: NAME_EXISTS,
    Refusal.FIRMWARE_IN_USE: BAD_REQUEST,
    Refusal.THROTTLED: THROTTLED,
    Refusal.INTERNAL: INTERNAL,
}

_REASON_OF: Mapping[str, Refusal] = {
    NO_SUCH_TASK.code: Refusal.NO_SUCH_JOB,
    NO_SUCH_FILE.code: Refusal.NO_SUCH_FIRMWARE,
    INVALID_TOKEN.code: Refusal.DENIED,
    NO_APP_KEY.code: Refusal.DENIED,
    WRONG_SECRET.code: Refusal.DENIED,
    THROTTLED.code: Refusal.THROTTLED,
    VERSION_EXISTS.code: Refusal.VERSION_EXISTS,
    NAME_EXISTS.code: Refusal.NAME_EXISTS,
    "100001": Refusal.INTERNAL,
    INTERNAL.code: Refusal.INTERNAL,
}
_ARGUMENTS = frozenset(
    one.code
    for one in (
        PARAMETER_EMPTY,
        BAD_REQUEST,
        BEYOND_PAGES,
        MISMATCH,
        NO_MANUFACTURER,
        NO_DEVICE_TYPE,
        NO_MODEL,
        NO_TARGETS,
        BOTH_TARGETS,
        TOO_MANY_TARGETS,
        WRONG_EXECUTION,
        WRONG_TIMES,
        WRONG_RETRIES,
        START_AFTER_END,
        START_IN_PAST,
        WINDOW_TOO_SHORT,
    )
)


def code_of(reason: Refusal) -> Code:
    """Return the error for a refusal; what no page has a number for is a bad request."""
    return REFUSALS.get(reason, BAD_REQUEST)


def reason_of(code: str) -> Refusal:
    """Return what a number means; one that no page lists is the target's own trouble."""
    if code in _ARGUMENTS:
        return Refusal.BAD_ARGUMENT
    return _REASON_OF.get(code, Refusal.INTERNAL)
