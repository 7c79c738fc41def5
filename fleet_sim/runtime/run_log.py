"""The run log: each process appends records to a part of its own.

A part is `events-NNN.jsonl.gz`, written as whole gzip members, one `write` each, so that a killed
run ends on a member's boundary and every tool reads what is there.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from fleet_sim.model.record import Record, Source, from_line, in_order, to_line
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.run_folder import unwritten

# The run is over: what devices do while somebody else's backend is cleaned up is no part of it.
AFTER_END = frozenset({"cleaned"})
# Says how many parts there are: one that is missing as a whole leaves no other trace.
PARTS = "parts"
MEMBER_LINES_MAX = 5_000  # At this size whole members cost no more space than one stream.
UNPACK_BYTES = 65_536  # Unpacked at once; a member's end hands back the rest of this, not of all.
MAGIC = b"\x1f\x8b\x08"  # What every member begins with.
# No member ends so: its last eight bytes are a checksum and a size, which is never 0 here.
UNWRITTEN = bytes(8)


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


@dataclass(frozen=True, slots=True)
class ReadLog:
    """A run's log as it was found.

    Attributes:
        records: All parts, merged and ordered.
        torn: The files whose end is missing, as a kill leaves them; what stood there is not known.
        whole_ms: Up to here, and not including it, no part lacks anything; None for a whole log. A
            kill leaves whole lines as a rule, so without the run's own end each part may lack some.
    """

    records: list[Record]
    torn: tuple[str, ...] = ()
    whole_ms: int | None = None


def read_run(folder: Path) -> list[Record]:
    """Read all parts of a run's log, merged and ordered; a torn tail is left out.

    Raises:
        FileNotFoundError: The folder holds no part.
        ValueError: See `read_log`; a part that is missing is not missed here.
    """
    return _read(_parts(folder)).records


def read_log(folder: Path) -> ReadLog:
    """Read all parts of a run's log, and say where the end of one is missing.

    Raises:
        FileNotFoundError: The folder holds no part.
        ValueError: A part is missing, is no gzip file or is damaged before its end; a line is no
            record, or not the next one. The message names the file, and the line if there is one.
    """
    paths = _parts(folder)
    for part, path in enumerate(paths):
        if path != part_path(folder, part):
            wanted = part_path(folder, part).name
            raise ValueError(f"{folder} lacks {wanted}, though {path.name} is there")
    found = _read(paths)
    counted = max((one["count"] for one in found.records if _counts_parts(one)), default=0)
    if len(paths) < counted:
        wanted = part_path(folder, len(paths)).name
        raise ValueError(
            f"{folder} lacks {wanted}, one of the {counted} parts of its log; the log cannot be "
            "judged without it"
        )
    return found


def _counts_parts(record: Record) -> bool:
    is_ours = record.kind == PARTS and record.src is Source.CONTROL
    return is_ours and isinstance(record.get("count"), int)


def _parts(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("events-*.jsonl.gz"))
    if not paths:
        raise FileNotFoundError(f"{folder} holds no run: no events-000.jsonl.gz is there")
    return paths


def _read(paths: list[Path]) -> ReadLog:
    parts, torn = [], []
    for part, path in enumerate(paths):
        text, is_torn = _unpacked(path)
        parts.append(list(_records(path.name, text, part)))
        if is_torn or (text and not text.endswith(b"\n")):
            torn.append(path.name)
    records = in_order(parts)
    is_ended = any(one.kind == "end" for one in records)
    ends_ms = [
        part[-1].t if part else 0
        for path, part in zip(paths, parts, strict=True)
        if path.name in torn or not is_ended
    ]
    return ReadLog(records, tuple(torn), min(ends_ms, default=None))


def _records(name: str, text: bytes, part: int) -> Iterator[Record]:
    whole, _, _ = text.rpartition(b"\n")
    for number, line in enumerate(whole.split(b"\n") if whole else ()):
        try:
            record = from_line(line.decode(), part)
        except ValueError as error:
            raise ValueError(f"{name}, line {number + 1}: {_sentence(error)}") from error
        if record.seq != number:
            raise ValueError(
                f"{name}, line {number + 1}: seq is {record.seq}, and {number} would be next; "
                "records are missing or stand twice"
            )
        yield record


def _sentence(error: ValueError) -> str:
    return "this is no UTF-8 text" if isinstance(error, UnicodeError) else str(error)


def _unpacked(path: Path) -> tuple[bytes, bool]:
    """Unpack member by member, and say whether the end is missing.

    A torn last member costs nothing before it, nor what of it is whole. What a full disk or a block
    that was never written leaves behind the members (no member begins there, or zeros end it) is a
    missing end, too. Anything else that cannot be unpacked was whole once.

    Raises:
        ValueError: It is no gzip file, or was changed since it was written.
    """
    text, torn = bytearray(), bytearray()
    member = zlib.decompressobj(wbits=31)
    at = begun_at = 0
    with path.open("rb") as file:
        while packed := file.read(UNPACK_BYTES):
            while packed:
                try:
                    torn += member.decompress(packed)
                except zlib.error as error:
                    _check_tail(path, begun_at, error)
                    return bytes(text), True  # rubbish unpacks to rubbish before it is found out
                at += len(packed) - len(member.unused_data)
                packed = member.unused_data
                if member.eof:
                    text += torn
                    torn.clear()
                    begun_at = at
                    member = zlib.decompressobj(wbits=31)
    return bytes(text + torn), begun_at < at


def _check_tail(path: Path, begun_at: int, error: zlib.error) -> None:
    """Take what begins here for a missing end, or refuse the file."""
    with path.open("rb") as file:
        file.seek(begun_at)
        begins = file.read(len(MAGIC))
        file.seek(-min(len(UNWRITTEN), path.stat().st_size), os.SEEK_END)
        ends = file.read()
    if ends == UNWRITTEN or (begun_at and begins != MAGIC):
        return
    if not begun_at and begins != MAGIC:
        raise ValueError(f"{path.name} is no gzip file, as a part of a run log is") from error
    raise ValueError(
        f"{path.name} is damaged: what begins at byte {begun_at} cannot be unpacked, and is not a "
        "mere missing end; the log cannot be trusted"
    ) from error
