"""Where a device stands in its upgrade, and which moves there are."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class UpgradeState(StrEnum):
    """Where a device stands in its upgrade; being on or off line is another matter."""

    OFF = "off"
    IDLE = "idle"
    DOWNLOADING = "downloading"  # or waiting to go on with a cut download
    INSTALLING = "installing"
    FINISHING = "finishing"  # said 100 %, waits until the server has it
    REBOOTING = "rebooting"
    QUIET = "quiet"  # took a push and says nothing more of it
    GONE = "gone"  # never comes back


# A move not listed does not exist. A power cut (PoweredOn again) leads from every running state to
# IDLE. Nothing leads out of GONE.
MOVES: Mapping[UpgradeState, frozenset[UpgradeState]] = {
    UpgradeState.OFF: frozenset({UpgradeState.IDLE}),
    UpgradeState.IDLE: frozenset({UpgradeState.DOWNLOADING, UpgradeState.QUIET, UpgradeState.IDLE}),
    UpgradeState.DOWNLOADING: frozenset(
        {UpgradeState.INSTALLING, UpgradeState.IDLE, UpgradeState.QUIET}
    ),
    UpgradeState.INSTALLING: frozenset({UpgradeState.FINISHING, UpgradeState.IDLE}),
    UpgradeState.FINISHING: frozenset(
        {UpgradeState.REBOOTING, UpgradeState.GONE, UpgradeState.IDLE}
    ),
    UpgradeState.REBOOTING: frozenset({UpgradeState.IDLE, UpgradeState.QUIET}),
    UpgradeState.QUIET: frozenset(
        {UpgradeState.DOWNLOADING, UpgradeState.QUIET, UpgradeState.IDLE}
    ),
    UpgradeState.GONE: frozenset(),
}

# At an upgrade, with its connection up or to come: no other can begin.
BUSY = frozenset({UpgradeState.DOWNLOADING, UpgradeState.INSTALLING, UpgradeState.FINISHING})
