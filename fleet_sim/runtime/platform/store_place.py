"""Where a platform's store lives: one platform a database file, its firmware beside it."""

from __future__ import annotations

import contextlib
import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fleet_sim.runtime.errors import TargetError

_SQLITE = "sqlite:///"


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder that goes with this context; only a killed process leaves it behind."""
    with tempfile.TemporaryDirectory(prefix="fleet-sim-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextlib.contextmanager
def placed(store: str | None, folder: Path | None) -> Iterator[str]:
    """Yield the URL of the store to be opened.

    Args:
        store: Its URL; None for a temporary one.
        folder: Where a temporary one lives; None makes a folder that goes with this context.
    """
    if store is not None:
        yield store
        return
    with temporary_folder() if folder is None else contextlib.nullcontext(folder) as home:
        yield f"{_SQLITE}{home / 'platform.sqlite'}"


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


def firmware_folder(url: str) -> Path:
    """Return where firmware is kept: beside the database file that tells of it.

    A database server has no folder for us: then it is the one that the process was started in.
    """
    if not url.startswith(_SQLITE):
        return Path("firmware")
    path = Path(url.removeprefix(_SQLITE))
    return path.with_name(f"{path.name}.firmware")
