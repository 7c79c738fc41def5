"""The run log: each process appends records to a part of its own.

A part is `events-NNN.jsonl.gz`, written as whole gzip members, one `write` each, so that a killed
run ends on a member's boundary and every tool reads what is there.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from fleet_sim.model.record import Record, Source, from_line, in_order, to_line

# The run is over: what devices do while somebody else's backend is cleaned up is no part of it.
AFTER_END = frozenset({"cleaned"})
MEMBER_LINES_MAX = 5_000  # At this size whole members cost no more space than one stream.
UNPACK_BYTES = 65_536  # Unpacked at once; a member's end hands back the rest of this, not of all.


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

    The records also stay in memory when `keep` is set, for a verdict without reading them back.
    """

    __slots__ = ("_file", "_keep", "_written")

    def __init__(self, path: Path, now_ms: Callable[[], int], part: int, *, keep: bool) -> None:
        super().__init__(now_ms, part)
        self._file: BinaryIO = path.open("ab", buffering=0)
        self._keep = keep
        self._written = 0

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
        if len(self.records) - self._written >= MEMBER_LINES_MAX:
            self.flush()

    def flush(self) -> None:
        """Write what came since the last time; to be called at least once a second."""
        fresh = self.records[self._written :]
        if not fresh:
            return
        lines = "".join(f"{to_line(record)}\n" for record in fresh)
        # Level 1 and no time stamp: speed, and the same bytes for the same records.
        self._file.write(gzip.compress(lines.encode(), compresslevel=1, mtime=0))
        if self._keep:
            self._written = len(self.records)
        else:
            self.records.clear()

    def close(self) -> None:
        """Write the rest and close the file."""
        self.flush()
        self._file.close()


def part_path(folder: Path, part: int) -> Path:
    """Return where a part of a run's log stands."""
    return folder / f"events-{part:03d}.jsonl.gz"


def write_part(folder: Path, part: int, records: list[Record]) -> None:
    """Write a whole part at once."""
    log = FileLog(part_path(folder, part), lambda: 0, part, keep=False)
    log.records.extend(records)
    log.close()


def read_run(folder: Path) -> list[Record]:
    """Read all parts of a run's log, merged and ordered; a torn tail is left out.

    Raises:
        FileNotFoundError: The folder holds no part.
        ValueError: A line is no record; the message names the file and the line.
    """
    paths = sorted(folder.glob("events-*.jsonl.gz"))
    if not paths:
        raise FileNotFoundError(f"{folder} holds no run: no events-000.jsonl.gz is there")
    return in_order(_read_part(path, part) for part, path in enumerate(paths))


def _read_part(path: Path, part: int) -> Iterator[Record]:
    for number, line in enumerate(_whole_lines(path), start=1):
        try:
            yield from_line(line, part)
        except ValueError as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error


def _whole_lines(path: Path) -> list[str]:
    whole, _, _ = _unpacked(path).rpartition(b"\n")
    return whole.decode().split("\n") if whole else []


def _unpacked(path: Path) -> bytes:
    """Unpack member by member: a torn last one costs nothing before it, nor what of it is whole."""
    text, torn = bytearray(), bytearray()
    member = zlib.decompressobj(wbits=31)
    with path.open("rb") as file:
        while packed := file.read(UNPACK_BYTES):
            while packed:
                try:
                    torn += member.decompress(packed)
                except zlib.error:
                    return bytes(text)  # rubbish unpacks to rubbish before it is found out
                packed = member.unused_data
                if member.eof:
                    text += torn
                    torn.clear()
                    member = zlib.decompressobj(wbits=31)
    return bytes(text + torn)
