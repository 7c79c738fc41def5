"""A run's log as it is found in its folder: all parts, and whether the end of one is missing.

What a kill or a full disk leaves behind is a missing end. Whatever else does not fit was whole once
and has been damaged since; a log like that is refused, as no verdict could be trusted.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fleet_sim.model.record import Record, Source, from_line, in_order
from fleet_sim.runtime.run_log import PARTS, part_path

UNPACK_BYTES = 65_536  # Unpacked at once; a member's end hands back the rest of this, not of all.
MAGIC = b"\x1f\x8b\x08"  # What every member begins with.
# No member ends so: its last eight bytes are a checksum and a size, which is never 0 here.
UNWRITTEN = bytes(8)


_PART = re.compile(r"events-[0-9]{3,}\.jsonl\.gz")  # see `part_path`


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
        ValueError: A part is missing, is no file, no gzip file, or is damaged before its end; a
            line is no record, or not the next one. The message names the file, and the line if
            there is one.
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
    paths = sorted(path for path in folder.glob("events-*") if _PART.fullmatch(path.name))
    if not paths:
        raise FileNotFoundError(f"{folder} holds no run: no events-000.jsonl.gz is there")
    strange = next((path for path in paths if not path.is_file()), None)
    if strange is not None:
        raise ValueError(f"{strange} is no file that could be read, as a part of a run log is")
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
