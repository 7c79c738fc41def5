from __future__ import annotations

from pathlib import Path

import pytest

from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.platform.store_place import alone_with, firmware_folder


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
    ("store", "folder"),
    [
        (None, "/run/x/firmware"),
        ("sqlite:////var/lib/fleet.db", "/var/lib/fleet.db.firmware"),
        ("sqlite:///fleet.db", "fleet.db.firmware"),
        ("postgresql://h/db", "firmware"),
    ],
)
def test_firmware_stands_beside_its_database(store: str | None, folder: str) -> None:
    """Of a server, where the process was started; of no store, with the temporary one."""
    assert firmware_folder(store, Path("/run/x")) == Path(folder)
