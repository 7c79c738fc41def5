"""How many files this process may have open: each device is a socket, each download another."""

from __future__ import annotations

import resource

from fleet_sim.runtime.errors import TargetError

# Libraries, the log, the database, the loop's own; and what the platform's process needs alike.
OTHER_FILES = 64
# More than any one process here can use; a limit in the billions makes some children slow to start.
FILES_MAX = 1 << 20


def raise_limit() -> int:
    """Raise the soft limit as far as one may, for this process and its children; return it.

    A login commonly gives 1,024 where many more are allowed.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _bounded(hard)
    if _bounded(soft) < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _bounded(soft)


def _bounded(limit: int) -> int:
    return FILES_MAX if limit == resource.RLIM_INFINITY else min(limit, FILES_MAX)


def check_limit(limit: int, *, devices: int, downloads: int) -> None:
    """See that a fleet of this size can be on line and downloading.

    Args:
        limit: How many files this process may have open; see `raise_limit`.
        devices: How many connections there will be at a time.
        downloads: How many transfers besides.

    Raises:
        TargetError: It cannot.
    """
    needed = devices + downloads + OTHER_FILES
    if needed > limit:
        raise TargetError(
            f"{devices:,} devices with up to {downloads:,} downloads at a time need {needed:,} "
            f"open files, and this process may have {limit:,} (ulimit -Hn); raise that, or try "
            "fewer --devices"
        )
