"""The result codes of `upgrade_progress_report`, and what they mean in neutral words.

    0 success        3 already latest      6 download timed out    9 too little memory
    1 device in use  4 battery low         7 package is wrong     10 not installed
    2 signal poor    5 too little storage  8 kind not supported  255 internal error

The pages have no causes beside these words: which of the neutral ones a number stands for, and
which number a simulated device reports for a cause, is ours ([U]). Rows show neither.

Vendors of devices may add numbers of their own, as comments in the SDKs say, while the platform's
list of errors knows an "invalid result_code": see `HuaweiServer`.

Source: "Device Reporting the Upgrade Status"; the constants of the device SDKs.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.model.failure import FailureCause

SUCCESS = 0

_CAUSE_OF: Mapping[int, FailureCause] = {
    1: FailureCause.DECLINED,
    2: FailureCause.DOWNLOAD,
    3: FailureCause.DECLINED,
    4: FailureCause.DECLINED,
    5: FailureCause.FLASH,
    6: FailureCause.DOWNLOAD,
    7: FailureCause.VERIFY,
    8: FailureCause.UPGRADE,
    9: FailureCause.UPGRADE,
    10: FailureCause.FLASH,
    255: FailureCause.OTHER,
}
# UPGRADE says no more than that it went wrong, and so does 255.
CODE_OF: Mapping[FailureCause, int] = {
    FailureCause.UPGRADE: 255,
    FailureCause.DOWNLOAD: 6,
    FailureCause.VERIFY: 7,
    FailureCause.FLASH: 10,
    FailureCause.DECLINED: 1,
    FailureCause.OTHER: 255,
}
DOCUMENTED = frozenset({SUCCESS, *_CAUSE_OF})


def cause_of(code: int) -> FailureCause:
    """Return what a number other than 0 means; one that no page lists is the device's own."""
    return _CAUSE_OF.get(code, FailureCause.OTHER)
