"""The errors of IoTDA v5.

The page "Error Codes" was only partly to be seen, and of what could be none fits a refused call:
005004 to 005011 tell of upgrades at devices. So the numbers here are ours ([U]), in the page's form
and in a range, 900xxx, where the vendor has none. A test that waits for one of the vendor's numbers
learns from the text what was wrong, and from the status how badly.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.dialects.huawei.talk import Code
from fleet_sim.model.northbound import Refusal

UNAUTHORIZED = Code(401, "IOTDA.900401", "The request is not authorised.")
OTHER_PROJECT = Code(403, "IOTDA.900403", "The project is another's.")
BAD_INPUT = Code(400, "IOTDA.900400", "Invalid input.")
NO_SUCH_PATH = Code(404, "IOTDA.900400", "There is no such resource.")
NO_SUCH_METHOD = Code(405, "IOTDA.900400", "The resource has no such method.")
INTERNAL = Code(500, "IOTDA.900500", "Internal server error.")
NO_SUCH_TASK = Code(404, "IOTDA.900411", "The batch task does not exist.")
NO_SUCH_PACKAGE = Code(404, "IOTDA.900412", "The package does not exist.")
PACKAGE_EXISTS = Code(400, "IOTDA.900413", "The product has a package of this version.")
PACKAGE_IN_USE = Code(400, "IOTDA.900414", "A task needs the package.")
TASK_STATE = Code(400, "IOTDA.900415", "The task's state does not allow this.")

REFUSALS: Mapping[Refusal, Code] = {
    Refusal.BAD_ARGUMENT: BAD_INPUT,
    Refusal.DENIED: UNAUTHORIZED,
    Refusal.NO_SUCH_FIRMWARE: NO_SUCH_PACKAGE,
    Refusal.NO_SUCH_JOB: NO_SUCH_TASK,
    Refusal.NO_SUCH_TASK: NO_SUCH_TASK,
    Refusal.VERSION_EXISTS: PACKAGE_EXISTS,
    Refusal.NAME_EXISTS: PACKAGE_EXISTS,
    Refusal.FIRMWARE_IN_USE: PACKAGE_IN_USE,
    Refusal.INTERNAL: INTERNAL,
}

_REASON_OF: Mapping[str, Refusal] = {
    UNAUTHORIZED.code: Refusal.DENIED,
    OTHER_PROJECT.code: Refusal.DENIED,
    BAD_INPUT.code: Refusal.BAD_ARGUMENT,
    NO_SUCH_TASK.code: Refusal.NO_SUCH_JOB,
    NO_SUCH_PACKAGE.code: Refusal.NO_SUCH_FIRMWARE,
    PACKAGE_EXISTS.code: Refusal.VERSION_EXISTS,
    PACKAGE_IN_USE.code: Refusal.FIRMWARE_IN_USE,
}


def code_of(reason: Refusal) -> Code:
    """Return the error for a refusal; what no other fits is the task's state."""
    return REFUSALS.get(reason, TASK_STATE)


def reason_of(code: str, otherwise: Refusal) -> Refusal:
    """Return what a number means.

    Args:
        code: The number.
        otherwise: What "the task's state does not allow this" means for the call.
    """
    if code == TASK_STATE.code:
        return otherwise
    return _REASON_OF.get(code, Refusal.INTERNAL)
