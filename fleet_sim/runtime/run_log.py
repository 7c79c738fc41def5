"""The run log: each process appends records to a part of its own.

A part is `events-NNN.jsonl.gz`, written as whole gzip members, one `write` each, so that a killed
run ends on a member's boundary and every tool reads what is there. `log_reader` reads them back.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from fleet_sim.model.record import Record, Source, to_line
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.run_folder import unwritten

# The run is over: what devices do while somebody else's backend is cleaned up is no part of it.
AFTER_END = frozenset({"cleaned"})
# Says how many parts there are: one that is missing as a whole leaves no other trace.
PARTS = "parts"
MEMBER_LINES_MAX = 5_000  # At this size whole members cost no more space than one stream.


class RunLog(Protocol):
    """Where records go."""

    def add(
        self,
        src: Source,
        kind: str,
        *,
        device: str = "",
        job: str = "",
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Append a record; its instant is the present."""


class NoLog:
    """Records are not wanted."""

    def add(
        self,
        src: Source,
        kind: str,
        *,
        device: str = "",
        job: str = "",
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Forget it."""


class MemoryLog:
    """A part of the log kept in memory, where a run in virtual time and its tests read it.

    Attributes:
        part: The part's number.
        count: How many records were added so far.
        records: Those that are kept, in the order added.
    """

    __slots__ = ("_is_over", "_now_ms", "count", "part", "records")

    def __init__(self, now_ms: Callable[[], int], part: int = 0) -> None:
        self._now_ms = now_ms
        self._is_over = False
        self.part = part
        self.count = 0
        self.records: list[Record] = []

    def add(
        self,
        src: Source,
        kind: str,
        *,
        device: str = "",
        job: str = "",
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Append a record; its instant is the present."""
        if self._is_over and kind not in AFTER_END:
            return
        self.records.append(
            Record(self._now_ms(), self.count, src, kind, device, job, fields or {}, self.part)
        )
        self.count += 1

    def end(self) -> None:
        """Take no more records but those of `AFTER_END`."""
        self._is_over = True

    def sha256(self) -> str:
        """Return the digest of the part as it would stand uncompressed in a file."""
        digest = hashlib.sha256()
        for record in self.records:
            digest.update(to_line(record).encode())
            digest.update(b"\n")
        return digest.hexdigest()


class FileLog(MemoryLog):
    """A part of the log in a file; `flush` writes what came since as one whole gzip member.

    The records also stay in memory when `keep` is set, for a verdict without reading them back. A
    member that cannot be written whole is left out of the file, which so ends on a boundary; where
    not even that can be had, nothing follows it.
    """

    __slots__ = ("_file", "_is_full", "_keep", "_path", "_size_bytes", "_torn_by", "_written")

    def __init__(self, path: Path, now_ms: Callable[[], int], part: int, *, keep: bool) -> None:
        """Open the file.

        Raises:
            TargetError: It cannot be opened.
        """
        super().__init__(now_ms, part)
        self._path = path
        try:
            self._file: BinaryIO = path.open("ab", buffering=0)
        except OSError as error:
            raise unwritten(path, error) from error
        self._size_bytes = self._file.tell()
        self._keep = keep
        self._written = 0
        self._is_full = False  # the last flush failed
        self._torn_by: OSError | None = None  # why the file ends in the midst of a member

    def add(
        self,
        src: Source,
        kind: str,
        *,
        device: str = "",
        job: str = "",
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Append a record; its instant is the present."""
        super().add(src, kind, device=device, job=job, fields=fields)
        # Once is enough: each try compresses all there is, and whoever flushes next is told.
        if len(self.records) - self._written >= MEMBER_LINES_MAX and not self._is_full:
            with contextlib.suppress(TargetError):
                self.flush()

    def flush(self) -> None:
        """Write what came since the last time; to be called at least once a second.

        Raises:
            TargetError: It cannot be written, as on a full disk.
        """
        fresh = self.records[self._written :]
        if not fresh:
            return
        if self._torn_by is not None:
            raise unwritten(self._path, self._torn_by) from self._torn_by
        lines = "".join(f"{to_line(record)}\n" for record in fresh)
        # Level 1 and no time stamp: speed, and the same bytes for the same records.
        self._write(gzip.compress(lines.encode(), compresslevel=1, mtime=0))
        if self._keep:
            self._written = len(self.records)
        else:
            self.records.clear()

    def _write(self, member: bytes) -> None:
        """Write a member, or nothing of it.

        A disk that fills up takes a part of it in silence. Only the next write is told why: the
        disk is full, a quota is used up, files may be no larger.
        """
        rest = memoryview(member)
        try:
            while rest:
                rest = rest[self._taken(rest) :]
        except OSError as error:
            self._is_full = True
            if len(rest) < len(member):
                self._take_back(error)
            raise unwritten(self._path, error) from error
        self._is_full = False
        self._size_bytes += len(member)

    def _taken(self, rest: memoryview) -> int:
        """Return how many bytes of these the file took, which is one at least."""
        taken = self._file.write(rest)
        if not taken:
            raise OSError(errno.EIO, "it takes nothing more")
        return taken

    def _take_back(self, why: OSError) -> None:
        """Cut off what the file took of a member."""
        try:
            self._file.truncate(self._size_bytes)
        except OSError:
            self._torn_by = why

    def close(self) -> None:
        """Write the rest and close the file.

        Raises:
            TargetError: The rest cannot be written; the file is closed all the same.
        """
        try:
            self.flush()
        finally:
            self._file.close()


def part_path(folder: Path, part: int) -> Path:
    """Return where a part of a run's log stands."""
    return folder / f"events-{part:03d}.jsonl.gz"


def write_part(folder: Path, part: int, records: list[Record]) -> None:
    """Write a whole part at once."""
    log = FileLog(part_path(folder, part), lambda: 0, part, keep=False)
    log.records.extend(records)
    log.close()
