import errno
import gzip
import hashlib
import os
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from fleet_sim.model.record import Record, Source
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.log_reader import read_log, read_run
from fleet_sim.runtime.run_log import (
    MEMBER_LINES_MAX,
    FileLog,
    MemoryLog,
    NoLog,
    part_path,
    write_part,
)


class Ticker:
    """A clock that goes on by a millisecond at each look."""

    def __init__(self) -> None:
        self.at_ms = -1

    def __call__(self) -> int:
        """Return the present."""
        self.at_ms += 1
        return self.at_ms


def fill(log: MemoryLog | NoLog, count: int) -> None:
    """Add so many records."""
    for number in range(count):
        log.add(Source.WIRE, "online", device="pk/dk", fields={"side": "server", "n": number})


def test_a_record_gets_its_instant_and_its_place() -> None:
    """The present, and the next number of the part."""
    log = MemoryLog(Ticker(), part=3)

    log.add(Source.CONTROL, "settle", job="j-1")
    log.add(Source.DEVICE, "boot", device="pk/dk", fields={"version": "1.0"})

    assert log.count == 2
    assert log.records == [
        Record(0, 0, Source.CONTROL, "settle", "", "j-1", {}, 3),
        Record(1, 1, Source.DEVICE, "boot", "pk/dk", "", {"version": "1.0"}, 3),
    ]


def test_a_file_reads_back_as_it_was_added(tmp_path: Path) -> None:
    """Whatever was flushed when; the memory of a log that keeps nothing is empty."""
    memory, clock = MemoryLog(Ticker()), Ticker()
    log = FileLog(part_path(tmp_path, 0), clock, 0, keep=False)
    for one in (memory, log):
        fill(one, 5)
    log.flush()
    for one in (memory, log):
        fill(one, 2)
    log.close()

    assert read_run(tmp_path) == memory.records
    assert log.count == 7
    assert log.records == []


def test_a_log_that_keeps_writes_nothing_twice(tmp_path: Path) -> None:
    """Its records stay for a verdict, and each stands in the file once."""
    log = FileLog(part_path(tmp_path, 0), Ticker(), 0, keep=True)
    for _ in range(3):
        fill(log, 2)
        log.flush()
        log.flush()
    log.close()

    assert read_run(tmp_path) == log.records
    assert len(log.records) == 6


def test_the_digest_is_that_of_the_uncompressed_file(tmp_path: Path) -> None:
    """`zcat` and `sha256sum` come to the same."""
    memory = MemoryLog(Ticker())
    fill(memory, 4)
    write_part(tmp_path, 0, memory.records)

    content = gzip.decompress(part_path(tmp_path, 0).read_bytes())

    assert hashlib.sha256(content).hexdigest() == memory.sha256()


def test_a_long_log_is_flushed_by_itself(tmp_path: Path) -> None:
    """In whole members, so that memory and a crash's loss are bounded."""
    log = FileLog(part_path(tmp_path, 0), Ticker(), 0, keep=False)
    fill(log, MEMBER_LINES_MAX + 1)

    assert len(read_run(tmp_path)) == MEMBER_LINES_MAX
    log.close()
    assert len(read_run(tmp_path)) == MEMBER_LINES_MAX + 1


def test_equal_records_are_equal_bytes(tmp_path: Path) -> None:
    """No time stamp stands in the gzip header."""
    for part in (0, 1):
        log = FileLog(part_path(tmp_path, part), Ticker(), 0, keep=False)
        fill(log, 3)
        log.close()

    assert part_path(tmp_path, 0).read_bytes() == part_path(tmp_path, 1).read_bytes()


def test_a_log_that_nobody_wants_takes_everything() -> None:
    """`serve` keeps no log."""
    fill(NoLog(), 3)


def test_a_run_that_is_over_has_no_more_records() -> None:
    """But of what is cleaned up after it."""
    log = MemoryLog(lambda: 5)
    log.add(Source.CONTROL, "end")

    log.end()
    log.add(Source.DEVICE, "boot", device="pk/d1")
    log.add(Source.CONTROL, "cleaned", fields={"call": "stop_job"})

    assert [one.kind for one in log.records] == ["end", "cleaned"]
    assert [one.seq for one in log.records] == [0, 1]


class SmallDisk:
    """A file on a disk with room for so many bytes, which takes what fits of a write."""

    def __init__(
        self, file: BinaryIO, room_bytes: int, *, why: int = errno.ENOSPC, can_cut: bool = True
    ) -> None:
        self._file = file
        self._why = why
        self._can_cut = can_cut
        self.room_bytes = room_bytes
        self.close = file.close
        self.writes = 0

    def write(self, content: bytes) -> int:
        """Write what fits, as the system does, and say how much that was; if nothing, say why."""
        self.writes += 1
        if not self.room_bytes:
            raise OSError(self._why, os.strerror(self._why))
        written = self._file.write(content[: self.room_bytes])
        self.room_bytes -= written
        return written

    def truncate(self, size_bytes: int) -> None:
        """Cut the file, if that can be."""
        if not self._can_cut:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._file.truncate(size_bytes)


def on_a_small_disk(
    path: Path, room_bytes: int, *, why: int = errno.ENOSPC, can_cut: bool = True
) -> tuple[FileLog, SmallDisk]:
    """Return a log of one record, flushed, whose disk has room for so much more."""
    log = FileLog(path, lambda: 0, 0, keep=False)
    log.add(Source.WIRE, "online", device="p/d-1")
    log.flush()
    disk = SmallDisk(log._file, room_bytes, why=why, can_cut=can_cut)
    log._file = cast("BinaryIO", disk)
    return log, disk


def test_a_member_that_does_not_fit_on_the_disk_is_left_out(tmp_path: Path) -> None:
    """What was there is whole, and once there is room nothing is missing."""
    log, disk = on_a_small_disk(part_path(tmp_path, 0), 9)
    log.add(Source.WIRE, "online", device="p/d-2")

    with pytest.raises(
        TargetError, match=r"events-000\.jsonl\.gz cannot be written: no space left"
    ):
        log.flush()
    full = read_log(tmp_path)
    disk.room_bytes = 9_999
    log.close()

    assert ([one.device for one in full.records], full.torn) == (["p/d-1"], ())
    assert [one.device for one in read_log(tmp_path).records] == ["p/d-1", "p/d-2"]


def test_a_disk_that_is_full_is_told_by_whoever_flushes() -> None:
    """A record that comes meanwhile is kept and breaks nobody's callback; the file is closed."""
    log = FileLog(Path("/dev/full"), lambda: 0, 0, keep=False)
    for _ in range(MEMBER_LINES_MAX + 1):
        log.add(Source.WIRE, "online")

    with pytest.raises(TargetError, match=r"^/dev/full cannot be written: no space left on devi"):
        log.close()

    assert len(log.records) == MEMBER_LINES_MAX + 1
    assert log._file.closed


@pytest.mark.parametrize("why", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_the_system_says_why_a_member_does_not_fit(tmp_path: Path, why: int) -> None:
    """It takes a part in silence; the rest is offered again, and then it speaks."""
    log, _ = on_a_small_disk(part_path(tmp_path, 0), 9, why=why)
    log.add(Source.WIRE, "online", device="p/d-2")

    with pytest.raises(TargetError, match=f"cannot be written: {os.strerror(why).lower()};"):
        log.close()


def test_a_write_that_was_merely_short_is_gone_on_with(tmp_path: Path) -> None:
    """No error: what is left is written, too."""
    log, disk = on_a_small_disk(part_path(tmp_path, 0), 9_999)
    fill(log, 3)
    whole = disk.write
    log._file.write = lambda content: whole(content[:9])  # type: ignore[method-assign]

    log.close()

    assert len(read_run(tmp_path)) == 4
    assert disk.writes > 2


def test_a_file_that_takes_nothing_and_does_not_say_why_is_told(tmp_path: Path) -> None:
    """Nobody tries for ever."""
    log, _ = on_a_small_disk(part_path(tmp_path, 0), 9_999)
    log._file.write = lambda _: 0  # type: ignore[method-assign]
    fill(log, 1)

    with pytest.raises(TargetError, match="cannot be written: it takes nothing more;"):
        log.close()


def test_nothing_follows_a_member_that_is_torn(tmp_path: Path) -> None:
    """Where its beginning cannot be cut off, what came later would be read as rubbish."""
    log, disk = on_a_small_disk(part_path(tmp_path, 0), 9, can_cut=False)
    log.add(Source.WIRE, "online", device="p/d-2")
    with pytest.raises(TargetError, match="no space left"):
        log.flush()
    size_bytes = part_path(tmp_path, 0).stat().st_size
    disk.room_bytes = 9_999

    for finish in (log.flush, log.close):
        with pytest.raises(TargetError, match="no space left"):
            finish()

    assert part_path(tmp_path, 0).stat().st_size == size_bytes
    found = read_log(tmp_path)
    assert [one.device for one in found.records] == ["p/d-1"]
    assert found.torn == ("events-000.jsonl.gz",)


def test_a_full_disk_is_tried_once_by_whoever_adds(tmp_path: Path) -> None:
    """Each try costs as much as all that waits; whoever flushes may try again, and then add too."""
    log, disk = on_a_small_disk(part_path(tmp_path, 0), 0)

    fill(log, MEMBER_LINES_MAX + 9)
    once = disk.writes
    with pytest.raises(TargetError, match="no space left"):
        log.flush()
    disk.room_bytes = 1 << 20
    log.flush()
    fill(log, MEMBER_LINES_MAX)
    log.close()

    assert once == 1
    assert disk.writes == 4
    assert len(read_run(tmp_path)) == 1 + MEMBER_LINES_MAX + 9 + MEMBER_LINES_MAX


def test_a_part_that_cannot_be_opened_is_told_in_a_sentence(tmp_path: Path) -> None:
    """With the file, and what to do."""
    with pytest.raises(TargetError, match=r"000\.jsonl\.gz cannot be written: .*; --runs names"):
        write_part(tmp_path / "gone", 0, [])
