"""Firmware files on disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from fleet_sim.runtime.platform.blocks import Piece
from fleet_sim.runtime.platform.storage import StorageError

NAME_BYTES_MAX = 200  # File systems take 255, of which the unfinished file's name needs some.


class DiskFiles:
    """Firmware files in a folder of their own: `FOLDER/<firmware id>/<file name>`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, firmware_id: str, file_name: str) -> Path | None:
        """Return a kept file's path; None for a name that leads elsewhere or to nothing."""
        path = self._folder / _safe(firmware_id) / _safe(file_name)
        return path if path.is_file() else None

    def keep(self, firmware_id: str, file_name: str, content: bytes) -> None:
        """Keep a file, durable on return: whole under its name, or not there at all.

        Raises:
            StorageError: It cannot be written; nothing of it is left.
        """
        path = self._folder / _safe(firmware_id) / _safe(file_name)
        try:
            _write(path, content)
        except OSError as error:
            with contextlib.suppress(OSError):
                self.drop(firmware_id, file_name)
            raise StorageError(
                f"the file of firmware {firmware_id} cannot be kept in {self._folder}: "
                f"{(error.strerror or str(error)).lower()}"
            ) from error

    def read(self, firmware_id: str, file_name: str, offset: int, size_bytes: int) -> Piece | None:
        """Read some bytes of a kept file, fewer at its end and none behind it; None: no such file.

        A block is short and was just written or read: it comes from the system's cache.
        """
        path = self.path(firmware_id, file_name)
        if path is None:
            return None
        with path.open("rb") as file:
            file_size_bytes = os.fstat(file.fileno()).st_size
            file.seek(offset)
            return Piece(file.read(size_bytes), file_size_bytes)

    def drop(self, firmware_id: str, file_name: str) -> None:
        """Forget a file, if it is there."""
        path = self._folder / _safe(firmware_id) / _safe(file_name)
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def _safe(name: str) -> str:
    """Keep a name within its folder: no separators, no dots in front, no longer than it may be."""
    safe = name.replace("/", "_").replace("\\", "_").replace("\0", "_").lstrip(".") or "_"
    content = safe.encode(errors="surrogatepass")
    return safe if len(content) <= NAME_BYTES_MAX else hashlib.sha256(content).hexdigest()
