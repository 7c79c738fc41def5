from pathlib import Path

import pytest

from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.run_folder import make_run_folder, write_file

STARTED_EPOCH_MS = 1_767_225_600_123  # 2026-01-01T00:00:00Z


def test_a_folder_is_named_by_its_start_and_scenario(tmp_path: Path) -> None:
    """In UTC, so that folders sort by time wherever they were made."""
    folder = make_run_folder(tmp_path / "runs", "happy-path", STARTED_EPOCH_MS)

    assert folder == tmp_path / "runs" / "20260101T000000Z-happy-path"
    assert folder.is_dir()


def test_runs_of_one_second_get_folders_of_their_own(tmp_path: Path) -> None:
    """Nothing is ever written over."""
    names = [make_run_folder(tmp_path, "x", STARTED_EPOCH_MS).name for _ in range(3)]

    assert names == ["20260101T000000Z-x", "20260101T000000Z-x-2", "20260101T000000Z-x-3"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [("../../etc", "..-..-etc"), ("a b/c", "a-b-c"), ("", "run"), ("ümlaut", "-mlaut")],
)
def test_a_name_stays_within_the_folder(tmp_path: Path, name: str, stem: str) -> None:
    """A scenario's name is its author's."""
    folder = make_run_folder(tmp_path, name, STARTED_EPOCH_MS)

    assert folder == tmp_path / f"20260101T000000Z-{stem}"


def test_latest_leads_to_the_newest(tmp_path: Path) -> None:
    """A relative link, so that the folder of runs can be moved."""
    make_run_folder(tmp_path, "first", STARTED_EPOCH_MS)
    second = make_run_folder(tmp_path, "second", STARTED_EPOCH_MS)

    assert (tmp_path / "latest").readlink() == Path(second.name)
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_symlink()) == ["latest"]


def test_what_somebody_else_called_latest_is_left_alone(tmp_path: Path) -> None:
    """A run is worth more than its link."""
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "kept").touch()

    folder = make_run_folder(tmp_path, "x", STARTED_EPOCH_MS)

    assert folder.is_dir()
    assert (tmp_path / "latest" / "kept").exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == [folder.name, "latest"]


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    """With what to do about it."""
    (tmp_path / "runs").write_text("a file")

    with pytest.raises(TargetError, match=r"cannot be kept in .*runs.*--runs"):
        make_run_folder(tmp_path / "runs", "x", STARTED_EPOCH_MS)


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """With its name, the reason, and the flag that helps."""
    write_file(tmp_path / "run.json", "ü")

    assert (tmp_path / "run.json").read_bytes() == "ü".encode()
    with pytest.raises(TargetError) as caught:
        write_file(Path("/dev/full"), "x")
    assert str(caught.value) == (
        "/dev/full cannot be written: no space left on device; --runs names another folder"
    )


def test_a_file_elsewhere_has_its_own_way_out(tmp_path: Path) -> None:
    """Its folder is made, if it can be."""
    write_file(tmp_path / "new" / "deep" / "report.xml", "x")
    (tmp_path / "file").write_text("x")

    assert (tmp_path / "new" / "deep" / "report.xml").read_text() == "x"
    with pytest.raises(TargetError, match=r"file/report\.xml cannot be written: .*; try --here$"):
        write_file(tmp_path / "file" / "report.xml", "x", "try --here")
