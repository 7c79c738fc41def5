from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleet_sim.cli.main import outcome
from tests.cli.test_run import SMALL


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """Return the folder of a finished run with a planted bug and a contract override."""
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SMALL + "contract: {timeout_s_min: 20}\n")
    runs = str(tmp_path / "runs")
    words = ["run", str(scenario), "--virtual", "--plant", "B01", "--ui", "none", "--runs", runs]
    assert outcome(words) == 1
    return tmp_path / "runs" / "latest"


def test_a_run_is_judged_again_from_its_folder(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict is the same, promise by promise, and nothing in the folder changes."""
    before = {path.name: path.read_bytes() for path in finished.iterdir()}
    capsys.readouterr()

    code = outcome(["judge", str(finished), "--ui", "json"])

    again = json.loads(capsys.readouterr().out)
    first = json.loads(before["run.json"])
    assert code == 1
    assert again["promises"] == first["promises"]
    assert again["expectations"] == [
        {**one, "file": str(finished / "scenario.yaml")} for one in first["expectations"]
    ]
    assert {path.name: path.read_bytes() for path in finished.iterdir()} == before


def test_a_torn_log_is_judged_as_far_as_it_goes(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a killed run left is enough for what it shows."""
    part = finished / "events-000.jsonl.gz"
    part.write_bytes(part.read_bytes()[:-20])
    capsys.readouterr()

    code = outcome(["judge", str(finished), "--ui", "json"])

    assert code in {0, 1}
    assert json.loads(capsys.readouterr().out)["verdict"] in {"passed", "failed"}


def test_a_folder_without_a_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, exit code 3."""
    code = outcome(["judge", str(tmp_path)])

    assert code == 3
    assert "holds no run" in capsys.readouterr().err
