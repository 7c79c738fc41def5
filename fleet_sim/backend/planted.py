"""The bugs one can switch on, to see whether the verdicts find them.

Each id is tested by name at the one place where a real bug of its kind would live. B01 to B53 are
the failure-modes file's own; from B60 on they are written from the promises they break.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

PLANTED: Mapping[str, str] = MappingProxyType(
    {
        "B01": "The cap lets one device too many through.",
        "B02": "The cap counts first attempts only; retries take no slot.",
        "B03": "After a restart the cap counts only what this process pushed.",
        "B04": "An attempt that ends by timeout keeps its slot.",
        "B06": "The timeout counts from the creation of the task.",
        "B07": "The timeout starts again with every progress report.",
        "B08": "A device that never speaks after a push never times out.",
        "B09": "A restart forgets the timers of attempts under way.",
        "B10": "A failing device gets one retry too many.",
        "B11": "A failing device gets one retry too few.",
        "B13": "Retries follow at once, whatever the interval.",
        "B14": "A cancelled task is tried again.",
        "B15": "Progress 100 ends the task as a success.",
        "B16": "Any version report ends the task as a success.",
        "B18": "A late progress report revives a failed task.",
        "B19": "A late failure report overwrites a success.",
        "B20": "A version report that comes twice puts its task on the list twice.",
        "B23": "A desc is cut at 255 characters.",
        "B27": "The task of a device that was offline at creation is never pushed.",
        "B28": "A finished task is pushed again at every reconnect.",
        "B29": "Devices that match later join a frozen list.",
        "B30": "Devices that match later do not join an open list.",
        "B38": "A search's total is the length of its page.",
        "B41": "`in` also takes values that merely contain one of the list.",
        "B43": "An unknown filter field is ignored, as if it matched everything.",
        "B48": "Devices that already run the target are pushed to.",
        "B51": "Devices that must ask are pushed to all the same.",
        "B53": "A job's pushes a minute are not limited.",
        "B60": "A device that is busy with one job is pushed another job's upgrade.",
        "B61": "The source versions of a scope are ignored.",
        "B62": "A report of the target version counts only after 100 % was reported.",
        "B63": "A finished task shows as under way again when its device reports its version.",
        "B64": "Every failure code is shown as -1.",
        "B65": "The first device of a job gets two tasks in it.",
        "B66": "A device that reports the target version is recorded as failed.",
        "B67": "Every page but the first starts one row early.",
        "B68": "A device that asks is also offered what its job only pushes.",
    }
)


def known(ids: Iterable[str]) -> frozenset[str]:
    """Check the ids.

    Raises:
        ValueError: One of them is no planted bug; the message lists those there are.
    """
    wanted = frozenset(ids)
    strange = sorted(wanted - PLANTED.keys())
    if strange:
        raise ValueError(
            f"{', '.join(strange)}: no such planted bug; there are {', '.join(PLANTED)}"
        )
    return wanted
