"""The folder that a run leaves: `DIR/<utc>-<name>/`, and `DIR/latest` beside it."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from fleet_sim.runtime.errors import TargetError

_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
_WAY_OUT = "--runs names another folder"
TRIES_MAX = 1_000  # Runs of one name within one second; nobody starts more.


def make_run_folder(runs: Path, name: str, started_epoch_ms: int) -> Path:
    """Make the folder of a new run and point `latest` at it.

    Raises:
        TargetError: The folder cannot be made.
    """
    started = datetime.fromtimestamp(started_epoch_ms / 1000, UTC)
    stem = f"{started:%Y%m%dT%H%M%SZ}-{_UNFIT.sub('-', name) or 'run'}"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        folder = _first_free(runs, stem)
        _point_latest(runs, folder.name)
    except OSError as error:
        raise TargetError(
            f"runs cannot be kept in {runs}: {error.strerror}; choose another folder with --runs"
        ) from error
    return folder


def write_file(path: Path, text: str, way_out: str = _WAY_OUT) -> None:
    """Write a file of a run, in a folder that need not exist.

    Args:
        path: Where to.
        text: What.
        way_out: What the person can do where that is not possible.

    Raises:
        TargetError: It cannot be written, as on a full disk.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritten(path, error, way_out) from error


def unwritten(path: Path, error: OSError, way_out: str = _WAY_OUT) -> TargetError:
    """Return what to say of a file of a run that cannot be written."""
    reason = (error.strerror or str(error)).lower()
    return TargetError(f"{path} cannot be written: {reason}; {way_out}")


def _first_free(runs: Path, stem: str) -> Path:
    for number in range(1, TRIES_MAX):
        folder = runs / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(17, f"{TRIES_MAX} runs of this name and second are there already")


def _point_latest(runs: Path, name: str) -> None:
    """Replace the link in one step; where links cannot be made, there is no `latest`."""
    unfinished = runs / f".latest-{os.getpid()}"
    try:
        unfinished.unlink(missing_ok=True)
        unfinished.symlink_to(name, target_is_directory=True)
        unfinished.replace(runs / "latest")
    except OSError:
        unfinished.unlink(missing_ok=True)
