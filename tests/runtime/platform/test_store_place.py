from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.platform.store_place import (
    alone_with,
    firmware_folder,
    placed,
    temporary_folder,
)


def test_a_database_file_has_one_platform(tmp_path: Path) -> None:
    """A second one is told so; once the first has left, the next may come."""
    url = f"sqlite:///{tmp_path / 'store.db'}"

    with (
        alone_with(url),
        pytest.raises(TargetError, match=r"store\.db is in use by another platform"),
        alone_with(url),
    ):
        raise AssertionError("it was let in")

    with alone_with(url):
        pass


def test_two_database_files_have_two(tmp_path: Path) -> None:
    """Neither is in the other's way."""
    with (
        alone_with(f"sqlite:///{tmp_path / 'one.db'}"),
        alone_with(f"sqlite:///{tmp_path / 'two.db'}"),
    ):
        pass


@pytest.mark.parametrize("url", ["postgresql://h/db", "sqlite:///{folder}/no/such/folder/x.db"])
def test_what_cannot_be_locked_is_left_to_who_opens_it(tmp_path: Path, url: str) -> None:
    """A server sees to that itself, and of a folder that is not there the store says it better."""
    with alone_with(url.format(folder=tmp_path)), alone_with(url.format(folder=tmp_path)):
        pass

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("sqlite:////var/lib/fleet.db", "/var/lib/fleet.db.firmware"),
        ("sqlite:///fleet.db", "fleet.db.firmware"),
        ("postgresql://h/db", "firmware"),
    ],
)
def test_firmware_stands_beside_its_database(url: str, folder: str) -> None:
    """Of a server, where the process was started."""
    assert firmware_folder(url) == Path(folder)


def test_a_temporary_folder_goes_with_its_context(tmp_path: Path) -> None:
    """With all that is in it, also where somebody else was quicker."""
    with temporary_folder() as folder:
        (folder / "platform.sqlite").touch()
    with temporary_folder() as quicker:
        quicker.rmdir()

    assert not folder.exists()
    assert not quicker.exists()


def test_a_store_without_a_url_lives_in_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the one that is given, which stays, else in one of its own, which goes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with placed(None, tmp_path) as given, placed(None, None) as own:
        (mine,) = tmp_path.iterdir()

    assert given == f"sqlite:///{tmp_path}/platform.sqlite"
    assert own == f"sqlite:///{mine}/platform.sqlite"
    assert list(tmp_path.iterdir()) == []


def test_a_store_with_a_url_needs_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So nothing is left behind even by a process that is killed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with placed("postgresql://h/db", None) as url:
        assert list(tmp_path.iterdir()) == []

    assert url == "postgresql://h/db"
