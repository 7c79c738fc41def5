from pathlib import Path

import pytest

from fleet_sim.cli import sources
from fleet_sim.cli.sources import (
    BYTES_MAX,
    Source,
    bundled,
    product_secret,
    read_devices,
    read_file,
    read_source,
)
from fleet_sim.scenario.errors import ScenarioError


def refused(name: str) -> str:
    """Return the sentence for a file that cannot be read."""
    with pytest.raises(ScenarioError) as caught:
        read_source(name)
    return str(caught.value)


def test_bundled_scenarios_are_found_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From any folder."""
    monkeypatch.chdir(tmp_path)

    source = read_source("happy-path")

    assert source.text.startswith("name: happy-path")
    assert Path(source.file).is_file()


def test_a_file_in_reach_is_called_by_its_short_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that says where it is can be clicked."""
    path = bundled()["happy-path"]
    monkeypatch.chdir(path.parent.parent)

    assert read_source("happy-path").file == f"{path.parent.name}/happy-path.yaml"


def test_a_file_wins_over_a_bundled_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has a file of this name means it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "happy-path").write_text("mine", encoding="utf-8")

    assert read_source("happy-path") == Source("mine", "happy-path")


def test_a_wheel_has_its_scenarios_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no checkout, the package's own folder is looked into."""
    (tmp_path / "bundled").mkdir()
    (tmp_path / "bundled" / "only.yaml").write_text("x", encoding="utf-8")
    monkeypatch.setattr(sources, "files", lambda package: tmp_path)

    assert list(bundled()) == ["only"]


def test_without_either_folder_nothing_is_bundled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken installation still reads paths."""
    monkeypatch.setattr(sources, "files", lambda package: tmp_path / "none")

    assert bundled() == {}


def test_a_slip_in_a_name_gets_the_near_one() -> None:
    """A path gets no such hint: its author did not mean a name."""
    assert 'there is no such file; did you mean "happy-path"?' in refused("happy-pat")
    assert refused("no/happy-pat.yaml") == "no/happy-pat.yaml: there is no such file"


def test_a_folder_is_told(tmp_path: Path) -> None:
    """Runs are folders too, and easily mistaken."""
    assert refused(str(tmp_path)) == f"{tmp_path}: this is a folder; name a file in it"


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, ""])
def test_names_that_no_file_can_have_bring_no_traceback(name: str) -> None:
    """NUL, endless, empty."""
    assert refused(name)


def test_a_huge_file_is_not_read_in(tmp_path: Path) -> None:
    """A disk image given by mistake; the file here is a hole."""
    with (tmp_path / "big").open("wb") as file:
        file.truncate(BYTES_MAX + 1)

    assert f"it has more than {BYTES_MAX:,} bytes" in refused(str(tmp_path / "big"))


def test_any_file_of_the_users_is_read_so(tmp_path: Path) -> None:
    """A device file is bytes too."""
    (tmp_path / "d.csv").write_bytes(b"a,b,c")

    assert read_file(str(tmp_path / "d.csv")) == b"a,b,c"


def test_a_device_file_is_read_as_any_other(tmp_path: Path) -> None:
    """Its devices in order; no name, no devices; the same sentence for a file that is not there."""
    (tmp_path / "d.csv").write_text("pk,dk,secret,1.0\n")

    assert [(str(one.device), one.version) for one in read_devices(str(tmp_path / "d.csv"))] == [
        ("pk/dk", "1.0")
    ]
    assert read_devices(None) == ()
    with pytest.raises(ScenarioError, match="there is no such file"):
        read_devices(str(tmp_path / "none.csv"))


def test_a_device_may_lack_a_secret_only_if_the_environment_has_its_products(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty variable is as good as none."""
    (tmp_path / "d.csv").write_text("pk,dk,\n")
    monkeypatch.setenv("FLEET_SIM_PRODUCT_SECRET", "")
    with pytest.raises(ScenarioError, match="set FLEET_SIM_PRODUCT_SECRET"):
        read_devices(str(tmp_path / "d.csv"))

    monkeypatch.setenv("FLEET_SIM_PRODUCT_SECRET", "of product")

    assert [one.secret for one in read_devices(str(tmp_path / "d.csv"))] == [""]
    assert product_secret() == "of product"


def test_a_line_of_a_device_file_is_never_shown(tmp_path: Path) -> None:
    """Not even one that is no text: the secret in it may be."""
    (tmp_path / "d.csv").write_bytes(b"P,d1,s1\nP,d\xe42,hush\n")

    with pytest.raises(ScenarioError, match="not UTF-8: byte 0xE4") as caught:
        read_devices(str(tmp_path / "d.csv"))

    assert [(one.line, one.column, one.is_secret) for one in caught.value.mistakes] == [
        (2, 4, True)
    ]


def test_a_device_file_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    """With a byte order mark and the line ends of another system."""
    (tmp_path / "d.csv").write_bytes(
        b"\xef\xbb\xbfproduct_key,device_key,device_secret\r\nP,d1,s1\r\n"
    )

    (one,) = read_devices(str(tmp_path / "d.csv"))

    assert (str(one.device), one.secret) == ("P/d1", "s1")
