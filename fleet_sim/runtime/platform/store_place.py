"""Where a platform's store lives: one platform a database file, its firmware beside it."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from fleet_sim.runtime.errors import TargetError

_SQLITE = "sqlite:///"


@contextlib.contextmanager
def alone_with(url: str) -> Iterator[None]:
    """Keep a second platform from the same SQLite file; the lock ends with the process, however.

    Raises:
        TargetError: Another platform has it.
    """
    if not url.startswith(_SQLITE):
        yield
        return
    path = Path(f"{url.removeprefix(_SQLITE)}.lock")
    try:
        file = path.open("w")
    except OSError:
        yield  # the store itself cannot be opened there either, and says so better
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise TargetError(f"the store {url} is in use by another platform") from error
        yield


def firmware_folder(store: str | None, temporary: Path) -> Path:
    """Return where firmware is kept: beside the database file that tells of it.

    Args:
        store: The store's URL; None for a temporary one. A database server has no folder for
            us: then it is the one that the process was started in.
        temporary: The folder of a temporary one.
    """
    if store is not None and store.startswith(_SQLITE):
        path = Path(store.removeprefix(_SQLITE))
        return path.with_name(f"{path.name}.firmware")
    if store is not None:
        return Path("firmware")
    return temporary / "firmware"
