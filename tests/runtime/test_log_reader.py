import gzip
from pathlib import Path

import pytest

from fleet_sim.model.record import Record, Source, to_line
from fleet_sim.runtime.log_reader import read_log, read_run
from fleet_sim.runtime.run_log import FileLog, MemoryLog, part_path, write_part
from tests.runtime.test_run_log import Ticker, fill


def test_every_cut_of_a_torn_file_reads_up_to_the_last_whole_line(tmp_path: Path) -> None:
    """A killed process leaves any prefix; what it flushed before is never lost."""
    memory = MemoryLog(Ticker())
    log = FileLog(part_path(tmp_path, 0), Ticker(), 0, keep=False)
    ends = []
    for _ in range(3):
        fill(memory, 2)
        fill(log, 2)
        log.flush()
        ends.append(part_path(tmp_path, 0).stat().st_size)
    log.close()
    whole = part_path(tmp_path, 0).read_bytes()

    for cut in range(len(whole) + 1):
        part_path(tmp_path, 0).write_bytes(whole[:cut])
        found = read_run(tmp_path)
        assert found == memory.records[: len(found)]
        assert len(found) >= 2 * sum(end <= cut for end in ends)


def test_rubbish_behind_the_members_costs_nothing(tmp_path: Path) -> None:
    """A disk that was full, or a block that was never written, ends the part there."""
    memory = MemoryLog(Ticker())
    fill(memory, 3)
    write_part(tmp_path, 0, memory.records)
    with part_path(tmp_path, 0).open("ab") as file:
        file.write(b"\0" * 512)

    assert read_run(tmp_path) == memory.records


def test_parts_merge_in_order_and_know_their_number(tmp_path: Path) -> None:
    """Each process' own part, by instant."""
    write_part(tmp_path, 1, [Record(5, 0, Source.WIRE, "b"), Record(7, 1, Source.WIRE, "d")])
    write_part(tmp_path, 0, [Record(1, 0, Source.WIRE, "a"), Record(7, 1, Source.WIRE, "c")])

    assert [(one.kind, one.part) for one in read_run(tmp_path)] == [
        ("a", 0), ("b", 1), ("c", 0), ("d", 1),
    ]  # fmt: skip


def test_line_ends_of_other_scripts_end_no_record(tmp_path: Path) -> None:
    """A device's words may hold any of them, and half of a surrogate pair besides."""
    desc = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\rh\ni\ud800"
    records = [Record(0, 0, Source.WIRE, "progress_sent", fields={"desc": desc})]

    write_part(tmp_path, 0, records)

    assert read_run(tmp_path) == records


def test_a_line_of_another_hand_is_read_up_to_its_own_end(tmp_path: Path) -> None:
    """JSON that keeps its characters as they are is no less a record."""
    line = '{"t":1,"seq":0,"src":"W","kind":"refused","why":"a\u2028b\x85c"}'
    part_path(tmp_path, 0).write_bytes(gzip.compress(f"{line}\n".encode()))

    assert [one["why"] for one in read_run(tmp_path)] == ["a\u2028b\x85c"]


def test_a_folder_without_a_part_is_no_run(tmp_path: Path) -> None:
    """Said in a sentence, with what is missing."""
    with pytest.raises(FileNotFoundError, match=r"holds no run: no events-000\.jsonl\.gz"):
        read_run(tmp_path)


def test_a_line_that_is_no_record_is_told_with_its_place(tmp_path: Path) -> None:
    """File and line."""
    good = to_line(Record(0, 0, Source.WIRE, "online"))
    part_path(tmp_path, 0).write_bytes(gzip.compress(f"{good}\n{good[:-1]}\n".encode()))

    with pytest.raises(ValueError, match=r"events-000\.jsonl\.gz, line 2"):
        read_run(tmp_path)


def test_a_missing_end_is_told_and_a_whole_log_is_not(tmp_path: Path) -> None:
    """Torn within a member, followed by what was never written, or cut within a line."""
    memory = MemoryLog(Ticker())
    fill(memory, 3)
    write_part(tmp_path, 0, memory.records)
    path = part_path(tmp_path, 0)
    whole = path.read_bytes()
    half_a_line = gzip.compress(gzip.decompress(whole)[:-5])

    torn = []
    for content in (
        whole,
        whole[:-9],
        whole + bytes(9),
        whole + whole[:40] + bytes(99),
        half_a_line,
    ):
        path.write_bytes(content)
        torn.append(read_log(tmp_path).torn)

    assert torn == [(), *[("events-000.jsonl.gz",)] * 4]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_change_within_any_member_is_no_missing_end(tmp_path: Path, at: int) -> None:
    """The first, one in the middle, the last: each was whole once, and is not what was written."""
    log = FileLog(part_path(tmp_path, 0), Ticker(), 0, keep=False)
    begins = []
    for _ in range(3):
        begins.append(part_path(tmp_path, 0).stat().st_size)
        fill(log, 2)
        log.flush()
    log.close()
    content = bytearray(part_path(tmp_path, 0).read_bytes())
    content[begins[at] + 30] ^= 0xFF
    part_path(tmp_path, 0).write_bytes(content)

    with pytest.raises(ValueError, match=f"is damaged: what begins at byte {begins[at]} cannot"):
        read_log(tmp_path)


def test_where_the_first_of_the_torn_parts_ends_is_told(tmp_path: Path) -> None:
    """Later records of the others tell of things whose other end is lost.

    Without the run's own end, every part may lack some.
    """
    for part, seconds in enumerate((3, 2, 4)):
        log = FileLog(part_path(tmp_path, part), Ticker(), part, keep=False)
        for _ in range(seconds):
            fill(log, 1)
            log.flush()
        log.close()
    killed = read_log(tmp_path)
    ends_ms = [max(one.t for one in killed.records if one.part == part) for part in range(3)]
    write_part(tmp_path, 3, [Record(9_000, 0, Source.CONTROL, "end", fields={"why": "settled"})])
    whole = read_log(tmp_path)
    path = part_path(tmp_path, 2)
    path.write_bytes(path.read_bytes()[:-4])
    torn = read_log(tmp_path)

    assert (killed.whole_ms, whole.whole_ms) == (min(ends_ms), None)
    assert torn.whole_ms == ends_ms[2]


def test_what_is_not_called_like_a_part_is_none(tmp_path: Path) -> None:
    """Somebody else's file, or a copy beside the log."""
    write_part(tmp_path, 0, [Record(0, 0, Source.WIRE, "online")])
    for name in ("events--01.jsonl.gz", "events-abc.jsonl.gz", "events-00.jsonl.gz", "events-1"):
        (tmp_path / name).write_bytes(b"rubbish")

    assert len(read_log(tmp_path).records) == 1


def test_a_part_that_is_missing_is_told(tmp_path: Path) -> None:
    """The next one would be taken for it."""
    write_part(tmp_path, 1, [Record(0, 0, Source.WIRE, "online")])

    with pytest.raises(ValueError, match=r"lacks events-000\.jsonl\.gz, though events-001"):
        read_log(tmp_path)


@pytest.mark.parametrize(
    ("count", "there", "lacks"),
    [(1, 1, ""), (2, 2, ""), (2, 1, "events-001"), (5, 3, "events-003"), (5, 1, "events-001")],
)
def test_the_last_parts_are_missed_by_their_number(
    tmp_path: Path, count: int, there: int, lacks: str
) -> None:
    """No file after them is there to tell; the fleet's own part counts them."""
    first = Record(0, 0, Source.CONTROL, "parts", fields={"count": count})
    write_part(tmp_path, 0, [first])
    for part in range(1, there):
        write_part(tmp_path, part, [])

    if not lacks:
        assert read_log(tmp_path).records == [first]
        return
    with pytest.raises(ValueError, match=rf"lacks {lacks}\.jsonl\.gz, one of the {count} parts"):
        read_log(tmp_path)


@pytest.mark.parametrize("fields", [{}, {"count": "three"}])
def test_a_count_of_parts_that_says_nothing_is_passed_by(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    """A log of another version is judged as it stands."""
    write_part(tmp_path, 0, [Record(0, 0, Source.CONTROL, "parts", fields=fields)])

    assert len(read_log(tmp_path).records) == 1
