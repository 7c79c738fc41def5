from pathlib import Path

import pytest

from fleet_sim.runtime.platform.blocks import Piece
from fleet_sim.runtime.platform.files import NAME_BYTES_MAX, DiskFiles
from fleet_sim.runtime.platform.storage import StorageError

NAMES = [
    "fw-1.3.0.bin",
    "with space & ümlaut #1?.bin",
    ".hidden",
    "-rf",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\fw.bin",
    "nul\0byte",
    "x" * 255,
    "ü" * 255,
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_found_under_the_name_it_was_kept_by(tmp_path: Path, name: str) -> None:
    """Whatever the name, it lies inside the folder, two levels down."""
    files = DiskFiles(tmp_path / "firmware")

    files.keep("f-1", name, b"bytes")

    path = files.path("f-1", name)
    assert path is not None
    assert path.read_bytes() == b"bytes"
    assert path.resolve().parent.parent == (tmp_path / "firmware").resolve()
    assert len(path.name.encode()) <= NAME_BYTES_MAX


@pytest.mark.parametrize("firmware_id", ["..", "../f-1", "f/../../f-1", "f" * 4096, ""])
def test_a_firmware_id_cannot_lead_elsewhere(tmp_path: Path, firmware_id: str) -> None:
    """A request's path names whatever it likes; there is just nothing."""
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"secret")
    files = DiskFiles(tmp_path / "firmware")
    files.keep("f-1", "fw.bin", b"bytes")

    assert files.path(firmware_id, "secret.bin") is None
    assert files.path(firmware_id, "../secret.bin") is None


def test_nothing_is_there_before_it_is_kept(tmp_path: Path) -> None:
    """Nor is a folder a file, nor the half of one that was being written at a crash."""
    files = DiskFiles(tmp_path)
    (tmp_path / "f-1" / "folder.bin").mkdir(parents=True)
    (tmp_path / "f-1" / ".fw.bin.part").write_bytes(b"half")

    assert files.path("f-1", "fw.bin") is None
    assert files.path("f-1", "folder.bin") is None
    assert files.path("f-2", "fw.bin") is None
    assert files.path("f-1", "\ud800") is None


def test_keeping_again_replaces_the_file(tmp_path: Path) -> None:
    """A platform that was killed before its commit gets the same upload twice."""
    files = DiskFiles(tmp_path)

    files.keep("f-1", "fw.bin", b"a longer first")
    files.keep("f-1", "fw.bin", b"second")

    path = files.path("f-1", "fw.bin")
    assert path is not None
    assert path.read_bytes() == b"second"
    assert [one.name for one in path.parent.iterdir()] == ["fw.bin"]


def test_a_file_that_cannot_be_kept_leaves_nothing(tmp_path: Path) -> None:
    """The disk is full, or the folder is somebody else's; the sentence says which file, and why."""
    files = DiskFiles(tmp_path)
    (tmp_path / "f-1").mkdir()
    (tmp_path / "f-1" / ".fw.bin.part").symlink_to("/dev/full")

    with pytest.raises(StorageError, match=r"of firmware f-1 cannot be kept in .*: no space"):
        files.keep("f-1", "fw.bin", b"bytes")

    assert not list(tmp_path.iterdir())


def test_dropping_leaves_nothing_behind(tmp_path: Path) -> None:
    """The file, and its folder once it is empty; dropping twice does no harm."""
    files = DiskFiles(tmp_path)
    files.keep("f-1", "fw.bin", b"bytes")
    files.keep("f-2", "fw.bin", b"bytes")

    files.drop("f-1", "fw.bin")
    files.drop("f-1", "fw.bin")
    files.drop("f-3", "fw.bin")

    assert [one.name for one in tmp_path.iterdir()] == ["f-2"]


def test_a_file_is_read_in_pieces(tmp_path: Path) -> None:
    """As much as is asked for or left, and how much there is in all; nothing behind its end."""
    files = DiskFiles(tmp_path)
    files.keep("f-1", "fw.bin", b"firmware")

    assert files.read("f-1", "fw.bin", 2, 4) == Piece(b"rmwa", 8)
    assert files.read("f-1", "fw.bin", 6, 4) == Piece(b"re", 8)
    assert files.read("f-1", "fw.bin", 8, 4) == Piece(b"", 8)
    assert files.read("f-1", "other.bin", 0, 4) is None
    assert files.read("f-2", "../f-1/fw.bin", 0, 4) is None
